//! What the routes of configuration nouns share: lists by key, versions, and how objects are written out.
//!
//! # Invariants
//! - Every answer with one object carries its version as `ETag`; every change names the one it was read at.

use app::config::{Noun, Row};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::cursor;
use crate::dto::{List, Page};
use crate::extract::Json;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// A page of a list by key.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// 1 to 200; 200 when nothing is said.
    pub limit: Option<i64>,
    /// Where the page before ended.
    pub after: Option<String>,
}

/// One object with its version.
#[derive(Debug)]
pub struct Versioned<T> {
    status: StatusCode,
    version: i64,
    body: T,
}

impl<T> Versioned<T> {
    /// An object as it is.
    pub fn shown(version: i64, body: T) -> Self {
        Self { status: StatusCode::OK, version, body }
    }

    /// A new object.
    pub fn created(version: i64, body: T) -> Self {
        Self { status: StatusCode::CREATED, version, body }
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.version)) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// A JSON object as it was sent; its fields are checked by whoever takes it.
#[derive(Clone, Debug)]
pub struct Fields(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(value) = Json::<Value>::from_request(request, state).await?;
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Problem::invalid("", "type")),
        }
    }
}

/// The version that `If-Match` names, if it is there.
///
/// # Errors
/// 400 `bad_header`.
pub fn if_match(headers: &HeaderMap) -> Answer<Option<i64>> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().ok().map(|text| text.trim().trim_start_matches("W/").trim_matches('"'));
    text.and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| Code::BadHeader.into())
}

/// The version that `If-Match` must name.
///
/// # Errors
/// 428 `precondition_required`, 400 `bad_header`.
pub fn needed(headers: &HeaderMap) -> Answer<Option<i64>> {
    match if_match(headers)? {
        Some(version) => Ok(Some(version)),
        None => Err(Code::PreconditionRequired.into()),
    }
}

/// One page of the objects of a kind.
pub async fn list<T: ToSchema>(
    api: &Api,
    caller: &Caller,
    noun: Noun,
    query: &KeyQuery,
    show: impl Fn(&Row) -> Option<T>,
) -> Answer<Json<List<T>>> {
    let limit = usize::try_from(super::limit(query.limit.or(Some(super::MAX_LIMIT)))?).unwrap_or_default();
    let after = cursor::id(noun.list(), query.after.as_deref())?;
    let rows = app::config::list(api.ctx(), caller.actor(), noun).await?;
    let start = after.and_then(|id| rows.iter().position(|row| row.id() == id)).map_or(0, |at| at + 1);
    let page = &rows[start..rows.len().min(start + limit)];
    let has_more = rows.len() > start + limit;
    let next = page.last().filter(|_| has_more).map(|row| cursor::of_id(noun.list(), row.id()));
    Ok(Json(List { items: page.iter().filter_map(show).collect(), page: Page { next, prev: None, has_more } }))
}

/// One object.
pub async fn show(api: &Api, caller: &Caller, noun: Noun, id: Uuid) -> Answer<Row> {
    Ok(app::config::find(api.ctx(), caller.actor(), noun, id).await?)
}

/// Adds an object; the names that sockets show are read again.
pub async fn create(api: &Api, caller: &Caller, noun: Noun, fields: Fields) -> Answer<Row> {
    let row = app::config::create(api.ctx(), caller.actor(), noun, fields.0).await?;
    relearn(api, caller).await?;
    Ok(row)
}

/// Changes an object.
pub async fn change(
    api: &Api,
    caller: &Caller,
    noun: Noun,
    id: Uuid,
    version: Option<i64>,
    fields: Fields,
) -> Answer<Row> {
    let row = app::config::change(api.ctx(), caller.actor(), noun, id, version, fields.0).await?;
    relearn(api, caller).await?;
    Ok(row)
}

/// Removes an object.
pub async fn remove(api: &Api, caller: &Caller, noun: Noun, id: Uuid, headers: &HeaderMap) -> Answer<StatusCode> {
    app::config::may_write(caller.actor(), noun)?;
    app::config::remove(api.ctx(), caller.actor(), noun, id, needed(headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the names again that cards and sockets show.
pub async fn relearn(api: &Api, caller: &Caller) -> Answer<()> {
    api.learn(&app::organization::outline(api.ctx(), caller.actor()).await?);
    Ok(())
}

/// The five routes of a configuration noun: list, add, show, change, remove.
macro_rules! routes_of {
    ($noun:expr, $list:literal, $one:literal, $dto:ty, $input:ty, $show:path) => {
        /// All of them, by key.
        #[utoipa::path(get, path = $list, tag = "routing", params(KeyQuery),
                            responses((status = 200, body = List<$dto>), (status = "default", body = ProblemBody)))]
        pub async fn list(
            State(api): State<Api>,
            caller: Caller,
            Query(query): Query<KeyQuery>,
        ) -> Answer<Json<List<$dto>>> {
            config::list(&api, &caller, $noun, &query, $show).await
        }

        /// Adds one.
        #[utoipa::path(post, path = $list, tag = "routing", request_body = $input,
                            responses((status = 201, body = $dto), (status = "default", body = ProblemBody)))]
        pub async fn create(State(api): State<Api>, caller: Caller, fields: Fields) -> Answer<Versioned<$dto>> {
            let row = config::create(&api, &caller, $noun, fields).await?;
            Ok(Versioned::created(row.version(), $show(&row).ok_or(Code::NotFound)?))
        }

        /// One of them.
        #[utoipa::path(get, path = $one, tag = "routing", params(("id" = Uuid, Path)),
                            responses((status = 200, body = $dto), (status = "default", body = ProblemBody)))]
        pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<$dto>> {
            let row = config::show(&api, &caller, $noun, id).await?;
            Ok(Versioned::shown(row.version(), $show(&row).ok_or(Code::NotFound)?))
        }

        /// Changes one: JSON merge patch; `If-Match` names the version it was read at.
        #[utoipa::path(patch, path = $one, tag = "routing", request_body = $input,
                            params(("id" = Uuid, Path), ("If-Match" = String, Header)),
                            responses((status = 200, body = $dto), (status = "default", body = ProblemBody)))]
        pub async fn change(
            State(api): State<Api>,
            caller: Caller,
            Ids(id): Ids<Uuid>,
            headers: HeaderMap,
            fields: Fields,
        ) -> Answer<Versioned<$dto>> {
            app::config::may_write(caller.actor(), $noun)?;
            let version = config::needed(&headers)?;
            let row = config::change(&api, &caller, $noun, id, version, fields).await?;
            Ok(Versioned::shown(row.version(), $show(&row).ok_or(Code::NotFound)?))
        }

        /// Removes one that nothing refers to; `If-Match` names the version it was read at.
        #[utoipa::path(delete, path = $one, tag = "routing",
                            params(("id" = Uuid, Path), ("If-Match" = String, Header)),
                            responses((status = 204), (status = "default", body = ProblemBody)))]
        pub async fn remove(
            State(api): State<Api>,
            caller: Caller,
            Ids(id): Ids<Uuid>,
            headers: HeaderMap,
        ) -> Answer<StatusCode> {
            config::remove(&api, &caller, $noun, id, &headers).await
        }
    };
}
pub(super) use routes_of;

/// What a file of such routes uses.
pub(super) mod uses {
    pub use app::config::{Noun, Row};
    pub use axum::extract::State;
    pub use http::{HeaderMap, StatusCode};
    pub use uuid::Uuid;

    pub use super::super::config::{self, Fields, KeyQuery, Versioned};
    pub use crate::Answer;
    pub use crate::auth::Caller;
    pub use crate::dto::List;
    pub use crate::extract::{Ids, Json, Query};
    pub use crate::problem::{Code, ProblemBody};
    pub use crate::state::Api;
}
