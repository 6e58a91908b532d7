//! The visitor's side: sessions by token, messages, history, read marks, the place in the queue.
//!
//! # Invariants
//! - A visitor sees only their own conversations on their own channel; signed for by their site, also those on channels
//!   that share their history.
//! - An address typed by a visitor is `claimed`: it matches nothing and opens nobody's history.

use std::collections::BTreeMap;
use std::sync::Arc;

use channels::web_chat::config::Config;
use domain::conversation::{Audience, EntryKind};
use domain::ids::ConversationId;
use domain::routing::{CancelReason, Command, ItemState};
use serde_json::json;
use store::channels::Channel;
use store::conversations::Conversation;
use store::customers::Customer;
use store::entries::Entry;
use store::events::Cursor;
use store::visitors::Visitor;
use uuid::Uuid;

use crate::identity_tokens::Reason;
use crate::setup::days_later;
use crate::{Ctx, Error, secrets};

mod address;
mod attachments;
mod begin;
mod features;
mod history;
mod hours;
mod identify;
mod marks;
pub(crate) mod notify;
pub(crate) mod notify_links;
mod overview;
mod post;
mod prechat;
mod rating;
mod reading;
mod recent;
mod transcript;

use prechat::Answers;

pub use attachments::{add_attachment, begin_attachment};
pub use features::{Features, features};
pub(crate) use history::readable;
pub use hours::{Now, hours};
pub use identify::identify;
pub use marks::rich;
pub use notify::{LinkView, follow_link, look_at_link, notify};
pub use notify_links::Purpose;
pub use overview::{Own, Place, overview, own, place, waiting};
pub use post::{Posted, VisitorMessage, post_message};
pub use rating::{Opinion, rate};
pub use reading::mark_read;
pub use recent::{Recent, recent};
pub use store::notices::NoticeState;
pub use transcript::transcript;

/// Code points of a visitor's message.
pub const MESSAGE_MAX: usize = 10_000;
/// Days a visitor's token lives after its last use.
const TOKEN_DAYS: i64 = 30;

/// The channel behind a widget key.
///
/// # Errors
/// [`Error::NotFound`], [`Error::ChannelDisabled`].
pub async fn channel(ctx: &Ctx, widget_key: &str) -> Result<Arc<Channel>, Error> {
    let found = crate::channels::by_public_key(ctx, widget_key).await?;
    let channel = found.filter(|c| has_widget(&c.kind) && c.state != "archived").ok_or(Error::NotFound)?;
    if channel.state == "enabled" { Ok(channel) } else { Err(Error::ChannelDisabled) }
}

/// What an administrator set up.
#[must_use]
pub fn config(channel: &Channel) -> Config {
    Config::lenient(&channel.config)
}

/// Under whose name a visitor's read marks stand: the person's, once the site said who they are.
pub(crate) fn reader(visitor: &Visitor) -> Uuid {
    if visitor.subject.is_some() { visitor.customer_id.0 } else { visitor.id.0 }
}

fn has_widget(kind: &str) -> bool {
    channels::find(kind).is_some_and(|t| t.meta().has_widget)
}

/// What a visitor says when they come.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Arrival {
    pub token: Option<String>,
    /// A JWT of the site.
    pub identity_token: Option<String>,
    pub language: String,
    /// What is known of them without asking.
    pub name: Option<String>,
    /// Claimed, never proven.
    pub email: Option<String>,
    /// Answers by the key of the question.
    pub prechat: BTreeMap<String, String>,
}

/// A visitor's session.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Session {
    pub token: String,
    pub visitor: Visitor,
    pub customer: Customer,
    pub cursor: Cursor,
    /// The token given is no longer good, or another person's: nothing of the old session is in this one.
    pub was_reset: bool,
    pub is_new: bool,
}

/// Resumes the session of a token, or begins one: anonymous, or of whom the site says it is.
///
/// # Errors
/// [`Error::IdentityToken`], [`Error::VisitorBlocked`], [`Error::Invalid`] for the answers before the chat.
pub async fn open(ctx: &Ctx, channel: &Channel, arrival: Arrival) -> Result<Session, Error> {
    let claims = match &arrival.identity_token {
        Some(token) => Some(identify::believed(ctx, channel, token).await?),
        None => None,
    };
    if let Some(token) = &arrival.token {
        match by_token(ctx, channel, token).await {
            Ok(visitor) => {
                let Some(claims) = claims else { return resume(ctx, visitor, token.clone()).await };
                return identify::bind(ctx, channel, visitor, token.clone(), claims).await;
            }
            Err(Error::Unauthenticated) => {}
            Err(error) => return Err(error),
        }
    }
    let config = config(channel);
    let is_anonymous = claims.is_none();
    if is_anonymous && config.identity.as_ref().is_some_and(|identity| identity.is_required) {
        return Err(Error::IdentityToken(Reason::Claims));
    }
    let mut said = arrival.prechat;
    for (key, known) in [("name", arrival.name), ("email", arrival.email)] {
        if let Some(known) = known {
            said.entry(key.to_owned()).or_insert(known);
        }
    }
    let is_asked = is_anonymous || !said.is_empty();
    let answers = if is_asked { prechat::answers(&config, &said)? } else { Answers::default() };
    let was_reset = arrival.token.is_some();
    begin::begin(ctx, channel, &arrival.language, answers, claims, was_reset).await
}

async fn resume(ctx: &Ctx, visitor: Visitor, token: String) -> Result<Session, Error> {
    let now = ctx.now();
    let (customer, cursor) = ctx
        .store()
        .write("widget.resume", (visitor.clone(), now), |tx, (visitor, now)| {
            Box::pin(async move {
                let org = visitor.organization_id;
                store::visitors::extend(tx, &visitor, days_later(now, TOKEN_DAYS), now).await?;
                let customer = store::customers::find(tx, org, visitor.customer_id).await?.ok_or(Error::NotFound)?;
                let cursor = store::events::head(tx, org).await?;
                Ok::<_, Error>((customer, cursor))
            })
        })
        .await?;
    Ok(Session { token, visitor, customer, cursor, was_reset: false, is_new: false })
}

/// The visitor of a token on this channel.
///
/// # Errors
/// [`Error::Unauthenticated`] for unknown, expired and other channels' tokens; [`Error::VisitorBlocked`].
pub async fn by_token(ctx: &Ctx, channel: &Channel, token: &str) -> Result<Visitor, Error> {
    let found = ctx
        .store()
        .read("widget.by_token", secrets::hash(token), |tx, hash| {
            Box::pin(async move { Ok::<_, Error>(store::visitors::by_token(tx, &hash).await?) })
        })
        .await?;
    let now = ctx.now();
    let visitor = found.filter(|v| v.channel_id == channel.id && v.expires_at > now).ok_or(Error::Unauthenticated)?;
    if visitor.is_blocked { Err(Error::VisitorBlocked) } else { Ok(visitor) }
}

/// A conversation of the visitor on their channel.
pub(crate) async fn theirs(tx: &mut db::Tx<'_>, visitor: &Visitor, id: ConversationId) -> Result<Conversation, Error> {
    let own = store::visitors::conversations(tx, visitor, Some(id), 1).await?;
    let id = own.into_iter().next().ok_or(Error::NotFound)?;
    store::conversations::find(tx, visitor.organization_id, id).await?.ok_or(Error::NotFound)
}

/// Whether the visitor may see an entry of a conversation they may read, of which `channels` are shown.
pub(crate) fn is_shown(entry: &Entry, channels: &[Uuid]) -> bool {
    entry.kind == EntryKind::Message
        && entry.audience != Audience::Internal
        && entry.channel_id.is_some_and(|channel| channels.contains(&channel.0))
        && entry.is_out()
}

/// Messages of a conversation on the channels the visitor may see, newest first.
///
/// # Errors
/// [`Error::NotFound`] for a conversation that is not theirs.
pub async fn messages(
    ctx: &Ctx,
    visitor: &Visitor,
    id: ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let input = (visitor.clone(), id, before.unwrap_or(i64::MAX), limit);
    ctx.store()
        .read("widget.messages", input, |tx, (visitor, id, before, limit)| {
            Box::pin(async move {
                let (_, shown) = history::readable(tx, &visitor, id).await?;
                let entries = store::entries::before(tx, visitor.organization_id, id, before, limit).await?;
                Ok::<_, Error>(entries.into_iter().filter(|entry| is_shown(entry, &shown)).collect())
            })
        })
        .await
}

/// The visitor ends a conversation: work that waits is withdrawn, work that is held goes on to its end.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end(ctx: &Ctx, visitor: &Visitor, id: ConversationId) -> Result<(), Error> {
    let work = ctx
        .store()
        .read("widget.end", (visitor.clone(), id), |tx, (visitor, id)| {
            Box::pin(async move {
                theirs(tx, &visitor, id).await?;
                Ok::<_, Error>(store::work::live_of(tx, visitor.organization_id, vec![id.0]).await?)
            })
        })
        .await?;
    let owner = &ctx.runtime(visitor.organization_id)?.owner;
    let actor = json!({ "type": "customer", "id": visitor.customer_id });
    for w in work {
        let command = match w.item.state {
            ItemState::Queued | ItemState::Offered | ItemState::Deferred | ItemState::New => {
                Command::Cancel { item: w.item.id, reason: CancelReason::Abandoned }
            }
            ItemState::Active | ItemState::Paused => Command::Complete { item: w.item.id },
            ItemState::WrapUp | ItemState::Closed | ItemState::Cancelled => continue,
        };
        match owner.apply(command, actor.clone()).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Forgets the visitor on this device.
///
/// # Errors
/// What the store refuses.
pub async fn sign_out(ctx: &Ctx, visitor: &Visitor) -> Result<(), Error> {
    ctx.store()
        .write("widget.sign_out", visitor.clone(), |tx, visitor| {
            Box::pin(
                async move { Ok::<_, Error>(store::visitors::forget(tx, visitor.organization_id, visitor.id).await?) },
            )
        })
        .await?;
    ctx.runtime(visitor.organization_id)?.hub.revoke(visitor.id.0);
    Ok(())
}
