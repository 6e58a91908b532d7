//! Companies that customers work for.

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
use crate::dto::desk::{Company, CompanyPatch, NewCompany};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, cursor};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CompanyQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Every company, in their order.
#[utoipa::path(get, path = "/companies", tag = "customers", params(CompanyQuery),
    responses((status = 200, body = List<Company>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<CompanyQuery>,
) -> Answer<Json<List<Company>>> {
    let limit = limit(query.limit)?;
    let after = cursor::place("companies", query.after.as_deref())?;
    let mut rows = nouns::list::<nouns::Company>(api.ctx(), caller.actor(), after, limit + 1).await?;
    let page = cut(&mut rows, limit, |found| cursor::of_place("companies", found.row.position, found.row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// Adds one.
#[utoipa::path(post, path = "/companies", tag = "customers", request_body = NewCompany,
    responses((status = 201, body = Company), (status = "default", body = ProblemBody)))]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    Json(input): Json<NewCompany>,
) -> Answer<Versioned<Company>> {
    let settings = nouns::Company {
        name: input.name,
        domains: input.domains.iter().map(|domain| domain.trim().to_lowercase()).collect(),
        fields: input.fields,
        owner_agent_id: input.owner_agent_id,
    };
    let found = nouns::create(api.ctx(), caller.actor(), None, settings).await?;
    Ok(Versioned::created((&found).into(), found.row.version))
}

/// One of them.
#[utoipa::path(get, path = "/companies/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = Company), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<Company>> {
    let found = nouns::find::<nouns::Company>(api.ctx(), caller.actor(), id).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Changes one; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/companies/{id}", tag = "customers", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = CompanyPatch,
    responses((status = 200, body = Company), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<CompanyPatch>,
) -> Answer<Versioned<Company>> {
    let version = versions::required(&headers)?;
    let mut settings = nouns::find::<nouns::Company>(api.ctx(), caller.actor(), id).await?.settings;
    if let Some(name) = input.name {
        settings.name = name;
    }
    if let Some(domains) = input.domains {
        settings.domains = domains.iter().map(|domain| domain.trim().to_lowercase()).collect();
    }
    for (key, value) in input.fields.into_iter().flatten() {
        if value.is_null() {
            settings.fields.remove(&key);
        } else {
            settings.fields.insert(key, value);
        }
    }
    if let Some(owner_agent_id) = input.owner_agent_id {
        settings.owner_agent_id = owner_agent_id;
    }
    let found = nouns::replace(api.ctx(), caller.actor(), id, version, settings).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Removes one that nothing refers to; `If-Match` names the version it was read at.
#[utoipa::path(delete, path = "/companies/{id}", tag = "customers", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let version = versions::required(&headers)?;
    nouns::delete::<nouns::Company>(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
