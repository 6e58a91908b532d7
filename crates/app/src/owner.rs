//! The one owner of an organization's router: a task that takes commands, commits what the router decided
//! as one fenced transaction, and only then answers.
//!
//! # Invariants
//! - Nothing of a batch is told before its commit.
//! - When a commit fails or is fenced, the owner answers why, drops the router and rebuilds it from the store:
//!   what was in memory alone never happened. Until the store takes writes again it refuses commands at once,
//!   and looks are answered from what the store holds.
//! - Everything is bounded: the inbox holds [`INBOX`] requests, a batch [`BATCH`] commands.

mod moves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::conversation::{InteractionEnd, InteractionState};
use domain::ids::{AgentId, ConversationId, InteractionId, OrganizationId, WorkItemId};
use domain::routing::{Command, Effect, Item, ItemState, OfferState, Refused, Router, Snapshot};
use domain::time::Micros;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::events::Event;
use store::work::WorkItem;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use self::moves::Moves;
use crate::events::{event, system};
use crate::live::Hub;
use crate::opening::Openings;
use crate::{Ctx, Error, defaults};

/// Requests that may wait.
const INBOX: usize = 8_192;
/// Commands committed together.
const BATCH: usize = 256;
/// Time between two tries to come back after a failed commit.
const COME_BACK: Duration = Duration::from_millis(500);
/// Ids remembered so that a late notice of a finished item does not enter it again.
const REMEMBERED: usize = 50_000;

type Answer = Result<Vec<Effect>, Error>;
type Look = Box<dyn FnOnce(&Router) + Send>;

enum Request {
    Apply { command: Box<Command>, links: Option<Links>, said: Said, answer: Option<oneshot::Sender<Answer>> },
    Look(Look),
    Link { item: WorkItemId, links: Links },
    Reload(oneshot::Sender<()>),
    Stop,
}

/// Who gives a command, and the words that go with it.
#[derive(Clone, Debug)]
pub struct Said {
    /// As it stands in events.
    pub actor: Value,
    /// A reason for the record: kept beside a change of presence, never in an event.
    pub reason: Option<String>,
}

impl From<Value> for Said {
    fn from(actor: Value) -> Self {
        Self { actor, reason: None }
    }
}

/// What an item belongs to, beyond what routing needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Links {
    /// Its engagement.
    pub interaction: Option<InteractionId>,
    /// Its conversation.
    pub conversation: Option<ConversationId>,
}

/// The way to an organization's router.
#[derive(Clone)]
pub struct Owner {
    inbox: mpsc::Sender<Request>,
}

impl Owner {
    /// Applies a command and waits for its commit.
    ///
    /// # Errors
    /// [`Error::Refused`] when the router refuses; [`Error::StorageFull`] or [`Error::Unavailable`] when the commit
    /// failed.
    pub async fn apply(&self, command: Command, said: impl Into<Said>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let said = said.into();
        let request = Request::Apply { command: Box::new(command), links: None, said, answer: Some(answer) };
        self.inbox.send(request).await.map_err(|_| GONE)?;
        answered.await.map_err(|_| GONE)?
    }

    /// Hands over a new item without waiting; the feed hands it over again should this get lost.
    pub async fn enqueue(&self, work: &WorkItem) {
        let links = Links { interaction: work.interaction_id, conversation: work.conversation_id };
        let command = Command::Enqueue { item: work.item.clone() };
        let said = system().into();
        let request = Request::Apply { command: Box::new(command), links: Some(links), said, answer: None };
        if self.inbox.send(request).await.is_err() {
            tracing::debug!("the router is stopping; the item waits in the store");
        }
    }

    /// Looks at the committed state of the router.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while it stops.
    pub async fn look<T: Send + 'static>(&self, at: impl FnOnce(&Router) -> T + Send + 'static) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let look: Look = Box::new(move |router| drop(answer.send(at(router))));
        self.inbox.send(Request::Look(look)).await.map_err(|_| GONE)?;
        answered.await.map_err(|_| GONE)
    }

    /// Says to which conversation an item belongs now, after a merge.
    pub async fn relink(&self, item: WorkItemId, links: Links) {
        if self.inbox.send(Request::Link { item, links }).await.is_err() {
            tracing::debug!("the router is stopping; it reads the links when it starts");
        }
    }

    /// Reads the configuration again, after an administrator changed it; returns once it is in force.
    pub async fn reload(&self) {
        let (done, is_done) = oneshot::channel();
        if self.inbox.send(Request::Reload(done)).await.is_err() || is_done.await.is_err() {
            tracing::debug!("the router is stopping; it reads the configuration when it starts");
        }
    }

    /// Asks the task to end after what it has in hand.
    pub async fn stop(&self) {
        drop(self.inbox.send(Request::Stop).await);
    }
}

const GONE: Error = Error::Unavailable("the router is stopping");

/// Starts the owner; returns once the router is rebuilt.
///
/// # Errors
/// What the store refuses.
pub async fn start(ctx: &Ctx, organization: OrganizationId, hub: Arc<Hub>) -> Result<(Owner, JoinHandle<()>), Error> {
    let (sender, inbox) = mpsc::channel(INBOX);
    let routing = Routing::rebuild(ctx.clone(), organization, hub).await?;
    let task = tokio::spawn(routing.run(inbox));
    Ok((Owner { inbox: sender }, task))
}

struct Routing {
    ctx: Ctx,
    organization: OrganizationId,
    hub: Arc<Hub>,
    router: Router,
    fence: i64,
    openings: Openings,
    links: BTreeMap<WorkItemId, Links>,
    entered: BTreeSet<WorkItemId>,
    next_seq: u64,
    /// The last commit failed because the disk is full, or otherwise; the router must be rebuilt.
    outage: Option<Outage>,
}

/// Why no command can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    StorageFull,
    Other,
}

impl From<&Error> for Outage {
    fn from(error: &Error) -> Self {
        if matches!(error, Error::StorageFull) { Self::StorageFull } else { Self::Other }
    }
}

impl From<Outage> for Error {
    fn from(outage: Outage) -> Self {
        match outage {
            Outage::StorageFull => Self::StorageFull,
            Outage::Other => Self::Unavailable("the decision could not be stored; nothing was changed"),
        }
    }
}

/// One command's outcome, until the batch is committed.
struct Pending {
    answer: Option<oneshot::Sender<Answer>>,
    outcome: Result<Vec<Effect>, Refused>,
}

/// What one commit writes.
#[derive(Clone)]
struct Commit {
    organization: OrganizationId,
    fence: i64,
    now: Timestamp,
    steps: Arc<Vec<Step>>,
}

struct Step {
    /// None where a queue opened or closed by its calendar: only the event is written.
    effect: Option<Effect>,
    links: Links,
    event: Option<Event>,
    extra: Option<Event>,
    interval: Uuid,
    /// The reason given for a change of presence.
    reason: Option<String>,
    /// The item closed in a queue that wants a wrap-up code; by whom.
    closed_by: Option<AgentId>,
    is_code_wanted: bool,
}

impl Routing {
    async fn rebuild(ctx: Ctx, organization: OrganizationId, hub: Arc<Hub>) -> Result<Self, Error> {
        let now = ctx.now();
        let node = ctx.settings().node.clone();
        let (fence, snapshot, openings, work) = ctx
            .store()
            .write("router.rebuild", (organization, node, now), |tx, (organization, node, now)| {
                Box::pin(async move {
                    let fence = store::organizations::take_lease(tx, organization, &node, now).await?;
                    let (snapshot, openings, work) = stored(tx, organization, now).await?;
                    Ok::<_, Error>((fence, snapshot, openings, work))
                })
            })
            .await?;
        let links = work
            .iter()
            .map(|w| (w.item.id, Links { interaction: w.interaction_id, conversation: w.conversation_id }))
            .collect();
        let next_seq = work.iter().map(|w| w.item.seq).max().unwrap_or_default() + 1;
        let (router, effects) = Router::restore(snapshot, now.into(), ctx.id_source());
        let entered = BTreeSet::new();
        let mut routing =
            Self { ctx, organization, hub, router, fence, openings, links, entered, next_seq, outage: None };
        routing.commit(effects, &system()).await?;
        for w in work.into_iter().filter(|w| w.item.state == ItemState::New) {
            let outcome = routing.decide(Command::Enqueue { item: w.item });
            routing.commit(outcome.unwrap_or_default(), &system()).await?;
        }
        routing.reconnect().await?;
        Ok(routing)
    }

    /// Agents whose sockets are open here were not lost by the rebuilding; after a start there are none.
    async fn reconnect(&mut self) -> Result<(), Error> {
        for (agent, session) in self.hub.routable() {
            let outcome = self.decide(Command::SessionOpened { agent, session });
            self.commit(outcome.unwrap_or_default(), &system()).await?;
        }
        Ok(())
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        loop {
            if self.outage.is_some() && !self.come_back().await {
                if self.refuse(&mut inbox).await {
                    continue;
                }
                return;
            }
            let due = self.until_due();
            let first = tokio::select! {
                request = inbox.recv() => match request { Some(request) => request, None => return },
                () = tokio::time::sleep(due) => tick(),
            };
            let mut batch = vec![first];
            while batch.len() < BATCH {
                match inbox.try_recv() {
                    Ok(request) => batch.push(request),
                    Err(_) => break,
                }
            }
            if !self.serve(batch).await {
                return;
            }
        }
    }

    /// How long until something falls due; an hour when nothing waits for time.
    fn until_due(&self) -> Duration {
        let now = Micros::from(self.ctx.now());
        let opening = self.openings.next_change().map(Micros::from);
        let next = self.router.next_deadline().into_iter().chain(opening).min();
        let Some(at) = next else { return Duration::from_secs(3_600) };
        Duration::from_micros(u64::try_from(at.0.saturating_sub(now.0)).unwrap_or_default())
    }

    /// Serves one batch; whether to go on.
    async fn serve(&mut self, batch: Vec<Request>) -> bool {
        let mut pending = Vec::new();
        let mut looks = Vec::new();
        let mut steps = self.open_and_close();
        let (mut reloads, mut goes_on) = (Vec::new(), true);
        for request in batch {
            match request {
                Request::Apply { command, links, said, answer } => {
                    if let (Some(links), Command::Enqueue { item }) = (links, &*command) {
                        self.links.entry(item.id).or_insert(links);
                    }
                    let outcome = self.decide(*command);
                    if let Ok(effects) = &outcome {
                        steps.extend(self.steps(effects, &said));
                    }
                    pending.push(Pending { answer, outcome });
                }
                Request::Look(look) => looks.push(look),
                Request::Link { item, links } => drop(self.links.insert(item, links)),
                Request::Reload(done) => reloads.push(done),
                Request::Stop => goes_on = false,
            }
        }
        self.settle(steps, pending).await;
        if !reloads.is_empty() {
            self.reload().await;
        }
        for look in looks {
            look(&self.router);
        }
        for done in reloads {
            done.send(()).ok();
        }
        goes_on
    }

    /// Opens and closes the queues whose calendar says so by now.
    fn open_and_close(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for queue in self.openings.due(self.ctx.now()) {
            let (id, is_open) = (queue.id, queue.is_open);
            let kind = if is_open { "queue.opened" } else { "queue.closed" };
            let data = json!({ "queue_id": id, "reason": "hours" });
            let told = event(self.ctx.new_id(), self.organization, kind, self.ctx.now(), system(), data);
            steps.push(Step::only(told));
            match self.decide(Command::PutQueue { queue }) {
                Ok(effects) => steps.extend(self.steps(&effects, &system().into())),
                Err(refused) => tracing::warn!(%refused, "a queue could not be opened or closed"),
            }
        }
        steps
    }

    fn decide(&mut self, mut command: Command) -> Result<Vec<Effect>, Refused> {
        if let Command::Enqueue { item } | Command::Transfer { new: item, .. } = &mut command {
            if !self.entered.insert(item.id) {
                return Err(Refused::AlreadyExists);
            }
            if self.entered.len() > REMEMBERED {
                self.entered.pop_first();
            }
            item.seq = self.next_seq;
            self.next_seq += 1;
        }
        self.router.apply(command, self.ctx.now().into())
    }

    async fn settle(&mut self, steps: Vec<Step>, pending: Vec<Pending>) {
        if let Err(error) = self.write(steps).await {
            tracing::error!(%error, "the routing of an organization could not be stored; it is rebuilt");
            self.outage = Some(Outage::from(&error));
        }
        for Pending { answer, outcome } in pending {
            let told = match (outcome, self.outage) {
                (Ok(effects), None) => Ok(effects),
                (Ok(_), Some(outage)) => Err(outage.into()),
                (Err(refused), _) => Err(refused.into()),
            };
            if let Some(answer) = answer {
                drop(answer.send(told));
            }
        }
        if self.outage.is_some() {
            self.show_what_is_stored().await;
        }
    }

    async fn commit(&mut self, effects: Vec<Effect>, actor: &Value) -> Result<(), Error> {
        let steps = self.steps(&effects, &actor.clone().into());
        self.write(steps).await
    }

    async fn write(&mut self, steps: Vec<Step>) -> Result<(), Error> {
        if steps.is_empty() {
            return Ok(());
        }
        let commit =
            Commit { organization: self.organization, fence: self.fence, now: self.ctx.now(), steps: Arc::new(steps) };
        self.ctx.store().write("router.commit", commit, |tx, commit| Box::pin(write(tx, commit))).await?;
        self.hub.wake();
        Ok(())
    }

    /// Replaces what was decided but not stored by what is stored, for those who look meanwhile.
    async fn show_what_is_stored(&mut self) {
        let about = (self.organization, self.ctx.now());
        let read = self.ctx.store().read("router.stored", about, |tx, (organization, now)| {
            Box::pin(async move { stored(tx, organization, now).await })
        });
        match read.await {
            Ok((snapshot, openings, _)) => {
                self.openings = openings;
                self.router = Router::restore(snapshot, self.ctx.now().into(), self.ctx.id_source()).0;
            }
            Err(error) => tracing::warn!(%error, "the routing as stored could not be read"),
        }
    }

    /// Tries to rebuild; whether it is in order again.
    async fn come_back(&mut self) -> bool {
        match Self::rebuild(self.ctx.clone(), self.organization, Arc::clone(&self.hub)).await {
            Ok(fresh) => {
                *self = fresh;
                true
            }
            Err(error) => {
                tracing::error!(%error, "the router could not be rebuilt; trying again");
                self.outage = Some(Outage::from(&error));
                false
            }
        }
    }

    /// Refuses commands until the next try; whether to go on. What was refused changed nothing: new work waits in
    /// the store, and rebuilding reads the configuration.
    async fn refuse(&mut self, inbox: &mut mpsc::Receiver<Request>) -> bool {
        let until = tokio::time::Instant::now() + COME_BACK;
        while let Ok(request) = tokio::time::timeout_at(until, inbox.recv()).await {
            match request {
                Some(Request::Apply { answer, .. }) => {
                    let why = self.outage.unwrap_or(Outage::Other);
                    if let Some(answer) = answer {
                        drop(answer.send(Err(why.into())));
                    }
                }
                Some(Request::Look(look)) => look(&self.router),
                // Rebuilding reads links and configuration.
                Some(Request::Link { .. }) => {}
                Some(Request::Reload(done)) => {
                    done.send(()).ok();
                }
                Some(Request::Stop) | None => return false,
            }
        }
        true
    }

    async fn reload(&mut self) {
        let organization = self.organization;
        let read = self
            .ctx
            .store()
            .read("router.reload", organization, |tx, organization| {
                Box::pin(async move { defaults::routing_config(tx, organization).await })
            })
            .await;
        let Ok(config) = read else {
            tracing::error!("the routing configuration could not be read; the one before stays in force");
            return;
        };
        self.openings = Openings::new(config.queues, self.ctx.now());
        let Snapshot { statuses, agents, .. } = config.snapshot;
        let gone: Vec<AgentId> =
            self.router.agent_ids().filter(|id| agents.iter().all(|agent| agent.id != *id)).collect();
        let commands = (statuses.into_iter().map(|status| Command::PutStatus { status }))
            .chain(agents.into_iter().map(|agent| Command::PutAgent { agent }))
            .chain(gone.into_iter().map(|agent| Command::RemoveAgent { agent }))
            .chain(self.openings.configs().into_iter().map(|queue| Command::PutQueue { queue }))
            .collect::<Vec<_>>();
        let mut steps = Vec::new();
        for command in commands {
            match self.decide(command) {
                Ok(effects) => steps.extend(self.steps(&effects, &system().into())),
                Err(refused) => tracing::warn!(%refused, "a part of the routing configuration was refused"),
            }
        }
        self.settle(steps, Vec::new()).await;
    }

    /// What a commit writes for these effects; ids are drawn here, so that it can run again.
    fn steps(&mut self, effects: &[Effect], said: &Said) -> Vec<Step> {
        let now = self.ctx.now();
        let mut steps = Vec::with_capacity(effects.len());
        for effect in effects {
            let links = match effect {
                Effect::Item { item, .. } => self.links_of(item),
                Effect::Offer { .. } | Effect::Assignment { .. } | Effect::Presence { .. } => Links::default(),
            };
            let told = self.told(effect, links);
            let mut make = |(kind, data): (String, Value)| {
                event(self.ctx.new_id(), self.organization, &kind, now, said.actor.clone(), data)
            };
            let (event, extra) = (told.map(&mut make), owner_change(effect, links).map(&mut make));
            steps.push(Step {
                links,
                event,
                extra,
                interval: self.ctx.new_id(),
                reason: said.reason.clone(),
                closed_by: closed_by(effects, effect),
                is_code_wanted: self.is_code_wanted(effect),
                effect: Some(effect.clone()),
            });
        }
        steps
    }

    /// Whether an item closed, by its agent or by time, where a wrap-up code is wanted.
    fn is_code_wanted(&self, effect: &Effect) -> bool {
        let Effect::Item { item, row: Some(15 | 16), .. } = effect else { return false };
        let queue = self.router.queue_config(item.queue);
        item.state == ItemState::Closed && queue.is_some_and(|queue| queue.wrap_up_code_required)
    }

    fn links_of(&mut self, item: &Item) -> Links {
        let inherited = item.previous.and_then(|p| self.links.get(&p).copied());
        let links = *self.links.entry(item.id).or_insert_with(|| inherited.unwrap_or_default());
        if item.state.is_terminal() {
            self.links.remove(&item.id);
        }
        links
    }

    /// The event of an effect.
    fn told(&self, effect: &Effect, links: Links) -> Option<(String, Value)> {
        match effect {
            Effect::Item { item, previous, row, reason } => {
                let name = match (row, item.state) {
                    (None, _) | (Some(5), ItemState::New) => "updated",
                    (Some(1), ItemState::New) if item.previous.is_some() => "created",
                    (_, ItemState::New) => return None,
                    (_, ItemState::Deferred) => "deferred",
                    (_, ItemState::Queued) => "queued",
                    (_, ItemState::Offered) => "offered",
                    (_, ItemState::Active) => "active",
                    (_, ItemState::Paused) => "paused",
                    (_, ItemState::WrapUp) => "wrap_up",
                    (_, ItemState::Closed) => "closed",
                    (_, ItemState::Cancelled) => "cancelled",
                };
                let data = json!({
                    "work_item_id": item.id, "conversation_id": links.conversation, "queue_id": item.queue,
                    "agent_id": item.agent, "previous_state": previous, "row": row, "reason": reason,
                });
                Some((format!("work_item.{name}"), data))
            }
            Effect::Offer { offer, previous } => {
                let name = match (offer.state, previous) {
                    (OfferState::Pending, _) => "created",
                    (OfferState::Accepted, _) => "accepted",
                    (OfferState::Declined, _) => "declined",
                    (OfferState::TimedOut, _) => "timed_out",
                    (OfferState::Cancelled, _) => "cancelled",
                    (OfferState::Rescinded, _) => "rescinded",
                };
                let data = json!({
                    "offer_id": offer.id, "work_item_id": offer.item, "agent_id": offer.agent,
                    "reason": offer.rescind_reason,
                });
                Some((format!("offer.{name}"), data))
            }
            Effect::Assignment { .. } => None,
            // Idle times and misses are the router's own bookkeeping: kept, but nobody's news.
            Effect::Presence { reason: "counters", .. } => None,
            Effect::Presence { presence, previous_status, reason, .. } => {
                let has_changed = presence.status != *previous_status;
                let name = if has_changed { "presence.changed" } else { "presence.session_changed" };
                let data = json!({ "agent_id": presence.agent, "previous": previous_status, "reason": reason });
                Some((name.to_owned(), data))
            }
        }
    }
}

/// Everything a router is rebuilt from.
async fn stored(
    tx: &mut db::Tx<'_>,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<(Snapshot, Openings, Vec<WorkItem>), Error> {
    let work = store::work::live(tx, organization).await?;
    let config = defaults::routing_config(tx, organization).await?;
    let openings = Openings::new(config.queues, now);
    let snapshot = Snapshot {
        queues: openings.configs(),
        items: work.iter().filter(|w| w.item.state != ItemState::New).map(|w| w.item.clone()).collect(),
        offers: store::work::pending_offers(tx, organization).await?,
        assignments: store::work::live_assignments(tx, organization).await?,
        presences: store::work::presences(tx, organization).await?,
        ..config.snapshot
    };
    Ok((snapshot, openings, work))
}

fn tick() -> Request {
    Request::Apply { command: Box::new(Command::Tick), links: None, said: system().into(), answer: None }
}

impl Step {
    /// Nothing but an event.
    fn only(event: Event) -> Self {
        Self {
            effect: None,
            links: Links::default(),
            interval: event.id.0,
            event: Some(event),
            extra: None,
            reason: None,
            closed_by: None,
            is_code_wanted: false,
        }
    }
}

/// Who held the item of this effect when it ended: its assignment is told beside it.
fn closed_by(effects: &[Effect], effect: &Effect) -> Option<AgentId> {
    let Effect::Item { item, row: Some(15 | 16), .. } = effect else { return None };
    effects.iter().find_map(|other| match other {
        Effect::Assignment { assignment } if assignment.item == item.id => Some(assignment.agent),
        Effect::Assignment { .. } | Effect::Item { .. } | Effect::Offer { .. } | Effect::Presence { .. } => None,
    })
}

/// The conversation goes to whoever takes its work.
fn owner_change(effect: &Effect, links: Links) -> Option<(String, Value)> {
    let Effect::Item { item, row: Some(10 | 12 | 20), .. } = effect else { return None };
    let conversation = links.conversation?;
    let data = json!({ "conversation_id": conversation, "owner_agent_id": item.agent });
    Some(("conversation.owner_changed".to_owned(), data))
}

async fn write(tx: &mut db::Tx<'_>, commit: Commit) -> Result<(), Error> {
    let Commit { organization, fence, now, steps } = commit;
    store::organizations::hold_lease(tx, organization, fence, now).await?;
    let mut moves = Moves::read(tx, organization, &steps).await?;
    for step in &*steps {
        if let Some(effect) = &step.effect {
            write_effect(tx, organization, effect, step, now).await?;
        }
        for event in moves.said(step).into_iter().flatten() {
            store::events::insert(tx, &event).await?;
        }
    }
    Ok(())
}

async fn write_effect(
    tx: &mut db::Tx<'_>,
    organization: OrganizationId,
    effect: &Effect,
    step: &Step,
    now: Timestamp,
) -> Result<(), Error> {
    match effect {
        Effect::Item { item, row, .. } => {
            match (row, item.previous) {
                (Some(1), Some(previous)) => store::work::insert_next(tx, organization, previous, item, now).await?,
                _ => store::work::update(tx, organization, item, now).await?,
            }
            follow(tx, organization, item, *row, step.links, now).await?;
            if step.is_code_wanted {
                store::dispositions::mark_missing(tx, organization, item.id, step.closed_by, now).await?;
            }
        }
        Effect::Offer { offer, .. } => store::work::put_offer(tx, organization, offer, now).await?,
        Effect::Assignment { assignment } => store::work::put_assignment(tx, organization, assignment).await?,
        Effect::Presence { presence, previous_status, reason, .. } => {
            store::work::put_presence(tx, organization, presence, now).await?;
            if presence.status != *previous_status {
                let (agent, status, id) = (presence.agent, presence.status, step.interval);
                let reason = step.reason.as_deref().unwrap_or(reason);
                store::work::change_interval(tx, organization, id, agent, status, reason, now).await?;
            }
        }
    }
    Ok(())
}

/// What a change of work means for its conversation and interaction.
async fn follow(
    tx: &mut db::Tx<'_>,
    organization: OrganizationId,
    item: &Item,
    row: Option<u8>,
    links: Links,
    now: Timestamp,
) -> Result<(), Error> {
    if let (Some(10 | 12 | 20), Some(conversation), Some(agent)) = (row, links.conversation, item.agent) {
        store::conversations::set_owner(tx, organization, conversation, agent, item.queue, now).await?;
    }
    let Some(interaction) = links.interaction else { return Ok(()) };
    let end = match item.state {
        ItemState::WrapUp => Some((InteractionState::Wrapping, InteractionEnd::Agent)),
        ItemState::Closed if item.close_reason == Some(domain::routing::CloseReason::Completed) => {
            Some((InteractionState::Ended, InteractionEnd::Agent))
        }
        ItemState::Cancelled if item.cancel_reason == Some(domain::routing::CancelReason::Abandoned) => {
            Some((InteractionState::Ended, InteractionEnd::Abandoned))
        }
        ItemState::New
        | ItemState::Deferred
        | ItemState::Queued
        | ItemState::Offered
        | ItemState::Active
        | ItemState::Paused
        | ItemState::Closed
        | ItemState::Cancelled => None,
    };
    if let Some((state, reason)) = end {
        store::conversations::end_interaction(tx, organization, interaction, state, reason, now).await?;
    }
    Ok(())
}
