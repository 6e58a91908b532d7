//! Attachments: what is known of a file. Its bytes stand elsewhere, under `file_key`.

use db::Kind::{Blob, Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::attachment::AttachmentState;
use domain::ids::{AttachmentId, ConversationId, EntryId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// One file of a message, a note or an inbound mail.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Attachment {
    pub id: AttachmentId,
    pub organization_id: OrganizationId,
    /// Whose it is; `None` until a message takes it.
    pub entry_id: Option<EntryId>,
    pub conversation_id: Option<ConversationId>,
    /// The user or visitor who may attach it.
    pub uploader_id: Option<Uuid>,
    pub name: String,
    /// What the bytes are, as found by looking at them.
    pub media_type: String,
    pub size_bytes: i64,
    pub sha256: Vec<u8>,
    /// `Content-ID` of a mail part that the HTML shows.
    pub content_id: Option<String>,
    pub state: AttachmentState,
    /// Where the bytes stand; `None` when they are gone.
    pub file_key: Option<String>,
    /// Where a small safe picture of it stands, once somebody asked for one.
    pub preview_key: Option<String>,
    /// Pixels, for pictures.
    pub width: Option<i64>,
    /// Pixels, for pictures.
    pub height: Option<i64>,
    pub created_at: Timestamp,
}

fn attachment(row: &Row<'_>) -> Result<Attachment, Error> {
    let mut c = Cols::new(row);
    Ok(Attachment {
        id: c.id()?,
        organization_id: c.id()?,
        entry_id: c.opt_id()?,
        conversation_id: c.opt_id()?,
        uploader_id: c.get()?,
        name: c.get()?,
        media_type: c.get()?,
        size_bytes: c.get()?,
        sha256: c.get()?,
        content_id: c.get()?,
        state: c.word()?,
        file_key: c.get()?,
        preview_key: c.get()?,
        width: c.get()?,
        height: c.get()?,
        created_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, entry_id, conversation_id, uploader_id, name, media_type, size_bytes, sha256, content_id,
         state, file_key, preview_key, width, height, created_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Id, Id, Text, Text, Int, Blob, Text, Text, Text, Text, Int, Int, Time];

const INSERT: Sql = Sql::new(
    "attachments.insert",
    concat!(
        "INSERT INTO attachments (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    ),
    &[],
);
const FIND_MANY: Sql = Sql::new(
    "attachments.find_many",
    concat!("SELECT ", columns!(), " FROM attachments WHERE organization_id = $1 AND id {any_uuid $2}"),
    COLUMNS,
);
const OF_ENTRIES: Sql = Sql::new(
    "attachments.of_entries",
    concat!(
        "SELECT ",
        columns!(),
        " FROM attachments WHERE organization_id = $1 AND entry_id {any_uuid $2} ORDER BY id LIMIT 10000"
    ),
    COLUMNS,
);
const ATTACH: Sql = Sql::new(
    "attachments.attach",
    "UPDATE attachments SET entry_id = $4, conversation_id = $5
     WHERE organization_id = $1 AND id {any_uuid $2} AND uploader_id = $3 AND entry_id IS NULL AND state = 'ready'",
    &[],
);
const LOOSE: Sql = Sql::new(
    "attachments.loose",
    concat!(
        "SELECT ",
        columns!(),
        " FROM attachments WHERE organization_id = $1 AND entry_id IS NULL AND file_key IS NOT NULL AND created_at <= $2
          ORDER BY created_at, id LIMIT $3"
    ),
    COLUMNS,
);
const OLDEST_LOOSE: Sql = Sql::new(
    "attachments.oldest_loose",
    "SELECT created_at FROM attachments WHERE organization_id = $1 AND entry_id IS NULL AND file_key IS NOT NULL
     ORDER BY created_at LIMIT 1",
    &[Time],
);
const EXPIRE: Sql = Sql::new(
    "attachments.expire",
    "UPDATE attachments SET state = 'expired', file_key = NULL, preview_key = NULL
     WHERE organization_id = $1 AND id {any_uuid $2} AND entry_id IS NULL",
    &[],
);
const SET_PREVIEW: Sql = Sql::new(
    "attachments.set_preview",
    "UPDATE attachments SET preview_key = $3 WHERE organization_id = $1 AND id = $2 AND preview_key IS NULL",
    &[],
);
const BY_ID: Sql = Sql::global(
    "attachments.by_id",
    concat!("SELECT ", columns!(), " FROM attachments WHERE id = $1"),
    COLUMNS,
    "a signature names the attachment",
);
const REFERENCED: Sql = Sql::new(
    "attachments.referenced",
    "SELECT file_key FROM attachments WHERE organization_id = $1 AND file_key {any_text $2} AND file_key IS NOT NULL
     UNION SELECT preview_key FROM attachments WHERE organization_id = $1 AND preview_key {any_text $2}
       AND preview_key IS NOT NULL
     UNION SELECT raw_key FROM entries WHERE organization_id = $1 AND raw_key {any_text $2} AND raw_key IS NOT NULL
     UNION SELECT raw_key FROM dead_letters WHERE organization_id = $1 AND raw_key {any_text $2} AND raw_key IS NOT NULL",
    &[Text],
);

pub(crate) const ALL: &[&Sql] =
    &[&INSERT, &FIND_MANY, &OF_ENTRIES, &ATTACH, &LOOSE, &OLDEST_LOOSE, &EXPIRE, &SET_PREVIEW, &BY_ID, &REFERENCED];

/// Adds what is known of a file.
pub async fn insert(tx: &mut Tx<'_>, a: &Attachment) -> Result<(), Error> {
    let params = [
        a.id.0.into(),
        a.organization_id.0.into(),
        opt(a.entry_id),
        opt(a.conversation_id),
        a.uploader_id.into(),
        a.name.as_str().into(),
        a.media_type.as_str().into(),
        a.size_bytes.into(),
        a.sha256.clone().into(),
        a.content_id.clone().into(),
        a.state.as_str().into(),
        a.file_key.clone().into(),
        a.preview_key.clone().into(),
        a.width.into(),
        a.height.into(),
        a.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// The attachments with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Attachment>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], attachment).await
}

/// One attachment.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: AttachmentId) -> Result<Option<Attachment>, Error> {
    Ok(find_many(tx, org, vec![id.0]).await?.pop())
}

/// The attachments of these entries, in the order they were added.
pub async fn of_entries(tx: &mut Tx<'_>, org: OrganizationId, entries: Vec<Uuid>) -> Result<Vec<Attachment>, Error> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&OF_ENTRIES, &[org.0.into(), entries.into()], attachment).await
}

/// Gives files to an entry; how many were given. Only ready files that `uploader` added and nobody took yet are:
/// a smaller number than `ids` means that the whole message must be refused.
pub async fn attach(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    ids: Vec<Uuid>,
    uploader: Uuid,
    entry: EntryId,
    conversation: ConversationId,
) -> Result<u64, Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let params = [org.0.into(), ids.into(), uploader.into(), entry.0.into(), conversation.0.into()];
    tx.exec(&ATTACH, &params).await
}

/// Files nobody attached, added at `until` or before, oldest first.
pub async fn loose(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Attachment>, Error> {
    tx.all(&LOOSE, &[org.0.into(), until.into(), limit.into()], attachment).await
}

/// When the oldest file that nobody attached was added.
pub async fn oldest_loose(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Option<Timestamp>, Error> {
    tx.optional(&OLDEST_LOOSE, &[org.0.into()], |row| row.get(0)).await
}

/// Marks files that nobody attached as expired; their bytes may go.
pub async fn expire(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<u64, Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    tx.exec(&EXPIRE, &[org.0.into(), ids.into()]).await
}

/// Which of these file keys something still needs. Whoever keeps keys elsewhere adds the place to this statement.
pub async fn referenced(tx: &mut Tx<'_>, org: OrganizationId, keys: Vec<String>) -> Result<Vec<String>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&REFERENCED, &[org.0.into(), keys.into()], |row| row.get(0)).await
}

/// Notes where the preview of a file stands; whether it was the first.
pub async fn set_preview(tx: &mut Tx<'_>, org: OrganizationId, id: AttachmentId, key: &str) -> Result<bool, Error> {
    Ok(tx.exec(&SET_PREVIEW, &[org.0.into(), id.0.into(), key.into()]).await? > 0)
}

/// The attachment of a signed address, whatever its organization.
pub async fn by_id(tx: &mut Tx<'_>, id: AttachmentId) -> Result<Option<Attachment>, Error> {
    tx.optional(&BY_ID, &[id.0.into()], attachment).await
}
