//! Letters: mails that no person writes. A transcript, the question whether an address wants word of answers, and
//! that word.
//!
//! # Invariants
//! - A letter is an event of the timeline with a delivery: whoever reads the timeline sees what left, to whom, and what
//!   became of it.
//! - What a letter says is made when it leaves, from what may be shown then: redacted and erased words never leave.
//! - It never holds a note or an event, and for a visitor nothing of another channel.

mod render;
mod words;

use connector::{Automatic, Delivery, Outbound, Party};
use domain::ids::{ChannelId, IdentityId, OrganizationId};
use jiff::Timestamp;
use serde_json::json;
use store::channels::Channel;
use store::conversations::Conversation;
use store::entries::Entry;
use store::letters::{Letter, LetterKind};
use store::mails::Reference;
use store::notices::NoticeState;
use uuid::Uuid;

use crate::conversations::{By, Happening, happened};
use crate::{Ctx, Error, deliveries};

/// A letter to be.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub(crate) struct Post<'a> {
    pub kind: LetterKind,
    pub format: &'a str,
    pub about: Option<ChannelId>,
    pub identity: Option<IdentityId>,
    pub address: &'a str,
    pub language: &'a str,
    /// What it holds: after the first number, up to the second.
    pub span: (i64, i64),
    pub by: By,
    /// Of the entry, its event and its delivery.
    pub ids: [Uuid; 3],
    pub now: Timestamp,
}

/// The channel that letters leave by: the oldest one that writes to mail addresses and runs.
///
/// # Errors
/// [`Error::NoMailChannel`].
pub(crate) async fn mail_channel(tx: &mut db::Tx<'_>, org: OrganizationId) -> Result<Channel, Error> {
    let all = store::channels::list(tx, org).await?;
    let sends = |channel: &Channel| {
        let meta = channels::find(&channel.kind).map(|kind| kind.meta());
        meta.is_some_and(|meta| meta.identity_kind == "email" && meta.delivery == Delivery::Provider)
    };
    let running = all.into_iter().filter(|channel| channel.state == "enabled" && sends(channel));
    running.min_by_key(|channel| channel.id).ok_or(Error::NoMailChannel)
}

/// Puts a letter into the timeline of a conversation that is held, and into the outbox.
///
/// # Errors
/// [`Error::NoMailChannel`].
pub(crate) async fn post(tx: &mut db::Tx<'_>, conversation: &mut Conversation, post: Post<'_>) -> Result<Entry, Error> {
    let org = conversation.organization_id;
    let channel = mail_channel(tx, org).await?;
    let [entry_id, event_id, delivery_id] = post.ids;
    let happening = Happening {
        kind: match post.kind {
            LetterKind::Transcript | LetterKind::Copy => "transcript.sent",
            LetterKind::Confirm => "notify.asked",
            LetterKind::Answers => "notify.sent",
        },
        data: json!({ "to": post.address }),
        by: post.by,
        channel: Some(&channel),
        interaction: None,
        delivery: Some(json!({ "state": "queued", "attempt": 1 })),
        ids: [entry_id, event_id],
        now: post.now,
    };
    let entry = happened(tx, conversation, happening).await?;
    let letter = Letter {
        entry_id: entry.id,
        organization_id: org,
        conversation_id: conversation.id,
        kind: post.kind,
        format: post.format.to_owned(),
        about_channel_id: post.about,
        identity_id: post.identity,
        address: post.address.to_owned(),
        language: post.language.to_owned(),
        after_seq: post.span.0,
        until_seq: post.span.1,
        reference: None,
        created_at: post.now,
    };
    store::letters::insert(tx, &letter).await?;
    deliveries::enqueue(tx, &entry, channel.id, delivery_id, post.now).await?;
    Ok(entry)
}

/// Whose address a letter goes to, where somebody of the conversation has it.
pub(crate) async fn addressee(tx: &mut db::Tx<'_>, entry: &Entry) -> Result<Option<IdentityId>, Error> {
    let letter = store::letters::find(tx, entry.organization_id, entry.id).await?;
    Ok(letter.and_then(|letter| letter.identity_id))
}

/// What leaves for `letter`; `None` when nobody wants it any more. Its reference is chosen once and kept for every
/// attempt.
pub(crate) async fn outbound(
    tx: &mut db::Tx<'_>,
    ctx: &Ctx,
    entry: &Entry,
    letter: &Letter,
    choose: impl FnOnce() -> String,
) -> Result<Option<Outbound>, Error> {
    let org = letter.organization_id;
    let conversation = store::conversations::find(tx, org, letter.conversation_id).await?.ok_or(Error::NotFound)?;
    if !is_wanted(tx, letter).await? {
        return Ok(None);
    }
    let page = render::page(tx, ctx, &conversation, letter).await?;
    let reference = match &letter.reference {
        Some(reference) => reference.clone(),
        None => {
            let reference = choose();
            store::letters::refer(tx, org, entry.id, &reference).await?;
            let known =
                Reference { message_id: reference.clone(), conversation_id: conversation.id, entry_id: entry.id };
            store::mails::remember(tx, org, &known).await?;
            reference
        }
    };
    Ok(Some(Outbound {
        conversation_id: conversation.id.0,
        conversation_number: conversation.number,
        customer_id: conversation.customer_id.0,
        entry_id: entry.id.0,
        reference,
        to: Party { address: letter.address.clone(), name: None },
        author: None,
        subject: page.subject,
        text: page.text,
        answers: None,
        chain: Vec::new(),
        files: Vec::new(),
        automatic: Some(Automatic {
            html: (letter.format != "text").then_some(page.html),
            unsubscribe_url: page.unsubscribe_url,
        }),
        at: entry.created_at,
    }))
}

/// Whether a letter may still leave: its address may have been replaced meanwhile, or wants no more. The link in a
/// letter is that of the address asked last, so it never goes to another.
async fn is_wanted(tx: &mut db::Tx<'_>, letter: &Letter) -> Result<bool, Error> {
    let wanted = match letter.kind {
        LetterKind::Transcript | LetterKind::Copy => return Ok(true),
        LetterKind::Confirm => NoticeState::Pending,
        LetterKind::Answers => NoticeState::Confirmed,
    };
    let notice = store::notices::hold(tx, letter.organization_id, letter.conversation_id).await?;
    Ok(notice.is_some_and(|notice| notice.state == wanted && notice.address == letter.address))
}
