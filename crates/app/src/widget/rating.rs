//! What a visitor thinks of a chat.
//!
//! # Invariants
//! - One rating for each engagement; it may be changed for a day.
//! - It stands in the timeline, for staff alone.

use domain::ids::{ConversationId, EntryId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::conversations::Conversation;
use store::ratings::Rating;
use store::visitors::Visitor;
use uuid::Uuid;

use super::theirs;
use crate::conversations::{By, Happening, happened};
use crate::events::event;
use crate::{Ctx, Error};

/// How long a rating may be changed.
const CHANGEABLE: SignedDuration = SignedDuration::from_hours(24);
/// Code points of a comment.
const COMMENT_MAX: usize = 2_000;
/// Earlier opinions that are kept.
const EDITS_MAX: usize = 20;

/// Stars and what is said about them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Opinion {
    /// 1 to 5.
    pub stars: i64,
    pub comment: Option<String>,
}

#[derive(Clone)]
struct Given {
    visitor: Visitor,
    conversation: ConversationId,
    opinion: Opinion,
    now: Timestamp,
    ids: [Uuid; 3],
}

/// Rates the visitor's last engagement in a conversation. Saying the same again changes nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`], [`Error::NotPending`] when it can no longer be changed,
/// [`Error::Unsupported`] where the channel does not ask.
pub async fn rate(ctx: &Ctx, visitor: &Visitor, id: ConversationId, opinion: Opinion) -> Result<Rating, Error> {
    let opinion = checked(opinion)?;
    let given = Given { visitor: visitor.clone(), conversation: id, opinion, now: ctx.now(), ids: ctx.new_ids() };
    let rating = ctx.store().write("widget.rate", given, |tx, given| Box::pin(rate_in(tx, given))).await?;
    ctx.runtime(visitor.organization_id)?.hub.wake();
    Ok(rating)
}

/// Whether visitors of a channel are asked.
pub(super) fn is_offered(channel: &store::channels::Channel) -> bool {
    super::config(channel).has_rating.unwrap_or(true)
}

fn checked(opinion: Opinion) -> Result<Opinion, Error> {
    if !(1..=5).contains(&opinion.stars) {
        return Err(Error::field("/stars", "range", "1 to 5"));
    }
    let comment = opinion.comment.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if comment.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(Error::field("/comment", "format", "no U+0000"));
    }
    if comment.as_ref().is_some_and(|text| text.chars().count() > COMMENT_MAX) {
        return Err(Error::field("/comment", "length", format!("at most {COMMENT_MAX} characters")));
    }
    Ok(Opinion { comment, ..opinion })
}

async fn rate_in(tx: &mut db::Tx<'_>, given: Given) -> Result<Rating, Error> {
    let Given { visitor, conversation, .. } = &given;
    let org = visitor.organization_id;
    theirs(tx, visitor, *conversation).await?;
    let held = store::conversations::lock(tx, org, *conversation).await?.ok_or(Error::NotFound)?;
    if held.desk.deleted_at.is_some() {
        return Err(Error::Erased);
    }
    let channels = store::channels::list(tx, org).await?;
    if !channels.iter().any(|channel| channel.id == visitor.channel_id && is_offered(channel)) {
        return Err(Error::Unsupported { feature: "rating" });
    }
    let of = store::ratings::last_engagement(tx, org, *conversation, visitor.channel_id).await?;
    let of = of.ok_or(Error::NotFound)?;
    match store::ratings::find(tx, org, of).await? {
        Some(rating) => change(tx, &given, rating).await,
        None => first(tx, given, held, of).await,
    }
}

fn shown(opinion: &Opinion) -> Value {
    json!({ "stars": opinion.stars, "comment": opinion.comment })
}

async fn first(
    tx: &mut db::Tx<'_>,
    given: Given,
    mut conversation: Conversation,
    of: domain::ids::InteractionId,
) -> Result<Rating, Error> {
    let Given { visitor, opinion, now, ids, .. } = given;
    let org = visitor.organization_id;
    let customer = store::customers::find(tx, org, visitor.customer_id).await?;
    let channels = store::channels::list(tx, org).await?;
    let happening = Happening {
        kind: "rating.given",
        data: shown(&opinion),
        by: By::customer(visitor.customer_id.0, customer.and_then(|customer| customer.name)),
        channel: channels.iter().find(|channel| channel.id == visitor.channel_id),
        interaction: Some(of),
        delivery: None,
        ids: [ids[0], ids[1]],
        now,
    };
    let entry = happened(tx, &mut conversation, happening).await?;
    let rating = Rating {
        interaction_id: of,
        organization_id: org,
        conversation_id: conversation.id,
        channel_id: visitor.channel_id,
        entry_id: entry.id,
        stars: opinion.stars,
        comment: opinion.comment,
        created_at: now,
        updated_at: now,
    };
    store::ratings::insert(tx, &rating).await?;
    Ok(rating)
}

async fn change(tx: &mut db::Tx<'_>, given: &Given, rating: Rating) -> Result<Rating, Error> {
    let Given { opinion, now, .. } = given;
    if (rating.stars, &rating.comment) == (opinion.stars, &opinion.comment) {
        return Ok(rating);
    }
    if now.duration_since(rating.created_at) > CHANGEABLE {
        return Err(Error::NotPending);
    }
    let rating = Rating { stars: opinion.stars, comment: opinion.comment.clone(), updated_at: *now, ..rating };
    store::ratings::change(tx, &rating).await?;
    show_change(tx, given, rating.entry_id).await?;
    Ok(rating)
}

/// The event of the timeline says what is thought now, and what was before.
async fn show_change(tx: &mut db::Tx<'_>, given: &Given, id: EntryId) -> Result<(), Error> {
    let (org, now) = (given.visitor.organization_id, given.now);
    let Some(mut entry) = store::entries::lock(tx, org, id).await? else { return Ok(()) };
    if entry.marks.edits.len() == EDITS_MAX {
        entry.marks.edits.remove(0);
    }
    entry.marks.edits.push(json!({ "at": now, "body": entry.body }));
    entry.marks.edited_at = Some(now);
    entry.body["data"] = shown(&given.opinion);
    store::entries::mark(tx, &entry).await?;
    let actor = json!({ "type": "customer", "id": given.visitor.customer_id });
    let data = json!({ "entry_id": id, "conversation_id": entry.conversation_id });
    Ok(store::events::insert(tx, &event(given.ids[2], org, "entry.updated", now, actor, data)).await?)
}
