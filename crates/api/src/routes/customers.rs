//! Customers and their one timeline.

use axum::extract::State;
use domain::ids::CustomerId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::limit;
use crate::Answer;
use crate::auth::Caller;
use crate::dto::customers::Customer;
use crate::dto::entries::Entry;
use crate::dto::{List, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{cursor, render};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// Customers, newest first.
#[utoipa::path(get, path = "/customers", tag = "customers", params(PageQuery),
    responses((status = 200, body = List<Customer>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<List<Customer>>> {
    let limit = limit(query.limit)?;
    let before = cursor::id("customers", query.after.as_deref())?.map(CustomerId);
    let mut rows = app::customers::list(api.ctx(), caller.actor(), before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_id("customers", row.id.0));
    Ok(Json(List { items: rows.iter().map(|row| render::customer(row, None)).collect(), page }))
}

/// One customer with their addresses.
#[utoipa::path(get, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = Customer), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Customer>> {
    let view = app::customers::find(api.ctx(), caller.actor(), CustomerId(id)).await?;
    Ok(Json(render::customer(&view.customer, Some(&view.identities))))
}

/// What was said over all conversations and channels, newest first.
#[utoipa::path(get, path = "/customers/{id}/timeline", tag = "customers", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = List<Entry>), (status = "default", body = ProblemBody)))]
pub async fn timeline(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<List<Entry>>> {
    let limit = limit(query.limit)?;
    let before = cursor::time("timeline", query.after.as_deref())?;
    let mut rows = app::customers::timeline(api.ctx(), caller.actor(), CustomerId(id), before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_time("timeline", row.created_at, row.id.0));
    Ok(Json(List { items: render::entries(&api, &rows).await?, page }))
}

/// Cuts a list that was read one row further than asked for, and says where it goes on.
pub fn cut<T>(rows: &mut Vec<T>, limit: i64, place: impl Fn(&T) -> String) -> Page {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Page { next: rows.last().filter(|_| has_more).map(place), prev: None, has_more }
}
