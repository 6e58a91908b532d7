//! Queues as the router keeps them.
//!
//! # Invariants
//! - A queue named by a member or an item before it was put is a *ghost*: it has no members and commands
//!   that name it are refused.
//! - `waiting` counts the queue's items that are queued or offered.

use std::collections::{BTreeMap, BTreeSet};

use super::items::{ClassRef, ItemRef, QueueRef};
use super::types::{AgentModel, Pool, QueueConfig, Spill};
use crate::ids::QueueId;

/// A queue with what the router counts.
#[derive(Debug)]
pub(super) struct QueueRec {
    pub config: QueueConfig,
    pub is_known: bool,
    /// Queued and offered items.
    pub waiting: u32,
    /// Deferred items that wait for the opening or for room, by sequence; not those that wake by the clock.
    pub deferred: BTreeSet<(u64, ItemRef)>,
    /// Classes of this queue, in order of interning.
    pub classes: Vec<ClassRef>,
    /// Distinct membership delays in ms, ascending, 0 first.
    pub delays: Vec<i64>,
}

impl QueueRec {
    /// As many wait as may.
    pub fn is_full(&self) -> bool {
        self.config.max_waiting > 0 && self.waiting >= self.config.max_waiting
    }
}

/// All queues.
#[derive(Debug, Default)]
pub(super) struct Queues {
    slots: Vec<QueueRec>,
    by_id: BTreeMap<QueueId, QueueRef>,
}

impl Queues {
    /// A queue that was put.
    pub fn find(&self, id: QueueId) -> Option<QueueRef> {
        self.by_id.get(&id).copied().filter(|&queue| self.get(queue).is_known)
    }

    /// The handle of a queue, a ghost if it was not put yet.
    pub fn intern(&mut self, id: QueueId) -> QueueRef {
        let slots = &mut self.slots;
        *self.by_id.entry(id).or_insert_with(|| {
            slots.push(ghost(id));
            u32::try_from(slots.len() - 1).expect("invariant: fewer than 2^32 queues")
        })
    }

    pub fn get(&self, queue: QueueRef) -> &QueueRec {
        &self.slots[queue as usize]
    }

    pub fn get_mut(&mut self, queue: QueueRef) -> &mut QueueRec {
        &mut self.slots[queue as usize]
    }

    /// Every queue with its handle, by id.
    pub fn iter(&self) -> impl Iterator<Item = (QueueRef, &QueueRec)> {
        self.by_id.values().map(|&queue| (queue, self.get(queue)))
    }
}

/// The delays of a queue's members, 0 first.
pub(super) fn distinct_delays(config: &QueueConfig) -> Vec<i64> {
    let mut delays: Vec<i64> = config.members.iter().map(|member| member.delay_ms).chain([0]).collect();
    delays.sort_unstable();
    delays.dedup();
    delays
}

fn ghost(id: QueueId) -> QueueRec {
    let config = QueueConfig {
        id,
        tier: 0,
        agent_model: AgentModel::LongestIdle,
        units_milli: 0,
        pool: Pool::Primary,
        offer_timeout_ms: 0,
        auto_accept: false,
        misses_before_away: 0,
        exclusion_ttl_ms: 0,
        retry_gap_ms: 0,
        wrap_up_ms: 0,
        wrap_up_extension_ms: 0,
        wrap_up_extensions_max: 0,
        wrap_up_code_required: false,
        is_open: true,
        on_closed: Spill::Wait,
        max_waiting: 0,
        on_full: Spill::Wait,
        members: Vec::new(),
    };
    QueueRec { config, is_known: false, waiting: 0, deferred: BTreeSet::new(), classes: Vec::new(), delays: vec![0] }
}
