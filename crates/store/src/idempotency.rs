//! Keys of calls that must take effect once, and what was answered.

use db::Kind::{Blob, Int, Json, Time};
use db::{Error, Row, Sql, Tx};
use domain::ids::OrganizationId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;

/// Which call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// In which organization.
    pub organization: OrganizationId,
    /// The user or token that called.
    pub owner: Uuid,
    /// Method and path.
    pub operation: String,
    /// The caller's own key.
    pub key: String,
}

/// What is known of a call that took effect.
#[derive(Clone, Debug)]
pub struct Record {
    /// SHA-256 of the body.
    pub body_hash: Vec<u8>,
    /// What was answered; 0 as long as the answer is not noted.
    pub status: i64,
    /// The body of the answer.
    pub response: serde_json::Value,
    /// When it took effect.
    pub created_at: Timestamp,
}

fn record(row: &Row<'_>) -> Result<Record, Error> {
    let mut c = Cols::new(row);
    Ok(Record { body_hash: c.get()?, status: c.get()?, response: c.get()?, created_at: c.get()? })
}

const CLAIM: Sql = Sql::new(
    "idempotency.claim",
    "INSERT INTO idempotency_keys (organization_id, owner_id, operation, key, body_hash, status, response, created_at)
     VALUES ($1, $2, $3, $4, $5, 0, $6, $7)",
    &[],
);
const FIND: Sql = Sql::new(
    "idempotency.find",
    "SELECT body_hash, status, response, created_at FROM idempotency_keys
     WHERE organization_id = $1 AND owner_id = $2 AND operation = $3 AND key = $4",
    &[Blob, Int, Json, Time],
);
const ANSWER: Sql = Sql::new(
    "idempotency.answer",
    "INSERT INTO idempotency_keys (organization_id, owner_id, operation, key, body_hash, status, response, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (organization_id, owner_id, operation, key)
     DO UPDATE SET status = excluded.status, response = excluded.response",
    &[],
);
const FORGET: Sql = Sql::new(
    "idempotency.forget",
    "DELETE FROM idempotency_keys WHERE organization_id = $1 AND owner_id = $2 AND operation = $3 AND key = $4",
    &[],
);
const SWEEP: Sql =
    Sql::new("idempotency.sweep", "DELETE FROM idempotency_keys WHERE organization_id = $1 AND created_at < $2", &[]);

pub(crate) const ALL: &[&Sql] = &[&CLAIM, &FIND, &ANSWER, &FORGET, &SWEEP];

fn names(call: &Call) -> [db::Value; 4] {
    [call.organization.0.into(), call.owner.into(), call.operation.as_str().into(), call.key.as_str().into()]
}

/// Notes, in the transaction of the effect, that the call took effect.
///
/// # Errors
/// [`Error::Unique`] when it did before; the effect must then not be repeated.
pub async fn claim(tx: &mut Tx<'_>, call: &Call, body_hash: &[u8], now: Timestamp) -> Result<(), Error> {
    let [org, owner, operation, key] = names(call);
    let params = [org, owner, operation, key, body_hash.to_vec().into(), serde_json::Value::Null.into(), now.into()];
    tx.exec_one(&CLAIM, &params).await
}

/// What is known of a call.
pub async fn find(tx: &mut Tx<'_>, call: &Call) -> Result<Option<Record>, Error> {
    tx.optional(&FIND, &names(call), record).await
}

/// Notes what was answered.
pub async fn answer(tx: &mut Tx<'_>, call: &Call, record: &Record) -> Result<(), Error> {
    let [org, owner, operation, key] = names(call);
    let params = [
        org,
        owner,
        operation,
        key,
        record.body_hash.clone().into(),
        record.status.into(),
        record.response.clone().into(),
        record.created_at.into(),
    ];
    tx.exec_one(&ANSWER, &params).await
}

/// Forgets a call, which may then be made anew.
pub async fn forget(tx: &mut Tx<'_>, call: &Call) -> Result<(), Error> {
    tx.exec(&FORGET, &names(call)).await.map(drop)
}

/// Forgets the calls made before `before`; how many.
pub async fn sweep(tx: &mut Tx<'_>, org: OrganizationId, before: Timestamp) -> Result<u64, Error> {
    tx.exec(&SWEEP, &[org.0.into(), before.into()]).await
}
