//! A visitor's message: one transaction, from their session to the answer.

use std::sync::Arc;

use domain::ids::ConversationId;
use jiff::Timestamp;
use store::channels::Channel;
use store::visitors::Visitor;
use uuid::Uuid;

use super::overview::{Own, own, places};
use super::{MESSAGE_MAX, history, reader, recent};
use crate::conversations::{Extra, Inbound, Input, Received, Slots, follow, take_settled};
use crate::{Ctx, Error};

/// A visitor's message.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct VisitorMessage {
    pub client_message_id: Uuid,
    pub conversation: Option<ConversationId>,
    pub text: String,
    pub attachment_ids: Vec<Uuid>,
    pub sent_at: Option<Timestamp>,
}

/// What became of a visitor's message.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The entry and where it stands.
    pub received: Received,
    /// Messages to them after their read mark.
    pub unread_count: i64,
}

impl std::ops::Deref for Posted {
    type Target = Received;

    fn deref(&self) -> &Received {
        &self.received
    }
}

#[derive(Clone)]
struct Post {
    channel: Arc<Channel>,
    visitor: Visitor,
    message: VisitorMessage,
    slots: Slots,
}

/// Takes a visitor's message in. Answers once it is durable; routing follows at once.
///
/// # Errors
/// [`Error::TextTooLong`], [`Error::IdempotencyMismatch`], [`Error::Invalid`], [`Error::NotFound`] for a
/// conversation that is not theirs; [`Error::Unauthenticated`], [`Error::VisitorBlocked`] and
/// [`Error::ChannelDisabled`] where that is so by now.
pub async fn post_message(
    ctx: &Ctx,
    channel: &Arc<Channel>,
    visitor: &Visitor,
    message: VisitorMessage,
) -> Result<Posted, Error> {
    check(&message)?;
    let org = channel.organization_id;
    let slots = Slots::new(ctx, org).await?;
    let number = slots.number;
    let post = Post { channel: Arc::clone(channel), visitor: visitor.clone(), message, slots };
    let posted = match ctx.store().write("widget.post", post, |tx, post| Box::pin(take(tx, post))).await {
        Ok(posted) => posted,
        Err(error) => {
            if !matches!(error, Error::Store(_) | Error::StorageFull | Error::Unavailable(_)) {
                ctx.give_back_number(org, number).await;
            }
            return Err(error);
        }
    };
    follow(ctx, org, &posted, number).await?;
    Ok(posted)
}

fn check(message: &VisitorMessage) -> Result<(), Error> {
    if message.text.trim().is_empty() && message.attachment_ids.is_empty() {
        return Err(Error::field("/text", "required", "a text or an attachment"));
    }
    if message.text.contains('\0') {
        return Err(Error::field("/text", "format", "no U+0000"));
    }
    if message.text.chars().count() > MESSAGE_MAX {
        return Err(Error::TextTooLong { max: MESSAGE_MAX });
    }
    Ok(())
}

async fn take(tx: &mut db::Tx<'_>, post: Post) -> Result<Posted, Error> {
    let Post { channel, visitor, message, slots } = post;
    let org = visitor.organization_id;
    let visitor = recent::again(tx, &visitor, slots.now).await?;
    let held = store::customers::hold_identity(tx, org, visitor.identity_id).await?;
    let identity = held.ok_or(Error::NotFound)?;
    let customer = store::customers::find(tx, org, identity.customer_id).await?.ok_or(Error::NotFound)?;
    if let Some(id) = message.conversation {
        history::may_write(tx, &visitor, id).await?;
    }
    let inbound = Inbound {
        channel,
        customer,
        identity,
        text: message.text,
        conversation: message.conversation,
        client_id: Some(visitor.id.0),
        client_message_id: Some(message.client_message_id),
        external_id: None,
        attachment_ids: message.attachment_ids,
        occurred_at: message.sent_at.unwrap_or(slots.now),
    };
    let received = take_settled(tx, Input::new(inbound, Extra::default(), slots)?).await?;
    let about = received.conversation.id;
    let unread_count = store::visitors::unread_in(tx, &visitor, about, reader(&visitor)).await?;
    Ok(Posted { received, unread_count })
}

impl Posted {
    /// The conversation as its visitor sees it now.
    ///
    /// # Errors
    /// What the store refuses; [`Error::Unavailable`].
    pub async fn own(&self, ctx: &Ctx, visitor: &Visitor) -> Result<Own, Error> {
        let Received { entry, conversation, live, is_repeated, .. } = &self.received;
        if *is_repeated {
            return own(ctx, visitor, conversation.id).await;
        }
        let place = places(ctx, conversation.organization_id, live).await?.pop().map(|(_, place)| place);
        Ok(Own {
            conversation: conversation.clone(),
            is_going_on: true,
            last: Some(entry.clone()),
            unread_count: self.unread_count,
            place,
            rating: None,
        })
    }
}
