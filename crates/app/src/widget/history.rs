//! What a visitor may see: their own channel, and once their site has said who they are, what the same person said on
//! channels that share their history.
//!
//! # Invariants
//! - Only a signature opens another channel; a typed address and a device never do.
//! - On another channel they read; ending, rating and the rest stay with their own.

use domain::ids::ConversationId;
use serde_json::Value;
use store::channels::Channel;
use store::conversations::Conversation;
use store::visitors::Visitor;
use uuid::Uuid;

use super::theirs;
use crate::Error;

fn shares(channel: &Channel) -> bool {
    channel.state != "archived" && channel.config.get("shares_history").and_then(Value::as_bool) == Some(true)
}

/// The other channels whose messages the visitor may see.
pub(crate) async fn shared(tx: &mut db::Tx<'_>, visitor: &Visitor) -> Result<Vec<Uuid>, Error> {
    if visitor.subject.is_none() {
        return Ok(Vec::new());
    }
    let all = store::channels::list(tx, visitor.organization_id).await?;
    let others = all.iter().filter(|channel| channel.id != visitor.channel_id && shares(channel));
    Ok(others.map(|channel| channel.id.0).collect())
}

/// A conversation the visitor may read, and the channels whose messages they may see in it.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn readable(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    id: ConversationId,
) -> Result<(Conversation, Vec<Uuid>), Error> {
    let mut shown = shared(tx, visitor).await?;
    shown.push(visitor.channel_id.0);
    match theirs(tx, visitor, id).await {
        Err(Error::NotFound) if shown.len() > 1 => {}
        found => return Ok((found?, shown)),
    }
    let found = store::shared_history::conversations(tx, visitor, shown.clone(), Some(id), 1).await?;
    let id = found.into_iter().next().ok_or(Error::NotFound)?;
    let conversation = store::conversations::find(tx, visitor.organization_id, id).await?;
    Ok((conversation.ok_or(Error::NotFound)?, shown))
}

/// Whether the visitor may write into a conversation: they may read it. Most write into one of their own channel.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn may_write(tx: &mut db::Tx<'_>, visitor: &Visitor, id: ConversationId) -> Result<(), Error> {
    match theirs(tx, visitor, id).await {
        Err(Error::NotFound) if visitor.subject.is_some() => readable(tx, visitor, id).await.map(drop),
        found => found.map(drop),
    }
}
