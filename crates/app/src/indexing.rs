//! Keeps the index of words near what was written: many documents in one commit, a moment after they came.
//!
//! # Invariants
//! - Nobody waits for it to find something: whoever searches catches up first.
//! - A commit takes a bounded number of documents, so that writes behind it hardly notice.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::live::Hub;
use crate::{Ctx, Error};

/// Documents of one commit: more than a commit can bring, so that catching up ends under any load.
const STEP: i64 = 500;
/// How long documents gather.
const GATHERING: Duration = Duration::from_secs(1);

/// Puts everything written so far into the index of words. Costs one small read when it is there already.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn catch_up(ctx: &Ctx) -> Result<(), Error> {
    let is_behind = ctx.plain_store().read("search.pending", (), |tx, ()| {
        Box::pin(async move { Ok::<_, Error>(store::search::pending(tx, 1).await?.is_some()) })
    });
    let mut is_behind = is_behind.await?;
    while is_behind {
        let step = ctx.plain_store().write("search.catch_up", (), |tx, ()| {
            Box::pin(async move { Ok::<_, Error>(store::search::catch_up(tx, STEP).await?) })
        });
        is_behind = step.await?;
    }
    Ok(())
}

/// Starts the task that catches up a moment after something was committed.
pub(crate) fn start(ctx: &Ctx, hub: Arc<Hub>) -> JoinHandle<()> {
    tokio::spawn(run(ctx.clone(), hub))
}

async fn run(ctx: Ctx, hub: Arc<Hub>) {
    while !hub.is_closed() {
        if let Err(error) = catch_up(&ctx).await {
            tracing::warn!(%error, "what was written could not be made findable; trying again");
        }
        hub.said().await;
        drop(tokio::time::timeout(GATHERING, hub.ended()).await);
    }
}
