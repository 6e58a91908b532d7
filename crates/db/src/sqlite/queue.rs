//! The bounded queue between async callers and a thread: callers wait for room, the thread waits for work.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::job::Job;
use crate::Error;

/// Something for a thread to do.
pub(super) enum Work {
    /// A transaction.
    Transaction(Job),
    /// A task that needs the connection outside any transaction.
    Alone(Box<dyn FnOnce(&mut Connection) + Send>),
    /// Nothing more: end.
    Stop,
}

/// The callers' end.
pub(super) struct Queue {
    room: Arc<Semaphore>,
    capacity: usize,
    sender: Sender<Queued>,
}

/// The threads' end.
pub(super) struct Source(Receiver<Queued>);

/// Work with its place in the queue.
type Queued = (Work, Option<OwnedSemaphorePermit>);

/// A queue for at most `capacity` pieces of waiting work.
pub(super) fn bounded(capacity: usize) -> (Queue, Source) {
    let (sender, receiver) = unbounded();
    let room = Arc::new(Semaphore::new(capacity));
    (Queue { room, capacity, sender }, Source(receiver))
}

impl Queue {
    /// Queues `work`, waiting for room.
    ///
    /// # Errors
    /// [`Error::Closed`] after [`Queue::stop`].
    pub async fn push(&self, work: Work) -> Result<(), Error> {
        let permit = self.room.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        self.sender.send((work, Some(permit))).map_err(|_| Error::Closed)
    }

    /// Takes no more work, and tells `threads` threads to end after what is queued.
    pub fn stop(&self, threads: usize) {
        self.room.close();
        for _ in 0..threads {
            // A thread that has already ended needs no telling.
            drop(self.sender.send((Work::Stop, None)));
        }
    }

    /// How much work waits.
    pub fn depth(&self) -> u64 {
        self.capacity.saturating_sub(self.room.available_permits()) as u64
    }
}

impl Source {
    /// Waits for work without limit; [`Work::Stop`] when nobody can send any more.
    pub fn take(&self) -> Work {
        taken(self.0.recv().ok())
    }

    /// Waits for work for at most `limit`; `None` when none came.
    pub fn take_within(&self, limit: Duration) -> Option<Work> {
        match self.0.recv_timeout(limit) {
            Ok(found) => Some(taken(Some(found))),
            Err(RecvTimeoutError::Disconnected) => Some(Work::Stop),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// What is there now, if anything.
    pub fn take_now(&self) -> Option<Work> {
        self.0.try_recv().ok().map(|found| taken(Some(found)))
    }
}

/// The work alone: its place in the queue is free as soon as a thread has it.
fn taken(found: Option<Queued>) -> Work {
    found.map_or(Work::Stop, |(work, _permit)| work)
}
