//! The connections of an organization's enabled channels: started, stopped and restarted one by one.
//!
//! # Invariants
//! - A channel has one connection at most; its next one waits until the one before has ended.
//! - What a connection is taking in when it is told to stop is finished.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector::{Account, Failure, Health, Stop};
use domain::ids::{ChannelId, OrganizationId};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::intake::ChannelInbox;
use super::{Side, account_of, report};
use crate::{Ctx, Error};

/// How long a connection may take to end.
const END: Duration = Duration::from_secs(10);

struct Running {
    account: Account,
    stop: Stop,
    task: JoinHandle<()>,
}

/// What runs.
#[derive(Default)]
pub struct Links(Mutex<BTreeMap<ChannelId, Running>>);

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links")
    }
}

impl Links {
    /// Makes what runs what should run.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn sync(&self, ctx: &Ctx, org: OrganizationId) -> Result<(), Error> {
        let mut running = self.0.lock().await;
        let wanted = wanted(ctx, org).await?;
        let gone: Vec<ChannelId> =
            running.iter().filter(|(id, link)| wanted.get(id) != Some(&link.account)).map(|(id, _)| *id).collect();
        let mut ending = BTreeMap::new();
        for id in gone {
            if let Some(link) = running.remove(&id) {
                link.stop.tell();
                ending.insert(id, link.task);
            }
        }
        for (id, account) in wanted {
            running.entry(id).or_insert_with(|| start(ctx, org, id, account, ending.remove(&id)));
        }
        for task in ending.into_values() {
            tokio::spawn(end(task));
        }
        Ok(())
    }

    /// Ends every connection.
    pub async fn stop(&self) {
        let running = std::mem::take(&mut *self.0.lock().await);
        for link in running.values() {
            link.stop.tell();
        }
        for link in running.into_values() {
            end(link.task).await;
        }
    }

    /// Which channels have a connection.
    pub async fn running(&self) -> Vec<ChannelId> {
        self.0.lock().await.keys().copied().collect()
    }
}

/// Waits for a connection to end; one that does not in time is cut. Nothing is lost by that: what was not committed
/// comes again.
async fn end(mut task: JoinHandle<()>) {
    if tokio::time::timeout(END, &mut task).await.is_err() {
        task.abort();
        drop(task.await);
    }
}

fn start(ctx: &Ctx, org: OrganizationId, id: ChannelId, account: Account, before: Option<JoinHandle<()>>) -> Running {
    let stop = Stop::default();
    let (ctx, told, given) = (ctx.clone(), stop.clone(), account.clone());
    let task = tokio::spawn(async move {
        if let Some(before) = before {
            end(before).await;
        }
        if told.is_told() {
            return;
        }
        let kind = ctx.clone();
        let inbox = Arc::new(ChannelInbox::new(kind, org, id, given.clone()));
        let Some(poller) = inbox.poller().await else { return };
        poller.run(given, inbox, told).await;
    });
    Running { account, stop, task }
}

/// The enabled channels that listen, ready to be connected.
async fn wanted(ctx: &Ctx, org: OrganizationId) -> Result<BTreeMap<ChannelId, Account>, Error> {
    let (all, secrets) = ctx
        .store()
        .read("channels.wanted", org, |tx, org| {
            Box::pin(async move {
                Ok::<_, Error>((store::channels::list(tx, org).await?, store::channels::secrets(tx, org).await?))
            })
        })
        .await?;
    let mut wanted = BTreeMap::new();
    for channel in all.iter().filter(|c| c.state == "enabled") {
        let listens = channels::find(&channel.kind).is_some_and(|kind| kind.poller().is_some());
        if !listens {
            continue;
        }
        let sealed = secrets.iter().find(|(id, _)| *id == channel.id).map(|(_, s)| s.clone()).unwrap_or_default();
        match account_of(ctx, channel, &sealed) {
            Ok(account) => drop(wanted.insert(channel.id, account)),
            Err(locked) => {
                let health = Health::Down(Failure::new("secrets_locked", locked.to_string()));
                report(ctx, org, channel.id, Side::In, health, false).await?;
            }
        }
    }
    Ok(wanted)
}
