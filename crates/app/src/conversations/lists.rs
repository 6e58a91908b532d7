//! Reading conversations: lists narrow themselves by what the actor may read.

use std::collections::BTreeMap;

use domain::conditions::{Condition, Viewer};
use domain::conversation::{Priority, StatusCategory};
use domain::ids::{AgentId, ChannelId, ConversationId, CustomerId, OrganizationId, QueueId, UserId};
use domain::permissions::{Permission, Resource};
use store::agents::Agent;
use store::conversation_lists::{Counted, ListOf, Place, Sort, Span, Wanted};
use store::conversations::{Conversation, Interaction};
use store::customers::Customer;
use store::desk_nouns::{self, Noun};
use store::queues::Queue;
use store::work::WorkItem;
use uuid::Uuid;

use super::Handle;
use crate::customers;
use crate::{Actor, Ctx, Error};

/// A conversation as lists and pages show it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct ConversationView {
    pub conversation: Conversation,
    pub customer: Option<Customer>,
    /// Where it was asked for.
    pub owner: Option<Agent>,
    /// Where it was asked for.
    pub queue: Option<Queue>,
    /// Unfinished work.
    pub work: Vec<WorkItem>,
    /// Entries after the caller's read mark.
    pub unread_count: i64,
}

/// Which list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListKind {
    /// What the actor owns and did not put aside.
    Mine,
    /// What nobody owns.
    Unassigned,
    /// Where the actor was named.
    Mentions,
    /// What the actor follows.
    Following,
    /// What the actor put aside, or owns and is put aside.
    Snoozed,
    /// Where the actor has a draft.
    Drafts,
    /// Everything readable.
    #[default]
    All,
}

/// What to add beside ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Beside {
    pub has_owner: bool,
    pub has_queue: bool,
}

/// What to list; empty lists mean any.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct ListQuery {
    pub list: ListKind,
    pub queues: Vec<QueueId>,
    pub view: Option<Uuid>,
    pub customer: Option<CustomerId>,
    pub categories: Vec<StatusCategory>,
    pub status_ids: Vec<Uuid>,
    pub channel_kinds: Vec<String>,
    pub channels: Vec<ChannelId>,
    pub owners: Vec<AgentId>,
    pub tags: Vec<String>,
    pub priorities: Vec<Priority>,
    pub number: Option<i64>,
    pub conditions: Vec<Condition>,
    pub sort: Sort,
    pub beside: Beside,
}

/// One page, and whether more follows in the direction asked for.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct ListPage {
    pub views: Vec<ConversationView>,
    pub has_more: bool,
}

/// One page of a list.
///
/// # Errors
/// [`Error::Denied`]; [`Error::NotFound`] for a view that is not the actor's to use.
pub async fn list(ctx: &Ctx, actor: &Actor, query: ListQuery, span: Span, limit: i64) -> Result<ListPage, Error> {
    actor.authorize(Permission::ConversationsRead, Resource::Any)?;
    let input = (actor.clone(), query, span, limit, ctx.now());
    ctx.store()
        .read("conversations.list", input, |tx, (actor, query, span, limit, now)| {
            Box::pin(async move {
                let wanted = wanted(tx, &actor, &query, now.into()).await?;
                page(tx, &actor, &wanted, &query, span, limit).await
            })
        })
        .await
}

async fn page(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    wanted: &Wanted,
    query: &ListQuery,
    span: Span,
    limit: i64,
) -> Result<ListPage, Error> {
    let org = actor.organization;
    let mut rows = store::conversation_lists::page(tx, org, wanted, query.sort, span, limit + 1).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    if has_more {
        // A page that goes backwards was read one row too far at its beginning.
        let surplus = if matches!(span, Span::Before(_)) { 0 } else { rows.len() - 1 };
        rows.remove(surplus);
    }
    Ok(ListPage { views: views(tx, org, reader(actor), rows, query.beside).await?, has_more })
}

/// The ids a query finds, at most `limit`.
pub(super) async fn ids(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    query: &ListQuery,
    now: domain::time::Micros,
    limit: i64,
) -> Result<Vec<ConversationId>, Error> {
    let wanted = wanted(tx, actor, query, now).await?;
    let org = actor.organization;
    let rows = store::conversation_lists::page(tx, org, &wanted, Sort::Activity, Span::First, limit).await?;
    Ok(rows.into_iter().map(|c| c.id).collect())
}

/// The store's filter for a query of the actor.
async fn wanted(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    query: &ListQuery,
    now: domain::time::Micros,
) -> Result<Wanted, Error> {
    let viewer = Viewer { agent: actor.standing.agent.map(|a| a.0), now };
    let mut conditions = query.conditions.clone();
    if let Some(view) = query.view {
        conditions.push(crate::views::condition(tx, actor, view).await?);
    }
    Ok(Wanted {
        list: list_of(actor, query.list),
        queues: query.queues.clone(),
        categories: query.categories.clone(),
        status_ids: query.status_ids.clone(),
        channel_kinds: query.channel_kinds.clone(),
        channel_ids: query.channels.clone(),
        owners: query.owners.clone(),
        tags: query.tags.clone(),
        priorities: query.priorities.clone(),
        customer: query.customer,
        has_history: match query.customer {
            Some(customer) => customers::has_history(tx, actor, customer).await?,
            None => false,
        },
        number: query.number,
        conditions,
        ..Wanted::new(actor.reach(Permission::ConversationsRead)?, actor.standing.user, viewer)
    })
}

fn list_of(actor: &Actor, list: ListKind) -> ListOf {
    let (agent, user) = (actor.standing.agent, actor.standing.user);
    let of_user = |list: fn(UserId) -> ListOf| user.map_or(ListOf::Nothing, list);
    match list {
        ListKind::All => ListOf::All,
        ListKind::Unassigned => ListOf::Unassigned,
        ListKind::Mine => agent.map_or(ListOf::Nothing, ListOf::Mine),
        ListKind::Mentions => of_user(ListOf::Mentions),
        ListKind::Following => of_user(ListOf::Following),
        ListKind::Drafts => of_user(ListOf::Drafts),
        ListKind::Snoozed => user.map_or(ListOf::Nothing, |user| ListOf::Snoozed(agent, user)),
    }
}

fn reader(actor: &Actor) -> Uuid {
    actor.standing.user.map(|u| u.0).unwrap_or_default()
}

/// Joins rows with customers, work and read marks: one query each.
pub(super) async fn views(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    reader: Uuid,
    mut rows: Vec<Conversation>,
    beside: Beside,
) -> Result<Vec<ConversationView>, Error> {
    name_statuses(tx, org, &mut rows).await?;
    let ids: Vec<Uuid> = rows.iter().map(|c| c.id.0).collect();
    let people = rows.iter().map(|c| c.effective_customer()).collect();
    let customers = customers::effective_many(tx, org, people).await?;
    let work = store::work::live_of(tx, org, ids.clone()).await?;
    let marks = store::drafts::read_marks(tx, org, reader, ids).await?;
    let owners = if beside.has_owner { store::agents::list(tx, org).await? } else { Vec::new() };
    let queues = if beside.has_queue { store::queues::list(tx, org).await? } else { Vec::new() };
    let view = |conversation: Conversation| {
        let read = marks.iter().find(|(id, _)| *id == conversation.id).map_or(0, |(_, seq)| *seq);
        ConversationView {
            customer: customers.get(&conversation.effective_customer()).cloned(),
            owner: owners.iter().find(|a| Some(a.id) == conversation.owner_agent_id).cloned(),
            queue: queues.iter().find(|q| Some(q.id) == conversation.queue_id).cloned(),
            work: work.iter().filter(|w| w.conversation_id == Some(conversation.id)).cloned().collect(),
            unread_count: (conversation.last_entry_seq - read).max(0),
            conversation,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The default status of each category.
#[derive(Clone, Debug)]
pub(crate) struct Statuses(BTreeMap<String, Uuid>);

impl Statuses {
    pub(crate) async fn read(tx: &mut db::Tx<'_>, org: OrganizationId) -> Result<Self, Error> {
        let statuses = desk_nouns::list(tx, org, Noun::Status, desk_nouns::FIRST, crate::nouns::MOST).await?;
        let mut defaults: BTreeMap<String, Uuid> = BTreeMap::new();
        for status in statuses {
            let is_default = status.settings.get("is_default").and_then(serde_json::Value::as_bool) == Some(true);
            let category = status.settings.get("category").and_then(serde_json::Value::as_str);
            if let Some(category) = category.filter(|_| is_default) {
                defaults.entry(category.to_owned()).or_insert(status.id);
            }
        }
        Ok(Self(defaults))
    }

    /// Gives rows without a custom status the default one of their category.
    pub(crate) fn name(&self, rows: &mut [Conversation]) {
        for row in rows.iter_mut().filter(|c| c.desk.status_id.is_none()) {
            row.desk.status_id = self.0.get(row.status_category.as_str()).copied();
        }
    }
}

/// Gives rows without a custom status the default one of their category.
pub(crate) async fn name_statuses(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    rows: &mut [Conversation],
) -> Result<(), Error> {
    if rows.iter().any(|c| c.desk.status_id.is_none()) {
        Statuses::read(tx, org).await?.name(rows);
    }
    Ok(())
}

/// One conversation.
///
/// # Errors
/// [`Error::NotFound`] when there is none or the actor may not read it; [`Error::Erased`].
pub async fn find(ctx: &Ctx, actor: &Actor, handle: Handle) -> Result<ConversationView, Error> {
    find_with(ctx, actor, handle, Beside::default()).await
}

/// One conversation with what is asked for beside it.
///
/// # Errors
/// As [`find`].
pub async fn find_with(ctx: &Ctx, actor: &Actor, handle: Handle, beside: Beside) -> Result<ConversationView, Error> {
    ctx.store()
        .read("conversations.find", (actor.clone(), handle, beside), |tx, (actor, handle, beside)| {
            Box::pin(async move {
                let id = match handle {
                    Handle::Id(id) => id,
                    Handle::Number(number) => {
                        let found = store::conversations::by_number(tx, actor.organization, number).await?;
                        found.ok_or(Error::NotFound)?.id
                    }
                };
                let row = readable(tx, &actor, id).await?;
                views(tx, actor.organization, reader(&actor), vec![row], beside).await?.pop().ok_or(Error::NotFound)
            })
        })
        .await
}

/// A conversation for reading, without holding its row.
pub(crate) async fn readable(tx: &mut db::Tx<'_>, actor: &Actor, id: ConversationId) -> Result<Conversation, Error> {
    let row = store::conversations::find(tx, actor.organization, id).await?.ok_or(Error::NotFound)?;
    let agents = super::agents_of(tx, &row).await?;
    super::may_read(tx, actor, &row, &agents).await?;
    if row.desk.deleted_at.is_some() { Err(Error::Erased) } else { Ok(row) }
}

/// The engagements of a conversation, newest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn interactions(ctx: &Ctx, actor: &Actor, id: ConversationId) -> Result<Vec<Interaction>, Error> {
    ctx.store()
        .read("conversations.interactions", (actor.clone(), id), |tx, (actor, id)| {
            Box::pin(async move {
                readable(tx, &actor, id).await?;
                Ok::<_, Error>(store::conversations::interactions(tx, actor.organization, id).await?)
            })
        })
        .await
}

/// Every work item of a conversation, newest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn work_items(ctx: &Ctx, actor: &Actor, id: ConversationId) -> Result<Vec<WorkItem>, Error> {
    ctx.store()
        .read("conversations.work_items", (actor.clone(), id), |tx, (actor, id)| {
            Box::pin(async move {
                readable(tx, &actor, id).await?;
                Ok::<_, Error>(store::conversation_history::work_items(tx, actor.organization, id).await?)
            })
        })
        .await
}

/// What happened to a conversation, newest first, before an event.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn events(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<(i64, store::events::Event)>, Error> {
    let input = (actor.clone(), id, before.unwrap_or(i64::MAX), limit);
    ctx.store()
        .read("conversations.events", input, |tx, (actor, id, before, limit)| {
            Box::pin(async move {
                readable(tx, &actor, id).await?;
                Ok::<_, Error>(store::conversation_history::events(tx, actor.organization, id, before, limit).await?)
            })
        })
        .await
}

/// Unfinished work the actor holds, with its conversations.
///
/// # Errors
/// What the store refuses.
pub async fn work(ctx: &Ctx, actor: &Actor) -> Result<Vec<WorkItem>, Error> {
    let Some(agent) = actor.standing.agent else { return Ok(Vec::new()) };
    let owner = &ctx.runtime(actor.organization)?.owner;
    let ids = owner.look(move |router| router.held(agent).iter().map(|i| i.id.0).collect::<Vec<_>>()).await?;
    ctx.store()
        .read("conversations.work", (actor.organization, ids), |tx, (org, ids)| {
            Box::pin(async move { Ok::<_, Error>(store::work::find_many(tx, org, ids).await?) })
        })
        .await
}

/// The figures beside the lists of the inbox.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct InboxCounts {
    pub mine: Counted,
    pub mentions: Counted,
    pub snoozed: Counted,
    pub drafts: Counted,
    pub queues: Vec<(QueueId, Counted)>,
    pub views: Vec<(Uuid, Counted)>,
}

/// Counts the inbox: lists, own queues and usable views, in one statement.
///
/// # Errors
/// [`Error::Denied`].
pub async fn counts(ctx: &Ctx, actor: &Actor) -> Result<InboxCounts, Error> {
    actor.authorize(Permission::ConversationsRead, Resource::Any)?;
    ctx.store()
        .read("conversations.counts", (actor.clone(), ctx.now()), |tx, (actor, now)| {
            Box::pin(count(tx, actor, now.into()))
        })
        .await
}

async fn count(tx: &mut db::Tx<'_>, actor: Actor, now: domain::time::Micros) -> Result<InboxCounts, Error> {
    let views: Vec<Uuid> = crate::views::usable(tx, &actor).await?.into_iter().map(|row| row.id).collect();
    let queues: Vec<QueueId> = actor.standing.queues.iter().copied().collect();
    let not_done = vec![StatusCategory::Open, StatusCategory::Waiting];
    let mine = ListQuery { list: ListKind::Mine, categories: not_done.clone(), ..ListQuery::default() };
    let mut queries = vec![mine];
    for list in [ListKind::Mentions, ListKind::Snoozed, ListKind::Drafts] {
        queries.push(ListQuery { list, ..ListQuery::default() });
    }
    for queue in &queues {
        queries.push(ListQuery { queues: vec![*queue], categories: not_done.clone(), ..ListQuery::default() });
    }
    queries.extend(views.iter().map(|view| ListQuery { view: Some(*view), ..ListQuery::default() }));
    let mut lists = Vec::with_capacity(queries.len());
    for query in &queries {
        lists.push(wanted(tx, &actor, query, now).await?);
    }
    let counted = store::conversation_lists::counts(tx, actor.organization, reader(&actor), &lists).await?;
    let (own, rest) = counted.split_at(4);
    let (of_queues, of_views) = rest.split_at(queues.len());
    Ok(InboxCounts {
        mine: own[0],
        mentions: own[1],
        snoozed: own[2],
        drafts: own[3],
        queues: queues.into_iter().zip(of_queues.iter().copied()).collect(),
        views: views.into_iter().zip(of_views.iter().copied()).collect(),
    })
}

/// How many conversations a view holds.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn count_view(ctx: &Ctx, actor: &Actor, view: Uuid) -> Result<Counted, Error> {
    actor.authorize(Permission::ConversationsRead, Resource::Any)?;
    ctx.store()
        .read("conversations.count_view", (actor.clone(), view, ctx.now()), |tx, (actor, view, now)| {
            Box::pin(async move {
                let query = ListQuery { view: Some(view), ..ListQuery::default() };
                let wanted = wanted(tx, &actor, &query, now.into()).await?;
                let counted =
                    store::conversation_lists::counts(tx, actor.organization, reader(&actor), &[wanted]).await?;
                Ok::<_, Error>(counted.first().copied().unwrap_or_default())
            })
        })
        .await
}

/// A place in a list, for its cursor.
#[must_use]
pub fn place(sort: Sort, conversation: &Conversation) -> Place {
    Place { key: sort.key(conversation), id: conversation.id.0 }
}
