//! What listens for messages, and where it puts them.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{Account, Health};

/// Where a poller stands in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which numbering of the mailbox: another one means everything is numbered anew.
    pub validity: i64,
    /// The last message taken in.
    pub last: i64,
}

/// What arrived, before anybody looks at it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// All its bytes, or the first of them when it is too large to be opened.
    pub bytes: Vec<u8>,
    /// Whether `bytes` are all.
    pub is_whole: bool,
    /// Where its raw bytes already stand; `None` when they are only here.
    pub raw: Option<RawKey>,
    /// Where the mailbox stands once it is taken in.
    pub place: Place,
}

/// Raw bytes in the file store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawKey {
    /// Its key there.
    pub key: String,
    /// Its SHA-256.
    pub sha256: Vec<u8>,
}

/// It could not be stored; the place did not move, so it comes again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what arrived could not be stored: {0}")]
pub struct Unstored(pub String);

/// Takes bytes that are too many to be held.
#[async_trait]
pub trait RawSink: Send {
    /// Adds bytes.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Unstored>;
    /// Ends it; on disk when this returns.
    async fn finish(self: Box<Self>) -> Result<RawKey, Unstored>;
}

/// Where a poller puts what it finds. The application is behind it.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Where the channel stands; `None` before the first message.
    async fn place(&self) -> Result<Option<Place>, Unstored>;
    /// Takes one arrival in. When it returns `Ok`, arrival and place are durable, together.
    async fn take(&self, arrival: Arrival) -> Result<(), Unstored>;
    /// Moves the place without an arrival: the beginning of an empty or renumbered mailbox.
    async fn move_to(&self, place: Place) -> Result<(), Unstored>;
    /// Begins to keep something large.
    async fn keep(&self) -> Result<Box<dyn RawSink>, Unstored>;
    /// Tells how the connection is.
    async fn health(&self, health: Health);
    /// A number between 0 and 1, for jitter.
    fn chance(&self) -> f64;
}

/// Listens as long as the channel is enabled.
#[async_trait]
pub trait Poller: Send + Sync {
    /// Listens until `stop`; reconnects by itself, with back-off. What it is taking in when told to stop is finished.
    async fn run(&self, account: Account, inbox: Arc<dyn Inbox>, stop: Stop);
}

/// Tells a poller to end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_told: std::sync::atomic::AtomicBool,
    told: Notify,
}

impl Stop {
    /// Tells it.
    pub fn tell(&self) {
        self.0.is_told.store(true, std::sync::atomic::Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Whether it was told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.0.is_told.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Returns once it is told.
    pub async fn wait(&self) {
        let told = self.0.told.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        if !self.is_told() {
            told.await;
        }
    }
}
