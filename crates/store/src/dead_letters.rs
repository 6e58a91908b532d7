//! Dead letters: what could not be placed or delivered, kept until a person decides.

use db::Kind::{Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, EntryId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// One dead letter.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct DeadLetter {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub channel_id: ChannelId,
    /// `in` or `out`.
    pub direction: String,
    /// A stable word.
    pub reason: String,
    pub raw_key: Option<String>,
    pub entry_id: Option<EntryId>,
    /// What an inbound one is known by; unique within the channel.
    pub external_id: Option<String>,
    /// What people see of it: sender, subject, error.
    pub about: serde_json::Value,
    pub created_at: Timestamp,
    pub settled_at: Option<Timestamp>,
}

fn dead_letter(row: &Row<'_>) -> Result<DeadLetter, Error> {
    let mut c = Cols::new(row);
    Ok(DeadLetter {
        id: c.get()?,
        organization_id: c.id()?,
        channel_id: c.id()?,
        direction: c.get()?,
        reason: c.get()?,
        raw_key: c.get()?,
        entry_id: c.opt_id()?,
        external_id: c.get()?,
        about: c.get::<Option<serde_json::Value>>()?.unwrap_or_default(),
        created_at: c.get()?,
        settled_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, channel_id, direction, reason, raw_key, entry_id, external_id, about, created_at, settled_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Text, Text, Text, Id, Text, Json, Time, Time];

const INSERT: Sql = Sql::new(
    "dead_letters.insert",
    concat!("INSERT INTO dead_letters (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
    &[],
);
const LOCK: Sql = Sql::new(
    "dead_letters.lock",
    concat!("SELECT ", columns!(), " FROM dead_letters WHERE organization_id = $1 AND id = $2 {for_update}"),
    COLUMNS,
);
const LIST: Sql = Sql::new(
    "dead_letters.list",
    concat!(
        "SELECT ",
        columns!(),
        " FROM dead_letters WHERE organization_id = $1 AND settled_at IS NULL
          AND ({cast $2 uuid} IS NULL OR channel_id = $2) AND id < $3 ORDER BY id DESC LIMIT $4"
    ),
    COLUMNS,
);
const SETTLE: Sql = Sql::new(
    "dead_letters.settle",
    "UPDATE dead_letters SET settled_at = $3 WHERE organization_id = $1 AND id = $2 AND settled_at IS NULL",
    &[],
);
const SETTLE_OF_ENTRY: Sql = Sql::new(
    "dead_letters.settle_of_entry",
    "UPDATE dead_letters SET settled_at = $3 WHERE organization_id = $1 AND entry_id = $2 AND settled_at IS NULL",
    &[],
);
const RELEASE: Sql = Sql::new(
    "dead_letters.release",
    "UPDATE dead_letters SET settled_at = $3, external_id = NULL WHERE organization_id = $1 AND id = $2",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &LOCK, &LIST, &SETTLE, &SETTLE_OF_ENTRY, &RELEASE];

/// Adds one.
pub async fn insert(tx: &mut Tx<'_>, d: &DeadLetter) -> Result<(), Error> {
    let params = [
        d.id.into(),
        d.organization_id.0.into(),
        d.channel_id.0.into(),
        d.direction.as_str().into(),
        d.reason.as_str().into(),
        d.raw_key.clone().into(),
        opt(d.entry_id),
        d.external_id.clone().into(),
        d.about.clone().into(),
        d.created_at.into(),
        d.settled_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// One, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<DeadLetter>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.into()], dead_letter).await
}

/// Unsettled ones before `before`, newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    channel: Option<ChannelId>,
    before: Uuid,
    limit: i64,
) -> Result<Vec<DeadLetter>, Error> {
    tx.all(&LIST, &[org.0.into(), opt(channel), before.into(), limit.into()], dead_letter).await
}

/// Settles one; whether it was open.
pub async fn settle(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(&SETTLE, &[org.0.into(), id.into(), now.into()]).await? == 1)
}

/// Settles those about an entry.
pub async fn settle_of_entry(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    entry: EntryId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec(&SETTLE_OF_ENTRY, &[org.0.into(), entry.0.into(), now.into()]).await.map(drop)
}

/// Settles one and gives up what it is known by, since it is taken in anew.
pub async fn release(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&RELEASE, &[org.0.into(), id.into(), now.into()]).await
}
