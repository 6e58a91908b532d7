//! Roles: sets of grants.

use app::roles::{self, Input};
use axum::extract::State;
use axum::response::Response;
use domain::ids::RoleId;
use domain::permissions::{Grant, Permission, Resource};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::auth::Caller;
use crate::dto::List;
use crate::dto::access::{GrantInput, Role, RoleChange, RoleInput};
use crate::dto::people;
use crate::etag;
use crate::extract::{Ids, Json, Query};
use crate::problem::{Problem, ProblemBody};
use crate::routes::settings::WholeQuery;
use crate::state::Api;
use crate::{Answer, problem};

impl From<&roles::Role> for Role {
    fn from(role: &roles::Role) -> Self {
        Self {
            id: role.id.0,
            key: role.key.clone(),
            name: role.name.clone(),
            grants: grants(&role.grants),
            is_builtin: role.is_builtin,
            created_at: role.created_at.map(Into::into),
            updated_at: role.updated_at.map(Into::into),
            version: role.version,
        }
    }
}

/// Grants as they stand on the wire.
pub(super) fn grants(rows: &[Grant]) -> Vec<people::Grant> {
    rows.iter()
        .map(|grant| people::Grant { permission: grant.permission.as_str().to_owned(), scope: grant.scope.into() })
        .collect()
}

/// Grants as they were asked for.
///
/// # Errors
/// 422 for a permission that there is not.
pub(super) fn granted(inputs: Vec<GrantInput>) -> Answer<Vec<Grant>> {
    let grant = |(place, input): (usize, GrantInput)| {
        let unknown = |_| Problem::invalid(format!("/grants/{place}/permission"), "enum");
        Ok(Grant { permission: input.permission.parse().map_err(unknown)?, scope: input.scope.into() })
    };
    inputs.into_iter().enumerate().map(grant).collect()
}

/// Every role: the built-in ones first.
#[utoipa::path(get, path = "/roles", tag = "people", params(WholeQuery),
    responses((status = 200, body = List<Role>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller, Query(query): Query<WholeQuery>) -> Answer<Json<List<Role>>> {
    super::limit(query.limit)?;
    Ok(Json(List::whole(&roles::list(api.ctx(), caller.actor()).await?)))
}

/// Adds a role.
#[utoipa::path(post, path = "/roles", tag = "people", request_body = RoleInput,
    responses((status = 201, body = Role), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<RoleInput>) -> Answer<Response> {
    let input = Input { key: input.key, name: input.name, grants: granted(input.grants)? };
    let role = roles::create(api.ctx(), caller.actor(), input).await?;
    Ok(etag::tagged(StatusCode::CREATED, role.version, Role::from(&role)))
}

/// One role.
#[utoipa::path(get, path = "/roles/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = Role), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    let role = roles::find(api.ctx(), caller.actor(), RoleId(id)).await?;
    Ok(etag::tagged(StatusCode::OK, role.version, Role::from(&role)))
}

/// Changes a role of one's own; built-in ones stay as they are.
#[utoipa::path(patch, path = "/roles/{id}", tag = "people", request_body = RoleChange,
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Role), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<RoleChange>,
) -> Answer<Response> {
    caller.actor().authorize(Permission::RolesEdit, Resource::Organization)?;
    let change = roles::Change { name: input.name, grants: input.grants.map(granted).transpose()? };
    let found = roles::find(api.ctx(), caller.actor(), RoleId(id)).await?;
    let version = etag::required(&headers)?;
    let role = roles::update(api.ctx(), caller.actor(), found.id, version, change).await?;
    Ok(etag::tagged(StatusCode::OK, role.version, Role::from(&role)))
}

/// Removes a role that nobody holds.
#[utoipa::path(delete, path = "/roles/{id}", tag = "people",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> problem::Answer<StatusCode> {
    caller.actor().authorize(Permission::RolesEdit, Resource::Organization)?;
    let found = roles::find(api.ctx(), caller.actor(), RoleId(id)).await?;
    let version = etag::required(&headers)?;
    roles::delete(api.ctx(), caller.actor(), found.id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
