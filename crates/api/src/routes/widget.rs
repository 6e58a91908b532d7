//! The visitor's side of a web chat.

use app::model::{Channel, Visitor as VisitorRow};
use app::widget::{Arrival, Session, VisitorMessage};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::ids::ConversationId;
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::auth::bearer;
use crate::cors::Door;
use crate::dto::widget::{
    Brand, Hours, IdentifyInput, Message, Posted, Visitor, VisitorConversation, VisitorEvents, VisitorMessageInput,
    VisitorReadInput, VisitorSession, VisitorSessionInput, WidgetConfig, WidgetFeatures, WidgetLimits,
};
use crate::dto::{List, Nothing, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem, cursor, visitor};

/// Messages of a page.
const MAX_MESSAGES: i64 = 50;

/// The visitor of the bearer token, on the channel of the path.
#[derive(Clone, Debug)]
pub struct Caller {
    visitor: VisitorRow,
    token: String,
}

impl Caller {
    /// The visitor.
    pub(super) fn visitor(&self) -> &VisitorRow {
        &self.visitor
    }
}

/// The visitor of the bearer token as they are, or were a moment ago: for calls whose transaction looks again.
pub struct Recent(VisitorRow);

impl FromRequestParts<Api> for Recent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Door(channel) = Door::from_request_parts(parts, api).await?;
        let token = bearer(&parts.headers)?.ok_or(Code::Unauthenticated)?;
        Ok(Self(app::widget::recent(api.ctx(), &channel, token).await?))
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Door(channel) = Door::from_request_parts(parts, api).await?;
        let token = bearer(&parts.headers)?.ok_or(Code::Unauthenticated)?;
        let visitor = app::widget::by_token(api.ctx(), &channel, token).await?;
        Ok(Self { visitor, token: token.to_owned() })
    }
}

/// How the widget looks and what it may offer; kept for a minute.
#[utoipa::path(get, path = "/config", tag = "widget", params(("key" = String, Path)),
    responses((status = 200, body = WidgetConfig), (status = "default", body = ProblemBody)))]
pub async fn config(State(api): State<Api>, Door(channel): Door, headers: HeaderMap) -> Answer<Response> {
    let set = app::widget::config(&channel);
    let uploads = set.uploads;
    let hours = app::widget::hours(api.ctx(), &channel).await?;
    let offered = app::widget::features(api.ctx(), &channel).await?;
    let config = WidgetConfig {
        brand: Brand {
            name: set.brand_name.unwrap_or_else(|| channel.name.clone()),
            color: set.brand_colour,
            logo_url: set.logo_url,
        },
        texts: same(&set.texts),
        prechat: set.prechat.as_ref().map(same),
        hours: Hours {
            is_open: hours.is_open,
            reopens_at: hours.reopens_at.map(Into::into),
            closes_at: hours.closes_at.map(Into::into),
        },
        consent_notice: set.consent_notice,
        features: WidgetFeatures {
            upload: uploads.is_enabled,
            search: false,
            transcript: offered.transcript,
            proactive: false,
            notify: offered.notify,
            rating: offered.rating,
        },
        limits: WidgetLimits {
            max_attachment_bytes: i64::try_from(uploads.max_bytes).unwrap_or(i64::MAX),
            attachment_types: if uploads.is_enabled { uploads.media_types } else { Vec::new() },
            max_text_chars: 10_000,
        },
    };
    Ok(kept(&config, &headers))
}

/// A part of the configuration as it stands on the wire: the same words on both sides.
fn same<T: serde::Serialize, U: serde::de::DeserializeOwned + Default>(part: &T) -> U {
    serde_json::to_value(part).and_then(serde_json::from_value).unwrap_or_default()
}

/// Sends a configuration with its hash, or says that the caller has it already.
fn kept(config: &WidgetConfig, headers: &HeaderMap) -> Response {
    let bytes = serde_json::to_vec(config).unwrap_or_default();
    let hash = Sha256::digest(&bytes).iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let tag = format!("\"{hash}\"");
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { axum::Json(config).into_response() };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Begins a session, or resumes the one of a token.
#[utoipa::path(post, path = "/sessions", tag = "widget", params(("key" = String, Path)), request_body = VisitorSessionInput,
    responses((status = 201, body = VisitorSession), (status = 200, body = VisitorSession), (status = "default", body = ProblemBody)))]
pub async fn open(
    State(api): State<Api>,
    Door(channel): Door,
    Json(input): Json<VisitorSessionInput>,
) -> Answer<Response> {
    let arrival = Arrival {
        language: input.language.as_deref().unwrap_or("es").chars().take(35).collect(),
        prechat: input.prechat.unwrap_or_default(),
        identity_token: input.identity_token,
        token: input.visitor_token,
        ..Arrival::default()
    };
    let session = app::widget::open(api.ctx(), &channel, arrival).await?;
    let status = if session.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(rendered(&api, &channel, session).await?)).into_response())
}

async fn rendered(api: &Api, channel: &Channel, session: Session) -> Answer<VisitorSession> {
    let own = app::widget::overview(api.ctx(), &session.visitor).await?;
    Ok(VisitorSession {
        visitor_token: session.token,
        expires_at: session.visitor.expires_at.into(),
        visitor: Visitor {
            id: session.visitor.id.0,
            is_identified: session.visitor.subject.is_some(),
            display_name: session.customer.name,
        },
        conversations: visitor::conversations(api, channel.organization_id, own).await?,
        stream_url: format!("/api/v1/widget/{}/stream", channel.public_key),
        cursor: cursor::of_stream(session.cursor),
        server_now: api.ctx().now().into(),
        was_reset: session.was_reset,
    })
}

/// Tells who the visitor is by a token that the site signed. The answer carries the token to go on with.
#[utoipa::path(post, path = "/identify", tag = "widget", params(("key" = String, Path)), request_body = IdentifyInput,
    responses((status = 200, body = VisitorSession), (status = "default", body = ProblemBody)))]
pub async fn identify(
    State(api): State<Api>,
    Door(channel): Door,
    caller: Caller,
    Json(input): Json<IdentifyInput>,
) -> Answer<Json<VisitorSession>> {
    let (visitor, token) = (&caller.visitor, &caller.token);
    let session = app::widget::identify(api.ctx(), &channel, visitor, token, &input.identity_token).await?;
    Ok(Json(rendered(&api, &channel, session).await?))
}

/// Forgets the visitor on this device.
#[utoipa::path(post, path = "/sign-out", tag = "widget", params(("key" = String, Path)), request_body = Nothing,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn sign_out(State(api): State<Api>, caller: Caller, Json(_): Json<Nothing>) -> Answer<StatusCode> {
    app::widget::sign_out(api.ctx(), &caller.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The visitor's conversations, newest activity first.
#[utoipa::path(get, path = "/conversations", tag = "widget", params(("key" = String, Path)),
    responses((status = 200, body = List<VisitorConversation>), (status = "default", body = ProblemBody)))]
pub async fn conversations(State(api): State<Api>, caller: Caller) -> Answer<Json<List<VisitorConversation>>> {
    let own = app::widget::overview(api.ctx(), &caller.visitor).await?;
    let items = visitor::conversations(&api, caller.visitor.organization_id, own).await?;
    Ok(Json(List { items, page: Page::default() }))
}

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Older than this: `page.prev` of the page before.
    before: Option<i64>,
    /// 1 to 50.
    limit: Option<i64>,
}

/// Messages of a conversation, newest first.
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "widget",
    params(("key" = String, Path), ("id" = Uuid, Path), MessagesQuery),
    responses((status = 200, body = List<Message>), (status = "default", body = ProblemBody)))]
pub async fn messages(
    State(api): State<Api>,
    caller: Caller,
    Ids((_, id)): Ids<(String, Uuid)>,
    Query(query): Query<MessagesQuery>,
) -> Answer<Json<List<Message>>> {
    let limit = query.limit.unwrap_or(MAX_MESSAGES);
    if !(1..=MAX_MESSAGES).contains(&limit) {
        return Err(Problem::invalid("?limit", "range"));
    }
    let rows = app::widget::messages(api.ctx(), &caller.visitor, ConversationId(id), query.before, limit).await?;
    let oldest = rows.last().map(|row| row.seq).filter(|seq| *seq > 1);
    let page = Page { next: None, prev: oldest.map(|seq| seq.to_string()), has_more: oldest.is_some() };
    Ok(Json(List { items: visitor::messages(&api, &rows).await?, page }))
}

/// Takes a visitor's message in; once for each `client_message_id`.
#[utoipa::path(post, path = "/messages", tag = "widget", params(("key" = String, Path)), request_body = VisitorMessageInput,
    responses((status = 201, body = Posted), (status = 200, body = Posted), (status = "default", body = ProblemBody)))]
pub async fn post(
    State(api): State<Api>,
    Door(channel): Door,
    Recent(visitor): Recent,
    Json(input): Json<VisitorMessageInput>,
) -> Answer<Response> {
    if input.form.is_some() {
        return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "form"));
    }
    let message = VisitorMessage {
        client_message_id: input.client_message_id,
        conversation: input.conversation_id.map(ConversationId),
        text: input.text.or(input.choice.map(|choice| choice.value)).unwrap_or_default(),
        attachment_ids: input.attachment_ids,
        sent_at: input.sent_at.map(|at| at.0.min(api.ctx().now())),
    };
    let made = app::widget::post_message(api.ctx(), &channel, &visitor, message).await?;
    let status = if made.is_repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(posted(&api, &visitor, &made).await?)).into_response())
}

async fn posted(api: &Api, visitor: &VisitorRow, made: &app::widget::Posted) -> Answer<Posted> {
    let entry = &made.entry;
    let message = visitor::messages(api, std::slice::from_ref(entry)).await?.pop().ok_or(Code::NotFound)?;
    let own = made.own(api.ctx(), visitor).await?;
    let conversation = visitor::conversations(api, entry.organization_id, vec![own]).await?.pop();
    let conversation = conversation.ok_or(Code::NotFound)?;
    Ok(Posted { queue: conversation.queue.clone(), message, conversation })
}

/// The visitor has read up to here.
#[utoipa::path(put, path = "/conversations/{id}/read", tag = "widget", params(("key" = String, Path), ("id" = Uuid, Path)),
    request_body = VisitorReadInput, responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn read(
    State(api): State<Api>,
    Recent(visitor): Recent,
    Ids((_, id)): Ids<(String, Uuid)>,
    Json(input): Json<VisitorReadInput>,
) -> Answer<StatusCode> {
    app::widget::mark_read(api.ctx(), &visitor, ConversationId(id), input.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The visitor ends the conversation.
#[utoipa::path(post, path = "/conversations/{id}/end", tag = "widget", params(("key" = String, Path), ("id" = Uuid, Path)),
    request_body = Nothing, responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn end(
    State(api): State<Api>,
    caller: Caller,
    Ids((_, id)): Ids<(String, Uuid)>,
    Json(_): Json<Nothing>,
) -> Answer<StatusCode> {
    app::widget::end(api.ctx(), &caller.visitor, ConversationId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Page views and the like. Without consent to tracking they are dropped; nobody can give it yet.
#[utoipa::path(post, path = "/events", tag = "widget", params(("key" = String, Path)), request_body = VisitorEvents,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn events(_caller: Caller, Json(input): Json<VisitorEvents>) -> Answer<StatusCode> {
    const EVENTS_MAX: usize = 50;
    if input.events.len() > EVENTS_MAX {
        return Err(Problem::invalid("/events", "length"));
    }
    Ok(StatusCode::NO_CONTENT)
}
