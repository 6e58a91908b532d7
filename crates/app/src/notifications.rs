//! What a user should know: named in a note, given a conversation.

use domain::ids::{AgentId, EntryId, UserId};
use serde_json::json;
use store::conversations::Conversation;
use store::followers::{self, Part};
use store::notifications::Notification;
use uuid::Uuid;

use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Most users named in one note.
const MAX_MENTIONS: usize = 50;

async fn notify(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    user: UserId,
    kind: &str,
    conversation: &Conversation,
    entry: Option<EntryId>,
) -> Result<(), Error> {
    let notification = Notification {
        id: pen.id(),
        organization_id: conversation.organization_id,
        user_id: user,
        kind: kind.to_owned(),
        conversation_id: Some(conversation.id),
        entry_id: entry,
        actor: pen.actor.as_json(),
        created_at: pen.now,
        read_at: None,
    };
    store::notifications::insert(tx, &notification).await?;
    let data = json!({ "notification_id": notification.id, "user_id": user });
    pen.tell(tx, "notification.created", data).await
}

/// Tells the user behind an agent that a conversation is theirs now, unless they took it themselves.
pub(crate) async fn assigned(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    conversation: &Conversation,
    agent: AgentId,
) -> Result<(), Error> {
    let agents = store::agents::list(tx, conversation.organization_id).await?;
    let user = agents.into_iter().find(|a| a.id == agent).and_then(|a| a.user_id);
    match user.filter(|user| Some(*user) != pen.actor.standing.user) {
        Some(user) => notify(tx, pen, user, "assignment", conversation, None).await,
        None => Ok(()),
    }
}

/// Notes whom a note names: they may read the conversation from now on, and hear of it.
///
/// # Errors
/// [`Error::Invalid`] for somebody unknown.
pub(crate) async fn mentioned(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    conversation: &mut Conversation,
    entry: EntryId,
    users: &[Uuid],
) -> Result<(), Error> {
    let org = conversation.organization_id;
    for user in users.iter().copied().map(UserId) {
        followers::put(tx, org, conversation.id, user, Part::Mention, pen.now).await?;
        let data = json!({ "entry_id": entry, "conversation_id": conversation.id, "user_id": user });
        pen.tell(tx, "mention.created", data).await?;
        if Some(user) != pen.actor.standing.user {
            notify(tx, pen, user, "mention", conversation, Some(entry)).await?;
        }
    }
    Ok(())
}

/// The users a note names, each once, each known; they are added to those named in the conversation.
///
/// # Errors
/// [`Error::Invalid`].
pub(crate) async fn named(
    tx: &mut db::Tx<'_>,
    conversation: &mut Conversation,
    mentions: &[Uuid],
) -> Result<Vec<Uuid>, Error> {
    let mut users: Vec<Uuid> = Vec::new();
    for user in mentions {
        if !users.contains(user) {
            users.push(*user);
        }
    }
    if users.len() > MAX_MENTIONS {
        return Err(Error::field("/mentions", "length", format!("at most {MAX_MENTIONS}")));
    }
    if !users.is_empty() {
        let known = store::users::list(tx, conversation.organization_id).await?;
        if users.iter().any(|user| known.iter().all(|k| k.id.0 != *user)) {
            return Err(Error::field("/mentions", "unknown_reference", "no such user"));
        }
    }
    for user in users.iter().copied().map(UserId) {
        if !conversation.desk.mentioned_ids.contains(&user) {
            conversation.desk.mentioned_ids.push(user);
        }
    }
    Ok(users)
}

/// The actor's notifications, newest first, before one of them.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is no person.
pub async fn list(
    ctx: &Ctx,
    actor: &Actor,
    before: Option<Uuid>,
    is_unread: Option<bool>,
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    let input = (actor.organization, actor.user()?, before.unwrap_or(Uuid::max()), is_unread, limit);
    ctx.store()
        .read("notifications.list", input, |tx, (org, user, before, is_unread, limit)| {
            Box::pin(async move {
                Ok::<_, Error>(store::notifications::list(tx, org, user, before, is_unread, limit).await?)
            })
        })
        .await
}

/// Marks the actor's notifications up to this one as read.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is no person.
pub async fn read(ctx: &Ctx, actor: &Actor, up_to: Uuid) -> Result<(), Error> {
    let input = (actor.organization, actor.user()?, up_to, ctx.now());
    ctx.store()
        .write("notifications.read", input, |tx, (org, user, up_to, now)| {
            Box::pin(async move {
                store::notifications::read(tx, org, user, up_to, now).await?;
                Ok::<_, Error>(())
            })
        })
        .await
}
