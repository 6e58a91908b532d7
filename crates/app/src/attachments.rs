//! Attachments: who may add, attach and fetch files. The bytes themselves are in [`crate::files`].
//!
//! # Invariants
//! - A file belongs to whoever added it until one message takes it; no message can take another's.
//! - What may be read of a conversation decides who may fetch its files.

use std::sync::LazyLock;

use domain::attachment::{AttachmentState, MAX_ATTACHMENT_BYTES, MAX_PER_MESSAGE};
use domain::ids::{AttachmentId, ConversationId, EntryId, OrganizationId};
use domain::permissions::{Permission, Resource};
use store::attachments::Attachment;
use store::entries::Entry;
use store::visitors::Visitor;
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::conversations::readable;
use crate::files::{Stored, Upload};
use crate::{Actor, Ctx, Error, pictures};

/// Code points of a file's name.
const NAME_MAX: usize = 200;
/// Pictures drawn at the same time: each may take much memory.
static DRAWING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Kinds of pictures that are shown within a mail; a drawing that could carry a script is not among them.
const SHOWN_IN_MAIL: [&str; 4] = ["image/gif", "image/jpeg", "image/png", "image/webp"];

/// A mail's HTML with the attached pictures it shows; `address` says where each can be fetched. What is no picture, or
/// not among `files`, stays hidden.
#[must_use]
pub fn with_pictures(html: &str, files: &[&Attachment], address: impl Fn(&Attachment) -> String) -> String {
    let is_picture = |file: &&&Attachment| {
        file.state == AttachmentState::Ready
            && file.file_key.is_some()
            && SHOWN_IN_MAIL.contains(&file.media_type.as_str())
    };
    mail::resolve_content_ids(html, |id| {
        let named = |file: &&&Attachment| file.content_id.as_deref() == Some(id);
        files.iter().filter(is_picture).find(named).map(|file| address(file))
    })
}

/// Begins a file of a member of staff.
///
/// # Errors
/// [`Error::Denied`] for who may neither answer nor note; [`Error::StorageFull`].
pub async fn begin(ctx: &Ctx, actor: &Actor) -> Result<Upload, Error> {
    let answers = actor.authorize(Permission::ConversationsReply, Resource::Any);
    answers.or_else(|_| actor.authorize(Permission::ConversationsNote, Resource::Any))?;
    actor.user()?;
    Ok(ctx.files().create(actor.organization).await?.with_limit(MAX_ATTACHMENT_BYTES))
}

/// Ends a file of a member of staff: it can be attached now.
///
/// # Errors
/// [`Error::Invalid`] for a name or nothing at all; [`Error::StorageFull`].
pub async fn complete(ctx: &Ctx, actor: &Actor, name: &str, upload: Upload) -> Result<Attachment, Error> {
    add(ctx, actor.organization, actor.user()?.0, name, upload, |_| Ok(())).await
}

/// Ends a file of `uploader`, once `accepts` has seen its type.
pub(crate) async fn add(
    ctx: &Ctx,
    org: OrganizationId,
    uploader: Uuid,
    name: &str,
    upload: Upload,
    accepts: impl Fn(&str) -> Result<(), Error>,
) -> Result<Attachment, Error> {
    let name = clean_name(name)?;
    let stored = upload.finish().await?;
    let looked_at = look_at(ctx, org, &stored).await.and_then(|(media_type, size)| {
        accepts(media_type)?;
        Ok((media_type, size))
    });
    let (media_type, size) = match looked_at {
        Ok(found) => found,
        Err(error) => {
            ctx.files().remove(org, &stored.key).await?;
            return Err(error);
        }
    };
    let attachment = Attachment {
        id: AttachmentId(ctx.new_id()),
        organization_id: org,
        entry_id: None,
        conversation_id: None,
        uploader_id: Some(uploader),
        name,
        media_type: media_type.to_owned(),
        size_bytes: i64::try_from(stored.size_bytes).unwrap_or(i64::MAX),
        sha256: stored.sha256,
        content_id: None,
        state: AttachmentState::Ready,
        file_key: Some(stored.key),
        preview_key: None,
        width: size.map(|(width, _)| width.into()),
        height: size.map(|(_, height)| height.into()),
        created_at: ctx.now(),
    };
    ctx.store()
        .write("attachments.add", attachment, |tx, attachment| {
            Box::pin(async move {
                store::attachments::insert(tx, &attachment).await?;
                Ok::<_, Error>(attachment)
            })
        })
        .await
}

/// Type and size of what was stored; nothing at all is refused.
async fn look_at(ctx: &Ctx, org: OrganizationId, stored: &Stored) -> Result<(&'static str, Option<(u32, u32)>), Error> {
    if stored.size_bytes == 0 {
        return Err(Error::field("", "required", "the bytes of the file"));
    }
    let mut head = Vec::new();
    let mut file = ctx.files().open(org, &stored.key).await?.take(pictures::HEAD_BYTES as u64);
    file.read_to_end(&mut head).await.map_err(Error::Files)?;
    let media_type = pictures::media_type(&head);
    if !pictures::has_preview(media_type) {
        return Ok((media_type, None));
    }
    let bytes = ctx.files().read(org, &stored.key).await?;
    Ok((media_type, pictures::dimensions(media_type, &bytes)))
}

/// A name as people wrote it, without what could be read as a path or break a header.
fn clean_name(name: &str) -> Result<String, Error> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    let clean = clean.trim();
    if clean.is_empty() { Err(Error::field("?name", "required", "a name")) } else { Ok(clean.to_owned()) }
}

/// Refuses a list of files that no message may carry; the ids, each once.
///
/// # Errors
/// [`Error::Invalid`].
pub(crate) fn checked(ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let mut once = ids.to_vec();
    once.sort_unstable();
    once.dedup();
    if once.len() != ids.len() {
        return Err(Error::field("/attachment_ids", "duplicate", "each file once"));
    }
    if ids.len() > MAX_PER_MESSAGE {
        return Err(Error::field("/attachment_ids", "length", format!("at most {MAX_PER_MESSAGE} files")));
    }
    Ok(once)
}

/// Gives the files of an entry to it, in the transaction that writes the entry.
///
/// # Errors
/// [`Error::Invalid`] when one is not there, not ready, another's, or taken already.
pub(crate) async fn attach(tx: &mut db::Tx<'_>, entry: &Entry, uploader: Uuid) -> Result<(), Error> {
    let ids = checked(&entry.attachment_ids)?;
    let count = ids.len() as u64;
    let org = entry.organization_id;
    let taken = store::attachments::attach(tx, org, ids, uploader, entry.id, entry.conversation_id).await?;
    if taken == count {
        if count > 0 {
            store::search::reindex_entry(tx, org, entry.id).await?;
        }
        return Ok(());
    }
    Err(Error::field("/attachment_ids", "unknown_reference", "own files that no message has taken yet"))
}

/// The files of these entries; whoever may read the entries may know of them.
///
/// # Errors
/// What the store refuses.
pub async fn of_entries(ctx: &Ctx, org: OrganizationId, entries: &[Entry]) -> Result<Vec<Attachment>, Error> {
    let with_files = entries.iter().filter(|entry| !entry.attachment_ids.is_empty());
    let ids: Vec<Uuid> = with_files.map(|entry| entry.id.0).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    ctx.store()
        .read("attachments.of_entries", (org, ids), |tx, (org, ids)| {
            Box::pin(async move { Ok::<_, Error>(store::attachments::of_entries(tx, org, ids).await?) })
        })
        .await
}

/// One file, for a member of staff who added it or may read its conversation.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: AttachmentId) -> Result<Attachment, Error> {
    ctx.store()
        .read("attachments.find", (actor.clone(), id), |tx, (actor, id)| {
            Box::pin(async move {
                let found = store::attachments::find(tx, actor.organization, id).await?.ok_or(Error::NotFound)?;
                match found.conversation_id {
                    Some(conversation) => drop(readable(tx, &actor, conversation).await?),
                    None if found.uploader_id == actor.standing.user.map(|u| u.0) => {}
                    None => return Err(Error::NotFound),
                }
                Ok::<_, Error>(found)
            })
        })
        .await
}

/// The file of an address that was signed here.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn signed(ctx: &Ctx, id: AttachmentId) -> Result<Attachment, Error> {
    ctx.store()
        .read("attachments.signed", id, |tx, id| {
            Box::pin(async move { store::attachments::by_id(tx, id).await?.ok_or(Error::NotFound) })
        })
        .await
}

/// One file, for a visitor who added it or to whom its message was shown.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_for_visitor(ctx: &Ctx, visitor: &Visitor, id: AttachmentId) -> Result<Attachment, Error> {
    ctx.store()
        .read("attachments.of_visitor", (visitor.clone(), id), |tx, (visitor, id)| {
            Box::pin(async move {
                let org = visitor.organization_id;
                let found = store::attachments::find(tx, org, id).await?.ok_or(Error::NotFound)?;
                let Some(entry) = found.entry_id else {
                    return if found.uploader_id == Some(visitor.id.0) { Ok(found) } else { Err(Error::NotFound) };
                };
                is_shown(tx, &visitor, entry, found.conversation_id).await?;
                Ok::<_, Error>(found)
            })
        })
        .await
}

async fn is_shown(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    entry: EntryId,
    conversation: Option<ConversationId>,
) -> Result<(), Error> {
    let entry = store::entries::find_many(tx, visitor.organization_id, vec![entry.0]).await?.pop();
    let entry = entry.ok_or(Error::NotFound)?;
    let conversation = conversation.filter(|id| *id == entry.conversation_id).ok_or(Error::NotFound)?;
    let (_, shown) = crate::widget::readable(tx, visitor, conversation).await?;
    if crate::widget::is_shown(&entry, &shown) { Ok(()) } else { Err(Error::NotFound) }
}

/// The bytes of a file, from their beginning.
///
/// # Errors
/// [`Error::NotFound`] for what is not ready or gone.
pub async fn content(ctx: &Ctx, attachment: &Attachment) -> Result<tokio::fs::File, Error> {
    ctx.files().open(attachment.organization_id, ready(attachment)?).await
}

fn ready(attachment: &Attachment) -> Result<&str, Error> {
    let is_ready = attachment.state == AttachmentState::Ready;
    attachment.file_key.as_deref().filter(|_| is_ready).ok_or(Error::NotFound)
}

/// A small PNG of a picture, drawn at the first call and kept.
///
/// # Errors
/// [`Error::NotFound`] for what is no picture, or none that can be drawn within the limits.
pub async fn preview(ctx: &Ctx, attachment: &Attachment) -> Result<Vec<u8>, Error> {
    let (org, key) = (attachment.organization_id, ready(attachment)?);
    if let Some(key) = &attachment.preview_key {
        return ctx.files().read(org, key).await;
    }
    if attachment.width.is_none() {
        return Err(Error::NotFound);
    }
    let drawn = draw(attachment.media_type.clone(), ctx.files().read(org, key).await?).await?;
    let stored = ctx.files().put(org, &drawn).await?;
    let is_first = ctx
        .store()
        .write("attachments.preview", (org, attachment.id, stored.key.clone()), |tx, (org, id, key)| {
            Box::pin(async move { Ok::<_, Error>(store::attachments::set_preview(tx, org, id, &key).await?) })
        })
        .await?;
    if !is_first {
        ctx.files().remove(org, &stored.key).await?;
    }
    Ok(drawn)
}

async fn draw(media_type: String, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let permit = DRAWING.acquire().await.map_err(|_| Error::Unavailable("pictures are not drawn"))?;
    let drawn = tokio::task::spawn_blocking(move || pictures::preview(&media_type, &bytes)).await;
    drop(permit);
    drawn.ok().flatten().ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_letters_and_loses_its_path() {
        assert_eq!(clean_name("C:\\fotos\\año nuevo.png").ok().as_deref(), Some("año nuevo.png"));
        assert_eq!(clean_name("../../etc/passwd").ok().as_deref(), Some("passwd"));
        assert_eq!(clean_name("a\r\nb\".txt").ok().as_deref(), Some("ab\".txt"));
        assert!(clean_name("  ").is_err() && clean_name("x/").is_err());
        assert_eq!(clean_name(&"ñ".repeat(500)).map(|n| n.chars().count()).ok(), Some(NAME_MAX));
    }

    #[test]
    fn a_message_carries_twenty_files_each_once() {
        let ids: Vec<Uuid> = (0..21).map(Uuid::from_u128).collect();
        assert!(checked(&ids).is_err() && checked(&[ids[0], ids[0]]).is_err());
        assert_eq!(checked(&ids[..20]).map(|ids| ids.len()).ok(), Some(20));
    }
}
