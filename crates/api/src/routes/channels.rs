//! Channels: set up, switched on and off, checked.

use std::collections::BTreeMap;
use std::time::Duration;

use app::channels::{Change, ChannelView, NewChannel as Input, SetupView};
use axum::extract::State;
use axum::response::Response;
use domain::ids::{BusinessHoursId, ChannelId, QueueId};
use domain::permissions::{Permission, Resource};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use super::channel_types::{dotted, localized};
use super::limit;
use super::settings::WholeQuery;
use crate::auth::Caller;
use crate::dto::channel_setup::{
    ChannelChange, ChannelDisableInput, ChannelSetupInput, NewChannel, Secrets, SetupStep,
};
use crate::dto::channels::{Channel, SecretState};
use crate::dto::{List, Nothing, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Problem, ProblemBody};
use crate::state::Api;
use crate::{Answer, etag};

impl From<&ChannelView> for Channel {
    fn from(view: &ChannelView) -> Self {
        let state = |set_at: &Option<jiff::Timestamp>| SecretState {
            is_set: true,
            // Never a part of a password.
            last4: None,
            set_at: set_at.map(Into::into),
        };
        let secrets = view.secrets.iter().map(|(name, set_at)| (name.clone(), state(set_at))).collect();
        Self { secrets, ..Self::from(&view.channel) }
    }
}

fn answer(view: &ChannelView) -> Response {
    etag::tagged(StatusCode::OK, view.channel.version, Channel::from(view))
}

/// The channels that are not archived.
#[utoipa::path(get, path = "/channels", tag = "channels", params(WholeQuery),
    responses((status = 200, body = List<Channel>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<WholeQuery>,
) -> Answer<Json<List<Channel>>> {
    limit(query.limit)?;
    let views = app::channels::list(api.ctx(), caller.actor()).await?;
    Ok(Json(List { items: views.iter().map(Into::into).collect(), page: Page::default() }))
}

/// Adds a channel. It does nothing before it is enabled.
#[utoipa::path(post, path = "/channels", tag = "channels", request_body = NewChannel,
    responses((status = 201, body = Channel), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<NewChannel>) -> Answer<Response> {
    let input = Input {
        kind: input.r#type,
        name: input.name,
        key: input.key,
        queue: input.queue_id.map(QueueId),
        hours: input.hours_id.map(BusinessHoursId),
        config: input.config,
    };
    let view = app::channels::create(api.ctx(), caller.actor(), input).await?;
    Ok(etag::tagged(StatusCode::CREATED, view.channel.version, Channel::from(&view)))
}

/// One channel, without its secrets.
#[utoipa::path(get, path = "/channels/{id}", tag = "channels", params(("id" = Uuid, Path)),
    responses((status = 200, body = Channel), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    Ok(answer(&app::channels::find(api.ctx(), caller.actor(), ChannelId(id)).await?))
}

/// Changes a channel; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/channels/{id}", tag = "channels", request_body = ChannelChange,
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Channel), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<ChannelChange>,
) -> Answer<Response> {
    caller.actor().authorize(Permission::ChannelsEdit, Resource::Organization)?;
    let version = etag::required(&headers)?;
    let queue = input.queue_id.map(|queue| queue.map(QueueId));
    let hours = input.hours_id.map(|hours| hours.map(BusinessHoursId));
    let change = Change { name: input.name, queue, hours, config: input.config };
    Ok(answer(&app::channels::update(api.ctx(), caller.actor(), ChannelId(id), version, change).await?))
}

/// Archives a channel; `If-Match` names the version it was read at.
#[utoipa::path(delete, path = "/channels/{id}", tag = "channels",
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn archive(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    caller.actor().authorize(Permission::ChannelsEdit, Resource::Organization)?;
    let version = etag::required(&headers)?;
    app::channels::archive(api.ctx(), caller.actor(), ChannelId(id), version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets secrets by name, null removes. They cannot be read again. For `overlap_ms` what a secret was goes on to be
/// believed.
#[utoipa::path(put, path = "/channels/{id}/secrets", tag = "channels", request_body = Secrets,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Channel), (status = "default", body = ProblemBody)))]
pub async fn set_secrets(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<BTreeMap<String, Value>>,
) -> Answer<Response> {
    // They are written by name and never read: a version is honoured, not asked for.
    let version = etag::optional(&headers)?;
    let (values, overlap) = secrets(input)?;
    let view = app::channels::set_secrets(api.ctx(), caller.actor(), ChannelId(id), version, values, overlap).await?;
    Ok(answer(&view))
}

/// Secrets by name, and how long their values before go on to be believed.
type SecretsSaid = (Vec<(String, Option<String>)>, Duration);

fn secrets(mut input: BTreeMap<String, Value>) -> Answer<SecretsSaid> {
    let overlap = match input.remove("overlap_ms") {
        Some(value) if value.is_i64() || value.is_u64() => {
            let ms = value.as_u64().ok_or_else(|| Problem::invalid("/overlap_ms", "range"))?;
            Duration::from_millis(ms)
        }
        Some(_) => return Err(Problem::invalid("/overlap_ms", "type")),
        None => Duration::ZERO,
    };
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, Some(text))),
        Value::Null => Ok((name, None)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Problem::invalid(format!("/{name}"), "type"))
        }
    };
    Ok((input.into_iter().map(text).collect::<Answer<_>>()?, overlap))
}

/// Asks the provider now whether the channel works.
#[utoipa::path(post, path = "/channels/{id}/check", tag = "channels", request_body = Nothing,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = crate::dto::channels::ChannelHealth), (status = "default", body = ProblemBody)))]
pub async fn check(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<crate::dto::channels::ChannelHealth>> {
    let view = app::channels::check(api.ctx(), caller.actor(), ChannelId(id)).await?;
    Ok(Json(Channel::from(&view).health))
}

/// Switches a channel on.
#[utoipa::path(post, path = "/channels/{id}/enable", tag = "channels", request_body = Nothing,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Channel), (status = "default", body = ProblemBody)))]
pub async fn enable(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Response> {
    Ok(answer(&app::channels::enable(api.ctx(), caller.actor(), ChannelId(id)).await?))
}

/// Switches a channel off.
#[utoipa::path(post, path = "/channels/{id}/disable", tag = "channels", request_body = ChannelDisableInput,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Channel), (status = "default", body = ProblemBody)))]
pub async fn disable(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<ChannelDisableInput>,
) -> Answer<Response> {
    let (ctx, actor) = (api.ctx(), caller.actor());
    Ok(answer(&app::channels::disable(ctx, actor, ChannelId(id), input.is_draining).await?))
}

impl From<&SetupView> for SetupStep {
    fn from(view: &SetupView) -> Self {
        Self {
            key: view.step.key.to_owned(),
            kind: view.step.kind.as_str().to_owned(),
            name: localized([view.step.name.es, view.step.name.en]),
            fields: view.step.fields.iter().map(|pointer| dotted(pointer)).collect(),
            secrets: view.step.secrets.iter().map(|&name| name.to_owned()).collect(),
            state: view.state.as_str().to_owned(),
            error: view.error.clone(),
            values: view.values.clone(),
        }
    }
}

fn steps(views: &[SetupView]) -> Json<List<SetupStep>> {
    Json(List { items: views.iter().map(Into::into).collect(), page: Page::default() })
}

/// The steps of a channel's set-up, and how far each is.
#[utoipa::path(get, path = "/channels/{id}/setup", tag = "channels", params(("id" = Uuid, Path)),
    responses((status = 200, body = List<SetupStep>), (status = "default", body = ProblemBody)))]
pub async fn setup(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<List<SetupStep>>> {
    Ok(steps(&app::channels::setup(api.ctx(), caller.actor(), ChannelId(id)).await?))
}

/// Carries a step out; answers all steps as they are then.
#[utoipa::path(post, path = "/channels/{id}/setup/{step}", tag = "channels", request_body = ChannelSetupInput,
    params(("id" = Uuid, Path), ("step" = String, Path)),
    responses((status = 200, body = List<SetupStep>), (status = "default", body = ProblemBody)))]
pub async fn setup_step(
    State(api): State<Api>,
    caller: Caller,
    Ids((id, step)): Ids<(Uuid, String)>,
    Json(input): Json<ChannelSetupInput>,
) -> Answer<Json<List<SetupStep>>> {
    let (ctx, actor) = (api.ctx(), caller.actor());
    Ok(steps(&app::channels::setup_step(ctx, actor, ChannelId(id), &step, input.inputs).await?))
}
