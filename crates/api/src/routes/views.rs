//! Saved filters, and the filter language itself.

use app::views::{self, ViewChange};
use axum::extract::State;
use domain::conditions;
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::auth::Caller;
use crate::dto::List;
use crate::dto::conversations::Count;
use crate::dto::desk::{Filter, FilterInput, View, ViewInput};
use crate::extract::{Ids, Json};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, Problem};

fn change(input: ViewInput) -> ViewChange {
    ViewChange {
        name: input.name,
        q: input.q,
        r#where: input.r#where,
        sort: input.sort,
        columns: input.columns,
        shared_with: input.shared_with.map(Into::into),
    }
}

/// The views the caller may use.
#[utoipa::path(get, path = "/views", tag = "conversations",
    responses((status = 200, body = List<View>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<List<View>>> {
    Ok(Json(List::whole(&views::list(api.ctx(), caller.actor()).await?)))
}

/// Saves a filter.
#[utoipa::path(post, path = "/views", tag = "conversations", request_body = ViewInput,
    responses((status = 201, body = View), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<ViewInput>) -> Answer<Versioned<View>> {
    let view = views::create(api.ctx(), caller.actor(), change(input)).await?;
    Ok(Versioned::created((&view).into(), view.row.version))
}

/// One view.
#[utoipa::path(get, path = "/views/{id}", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, body = View), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<View>> {
    let view = views::find(api.ctx(), caller.actor(), id).await?;
    Ok(Versioned::ok((&view).into(), view.row.version))
}

/// Changes a view; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/views/{id}", tag = "conversations",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)), request_body = ViewInput,
    responses((status = 200, body = View), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<ViewInput>,
) -> Answer<Versioned<View>> {
    let version = versions::required(&headers)?;
    let view = views::update(api.ctx(), caller.actor(), id, version, change(input)).await?;
    Ok(Versioned::ok((&view).into(), view.row.version))
}

/// Removes a view; `If-Match` names the version it was read at.
#[utoipa::path(delete, path = "/views/{id}", tag = "conversations",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let version = versions::required(&headers)?;
    views::delete(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many conversations a view holds: exact to 1,000.
#[utoipa::path(get, path = "/views/{id}/count", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, body = Count), (status = "default", body = ProblemBody)))]
pub async fn count(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Count>> {
    let counted = app::conversations::count_view(api.ctx(), caller.actor(), id).await?;
    Ok(Json(counted.into()))
}

/// A filter in both its forms, from either of them.
#[utoipa::path(post, path = "/filters/parse", tag = "conversations", request_body = FilterInput,
    responses((status = 200, body = Filter), (status = "default", body = ProblemBody)))]
pub async fn parse(_caller: Caller, Json(input): Json<FilterInput>) -> Answer<Json<Filter>> {
    let condition = match (input.q, input.r#where) {
        (Some(q), None) => conditions::parse(&q).map_err(app::Error::from)?,
        (None, Some(condition)) => {
            let flaw = |flaw: conditions::Flaw| app::Error::field("/where", "format", flaw.to_string());
            condition.check().map_err(flaw)?;
            condition.normalised()
        }
        (Some(_), Some(_)) => return Err(Problem::invalid("/where", "duplicate")),
        (None, None) => return Err(Problem::invalid("/q", "required")),
    };
    Ok(Json(Filter { q: conditions::print(&condition), r#where: condition }))
}
