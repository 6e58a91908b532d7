//! The visitor's side of a web chat.

use app::model::{Conversation, Entry, Visitor as VisitorRow};
use app::widget::{Arrival, VisitorMessage};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::ids::ConversationId;
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::auth::bearer;
use crate::cors::Door;
use crate::dto::widget::{
    Brand, Hours, IdentifyInput, Message, Posted, Visitor, VisitorConversation, VisitorMessageInput, VisitorReadInput,
    VisitorSession, VisitorSessionInput, WidgetConfig, WidgetFeatures, WidgetLimits, WidgetTexts,
};
use crate::dto::{List, Nothing, Object, Page};
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
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Door(channel) = Door::from_request_parts(parts, api).await?;
        let token = bearer(&parts.headers)?.ok_or(Code::Unauthenticated)?;
        let visitor = app::widget::by_token(api.ctx(), &channel, token).await?;
        Ok(Self { visitor })
    }
}

/// How the widget looks and what it may offer; kept for a minute.
#[utoipa::path(get, path = "/config", tag = "widget", params(("key" = String, Path)),
    responses((status = 200, body = WidgetConfig), (status = "default", body = ProblemBody)))]
pub async fn config(Door(channel): Door, headers: HeaderMap) -> Response {
    let text = |name: &str| channel.config.get(name).and_then(Value::as_str).map(str::to_owned);
    let part = |name: &str| channel.config.get(name).cloned().unwrap_or_default();
    let texts: std::collections::BTreeMap<String, WidgetTexts> =
        serde_json::from_value(part("texts")).unwrap_or_default();
    let config = WidgetConfig {
        brand: Brand {
            name: text("brand_name").unwrap_or_else(|| channel.name.clone()),
            color: text("brand_colour"),
            logo_url: text("logo_url"),
        },
        texts,
        prechat: serde_json::from_value(part("prechat")).unwrap_or_default(),
        hours: Hours { is_open: true, reopens_at: None, closes_at: None },
        consent_notice: serde_json::from_value(part("consent_notice")).unwrap_or_default(),
        features: WidgetFeatures { upload: false, search: false, transcript: false, proactive: false },
        limits: WidgetLimits { max_attachment_bytes: 0, attachment_types: Vec::new(), max_text_chars: 10_000 },
    };
    kept(&config, &headers)
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
    if input.identity_token.is_some() {
        return Err(no_keys());
    }
    let answer = |name: &str| input.prechat.as_ref().and_then(|answers| answers.get(name)).cloned();
    let arrival = Arrival {
        language: input.language.as_deref().unwrap_or("es").chars().take(35).collect(),
        name: answer("name"),
        email: answer("email"),
        token: input.visitor_token,
    };
    let session = app::widget::open(api.ctx(), &channel, arrival).await?;
    let status = if session.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut conversations = Vec::new();
    for row in &session.conversations {
        conversations.push(shown(&api, &session.visitor, row).await?);
    }
    let rendered = VisitorSession {
        visitor_token: session.token,
        expires_at: session.visitor.expires_at.into(),
        visitor: Visitor {
            id: session.visitor.id.0,
            is_identified: session.visitor.subject.is_some(),
            display_name: session.customer.name,
        },
        conversations,
        stream_url: format!("/api/v1/widget/{}/stream", channel.public_key),
        cursor: cursor::of_stream(session.cursor),
        server_now: api.ctx().now().into(),
        was_reset: session.was_reset,
    };
    Ok((status, Json(rendered)).into_response())
}

/// No channel has keys for identity tokens yet, so no signature can fit.
fn no_keys() -> Problem {
    Problem::from(Code::IdentityTokenInvalid).with("reason", "signature")
}

/// Tells who the visitor is by a token that the site signed.
#[utoipa::path(post, path = "/identify", tag = "widget", params(("key" = String, Path)), request_body = IdentifyInput,
    responses((status = 200, body = VisitorSession), (status = "default", body = ProblemBody)))]
pub async fn identify(_caller: Caller, Json(_): Json<IdentifyInput>) -> Problem {
    no_keys()
}

/// Forgets the visitor on this device.
#[utoipa::path(post, path = "/sign-out", tag = "widget", params(("key" = String, Path)), request_body = Nothing,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn sign_out(State(api): State<Api>, caller: Caller, Json(_): Json<Nothing>) -> Answer<StatusCode> {
    app::widget::sign_out(api.ctx(), &caller.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A conversation with its newest message and its place in the queue.
async fn shown(api: &Api, visitor: &VisitorRow, row: &Conversation) -> Answer<VisitorConversation> {
    let newest = app::widget::messages(api.ctx(), visitor, row.id, None, 20).await?;
    let place = app::widget::place(api.ctx(), visitor, row.id).await?.map(visitor::place);
    let last = newest.iter().find(|entry| visitor::is_shown(entry)).map(visitor::message);
    Ok(visitor::conversation(row, last, place, &api.labels(row.organization_id)))
}

/// The visitor's conversations, newest activity first.
#[utoipa::path(get, path = "/conversations", tag = "widget", params(("key" = String, Path)),
    responses((status = 200, body = List<VisitorConversation>), (status = "default", body = ProblemBody)))]
pub async fn conversations(State(api): State<Api>, caller: Caller) -> Answer<Json<List<VisitorConversation>>> {
    let mut items = Vec::new();
    for row in app::widget::conversations(api.ctx(), &caller.visitor).await? {
        items.push(shown(&api, &caller.visitor, &row).await?);
    }
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
    Ok(Json(List { items: rows.iter().filter(|row| visitor::is_shown(row)).map(visitor::message).collect(), page }))
}

/// Takes a visitor's message in; once for each `client_message_id`.
#[utoipa::path(post, path = "/messages", tag = "widget", params(("key" = String, Path)), request_body = VisitorMessageInput,
    responses((status = 201, body = Posted), (status = 200, body = Posted), (status = "default", body = ProblemBody)))]
pub async fn post(
    State(api): State<Api>,
    Door(channel): Door,
    caller: Caller,
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
    let received = app::widget::post_message(api.ctx(), &channel, &caller.visitor, message).await?;
    let status = if received.is_repeated { StatusCode::OK } else { StatusCode::CREATED };
    let posted = posted(&api, &caller.visitor, &received.entry, &received.conversation).await?;
    Ok((status, Json(posted)).into_response())
}

async fn posted(api: &Api, visitor: &VisitorRow, entry: &Entry, row: &Conversation) -> Answer<Posted> {
    let place = app::widget::place(api.ctx(), visitor, row.id).await?.map(visitor::place);
    let message = visitor::message(entry);
    let labels = api.labels(row.organization_id);
    Ok(Posted {
        conversation: visitor::conversation(row, Some(message.clone()), place.clone(), &labels),
        message,
        queue: place,
    })
}

/// The visitor has read up to here.
#[utoipa::path(put, path = "/conversations/{id}/read", tag = "widget", params(("key" = String, Path), ("id" = Uuid, Path)),
    request_body = VisitorReadInput, responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn read(
    State(api): State<Api>,
    caller: Caller,
    Ids((_, id)): Ids<(String, Uuid)>,
    Json(input): Json<VisitorReadInput>,
) -> Answer<StatusCode> {
    app::widget::mark_read(api.ctx(), &caller.visitor, ConversationId(id), input.seq).await?;
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
#[utoipa::path(post, path = "/events", tag = "widget", params(("key" = String, Path)), request_body = Object,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn events(_caller: Caller, Json(_): Json<Object>) -> StatusCode {
    StatusCode::NO_CONTENT
}
