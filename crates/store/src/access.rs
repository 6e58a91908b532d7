//! Sessions and one-use links.

use db::Kind::{Bool, Int, Json, Text, Time, Uuid as Id};
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
    /// Rights changed: the next call gets a fresh token.
    pub must_rotate: bool,
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
            must_rotate: c.get()?,
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
    "SELECT id, organization_id, user_id, csrf_token, ip, user_agent, created_at, last_seen_at, expires_at,
       must_rotate FROM sessions WHERE token_hash = $1 OR (previous_hash = $1 AND previous_until > $2)",
    &[Id, Id, Id, Text, Text, Text, Time, Time, Time, Bool],
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
    "SELECT id, organization_id, user_id, csrf_token, ip, user_agent, created_at, last_seen_at, expires_at,
       must_rotate FROM sessions WHERE organization_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT 100",
    &[Id, Id, Id, Text, Text, Text, Time, Time, Time, Bool],
);
const FIND_SESSION: Sql = Sql::new(
    "access.find_session",
    "SELECT id, organization_id, user_id, csrf_token, ip, user_agent, created_at, last_seen_at, expires_at,
       must_rotate FROM sessions WHERE organization_id = $1 AND id = $2",
    &[Id, Id, Id, Text, Text, Text, Time, Time, Time, Bool],
);
const DELETE_OTHERS: Sql = Sql::new(
    "access.delete_others",
    "DELETE FROM sessions WHERE organization_id = $1 AND user_id = $2 AND id <> $3 RETURNING id",
    &[Id],
);
const MARK_ROTATION: Sql = Sql::new(
    "access.mark_rotation",
    "UPDATE sessions SET must_rotate = TRUE WHERE organization_id = $1 AND user_id {any_uuid $2}",
    &[],
);
const ROTATE: Sql = Sql::new(
    "access.rotate",
    "UPDATE sessions SET previous_hash = token_hash, previous_until = $4, token_hash = $3, must_rotate = FALSE
     WHERE organization_id = $1 AND id = $2 AND must_rotate",
    &[],
);
const DROP_USER_LINKS: Sql = Sql::new(
    "access.drop_user_links",
    "DELETE FROM link_tokens WHERE organization_id = $1 AND user_id = $2 AND kind = $3 AND used_at IS NULL",
    &[],
);
const REQUEST_MAIL: Sql = Sql::new(
    "access.request_mail",
    "INSERT INTO account_mails (id, organization_id, kind, user_id, created_at) VALUES ($1, $2, $3, $4, $5)",
    &[],
);
const DUE_MAILS: Sql = Sql::new(
    "access.due_mails",
    "SELECT id, kind, user_id, created_at, attempt FROM account_mails
     WHERE organization_id = $1 AND taken_at IS NULL AND (next_at IS NULL OR next_at <= $2) AND created_at > $3
     ORDER BY id LIMIT $4",
    &[Id, Text, Id, Time, Int],
);
const TAKE_MAIL: Sql = Sql::new(
    "access.take_mail",
    "UPDATE account_mails SET taken_at = $3 WHERE organization_id = $1 AND id = $2 AND taken_at IS NULL",
    &[],
);
const PUT_MAIL_BACK: Sql = Sql::new(
    "access.put_mail_back",
    "UPDATE account_mails SET taken_at = NULL, next_at = $3, attempt = attempt + 1
     WHERE organization_id = $1 AND id = $2",
    &[],
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
    &FIND_SESSION,
    &DELETE_OTHERS,
    &MARK_ROTATION,
    &ROTATE,
    &DROP_USER_LINKS,
    &REQUEST_MAIL,
    &DUE_MAILS,
    &TAKE_MAIL,
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

/// The session of a token's hash; a token that was just replaced is good a moment longer.
pub async fn session_by_token(tx: &mut Tx<'_>, token_hash: &[u8], now: Timestamp) -> Result<Option<Session>, Error> {
    tx.optional(&SESSION_BY_TOKEN, &[token_hash.to_vec().into(), now.into()], Session::from_row).await
}

/// One session.
pub async fn find_session(tx: &mut Tx<'_>, org: OrganizationId, id: SessionId) -> Result<Option<Session>, Error> {
    tx.optional(&FIND_SESSION, &[org.0.into(), id.0.into()], Session::from_row).await
}

/// Ends every session of a user but one; which.
pub async fn delete_other_sessions(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    user: UserId,
    but: SessionId,
) -> Result<Vec<SessionId>, Error> {
    tx.all(&DELETE_OTHERS, &[org.0.into(), user.0.into(), but.0.into()], |row| Cols::new(row).id()).await
}

/// The sessions of these users get a fresh token with their next call.
pub async fn mark_rotation(tx: &mut Tx<'_>, org: OrganizationId, users: Vec<Uuid>) -> Result<u64, Error> {
    tx.exec(&MARK_ROTATION, &[org.0.into(), users.into()]).await
}

/// Gives a session that is due a fresh token; the old one is good until `previous_until`. Whether it was due.
pub async fn rotate(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: SessionId,
    token_hash: &[u8],
    previous_until: Timestamp,
) -> Result<bool, Error> {
    let params = [org.0.into(), id.0.into(), token_hash.to_vec().into(), previous_until.into()];
    Ok(tx.exec(&ROTATE, &params).await? > 0)
}

/// Forgets the unused links of one kind that a user has.
pub async fn drop_user_links(tx: &mut Tx<'_>, org: OrganizationId, user: UserId, kind: &str) -> Result<(), Error> {
    tx.exec(&DROP_USER_LINKS, &[org.0.into(), user.0.into(), kind.into()]).await.map(drop)
}

/// A mail about an account that is to be sent; its link is made by whoever sends it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct AccountMail {
    pub id: Uuid,
    /// `password_reset` or `invitation`.
    pub kind: String,
    pub user_id: UserId,
    pub created_at: Timestamp,
    /// Tries that failed.
    pub attempt: i64,
}

/// Asks for a mail about an account.
pub async fn request_mail(tx: &mut Tx<'_>, org: OrganizationId, m: &AccountMail) -> Result<(), Error> {
    let params = [m.id.into(), org.0.into(), m.kind.as_str().into(), m.user_id.0.into(), m.created_at.into()];
    tx.exec_one(&REQUEST_MAIL, &params).await
}

/// Mails about accounts that nobody took yet and that are due, asked for after `since`, oldest first.
pub async fn due_mails(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    now: Timestamp,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<AccountMail>, Error> {
    tx.all(&DUE_MAILS, &[org.0.into(), now.into(), since.into(), limit.into()], |row| {
        let mut c = Cols::new(row);
        let (id, kind, user_id) = (c.get()?, c.get()?, c.id()?);
        Ok(AccountMail { id, kind, user_id, created_at: c.get()?, attempt: c.get()? })
    })
    .await
}

/// Takes a mail for sending; whether it was still there.
pub async fn take_mail(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.exec(&TAKE_MAIL, &[org.0.into(), id.into(), now.into()]).await? > 0)
}

/// A mail that did not leave is due again at `next`.
pub async fn put_mail_back(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, next: Timestamp) -> Result<(), Error> {
    tx.exec_one(&PUT_MAIL_BACK, &[org.0.into(), id.into(), next.into()]).await
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
