//! The inbox: lists and single conversations.

use app::conversations::{Beside, ConversationView, Handle, ListKind, ListQuery, Place, Sort, Span};
use axum::extract::State;
use domain::ids::{AgentId, ChannelId, ConversationId, CustomerId, QueueId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::limit;
use crate::auth::Caller;
use crate::dto::conversations::{
    ComposerRoute, ComposerState, Conversation, Interaction, ReadInput, TextMax, UnreadInput,
};
use crate::dto::stream::Event;
use crate::dto::words::{InboxList, Priority, StatusCategory};
use crate::dto::work::WorkItem;
use crate::dto::{List, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::versions::Versioned;
use crate::{Answer, Problem, cursor, render};

/// Which conversations.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ConversationsQuery {
    /// One of the lists of the inbox; `all` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<InboxList>,
    /// Repeated: any of them; so for every filter below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_id: Vec<Uuid>,
    /// A view's filter, on top of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    view_id: Option<Uuid>,
    /// With everybody merged into them.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_category: Vec<StatusCategory>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_id: Vec<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channel_kind: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channel_id: Vec<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owner_agent_id: Vec<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tag: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    priority: Vec<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    /// The filter language: `status:open channel:whatsapp -tag:spam due<2h "free words"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// `-last_activity_at` (default), `sla`, `waiting_since_at` or `-priority`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    /// `customer`, `owner`, `queue`, by commas.
    #[serde(skip_serializing_if = "cursor::is_no_filter")]
    expand: Option<String>,
    /// 1 to 200.
    #[serde(skip_serializing_if = "cursor::is_no_filter")]
    limit: Option<i64>,
    /// Cursor of the page that follows.
    #[serde(skip_serializing_if = "cursor::is_no_filter")]
    after: Option<String>,
    /// Cursor of the page that precedes.
    #[serde(skip_serializing_if = "cursor::is_no_filter")]
    before: Option<String>,
}

/// What to add beside ids.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExpandQuery {
    /// `customer`, `owner`, `queue`, by commas.
    expand: Option<String>,
}

const EXPANSIONS: [&str; 3] = ["customer", "owner", "queue"];

/// What is added beside ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expanded {
    has_customer: bool,
    beside: Beside,
}

fn expands(text: Option<&str>) -> Answer<Expanded> {
    let names: Vec<&str> = text.into_iter().flat_map(|text| text.split(',')).filter(|name| !name.is_empty()).collect();
    if !names.iter().all(|name| EXPANSIONS.contains(name)) {
        return Err(Problem::invalid("?expand", "enum"));
    }
    let beside = Beside { has_owner: names.contains(&"owner"), has_queue: names.contains(&"queue") };
    Ok(Expanded { has_customer: names.contains(&"customer"), beside })
}

fn sort(word: Option<&str>) -> Answer<Sort> {
    match word {
        None | Some("-last_activity_at") => Ok(Sort::Activity),
        Some("sla") => Ok(Sort::Due),
        Some("waiting_since_at") => Ok(Sort::Waiting),
        Some("-priority") => Ok(Sort::Priority),
        Some(_) => Err(Problem::invalid("?sort", "enum")),
    }
}

/// The filter language of a query parameter.
///
/// # Errors
/// 422 `bad_filter` with the position.
pub fn conditions(q: Option<&str>) -> Answer<Vec<domain::conditions::Condition>> {
    let parsed = q.map(domain::conditions::parse).transpose();
    Ok(parsed.map_err(app::Error::from)?.into_iter().collect())
}

impl ConversationsQuery {
    fn asked(&self, beside: Beside) -> Answer<ListQuery> {
        let list = match self.list.unwrap_or(InboxList::All) {
            InboxList::Mine => ListKind::Mine,
            InboxList::Unassigned => ListKind::Unassigned,
            InboxList::Mentions => ListKind::Mentions,
            InboxList::Following => ListKind::Following,
            InboxList::Snoozed => ListKind::Snoozed,
            InboxList::Drafts => ListKind::Drafts,
            InboxList::All => ListKind::All,
        };
        Ok(ListQuery {
            list,
            queues: self.queue_id.iter().copied().map(QueueId).collect(),
            view: self.view_id,
            customer: self.customer_id.map(CustomerId),
            categories: self.status_category.iter().map(|word| (*word).into()).collect(),
            status_ids: self.status_id.clone(),
            channel_kinds: self.channel_kind.clone(),
            channels: self.channel_id.iter().copied().map(ChannelId).collect(),
            owners: self.owner_agent_id.iter().copied().map(AgentId).collect(),
            tags: self.tag.clone(),
            priorities: self.priority.iter().map(|word| (*word).into()).collect(),
            number: self.number,
            conditions: conditions(self.q.as_deref())?,
            sort: sort(self.sort.as_deref())?,
            beside,
        })
    }

    fn span(&self, noun: &str) -> Answer<Span> {
        let place = |text: &Option<String>| {
            let place = cursor::place(noun, text.as_deref())?;
            Ok::<_, Problem>(place.map(|(key, id)| Place { key, id }))
        };
        match (place(&self.after)?, place(&self.before)?) {
            (Some(_), Some(_)) => Err(Problem::invalid("?before", "format")),
            (Some(after), None) => Ok(Span::After(after)),
            (None, Some(before)) => Ok(Span::Before(before)),
            (None, None) => Ok(Span::First),
        }
    }
}

/// One page of a list, in the order asked for.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ConversationsQuery),
    responses((status = 200, body = List<Conversation>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ConversationsQuery>,
) -> Answer<Json<List<Conversation>>> {
    let expanded = expands(query.expand.as_deref())?;
    let (asked, limit) = (query.asked(expanded.beside)?, limit(query.limit)?);
    let noun = cursor::filtered("conversations", &query);
    let (span, sort) = (query.span(&noun)?, asked.sort);
    let found = app::conversations::list(api.ctx(), caller.actor(), asked, span, limit).await?;
    let place = |view: Option<&ConversationView>| {
        let at = app::conversations::place(sort, &view?.conversation);
        Some(cursor::of_place(&noun, at.key, at.id))
    };
    let is_backwards = matches!(span, Span::Before(_));
    let page = Page {
        next: place(found.views.last()).filter(|_| found.has_more || is_backwards),
        prev: place(found.views.first()).filter(|_| match span {
            Span::First => false,
            Span::After(_) => true,
            Span::Before(_) => found.has_more,
        }),
        has_more: found.has_more,
    };
    let labels = api.labels(caller.actor().organization);
    let items = found.views.iter().map(|view| rendered_view(view, expanded, &labels)).collect();
    Ok(Json(List { items, page }))
}

fn rendered_view(view: &ConversationView, expanded: Expanded, labels: &crate::state::Labels) -> Conversation {
    let mut row = render::conversation(&view.conversation, &view.work, Some(view.unread_count));
    if expanded.has_customer {
        row.customer = Some(view.customer.as_ref().map(|customer| render::customer(customer, None)));
    }
    if expanded.beside.has_owner {
        row.owner = Some(view.owner.as_ref().map(|agent| render::agent(agent, None, Vec::new(), labels)));
    }
    if expanded.beside.has_queue {
        row.queue = Some(view.queue.as_ref().map(Into::into));
    }
    row
}

/// A conversation as the caller sees it now.
///
/// # Errors
/// 404 when it is not readable.
pub async fn rendered(api: &Api, caller: &Caller, id: ConversationId, has_customer: bool) -> Answer<Conversation> {
    let view = app::conversations::find(api.ctx(), caller.actor(), Handle::Id(id)).await?;
    let labels = api.labels(caller.actor().organization);
    Ok(rendered_view(&view, Expanded { has_customer, ..Expanded::default() }, &labels))
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
) -> Answer<Versioned<Conversation>> {
    let expanded = expands(query.expand.as_deref())?;
    let (ctx, actor) = (api.ctx(), caller.actor());
    let view = app::conversations::find_with(ctx, actor, handle_of(&handle)?, expanded.beside).await?;
    let labels = api.labels(actor.organization);
    Ok(Versioned::ok(rendered_view(&view, expanded, &labels), view.conversation.version))
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

/// Sets the caller's read mark back: the conversation counts as unread again.
#[utoipa::path(post, path = "/conversations/{conversation}/unread", tag = "conversations",
    params(("conversation" = String, Path)), request_body = UnreadInput,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn unread(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<UnreadInput>,
) -> Answer<StatusCode> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    app::conversations::mark_unread(api.ctx(), caller.actor(), id, input.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every stay of the conversation in the router, newest first.
#[utoipa::path(get, path = "/conversations/{conversation}/work-items", tag = "conversations",
    params(("conversation" = String, Path)),
    responses((status = 200, body = List<WorkItem>), (status = "default", body = ProblemBody)))]
pub async fn work_items(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
) -> Answer<Json<List<WorkItem>>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let rows = app::conversations::work_items(api.ctx(), caller.actor(), id).await?;
    Ok(Json(List::whole(&rows)))
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// 1 to 200.
    limit: Option<i64>,
    /// Cursor of the page.
    after: Option<String>,
}

/// What happened to the conversation, newest first, as it was recorded.
#[utoipa::path(get, path = "/conversations/{conversation}/events", tag = "conversations",
    params(("conversation" = String, Path), EventsQuery),
    responses((status = 200, body = List<Event>), (status = "default", body = ProblemBody)))]
pub async fn events(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Query(query): Query<EventsQuery>,
) -> Answer<Json<List<Event>>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let limit = limit(query.limit)?;
    let noun = format!("conversation-events/{id}");
    let before = cursor::place(&noun, query.after.as_deref())?.map(|(position, _)| position);
    let mut rows = app::conversations::events(api.ctx(), caller.actor(), id, before, limit + 1).await?;
    let page =
        super::customers::cut(&mut rows, limit, |(position, event)| cursor::of_place(&noun, *position, event.id.0));
    Ok(Json(List { items: rows.iter().map(|(_, event)| render::event(event)).collect(), page }))
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
