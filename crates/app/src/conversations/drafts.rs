//! Drafts and read marks.

use domain::ids::ConversationId;
use domain::permissions::Permission;
use serde_json::Value;
use store::drafts::Draft;

use super::reachable;
use crate::{Actor, Ctx, Error};

/// An unsent text as the client sends it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct DraftInput {
    /// `reply`, `note` or `side`.
    pub mode: String,
    /// `{body, attachment_ids, reply_route}` as the client gave it.
    pub content: Value,
    pub base_seq: i64,
}

/// Saves the actor's draft.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn save_draft(ctx: &Ctx, actor: &Actor, id: ConversationId, input: DraftInput) -> Result<Draft, Error> {
    let draft = Draft {
        organization_id: actor.organization,
        conversation_id: id,
        user_id: actor.user()?,
        mode: input.mode,
        content: input.content,
        base_seq: input.base_seq,
        updated_at: ctx.now(),
        version: 1,
    };
    ctx.store()
        .write("drafts.save", (actor.clone(), draft), |tx, (actor, draft)| {
            Box::pin(async move {
                reachable(tx, &actor, draft.conversation_id, Permission::ConversationsNote).await?;
                Ok::<_, Error>(store::drafts::put(tx, &draft).await?)
            })
        })
        .await
}

/// The actor's draft.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn draft(ctx: &Ctx, actor: &Actor, id: ConversationId, mode: &str) -> Result<Draft, Error> {
    let input = (actor.organization, id, actor.user()?, mode.to_owned());
    ctx.store()
        .read("drafts.find", input, |tx, (org, id, user, mode)| {
            Box::pin(async move { store::drafts::find(tx, org, id, user, &mode).await?.ok_or(Error::NotFound) })
        })
        .await
}

/// Throws the actor's draft away.
///
/// # Errors
/// What the store refuses.
pub async fn delete_draft(ctx: &Ctx, actor: &Actor, id: ConversationId, mode: &str) -> Result<(), Error> {
    let input = (actor.organization, id, actor.user()?, mode.to_owned());
    ctx.store()
        .write("drafts.delete", input, |tx, (org, id, user, mode)| {
            Box::pin(async move { Ok::<_, Error>(store::drafts::delete(tx, org, id, user, &mode).await?) })
        })
        .await
}

/// The actor's drafts, newest first.
///
/// # Errors
/// What the store refuses.
pub async fn drafts(ctx: &Ctx, actor: &Actor) -> Result<Vec<Draft>, Error> {
    ctx.store()
        .read("drafts.list", (actor.organization, actor.user()?), |tx, (org, user)| {
            Box::pin(async move { Ok::<_, Error>(store::drafts::of_user(tx, org, user).await?) })
        })
        .await
}

/// Raises the actor's read mark.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn mark_read(ctx: &Ctx, actor: &Actor, id: ConversationId, seq: i64) -> Result<(), Error> {
    let input = (actor.clone(), id, actor.user()?, seq, ctx.now());
    ctx.store()
        .write("drafts.mark_read", input, |tx, (actor, id, user, seq, now)| {
            Box::pin(async move {
                let conversation = reachable(tx, &actor, id, Permission::ConversationsRead).await?;
                let seq = seq.min(conversation.last_entry_seq);
                store::drafts::mark_read(tx, actor.organization, id, user.0, seq, now).await?;
                Ok::<_, Error>(())
            })
        })
        .await
}

/// Sets the actor's read mark just before `seq`, or before the newest entry: it counts as unread again.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn mark_unread(ctx: &Ctx, actor: &Actor, id: ConversationId, seq: Option<i64>) -> Result<(), Error> {
    let input = (actor.clone(), id, actor.user()?, seq, ctx.now());
    ctx.store()
        .write("drafts.mark_unread", input, |tx, (actor, id, user, seq, now)| {
            Box::pin(async move {
                let conversation = reachable(tx, &actor, id, Permission::ConversationsRead).await?;
                let last = conversation.last_entry_seq;
                let seq = seq.unwrap_or(last).clamp(1, last.max(1)) - 1;
                Ok::<_, Error>(store::drafts::set_mark(tx, actor.organization, id, user.0, seq, now).await?)
            })
        })
        .await
}
