//! Labels.

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
use crate::dto::desk::{NewTag, Tag, TagPatch};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, cursor};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Every label, in their order.
#[utoipa::path(get, path = "/tags", tag = "settings", params(TagQuery),
    responses((status = 200, body = List<Tag>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller, Query(query): Query<TagQuery>) -> Answer<Json<List<Tag>>> {
    let limit = limit(query.limit)?;
    let after = cursor::place("tags", query.after.as_deref())?;
    let mut rows = nouns::list::<nouns::Tag>(api.ctx(), caller.actor(), after, limit + 1).await?;
    let page = cut(&mut rows, limit, |found| cursor::of_place("tags", found.row.position, found.row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// Adds one.
#[utoipa::path(post, path = "/tags", tag = "settings", request_body = NewTag,
    responses((status = 201, body = Tag), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<NewTag>) -> Answer<Versioned<Tag>> {
    let settings = nouns::Tag {
        name: input.name.unwrap_or_else(|| input.key.clone()),
        colour: input.colour.unwrap_or_else(|| "grey".to_owned()),
    };
    let found = nouns::create(api.ctx(), caller.actor(), Some(input.key), settings).await?;
    Ok(Versioned::created((&found).into(), found.row.version))
}

/// One of them.
#[utoipa::path(get, path = "/tags/{id}", tag = "settings", params(("id" = Uuid, Path)),
    responses((status = 200, body = Tag), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<Tag>> {
    let found = nouns::find::<nouns::Tag>(api.ctx(), caller.actor(), id).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Changes one; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/tags/{id}", tag = "settings", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = TagPatch,
    responses((status = 200, body = Tag), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<TagPatch>,
) -> Answer<Versioned<Tag>> {
    nouns::may_edit::<nouns::Tag>(caller.actor())?;
    let version = versions::required(&headers)?;
    let mut settings = nouns::find::<nouns::Tag>(api.ctx(), caller.actor(), id).await?.settings;
    if let Some(name) = input.name {
        settings.name = name;
    }
    if let Some(colour) = input.colour {
        settings.colour = colour;
    }
    let found = nouns::replace(api.ctx(), caller.actor(), id, version, settings).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Removes one that nothing refers to; `If-Match` names the version it was read at.
#[utoipa::path(delete, path = "/tags/{id}", tag = "settings", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    nouns::may_edit::<nouns::Tag>(caller.actor())?;
    let version = versions::required(&headers)?;
    nouns::delete::<nouns::Tag>(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
