//! Whether a queue takes work in: closed and full queues, overflow, and who comes in when there is room.
//!
//! # Invariants
//! - Nothing is dropped: what a queue does not take waits, goes on, or is refused with its reason.
//! - An open queue with room has nothing deferred but what waits for the clock.
//! - On its way in an item passes at most [`HOPS_MAX`] queues (R-OVF-1), whatever the configuration says.

use super::items::{ItemRef, QueueRef};
use super::router::Router;
use super::types::{CancelReason, Spill};

/// Most queues an item is handed on by.
const HOPS_MAX: u32 = 5;

/// Why a queue does not take an item, in words for its history: when it waits, and when it goes on.
struct Obstacle {
    spill: Spill,
    waits: &'static str,
    goes_on: &'static str,
}

impl Router {
    /// T2, T3 or T5: into line, put off, handed on or refused, as the queues on the way say.
    pub(super) fn place(&mut self, item: ItemRef, is_transfer: bool) {
        for _ in 0..HOPS_MAX {
            let Some(obstacle) = self.obstacle(item, is_transfer) else {
                return self.queue_up(item, 2, "queued");
            };
            let target = match obstacle.spill {
                Spill::Overflow { queue } => self.queues.find(queue),
                Spill::Reject if !is_transfer => return self.end_waiting(item, CancelReason::Rejected, 5),
                Spill::Reject | Spill::Wait => None,
            };
            let Some(target) = target else {
                return self.defer(item, obstacle.waits);
            };
            self.hand_on(item, target, obstacle.goes_on);
        }
        self.defer(item, "overflow_limit");
        self.note_room(self.items.get(item).queue);
    }

    /// Transfers are let in beyond the limit: their customer was inside already.
    fn obstacle(&self, item: ItemRef, is_transfer: bool) -> Option<Obstacle> {
        let queue = self.queues.get(self.items.get(item).queue);
        if !queue.config.is_open {
            let spill = queue.config.on_closed;
            return Some(Obstacle { spill, waits: "queue_closed", goes_on: "overflow_closed" });
        }
        let spill = queue.config.on_full;
        (queue.is_full() && !is_transfer).then_some(Obstacle { spill, waits: "queue_full", goes_on: "overflow_full" })
    }

    /// T5 to another queue, before the item ever stood in line.
    fn hand_on(&mut self, item: ItemRef, queue: QueueRef, reason: &'static str) {
        let tier = self.queues.get(queue).config.tier;
        let record = self.items.get_mut(item);
        record.queue = queue;
        record.tier = tier;
        let state = record.state;
        self.tell_item(item, Some(state), Some(5), reason);
    }

    /// Remembers to look whether somebody who waits for room may come in.
    pub(super) fn note_room(&mut self, queue: QueueRef) {
        let id = self.queues.get(queue).config.id;
        self.roomy.insert((id, queue));
    }

    /// T4 for what waits for the opening or for room, oldest first, while there is room.
    pub(super) fn fill(&mut self, queue: QueueRef, reason: &'static str) -> bool {
        let mut has_filled = false;
        while let Some(item) = self.next_in(queue) {
            self.queue_up(item, 4, reason);
            has_filled = true;
        }
        has_filled
    }

    fn next_in(&self, queue: QueueRef) -> Option<ItemRef> {
        let queue = self.queues.get(queue);
        let takes = queue.is_known && queue.config.is_open && !queue.is_full();
        queue.deferred.first().filter(|_| takes).map(|&(_, item)| item)
    }

    /// Offers until nothing fits and nobody waits for room that is there.
    pub(super) fn match_and_fill(&mut self) {
        loop {
            self.run_matching();
            let mut has_filled = false;
            while let Some((_, queue)) = self.roomy.pop_first() {
                has_filled |= self.fill(queue, "room");
            }
            if !has_filled {
                return;
            }
        }
    }
}
