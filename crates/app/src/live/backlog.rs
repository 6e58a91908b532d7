//! What waits for one listener. Unlike a channel of the runtime it takes no room while nothing waits: thousands of
//! sockets are idle.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Heard;

#[derive(Debug, Default)]
struct Waiting {
    heard: VecDeque<Heard>,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: Mutex<Waiting>,
    came: Notify,
}

impl Backlog {
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Heard> {
        let mut waiting = self.locked();
        let first = waiting.heard.pop_front();
        if waiting.heard.is_empty() {
            waiting.heard = VecDeque::new();
        }
        first
    }
}

/// The hub's end; dropping it ends the feed after what waits.
#[derive(Debug)]
pub(super) struct Sender(Arc<Backlog>);

/// The listener's end.
#[derive(Debug)]
pub(super) struct Receiver(Arc<Backlog>);

/// Both ends of an empty backlog.
pub(super) fn backlog() -> (Sender, Receiver) {
    let backlog = Arc::<Backlog>::default();
    (Sender(Arc::clone(&backlog)), Receiver(backlog))
}

impl Sender {
    /// Whether it was taken: not with `max` waiting.
    pub(super) fn send(&self, heard: Heard, max: usize) -> bool {
        let mut waiting = self.0.locked();
        let is_taken = waiting.heard.len() < max;
        if is_taken {
            waiting.heard.push_back(heard);
        }
        drop(waiting);
        self.0.came.notify_one();
        is_taken
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.locked().is_over = true;
        self.0.came.notify_one();
    }
}

impl Receiver {
    /// The next thing; `None` at the end. Nothing is lost when it is given up waiting for.
    pub(super) async fn next(&self) -> Option<Heard> {
        loop {
            let is_over = self.0.locked().is_over;
            match self.0.take() {
                Some(heard) => return Some(heard),
                None if is_over => return None,
                None => self.0.came.notified().await,
            }
        }
    }

    /// What waits already.
    pub(super) fn try_next(&self) -> Option<Heard> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_is_heard_in_order_and_then_the_end() {
        let (sender, receiver) = backlog();
        assert!(receiver.try_next().is_none());
        assert!(sender.send(Heard::Rights, 2) && sender.send(Heard::Revoked, 2));
        assert!(!sender.send(Heard::Rights, 2), "full");
        drop(sender);
        assert!(matches!(receiver.next().await, Some(Heard::Rights)));
        assert!(matches!(receiver.next().await, Some(Heard::Revoked)));
        assert!(receiver.next().await.is_none());
    }

    #[tokio::test]
    async fn a_waiting_listener_wakes() {
        let (sender, receiver) = backlog();
        let (heard, ()) = tokio::join!(receiver.next(), async {
            tokio::task::yield_now().await;
            assert!(sender.send(Heard::Rights, 1));
        });
        assert!(matches!(heard, Some(Heard::Rights)));
    }
}
