//! Erasing a conversation: its number and its place stay, what was said does not.

use domain::conversation::StatusCategory;
use domain::ids::ConversationId;
use domain::permissions::Permission;
use serde_json::json;
use store::conversations::Conversation;
use store::work::WorkItem;

use super::commands::end_work;
use super::reachable;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Entries wiped by one statement.
const CHUNK: i64 = 500;

/// Erases a conversation; repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::VersionConflict`] when `version` is not its version.
pub async fn erase(ctx: &Ctx, actor: &Actor, id: ConversationId, version: Option<i64>) -> Result<(), Error> {
    let input = (Pen::new(ctx, actor), id, version);
    let wiped = ctx
        .store()
        .write("conversations.erase", input, |tx, (mut pen, id, version)| {
            Box::pin(async move {
                let c = match reachable(tx, &pen.actor, id, Permission::ConversationsDelete).await {
                    Err(Error::Erased) => return Ok(Wiped::default()),
                    other => other?,
                };
                Error::unless_version(version, c.version)?;
                pen.audit(
                    tx,
                    "conversation.deleted",
                    ("conversation", id.0),
                    Some(json!({ "number": c.number })),
                    None,
                )
                .await?;
                wipe(tx, &mut pen, c).await
            })
        })
        .await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    after_wiping(ctx, actor, wiped).await
}

/// What an erased conversation leaves behind until its transaction is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wiped {
    /// Work that ends with it.
    work: Vec<WorkItem>,
    /// Keys of files that nobody refers to any more.
    files: Vec<String>,
}

/// After the commit: its work ends, its files go from the disk.
pub(crate) async fn after_wiping(ctx: &Ctx, actor: &Actor, wiped: Wiped) -> Result<(), Error> {
    end_work(ctx, actor, &wiped.work).await?;
    crate::files::discard(ctx, actor.organization, wiped.files).await;
    Ok(())
}

/// Leaves the tombstone of a conversation.
pub(crate) async fn wipe(tx: &mut db::Tx<'_>, pen: &mut Pen, mut c: Conversation) -> Result<Wiped, Error> {
    let org = c.organization_id;
    let work = store::work::live_of(tx, org, vec![c.id.0]).await?;
    let files = store::erasure::files(tx, org, c.id).await?;
    c.subject = None;
    c.outcome = None;
    c.fields = json!({});
    c.tags = Vec::new();
    c.last_entry = None;
    c.waiting_since_at = None;
    c.wake();
    c.set_category(StatusCategory::Resolved);
    c.resolved_at = c.resolved_at.or(Some(pen.now));
    c.desk.deleted_at = Some(pen.now);
    store::conversations::update(tx, &mut c, pen.now).await?;
    while store::erasure::entries(tx, org, c.id, pen.now, CHUNK).await? > 0 {}
    store::erasure::beside(tx, org, c.id).await?;
    store::search::remove_conversation(tx, org, c.id).await?;
    pen.tell(tx, "conversation.deleted", json!({ "conversation_id": c.id })).await?;
    Ok(Wiped { work, files })
}
