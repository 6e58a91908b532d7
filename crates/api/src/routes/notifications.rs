//! What the caller should know, and long work they asked for.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::customers::cut;
use super::limit;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::desk::{Notification, NotificationsRead};
use crate::extract::{Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, cursor};

/// Which notifications.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct NotificationsQuery {
    /// Only unread ones, or only read ones.
    is_unread: Option<bool>,
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// The caller's notifications, newest first.
#[utoipa::path(get, path = "/notifications", tag = "conversations", params(NotificationsQuery),
    responses((status = 200, body = List<Notification>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<NotificationsQuery>,
) -> Answer<Json<List<Notification>>> {
    let limit = limit(query.limit)?;
    let noun = cursor::filtered("notifications", &query.is_unread);
    let before: Option<Uuid> = cursor::id(&noun, query.after.as_deref())?;
    let mut rows = app::notifications::list(api.ctx(), caller.actor(), before, query.is_unread, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_id(&noun, row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// Marks notifications up to one as read.
#[utoipa::path(post, path = "/notifications/read", tag = "conversations", request_body = NotificationsRead,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn read(State(api): State<Api>, caller: Caller, Json(input): Json<NotificationsRead>) -> Answer<StatusCode> {
    app::notifications::read(api.ctx(), caller.actor(), input.up_to).await?;
    Ok(StatusCode::NO_CONTENT)
}
