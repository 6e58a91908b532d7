//! Mail beside its entries: where each mailbox stands, which reference belongs to which entry, raw bytes.

use db::Kind::{Int, Json, Text, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, ConversationId, EntryId, OrganizationId};
use jiff::Timestamp;

use crate::cols::Cols;

/// Where a channel stands in its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which numbering.
    pub uid_validity: i64,
    /// The last mail taken in.
    pub last_uid: i64,
}

/// A reference that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "columns")]
pub struct Reference {
    pub message_id: String,
    pub conversation_id: ConversationId,
    pub entry_id: EntryId,
}

fn reference(row: &Row<'_>) -> Result<Reference, Error> {
    let mut c = Cols::new(row);
    Ok(Reference { message_id: c.get()?, conversation_id: c.id()?, entry_id: c.id()? })
}

const PLACE: Sql = Sql::new(
    "mails.place",
    "SELECT uid_validity, last_uid FROM mail_cursors WHERE organization_id = $1 AND channel_id = $2",
    &[Int, Int],
);
const MOVE_TO: Sql = Sql::new(
    "mails.move_to",
    "INSERT INTO mail_cursors (channel_id, organization_id, uid_validity, last_uid, updated_at)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (channel_id) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid,
       updated_at = excluded.updated_at",
    &[],
);
const REMEMBER: Sql = Sql::new(
    "mails.remember",
    "INSERT INTO mail_references (organization_id, message_id, conversation_id, entry_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organization_id, message_id) DO NOTHING",
    &[],
);
const REFERENCES: Sql = Sql::new(
    "mails.references",
    "SELECT message_id, conversation_id, entry_id FROM mail_references
     WHERE organization_id = $1 AND message_id {any_text $2}",
    &[Text, Id, Id],
);
const TAKEN: Sql = Sql::new(
    "mails.taken",
    "SELECT id FROM entries WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3
     UNION SELECT id FROM dead_letters WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3",
    &[Id],
);
const SET_RAW: Sql =
    Sql::new("mails.set_raw", "UPDATE entries SET raw_key = $3 WHERE organization_id = $1 AND id = $2", &[]);
const RAW: Sql = Sql::new("mails.raw", "SELECT raw_key FROM entries WHERE organization_id = $1 AND id = $2", &[Text]);
const SET_MAIL: Sql =
    Sql::new("mails.set_mail", "UPDATE entries SET mail = $3 WHERE organization_id = $1 AND id = $2", &[]);
const THREAD: Sql = Sql::new(
    "mails.thread",
    "SELECT direction, mail FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND mail IS NOT NULL
       AND seq < $3 ORDER BY seq DESC LIMIT 20",
    &[Text, Json],
);

pub(crate) const ALL: &[&Sql] = &[&PLACE, &MOVE_TO, &REMEMBER, &REFERENCES, &TAKEN, &SET_RAW, &RAW, &SET_MAIL, &THREAD];

/// Where a channel stands; `None` before its first mail.
pub async fn place(tx: &mut Tx<'_>, org: OrganizationId, channel: ChannelId) -> Result<Option<Place>, Error> {
    let read = |row: &Row<'_>| {
        let mut c = Cols::new(row);
        Ok(Place { uid_validity: c.get()?, last_uid: c.get()? })
    };
    tx.optional(&PLACE, &[org.0.into(), channel.0.into()], read).await
}

/// Moves a channel on, in the transaction of what it took in.
pub async fn move_to(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    channel: ChannelId,
    place: Place,
    now: Timestamp,
) -> Result<(), Error> {
    let params = [channel.0.into(), org.0.into(), place.uid_validity.into(), place.last_uid.into(), now.into()];
    tx.exec_one(&MOVE_TO, &params).await
}

/// Remembers which entry a reference means; the first to carry it keeps it.
pub async fn remember(tx: &mut Tx<'_>, org: OrganizationId, r: &Reference) -> Result<(), Error> {
    let params = [org.0.into(), r.message_id.as_str().into(), r.conversation_id.0.into(), r.entry_id.0.into()];
    tx.exec(&REMEMBER, &params).await.map(drop)
}

/// Those of `ids` that are known, in no order.
pub async fn references(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<String>) -> Result<Vec<Reference>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&REFERENCES, &[org.0.into(), ids.into()], reference).await
}

/// Whether the channel took this in already, as an entry or as a dead letter.
pub async fn is_taken(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    channel: ChannelId,
    external_id: &str,
) -> Result<bool, Error> {
    let params = [org.0.into(), channel.0.into(), external_id.into()];
    Ok(!tx.all(&TAKEN, &params, |row| row.get::<uuid::Uuid>(0)).await?.is_empty())
}

/// Notes where the raw bytes of an entry stand.
pub async fn set_raw(tx: &mut Tx<'_>, org: OrganizationId, entry: EntryId, key: &str) -> Result<(), Error> {
    tx.exec_one(&SET_RAW, &[org.0.into(), entry.0.into(), key.into()]).await
}

/// Where the raw bytes of an entry stand.
pub async fn raw(tx: &mut Tx<'_>, org: OrganizationId, entry: EntryId) -> Result<Option<String>, Error> {
    let found = tx.optional(&RAW, &[org.0.into(), entry.0.into()], |row| row.get::<Option<String>>(0)).await?;
    Ok(found.flatten())
}

/// Notes the headers under which an entry leaves.
pub async fn set_mail(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    entry: EntryId,
    mail: serde_json::Value,
) -> Result<(), Error> {
    tx.exec_one(&SET_MAIL, &[org.0.into(), entry.0.into(), mail.into()]).await
}

/// Direction and headers of the mails of a conversation before `seq`, newest first, at most 20.
pub async fn thread(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    seq: i64,
) -> Result<Vec<(String, serde_json::Value)>, Error> {
    let read = |row: &Row<'_>| {
        let mut c = Cols::new(row);
        Ok((c.get()?, c.get()?))
    };
    tx.all(&THREAD, &[org.0.into(), conversation.0.into(), seq.into()], read).await
}
