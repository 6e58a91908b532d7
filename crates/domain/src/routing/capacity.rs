//! What an agent holds, and whether more fits (R-CAP-2, R-CAP-3, R-CAP-5).
//!
//! # Invariants
//! - Offers count from the moment they are made (R-CAP-4).
//! - Interrupted work takes no units; it still counts as held and for its kind.

use super::agents::AgentRec;
use super::items::ItemRec;
use super::types::{ItemState, Pool, RoutingKind};
use super::why::FirstFailing;

/// Most items one agent may hold.
const HELD_MAX: usize = 100;

/// Number of kinds of work.
pub(super) const KINDS: usize = RoutingKind::Visit as usize + 1;

/// What one item asks of an agent's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Size {
    pub kind: RoutingKind,
    pub units: u32,
    pub is_primary: bool,
}

impl Size {
    /// The size of an item.
    pub fn of(item: &ItemRec) -> Self {
        Self { kind: item.kind, units: item.units, is_primary: item.pool == Pool::Primary }
    }
}

/// Sums over what an agent holds, offers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Units of primary work.
    pub primary: i64,
    /// Units of interruptible work that is not interrupted.
    pub interruptible: i64,
    /// Units of all work that is not paused.
    pub active: i64,
    /// Items held, per kind.
    pub kinds: [u16; KINDS],
    /// Items of exclusive kinds.
    pub exclusive: u16,
    /// Of these, in wrap-up.
    pub exclusive_wrap_up: u16,
    /// Items of the primary pool.
    pub primary_items: u16,
    /// Items that are not just offered.
    pub assigned: u16,
}

impl Sums {
    /// Adds one held item.
    pub fn add(&mut self, item: &ItemRec) {
        let units = i64::from(item.units);
        match item.pool {
            Pool::Primary => {
                self.primary += units;
                self.primary_items += 1;
            }
            Pool::Interruptible if !item.is_interrupted() => self.interruptible += units,
            Pool::Interruptible => {}
        }
        if item.state != ItemState::Paused {
            self.active += units;
        }
        self.kinds[item.kind as usize] += 1;
        self.exclusive += u16::from(item.kind.is_exclusive());
        self.exclusive_wrap_up += u16::from(item.kind.is_exclusive() && item.state == ItemState::WrapUp);
        self.assigned += u16::from(item.state.is_held());
    }
}

impl AgentRec {
    /// Most items of a kind held at once, if limited.
    pub fn kind_max(&self, kind: RoutingKind) -> Option<u32> {
        self.config.channel_max.get(&kind).copied().or(kind.is_exclusive().then_some(1))
    }

    /// The first rule of capacity that one more item of this size would break.
    pub fn no_room(&self, size: Size) -> Option<FirstFailing> {
        if self.held.len() >= HELD_MAX {
            return Some(FirstFailing::HeldMax);
        }
        if self.sums.exclusive > 0 {
            let is_wrap_up = self.sums.exclusive == self.sums.exclusive_wrap_up;
            return Some(if is_wrap_up { FirstFailing::WrapUpLock } else { FirstFailing::ExclusiveBusy });
        }
        if size.kind.is_exclusive() && self.sums.primary_items > 0 {
            return Some(FirstFailing::ExclusiveBusy);
        }
        let held = u32::from(self.sums.kinds[size.kind as usize]);
        if self.kind_max(size.kind).is_some_and(|max| held >= max) {
            return Some(FirstFailing::ChannelMax);
        }
        (!self.has_units(size)).then_some(FirstFailing::OverCapacity)
    }

    fn has_units(&self, size: Size) -> bool {
        let units = i64::from(size.units);
        if size.is_primary {
            self.sums.primary + units <= self.config.cap_primary_milli
        } else {
            self.sums.primary + self.sums.interruptible + units <= self.config.cap_interruptible_milli
        }
    }
}
