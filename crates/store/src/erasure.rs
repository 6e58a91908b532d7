//! Erasing what was said: rows stay, so that places and numbers do; their content goes.

use db::Kind::Text;
use db::{Error, Row, Sql, Tx};
use domain::ids::{ConversationId, EntryId, OrganizationId};
use jiff::Timestamp;

use crate::cols::Cols;

const ENTRIES: Sql = Sql::new(
    "erasure.entries",
    "UPDATE entries SET body = '{}', attachment_ids = '[]', reactions = '[]', edits = '[]', author_name = NULL,
       mail = NULL, raw_key = NULL, is_redacted = TRUE, deleted_at = COALESCE(deleted_at, $3)
     WHERE organization_id = $1 AND id IN (SELECT e.id FROM entries e WHERE e.organization_id = $1
       AND e.conversation_id = $2 AND (NOT e.is_redacted OR e.deleted_at IS NULL OR e.raw_key IS NOT NULL) LIMIT $4)",
    &[],
);
const FILES: Sql = Sql::new(
    "erasure.files",
    "SELECT file_key, preview_key FROM attachments WHERE organization_id = $1 AND conversation_id = $2 LIMIT 1000000",
    &[Text, Text],
);
const RAW: Sql = Sql::new(
    "erasure.raw",
    "SELECT raw_key FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND raw_key IS NOT NULL
     LIMIT 1000000",
    &[Text],
);
const DRAFTS: Sql =
    Sql::new("erasure.drafts", "DELETE FROM drafts WHERE organization_id = $1 AND conversation_id = $2", &[]);
const ATTACHMENTS: Sql = Sql::new(
    "erasure.attachments",
    "UPDATE attachments SET state = 'expired', name = '', file_key = NULL, preview_key = NULL
     WHERE organization_id = $1 AND conversation_id = $2",
    &[],
);
const NOTIFICATIONS: Sql = Sql::new(
    "erasure.notifications",
    "DELETE FROM notifications WHERE organization_id = $1 AND conversation_id = $2",
    &[],
);
const TIMERS: Sql =
    Sql::new("erasure.timers", "DELETE FROM timers WHERE organization_id = $1 AND subject_id = $2", &[]);

const LETTERS: Sql =
    Sql::new("erasure.letters", "DELETE FROM letters WHERE organization_id = $1 AND conversation_id = $2", &[]);
const NOTICES: Sql =
    Sql::new("erasure.notices", "DELETE FROM notices WHERE organization_id = $1 AND conversation_id = $2", &[]);
const RATINGS: Sql = Sql::new(
    "erasure.ratings",
    "UPDATE ratings SET comment = NULL WHERE organization_id = $1 AND conversation_id = $2",
    &[],
);

const CALL_OFF: Sql = Sql::new(
    "erasure.call_off",
    "UPDATE deliveries SET state = 'cancelled', updated_at = $3
     WHERE organization_id = $1 AND entry_id = $2 AND state IN ('held', 'queued')",
    &[],
);

pub(crate) const ALL: &[&Sql] =
    &[&CALL_OFF, &FILES, &RAW, &ENTRIES, &DRAFTS, &ATTACHMENTS, &NOTIFICATIONS, &TIMERS, &LETTERS, &NOTICES, &RATINGS];

/// The keys of every file of a conversation: attachments, their previews, mails as they came. Asked before it is wiped.
pub async fn files(tx: &mut Tx<'_>, org: OrganizationId, conversation: ConversationId) -> Result<Vec<String>, Error> {
    let pair = |row: &Row<'_>| {
        let mut c = Cols::new(row);
        Ok([c.get::<Option<String>>()?, c.get::<Option<String>>()?])
    };
    let params = [org.0.into(), conversation.0.into()];
    let attached = tx.all(&FILES, &params, pair).await?;
    let raw = tx.all(&RAW, &params, |row| Cols::new(row).get::<String>()).await?;
    Ok(attached.into_iter().flatten().flatten().chain(raw).collect())
}

/// Wipes at most `limit` entries of a conversation; how many.
pub async fn entries(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    now: Timestamp,
    limit: i64,
) -> Result<u64, Error> {
    tx.exec(&ENTRIES, &[org.0.into(), conversation.0.into(), now.into(), limit.into()]).await
}

/// Wipes what stands beside the entries: drafts, names of files, notifications, timers, addresses that mail goes to,
/// and what was said of it.
pub async fn beside(tx: &mut Tx<'_>, org: OrganizationId, conversation: ConversationId) -> Result<(), Error> {
    crate::search::remove_conversation(tx, org, conversation).await?;
    for sql in [&DRAFTS, &ATTACHMENTS, &NOTIFICATIONS, &TIMERS, &LETTERS, &NOTICES, &RATINGS] {
        tx.exec(sql, &[org.0.into(), conversation.0.into()]).await?;
    }
    Ok(())
}

/// Calls off what was to leave for a provider; whether there was something that had not left.
pub async fn call_off(tx: &mut Tx<'_>, org: OrganizationId, entry: EntryId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(&CALL_OFF, &[org.0.into(), entry.0.into(), now.into()]).await? > 0)
}
