//! The original bytes of an entry.

use domain::ids::EntryId;
use domain::permissions::Permission;

use super::lists::readable;
use crate::{Actor, Ctx, Error};

/// Opens the bytes an entry came as.
///
/// # Errors
/// [`Error::NotFound`] when there are none, or the actor may not read the conversation.
pub async fn raw(ctx: &Ctx, actor: &Actor, entry: EntryId) -> Result<tokio::fs::File, Error> {
    actor.reach(Permission::ConversationsRead)?;
    let key = ctx
        .store()
        .read("conversations.raw", (actor.clone(), entry), |tx, (actor, id)| {
            Box::pin(async move {
                let org = actor.organization;
                let found = store::entries::find_many(tx, org, vec![id.0]).await?.pop().ok_or(Error::NotFound)?;
                readable(tx, &actor, found.conversation_id).await?;
                store::mails::raw(tx, org, id).await?.ok_or(Error::NotFound)
            })
        })
        .await?;
    ctx.files().open(actor.organization, &key).await
}
