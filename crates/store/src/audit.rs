//! Audit records: read back, and sealed into a chain.
//!
//! # Invariants
//! - A record gets its place in the chain once, from whoever seals, and keeps it.

use db::Kind::{Blob, Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::OrganizationId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};
use crate::events::AuditRecord;

/// A record as it stands in the store.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What happened.
    pub record: AuditRecord,
    /// From which address.
    pub ip: Option<String>,
    /// In which session.
    pub session_id: Option<Uuid>,
    /// Its place in the chain; `None` until it is sealed.
    pub seal: Option<i64>,
    /// The hash of the record before.
    pub prev_hash: Option<Vec<u8>>,
    /// Its own hash.
    pub hash: Option<Vec<u8>>,
}

fn stored(row: &Row<'_>) -> Result<Stored, Error> {
    let mut c = Cols::new(row);
    let record = AuditRecord {
        id: c.get()?,
        organization_id: c.id()?,
        at: c.get()?,
        actor: c.get()?,
        action: c.get()?,
        resource_type: c.get()?,
        resource_id: c.get()?,
        before: c.get()?,
        after: c.get()?,
        reason: c.get()?,
    };
    Ok(Stored { record, ip: c.get()?, session_id: c.get()?, seal: c.get()?, prev_hash: c.get()?, hash: c.get()? })
}

macro_rules! columns {
    () => {
        "id, organization_id, at, actor, action, resource_type, resource_id, before, after, reason, ip, session_id,
         seal, prev_hash, hash"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Time, Json, Text, Text, Id, Json, Json, Text, Text, Id, Int, Blob, Blob];

const LIST: Sql = Sql::new(
    "audit.list",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_records WHERE organization_id = $1 AND id < $2
           AND ({cast $3 text} IS NULL OR action = $3)
           AND ({cast $4 text} IS NULL OR resource_type = $4)
           AND ({cast $5 uuid} IS NULL OR resource_id = $5)
           AND ({cast $6 text} IS NULL OR actor->>'id' = $6)
           AND ({cast $7 time} IS NULL OR at >= $7)
           AND ({cast $8 time} IS NULL OR at < $8)
           AND (NOT {cast $9 bool} OR resource_type IN ('agent', 'queue', 'work_item', 'conversation', 'offer'))
         ORDER BY id DESC LIMIT $10"
    ),
    COLUMNS,
);
const UNSEALED: Sql = Sql::new(
    "audit.unsealed",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_records WHERE organization_id = $1 AND seal IS NULL ORDER BY position LIMIT $2"
    ),
    COLUMNS,
);
const SEALED: Sql = Sql::new(
    "audit.sealed",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_records WHERE organization_id = $1 AND seal > $2 ORDER BY seal LIMIT $3"
    ),
    COLUMNS,
);
const LAST: Sql = Sql::new(
    "audit.last",
    concat!(
        "SELECT ",
        columns!(),
        " FROM audit_records WHERE organization_id = $1 AND seal IS NOT NULL ORDER BY seal DESC LIMIT 1"
    ),
    COLUMNS,
);
const SEAL: Sql = Sql::new(
    "audit.seal",
    "UPDATE audit_records SET seal = $3, prev_hash = $4, hash = $5
     WHERE organization_id = $1 AND id = $2 AND seal IS NULL",
    &[],
);
const ORIGIN: Sql = Sql::new(
    "audit.origin",
    "UPDATE audit_records SET ip = $3, session_id = $4 WHERE organization_id = $1 AND id = $2 AND seal IS NULL",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&LIST, &UNSEALED, &SEALED, &LAST, &SEAL, &ORIGIN];

/// What to list.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Filter {
    pub action: Option<String>,
    pub resource_type: Option<String>,
    pub resource_id: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub from_at: Option<Timestamp>,
    pub to_at: Option<Timestamp>,
    /// Only what was done with work, agents and queues.
    pub operations_only: bool,
}

/// Records, newest first, before `before`.
pub async fn list(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    filter: &Filter,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Stored>, Error> {
    let params = [
        org.0.into(),
        before.into(),
        filter.action.clone().into(),
        filter.resource_type.clone().into(),
        filter.resource_id.into(),
        filter.actor_id.map(|id| id.to_string()).into(),
        filter.from_at.into(),
        filter.to_at.into(),
        filter.operations_only.into(),
        limit.into(),
    ];
    tx.all(&LIST, &params, stored).await
}

/// Records without a place in the chain, oldest first.
pub async fn unsealed(tx: &mut Tx<'_>, org: OrganizationId, limit: i64) -> Result<Vec<Stored>, Error> {
    tx.all(&UNSEALED, &[org.0.into(), limit.into()], stored).await
}

/// The chain after `seal`, in its order.
pub async fn sealed(tx: &mut Tx<'_>, org: OrganizationId, seal: i64, limit: i64) -> Result<Vec<Stored>, Error> {
    tx.all(&SEALED, &[org.0.into(), seal.into(), limit.into()], stored).await
}

/// The end of the chain.
pub async fn last(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Option<Stored>, Error> {
    tx.optional(&LAST, &[org.0.into()], stored).await
}

/// Gives a record its place in the chain.
///
/// # Errors
/// [`Error::Unique`] or [`Error::Conflict`] when somebody else was first.
pub async fn seal(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    place: i64,
    prev_hash: &[u8],
    hash: &[u8],
) -> Result<(), Error> {
    let params = [org.0.into(), id.into(), place.into(), prev_hash.to_vec().into(), hash.to_vec().into()];
    tx.exec_one(&SEAL, &params).await
}

/// Notes where a record of this transaction came from.
pub async fn note_origin(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    ip: Option<String>,
    session: Option<Uuid>,
) -> Result<(), Error> {
    tx.exec(&ORIGIN, &[org.0.into(), id.into(), ip.into(), opt(session)]).await.map(drop)
}
