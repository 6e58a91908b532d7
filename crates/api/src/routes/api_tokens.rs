//! API tokens.

use app::api_tokens::{self, Change, Input};
use app::model;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use super::roles::{granted, grants};
use crate::auth::Caller;
use crate::dto::access::{ApiToken, ApiTokenChange, ApiTokenInput, MadeApiToken};
use crate::dto::{List, Page};
use crate::extract::{Ids, Json, Query};
use crate::guard::ShownOnce;
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, cursor, etag};

impl From<&model::ApiToken> for ApiToken {
    fn from(row: &model::ApiToken) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            prefix: row.prefix.clone(),
            agent_id: row.agent_id.map(|id| id.0),
            grants: grants(&row.grants),
            cidrs: row.cidrs.clone(),
            created_by: row.created_by.0,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.map(Into::into),
            last_used_at: row.last_used_at.map(Into::into),
            version: row.version,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 200.
    pub limit: Option<i64>,
    /// Cursor of the page before.
    pub after: Option<String>,
}

impl PageQuery {
    /// Where a page of `noun` begins, and its size.
    ///
    /// # Errors
    /// 400 `bad_cursor`, 422 for a size out of range.
    pub fn place(&self, noun: &str) -> Answer<(Option<Uuid>, i64)> {
        Ok((cursor::id(noun, self.after.as_deref())?, super::limit(self.limit)?))
    }
}

/// A page of rows read with one more than asked for.
pub fn page<R, T>(noun: &str, mut rows: Vec<R>, limit: i64, id: impl Fn(&R) -> Uuid) -> List<T>
where
    T: utoipa::ToSchema + for<'a> From<&'a R>,
{
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| cursor::of_id(noun, id(row)));
    List { items: rows.iter().map(T::from).collect(), page: Page { next, prev: None, has_more } }
}

/// The tokens of the organization, newest first.
#[utoipa::path(get, path = "/api-tokens", tag = "people", params(PageQuery),
    responses((status = 200, body = List<ApiToken>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<List<ApiToken>>> {
    let (before, limit) = query.place("api_tokens")?;
    let rows = api_tokens::list(api.ctx(), caller.actor(), before, limit + 1).await?;
    Ok(Json(page("api_tokens", rows, limit, |row| row.id)))
}

/// Makes a token; its secret is shown now and never again.
#[utoipa::path(post, path = "/api-tokens", tag = "people", request_body = ApiTokenInput,
    responses((status = 201, body = MadeApiToken), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<ApiTokenInput>) -> Answer<Response> {
    let input = Input {
        name: input.name,
        agent_id: input.agent_id.map(Into::into),
        grants: granted(input.grants)?,
        cidrs: input.cidrs,
        expires_at: input.expires_at.map(|at| at.0),
    };
    let made = api_tokens::create(api.ctx(), caller.actor(), input).await?;
    let token = ApiToken::from(&made.token);
    let repeated = ShownOnce(json!(MadeApiToken { token: token.clone(), secret: None }));
    let mut response =
        etag::tagged(StatusCode::CREATED, made.token.version, MadeApiToken { token, secret: Some(made.secret) });
    response.extensions_mut().insert(repeated);
    Ok(response)
}

/// One token.
#[utoipa::path(get, path = "/api-tokens/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = ApiToken), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    let token = api_tokens::find(api.ctx(), caller.actor(), id).await?;
    Ok(etag::tagged(StatusCode::OK, token.version, ApiToken::from(&token)))
}

/// Changes a token.
#[utoipa::path(patch, path = "/api-tokens/{id}", tag = "people", request_body = ApiTokenChange,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ApiToken), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<ApiTokenChange>,
) -> Answer<Response> {
    let change = Change {
        name: input.name,
        grants: input.grants.map(granted).transpose()?,
        cidrs: input.cidrs,
        expires_at: input.expires_at.map(|at| at.map(|at| at.0)),
    };
    let version = etag::optional(&headers)?;
    let token = api_tokens::update(api.ctx(), caller.actor(), id, version, change).await?;
    Ok(etag::tagged(StatusCode::OK, token.version, ApiToken::from(&token)))
}

/// Revokes a token; its sockets are cut.
#[utoipa::path(delete, path = "/api-tokens/{id}", tag = "people",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<Response> {
    api_tokens::revoke(api.ctx(), caller.actor(), id, etag::optional(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
