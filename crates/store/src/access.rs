//! Sessions and one-use links.

use db::Kind::{Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, SessionId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// A sign-in session.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Session {
    pub id: SessionId,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    pub csrf_token: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Session {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let mut c = Cols::new(row);
        Ok(Self {
            id: c.id()?,
            organization_id: c.id()?,
            user_id: c.id()?,
            csrf_token: c.get()?,
            ip: c.get()?,
            user_agent: c.get()?,
            created_at: c.get()?,
            last_seen_at: c.get()?,
            expires_at: c.get()?,
        })
    }
}

/// A one-use link.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Link {
    pub id: Uuid,
    pub organization_id: Option<OrganizationId>,
    /// `setup` or `sign_in`.
    pub kind: String,
    pub user_id: Option<UserId>,
    pub data: serde_json::Value,
    pub expires_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
}

impl Link {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let mut c = Cols::new(row);
        Ok(Self {
            id: c.get()?,
            organization_id: c.opt_id()?,
            kind: c.get()?,
            user_id: c.opt_id()?,
            data: c.get()?,
            expires_at: c.get()?,
            used_at: c.get()?,
        })
    }
}

const INSERT_SESSION: Sql = Sql::new(
    "access.insert_session",
    "INSERT INTO sessions (id, organization_id, user_id, token_hash, csrf_token, ip, user_agent, created_at,
       last_seen_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
    &[],
);
const SESSION_BY_TOKEN: Sql = Sql::global(
    "access.session_by_token",
    "SELECT id, organization_id, user_id, csrf_token, ip, user_agent, created_at, last_seen_at, expires_at
     FROM sessions WHERE token_hash = $1",
    &[Id, Id, Id, Text, Text, Text, Time, Time, Time],
    "the token names the organization",
);
const TOUCH_SESSION: Sql = Sql::new(
    "access.touch_session",
    "UPDATE sessions SET last_seen_at = $3 WHERE organization_id = $1 AND id = $2",
    &[],
);
const DELETE_SESSION: Sql =
    Sql::new("access.delete_session", "DELETE FROM sessions WHERE organization_id = $1 AND id = $2", &[]);
const LIST_SESSIONS: Sql = Sql::new(
    "access.list_sessions",
    "SELECT id, organization_id, user_id, csrf_token, ip, user_agent, created_at, last_seen_at, expires_at
     FROM sessions WHERE organization_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT 100",
    &[Id, Id, Id, Text, Text, Text, Time, Time, Time],
);
const INSERT_LINK: Sql = Sql::global(
    "access.insert_link",
    "INSERT INTO link_tokens (id, organization_id, kind, token_hash, user_id, data, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    &[],
    "the set-up link exists before any organization",
);
const LINK_BY_TOKEN: Sql = Sql::global(
    "access.link_by_token",
    "SELECT id, organization_id, kind, user_id, data, expires_at, used_at FROM link_tokens WHERE token_hash = $1",
    &[Id, Id, Text, Id, Json, Time, Time],
    "the token names the organization",
);
const USE_LINK: Sql = Sql::global(
    "access.use_link",
    "UPDATE link_tokens SET used_at = $2 WHERE id = $1 AND used_at IS NULL",
    &[],
    "the set-up link exists before any organization",
);
const DROP_LINKS: Sql = Sql::global(
    "access.drop_links",
    "DELETE FROM link_tokens WHERE kind = $1 AND used_at IS NULL",
    &[],
    "only the newest set-up link of the installation is valid",
);

pub(crate) const ALL: &[&Sql] = &[
    &INSERT_SESSION,
    &SESSION_BY_TOKEN,
    &TOUCH_SESSION,
    &DELETE_SESSION,
    &LIST_SESSIONS,
    &INSERT_LINK,
    &LINK_BY_TOKEN,
    &USE_LINK,
    &DROP_LINKS,
];

/// Opens a session under the hash of its token.
pub async fn insert_session(tx: &mut Tx<'_>, s: &Session, token_hash: &[u8]) -> Result<(), Error> {
    let params = [
        s.id.0.into(),
        s.organization_id.0.into(),
        s.user_id.0.into(),
        token_hash.to_vec().into(),
        s.csrf_token.as_str().into(),
        s.ip.clone().into(),
        s.user_agent.clone().into(),
        s.created_at.into(),
        s.expires_at.into(),
    ];
    tx.exec_one(&INSERT_SESSION, &params).await
}

/// The session of a token's hash.
pub async fn session_by_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Session>, Error> {
    tx.optional(&SESSION_BY_TOKEN, &[token_hash.to_vec().into()], Session::from_row).await
}

/// Notes that a session was used.
pub async fn touch_session(tx: &mut Tx<'_>, org: OrganizationId, id: SessionId, now: Timestamp) -> Result<u64, Error> {
    tx.exec(&TOUCH_SESSION, &[org.0.into(), id.0.into(), now.into()]).await
}

/// Ends a session; whether there was one.
pub async fn delete_session(tx: &mut Tx<'_>, org: OrganizationId, id: SessionId) -> Result<bool, Error> {
    Ok(tx.exec(&DELETE_SESSION, &[org.0.into(), id.0.into()]).await? > 0)
}

/// The sessions of a user, newest first.
pub async fn list_sessions(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<Vec<Session>, Error> {
    tx.all(&LIST_SESSIONS, &[org.0.into(), user.0.into()], Session::from_row).await
}

/// Adds a one-use link under the hash of its token.
pub async fn insert_link(tx: &mut Tx<'_>, l: &Link, token_hash: &[u8], now: Timestamp) -> Result<(), Error> {
    let params = [
        l.id.into(),
        opt(l.organization_id),
        l.kind.as_str().into(),
        token_hash.to_vec().into(),
        opt(l.user_id),
        l.data.clone().into(),
        now.into(),
        l.expires_at.into(),
    ];
    tx.exec_one(&INSERT_LINK, &params).await
}

/// The link of a token's hash.
pub async fn link_by_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Link>, Error> {
    tx.optional(&LINK_BY_TOKEN, &[token_hash.to_vec().into()], Link::from_row).await
}

/// Uses a link up.
///
/// # Errors
/// [`Error::Conflict`] when it was used before.
pub async fn use_link(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&USE_LINK, &[id.into(), now.into()]).await
}

/// Forgets the unused links of a kind.
pub async fn drop_links(tx: &mut Tx<'_>, kind: &str) -> Result<(), Error> {
    tx.exec(&DROP_LINKS, &[kind.into()]).await.map(drop)
}
