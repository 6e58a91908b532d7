//! What happens to work outside the matching: entering, editing, ending, and while it is held.
//!
//! # Invariants
//! - Everything is checked before anything is changed.
//! - The sums of an assignment add up to its length to the millisecond (INV-21).
//! - More than capacity allows is held only with the reason logged in the assignment (R-CAP-9).

use super::capacity::Size;
use super::items::{AgentRef, ItemRef, NONE, QueueRef};
use super::offers::End;
use super::order::floor_ms;
use super::requeue::Left;
use super::router::Router;
use super::timers::Due;
use super::types::{
    Assignment, AssignmentEnd, AssignmentState, By, CancelReason, CloseReason, Item, ItemState, Override, PauseReason,
    Pool, Refused, RescindReason,
};
use crate::ids::{AgentId, AssignmentId, OfferId, QueueId, WorkItemId};
use crate::time::Micros;

/// Largest capacity one item may take, in thousandths.
const UNITS_MAX: i64 = 1_000_000_000;

impl Router {
    /// T1 with T2, T3 or T5.
    pub(super) fn enqueue(&mut self, item: Item) -> Result<(), Refused> {
        let queue = self.check_new(&item)?;
        self.enter(item, queue, false);
        Ok(())
    }

    fn check_new(&self, item: &Item) -> Result<QueueRef, Refused> {
        let queue = self.find_queue(item.queue)?;
        if self.items.find(item.id).is_some() {
            return Err(Refused::AlreadyExists);
        }
        if item.state != ItemState::New {
            return Err(Refused::ItemState { state: item.state });
        }
        if !(0..=UNITS_MAX).contains(&item.units_milli) {
            return Err(Refused::OutOfRange("units_milli"));
        }
        check_priority(Some(item.priority), Some(item.secondary))?;
        Ok(queue)
    }

    fn enter(&mut self, mut item: Item, queue: QueueRef, is_transfer: bool) {
        item.enqueued_at = item.enqueued_at.min(self.now);
        item.attempt = 0;
        item.pause_reason = None;
        item.close_reason = None;
        item.cancel_reason = None;
        item.excluded.clear();
        item.wrap_up_deadline = None;
        item.extensions_used = 0;
        item.wake_at = item.wake_at.filter(|&at| at > self.now);
        let item = self.items.insert(item, queue);
        self.tell_item(item, None, Some(1), "created");
        if self.items.get(item).extra().wake_at.is_some() {
            self.defer(item, "scheduled");
        } else {
            self.place(item, is_transfer);
        }
    }

    pub(super) fn queue_up(&mut self, item: ItemRef, row: u8, reason: &'static str) {
        let previous = self.set_state(item, ItemState::Queued);
        self.tell_item(item, Some(previous), Some(row), reason);
        self.put_in_line(item);
    }

    /// T3. Without `wake_at` the item wakes when its queue opens or has room.
    pub(super) fn defer(&mut self, item: ItemRef, reason: &'static str) {
        let previous = self.set_state(item, ItemState::Deferred);
        if let Some(at) = self.items.get(item).extra().wake_at {
            self.arm_item(at, Due::Wake, item);
        }
        self.tell_item(item, Some(previous), Some(3), reason);
    }

    /// T4 by the clock; while the queue is closed the item waits for its opening.
    pub(super) fn wake(&mut self, item: ItemRef) {
        self.items.get_mut(item).extra_mut().wake_at = None;
        let queue = self.items.get(item).queue;
        if self.queues.get(queue).config.is_open {
            self.queue_up(item, 4, "woken");
        } else {
            let seq = self.items.get(item).seq;
            self.queues.get_mut(queue).deferred.insert((seq, item));
            self.tell_item(item, Some(ItemState::Deferred), None, "queue_closed");
        }
    }

    /// T8.
    pub(super) fn edit(
        &mut self,
        item: WorkItemId,
        priority: Option<u8>,
        secondary: Option<u8>,
        queue: Option<QueueId>,
    ) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::Queued])?;
        check_priority(priority, secondary)?;
        let queue = queue.map(|queue| self.find_queue(queue)).transpose()?;
        self.take_out_of_line(item);
        let record = self.items.get_mut(item);
        record.priority = priority.unwrap_or(record.priority);
        record.secondary = secondary.unwrap_or(record.secondary);
        if let Some(queue) = queue {
            self.move_to_queue(item, queue);
        }
        self.tell_item(item, Some(ItemState::Queued), Some(8), "edited");
        self.put_in_line(item);
        Ok(())
    }

    /// The strict class is the new queue's; who was left out there was not asked yet.
    fn move_to_queue(&mut self, item: ItemRef, queue: QueueRef) {
        let record = self.items.get_mut(item);
        let old = std::mem::replace(&mut record.queue, queue);
        if old == queue {
            return;
        }
        record.tier = self.queues.get(queue).config.tier;
        if !record.extra().excluded.is_empty() {
            record.extra_mut().excluded.clear();
        }
        self.queues.get_mut(old).waiting -= 1;
        self.queues.get_mut(queue).waiting += 1;
        self.note_room(old);
    }

    /// T9, T22, T24.
    pub(super) fn cancel(&mut self, item: WorkItemId, reason: CancelReason) -> Result<(), Refused> {
        use CancelReason as R;
        let item = self.find_item(item)?;
        let state = self.items.get(item).state;
        let may = match state {
            ItemState::Queued | ItemState::Offered => true,
            ItemState::Deferred => {
                matches!(reason, R::Withdrawn | R::Merged | R::Supervisor | R::CallbackUnreachable | R::Blocked)
            }
            ItemState::Active | ItemState::Paused => {
                matches!(reason, R::Merged | R::Supervisor | R::Blocked)
            }
            ItemState::New | ItemState::WrapUp | ItemState::Closed | ItemState::Cancelled => false,
        };
        if !may {
            return Err(Refused::ItemState { state });
        }
        match state {
            ItemState::Active | ItemState::Paused => self.cancel_held(item, reason),
            ItemState::Deferred => self.end_waiting(item, reason, 22),
            _ => self.end_waiting(item, reason, 9),
        }
        Ok(())
    }

    pub(super) fn end_waiting(&mut self, item: ItemRef, reason: CancelReason, row: u8) {
        self.take_out_of_line(item);
        self.disarm_item(self.items.get(item).extra().wake_at, Due::Wake, item);
        self.end_offer(item, End::Cancelled);
        if self.items.get(item).agent != NONE {
            self.let_go(item);
        }
        let previous = self.set_state(item, ItemState::Cancelled);
        self.items.get_mut(item).cancel_reason = Some(reason);
        self.tell_item(item, Some(previous), Some(row), cancel_word(reason));
        self.items.remove(item);
    }

    fn cancel_held(&mut self, item: ItemRef, reason: CancelReason) {
        let end = if reason == CancelReason::Merged { AssignmentEnd::Merged } else { AssignmentEnd::Completed };
        self.items.get_mut(item).cancel_reason = Some(reason);
        let agent = self.end_held(item, ItemState::Cancelled, end, (24, cancel_word(reason)));
        self.items.remove(item);
        self.after_release(agent);
    }

    /// T12. An offer to anybody is taken back first (T11).
    pub(super) fn pull(&mut self, item: WorkItemId, agent: AgentId, by: By) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        let agent = self.find_agent(agent)?;
        self.check_not_held(item)?;
        self.check_state(item, &[ItemState::Queued, ItemState::Offered])?;
        let (why, lost, word) = match by {
            By::Agent(_) => (Override::SelfPick, RescindReason::LostRace, "self_pick"),
            By::Supervisor(_) | By::System => {
                (Override::SupervisorAssign, RescindReason::Supervisor, "supervisor_assign")
            }
        };
        if self.items.get(item).state == ItemState::Offered {
            self.requeue_offered(item, End::Rescinded(lost), Left::Gap);
        }
        self.take_out_of_line(item);
        let why = self.over(agent, item).then_some(why);
        self.hold(agent, item);
        let assignment = self.activate(item, agent, None, why);
        self.tell_item(item, Some(ItemState::Queued), Some(12), word);
        self.tell_assignment(assignment);
        self.interrupt_for(item, agent);
        Ok(())
    }

    fn check_not_held(&self, item: ItemRef) -> Result<(), Refused> {
        let record = self.items.get(item);
        if record.state.is_held() {
            return Err(Refused::AlreadyAssigned { agent: self.agent(record.agent).id });
        }
        Ok(())
    }

    fn check_state(&self, item: ItemRef, allowed: &[ItemState]) -> Result<(), Refused> {
        let state = self.items.get(item).state;
        if allowed.contains(&state) { Ok(()) } else { Err(Refused::ItemState { state }) }
    }

    fn over(&self, agent: AgentRef, item: ItemRef) -> bool {
        self.agent(agent).no_room(Size::of(self.items.get(item))).is_some()
    }

    /// Makes a held item active with a new assignment, which is returned to be told.
    pub(super) fn activate(
        &mut self,
        item: ItemRef,
        agent: AgentRef,
        offer: Option<OfferId>,
        override_reason: Option<Override>,
    ) -> Assignment {
        self.set_state(item, ItemState::Active);
        let assignment = Assignment {
            id: AssignmentId(self.ids.next_id()),
            item: self.items.get(item).id,
            agent: self.agent(agent).id,
            offer,
            state: AssignmentState::Active,
            started_at: self.now,
            state_since: self.now,
            ended_at: None,
            end_reason: None,
            active_ms: 0,
            paused_ms: 0,
            wrap_up_ms: 0,
            override_reason,
        };
        let (now, record) = (self.now, self.items.get_mut(item));
        let kind = record.kind;
        let extra = record.extra_mut();
        extra.excluded.clear();
        extra.assignment = Some(assignment.clone());
        self.agent_mut(agent).presence.last_assigned.insert(kind, now);
        self.touch(agent);
        self.note_load(agent);
        assignment
    }

    /// T13 for what an exclusive item interrupts; offers ringing beside it are taken back.
    pub(super) fn interrupt_for(&mut self, item: ItemRef, agent: AgentRef) {
        if !self.items.get(item).kind.is_exclusive() {
            return;
        }
        let others =
            self.held_where(agent, |other| other.state == ItemState::Active && other.pool == Pool::Interruptible);
        for other in others.into_iter().filter(|&other| other != item) {
            self.set_paused(other, PauseReason::Interrupted);
        }
        self.rescind_all(agent, RescindReason::LostRace);
    }

    /// T14, last interrupted first, once nothing exclusive is held any longer.
    pub(super) fn resume_interrupted(&mut self, agent: AgentRef) {
        if self.is_in_exclusive_work(agent) {
            return;
        }
        let mut interrupted = self.held_where(agent, super::items::ItemRec::is_interrupted);
        interrupted.reverse();
        let since = |item: ItemRef| self.items.get(item).extra().assignment.as_ref().map(|held| held.state_since);
        interrupted.sort_by_key(|&item| std::cmp::Reverse(since(item)));
        for item in interrupted {
            self.set_active(item, (14, "interruption_over"));
        }
    }

    fn is_in_exclusive_work(&self, agent: AgentRef) -> bool {
        let exclusive = |item: &super::items::ItemRec| item.kind.is_exclusive() && item.state.is_held();
        !self.held_where(agent, exclusive).is_empty()
    }

    pub(super) fn pause(&mut self, item: WorkItemId, reason: PauseReason) -> Result<(), Refused> {
        if reason == PauseReason::Interrupted {
            return Err(Refused::OutOfRange("reason: the router alone interrupts"));
        }
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::Active])?;
        self.set_paused(item, reason);
        Ok(())
    }

    fn set_paused(&mut self, item: ItemRef, reason: PauseReason) {
        let previous = self.set_state(item, ItemState::Paused);
        self.items.get_mut(item).extra_mut().pause_reason = Some(reason);
        let assignment = self.turn_assignment(item, AssignmentState::Paused, None);
        self.note_load(self.items.get(item).agent);
        let word = match reason {
            PauseReason::Interrupted => "interrupted",
            PauseReason::Agent => "agent",
            PauseReason::WaitingCustomer => "waiting_customer",
            PauseReason::Snoozed => "snoozed",
        };
        self.tell_item(item, Some(previous), Some(13), word);
        self.tell_assignments(assignment);
    }

    pub(super) fn resume(&mut self, item: WorkItemId) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::Paused])?;
        let record = self.items.get(item);
        if record.is_interrupted() && self.is_in_exclusive_work(record.agent) {
            return Err(Refused::ItemState { state: record.state });
        }
        self.set_active(item, (14, "resumed"));
        Ok(())
    }

    /// Back to active; what counts again may be over capacity, which is logged.
    fn set_active(&mut self, item: ItemRef, (row, reason): (u8, &'static str)) {
        let was_interrupted = self.items.get(item).is_interrupted();
        let previous = self.set_state(item, ItemState::Active);
        self.items.get_mut(item).extra_mut().pause_reason = None;
        let agent = self.items.get(item).agent;
        self.note_load(agent);
        let record = self.agent(agent);
        let total = record.sums.primary + record.sums.interruptible;
        let is_over = was_interrupted && total > record.config.cap_interruptible_milli;
        let why = is_over.then_some(Override::IdleReturn);
        let assignment = self.turn_assignment(item, AssignmentState::Active, why);
        self.tell_item(item, Some(previous), Some(row), reason);
        self.tell_assignments(assignment);
    }

    /// T15.
    pub(super) fn complete(&mut self, item: WorkItemId) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::Active, ItemState::Paused])?;
        let wrap_up_ms = self.queues.get(self.items.get(item).queue).config.wrap_up_ms;
        if wrap_up_ms > 0 {
            self.begin_wrap_up(item, self.now.plus_ms(wrap_up_ms));
        } else {
            self.close(item, CloseReason::Completed, AssignmentEnd::Completed, (15, "completed"));
        }
        Ok(())
    }

    fn begin_wrap_up(&mut self, item: ItemRef, until: Micros) {
        let previous = self.set_state(item, ItemState::WrapUp);
        let extra = self.items.get_mut(item).extra_mut();
        extra.pause_reason = None;
        extra.wrap_up_deadline = Some(until);
        extra.extensions_used = 0;
        self.arm_item(until, Due::WrapUp, item);
        let assignment = self.turn_assignment(item, AssignmentState::WrapUp, None);
        self.note_load(self.items.get(item).agent);
        self.tell_item(item, Some(previous), Some(15), "wrap_up");
        self.tell_assignments(assignment);
    }

    pub(super) fn finish_wrap_up(&mut self, item: WorkItemId) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::WrapUp])?;
        self.close_wrap_up(item, "finished");
        Ok(())
    }

    /// T16.
    pub(super) fn close_wrap_up(&mut self, item: ItemRef, reason: &'static str) {
        self.close(item, CloseReason::Completed, AssignmentEnd::Completed, (16, reason));
    }

    fn close(&mut self, item: ItemRef, close: CloseReason, end: AssignmentEnd, row: (u8, &'static str)) {
        self.items.get_mut(item).close_reason = Some(close);
        let agent = self.end_held(item, ItemState::Closed, end, row);
        self.items.remove(item);
        self.after_release(agent);
    }

    pub(super) fn extend_wrap_up(&mut self, item: WorkItemId) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::WrapUp])?;
        let config = &self.queues.get(self.items.get(item).queue).config;
        let extra = self.items.get(item).extra();
        if extra.extensions_used >= config.wrap_up_extensions_max {
            return Err(Refused::NoExtensionLeft);
        }
        let old = extra.wrap_up_deadline;
        let until = old.unwrap_or(self.now).plus_ms(config.wrap_up_extension_ms);
        self.disarm_item(old, Due::WrapUp, item);
        self.arm_item(until, Due::WrapUp, item);
        let extra = self.items.get_mut(item).extra_mut();
        extra.wrap_up_deadline = Some(until);
        extra.extensions_used += 1;
        self.tell_item(item, Some(ItemState::WrapUp), None, "wrap_up_extended");
        Ok(())
    }

    /// T17.
    pub(super) fn return_to_active(&mut self, item: WorkItemId) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::WrapUp])?;
        self.stop_wrap_up(item);
        let previous = self.set_state(item, ItemState::Active);
        let agent = self.items.get(item).agent;
        self.note_load(agent);
        let assignment = self.turn_assignment(item, AssignmentState::Active, Some(Override::Reopen));
        self.tell_item(item, Some(previous), Some(17), "customer_returned");
        self.tell_assignments(assignment);
        self.interrupt_for(item, agent);
        Ok(())
    }

    fn stop_wrap_up(&mut self, item: ItemRef) {
        if self.items.get(item).state == ItemState::WrapUp {
            let at = self.items.get_mut(item).extra_mut().wrap_up_deadline.take();
            self.disarm_item(at, Due::WrapUp, item);
        }
    }

    /// T18.
    pub(super) fn transfer(&mut self, item: WorkItemId, mut new: Item, keep_age: bool) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        self.check_state(item, &[ItemState::Active, ItemState::Paused])?;
        let queue = self.check_new(&new)?;
        let old = self.items.get(item);
        new.previous = Some(old.id);
        new.enqueued_at = self.now;
        new.age_adjust_ms = if keep_age {
            let waited_ms = floor_ms(self.now).saturating_sub(floor_ms(old.enqueued_at));
            waited_ms.saturating_add(old.age_adjust_ms)
        } else {
            0
        };
        let record = self.items.get_mut(item);
        record.close_reason = Some(CloseReason::Transferred);
        let agent = self.end_held(item, ItemState::Closed, AssignmentEnd::Transferred, (18, "transferred"));
        self.items.remove(item);
        self.enter(new, queue, true);
        self.after_release(agent);
        Ok(())
    }

    /// T20, forced: the target holds it at once.
    pub(super) fn reassign(&mut self, item: WorkItemId, to: AgentId, _by: By) -> Result<(), Refused> {
        let item = self.find_item(item)?;
        let to = self.find_agent(to)?;
        self.check_state(item, &[ItemState::Active, ItemState::Paused, ItemState::WrapUp])?;
        let from = self.items.get(item).agent;
        if from == to {
            return Err(Refused::AlreadyAssigned { agent: self.agent(to).id });
        }
        let previous = self.items.get(item).state;
        let old = self.put_down(item, AssignmentEnd::Reassigned);
        let why = self.over(to, item).then_some(Override::Reassign);
        self.hold(to, item);
        let new = self.activate(item, to, None, why);
        self.tell_item(item, Some(previous), Some(20), "reassigned");
        self.tell_assignments(old.into_iter().chain([new]));
        self.interrupt_for(item, to);
        self.after_release(from);
        Ok(())
    }

    /// Ends the hold on an item and its assignment, tells both, and returns who held it.
    pub(super) fn end_held(
        &mut self,
        item: ItemRef,
        to: ItemState,
        end: AssignmentEnd,
        (row, reason): (u8, &'static str),
    ) -> AgentRef {
        let agent = self.items.get(item).agent;
        let assignment = self.put_down(item, end);
        let previous = self.set_state(item, to);
        self.tell_item(item, Some(previous), Some(row), reason);
        self.tell_assignments(assignment);
        agent
    }

    /// Takes a held item out of its agent's hands; the ended assignment is returned to be told.
    fn put_down(&mut self, item: ItemRef, end: AssignmentEnd) -> Option<Assignment> {
        self.stop_wrap_up(item);
        let now = self.now;
        let extra = self.items.get_mut(item).extra_mut();
        extra.pause_reason = None;
        extra.extensions_used = 0;
        let mut assignment = extra.assignment.take();
        if let Some(ended) = &mut assignment {
            turn(ended, AssignmentState::Ended, now);
            ended.ended_at = Some(now);
            ended.end_reason = Some(end);
        }
        let agent = self.items.get(item).agent;
        if end != AssignmentEnd::Lost {
            self.note_handled(agent);
        }
        self.let_go(item);
        assignment
    }

    /// Handled work ended: idle time starts again, within a shift.
    fn note_handled(&mut self, agent: AgentRef) {
        let (now, presence) = (self.now, &mut self.agent_mut(agent).presence);
        if presence.idle_since.is_some_and(|since| since != now) {
            presence.idle_since = Some(now);
            self.touch(agent);
        }
    }

    fn turn_assignment(&mut self, item: ItemRef, state: AssignmentState, why: Option<Override>) -> Option<Assignment> {
        let now = self.now;
        let assignment = self.items.get_mut(item).extra_mut().assignment.as_mut()?;
        turn(assignment, state, now);
        assignment.override_reason = why.or(assignment.override_reason);
        Some(assignment.clone())
    }
}

/// Books the time of the state that ends and begins the next.
fn turn(assignment: &mut Assignment, state: AssignmentState, now: Micros) {
    let spent_ms = floor_ms(now).saturating_sub(floor_ms(assignment.state_since)).max(0);
    match assignment.state {
        AssignmentState::Active => assignment.active_ms += spent_ms,
        AssignmentState::Paused => assignment.paused_ms += spent_ms,
        AssignmentState::WrapUp => assignment.wrap_up_ms += spent_ms,
        AssignmentState::Ended => {}
    }
    assignment.state = state;
    assignment.state_since = now;
}

fn check_priority(priority: Option<u8>, secondary: Option<u8>) -> Result<(), Refused> {
    if priority.is_some_and(|priority| priority > 100) {
        return Err(Refused::OutOfRange("priority"));
    }
    if secondary.is_some_and(|secondary| secondary > 9) {
        return Err(Refused::OutOfRange("secondary"));
    }
    Ok(())
}

fn cancel_word(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::Abandoned => "abandoned",
        CancelReason::Withdrawn => "withdrawn",
        CancelReason::Merged => "merged",
        CancelReason::Rejected => "rejected",
        CancelReason::CallbackUnreachable => "callback_unreachable",
        CancelReason::Supervisor => "supervisor",
        CancelReason::Blocked => "blocked",
    }
}
