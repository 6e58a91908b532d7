//! The one owner of an organization's router: a task that takes commands, commits what the router decided
//! as one fenced transaction, and only then answers.
//!
//! # Invariants
//! - Nothing of a batch is told before its commit.
//! - When a commit fails or is fenced, the owner answers "unavailable", drops the router and rebuilds it
//!   from the store: what was in memory alone never happened.
//! - Everything is bounded: the inbox holds [`INBOX`] requests, a batch [`BATCH`] commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::conversation::{InteractionEnd, InteractionState};
use domain::ids::{ConversationId, InteractionId, OrganizationId, WorkItemId};
use domain::routing::{Command, Effect, Item, ItemState, OfferState, Refused, Router, Snapshot};
use domain::time::Micros;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::events::Event;
use store::work::WorkItem;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::events::{event, system};
use crate::live::Hub;
use crate::{Ctx, Error, defaults};

/// Requests that may wait.
const INBOX: usize = 8_192;
/// Commands committed together.
const BATCH: usize = 256;
/// Ids remembered so that a late notice of a finished item does not enter it again.
const REMEMBERED: usize = 50_000;

type Answer = Result<Vec<Effect>, Error>;
type Look = Box<dyn FnOnce(&Router) + Send>;

enum Request {
    Apply { command: Box<Command>, links: Option<Links>, actor: Value, answer: Option<oneshot::Sender<Answer>> },
    Look(Look),
    Link { item: WorkItemId, links: Links },
    Reload,
    Stop,
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
    /// [`Error::Refused`] when the router refuses; [`Error::Unavailable`] when the commit failed.
    pub async fn apply(&self, command: Command, actor: Value) -> Answer {
        let (answer, answered) = oneshot::channel();
        let request = Request::Apply { command: Box::new(command), links: None, actor, answer: Some(answer) };
        self.inbox.send(request).await.map_err(|_| GONE)?;
        answered.await.map_err(|_| GONE)?
    }

    /// Hands over a new item without waiting; the feed hands it over again should this get lost.
    pub async fn enqueue(&self, work: &WorkItem) {
        let links = Links { interaction: work.interaction_id, conversation: work.conversation_id };
        let command = Command::Enqueue { item: work.item.clone() };
        let request = Request::Apply { command: Box::new(command), links: Some(links), actor: system(), answer: None };
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

    /// Reads the configuration again, after an administrator changed it.
    pub async fn reload(&self) {
        if self.inbox.send(Request::Reload).await.is_err() {
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
    links: BTreeMap<WorkItemId, Links>,
    entered: BTreeSet<WorkItemId>,
    next_seq: u64,
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
    effect: Effect,
    links: Links,
    event: Option<Event>,
    extra: Option<Event>,
    interval: Uuid,
}

impl Routing {
    async fn rebuild(ctx: Ctx, organization: OrganizationId, hub: Arc<Hub>) -> Result<Self, Error> {
        let now = ctx.now();
        let node = ctx.settings().node.clone();
        let (fence, snapshot, work) = ctx
            .store()
            .write("router.rebuild", (organization, node, now), |tx, (organization, node, now)| {
                Box::pin(async move {
                    let fence = store::organizations::take_lease(tx, organization, &node, now).await?;
                    let work = store::work::live(tx, organization).await?;
                    let snapshot = Snapshot {
                        items: work.iter().filter(|w| w.item.state != ItemState::New).map(|w| w.item.clone()).collect(),
                        offers: store::work::pending_offers(tx, organization).await?,
                        assignments: store::work::live_assignments(tx, organization).await?,
                        presences: store::work::presences(tx, organization).await?,
                        ..defaults::routing_config(tx, organization).await?
                    };
                    Ok::<_, Error>((fence, snapshot, work))
                })
            })
            .await?;
        let links = work
            .iter()
            .map(|w| (w.item.id, Links { interaction: w.interaction_id, conversation: w.conversation_id }))
            .collect();
        let next_seq = work.iter().map(|w| w.item.seq).max().unwrap_or_default() + 1;
        let (router, effects) = Router::restore(snapshot, now.into(), ctx.id_source());
        let mut routing = Self { ctx, organization, hub, router, fence, links, entered: BTreeSet::new(), next_seq };
        routing.commit(effects, &system()).await?;
        for w in work.into_iter().filter(|w| w.item.state == ItemState::New) {
            let outcome = routing.decide(Command::Enqueue { item: w.item });
            routing.commit(outcome.unwrap_or_default(), &system()).await?;
        }
        Ok(routing)
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        loop {
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
        let Some(at) = self.router.next_deadline() else { return Duration::from_secs(3_600) };
        Duration::from_micros(u64::try_from(at.0.saturating_sub(now.0)).unwrap_or_default())
    }

    /// Serves one batch; whether to go on.
    async fn serve(&mut self, batch: Vec<Request>) -> bool {
        let mut pending = Vec::new();
        let mut looks = Vec::new();
        let mut steps = Vec::new();
        let (mut must_reload, mut goes_on) = (false, true);
        for request in batch {
            match request {
                Request::Apply { command, links, actor, answer } => {
                    if let (Some(links), Command::Enqueue { item }) = (links, &*command) {
                        self.links.entry(item.id).or_insert(links);
                    }
                    let outcome = self.decide(*command);
                    if let Ok(effects) = &outcome {
                        steps.extend(self.steps(effects, &actor));
                    }
                    pending.push(Pending { answer, outcome });
                }
                Request::Look(look) => looks.push(look),
                Request::Link { item, links } => drop(self.links.insert(item, links)),
                Request::Reload => must_reload = true,
                Request::Stop => goes_on = false,
            }
        }
        self.settle(steps, pending).await;
        for look in looks {
            look(&self.router);
        }
        if must_reload {
            self.reload().await;
        }
        goes_on
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
        let is_committed = match self.write(steps).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the routing of an organization could not be stored; it is rebuilt");
                self.start_over().await;
                false
            }
        };
        for Pending { answer, outcome } in pending {
            let told = match outcome {
                Ok(effects) if is_committed => Ok(effects),
                Ok(_) => Err(Error::Unavailable("the decision could not be stored; nothing was changed")),
                Err(refused) => Err(refused.into()),
            };
            if let Some(answer) = answer {
                drop(answer.send(told));
            }
        }
    }

    async fn commit(&mut self, effects: Vec<Effect>, actor: &Value) -> Result<(), Error> {
        let steps = self.steps(&effects, actor);
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

    async fn start_over(&mut self) {
        const PAUSE: Duration = Duration::from_millis(500);
        loop {
            match Self::rebuild(self.ctx.clone(), self.organization, Arc::clone(&self.hub)).await {
                Ok(fresh) => {
                    *self = fresh;
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "the router could not be rebuilt; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
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
        let commands = (config.statuses.into_iter().map(|status| Command::PutStatus { status }))
            .chain(config.agents.into_iter().map(|agent| Command::PutAgent { agent }))
            .chain(config.queues.into_iter().map(|queue| Command::PutQueue { queue }));
        let mut steps = Vec::new();
        for command in commands {
            match self.decide(command) {
                Ok(effects) => steps.extend(self.steps(&effects, &system())),
                Err(refused) => tracing::warn!(%refused, "a part of the routing configuration was refused"),
            }
        }
        self.settle(steps, Vec::new()).await;
    }

    /// What a commit writes for these effects; ids are drawn here, so that it can run again.
    fn steps(&mut self, effects: &[Effect], actor: &Value) -> Vec<Step> {
        let now = self.ctx.now();
        let mut steps = Vec::with_capacity(effects.len());
        for effect in effects {
            let links = match effect {
                Effect::Item { item, .. } => self.links_of(item),
                Effect::Offer { .. } | Effect::Assignment { .. } | Effect::Presence { .. } => Links::default(),
            };
            let told = self.told(effect, links);
            let mut make = |(kind, data): (String, Value)| {
                event(self.ctx.new_id(), self.organization, &kind, now, actor.clone(), data)
            };
            steps.push(Step {
                effect: effect.clone(),
                links,
                event: told.map(&mut make),
                extra: owner_change(effect, links).map(&mut make),
                interval: self.ctx.new_id(),
            });
        }
        steps
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
                    (None, _) => "updated",
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

fn tick() -> Request {
    Request::Apply { command: Box::new(Command::Tick), links: None, actor: system(), answer: None }
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
    for step in &*steps {
        match &step.effect {
            Effect::Item { item, row, .. } => {
                store::work::update(tx, organization, item, now).await?;
                follow(tx, organization, item, *row, step.links, now).await?;
            }
            Effect::Offer { offer, .. } => store::work::put_offer(tx, organization, offer, now).await?,
            Effect::Assignment { assignment } => store::work::put_assignment(tx, organization, assignment).await?,
            Effect::Presence { presence, previous_status, reason, .. } => {
                store::work::put_presence(tx, organization, presence, now).await?;
                if presence.status != *previous_status {
                    let (agent, status) = (presence.agent, presence.status);
                    let id = step.interval;
                    store::work::change_interval(tx, organization, id, agent, status, reason, now).await?;
                }
            }
        }
        for event in [&step.event, &step.extra].into_iter().flatten() {
            store::events::insert(tx, event).await?;
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
        ItemState::WrapUp => Some(InteractionState::Wrapping),
        ItemState::Closed if item.close_reason == Some(domain::routing::CloseReason::Completed) => {
            Some(InteractionState::Ended)
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
    if let Some(state) = end {
        let reason = InteractionEnd::Agent;
        store::conversations::end_interaction(tx, organization, interaction, state, reason, now).await?;
    }
    Ok(())
}
