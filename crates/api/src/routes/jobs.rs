//! Long work.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::customers::cut;
use super::limit;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::desk::Job;
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, cursor};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Jobs, newest first: one's own, or all of them for an administrator.
#[utoipa::path(get, path = "/jobs", tag = "operation", params(JobsQuery),
    responses((status = 200, body = List<Job>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller, Query(query): Query<JobsQuery>) -> Answer<Json<List<Job>>> {
    let limit = limit(query.limit)?;
    let before = cursor::id("jobs", query.after.as_deref())?;
    let mut rows = app::jobs::list(api.ctx(), caller.actor(), before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_id("jobs", row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// One job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "operation", params(("id" = Uuid, Path)),
    responses((status = 200, body = Job), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Job>> {
    Ok(Json((&app::jobs::find(api.ctx(), caller.actor(), id).await?).into()))
}
