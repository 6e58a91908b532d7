//! Deliveries: what has to leave for a provider, one row per attempt.

use db::Kind::{Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, EntryId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;

/// One attempt.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Attempt {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub entry_id: EntryId,
    pub channel_id: ChannelId,
    /// A word of [`domain::conversation::DeliveryState`].
    pub state: String,
    /// 1, 2, 3 …
    pub attempt: i64,
    pub next_at: Timestamp,
    pub created_at: Timestamp,
}

fn attempt(row: &Row<'_>) -> Result<Attempt, Error> {
    let mut c = Cols::new(row);
    Ok(Attempt {
        id: c.get()?,
        organization_id: c.id()?,
        entry_id: c.id()?,
        channel_id: c.id()?,
        state: c.get()?,
        attempt: c.get()?,
        next_at: c.get()?,
        created_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "d.id, d.organization_id, d.entry_id, d.channel_id, d.state, d.attempt, d.next_at, d.created_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Id, Text, Int, Time, Time];

const INSERT: Sql = Sql::new(
    "deliveries.insert",
    "INSERT INTO deliveries (id, organization_id, entry_id, channel_id, state, attempt, next_at, leased_until,
       created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, $8)",
    &[],
);
const DUE: Sql = Sql::new(
    "deliveries.due",
    concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries d JOIN channels c ON c.organization_id = d.organization_id AND c.id = d.channel_id
          WHERE d.organization_id = $1 AND d.state = 'queued' AND d.next_at <= $2
            AND c.state IN ('enabled', 'draining') ORDER BY d.next_at, d.id LIMIT $3"
    ),
    COLUMNS,
);
const NEXT_DUE: Sql = Sql::new(
    "deliveries.next_due",
    "SELECT d.next_at FROM deliveries d
       JOIN channels c ON c.organization_id = d.organization_id AND c.id = d.channel_id
     WHERE d.organization_id = $1 AND d.state = 'queued' AND c.state IN ('enabled', 'draining')
     ORDER BY d.next_at LIMIT 1",
    &[Time],
);
const LATE: Sql = Sql::new(
    "deliveries.late",
    concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries d WHERE d.organization_id = $1 AND d.state = 'sending' AND d.leased_until < $2
          ORDER BY d.id LIMIT 500"
    ),
    COLUMNS,
);
const MOVE: Sql = Sql::new(
    "deliveries.move",
    "UPDATE deliveries SET state = $4, leased_until = $5, updated_at = $6
     WHERE organization_id = $1 AND id = $2 AND state = $3",
    &[],
);
const NEWEST: Sql = Sql::new(
    "deliveries.newest",
    concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries d WHERE d.organization_id = $1 AND d.entry_id = $2 ORDER BY d.attempt DESC LIMIT 1"
    ),
    COLUMNS,
);
const HASTEN: Sql = Sql::new(
    "deliveries.hasten",
    "UPDATE deliveries SET next_at = $3, updated_at = $3 WHERE organization_id = $1 AND id = $2 AND state = 'queued'",
    &[],
);
const WAITING: Sql = Sql::new(
    "deliveries.waiting",
    "SELECT COUNT(*) FROM deliveries WHERE organization_id = $1 AND channel_id = $2 AND state IN ('queued', 'sending')",
    &[Int],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &DUE, &NEXT_DUE, &LATE, &MOVE, &NEWEST, &HASTEN, &WAITING];

/// Adds an attempt.
///
/// # Errors
/// [`Error::Unique`] when the entry has this attempt already.
pub async fn insert(tx: &mut Tx<'_>, a: &Attempt) -> Result<(), Error> {
    let params = [
        a.id.into(),
        a.organization_id.0.into(),
        a.entry_id.0.into(),
        a.channel_id.0.into(),
        a.state.as_str().into(),
        a.attempt.into(),
        a.next_at.into(),
        a.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// What is due at `now` on channels that send, longest due first.
pub async fn due(tx: &mut Tx<'_>, org: OrganizationId, now: Timestamp, limit: i64) -> Result<Vec<Attempt>, Error> {
    tx.all(&DUE, &[org.0.into(), now.into(), limit.into()], attempt).await
}

/// When the next one is due.
pub async fn next_due(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Option<Timestamp>, Error> {
    tx.optional(&NEXT_DUE, &[org.0.into()], |row| row.get(0)).await
}

/// Those whose lease ended before `until`: whoever was sending them is gone.
pub async fn late(tx: &mut Tx<'_>, org: OrganizationId, until: Timestamp) -> Result<Vec<Attempt>, Error> {
    tx.all(&LATE, &[org.0.into(), until.into()], attempt).await
}

/// Moves an attempt from one state to another; whether it was in the first one.
pub async fn shift(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    [from, to]: [&str; 2],
    leased_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, Error> {
    let params = [org.0.into(), id.into(), from.into(), to.into(), leased_until.into(), now.into()];
    Ok(tx.exec(&MOVE, &params).await? == 1)
}

/// The newest attempt of an entry.
pub async fn newest(tx: &mut Tx<'_>, org: OrganizationId, entry: EntryId) -> Result<Option<Attempt>, Error> {
    tx.optional(&NEWEST, &[org.0.into(), entry.0.into()], attempt).await
}

/// Makes a waiting attempt due now; whether it was waiting.
pub async fn hasten(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(&HASTEN, &[org.0.into(), id.into(), now.into()]).await? == 1)
}

/// How many of a channel have not left yet.
pub async fn waiting(tx: &mut Tx<'_>, org: OrganizationId, channel: ChannelId) -> Result<i64, Error> {
    tx.one(&WAITING, &[org.0.into(), channel.0.into()], |row| row.get(0)).await
}
