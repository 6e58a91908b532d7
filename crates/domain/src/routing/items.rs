//! Waiting and held items, kept small: a hot record per item and a box for what few items have.
//!
//! # Invariants
//! - A handle is valid from `insert` to `remove`; terminal items are removed once they are told.
//! - `RequiredRef` 0 is the empty set of skills.

use std::collections::BTreeMap;

use super::order::{Key, boost_ms, floor_ms};
use super::types::{Assignment, CancelReason, CloseReason, Item, ItemState, PauseReason, Pool, Preferred, RoutingKind};
use crate::ids::{AgentId, CustomerId, OfferId, QueueId, SkillId, WorkItemId};
use crate::time::Micros;

/// Handle of an item.
pub(super) type ItemRef = u32;
/// Handle of an agent.
pub(super) type AgentRef = u32;
/// Handle of a queue.
pub(super) type QueueRef = u32;
/// Handle of an interned set of required skills.
pub(super) type RequiredRef = u32;
/// Handle of a demand class.
pub(super) type ClassRef = u32;

/// No handle.
pub(super) const NONE: u32 = u32::MAX;

/// Where a queued item waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It does not wait in an index.
    Out,
    /// In the ordered set of its class.
    Main,
    /// In the side list of its class: somebody is left out for now.
    Side,
    /// In the list of the agent it prefers.
    Preferred,
}

/// An item as the router keeps it.
#[derive(Debug)]
pub(super) struct ItemRec {
    pub id: WorkItemId,
    pub customer: Option<CustomerId>,
    pub enqueued_at: Micros,
    pub age_adjust_ms: i64,
    pub seq: u64,
    pub queue: QueueRef,
    pub required: RequiredRef,
    /// Holder or the one being asked; [`NONE`] when nobody.
    pub agent: AgentRef,
    /// Class it waits in while `place` is `Main` or `Side`.
    pub class: ClassRef,
    pub units: u32,
    pub attempt: u32,
    pub kind: RoutingKind,
    pub pool: Pool,
    pub state: ItemState,
    pub place: Place,
    pub priority: u8,
    pub secondary: u8,
    pub tier: u8,
    pub close_reason: Option<CloseReason>,
    pub cancel_reason: Option<CancelReason>,
    extra: Option<Box<Extra>>,
}

/// What only few items have at a time.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pub previous: Option<WorkItemId>,
    pub preferred: Option<Preferred>,
    pub excluded: Vec<(AgentId, Micros)>,
    pub wake_at: Option<Micros>,
    pub wrap_up_deadline: Option<Micros>,
    pub extensions_used: u32,
    pub pause_reason: Option<PauseReason>,
    pub assignment: Option<Assignment>,
    pub offer: Option<OfferId>,
    /// When its place must be looked at again.
    pub recheck_at: Option<Micros>,
}

static PLAIN: Extra = Extra {
    previous: None,
    preferred: None,
    excluded: Vec::new(),
    wake_at: None,
    wrap_up_deadline: None,
    extensions_used: 0,
    pause_reason: None,
    assignment: None,
    offer: None,
    recheck_at: None,
};

impl ItemRec {
    /// The static order key.
    pub fn key(&self) -> Key {
        let at_ms = floor_ms(self.enqueued_at)
            .saturating_sub(self.age_adjust_ms)
            .saturating_sub(boost_ms(self.priority, self.secondary));
        Key { tier: self.tier, at_ms, seq: self.seq }
    }

    /// The rare fields, to read.
    pub fn extra(&self) -> &Extra {
        self.extra.as_deref().unwrap_or(&PLAIN)
    }

    /// The rare fields, to write.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Whether `agent` is left out at `now`.
    pub fn excludes(&self, agent: AgentId, now: Micros) -> bool {
        self.extra().excluded.iter().any(|&(who, until)| who == agent && until > now)
    }

    /// It came by transfer.
    pub fn is_transfer(&self) -> bool {
        self.extra().previous.is_some()
    }

    /// Whom it waits for alone at `now`.
    pub fn preferred_at(&self, now: Micros) -> Option<Preferred> {
        self.extra().preferred.filter(|preferred| now < preferred.until)
    }

    /// It is held and interrupted, so it takes no capacity.
    pub fn is_interrupted(&self) -> bool {
        self.state == ItemState::Paused && self.extra().pause_reason == Some(PauseReason::Interrupted)
    }
}

/// All live items.
#[derive(Debug, Default)]
pub(super) struct Items {
    slab: Vec<Option<ItemRec>>,
    free: Vec<ItemRef>,
    by_id: BTreeMap<WorkItemId, ItemRef>,
    required: Vec<Box<[(SkillId, u8)]>>,
    required_by: BTreeMap<Box<[(SkillId, u8)]>, RequiredRef>,
}

impl Items {
    /// Number of live items.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The handle of an item.
    pub fn find(&self, id: WorkItemId) -> Option<ItemRef> {
        self.by_id.get(&id).copied()
    }

    /// Every live item with its handle, by id.
    pub fn iter(&self) -> impl Iterator<Item = (ItemRef, &ItemRec)> {
        self.by_id.values().map(|&item| (item, self.get(item)))
    }

    /// The record of a live item.
    pub fn get(&self, item: ItemRef) -> &ItemRec {
        self.slab[item as usize].as_ref().expect("invariant: the handle is of a live item")
    }

    /// The record of a live item, to change.
    pub fn get_mut(&mut self, item: ItemRef) -> &mut ItemRec {
        self.slab[item as usize].as_mut().expect("invariant: the handle is of a live item")
    }

    /// The record behind a handle that may be stale.
    pub fn find_live(&self, item: ItemRef) -> Option<&ItemRec> {
        self.slab.get(item as usize)?.as_ref()
    }

    /// Keeps an item of `queue`, in its own state and in no index.
    pub fn insert(&mut self, item: Item, queue: QueueRef) -> ItemRef {
        let id = item.id;
        let required = self.intern_required(&item.required);
        let record = Some(record(item, queue, required));
        let handle = match self.free.pop() {
            Some(free) => {
                self.slab[free as usize] = record;
                free
            }
            None => {
                self.slab.push(record);
                u32::try_from(self.slab.len() - 1).expect("invariant: fewer than 2^32 live items")
            }
        };
        self.by_id.insert(id, handle);
        handle
    }

    /// Forgets an item.
    pub fn remove(&mut self, item: ItemRef) {
        if let Some(gone) = self.slab[item as usize].take() {
            self.by_id.remove(&gone.id);
            self.free.push(item);
        }
    }

    /// The skills of an interned set, in order.
    pub fn required(&self, required: RequiredRef) -> &[(SkillId, u8)] {
        &self.required[required as usize]
    }

    fn intern_required(&mut self, skills: &BTreeMap<SkillId, u8>) -> RequiredRef {
        if self.required.is_empty() {
            self.add_required(Box::default());
        }
        if skills.is_empty() {
            return 0;
        }
        let skills: Box<[_]> = skills.iter().map(|(&skill, &level)| (skill, level)).collect();
        self.required_by.get(&skills).copied().unwrap_or_else(|| self.add_required(skills))
    }

    fn add_required(&mut self, skills: Box<[(SkillId, u8)]>) -> RequiredRef {
        let handle = u32::try_from(self.required.len()).expect("invariant: fewer than 2^32 skill sets");
        self.required.push(skills.clone());
        self.required_by.insert(skills, handle);
        handle
    }

    /// The item as the outside sees it.
    pub fn export(&self, item: ItemRef, queue: QueueId, agent: Option<AgentId>) -> Item {
        let record = self.get(item);
        let extra = record.extra();
        Item {
            id: record.id,
            queue,
            kind: record.kind,
            customer: record.customer,
            priority: record.priority,
            secondary: record.secondary,
            tier: record.tier,
            enqueued_at: record.enqueued_at,
            age_adjust_ms: record.age_adjust_ms,
            seq: record.seq,
            units_milli: i64::from(record.units),
            pool: record.pool,
            required: self.required(record.required).iter().copied().collect(),
            preferred: extra.preferred,
            state: record.state,
            pause_reason: extra.pause_reason,
            close_reason: record.close_reason,
            cancel_reason: record.cancel_reason,
            attempt: record.attempt,
            agent,
            assignment: extra.assignment.as_ref().map(|assignment| assignment.id),
            excluded: extra.excluded.clone(),
            wake_at: extra.wake_at,
            wrap_up_deadline: extra.wrap_up_deadline,
            extensions_used: extra.extensions_used,
            previous: extra.previous,
        }
    }
}

fn record(item: Item, queue: QueueRef, required: RequiredRef) -> ItemRec {
    let mut record = ItemRec {
        id: item.id,
        customer: item.customer,
        enqueued_at: item.enqueued_at,
        age_adjust_ms: item.age_adjust_ms,
        seq: item.seq,
        queue,
        required,
        agent: NONE,
        class: NONE,
        units: u32::try_from(item.units_milli).unwrap_or(u32::MAX),
        attempt: item.attempt,
        kind: item.kind,
        pool: item.pool,
        state: item.state,
        place: Place::Out,
        priority: item.priority,
        secondary: item.secondary,
        tier: item.tier,
        close_reason: item.close_reason,
        cancel_reason: item.cancel_reason,
        extra: None,
    };
    let extra = Extra {
        previous: item.previous,
        preferred: item.preferred,
        excluded: item.excluded,
        wake_at: item.wake_at,
        wrap_up_deadline: item.wrap_up_deadline,
        extensions_used: item.extensions_used,
        pause_reason: item.pause_reason,
        assignment: None,
        offer: None,
        recheck_at: None,
    };
    if !extra.is_plain() {
        record.extra = Some(Box::new(extra));
    }
    record
}

impl Extra {
    fn is_plain(&self) -> bool {
        self.preferred.is_none()
            && self.previous.is_none()
            && self.excluded.is_empty()
            && self.wake_at.is_none()
            && self.wrap_up_deadline.is_none()
            && self.extensions_used == 0
            && self.pause_reason.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_item_is_small() {
        assert!(size_of::<ItemRec>() <= 112, "{} bytes", size_of::<ItemRec>());
    }
}
