//! The inbox: lists, one conversation, resolve and reopen.

use app::conversations::{ConversationView, Handle, ListKind, ListQuery};
use axum::extract::State;
use domain::conversation::StatusCategory as Category;
use domain::ids::{ConversationId, CustomerId, QueueId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::customers::cut;
use super::limit;
use crate::auth::Caller;
use crate::dto::conversations::{
    ComposerRoute, ComposerState, Conversation, ConversationResult, Interaction, ReadInput, ResolveInput, TextMax,
};
use crate::dto::words::{InboxList, StatusCategory};
use crate::dto::{List, Nothing, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem, cursor, render};

/// Which conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ConversationsQuery {
    /// One of the lists of the inbox; `all` by default.
    list: Option<InboxList>,
    queue_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    /// Repeated: any of them.
    status_category: Vec<StatusCategory>,
    number: Option<i64>,
    /// `-last_activity_at`
    sort: Option<String>,
    /// `customer`, `owner`, `queue`, by commas.
    expand: Option<String>,
    /// 1 to 200.
    limit: Option<i64>,
    after: Option<String>,
}

/// What to add beside ids.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExpandQuery {
    /// `customer`, `owner`, `queue`, by commas.
    expand: Option<String>,
}

/// The sorts a list takes. All of them page by last activity; the others are the client's.
const SORTS: [&str; 4] = ["-last_activity_at", "sla", "waiting_since_at", "-priority"];
const EXPANSIONS: [&str; 3] = ["customer", "owner", "queue"];

/// One page of a list, newest activity first.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ConversationsQuery),
    responses((status = 200, body = List<Conversation>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ConversationsQuery>,
) -> Answer<Json<List<Conversation>>> {
    let has_customer = expands(query.expand.as_deref())?.contains(&"customer");
    if query.sort.as_deref().is_some_and(|sort| !SORTS.contains(&sort)) {
        return Err(Problem::invalid("?sort", "enum"));
    }
    let (views, page) = rows(&api, &caller, &query).await?;
    let items = views.iter().map(|view| rendered_view(view, has_customer)).collect();
    Ok(Json(List { items, page }))
}

async fn rows(api: &Api, caller: &Caller, query: &ConversationsQuery) -> Answer<(Vec<ConversationView>, Page)> {
    if let Some(number) = query.number {
        let found = app::conversations::find(api.ctx(), caller.actor(), Handle::Number(number)).await;
        return Ok((found.into_iter().collect(), Page::default()));
    }
    if let Some(customer) = query.customer_id {
        return of_customer(api, caller, CustomerId(customer), limit(query.limit)?).await;
    }
    let list = match query.list.unwrap_or(InboxList::All) {
        InboxList::Mine => ListKind::Mine,
        InboxList::Unassigned => ListKind::Unassigned,
        InboxList::All => ListKind::All,
        InboxList::Drafts => return with_drafts(api, caller).await,
        // Nothing sets these yet, so nothing is in them.
        InboxList::Mentions | InboxList::Following | InboxList::Snoozed => return Ok((Vec::new(), Page::default())),
    };
    page(api, caller, query, list).await
}

async fn page(
    api: &Api,
    caller: &Caller,
    query: &ConversationsQuery,
    list: ListKind,
) -> Answer<(Vec<ConversationView>, Page)> {
    let limit = limit(query.limit)?;
    let wanted: Vec<Category> = query.status_category.iter().map(|word| (*word).into()).collect();
    let asked = ListQuery {
        list,
        queue: query.queue_id.map(QueueId),
        category: Some(wanted.as_slice()).filter(|all| all.len() == 1).map(|all| all[0]),
        before: cursor::time("conversations", query.after.as_deref())?,
        limit: limit + 1,
    };
    let mut views = app::conversations::list(api.ctx(), caller.actor(), asked).await?;
    let page = cut(&mut views, limit, |view| {
        cursor::of_time("conversations", view.conversation.last_activity_at, view.conversation.id.0)
    });
    views.retain(|view| wanted.is_empty() || wanted.contains(&view.conversation.status_category));
    Ok((views, page))
}

async fn of_customer(api: &Api, caller: &Caller, id: CustomerId, limit: i64) -> Answer<(Vec<ConversationView>, Page)> {
    let customer = app::customers::find(api.ctx(), caller.actor(), id).await?;
    let ids = customer.conversations.iter().map(|row| row.id).take(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((readable(api, caller, ids).await, Page::default()))
}

async fn with_drafts(api: &Api, caller: &Caller) -> Answer<(Vec<ConversationView>, Page)> {
    let drafts = app::conversations::drafts(api.ctx(), caller.actor()).await?;
    Ok((readable(api, caller, drafts.iter().map(|draft| draft.conversation_id)).await, Page::default()))
}

/// Those of `ids` that the caller may read, each once.
async fn readable(api: &Api, caller: &Caller, ids: impl Iterator<Item = ConversationId>) -> Vec<ConversationView> {
    let mut views: Vec<ConversationView> = Vec::new();
    for id in ids {
        let is_new = views.iter().all(|view| view.conversation.id != id);
        if is_new && let Ok(view) = app::conversations::find(api.ctx(), caller.actor(), Handle::Id(id)).await {
            views.push(view);
        }
    }
    views
}

fn expands(text: Option<&str>) -> Answer<Vec<&str>> {
    let names: Vec<&str> = text.into_iter().flat_map(|text| text.split(',')).filter(|name| !name.is_empty()).collect();
    let is_known = names.iter().all(|name| EXPANSIONS.contains(name));
    if is_known { Ok(names) } else { Err(Problem::invalid("?expand", "enum")) }
}

fn rendered_view(view: &ConversationView, has_customer: bool) -> Conversation {
    let mut row = render::conversation(&view.conversation, &view.work, Some(view.unread_count));
    if has_customer {
        row.customer = Some(view.customer.as_ref().map(|customer| render::customer(customer, None)));
    }
    row
}

/// A conversation as the caller sees it now.
///
/// # Errors
/// 404 when it is not readable.
pub async fn rendered(api: &Api, caller: &Caller, id: ConversationId, has_customer: bool) -> Answer<Conversation> {
    let view = app::conversations::find(api.ctx(), caller.actor(), Handle::Id(id)).await?;
    Ok(rendered_view(&view, has_customer))
}

/// The id behind a path's `{conversation}`, which is an id or a number.
///
/// # Errors
/// 404 when there is none to read.
pub async fn resolve_handle(api: &Api, caller: &Caller, handle: &str) -> Answer<ConversationId> {
    match handle_of(handle)? {
        Handle::Id(id) => Ok(id),
        number @ Handle::Number(_) => {
            Ok(app::conversations::find(api.ctx(), caller.actor(), number).await?.conversation.id)
        }
    }
}

fn handle_of(text: &str) -> Answer<Handle> {
    let number = text.parse::<i64>().ok().filter(|number| *number >= 1).map(Handle::Number);
    let id = || text.parse::<Uuid>().ok().map(|id| Handle::Id(ConversationId(id)));
    number.or_else(id).ok_or(Code::NotFound.into())
}

/// One conversation, by id or number.
#[utoipa::path(get, path = "/conversations/{conversation}", tag = "conversations",
    params(("conversation" = String, Path), ExpandQuery),
    responses((status = 200, body = Conversation), (status = "default", body = ProblemBody)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Query(query): Query<ExpandQuery>,
) -> Answer<Json<Conversation>> {
    let names = expands(query.expand.as_deref())?;
    let view = app::conversations::find(api.ctx(), caller.actor(), handle_of(&handle)?).await?;
    Ok(Json(rendered_view(&view, names.contains(&"customer"))))
}

/// Resolves: ends every engagement, completes held work, withdraws what waits.
#[utoipa::path(post, path = "/conversations/{conversation}/resolve", tag = "conversations",
    params(("conversation" = String, Path)), request_body = ResolveInput,
    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
pub async fn resolve(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<ResolveInput>,
) -> Answer<Json<ConversationResult>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    app::conversations::resolve(api.ctx(), caller.actor(), id, input.outcome).await?;
    Ok(Json(ConversationResult { conversation: rendered(&api, &caller, id, false).await?, undo: None }))
}

/// Opens a resolved conversation again.
#[utoipa::path(post, path = "/conversations/{conversation}/reopen", tag = "conversations",
    params(("conversation" = String, Path)), request_body = Nothing,
    responses((status = 200, body = ConversationResult), (status = "default", body = ProblemBody)))]
pub async fn reopen(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(_): Json<Nothing>,
) -> Answer<Json<ConversationResult>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    app::conversations::reopen(api.ctx(), caller.actor(), id).await?;
    Ok(Json(ConversationResult { conversation: rendered(&api, &caller, id, false).await?, undo: None }))
}

/// Raises the caller's read mark.
#[utoipa::path(post, path = "/conversations/{conversation}/read", tag = "conversations",
    params(("conversation" = String, Path)), request_body = ReadInput,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn read(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<ReadInput>,
) -> Answer<StatusCode> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    app::conversations::mark_read(api.ctx(), caller.actor(), id, input.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The engagements of a conversation, newest first.
#[utoipa::path(get, path = "/conversations/{conversation}/interactions", tag = "conversations",
    params(("conversation" = String, Path)),
    responses((status = 200, body = List<Interaction>), (status = "default", body = ProblemBody)))]
pub async fn interactions(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
) -> Answer<Json<List<Interaction>>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let rows = app::conversations::interactions(api.ctx(), caller.actor(), id).await?;
    Ok(Json(List::whole(&rows)))
}

/// What is legal now: every way to the customer, and why it is closed if it is.
#[utoipa::path(get, path = "/conversations/{conversation}/composer", tag = "conversations",
    params(("conversation" = String, Path)),
    responses((status = 200, body = ComposerState), (status = "default", body = ProblemBody)))]
pub async fn composer(State(api): State<Api>, caller: Caller, Ids(handle): Ids<String>) -> Answer<Json<ComposerState>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let mut routes = app::conversations::composer(api.ctx(), caller.actor(), id).await?;
    routes.sort_by_key(|route| !route.is_current);
    Ok(Json(ComposerState { routes: routes.iter().map(composer_route).collect() }))
}

fn text_max(route: &app::conversations::Route) -> i64 {
    i64::try_from(route.meta.text_max).unwrap_or(i64::MAX)
}

fn composer_route(route: &app::conversations::Route) -> ComposerRoute {
    ComposerRoute {
        channel_id: route.channel.id.0,
        identity_id: Some(route.identity_id.0),
        channel_kind: route.channel.kind.clone(),
        channel_name: route.channel.name.clone(),
        address: route.address.clone(),
        is_allowed: route.is_allowed,
        why_not: route.why_not.map(str::to_owned),
        capabilities: app::channels::capabilities(&route.channel.kind),
        window_closes_at: None,
        text_max: Some(TextMax { value: text_max(route), unit: "code_points".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_named_by_id_or_number() {
        assert!(matches!(handle_of("12"), Ok(Handle::Number(12))));
        assert!(matches!(handle_of("0190f6c1-0000-7000-8000-000000000001"), Ok(Handle::Id(_))));
        assert_eq!(handle_of("0").map(drop), Err(Code::NotFound.into()));
        assert_eq!(handle_of("x").map(drop), Err(Code::NotFound.into()));
    }
}
