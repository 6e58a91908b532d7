//! Commands that can be taken back.

use db::Kind::{Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// What a command set, and what stood there before.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Undo {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    /// Who may take it back.
    pub user_id: Option<UserId>,
    /// `conversations`, `conversation_merge`, `customer_merge` or `message`.
    pub kind: String,
    pub data: serde_json::Value,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

fn undo(row: &Row<'_>) -> Result<Undo, Error> {
    let mut c = Cols::new(row);
    Ok(Undo {
        id: c.get()?,
        organization_id: c.id()?,
        user_id: c.opt_id()?,
        kind: c.get()?,
        data: c.get()?,
        created_at: c.get()?,
        expires_at: c.get()?,
        used_at: c.get()?,
    })
}

const INSERT: Sql = Sql::new(
    "undos.insert",
    "INSERT INTO undos (id, organization_id, user_id, kind, data, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
    &[],
);
const LOCK: Sql = Sql::new(
    "undos.lock",
    "SELECT id, organization_id, user_id, kind, data, created_at, expires_at, used_at FROM undos
     WHERE organization_id = $1 AND id = $2 {for_update}",
    &[Id, Id, Id, Text, Json, Time, Time, Time],
);
const USE: Sql = Sql::new(
    "undos.use",
    "UPDATE undos SET used_at = $3 WHERE organization_id = $1 AND id = $2 AND used_at IS NULL",
    &[],
);
const FORGET: Sql = Sql::new("undos.forget", "DELETE FROM undos WHERE organization_id = $1 AND expires_at < $2", &[]);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &LOCK, &USE, &FORGET];

/// Remembers a command.
pub async fn insert(tx: &mut Tx<'_>, u: &Undo) -> Result<(), Error> {
    let params = [
        u.id.into(),
        u.organization_id.0.into(),
        opt(u.user_id),
        u.kind.as_str().into(),
        u.data.clone().into(),
        u.created_at.into(),
        u.expires_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// One, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<Undo>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.into()], undo).await
}

/// Notes that it was taken back.
pub async fn use_up(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&USE, &[org.0.into(), id.into(), now.into()]).await
}

/// Forgets what expired before `at`.
pub async fn forget(tx: &mut Tx<'_>, org: OrganizationId, at: Timestamp) -> Result<(), Error> {
    tx.exec(&FORGET, &[org.0.into(), at.into()]).await.map(drop)
}
