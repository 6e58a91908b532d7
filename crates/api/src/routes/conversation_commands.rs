//! Commands on conversations.

use app::conversations::{Act, BulkInput as Bulk, BulkOutcome, Handle, ListQuery, OpenInput, Patch, Who};
use app::customers;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::{AgentId, ChannelId, ConversationId, CustomerId, IdentityId, QueueId, UserId, WrapUpCodeId};
use domain::permissions::{Permission, Resource};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

use super::conversations::{conditions, rendered, resolve_handle};
use crate::auth::Caller;
use crate::dto::Nothing;
use crate::dto::conversations::{
    BulkAction, BulkExcluded, BulkInput, BulkPreview, Conversation, ConversationPatch, ConversationResult, MergeInput,
    MergeResult, NewConversation, OpenMessage, ResolveInput, SnoozeInput, SplitInput, SplitResult, UnmergeResult,
    WrapUpInput,
};
use crate::dto::desk::{Job, UndoResult};
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::versions::{self, Versioned};
use crate::{Answer, Problem};

async fn act(
    api: &Api,
    caller: &Caller,
    handle: &str,
    headers: &HeaderMap,
    command: Act,
) -> Answer<Versioned<ConversationResult>> {
    let version = versions::wanted(headers)?;
    let id = resolve_handle(api, caller, handle).await?;
    let done = app::conversations::act(api.ctx(), caller.actor(), id, version, command).await?;
    let conversation = rendered(api, caller, id, false).await?;
    let version = conversation.version;
    Ok(Versioned::ok(ConversationResult { conversation, undo: done.undo.map(Into::into) }, version))
}

/// The handler of a command that says no more than which conversation, and whom or what it is about.
macro_rules! command {
    ($(#[$doc:meta])* $name:ident, $method:ident, $path:literal, $act:expr) => {
        $(#[$doc])*
        #[utoipa::path($method, path = $path, tag = "conversations", params(("conversation" = String, Path)),
                    request_body = Nothing,
                    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
        pub async fn $name(
            State(api): State<Api>,
            caller: Caller,
            Ids(handle): Ids<String>,
            headers: HeaderMap,
            Json(_): Json<Nothing>,
        ) -> Answer<Versioned<ConversationResult>> {
            act(&api, &caller, &handle, &headers, $act).await
        }
    };
    ($(#[$doc:meta])* $name:ident, $method:ident, $path:literal, $whom:ident => $act:expr) => {
        $(#[$doc])*
        #[utoipa::path($method, path = $path, tag = "conversations",
                    params(("conversation" = String, Path), ("user" = Uuid, Path)),
                    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
        pub async fn $name(
            State(api): State<Api>,
            caller: Caller,
            Ids((handle, $whom)): Ids<(String, Uuid)>,
            headers: HeaderMap,
        ) -> Answer<Versioned<ConversationResult>> {
            act(&api, &caller, &handle, &headers, $act).await
        }
    };
    ($(#[$doc:meta])* $name:ident, $method:ident, $path:literal, $other:ident by $use_case:path) => {
        $(#[$doc])*
        #[utoipa::path($method, path = $path, tag = "conversations",
                    params(("conversation" = String, Path), ("other" = String, Path)),
                    responses((status = 200, body = Conversation), (status = "default", body = ProblemBody)))]
        pub async fn $name(
            State(api): State<Api>,
            caller: Caller,
            Ids((handle, $other)): Ids<(String, String)>,
        ) -> Answer<Json<Conversation>> {
            let id = resolve_handle(&api, &caller, &handle).await?;
            let $other = resolve_handle(&api, &caller, &$other).await?;
            $use_case(api.ctx(), caller.actor(), id, $other).await?;
            rendered(&api, &caller, id, false).await.map(Json)
        }
    };
}

/// Opens a conversation with a customer, or with whoever has an address.
#[utoipa::path(post, path = "/conversations", tag = "conversations", request_body = NewConversation,
    responses((status = 201, body = Conversation), (status = "default", body = ProblemBody)))]
pub async fn open(
    State(api): State<Api>,
    caller: Caller,
    Json(input): Json<NewConversation>,
) -> Answer<Versioned<Conversation>> {
    caller.actor().authorize(Permission::ConversationsReply, Resource::Any)?;
    let who = match (input.customer_id, input.identity) {
        (Some(id), None) => Who::Customer(CustomerId(id)),
        (None, Some(identity)) => {
            let address = customers::NewIdentity {
                kind: identity.kind,
                address: identity.address,
                display: None,
                is_primary: false,
                is_shared: false,
            };
            Who::Address(address, identity.name)
        }
        (Some(_), Some(_)) => return Err(Problem::invalid("/identity", "duplicate")),
        (None, None) => return Err(Problem::invalid("/customer_id", "required")),
    };
    let open = OpenInput {
        who,
        channel: input.channel_id.map(ChannelId),
        queue: input.queue_id.map(QueueId),
        subject: input.subject,
        priority: input.priority.map_or(domain::conversation::Priority::Normal, Into::into),
        fields: input.fields.unwrap_or_default(),
        message: input.message.map(|message| match message {
            OpenMessage::Text(text) | OpenMessage::Whole { text } => text,
        }),
    };
    let opened = app::conversations::open(api.ctx(), caller.actor(), open).await?;
    let conversation = rendered(&api, &caller, opened.id, false).await?;
    let version = conversation.version;
    Ok(Versioned::created(conversation, version))
}

/// Changes single fields of a conversation.
#[utoipa::path(patch, path = "/conversations/{conversation}", tag = "conversations",
    params(("conversation" = String, Path)), request_body = ConversationPatch,
    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    headers: HeaderMap,
    Json(input): Json<ConversationPatch>,
) -> Answer<Versioned<ConversationResult>> {
    let reply_route = match input.reply_route {
        Some(route) => {
            let identity = route.identity_id.ok_or_else(|| Problem::invalid("/reply_route/identity_id", "required"))?;
            Some((ChannelId(route.channel_id), IdentityId(identity)))
        }
        None => None,
    };
    let patch = Patch {
        subject: input.subject,
        outcome: input.outcome,
        language: input.language,
        owner_agent_id: input.owner_agent_id.map(|id| id.map(AgentId)),
        status_id: input.status_id,
        priority: input.priority.map(Into::into),
        tags: input.tags,
        fields: input.fields,
        reply_route,
    };
    act(&api, &caller, &handle, &headers, Act::Patch(Box::new(patch))).await
}

/// Erases a conversation; its number stays taken.
#[utoipa::path(delete, path = "/conversations/{conversation}", tag = "conversations",
    params(("conversation" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let version = versions::wanted(&headers)?;
    let id = match resolve_handle(&api, &caller, &handle).await {
        Err(problem) if problem.code == Code::Erased => return Ok(StatusCode::NO_CONTENT),
        other => other?,
    };
    app::conversations::erase(api.ctx(), caller.actor(), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Resolves: ends every engagement, completes held work, withdraws what waits.
#[utoipa::path(post, path = "/conversations/{conversation}/resolve", tag = "conversations",
    params(("conversation" = String, Path)), request_body = ResolveInput,
    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
pub async fn resolve(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    headers: HeaderMap,
    Json(input): Json<ResolveInput>,
) -> Answer<Versioned<ConversationResult>> {
    if let Some(wrap_up) = input.wrap_up {
        let id = resolve_handle(&api, &caller, &handle).await?;
        wrap_up_work(&api, &caller, id, &wrap_up).await?;
    }
    act(&api, &caller, &handle, &headers, Act::Resolve { outcome: input.outcome }).await
}

/// Says how the work held for a conversation ends, before it does.
async fn wrap_up_work(api: &Api, caller: &Caller, id: ConversationId, wrap_up: &WrapUpInput) -> Answer<()> {
    let view = app::conversations::find(api.ctx(), caller.actor(), Handle::Id(id)).await?;
    for work in view.work.iter().filter(|work| work.item.agent.is_some()) {
        let (code, note) = (Some(WrapUpCodeId(wrap_up.code_id)), wrap_up.note.clone());
        app::dispositions::set(api.ctx(), caller.actor(), work.item.id, code, note).await?;
    }
    Ok(())
}

/// Puts a conversation aside until a time, until the customer writes, or both.
#[utoipa::path(post, path = "/conversations/{conversation}/snooze", tag = "conversations",
    params(("conversation" = String, Path)), request_body = SnoozeInput,
    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
pub async fn snooze(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    headers: HeaderMap,
    Json(input): Json<SnoozeInput>,
) -> Answer<Versioned<ConversationResult>> {
    let command = Act::Snooze { until_at: input.until_at.map(|at| at.0), is_until_reply: input.until_reply };
    act(&api, &caller, &handle, &headers, command).await
}

command!(
    /// Opens a resolved conversation again; whoever had it last is asked first.
    reopen, post, "/conversations/{conversation}/reopen", Act::Reopen
);
command!(
    /// Takes a conversation up again.
    unsnooze, post, "/conversations/{conversation}/unsnooze", Act::Unsnooze
);
command!(
    /// Lets a user follow the conversation.
    follow, put, "/conversations/{conversation}/followers/{user}", user => Act::Follow(UserId(user))
);
command!(
    /// A user follows the conversation no more.
    unfollow, delete, "/conversations/{conversation}/followers/{user}", user => Act::Unfollow(UserId(user))
);
command!(
    /// Links two conversations, both ways.
    link, put, "/conversations/{conversation}/links/{other}", other by app::conversations::link
);
command!(
    /// Unlinks two conversations.
    unlink, delete, "/conversations/{conversation}/links/{other}", other by app::conversations::unlink
);

/// Shows this conversation within another of the same customer.
#[utoipa::path(post, path = "/conversations/{conversation}/merge", tag = "conversations",
    params(("conversation" = String, Path)), request_body = MergeInput,
    responses((status = 200, body = MergeResult), (status = "default", body = ProblemBody)))]
pub async fn merge(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<MergeInput>,
) -> Answer<Json<MergeResult>> {
    let source = resolve_handle(&api, &caller, &handle).await?;
    let target = ConversationId(input.into);
    let merged = app::conversations::merge(api.ctx(), caller.actor(), source, target).await?;
    Ok(Json(MergeResult {
        merge_id: merged.id,
        conversation: rendered(&api, &caller, target, false).await?,
        source: rendered(&api, &caller, source, false).await?,
        undo: Some(merged.undo.into()),
    }))
}

/// Shows a merged conversation by itself again.
#[utoipa::path(post, path = "/conversation-merges/{id}/undo", tag = "conversations", params(("id" = Uuid, Path)),
    request_body = Nothing,
    responses((status = 200, body = UnmergeResult), (status = "default", body = ProblemBody)))]
pub async fn unmerge(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<UnmergeResult>> {
    let (target, source) = app::conversations::unmerge(api.ctx(), caller.actor(), id).await?;
    Ok(Json(UnmergeResult {
        conversation: rendered(&api, &caller, target.id, false).await?,
        source: rendered(&api, &caller, source.id, false).await?,
    }))
}

/// Splits entries off into a conversation of their own.
#[utoipa::path(post, path = "/conversations/{conversation}/split", tag = "conversations",
    params(("conversation" = String, Path)), request_body = SplitInput,
    responses((status = 201, body = SplitResult), (status = "default", body = ProblemBody)))]
pub async fn split(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<SplitInput>,
) -> Answer<(StatusCode, Json<SplitResult>)> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let split = app::conversations::split(api.ctx(), caller.actor(), id, input.entry_ids, input.subject).await?;
    let result = SplitResult {
        conversation: rendered(&api, &caller, split.new.id, false).await?,
        original: rendered(&api, &caller, id, false).await?,
        undo: Some(split.undo.into()),
    };
    Ok((StatusCode::CREATED, Json(result)))
}

fn command(action: BulkAction) -> Answer<Act> {
    Ok(match action {
        BulkAction::Resolve { outcome } => Act::Resolve { outcome },
        BulkAction::Reopen {} => Act::Reopen,
        BulkAction::Assign { agent_id } => Act::Assign(agent_id.map(AgentId)),
        BulkAction::Tag { add, remove } => Act::Tag { add, remove },
        BulkAction::Priority { priority } => Act::Prioritise(priority.into()),
        BulkAction::Snooze { until_at, until_reply } => {
            Act::Snooze { until_at: until_at.map(|at| at.0), is_until_reply: until_reply }
        }
        BulkAction::Unsnooze {} => Act::Unsnooze,
        BulkAction::Read {} => Act::Read,
        BulkAction::Macro { .. } => {
            return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "macro"));
        }
    })
}

/// One command for many conversations; with `is_preview` only what it would reach.
#[utoipa::path(post, path = "/conversations/bulk", tag = "conversations", request_body = BulkInput,
    responses((status = 200, body = BulkPreview), (status = 202, body = Job), (status = "default", body = ProblemBody)))]
pub async fn bulk(State(api): State<Api>, caller: Caller, input: Result<Json<BulkInput>, Problem>) -> Answer<Response> {
    caller.actor().authorize(Permission::ConversationsRead, Resource::Any)?;
    let Json(input) = input?;
    if input.q.is_some() && !input.ids.is_empty() {
        return Err(Problem::invalid("/q", "duplicate"));
    }
    let query = match &input.q {
        Some(q) => Some(ListQuery { conditions: conditions(Some(q))?, ..ListQuery::default() }),
        None => None,
    };
    let ids = input.ids.into_iter().map(ConversationId).collect();
    let bulk = Bulk { ids, query, command: command(input.action)? };
    match app::conversations::bulk(api.ctx(), caller.actor(), bulk, input.is_preview).await? {
        BulkOutcome::Preview { affected_count, excluded } => {
            let excluded =
                excluded.into_iter().map(|one| BulkExcluded { id: one.id.0, code: one.code.to_owned() }).collect();
            Ok(Json(BulkPreview { affected_count, excluded }).into_response())
        }
        BulkOutcome::Job(job) => Ok(accepted(&(&*job).into())),
    }
}

/// 202 with where to look at the job.
pub fn accepted(job: &Job) -> Response {
    let mut response = (StatusCode::ACCEPTED, axum::Json(job)).into_response();
    if let Ok(place) = HeaderValue::try_from(format!("/api/v1/jobs/{}", job.id)) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

/// Takes a command back.
#[utoipa::path(post, path = "/undos/{id}", tag = "conversations", params(("id" = Uuid, Path)), request_body = Nothing,
    responses((status = 200, body = UndoResult), (status = "default", body = ProblemBody)))]
pub async fn undo(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<UndoResult>> {
    let mut conversations = Vec::new();
    for row in app::conversations::take_back(api.ctx(), caller.actor(), id).await? {
        // What was taken back may have left the caller's reach.
        if let Ok(conversation) = rendered(&api, &caller, row.id, false).await {
            conversations.push(conversation);
        }
    }
    Ok(Json(UndoResult { conversations }))
}
