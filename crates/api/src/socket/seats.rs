//! How many sockets somebody has open: a further one beyond the limit closes the oldest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// The open sockets of this process, by user, token or visitor.
#[derive(Debug, Default, Clone)]
pub struct Sockets(Arc<Mutex<BTreeMap<Uuid, VecDeque<Arc<Notify>>>>>);

/// The place of one socket; leaving it makes room.
#[derive(Debug)]
pub struct Seat {
    sockets: Sockets,
    owner: Uuid,
    lost: Arc<Notify>,
}

impl Sockets {
    /// Takes a place for `owner`, who may have `max` of them.
    pub fn sit(&self, owner: Uuid, max: usize) -> Seat {
        let lost = Arc::<Notify>::default();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(owner).or_default();
        own.push_back(Arc::clone(&lost));
        while own.len() > max.max(1) {
            own.pop_front().iter().for_each(|oldest| oldest.notify_one());
        }
        Seat { sockets: self.clone(), owner, lost }
    }

    /// How many sockets are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().map(VecDeque::len).sum()
    }
}

impl Seat {
    /// Waits until a further socket takes this one's place.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self.sockets.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get_mut(&self.owner) {
            own.retain(|lost| !Arc::ptr_eq(lost, &self.lost));
            if own.is_empty() {
                all.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_further_socket_closes_the_oldest_of_the_same_owner() {
        let sockets = Sockets::default();
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (first, second, other) = (sockets.sit(a, 2), sockets.sit(a, 2), sockets.sit(b, 2));
        assert_eq!(sockets.open(), 3);
        let third = sockets.sit(a, 2);
        assert!(first.lost().now_or_never().is_some());
        for seat in [&second, &other, &third] {
            assert!(seat.lost().now_or_never().is_none());
        }
        drop((first, second, other, third));
        assert_eq!(sockets.open(), 0);
    }
}
