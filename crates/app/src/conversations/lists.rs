//! Reading conversations: lists narrow themselves by what the actor may read.

use domain::conversation::StatusCategory;
use domain::ids::{AgentId, ConversationId, OrganizationId, QueueId};
use domain::permissions::{Permission, Reach};
use store::conversations::{Before, Conversation, Interaction};
use store::customers::Customer;
use store::entries::Entry;
use store::work::WorkItem;
use uuid::Uuid;

use super::Handle;
use crate::{Actor, Ctx, Error};

/// A conversation as lists and pages show it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct ConversationView {
    pub conversation: Conversation,
    pub customer: Option<Customer>,
    /// Unfinished work.
    pub work: Vec<WorkItem>,
    /// Entries after the caller's read mark.
    pub unread_count: i64,
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// What the actor owns.
    Mine,
    /// What nobody owns.
    Unassigned,
    /// Everything readable.
    All,
}

/// What to list.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct ListQuery {
    pub list: ListKind,
    pub queue: Option<QueueId>,
    pub category: Option<StatusCategory>,
    pub before: Before,
    pub limit: i64,
}

#[derive(Clone)]
struct Input {
    org: OrganizationId,
    reach: Reach,
    agent: Option<AgentId>,
    reader: Uuid,
    query: ListQuery,
}

/// One page of a list, newest activity first.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor, query: ListQuery) -> Result<Vec<ConversationView>, Error> {
    let input = Input {
        org: actor.organization,
        reach: actor.reach(Permission::ConversationsRead)?,
        agent: actor.standing.agent,
        reader: actor.standing.user.map(|u| u.0).unwrap_or_default(),
        query,
    };
    ctx.store().read("conversations.list", input, |tx, input| Box::pin(page(tx, input))).await
}

async fn page(tx: &mut db::Tx<'_>, input: Input) -> Result<Vec<ConversationView>, Error> {
    let Input { org, reach, agent, reader, query } = input;
    let ListQuery { list, queue, category, before, limit } = query;
    let rows = match (list, agent) {
        (ListKind::Mine, None) => Vec::new(),
        (ListKind::Mine, Some(agent)) => store::conversations::mine(tx, org, agent, category, before, limit).await?,
        (ListKind::Unassigned, _) => store::conversations::unassigned(tx, org, &reach, before, limit).await?,
        (ListKind::All, _) => store::conversations::list(tx, org, &reach, queue, category, before, limit).await?,
    };
    views(tx, org, reader, rows).await
}

/// Joins rows with customers, work and read marks: one query each.
pub(super) async fn views(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    reader: Uuid,
    rows: Vec<Conversation>,
) -> Result<Vec<ConversationView>, Error> {
    let ids: Vec<Uuid> = rows.iter().map(|c| c.id.0).collect();
    let customers = store::customers::find_many(tx, org, rows.iter().map(|c| c.customer_id.0).collect()).await?;
    let work = store::work::live_of(tx, org, ids.clone()).await?;
    let marks = store::drafts::read_marks(tx, org, reader, ids).await?;
    let view = |conversation: Conversation| {
        let read = marks.iter().find(|(id, _)| *id == conversation.id).map_or(0, |(_, seq)| *seq);
        ConversationView {
            customer: customers.iter().find(|c| c.id == conversation.customer_id).cloned(),
            work: work.iter().filter(|w| w.conversation_id == Some(conversation.id)).cloned().collect(),
            unread_count: (conversation.last_entry_seq - read).max(0),
            conversation,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// One conversation.
///
/// # Errors
/// [`Error::NotFound`] when there is none or the actor may not read it.
pub async fn find(ctx: &Ctx, actor: &Actor, handle: Handle) -> Result<ConversationView, Error> {
    ctx.store()
        .read("conversations.find", (actor.clone(), handle), |tx, (actor, handle)| {
            Box::pin(async move {
                let id = match handle {
                    Handle::Id(id) => id,
                    Handle::Number(number) => {
                        let found = store::conversations::by_number(tx, actor.organization, number).await?;
                        found.ok_or(Error::NotFound)?.id
                    }
                };
                let row = readable(tx, &actor, id).await?;
                let reader = actor.standing.user.map(|u| u.0).unwrap_or_default();
                views(tx, actor.organization, reader, vec![row]).await?.pop().ok_or(Error::NotFound)
            })
        })
        .await
}

/// A conversation for reading, without holding its row.
pub(crate) async fn readable(tx: &mut db::Tx<'_>, actor: &Actor, id: ConversationId) -> Result<Conversation, Error> {
    use domain::permissions::Resource;
    let row = store::conversations::find(tx, actor.organization, id).await?.ok_or(Error::NotFound)?;
    let work = store::work::live_of(tx, actor.organization, vec![id.0]).await?;
    let agents: Vec<_> = row.owner_agent_id.into_iter().chain(work.iter().filter_map(|w| w.item.agent)).collect();
    let resource = Resource::Work { queue: row.queue_id, agents: &agents };
    actor.authorize(Permission::ConversationsRead, resource).map_err(|_| Error::NotFound)?;
    Ok(row)
}

/// Entries before `seq`, newest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn entries(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let input = (actor.clone(), id, before.unwrap_or(i64::MAX), limit);
    ctx.store()
        .read("conversations.entries", input, |tx, (actor, id, before, limit)| {
            Box::pin(async move {
                readable(tx, &actor, id).await?;
                Ok::<_, Error>(store::entries::before(tx, actor.organization, id, before, limit).await?)
            })
        })
        .await
}

/// Entries after `seq`, oldest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn entries_after(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    ctx.store()
        .read("conversations.entries_after", (actor.clone(), id, after, limit), |tx, (actor, id, after, limit)| {
            Box::pin(async move {
                readable(tx, &actor, id).await?;
                Ok::<_, Error>(store::entries::after(tx, actor.organization, id, after, limit).await?)
            })
        })
        .await
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

/// How many conversations of a list there are, exact to 1,000.
///
/// # Errors
/// [`Error::Denied`].
pub async fn counts(ctx: &Ctx, actor: &Actor, list_kind: ListKind, queue: Option<QueueId>) -> Result<i64, Error> {
    let query =
        ListQuery { list: list_kind, queue, category: Some(StatusCategory::Open), before: Before::FIRST, limit: 1_000 };
    Ok(i64::try_from(list(ctx, actor, query).await?.len()).unwrap_or(1_000))
}
