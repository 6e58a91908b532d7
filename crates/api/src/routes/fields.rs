//! Custom fields.

use app::nouns;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::customers::cut;
use super::limit;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::desk::{CustomField, CustomFieldPatch, NewCustomField};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, cursor};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CustomFieldQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Every custom field, in their order.
#[utoipa::path(get, path = "/fields", tag = "settings", params(CustomFieldQuery),
    responses((status = 200, body = List<CustomField>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<CustomFieldQuery>,
) -> Answer<Json<List<CustomField>>> {
    let limit = limit(query.limit)?;
    let after = cursor::place("fields", query.after.as_deref())?;
    let mut rows = nouns::list::<nouns::CustomField>(api.ctx(), caller.actor(), after, limit + 1).await?;
    let page = cut(&mut rows, limit, |found| cursor::of_place("fields", found.row.position, found.row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// Adds one.
#[utoipa::path(post, path = "/fields", tag = "settings", request_body = NewCustomField,
    responses((status = 201, body = CustomField), (status = "default", body = ProblemBody)))]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    Json(input): Json<NewCustomField>,
) -> Answer<Versioned<CustomField>> {
    let same = || ["es", "en"].map(|language| (language.to_owned(), input.key.clone())).into();
    let settings = nouns::CustomField {
        name: input.name.clone().unwrap_or_else(same),
        noun: input.noun,
        kind: input.r#type.into(),
        options: input.options,
        is_required_to_resolve: input.is_required_to_resolve,
        position: input.position,
    };
    let found = nouns::create(api.ctx(), caller.actor(), Some(input.key), settings).await?;
    Ok(Versioned::created((&found).into(), found.row.version))
}

/// One of them.
#[utoipa::path(get, path = "/fields/{id}", tag = "settings", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomField), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<CustomField>> {
    let found = nouns::find::<nouns::CustomField>(api.ctx(), caller.actor(), id).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Changes one; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/fields/{id}", tag = "settings", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = CustomFieldPatch,
    responses((status = 200, body = CustomField), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<CustomFieldPatch>,
) -> Answer<Versioned<CustomField>> {
    nouns::may_edit::<nouns::CustomField>(caller.actor())?;
    let version = versions::required(&headers)?;
    let mut settings = nouns::find::<nouns::CustomField>(api.ctx(), caller.actor(), id).await?.settings;
    if let Some(name) = input.name {
        settings.name = name;
    }
    if let Some(options) = input.options {
        settings.options = options;
    }
    if let Some(is_required_to_resolve) = input.is_required_to_resolve {
        settings.is_required_to_resolve = is_required_to_resolve;
    }
    if let Some(position) = input.position {
        settings.position = position;
    }
    let found = nouns::replace(api.ctx(), caller.actor(), id, version, settings).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Removes one that nothing refers to; `If-Match` names the version it was read at.
#[utoipa::path(delete, path = "/fields/{id}", tag = "settings", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    nouns::may_edit::<nouns::CustomField>(caller.actor())?;
    let version = versions::required(&headers)?;
    nouns::delete::<nouns::CustomField>(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
