//! API tokens: what is stored of them is a hash, never the secret.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{AgentId, OrganizationId, UserId};
use domain::permissions::Grant;
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json, opt};

/// A token of an integration or a bot.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct ApiToken {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub name: String,
    /// The first characters of the secret, to tell tokens apart.
    pub prefix: String,
    /// The bot it acts as.
    pub agent_id: Option<AgentId>,
    pub grants: Vec<Grant>,
    /// Networks it may be used from; empty: from anywhere.
    pub cidrs: Vec<String>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub version: i64,
}

impl ApiToken {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let mut c = Cols::new(row);
        Ok(Self {
            id: c.get()?,
            organization_id: c.id()?,
            name: c.get()?,
            prefix: c.get()?,
            agent_id: c.opt_id()?,
            grants: c.json()?,
            cidrs: c.json()?,
            created_by: c.id()?,
            created_at: c.get()?,
            expires_at: c.get()?,
            last_used_at: c.get()?,
            revoked_at: c.get()?,
            version: c.get()?,
        })
    }
}

macro_rules! columns {
    () => {
        "id, organization_id, name, prefix, agent_id, grants, cidrs, created_by, created_at, expires_at, last_used_at,
         revoked_at, version"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Text, Text, Id, Json, Json, Id, Time, Time, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "api_tokens.insert",
    "INSERT INTO api_tokens (id, organization_id, name, token_hash, prefix, agent_id, grants, cidrs, created_by,
       created_at, updated_at, expires_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, 1)",
    &[],
);
const LIST: Sql = Sql::new(
    "api_tokens.list",
    concat!(
        "SELECT ",
        columns!(),
        " FROM api_tokens WHERE organization_id = $1 AND id < $2 AND revoked_at IS NULL ORDER BY id DESC LIMIT $3"
    ),
    COLUMNS,
);
const FIND: Sql = Sql::new(
    "api_tokens.find",
    concat!("SELECT ", columns!(), " FROM api_tokens WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL"),
    COLUMNS,
);
const BY_HASH: Sql = Sql::global(
    "api_tokens.by_hash",
    concat!("SELECT ", columns!(), " FROM api_tokens WHERE token_hash = $1"),
    COLUMNS,
    "the token names the organization",
);
const UPDATE: Sql = Sql::new(
    "api_tokens.update",
    "UPDATE api_tokens SET name = $4, grants = $5, cidrs = $6, expires_at = $7, updated_at = $8, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3 AND revoked_at IS NULL",
    &[],
);
const TOUCH: Sql = Sql::new(
    "api_tokens.touch",
    "UPDATE api_tokens SET last_used_at = $3 WHERE organization_id = $1 AND id = $2
       AND (last_used_at IS NULL OR last_used_at < $4)",
    &[],
);
const REVOKE: Sql = Sql::new(
    "api_tokens.revoke",
    "UPDATE api_tokens SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &LIST, &FIND, &BY_HASH, &UPDATE, &TOUCH, &REVOKE];

/// Adds a token under the hash of its secret.
pub async fn insert(tx: &mut Tx<'_>, t: &ApiToken, hash: &[u8]) -> Result<(), Error> {
    let params = [
        t.id.into(),
        t.organization_id.0.into(),
        t.name.as_str().into(),
        hash.to_vec().into(),
        t.prefix.as_str().into(),
        opt(t.agent_id),
        json(&t.grants),
        json(&t.cidrs),
        t.created_by.0.into(),
        t.created_at.into(),
        t.expires_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// Tokens that were not revoked, newest first, before `before`.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId, before: Uuid, limit: i64) -> Result<Vec<ApiToken>, Error> {
    tx.all(&LIST, &[org.0.into(), before.into(), limit.into()], ApiToken::from_row).await
}

/// A token that was not revoked.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<ApiToken>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.into()], ApiToken::from_row).await
}

/// The token of a secret's hash, also a revoked one.
pub async fn by_hash(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<ApiToken>, Error> {
    tx.optional(&BY_HASH, &[hash.to_vec().into()], ApiToken::from_row).await
}

/// Writes a token whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, t: &mut ApiToken, now: Timestamp) -> Result<(), Error> {
    let params = [
        t.organization_id.0.into(),
        t.id.into(),
        t.version.into(),
        t.name.as_str().into(),
        json(&t.grants),
        json(&t.cidrs),
        t.expires_at.into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    t.version += 1;
    Ok(())
}

/// Notes the use of a token unless a use after `since` is noted already.
pub async fn touch(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    now: Timestamp,
    since: Timestamp,
) -> Result<(), Error> {
    tx.exec(&TOUCH, &[org.0.into(), id.into(), now.into(), since.into()]).await.map(drop)
}

/// Ends a token; whether it was alive.
pub async fn revoke(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(&REVOKE, &[org.0.into(), id.into(), now.into()]).await? > 0)
}
