//! The five operations of a small noun of the desk, once for all of them: a key or an id, a version, and settings that
//! stand whole in one document.

use app::nouns::{self, Found, Settings};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customers::cut;
use super::limit;
use crate::auth::Caller;
use crate::dto::List;
use crate::extract::Json;
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, cursor};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SmallNounQuery {
    /// 1 to 200.
    pub limit: Option<i64>,
    /// Cursor of the page.
    pub after: Option<String>,
}

/// A noun on the wire: how it is shown, made and changed.
pub trait Wire: Settings {
    /// Its name in cursors.
    const NAME: &'static str;
    /// How one is shown.
    type Shown: ToSchema + for<'a> From<&'a Found<Self>>;
    /// What one is made of.
    type New;
    /// What of one may change.
    type Patch;

    /// Key, where it has one, and settings of a new one.
    fn made(new: Self::New) -> (Option<String>, Self);

    /// Takes a change in; absent fields stay.
    fn change(&mut self, patch: Self::Patch);
}

/// Puts a value in its place where one is given.
pub fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) async fn list<T: Wire>(api: &Api, caller: &Caller, query: SmallNounQuery) -> Answer<Json<List<T::Shown>>> {
    let limit = limit(query.limit)?;
    let after = cursor::place(T::NAME, query.after.as_deref())?;
    let mut rows = nouns::list::<T>(api.ctx(), caller.actor(), after, limit + 1).await?;
    let page = cut(&mut rows, limit, |found| cursor::of_place(T::NAME, found.row.position, found.row.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

pub(super) async fn create<T: Wire>(api: &Api, caller: &Caller, new: T::New) -> Answer<Versioned<T::Shown>> {
    let (key, settings) = T::made(new);
    let found = nouns::create(api.ctx(), caller.actor(), key, settings).await?;
    Ok(Versioned::created((&found).into(), found.row.version))
}

pub(super) async fn show<T: Wire>(api: &Api, caller: &Caller, id: Uuid) -> Answer<Versioned<T::Shown>> {
    let found = nouns::find::<T>(api.ctx(), caller.actor(), id).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

pub(super) async fn update<T: Wire>(
    api: &Api,
    caller: &Caller,
    id: Uuid,
    headers: &HeaderMap,
    patch: T::Patch,
) -> Answer<Versioned<T::Shown>> {
    nouns::may_edit::<T>(caller.actor())?;
    let version = versions::required(headers)?;
    let mut settings = nouns::find::<T>(api.ctx(), caller.actor(), id).await?.settings;
    settings.change(patch);
    let found = nouns::replace(api.ctx(), caller.actor(), id, version, settings).await?;
    Ok(Versioned::ok((&found).into(), found.row.version))
}

pub(super) async fn delete<T: Wire>(api: &Api, caller: &Caller, id: Uuid, headers: &HeaderMap) -> Answer<StatusCode> {
    nouns::may_edit::<T>(caller.actor())?;
    let version = versions::required(headers)?;
    nouns::delete::<T>(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The handlers of a noun with its place in the document.
macro_rules! routes_of {
    ($noun:ty, $list:literal, $one:literal, $tag:literal, $shown:ty, $new:ty, $patch:ty) => {
        /// Every one, in their order.
        #[utoipa::path(get, path = $list, tag = $tag, params(SmallNounQuery),
                            responses((status = 200, body = List<$shown>), (status = "default", body = ProblemBody)))]
        pub async fn list(
            State(api): State<Api>,
            caller: Caller,
            Query(query): Query<SmallNounQuery>,
        ) -> Answer<Json<List<$shown>>> {
            small_nouns::list::<$noun>(&api, &caller, query).await
        }

        /// Adds one.
        #[utoipa::path(post, path = $list, tag = $tag, request_body = $new,
                            responses((status = 201, body = $shown), (status = "default", body = ProblemBody)))]
        pub async fn create(
            State(api): State<Api>,
            caller: Caller,
            Json(new): Json<$new>,
        ) -> Answer<Versioned<$shown>> {
            small_nouns::create::<$noun>(&api, &caller, new).await
        }

        /// One of them.
        #[utoipa::path(get, path = $one, tag = $tag, params(("id" = Uuid, Path)),
                            responses((status = 200, body = $shown), (status = "default", body = ProblemBody)))]
        pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<$shown>> {
            small_nouns::show::<$noun>(&api, &caller, id).await
        }

        /// Changes one; `If-Match` names the version it was read at.
        #[utoipa::path(patch, path = $one, tag = $tag, params(("id" = Uuid, Path), ("If-Match" = String, Header)),
                            request_body = $patch,
                            responses((status = 200, body = $shown), (status = "default", body = ProblemBody)))]
        pub async fn update(
            State(api): State<Api>,
            caller: Caller,
            Ids(id): Ids<Uuid>,
            headers: HeaderMap,
            Json(patch): Json<$patch>,
        ) -> Answer<Versioned<$shown>> {
            small_nouns::update::<$noun>(&api, &caller, id, &headers, patch).await
        }

        /// Removes one that nothing refers to; `If-Match` names the version it was read at.
        #[utoipa::path(delete, path = $one, tag = $tag, params(("id" = Uuid, Path), ("If-Match" = String, Header)),
                            responses((status = 204), (status = "default", body = ProblemBody)))]
        pub async fn delete(
            State(api): State<Api>,
            caller: Caller,
            Ids(id): Ids<Uuid>,
            headers: HeaderMap,
        ) -> Answer<StatusCode> {
            small_nouns::delete::<$noun>(&api, &caller, id, &headers).await
        }
    };
}
pub(super) use routes_of;

/// What a file of such routes uses.
pub(super) mod uses {
    pub use app::nouns;
    pub use axum::extract::State;
    pub use http::{HeaderMap, StatusCode};
    pub use uuid::Uuid;

    pub use super::super::small_nouns::{self, SmallNounQuery, Wire, put};
    pub use crate::Answer;
    pub use crate::auth::Caller;
    pub use crate::dto::List;
    pub use crate::extract::{Ids, Json, Query};
    pub use crate::problem::ProblemBody;
    pub use crate::state::Api;
    pub use crate::versions::Versioned;
}
