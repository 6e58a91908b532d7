//! The router itself: its state, the order of work inside one command, and how effects are told.

use std::collections::{BTreeMap, BTreeSet};

use super::agents::AgentRec;
use super::classes::Index;
use super::items::{AgentRef, ItemRef, Items, NONE, QueueRef};
use super::offers::Offers;
use super::queues::Queues;
use super::timers::Timers;
use super::types::{Assignment, By, Command, Effect, Item, ItemState, Refused, StatusConfig};
use crate::ids::{AgentId, IdSource, QueueId, StatusId, WorkItemId};
use crate::time::Micros;

/// The routing state of one organization, owned by one task.
///
/// [`Router::apply`] works in memory at once. When the commit of its effects fails, drop the router and
/// rebuild it with [`Router::restore`].
pub struct Router {
    pub(super) ids: Box<dyn IdSource>,
    pub(super) now: Micros,
    pub(super) items: Items,
    pub(super) queues: Queues,
    pub(super) statuses: BTreeMap<StatusId, StatusConfig>,
    pub(super) agents: Vec<AgentRec>,
    pub(super) agent_by: BTreeMap<AgentId, AgentRef>,
    /// Queues that name an agent as a member.
    pub(super) member_of: BTreeMap<AgentId, BTreeSet<QueueRef>>,
    pub(super) index: Index,
    pub(super) offers: Offers,
    pub(super) timers: Timers,
    pub(super) dirty_items: Vec<ItemRef>,
    pub(super) dirty_agents: Vec<AgentRef>,
    /// Queues where room was made, or that should be looked at for it.
    pub(super) roomy: BTreeSet<(QueueId, QueueRef)>,
    /// Agents whose presence record changed without having been told yet.
    pub(super) touched: BTreeMap<AgentId, AgentRef>,
    pub(super) out: Vec<Effect>,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = (self.items.len(), self.agents.len());
        f.debug_struct("Router").field("now", &self.now).field("items_agents", &counts).finish_non_exhaustive()
    }
}

impl Router {
    /// A router that knows nothing yet.
    #[must_use]
    pub fn new(ids: Box<dyn IdSource>) -> Self {
        Self {
            ids,
            now: Micros::default(),
            items: Items::default(),
            queues: Queues::default(),
            statuses: BTreeMap::new(),
            agents: Vec::new(),
            agent_by: BTreeMap::new(),
            member_of: BTreeMap::new(),
            index: Index::default(),
            offers: Offers::default(),
            timers: Timers::new(),
            dirty_items: Vec::new(),
            dirty_agents: Vec::new(),
            roomy: BTreeSet::new(),
            touched: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    /// Carries out what is due, then `command`, then matching until nothing fits.
    ///
    /// Effects are in the order of the tables. Time never goes backwards: an earlier `now` counts as the
    /// latest seen. Presence records that changed only in their counters come last, reason `counters`.
    ///
    /// # Errors
    /// [`Refused`] when the command makes no sense now; it changed nothing. What fell due before it did
    /// happen: those effects come first with the next call, and [`Router::next_deadline`] is due at once,
    /// so a shell that ticks at the deadline tells them without delay.
    pub fn apply(&mut self, command: Command, now: Micros) -> Result<Vec<Effect>, Refused> {
        self.now = self.now.max(now);
        self.run_due();
        let done = self.dispatch(command);
        self.match_and_fill();
        self.tell_touched();
        done.map(|()| std::mem::take(&mut self.out))
    }

    /// When [`Command::Tick`] is due; `None` when nothing waits for time to pass.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        if self.out.is_empty() { self.timers.first().map(|timer| timer.at) } else { Some(self.now) }
    }

    fn dispatch(&mut self, command: Command) -> Result<(), Refused> {
        use Command as C;
        match command {
            C::PutQueue { queue } => self.put_queue(queue),
            C::PutStatus { status } => self.put_status(status),
            C::PutAgent { agent } => self.put_agent(agent),
            C::RemoveAgent { agent } => self.remove_agent(agent),
            C::Enqueue { item } => self.enqueue(item),
            C::Edit { item, priority, secondary, queue } => self.edit(item, priority, secondary, queue),
            C::Cancel { item, reason } => self.cancel(item, reason),
            C::Accept { offer, agent, epoch } => self.accept(offer, agent, epoch),
            C::Decline { offer, agent, epoch, reason } => self.decline(offer, agent, epoch, reason),
            C::Pull { item, agent, by } => self.pull(item, agent, by),
            C::Pause { item, reason } => self.pause(item, reason),
            C::Resume { item } => self.resume(item),
            C::Complete { item } => self.complete(item),
            C::FinishWrapUp { item } => self.finish_wrap_up(item),
            C::ExtendWrapUp { item } => self.extend_wrap_up(item),
            C::Return { item } => self.return_to_active(item),
            C::Transfer { item, new, keep_age } => self.transfer(item, new, keep_age),
            C::Reassign { item, to, by } => self.reassign(item, to, by),
            C::SetPresence { agent, status, is_next, by } => self.set_presence(agent, status, is_next, by),
            C::SessionOpened { agent, session } => self.session_opened(agent, session),
            C::SessionLost { agent, session } => self.session_lost(agent, session),
            C::SignedOut { agent } => self.signed_out(agent),
            C::Tick => Ok(()),
        }
    }

    pub(super) fn find_item(&self, id: WorkItemId) -> Result<ItemRef, Refused> {
        self.items.find(id).ok_or(Refused::UnknownItem)
    }

    pub(super) fn find_queue(&self, id: QueueId) -> Result<QueueRef, Refused> {
        self.queues.find(id).ok_or(Refused::UnknownQueue)
    }

    /// Moves an item to another state and keeps the queue's counts; returns the state before.
    pub(super) fn set_state(&mut self, item: ItemRef, state: ItemState) -> ItemState {
        let record = self.items.get_mut(item);
        let previous = std::mem::replace(&mut record.state, state);
        let (queue, handle, seq) = (self.queues.get_mut(record.queue), record.queue, record.seq);
        queue.waiting -= u32::from(is_waiting(previous));
        queue.waiting += u32::from(is_waiting(state));
        if previous == ItemState::Deferred {
            queue.deferred.remove(&(seq, item));
        }
        if state == ItemState::Deferred && record.extra().wake_at.is_none() {
            queue.deferred.insert((seq, item));
        }
        if is_waiting(previous) && !is_waiting(state) {
            self.note_room(handle);
        }
        previous
    }

    /// The item as the outside sees it.
    pub(super) fn export(&self, item: ItemRef) -> Item {
        let record = self.items.get(item);
        let queue = self.queues.get(record.queue).config.id;
        let agent = (record.agent != NONE).then(|| self.agent(record.agent).id);
        self.items.export(item, queue, agent)
    }

    pub(super) fn tell_item(
        &mut self,
        item: ItemRef,
        previous: Option<ItemState>,
        row: Option<u8>,
        reason: &'static str,
    ) {
        let item = self.export(item);
        self.out.push(Effect::Item { item, previous, row, reason: Some(reason) });
    }

    pub(super) fn tell_assignment(&mut self, assignment: Assignment) {
        self.out.push(Effect::Assignment { assignment });
    }

    pub(super) fn tell_assignments(&mut self, assignments: impl IntoIterator<Item = Assignment>) {
        let effects = assignments.into_iter().map(|assignment| Effect::Assignment { assignment });
        self.out.extend(effects);
    }

    pub(super) fn tell_presence(&mut self, agent: AgentRef, previous_status: StatusId, by: By, reason: &'static str) {
        let presence = self.agent(agent).presence.clone();
        self.touched.remove(&presence.agent);
        self.out.push(Effect::Presence { presence, previous_status, by, reason });
    }

    /// Remembers that an agent's presence record is to be told before the command ends.
    pub(super) fn touch(&mut self, agent: AgentRef) {
        self.touched.insert(self.agent(agent).id, agent);
    }

    pub(super) fn tell_touched(&mut self) {
        while let Some((_, agent)) = self.touched.pop_first() {
            self.tell_presence(agent, self.agent(agent).presence.status, By::System, "counters");
        }
    }

    /// Handles of what an agent holds, in order of arrival, that `choose` wants.
    pub(super) fn held_where(&self, agent: AgentRef, choose: impl Fn(&super::items::ItemRec) -> bool) -> Vec<ItemRef> {
        let held = self.agent(agent).held.iter().copied();
        let mut chosen: Vec<ItemRef> = held.filter(|&item| choose(self.items.get(item))).collect();
        chosen.sort_unstable_by_key(|&item| self.items.get(item).seq);
        chosen
    }
}

/// Queued and offered items still wait for an answer.
pub(super) const fn is_waiting(state: ItemState) -> bool {
    matches!(state, ItemState::Queued | ItemState::Offered)
}
