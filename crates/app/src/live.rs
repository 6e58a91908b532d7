//! The live feed of an organization: one tailer reads each committed event once, joins its content once,
//! and hands it to every listener who may see it.
//!
//! # Invariants
//! - Events reach a listener in commit order, each at most once.
//! - A listener who does not keep up is told so ([`Heard::Lagged`]) and never slows the others.
//! - The tailer is woken by commits; once a second it looks by itself, as a safety net.

mod backlog;
mod hidden;
mod index;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use domain::conversation::{Audience, EntryKind};
use domain::ids::{
    AgentId, ChannelId, ConversationId, CustomerId, OfferId, OrganizationId, QueueId, SessionId, UserId,
};
use domain::permissions::{Permission, Resource, Standing, authorize};
use domain::routing::{ItemState, Offer, Presence};
use serde_json::Value;
use store::attachments::Attachment;
use store::channels::Channel;
use store::conversations::Conversation;
use store::customer_merges::Proposal;
use store::customers::{Customer, Identity};
use store::entries::Entry;
use store::events::{Cursor, Event};
use store::jobs::Job;
use store::notifications::Notification;
use store::work::WorkItem;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub use self::hidden::Hidden;
use self::index::{Index, Key};
use crate::conversations::Statuses;
use crate::owner::Owner;
use crate::{Ctx, Error};

/// Events a listener may be behind: several pages, since a page comes at once.
const BACKLOG: usize = 1_024;
/// Events read at once.
const PAGE: i64 = 256;
/// Events replayed to a listener who returns; more is a resync.
pub const REPLAY_MAX: usize = 10_000;
const SAFETY_NET: Duration = Duration::from_secs(1);

/// An event with what it is about, as it stands now.
#[derive(Debug)]
pub struct Live {
    /// Where the stream is after it.
    pub cursor: Cursor,
    /// The event as stored.
    pub event: Event,
    /// What it is about.
    pub content: Content,
    /// The event as JSON for staff, rendered once by whoever needs it first.
    pub rendered: OnceLock<String>,
}

/// What an event is about. `None` where it is gone meanwhile.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Content {
    pub entry: Option<Entry>,
    /// Files of the entry.
    pub files: Vec<Attachment>,
    pub conversation: Option<Conversation>,
    pub customer: Option<Customer>,
    /// Unfinished work of the conversation.
    pub work: Vec<WorkItem>,
    pub work_item: Option<WorkItem>,
    pub offer: Option<Offer>,
    pub presence: Option<Presence>,
    pub notification: Option<Notification>,
    pub identity: Option<Identity>,
    pub proposal: Option<Proposal>,
    pub job: Option<Job>,
    pub channel: Option<Channel>,
}

impl Live {
    /// The queue it is about.
    #[must_use]
    pub fn queue(&self) -> Option<QueueId> {
        let named = || id_in(&self.event, "queue_id").map(QueueId);
        self.content.work_item.as_ref().map(|w| w.item.queue).or_else(named)
    }

    /// Whether others in the queue may have moved by it.
    #[must_use]
    pub fn moves_queue(&self) -> bool {
        let kind = self.event.kind.as_str();
        matches!(kind, "work_item.queued" | "work_item.active" | "work_item.cancelled" | "work_item.closed")
    }
}

impl Content {
    fn queue(&self) -> Option<QueueId> {
        let of_work = self.work_item.as_ref().map(|w| w.item.queue);
        of_work.or(self.conversation.as_ref().and_then(|c| c.queue_id))
    }

    /// Who follows the conversation or was named in it.
    fn followers(&self) -> impl Iterator<Item = UserId> {
        let desk = self.conversation.as_ref().map(|c| &c.desk);
        desk.into_iter().flat_map(|desk| desk.follower_ids.iter().chain(&desk.mentioned_ids).copied())
    }

    /// Whose work it is.
    fn agents(&self) -> Vec<AgentId> {
        let owner = self.conversation.as_ref().and_then(|c| c.owner_agent_id);
        let holders = self.work.iter().chain(&self.work_item).filter_map(|w| w.item.agent);
        owner.into_iter().chain(holders).chain(self.offer.as_ref().map(|o| o.agent)).collect()
    }
}

/// What a member of staff listens to.
#[derive(Clone, Debug)]
pub struct StaffFilter {
    /// Who listens.
    pub standing: Arc<Standing>,
    /// Topics beside the implicit `me`.
    pub topics: BTreeSet<String>,
}

impl StaffFilter {
    /// Whether this listener sees `live`: it must be readable, and on `me` or a topic.
    #[must_use]
    pub fn wants(&self, live: &Live) -> bool {
        let content = &live.content;
        let kind = live.event.kind.as_str();
        let me = self.standing.agent;
        let is_mine = |agent: AgentId| Some(agent) == me;
        match kind.split_once('.').map_or(kind, |(noun, _)| noun) {
            "offer" => content.offer.as_ref().is_some_and(|o| is_mine(o.agent)),
            "presence" => {
                let is_own = content.presence.as_ref().is_some_and(|p| is_mine(p.agent));
                let may = |agent: AgentId| self.may(Permission::AgentsRead, Resource::Agent(agent));
                is_own || (self.has("agents") && content.presence.as_ref().is_some_and(|p| may(p.agent)))
            }
            "draft" => {
                live.event.data.get("user_id").and_then(Value::as_str)
                    == self.standing.user.map(|u| u.0.to_string()).as_deref()
            }
            "entry" | "interaction" => {
                let is_open = content.conversation.as_ref().is_some_and(|c| self.has_conversation(c.id));
                (is_open || self.is_followed(content) || content.agents().into_iter().any(is_mine))
                    && self.may_read(content)
            }
            "agent" => self.has("agents") && self.may(Permission::AgentsRead, Resource::Any),
            "disposition" | "work_item" => {
                let holds = content.work_item.as_ref().is_some_and(|w| w.item.agent.is_some_and(is_mine));
                let held = live.event.data.get("agent_id").and_then(Value::as_str)
                    == me.map(|a| a.0.to_string()).as_deref()
                    && me.is_some();
                holds || held || (self.has("inbox") && self.may_read(content))
            }
            "conversation" => {
                let is_open = content.conversation.as_ref().is_some_and(|c| self.has_conversation(c.id));
                let is_own = self.is_followed(content) || content.agents().into_iter().any(is_mine);
                (is_open || is_own || self.has("inbox")) && self.may_read(content)
            }
            "mention" | "notification" => self.is_about_me(&live.event),
            "job" => self.has_job(live),
            "customer" | "identity" | "company" | "merge_proposal" => {
                self.has("inbox") && self.may(Permission::CustomersRead, Resource::Any)
            }
            "queue" | "config" => self.may(Permission::QueuesRead, Resource::Any),
            "channel" => self.may(Permission::ChannelsRead, Resource::Any),
            _ => self.has("org") && self.may(Permission::EventsRead, Resource::Any),
        }
    }

    /// An event that names one user is theirs alone.
    fn is_about_me(&self, event: &Event) -> bool {
        let about = event.data.get("user_id").and_then(Value::as_str);
        about.is_some() && about == self.standing.user.map(|u| u.0.to_string()).as_deref()
    }

    fn has_job(&self, live: &Live) -> bool {
        let Some(job) = &live.content.job else { return false };
        let is_own = job.created_by.is_some() && job.created_by == self.standing.user;
        is_own
            || (self.has(&format!("job:{}", job.id)) && self.may(Permission::OrganizationEdit, Resource::Organization))
    }

    fn has(&self, topic: &str) -> bool {
        self.topics.contains(topic) || self.topics.contains("org")
    }

    fn has_conversation(&self, id: ConversationId) -> bool {
        self.has(&format!("conversation:{id}"))
    }

    fn may(&self, permission: Permission, resource: Resource<'_>) -> bool {
        authorize(&self.standing, permission, resource).is_ok()
    }

    /// Whether the listener follows the conversation or was named in it.
    fn is_followed(&self, content: &Content) -> bool {
        self.standing.user.zip(content.conversation.as_ref()).is_some_and(|(user, c)| c.concerns(user))
    }

    fn may_read(&self, content: &Content) -> bool {
        if self.is_followed(content) {
            return self.may(Permission::ConversationsRead, Resource::Any);
        }
        let agents = content.agents();
        self.may(Permission::ConversationsRead, Resource::Work { queue: content.queue(), agents: &agents })
    }
}

/// What a visitor listens to: their own conversations on their own channel.
#[derive(Clone, Copy, Debug)]
pub struct VisitorFilter {
    /// Whose.
    pub customer: CustomerId,
    /// Where.
    pub channel: ChannelId,
    /// The queue behind the channel: its hours are the channel's.
    pub queue: Option<QueueId>,
    /// The queue they wait in: whatever moves there may move them.
    pub waits_in: Option<QueueId>,
}

impl VisitorFilter {
    /// Whether the visitor sees `live`.
    #[must_use]
    pub fn wants(&self, live: &Live) -> bool {
        let content = &live.content;
        if let Some(entry) = &content.entry {
            let has_gone = live.event.kind == "entry.deleted" && entry.marks.deleted_at.is_some();
            return (entry.is_out() || has_gone)
                && entry.customer_id == self.customer
                && entry.channel_id == Some(self.channel)
                && entry.kind == EntryKind::Message
                && entry.audience != Audience::Internal;
        }
        if matches!(live.event.kind.as_str(), "queue.opened" | "queue.closed") {
            return self.queue.is_some() && live.queue() == self.queue;
        }
        let is_theirs = content.conversation.as_ref().is_some_and(|c| c.customer_id == self.customer);
        if !is_theirs && live.moves_queue() {
            return self.waits_in.is_some() && live.queue() == self.waits_in;
        }
        let noun = live.event.kind.split('.').next().unwrap_or_default();
        is_theirs && matches!(noun, "work_item" | "conversation" | "interaction")
    }
}

/// Who listens to what.
#[derive(Clone, Debug)]
pub enum Filter {
    /// A member of staff.
    Staff(StaffFilter),
    /// A visitor.
    Visitor(VisitorFilter),
}

impl Filter {
    fn wants(&self, live: &Live) -> bool {
        match self {
            Self::Staff(filter) => filter.wants(live),
            Self::Visitor(filter) => filter.wants(live),
        }
    }

    fn hears(&self, live: &Arc<Live>) -> Option<Heard> {
        if self.wants(live) {
            return Some(Heard::Event(Arc::clone(live)));
        }
        match self {
            Self::Staff(filter) => filter.loses(live).map(|hidden| Heard::Hidden(Arc::clone(live), hidden)),
            Self::Visitor(_) => None,
        }
    }
}

/// Something that is neither stored nor replayed: typing, viewing.
#[derive(Clone, Debug)]
pub struct Signal {
    /// `typing`, `viewing` …
    pub kind: String,
    /// About which conversation.
    pub conversation: ConversationId,
    /// The customer behind it.
    pub customer: CustomerId,
    /// `{conversation_id, actor, is_on …}`.
    pub data: Value,
    /// The listener it comes from, who does not hear it.
    pub from: u64,
    /// It may reach the visitor.
    pub is_for_visitor: bool,
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An event.
    Event(Arc<Live>),
    /// What may not be seen any more.
    Hidden(Arc<Live>, Hidden),
    /// The position moved, nothing was visible.
    Mark(Cursor),
    /// A signal.
    Signal(Arc<Signal>),
    /// Too much was missed: fetch anew and go on from here.
    Lagged(Cursor),
    /// The rights or the session ended.
    Revoked,
    /// Rights changed, perhaps one's own: ask again what may be seen.
    Rights,
}

#[derive(Debug)]
struct Listener {
    filter: Filter,
    sender: backlog::Sender,
    revoked: Arc<Notify>,
    session: Option<Uuid>,
    agent: Option<AgentId>,
    is_routable: bool,
}

#[derive(Debug, Default)]
struct Listeners {
    next: u64,
    by_id: BTreeMap<u64, Listener>,
    index: Index,
    /// Who did not keep up and has not been told yet.
    lagging: BTreeSet<u64>,
    at: Cursor,
    is_closed: bool,
}

/// Who hears of an organization's events.
#[derive(Debug, Default)]
pub struct Hub {
    listeners: Mutex<Listeners>,
    committed: Notify,
    recorded: Notify,
    said: Notify,
    ended: Notify,
    net_found: AtomicU64,
}

/// One listener's end; leaving it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    /// The listener's number on this node.
    pub id: u64,
    /// Where the stream was when it began: what comes is after this.
    pub from: Cursor,
    /// Told when the session ends, also while nothing can be sent.
    pub revoked: Arc<Notify>,
    receiver: backlog::Receiver,
}

impl Subscription {
    /// The next thing heard; `None` when the feed ends.
    pub async fn next(&mut self) -> Option<Heard> {
        self.receiver.next().await
    }

    /// Something already heard, without waiting.
    pub fn try_next(&mut self) -> Option<Heard> {
        self.receiver.try_next()
    }

    /// Changes what is listened to.
    pub fn refilter(&self, filter: Filter) {
        let mut guard = self.hub.locked();
        let listeners = &mut *guard;
        if let Some(listener) = listeners.by_id.get_mut(&self.id) {
            listeners.index.remove(self.id, &listener.filter);
            listeners.index.add(self.id, &filter);
            listener.filter = filter;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listeners = self.hub.locked();
        if let Some(listener) = listeners.by_id.remove(&self.id) {
            listeners.index.remove(self.id, &listener.filter);
            listeners.lagging.remove(&self.id);
        }
    }
}

impl Hub {
    fn locked(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the tailer that something was committed.
    pub fn wake(&self) {
        self.committed.notify_one();
    }

    /// Ends the feed.
    pub fn close(&self) {
        let mut listeners = self.locked();
        listeners.is_closed = true;
        listeners.by_id.clear();
        listeners.index.clear();
        listeners.lagging.clear();
        drop(listeners);
        for waiting in [&self.committed, &self.recorded, &self.said, &self.ended] {
            waiting.notify_one();
        }
    }

    /// Begins to listen; everything after [`Subscription::from`] is heard.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, filter: Filter, session: Option<Uuid>) -> Subscription {
        let (sender, receiver) = backlog::backlog();
        let mut listeners = self.locked();
        let id = listeners.next;
        listeners.next += 1;
        let from = listeners.at;
        let revoked = Arc::<Notify>::default();
        let listener =
            Listener { filter, sender, revoked: Arc::clone(&revoked), session, agent: None, is_routable: false };
        if !listeners.is_closed {
            listeners.index.add(id, &listener.filter);
            listeners.by_id.insert(id, listener);
        }
        drop(listeners);
        Subscription { hub: Arc::clone(self), id, from, revoked, receiver }
    }

    /// Notes that a listener is a routable socket of an agent; how many that session has now.
    pub fn set_routable(&self, id: u64, agent: AgentId, is_routable: bool) -> usize {
        let mut listeners = self.locked();
        let session = listeners.by_id.get_mut(&id).and_then(|l| {
            l.agent = Some(agent);
            l.is_routable = is_routable;
            l.session
        });
        let same = |l: &&Listener| l.is_routable && l.agent == Some(agent) && l.session == session;
        let own = listeners.index.with([Key::Agent(agent)]);
        own.iter().filter_map(|id| listeners.by_id.get(id)).filter(same).count()
    }

    /// The agents with a routable socket here, each with its sign-in session.
    #[must_use]
    pub fn routable(&self) -> BTreeSet<(AgentId, SessionId)> {
        let listeners = self.locked();
        let of = |l: &Listener| Some((l.agent?, SessionId(l.session?)));
        listeners.by_id.values().filter(|l| l.is_routable).filter_map(of).collect()
    }

    /// Ends the feed of every socket of a session.
    pub fn revoke(&self, session: Uuid) {
        for listener in self.locked().by_id.values() {
            if listener.session == Some(session) {
                listener.revoked.notify_one();
                listener.sender.send(Heard::Revoked, BACKLOG);
            }
        }
    }

    /// Passes a signal on to whoever has the conversation open, and to the visitor.
    pub fn signal(&self, signal: Signal) {
        let signal = Arc::new(signal);
        let listeners = self.locked();
        let keys = [Key::Everything, Key::Conversation(signal.conversation), Key::Customer(signal.customer)];
        for id in listeners.index.with(keys) {
            let Some(listener) = listeners.by_id.get(&id) else { continue };
            let hears = match &listener.filter {
                Filter::Staff(staff) => staff.has_conversation(signal.conversation),
                Filter::Visitor(visitor) => signal.is_for_visitor && visitor.customer == signal.customer,
            };
            if hears && id != signal.from {
                listener.sender.send(Heard::Signal(Arc::clone(&signal)), BACKLOG);
            }
        }
    }

    fn publish(&self, page: &[Arc<Live>], at: Cursor) {
        let mut guard = self.locked();
        let listeners = &mut *guard;
        listeners.at = at;
        for live in page {
            for id in listeners.index.with(index::keys_for(live)) {
                let Some(listener) = listeners.by_id.get(&id) else { continue };
                let Some(heard) = listener.filter.hears(live) else { continue };
                let is_behind = listeners.lagging.contains(&id);
                if !is_behind && !listener.sender.send(heard, BACKLOG) {
                    listeners.lagging.insert(id);
                }
            }
        }
        let by_id = &listeners.by_id;
        let is_told = |id: &u64| by_id.get(id).is_none_or(|l| l.sender.send(Heard::Lagged(at), BACKLOG));
        listeners.lagging.retain(|id| !is_told(id));
    }

    /// Every listener of staff asks again what they may see.
    fn rights_changed(&self) {
        let mut guard = self.locked();
        let listeners = &mut *guard;
        for id in listeners.index.with([Key::Staff]) {
            let is_told = listeners.by_id.get(&id).is_none_or(|l| l.sender.send(Heard::Rights, BACKLOG));
            if !is_told {
                listeners.lagging.insert(id);
            }
        }
    }

    /// Ends the feeds of visitors for whom something changed: whoever may still come opens a new socket at once.
    fn show_out(&self, is_meant: impl Fn(&VisitorFilter) -> bool) {
        let mut guard = self.locked();
        let listeners = &mut *guard;
        let is_over = |listener: &Listener| matches!(&listener.filter, Filter::Visitor(visitor) if is_meant(visitor));
        let over: Vec<u64> = listeners.by_id.iter().filter(|(_, l)| is_over(l)).map(|(id, _)| *id).collect();
        for id in over {
            if let Some(listener) = listeners.by_id.remove(&id) {
                listeners.index.remove(id, &listener.filter);
                listeners.lagging.remove(&id);
            }
        }
    }

    /// Acts on what changes who may listen, whichever node it was written by.
    fn enforce(&self, page: &[Arc<Live>]) {
        self.said.notify_one();
        for live in page {
            match live.event.kind.as_str() {
                "session.revoked" => id_in(&live.event, "session_id").into_iter().for_each(|id| self.revoke(id)),
                "audit.recorded" => self.recorded.notify_one(),
                "api_token.updated" | "role.updated" | "team.deleted" | "team.updated" | "user.disabled"
                | "config.published" => self.rights_changed(),
                "customer.blocked" | "customer.erased" => {
                    let customer = id_in(&live.event, "customer_id").map(CustomerId);
                    self.show_out(|visitor| Some(visitor.customer) == customer);
                }
                "channel.archived" | "channel.disabled" | "channel.updated" => {
                    let channel = id_in(&live.event, "channel_id").map(ChannelId);
                    self.show_out(|visitor| Some(visitor.channel) == channel);
                }
                "user.updated" if live.event.data.get("has_new_rights") == Some(&Value::Bool(true)) => {
                    self.rights_changed();
                }
                _ => {}
            }
        }
    }

    /// Waits until something was committed that may be searched for, or the feed ends.
    pub(crate) async fn said(&self) {
        self.said.notified().await;
    }

    /// Waits until the feed ends.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Waits until something was recorded for the audit, or the feed ends.
    pub(crate) async fn recorded(&self) {
        self.recorded.notified().await;
    }

    /// Where the stream is for listeners.
    #[must_use]
    pub fn position(&self) -> Cursor {
        self.locked().at
    }

    /// Events that only the look once a second found; 0 as long as every commit wakes.
    #[must_use]
    pub fn net_found(&self) -> u64 {
        self.net_found.load(Ordering::Relaxed)
    }

    /// How many listen: staff, and visitors.
    #[must_use]
    pub fn listeners(&self) -> (usize, usize) {
        let listeners = self.locked();
        let staff = listeners.by_id.values().filter(|listener| matches!(listener.filter, Filter::Staff(_))).count();
        (staff, listeners.by_id.len() - staff)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.locked().is_closed
    }
}

/// Starts the tailer; it begins at the present end of the stream.
///
/// # Errors
/// What the store refuses.
pub async fn start(ctx: &Ctx, org: OrganizationId, hub: Arc<Hub>, owner: Owner) -> Result<JoinHandle<()>, Error> {
    let at = head(ctx, org).await?;
    hub.locked().at = at;
    Ok(tokio::spawn(tail(ctx.clone(), org, hub, owner, at)))
}

/// The present end of the stream.
///
/// # Errors
/// What the store refuses.
pub async fn head(ctx: &Ctx, org: OrganizationId) -> Result<Cursor, Error> {
    ctx.store()
        .read("events.head", org, |tx, org| Box::pin(async move { Ok(store::events::head(tx, org).await?) }))
        .await
}

async fn tail(ctx: Ctx, org: OrganizationId, hub: Arc<Hub>, owner: Owner, mut at: Cursor) {
    let mut is_woken = true;
    let mut statuses = None;
    while !hub.is_closed() {
        match follow(&ctx, org, at, &mut statuses).await {
            Ok(page) if page.is_empty() => {
                is_woken = tokio::time::timeout(SAFETY_NET, hub.committed.notified()).await.is_ok();
            }
            Ok(page) => {
                if !is_woken {
                    hub.net_found.fetch_add(page.len() as u64, Ordering::Relaxed);
                }
                at = page.last().map_or(at, |live| live.cursor);
                if page.iter().any(|live| live.event.kind.starts_with("channel.")) {
                    ctx.doors().changed();
                }
                hub.publish(&page, at);
                hub.enforce(&page);
                hand_over(&owner, &page).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the event stream could not be read; trying again");
                tokio::time::sleep(SAFETY_NET).await;
            }
        }
    }
}

/// New work that the direct way did not bring to the router.
async fn hand_over(owner: &Owner, page: &[Arc<Live>]) {
    for live in page.iter().filter(|live| live.event.kind == "work_item.created") {
        if let Some(work) = live.content.work_item.as_ref().filter(|w| w.item.state == ItemState::New) {
            owner.enqueue(work).await;
        }
    }
}

/// Events after `at` with their content.
///
/// # Errors
/// What the store refuses.
pub async fn read(ctx: &Ctx, org: OrganizationId, at: Cursor, limit: i64) -> Result<Vec<Arc<Live>>, Error> {
    ctx.store()
        .read("events.read", (org, at, limit), |tx, (org, at, limit)| {
            Box::pin(async move {
                let page = store::events::after(tx, org, at, limit).await?;
                Ok::<_, Error>(join(tx, org, page, None).await?.into_iter().map(Arc::new).collect())
            })
        })
        .await
}

/// As [`read`], for the tailer, who knows the statuses as long as no event tells of a change.
async fn follow(
    ctx: &Ctx,
    org: OrganizationId,
    at: Cursor,
    known: &mut Option<Arc<Statuses>>,
) -> Result<Vec<Arc<Live>>, Error> {
    let input = (org, at, known.clone());
    let read = ctx.plain_store().read("events.follow", input, |tx, (org, at, known)| {
        Box::pin(async move {
            let page = store::events::after(tx, org, at, PAGE).await?;
            let has_changed = page.iter().any(|(_, event)| event.kind == "config.published");
            let statuses = match known.filter(|_| !has_changed) {
                Some(statuses) => statuses,
                None if page.is_empty() => return Ok((Vec::new(), None)),
                None => Arc::new(Statuses::read(tx, org).await?),
            };
            let page = join(tx, org, page, Some(&statuses)).await?;
            Ok::<_, Error>((page.into_iter().map(Arc::new).collect::<Vec<_>>(), Some(statuses)))
        })
    });
    let (page, statuses) = read.await?;
    *known = statuses.or(known.take());
    Ok(page)
}

fn id_in(event: &Event, field: &str) -> Option<Uuid> {
    event.data.get(field)?.as_str()?.parse().ok()
}

fn ids_in(page: &[(Cursor, Event)], field: &str) -> Vec<Uuid> {
    let ids: BTreeSet<Uuid> = page.iter().filter_map(|(_, event)| id_in(event, field)).collect();
    ids.into_iter().collect()
}

fn files_of(files: &[Attachment], entry: Uuid) -> Vec<Attachment> {
    files.iter().filter(|file| file.entry_id.is_some_and(|of| of.0 == entry)).cloned().collect()
}

/// Joins a page with what it is about: a query per noun, none per event.
async fn join(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    page: Vec<(Cursor, Event)>,
    statuses: Option<&Statuses>,
) -> Result<Vec<Live>, Error> {
    let entries = store::entries::find_many(tx, org, ids_in(&page, "entry_id")).await?;
    let with_files = entries.iter().filter(|e| !e.attachment_ids.is_empty()).map(|e| e.id.0).collect();
    let files = store::attachments::of_entries(tx, org, with_files).await?;
    let offers = {
        let ids = ids_in(&page, "offer_id").into_iter().map(OfferId).collect();
        store::work::find_offers(tx, org, ids).await?
    };
    let items = store::work::find_many(tx, org, ids_in(&page, "work_item_id")).await?;
    let mut wanted: BTreeSet<Uuid> = ids_in(&page, "conversation_id").into_iter().collect();
    wanted.extend(items.iter().filter_map(|w| w.conversation_id).map(|id| id.0));
    let mut conversations = store::conversations::find_many(tx, org, wanted.iter().copied().collect()).await?;
    match statuses {
        Some(statuses) => statuses.name(&mut conversations),
        None => Statuses::read(tx, org).await?.name(&mut conversations),
    }
    let mut work: BTreeMap<Uuid, Vec<WorkItem>> = BTreeMap::new();
    for item in store::work::live_of(tx, org, wanted.into_iter().collect()).await? {
        work.entry(item.conversation_id.map_or(Uuid::nil(), |id| id.0)).or_default().push(item);
    }
    let mut people: Vec<CustomerId> = conversations.iter().map(Conversation::effective_customer).collect();
    people.extend(ids_in(&page, "customer_id").into_iter().map(CustomerId));
    let customers = crate::customers::effective_many(tx, org, people).await?;
    let notifications = store::notifications::find_many(tx, org, ids_in(&page, "notification_id")).await?;
    let identities = store::customer_merges::identities_by_id(tx, org, ids_in(&page, "identity_id")).await?;
    let proposals = store::customer_merges::proposals_by_id(tx, org, ids_in(&page, "merge_proposal_id")).await?;
    let jobs = store::jobs::find_many(tx, org, ids_in(&page, "job_id")).await?;
    let channels = if page.iter().any(|(_, e)| e.kind.starts_with("channel.")) {
        store::channels::list(tx, org).await?
    } else {
        Vec::new()
    };
    let presences = if page.iter().any(|(_, e)| e.kind.starts_with("presence.")) {
        store::work::presences(tx, org).await?
    } else {
        Vec::new()
    };
    let (entries, items) = (by_id(entries, |e| e.id.0), by_id(items, |w| w.item.id.0));
    let (conversations, offers) = (by_id(conversations, |c| c.id.0), by_id(offers, |o| o.id.0));
    let (notifications, identities) = (by_id(notifications, |n| n.id), by_id(identities, |i| i.id.0));
    let (proposals, jobs) = (by_id(proposals, |p| p.id), by_id(jobs, |j| j.id));
    let (presences, channels) = (by_id(presences, |p| p.agent.0), by_id(channels, |c| c.id.0));
    let live = |(cursor, event): (Cursor, Event)| {
        let work_item = named(&event, "work_item_id", &items);
        let about =
            id_in(&event, "conversation_id").or(work_item.as_ref().and_then(|w| w.conversation_id).map(|id| id.0));
        let conversation = about.and_then(|id| conversations.get(&id)).cloned();
        let content = Content {
            files: id_in(&event, "entry_id").map_or_else(Vec::new, |id| files_of(&files, id)),
            entry: named(&event, "entry_id", &entries),
            customer: match &conversation {
                Some(c) => customers.get(&c.effective_customer()).cloned(),
                None => id_in(&event, "customer_id").and_then(|id| customers.get(&CustomerId(id))).cloned(),
            },
            notification: named(&event, "notification_id", &notifications),
            identity: named(&event, "identity_id", &identities),
            proposal: named(&event, "merge_proposal_id", &proposals),
            job: named(&event, "job_id", &jobs),
            work: about.and_then(|id| work.get(&id)).cloned().unwrap_or_default(),
            offer: named(&event, "offer_id", &offers),
            presence: named(&event, "agent_id", &presences),
            channel: named(&event, "channel_id", &channels),
            conversation,
            work_item,
        };
        Live { cursor, event, content, rendered: OnceLock::new() }
    };
    Ok(page.into_iter().map(live).collect())
}

fn by_id<T>(rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> BTreeMap<Uuid, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}

fn named<T: Clone>(event: &Event, field: &str, rows: &BTreeMap<Uuid, T>) -> Option<T> {
    if rows.is_empty() {
        return None;
    }
    rows.get(&id_in(event, field)?).cloned()
}
