//! Word of answers by mail, for visitors who have gone.
//!
//! # Invariants
//! - Nothing but the question goes to an address before somebody who reads mail there has said yes, by a link that
//!   works once, for a day.
//! - Each answer is told of at most once, and none that was read.
//! - The address stays claimed: saying yes to mail proves nothing to a history.

use domain::ids::{ConversationId, OrganizationId};
use jiff::{SignedDuration, Timestamp};
use store::conversations::Conversation;
use store::letters::LetterKind;
use store::notices::{Notice, NoticeState};
use store::timers::{Timer, TimerKind};
use store::visitors::Visitor;
use uuid::Uuid;

use super::notify_links::{self, Named, Purpose};
use super::{address, reader, theirs};
use crate::conversations::By;
use crate::letters::{self, Post};
use crate::{Ctx, Error};

/// How long a visitor has to read an answer before mail tells of it.
const AWAY_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How long the link of the question works.
const ASKED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How soon the question may be repeated to the same address.
const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

#[derive(Clone)]
struct Wish {
    visitor: Visitor,
    conversation: ConversationId,
    email: String,
    now: Timestamp,
    ids: [Uuid; 6],
}

/// Asks an address whether it wants word of answers the visitor has not read; where it said yes, nothing changes.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`], [`Error::NoMailChannel`], [`Error::RateLimited`].
pub async fn notify(ctx: &Ctx, visitor: &Visitor, id: ConversationId, email: &str) -> Result<NoticeState, Error> {
    let email = address::checked(email)?;
    let wish = Wish { visitor: visitor.clone(), conversation: id, email, now: ctx.now(), ids: ctx.new_ids() };
    let standing = ctx
        .store()
        .read("widget.notify_standing", wish.clone(), |tx, wish| Box::pin(async move { standing(tx, &wish).await }))
        .await?;
    if let Some(state) = standing {
        return Ok(state);
    }
    address::count(ctx, visitor, id, &wish.email)?;
    let state = ctx.store().write("widget.notify", wish, |tx, wish| Box::pin(ask(tx, wish))).await?;
    let runtime = ctx.runtime(visitor.organization_id)?;
    runtime.hub.wake();
    runtime.outbox.wake();
    Ok(state)
}

async fn standing(tx: &mut db::Tx<'_>, wish: &Wish) -> Result<Option<NoticeState>, Error> {
    let org = wish.visitor.organization_id;
    let conversation = theirs(tx, &wish.visitor, wish.conversation).await?;
    if conversation.desk.deleted_at.is_some() {
        return Err(Error::Erased);
    }
    letters::mail_channel(tx, org).await?;
    let notice = store::notices::find(tx, org, wish.conversation).await?;
    Ok(notice.filter(|notice| is_settled(notice, wish)).map(|notice| notice.state))
}

/// Whether a wish asks for what is there already.
fn is_settled(notice: &Notice, wish: &Wish) -> bool {
    let is_same = store::customers::key(&notice.address) == store::customers::key(&wish.email)
        && notice.visitor_id == wish.visitor.id;
    is_same
        && match notice.state {
            NoticeState::Confirmed => true,
            NoticeState::Pending => wish.now.duration_since(notice.asked_at) < ASK_AGAIN_AFTER,
            NoticeState::Stopped => false,
        }
}

async fn ask(tx: &mut db::Tx<'_>, wish: Wish) -> Result<NoticeState, Error> {
    let org = wish.visitor.organization_id;
    theirs(tx, &wish.visitor, wish.conversation).await?;
    let held = store::conversations::lock(tx, org, wish.conversation).await?;
    let mut conversation = held.ok_or(Error::NotFound)?;
    if let Some(notice) = store::notices::hold(tx, org, wish.conversation).await?
        && is_settled(&notice, &wish)
    {
        return Ok(notice.state);
    }
    let Wish { visitor, email, now, ids, .. } = wish;
    let identity_id = address::claim(tx, &visitor, &email, [ids[0], ids[1]], now).await?;
    let notice = Notice {
        conversation_id: conversation.id,
        organization_id: org,
        channel_id: visitor.channel_id,
        visitor_id: visitor.id,
        identity_id,
        address: email.clone(),
        language: visitor.language.clone(),
        state: NoticeState::Pending,
        nonce: ids[2],
        told_seq: conversation.last_entry_seq,
        asked_at: now,
        confirmed_at: None,
    };
    store::notices::put(tx, &notice).await?;
    let customer = store::customers::find(tx, org, visitor.customer_id).await?;
    let by = By::customer(visitor.customer_id.0, customer.and_then(|customer| customer.name));
    post(tx, &mut conversation, &notice, LetterKind::Confirm, by, [ids[3], ids[4], ids[5]], now).await?;
    Ok(NoticeState::Pending)
}

async fn post(
    tx: &mut db::Tx<'_>,
    conversation: &mut Conversation,
    notice: &Notice,
    kind: LetterKind,
    by: By,
    ids: [Uuid; 3],
    now: Timestamp,
) -> Result<(), Error> {
    let span = (notice.told_seq, conversation.last_entry_seq);
    let post = Post {
        kind,
        format: "html",
        about: Some(notice.channel_id),
        identity: Some(notice.identity_id),
        address: &notice.address,
        language: &notice.language,
        span,
        by,
        ids,
        now,
    };
    letters::post(tx, conversation, post).await.map(drop)
}

/// What a link stands for, before anybody follows it: what it does, and in which language its page speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// What it does.
    pub purpose: Purpose,
    /// BCP 47.
    pub language: String,
}

/// Looks at a link without following it: programs open links too.
///
/// # Errors
/// [`Error::LinkUsed`], [`Error::LinkExpired`].
pub async fn look_at_link(ctx: &Ctx, token: &str) -> Result<LinkView, Error> {
    let named = notify_links::read(ctx, token).ok_or(Error::LinkUsed)?;
    let now = ctx.now();
    ctx.store()
        .read("widget.notify_link", (named, now), |tx, (named, now)| {
            Box::pin(async move {
                let found = store::notices::find(tx, named.organization, named.conversation).await?;
                let notice = good(found, &named, now)?;
                Ok::<_, Error>(LinkView { purpose: named.purpose, language: notice.language })
            })
        })
        .await
}

/// Follows a link: says yes, or ends the mails. Ending them twice is ending them.
///
/// # Errors
/// [`Error::LinkUsed`], [`Error::LinkExpired`].
pub async fn follow_link(ctx: &Ctx, token: &str) -> Result<LinkView, Error> {
    let named = notify_links::read(ctx, token).ok_or(Error::LinkUsed)?;
    let view = ctx
        .store()
        .write("widget.notify_follow", (named, ctx.now()), |tx, (named, now)| Box::pin(follow(tx, named, now)))
        .await?;
    ctx.runtime(named.organization)?.timers.wake();
    Ok(view)
}

/// The notice of a link, while the link is good.
fn good(notice: Option<Notice>, named: &Named, now: Timestamp) -> Result<Notice, Error> {
    let notice = notice.filter(|notice| notice.nonce == named.nonce).ok_or(Error::LinkUsed)?;
    match (named.purpose, notice.state) {
        (Purpose::Stop, _) => Ok(notice),
        (Purpose::Confirm, NoticeState::Confirmed | NoticeState::Stopped) => Err(Error::LinkUsed),
        (Purpose::Confirm, NoticeState::Pending) if now.duration_since(notice.asked_at) >= ASKED_FOR => {
            Err(Error::LinkExpired)
        }
        (Purpose::Confirm, NoticeState::Pending) => Ok(notice),
    }
}

async fn follow(tx: &mut db::Tx<'_>, named: Named, now: Timestamp) -> Result<LinkView, Error> {
    let found = store::notices::hold(tx, named.organization, named.conversation).await?;
    let mut notice = good(found, &named, now)?;
    match named.purpose {
        Purpose::Confirm => {
            notice.state = NoticeState::Confirmed;
            notice.confirmed_at = Some(now);
            // What was answered while the question was open is told of as well.
            put_timer(tx, named.organization, named.conversation, now).await?;
        }
        Purpose::Stop => notice.state = NoticeState::Stopped,
    }
    store::notices::put(tx, &notice).await?;
    Ok(LinkView { purpose: named.purpose, language: notice.language })
}

async fn put_timer(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<(), Error> {
    let due_at = now.checked_add(AWAY_AFTER).unwrap_or(Timestamp::MAX);
    Ok(store::timers::put_first(tx, org, Timer { kind: TimerKind::Notice, subject_id: conversation.0, due_at }).await?)
}

/// An answer was written: where somebody wants word of it, the time to read it begins. In the answer's transaction.
pub(crate) async fn answered(tx: &mut db::Tx<'_>, conversation: &Conversation, now: Timestamp) -> Result<(), Error> {
    let (org, id) = (conversation.organization_id, conversation.id);
    if store::notices::is_confirmed(tx, org, id).await? {
        put_timer(tx, org, id, now).await?;
    }
    Ok(())
}

/// The time to read is over: what is unread is told of. `seed` is a fresh id; the others follow it.
pub(crate) async fn fell_due(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    id: ConversationId,
    seed: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(mut conversation) = store::conversations::lock(tx, org, id).await? else { return Ok(()) };
    let notice = store::notices::hold(tx, org, id).await?;
    let Some(mut notice) = notice.filter(|notice| notice.state == NoticeState::Confirmed) else { return Ok(()) };
    let read_seq = read_up_to(tx, &notice).await?;
    let unread_after = notice.told_seq.max(read_seq);
    if conversation.desk.deleted_at.is_some() || store::notices::first_after(tx, &notice, unread_after).await?.is_none()
    {
        return Ok(());
    }
    notice.told_seq = unread_after;
    let next = |n: u128| Uuid::from_u128(seed.as_u128().wrapping_add(n));
    match post(tx, &mut conversation, &notice, LetterKind::Answers, By::itself(), [next(0), next(1), next(2)], now)
        .await
    {
        Ok(()) => {}
        // The channel was switched off meanwhile; the next answer tries again.
        Err(Error::NoMailChannel) => return Ok(()),
        Err(error) => return Err(error),
    }
    notice.told_seq = conversation.last_entry_seq;
    Ok(store::notices::put(tx, &notice).await?)
}

/// The last entry that the visitor has read.
async fn read_up_to(tx: &mut db::Tx<'_>, notice: &Notice) -> Result<i64, Error> {
    let org = notice.organization_id;
    let visitor = store::visitors::find(tx, org, notice.visitor_id).await?;
    let reader = visitor.as_ref().map_or(notice.visitor_id.0, reader);
    let marks = store::drafts::read_marks(tx, org, reader, vec![notice.conversation_id.0]).await?;
    Ok(marks.first().map_or(0, |(_, seq)| *seq))
}
