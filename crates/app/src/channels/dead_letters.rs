//! Dead letters: looking at them, trying again, letting go.

use domain::ids::ChannelId;
use domain::permissions::{Permission, Resource};
use serde_json::json;
use store::channels::Channel;
use store::dead_letters::DeadLetter;
use uuid::Uuid;

use super::intake::{self, ChannelInbox};
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, deliveries};

/// A dead letter with its channel.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct DeadLetterView {
    pub letter: DeadLetter,
    pub channel: Option<Channel>,
}

/// Open dead letters before `before`, newest first.
///
/// # Errors
/// [`Error::Denied`].
pub async fn dead_letters(
    ctx: &Ctx,
    actor: &Actor,
    channel: Option<ChannelId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DeadLetterView>, Error> {
    actor.authorize(Permission::ChannelsEdit, Resource::Organization)?;
    let input = (actor.organization, channel, before.unwrap_or(Uuid::max()), limit);
    ctx.store()
        .read("dead_letters.list", input, |tx, (org, channel, before, limit)| {
            Box::pin(async move {
                let letters = store::dead_letters::list(tx, org, channel, before, limit).await?;
                let channels = store::channels::list(tx, org).await?;
                let view = |letter: DeadLetter| DeadLetterView {
                    channel: channels.iter().find(|c| c.id == letter.channel_id).cloned(),
                    letter,
                };
                Ok::<_, Error>(letters.into_iter().map(view).collect())
            })
        })
        .await
}

async fn find(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<DeadLetter, Error> {
    actor.authorize(Permission::ChannelsEdit, Resource::Organization)?;
    ctx.store()
        .write("dead_letters.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { store::dead_letters::lock(tx, org, id).await?.ok_or(Error::NotFound) })
        })
        .await
}

/// Its bytes as they came.
///
/// # Errors
/// [`Error::NotFound`] when there are none; [`Error::Denied`].
pub async fn raw(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<tokio::fs::File, Error> {
    let key = find(ctx, actor, id).await?.raw_key.ok_or(Error::NotFound)?;
    ctx.files().open(actor.organization, &key).await
}

/// Lets one go. Its bytes stay for as long as it is listed anywhere.
///
/// # Errors
/// [`Error::NotPending`] when it was settled before; [`Error::NotFound`], [`Error::Denied`].
pub async fn discard(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<(), Error> {
    let letter = find(ctx, actor, id).await?;
    ctx.store()
        .write("dead_letters.discard", (Stamp::new(ctx, actor), letter), |tx, (stamp, letter)| {
            Box::pin(async move {
                if !store::dead_letters::settle(tx, stamp.actor.organization, letter.id, stamp.now).await? {
                    return Err(Error::NotPending);
                }
                record(tx, &stamp, &letter, "dead_letter.discarded").await
            })
        })
        .await
}

/// Tries one again: an outbound message is sent anew, an inbound one is read anew and taken in whatever it is.
///
/// # Errors
/// [`Error::NotPending`] when it was settled before, or still cannot be read; [`Error::NotFound`], [`Error::Denied`].
pub async fn retry(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<(), Error> {
    let letter = find(ctx, actor, id).await?;
    if letter.settled_at.is_some() {
        return Err(Error::NotPending);
    }
    match (letter.direction.as_str(), letter.entry_id, &letter.raw_key) {
        ("out", Some(entry), _) => drop(deliveries::retry(ctx, actor, entry).await?),
        (_, _, Some(key)) => {
            let inbox = ChannelInbox::of_channel(ctx, actor.organization, letter.channel_id).await?;
            if !intake::again(&inbox, &letter, key).await? {
                return Err(Error::NotPending);
            }
        }
        (_, _, None) => return Err(Error::NotPending),
    }
    // Taking it in, or sending it anew, settled it.
    ctx.store()
        .write("dead_letters.retried", (Stamp::new(ctx, actor), letter), |tx, (stamp, letter)| {
            Box::pin(async move { record(tx, &stamp, &letter, "dead_letter.retried").await })
        })
        .await
}

async fn record(tx: &mut db::Tx<'_>, stamp: &Stamp, letter: &DeadLetter, action: &str) -> Result<(), Error> {
    let what = json!({ "reason": letter.reason, "channel_id": letter.channel_id });
    stamp.audit(tx, action, ("dead_letter", letter.id), None, Some(what)).await
}
