//! Channels by their public key, as every call of a visitor asks for them.
//!
//! # Invariants
//! - After a change made here the next call sees it; after one made elsewhere, as soon as its event is read.
//! - What was being read while something changed is not kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use store::channels::Channel;

use crate::{Ctx, Error};

/// Channels kept; more than an installation has that is served well by one process.
const KEPT: usize = 4_096;

/// The channels asked for since the last change of any.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    changes: AtomicU64,
    known: RwLock<HashMap<String, (u64, Arc<Channel>)>>,
}

impl Doors {
    /// Something about channels changed: each is read again.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn find(&self, key: &str) -> Option<Arc<Channel>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (at, channel) = known.get(key)?;
        (*at == self.changes.load(Ordering::SeqCst)).then(|| Arc::clone(channel))
    }

    fn keep(&self, at: u64, channel: &Arc<Channel>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < KEPT {
            known.insert(channel.public_key.clone(), (at, Arc::clone(channel)));
        }
    }
}

/// The channel of a public key, whatever its state.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn by_public_key(ctx: &Ctx, key: &str) -> Result<Option<Arc<Channel>>, Error> {
    let doors = ctx.doors();
    if let Some(channel) = doors.find(key) {
        return Ok(Some(channel));
    }
    let at = doors.changes.load(Ordering::SeqCst);
    let found = ctx
        .store()
        .read("channels.by_public_key", key.to_owned(), |tx, key| {
            Box::pin(async move { Ok::<_, Error>(store::channels::by_public_key(tx, &key).await?) })
        })
        .await?;
    let found = found.map(Arc::new);
    if let Some(channel) = &found {
        doors.keep(at, channel);
    }
    Ok(found)
}
