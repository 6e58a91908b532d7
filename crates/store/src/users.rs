//! Users and teams' membership.

use db::Kind::{Bool, Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json};

/// Somebody who signs in.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct User {
    pub id: UserId,
    pub organization_id: OrganizationId,
    pub email: String,
    pub name: String,
    pub language: String,
    pub time_zone: String,
    /// Keys of roles.
    pub roles: Vec<String>,
    /// `invited`, `active` or `disabled`.
    pub state: String,
    pub password_hash: Option<String>,
    pub preferences: serde_json::Value,
    pub last_sign_in_at: Option<Timestamp>,
    pub is_demo: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

impl User {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let mut c = Cols::new(row);
        Ok(Self {
            id: c.id()?,
            organization_id: c.id()?,
            email: c.get()?,
            name: c.get()?,
            language: c.get()?,
            time_zone: c.get()?,
            roles: c.json()?,
            state: c.get()?,
            password_hash: c.get()?,
            preferences: c.get()?,
            last_sign_in_at: c.get()?,
            is_demo: c.get()?,
            created_at: c.get()?,
            updated_at: c.get()?,
            version: c.get()?,
        })
    }
}

/// How an address is compared: without case.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

macro_rules! columns {
    () => {
        "id, organization_id, email, name, language, time_zone, roles, state, password_hash, preferences,
         last_sign_in_at, is_demo, created_at, updated_at, version"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Text, Text, Text, Text, Json, Text, Text, Json, Time, Bool, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "users.insert",
    "INSERT INTO users (id, organization_id, email, email_key, name, language, time_zone, roles, state,
       password_hash, preferences, is_demo, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 1)",
    &[],
);
const FIND: Sql = Sql::new(
    "users.find",
    concat!("SELECT ", columns!(), " FROM users WHERE organization_id = $1 AND id = $2"),
    COLUMNS,
);
const LIST: Sql = Sql::new(
    "users.list",
    concat!("SELECT ", columns!(), " FROM users WHERE organization_id = $1 ORDER BY name, id LIMIT 1000"),
    COLUMNS,
);
const PAGE: Sql = Sql::new(
    "users.page",
    concat!(
        "SELECT ",
        columns!(),
        " FROM users
         WHERE organization_id = $1 AND id < $2 AND ({cast $3 bool} OR id {any_uuid $4}) ORDER BY id DESC LIMIT $5"
    ),
    COLUMNS,
);
const OTHER_ADMINS: Sql = Sql::new(
    "users.other_admins",
    "SELECT COUNT(*) FROM users WHERE organization_id = $1 AND id <> $2 AND state = 'active'
       AND CAST(roles AS TEXT) LIKE '%\"admin\"%'",
    &[Int],
);
const WITH_ROLE: Sql = Sql::new(
    "users.with_role",
    "SELECT id FROM users WHERE organization_id = $1 AND CAST(roles AS TEXT) LIKE $2 ORDER BY id LIMIT 100000",
    &[Id],
);
const DELETE: Sql =
    Sql::new("users.delete", "DELETE FROM users WHERE organization_id = $1 AND id = $2 AND version = $3", &[]);
const SET_AGENT_STATE: Sql = Sql::new(
    "users.set_agent_state",
    "UPDATE agents SET state = $3, updated_at = $4, version = version + 1
     WHERE organization_id = $1 AND user_id = $2 AND state <> $3",
    &[],
);
const DELETE_AGENT: Sql =
    Sql::new("users.delete_agent", "DELETE FROM agents WHERE organization_id = $1 AND user_id = $2", &[]);
const LEAVE_QUEUES: Sql = Sql::new(
    "users.leave_queues",
    "DELETE FROM queue_members WHERE organization_id = $1
       AND agent_id IN (SELECT id FROM agents WHERE organization_id = $1 AND user_id = $2)",
    &[],
);
const BY_EMAIL: Sql = Sql::global(
    "users.by_email",
    concat!("SELECT ", columns!(), " FROM users WHERE email_key = $1 ORDER BY id LIMIT 2"),
    COLUMNS,
    "sign-in happens before the organization is known",
);
const SIGNED_IN: Sql =
    Sql::new("users.signed_in", "UPDATE users SET last_sign_in_at = $3 WHERE organization_id = $1 AND id = $2", &[]);
const UPDATE: Sql = Sql::new(
    "users.update",
    "UPDATE users SET name = $4, language = $5, time_zone = $6, roles = $7, state = $8, preferences = $9,
       password_hash = $10, updated_at = $11, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[
    &INSERT,
    &FIND,
    &LIST,
    &PAGE,
    &OTHER_ADMINS,
    &WITH_ROLE,
    &DELETE,
    &SET_AGENT_STATE,
    &DELETE_AGENT,
    &LEAVE_QUEUES,
    &BY_EMAIL,
    &SIGNED_IN,
    &UPDATE,
];

/// Adds a user.
///
/// # Errors
/// [`Error::Unique`] when the address is taken.
pub async fn insert(tx: &mut Tx<'_>, u: &User) -> Result<(), Error> {
    let params = [
        u.id.0.into(),
        u.organization_id.0.into(),
        u.email.as_str().into(),
        email_key(&u.email).into(),
        u.name.as_str().into(),
        u.language.as_str().into(),
        u.time_zone.as_str().into(),
        json(&u.roles),
        u.state.as_str().into(),
        u.password_hash.clone().into(),
        u.preferences.clone().into(),
        u.is_demo.into(),
        u.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// One user.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: UserId) -> Result<Option<User>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], User::from_row).await
}

/// All users, by name; at most 1,000.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<User>, Error> {
    tx.all(&LIST, &[org.0.into()], User::from_row).await
}

/// The user with this address.
pub async fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<User>, Error> {
    let found = tx.all(&BY_EMAIL, &[email_key(email).into()], User::from_row).await?;
    Ok(found.into_iter().next())
}

/// Notes a sign-in.
pub async fn signed_in(tx: &mut Tx<'_>, org: OrganizationId, id: UserId, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&SIGNED_IN, &[org.0.into(), id.0.into(), now.into()]).await
}

/// Writes a user whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, u: &User, now: Timestamp) -> Result<(), Error> {
    let params = [
        u.organization_id.0.into(),
        u.id.0.into(),
        u.version.into(),
        u.name.as_str().into(),
        u.language.as_str().into(),
        u.time_zone.as_str().into(),
        json(&u.roles),
        u.state.as_str().into(),
        u.preferences.clone().into(),
        u.password_hash.clone().into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await
}

/// Users, newest first, before `before`; only those of `among`, if it is given.
pub async fn page(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    before: UserId,
    among: Option<&Vec<Uuid>>,
    limit: i64,
) -> Result<Vec<User>, Error> {
    let (is_everybody, among) = (among.is_none(), among.cloned().unwrap_or_default());
    let params = [org.0.into(), before.0.into(), is_everybody.into(), among.into(), limit.into()];
    tx.all(&PAGE, &params, User::from_row).await
}

/// How many active administrators there are beside this user.
pub async fn other_admins(tx: &mut Tx<'_>, org: OrganizationId, but: UserId) -> Result<i64, Error> {
    tx.one(&OTHER_ADMINS, &[org.0.into(), but.0.into()], |row| row.get(0)).await
}

/// The users who hold a role, by the word that stands in [`User::roles`].
pub async fn with_role(tx: &mut Tx<'_>, org: OrganizationId, role: &str) -> Result<Vec<UserId>, Error> {
    let pattern = format!("%\"{role}\"%");
    tx.all(&WITH_ROLE, &[org.0.into(), pattern.into()], |row| Cols::new(row).id()).await
}

/// Removes a user who never worked here, with the agent they were to be.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete(tx: &mut Tx<'_>, u: &User) -> Result<(), Error> {
    let of_user = [u.organization_id.0.into(), u.id.0.into()];
    tx.exec(&LEAVE_QUEUES, &of_user).await?;
    tx.exec(&DELETE_AGENT, &of_user).await?;
    tx.exec_one(&DELETE, &[u.organization_id.0.into(), u.id.0.into(), u.version.into()]).await
}

/// Sets whether the agent that a user is takes work: `active` or `inactive`.
pub async fn set_agent_state(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    user: UserId,
    state: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec(&SET_AGENT_STATE, &[org.0.into(), user.0.into(), state.into(), now.into()]).await.map(drop)
}
