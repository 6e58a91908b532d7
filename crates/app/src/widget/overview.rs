//! A visitor's conversations at a glance: a fixed number of queries, however many there are.

use domain::ids::{ConversationId, OrganizationId, QueueId};
use domain::routing::{Item, ItemState};
use store::conversations::Conversation;
use store::entries::Entry;
use store::visitors::Visitor;
use store::work::WorkItem;
use uuid::Uuid;

use super::{history, reader, theirs};
use crate::{Ctx, Error};

/// Conversations shown to a visitor.
const SHOWN: i64 = 10;

/// A conversation as its visitor sees it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Own {
    pub conversation: Conversation,
    /// Neither side has ended the chat.
    pub is_going_on: bool,
    /// The newest entry they may see.
    pub last: Option<Entry>,
    /// Messages to them after their read mark.
    pub unread_count: i64,
    /// While it waits.
    pub place: Option<Place>,
    /// Stars of the last engagement, once it has ended.
    pub rating: Option<i64>,
}

/// Where a waiting conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Only in queues where one order holds for all.
    pub position: Option<u32>,
    /// How many wait in the queue.
    pub waiting: u32,
}

/// What the store says of some conversations.
struct Rows {
    conversations: Vec<Conversation>,
    going_on: Vec<ConversationId>,
    last: Vec<Entry>,
    unread: Vec<(ConversationId, i64)>,
    work: Vec<WorkItem>,
    ratings: Vec<(ConversationId, i64)>,
}

/// The visitor's conversations on their channel, newest activity first; at most ten.
///
/// # Errors
/// What the store refuses; [`Error::Unavailable`].
pub async fn overview(ctx: &Ctx, visitor: &Visitor) -> Result<Vec<Own>, Error> {
    shown(ctx, visitor, None).await
}

/// One conversation of the visitor.
///
/// # Errors
/// [`Error::NotFound`] for one that is not theirs; [`Error::Unavailable`].
pub async fn own(ctx: &Ctx, visitor: &Visitor, id: ConversationId) -> Result<Own, Error> {
    shown(ctx, visitor, Some(id)).await?.pop().ok_or(Error::NotFound)
}

async fn shown(ctx: &Ctx, visitor: &Visitor, only: Option<ConversationId>) -> Result<Vec<Own>, Error> {
    let rows = ctx
        .store()
        .read("widget.overview", (visitor.clone(), only), |tx, (visitor, only)| {
            Box::pin(async move { rows(tx, &visitor, only).await })
        })
        .await?;
    let places = places(ctx, visitor.organization_id, &rows.work).await?;
    let view = |conversation: Conversation| {
        let id = conversation.id;
        Own {
            is_going_on: rows.going_on.contains(&id),
            last: rows.last.iter().find(|entry| entry.conversation_id == id && entry.is_out()).cloned(),
            unread_count: rows.unread.iter().find(|(of, _)| *of == id).map_or(0, |(_, count)| *count),
            rating: rows.ratings.iter().find(|(of, _)| *of == id).map(|(_, stars)| *stars),
            place: places.iter().find(|(of, _)| *of == id).map(|(_, place)| *place),
            conversation,
        }
    };
    Ok(rows.conversations.into_iter().map(view).collect())
}

async fn rows(tx: &mut db::Tx<'_>, visitor: &Visitor, only: Option<ConversationId>) -> Result<Rows, Error> {
    let org = visitor.organization_id;
    let shared = history::shared(tx, visitor).await?;
    let mut ids = store::visitors::conversations(tx, visitor, only, SHOWN).await?;
    let elsewhere = elsewhere(tx, visitor, only, &shared, &ids).await?;
    ids.extend(&elsewhere);
    let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut conversations = store::conversations::find_many(tx, org, plain.clone()).await?;
    match elsewhere.is_empty() {
        true => conversations.sort_by_key(|row| ids.iter().position(|id| *id == row.id)),
        false => conversations.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id))),
    }
    conversations.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    let mut newest = store::visitors::last_messages(tx, visitor, plain.clone()).await?;
    let others = elsewhere.iter().map(|id| id.0).collect();
    newest.extend(store::shared_history::last_messages(tx, visitor, shared, others).await?);
    // What stands on another channel has no chat that could have ended.
    let mut going_on = store::visitors::going_on(tx, visitor, plain.clone()).await?;
    going_on.extend(&elsewhere);
    let ended = plain.iter().copied().filter(|id| !going_on.contains(&ConversationId(*id))).collect();
    Ok(Rows {
        conversations,
        ratings: store::ratings::stars(tx, visitor, ended).await?,
        going_on,
        last: store::entries::find_many(tx, org, newest).await?,
        unread: store::visitors::unread(tx, visitor, plain.clone(), reader(visitor)).await?,
        work: store::work::live_of(tx, org, plain).await?,
    })
}

/// Those on channels that share their history, beside their own.
async fn elsewhere(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    only: Option<ConversationId>,
    shared: &[Uuid],
    own: &[ConversationId],
) -> Result<Vec<ConversationId>, Error> {
    let found = store::shared_history::conversations(tx, visitor, shared.to_vec(), only, SHOWN).await?;
    Ok(found.into_iter().filter(|id| !own.contains(id)).collect())
}

fn waits(item: &Item) -> bool {
    matches!(item.state, ItemState::New | ItemState::Queued | ItemState::Offered)
}

/// Asks the router once for all that waits.
pub(super) async fn places(
    ctx: &Ctx,
    org: OrganizationId,
    work: &[WorkItem],
) -> Result<Vec<(ConversationId, Place)>, Error> {
    let waiting: Vec<_> = work
        .iter()
        .filter(|w| waits(&w.item))
        .filter_map(|w| Some((w.conversation_id?, w.item.id, w.item.queue)))
        .collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let owner = &ctx.runtime(org)?.owner;
    let look = move |router: &domain::routing::Router| {
        let place = |item, queue| Place { position: router.position(item), waiting: router.waiting(queue) };
        waiting.iter().map(|(id, item, queue)| (*id, place(*item, *queue))).collect()
    };
    owner.look(look).await
}

/// The place in the queue of a conversation's waiting work; `None` when nothing waits.
///
/// # Errors
/// [`Error::NotFound`] for a conversation that is not theirs; [`Error::Unavailable`].
pub async fn place(ctx: &Ctx, visitor: &Visitor, id: ConversationId) -> Result<Option<Place>, Error> {
    let work = ctx
        .store()
        .read("widget.place", (visitor.clone(), id), |tx, (visitor, id)| {
            Box::pin(async move {
                theirs(tx, &visitor, id).await?;
                Ok::<_, Error>(store::work::live_of(tx, visitor.organization_id, vec![id.0]).await?)
            })
        })
        .await?;
    Ok(places(ctx, visitor.organization_id, &work).await?.pop().map(|(_, place)| place))
}

/// The conversation of the visitor that waits, and in which queue; `None` when none does.
///
/// # Errors
/// What the store refuses.
pub async fn waiting(ctx: &Ctx, visitor: &Visitor) -> Result<Option<(ConversationId, QueueId)>, Error> {
    ctx.store()
        .read("widget.waiting", visitor.clone(), |tx, visitor| {
            Box::pin(async move {
                let ids = store::visitors::conversations(tx, &visitor, None, SHOWN).await?;
                let ids = ids.into_iter().map(|id| id.0).collect();
                let work = store::work::live_of(tx, visitor.organization_id, ids).await?;
                let found = work.into_iter().filter(|w| waits(&w.item));
                Ok::<_, Error>(found.filter_map(|w| Some((w.conversation_id?, w.item.queue))).next())
            })
        })
        .await
}
