//! Conversation statuses: what the states of a conversation are called.

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
use crate::dto::desk::{ConversationStatus, ConversationStatusPatch, NewConversationStatus};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, cursor};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ConversationStatusQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Every status, in their order.
#[utoipa::path(get, path = "/conversation-statuses", tag = "settings", params(ConversationStatusQuery),
    responses((status = 200, body = List<ConversationStatus>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ConversationStatusQuery>,
) -> Answer<Json<List<ConversationStatus>>> {
    let limit = limit(query.limit)?;
    let after = cursor::place("conversation-statuses", query.after.as_deref())?;
    let mut rows = nouns::list::<nouns::ConversationStatus>(api.ctx(), caller.actor(), after, limit + 1).await?;
    let page =
        cut(&mut rows, limit, |found| cursor::of_place("conversation-statuses", found.row.position, found.row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// Adds one.
#[utoipa::path(post, path = "/conversation-statuses", tag = "settings", request_body = NewConversationStatus,
    responses((status = 201, body = ConversationStatus), (status = "default", body = ProblemBody)))]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    Json(input): Json<NewConversationStatus>,
) -> Answer<Versioned<ConversationStatus>> {
    let settings = nouns::ConversationStatus {
        name: input.name,
        category: input.category.into(),
        is_default: input.is_default,
        position: input.position,
    };
    let found = nouns::create(api.ctx(), caller.actor(), Some(input.key), settings).await?;
    Ok(Versioned::created((&found).into(), found.row.version))
}

/// One of them.
#[utoipa::path(get, path = "/conversation-statuses/{id}", tag = "settings", params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationStatus), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<ConversationStatus>> {
    let found = nouns::find::<nouns::ConversationStatus>(api.ctx(), caller.actor(), id).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Changes one; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/conversation-statuses/{id}", tag = "settings", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = ConversationStatusPatch,
    responses((status = 200, body = ConversationStatus), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<ConversationStatusPatch>,
) -> Answer<Versioned<ConversationStatus>> {
    nouns::may_edit::<nouns::ConversationStatus>(caller.actor())?;
    let version = versions::required(&headers)?;
    let mut settings = nouns::find::<nouns::ConversationStatus>(api.ctx(), caller.actor(), id).await?.settings;
    if let Some(name) = input.name {
        settings.name = name;
    }
    if let Some(category) = input.category {
        settings.category = category.into();
    }
    if let Some(is_default) = input.is_default {
        settings.is_default = is_default;
    }
    if let Some(position) = input.position {
        settings.position = position;
    }
    let found = nouns::replace(api.ctx(), caller.actor(), id, version, settings).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

/// Removes one that nothing refers to; `If-Match` names the version it was read at.
#[utoipa::path(delete, path = "/conversation-statuses/{id}", tag = "settings", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    nouns::may_edit::<nouns::ConversationStatus>(caller.actor())?;
    let version = versions::required(&headers)?;
    nouns::delete::<nouns::ConversationStatus>(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
