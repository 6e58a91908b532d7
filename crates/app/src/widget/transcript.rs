//! What was said, by mail to the visitor who asks for it.

use domain::conversation::DeliveryState;
use domain::ids::ConversationId;
use jiff::Timestamp;
use store::conversations::Conversation;
use store::entries::Entry;
use store::letters::LetterKind;
use store::visitors::Visitor;
use uuid::Uuid;

use super::{address, theirs};
use crate::conversations::By;
use crate::letters::{self, Post};
use crate::{Ctx, Error, deliveries};

#[derive(Clone)]
struct Wish {
    visitor: Visitor,
    conversation: ConversationId,
    email: String,
    now: Timestamp,
    ids: [Uuid; 5],
}

/// Mails the visitor what was said in a conversation of theirs on their channel. Asking again while nothing new was
/// said sends no second mail.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for what is no address, [`Error::NoMailChannel`], [`Error::Unsupported`]
/// where the channel does not offer it, [`Error::RateLimited`].
pub async fn transcript(ctx: &Ctx, visitor: &Visitor, id: ConversationId, email: &str) -> Result<Entry, Error> {
    let email = address::checked(email)?;
    let wish = Wish { visitor: visitor.clone(), conversation: id, email, now: ctx.now(), ids: ctx.new_ids() };
    if let Some(entry) = ctx
        .store()
        .read("widget.transcript_sent", wish.clone(), |tx, wish| Box::pin(async move { standing(tx, &wish).await }))
        .await?
    {
        return Ok(entry);
    }
    address::count(ctx, visitor, id, &wish.email)?;
    let entry = ctx.store().write("widget.transcript", wish, |tx, wish| Box::pin(send(tx, wish))).await?;
    let runtime = ctx.runtime(visitor.organization_id)?;
    runtime.hub.wake();
    runtime.outbox.wake();
    Ok(entry)
}

/// Whether visitors of a channel may ask for transcripts.
pub(super) fn is_offered(channel: &store::channels::Channel) -> bool {
    super::config(channel).has_transcript.unwrap_or(true)
}

/// The transcript that says all there is to say, if it left or is about to; and whether one may be asked for at all.
async fn standing(tx: &mut db::Tx<'_>, wish: &Wish) -> Result<Option<Entry>, Error> {
    let org = wish.visitor.organization_id;
    let conversation = reachable(theirs(tx, &wish.visitor, wish.conversation).await?)?;
    let channels = store::channels::list(tx, org).await?;
    if !channels.iter().any(|channel| channel.id == wish.visitor.channel_id && is_offered(channel)) {
        return Err(Error::Unsupported { feature: "transcript" });
    }
    letters::mail_channel(tx, org).await?;
    same(tx, &conversation, &wish.email).await
}

fn reachable(conversation: Conversation) -> Result<Conversation, Error> {
    if conversation.desk.deleted_at.is_some() { Err(Error::Erased) } else { Ok(conversation) }
}

/// The newest transcript to an address, unless it failed or something was said since.
async fn same(tx: &mut db::Tx<'_>, conversation: &Conversation, email: &str) -> Result<Option<Entry>, Error> {
    let (org, id) = (conversation.organization_id, conversation.id);
    let Some(letter) = store::letters::newest_to(tx, org, id, LetterKind::Transcript, email).await? else {
        return Ok(None);
    };
    let newer = store::entries::after(tx, org, id, letter.until_seq, 50).await?;
    let is_news = |entry: &Entry| entry.kind != domain::conversation::EntryKind::Event;
    if newer.iter().any(is_news) {
        return Ok(None);
    }
    let entry = store::entries::find_many(tx, org, vec![letter.entry_id.0]).await?.pop();
    Ok(entry.filter(|entry| !matches!(deliveries::state_of(entry), DeliveryState::Failed | DeliveryState::Cancelled)))
}

async fn send(tx: &mut db::Tx<'_>, wish: Wish) -> Result<Entry, Error> {
    let Wish { visitor, conversation, email, now, ids } = wish;
    let org = visitor.organization_id;
    theirs(tx, &visitor, conversation).await?;
    // Held before it is looked at again: two of the same question become one mail.
    let held = store::conversations::lock(tx, org, conversation).await?.ok_or(Error::NotFound)?;
    let mut conversation = reachable(held)?;
    if let Some(entry) = same(tx, &conversation, &email).await? {
        return Ok(entry);
    }
    let identity = address::claim(tx, &visitor, &email, [ids[0], ids[1]], now).await?;
    let customer = store::customers::find(tx, org, visitor.customer_id).await?;
    let span = (0, conversation.last_entry_seq);
    let post = Post {
        kind: LetterKind::Transcript,
        format: "html",
        about: Some(visitor.channel_id),
        identity: Some(identity),
        address: &email,
        language: &visitor.language,
        span,
        by: By::customer(visitor.customer_id.0, customer.and_then(|customer| customer.name)),
        ids: [ids[2], ids[3], ids[4]],
        now,
    };
    letters::post(tx, &mut conversation, post).await
}
