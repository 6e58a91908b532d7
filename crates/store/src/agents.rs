//! Agents, presence statuses and presence configurations.

use std::collections::BTreeMap;

use db::Kind::{Bool, Int, Json, Text, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{AgentId, DeclineReasonId, OrganizationId, PresenceConfigId, SkillId, StatusId, UserId};
use domain::routing::{ChannelPresence, RoutingKind, StatusKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cols::{Cols, json, opt};

/// Somebody who takes work.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Agent {
    pub id: AgentId,
    pub organization_id: OrganizationId,
    pub user_id: Option<UserId>,
    /// For configuration documents; without one the id stands for it.
    pub key: Option<String>,
    /// `human` or `bot`.
    pub kind: String,
    pub display_name: String,
    pub presence_config_id: PresenceConfigId,
    pub skills: BTreeMap<SkillId, u8>,
    /// `active` or `inactive`.
    pub state: String,
    pub version: i64,
}

/// A name per language.
pub type Names = BTreeMap<String, String>;

/// A presence status.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct PresenceStatus {
    pub id: StatusId,
    pub organization_id: OrganizationId,
    pub key: String,
    pub name: Names,
    pub kind: StatusKind,
    pub channels: BTreeMap<RoutingKind, ChannelPresence>,
    /// What it counts as for adherence.
    pub activity: Option<String>,
    pub is_paid: bool,
    pub is_productive: bool,
    pub is_system: bool,
    pub place: i64,
    pub version: i64,
}

/// What an agent of this configuration may take at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct PresenceSettings {
    pub cap_primary_milli: i64,
    pub cap_interruptible_milli: i64,
    pub channel_max: BTreeMap<RoutingKind, u32>,
    pub is_decline_allowed: bool,
    pub is_decline_reason_required: bool,
    pub grace_ms: i64,
    #[serde(default)]
    pub is_auto_accept: bool,
    /// Reasons to choose from when declining; not empty means that one is needed.
    #[serde(default)]
    pub decline_reason_ids: Vec<DeclineReasonId>,
    #[serde(default)]
    pub status_on_decline: Option<StatusId>,
    /// The status `missed` when nothing is said.
    #[serde(default)]
    pub status_on_timeout: Option<StatusId>,
}

/// A named presence configuration.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct PresenceConfig {
    pub id: PresenceConfigId,
    pub organization_id: OrganizationId,
    pub key: String,
    pub settings: PresenceSettings,
    pub version: i64,
}

fn agent(row: &Row<'_>) -> Result<Agent, Error> {
    let mut c = Cols::new(row);
    Ok(Agent {
        id: c.id()?,
        organization_id: c.id()?,
        user_id: c.opt_id()?,
        key: c.get()?,
        kind: c.get()?,
        display_name: c.get()?,
        presence_config_id: c.id()?,
        skills: c.json()?,
        state: c.get()?,
        version: c.get()?,
    })
}

fn status(row: &Row<'_>) -> Result<PresenceStatus, Error> {
    let mut c = Cols::new(row);
    let kind = |word: String| match word.as_str() {
        "online" => Ok(StatusKind::Online),
        "busy" => Ok(StatusKind::Busy),
        "offline" => Ok(StatusKind::Offline),
        other => Err(Error::column(4, format!("unknown kind {other:?}"))),
    };
    Ok(PresenceStatus {
        id: c.id()?,
        organization_id: c.id()?,
        key: c.get()?,
        name: c.json()?,
        kind: kind(c.get()?)?,
        channels: c.json()?,
        activity: c.get()?,
        is_paid: c.get()?,
        is_productive: c.get()?,
        is_system: c.get()?,
        place: c.get()?,
        version: c.get()?,
    })
}

fn config(row: &Row<'_>) -> Result<PresenceConfig, Error> {
    let mut c = Cols::new(row);
    Ok(PresenceConfig { id: c.id()?, organization_id: c.id()?, key: c.get()?, settings: c.json()?, version: c.get()? })
}

/// The word of a status kind.
#[must_use]
pub const fn kind_word(kind: StatusKind) -> &'static str {
    match kind {
        StatusKind::Online => "online",
        StatusKind::Busy => "busy",
        StatusKind::Offline => "offline",
    }
}

const AGENT: &[db::Kind] = &[Id, Id, Id, Text, Text, Text, Id, Json, Text, Int];
const STATUS: &[db::Kind] = &[Id, Id, Text, Json, Text, Json, Text, Bool, Bool, Bool, Int, Int];

const INSERT: Sql = Sql::new(
    "agents.insert",
    "INSERT INTO agents (id, organization_id, user_id, kind, display_name, presence_config_id, skills, state,
       created_at, updated_at, version, key)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1, $10)",
    &[],
);
const LIST: Sql = Sql::new(
    "agents.list",
    "SELECT id, organization_id, user_id, key, kind, display_name, presence_config_id, skills, state, version
     FROM agents WHERE organization_id = $1 ORDER BY id LIMIT 100000",
    AGENT,
);
const BY_USER: Sql = Sql::new(
    "agents.by_user",
    "SELECT id, organization_id, user_id, key, kind, display_name, presence_config_id, skills, state, version
     FROM agents WHERE organization_id = $1 AND user_id = $2 AND state = 'active'",
    AGENT,
);
const CONFIG_BY_KEY: Sql = Sql::new(
    "agents.config_by_key",
    "SELECT id, organization_id, key, settings, version FROM presence_configs WHERE organization_id = $1 AND key = $2",
    &[Id, Id, Text, Json, Int],
);
const CONFIG_OF: Sql = Sql::new(
    "agents.config_of",
    "SELECT c.id, c.organization_id, c.key, c.settings, c.version FROM agents a
     JOIN presence_configs c ON c.id = a.presence_config_id
     WHERE a.organization_id = $1 AND a.id = $2",
    &[Id, Id, Text, Json, Int],
);
const TEAM_AGENTS: Sql = Sql::new(
    "agents.of_teams",
    "SELECT DISTINCT a.id FROM team_members mine
     JOIN team_members other ON other.team_id = mine.team_id
     JOIN agents a ON a.user_id = other.user_id
     WHERE mine.organization_id = $1 AND mine.user_id = $2 LIMIT 100000",
    &[Id],
);
const INSERT_STATUS: Sql = Sql::new(
    "agents.insert_status",
    "INSERT INTO presence_statuses (id, organization_id, key, name, kind, channels, is_paid, is_productive, is_system,
       place, created_at, updated_at, version, activity)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1, $12)",
    &[],
);
const STATUSES: Sql = Sql::new(
    "agents.statuses",
    "SELECT id, organization_id, key, name, kind, channels, activity, is_paid, is_productive, is_system, place, version
     FROM presence_statuses WHERE organization_id = $1 ORDER BY place, id LIMIT 1000",
    STATUS,
);
const INSERT_CONFIG: Sql = Sql::new(
    "agents.insert_config",
    "INSERT INTO presence_configs (id, organization_id, key, settings, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $5, 1)",
    &[],
);
const CONFIGS: Sql = Sql::new(
    "agents.configs",
    "SELECT id, organization_id, key, settings, version
     FROM presence_configs WHERE organization_id = $1 ORDER BY key LIMIT 1000",
    &[Id, Id, Text, Json, Int],
);
const UPDATE: Sql = Sql::new(
    "agents.update",
    "UPDATE agents SET user_id = $4, key = $5, display_name = $6, presence_config_id = $7, skills = $8, state = $9,
       updated_at = $10, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const UPDATE_STATUS: Sql = Sql::new(
    "agents.update_status",
    "UPDATE presence_statuses SET name = $4, kind = $5, channels = $6, activity = $7, is_paid = $8,
       is_productive = $9, updated_at = $10, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const DELETE_STATUS: Sql = Sql::new(
    "agents.delete_status",
    "DELETE FROM presence_statuses WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const UPDATE_CONFIG: Sql = Sql::new(
    "agents.update_config",
    "UPDATE presence_configs SET settings = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const DELETE_CONFIG: Sql = Sql::new(
    "agents.delete_config",
    "DELETE FROM presence_configs WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const PEOPLE: Sql = Sql::new(
    "agents.people",
    "SELECT id, email_key FROM users WHERE organization_id = $1 ORDER BY id LIMIT 100000",
    &[Id, Text],
);

pub(crate) const ALL: &[&Sql] = &[
    &PEOPLE,
    &CONFIG_OF,
    &INSERT,
    &LIST,
    &BY_USER,
    &CONFIG_BY_KEY,
    &TEAM_AGENTS,
    &INSERT_STATUS,
    &STATUSES,
    &INSERT_CONFIG,
    &CONFIGS,
    &UPDATE,
    &UPDATE_STATUS,
    &DELETE_STATUS,
    &UPDATE_CONFIG,
    &DELETE_CONFIG,
];

/// Adds an agent.
pub async fn insert(tx: &mut Tx<'_>, a: &Agent, now: Timestamp) -> Result<(), Error> {
    let params = [
        a.id.0.into(),
        a.organization_id.0.into(),
        opt(a.user_id),
        a.kind.as_str().into(),
        a.display_name.as_str().into(),
        a.presence_config_id.0.into(),
        json(&a.skills),
        a.state.as_str().into(),
        now.into(),
        a.key.clone().into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// All agents.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Agent>, Error> {
    tx.all(&LIST, &[org.0.into()], agent).await
}

/// The active agent a user is.
pub async fn by_user(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<Option<Agent>, Error> {
    tx.optional(&BY_USER, &[org.0.into(), user.0.into()], agent).await
}

/// The presence configuration of an agent.
pub async fn config_of(tx: &mut Tx<'_>, org: OrganizationId, id: AgentId) -> Result<Option<PresenceConfig>, Error> {
    tx.optional(&CONFIG_OF, &[org.0.into(), id.0.into()], config).await
}

/// The agents in the teams of a user.
pub async fn of_teams(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<Vec<AgentId>, Error> {
    tx.all(&TEAM_AGENTS, &[org.0.into(), user.0.into()], |row| Cols::new(row).id()).await
}

/// Adds a status.
pub async fn insert_status(tx: &mut Tx<'_>, s: &PresenceStatus, now: Timestamp) -> Result<(), Error> {
    let params = [
        s.id.0.into(),
        s.organization_id.0.into(),
        s.key.as_str().into(),
        json(&s.name),
        kind_word(s.kind).into(),
        json(&s.channels),
        s.is_paid.into(),
        s.is_productive.into(),
        s.is_system.into(),
        s.place.into(),
        now.into(),
        s.activity.clone().into(),
    ];
    tx.exec_one(&INSERT_STATUS, &params).await
}

/// All statuses in their order.
pub async fn statuses(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<PresenceStatus>, Error> {
    tx.all(&STATUSES, &[org.0.into()], status).await
}

/// Adds a presence configuration.
pub async fn insert_config(tx: &mut Tx<'_>, p: &PresenceConfig, now: Timestamp) -> Result<(), Error> {
    let params = [p.id.0.into(), p.organization_id.0.into(), p.key.as_str().into(), json(&p.settings), now.into()];
    tx.exec_one(&INSERT_CONFIG, &params).await
}

/// All presence configurations.
pub async fn configs(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<PresenceConfig>, Error> {
    tx.all(&CONFIGS, &[org.0.into()], config).await
}

/// The presence configuration with this key.
pub async fn config_by_key(tx: &mut Tx<'_>, org: OrganizationId, key: &str) -> Result<Option<PresenceConfig>, Error> {
    tx.optional(&CONFIG_BY_KEY, &[org.0.into(), key.into()], config).await
}

/// Writes an agent whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, a: &Agent, now: Timestamp) -> Result<(), Error> {
    let params = [
        a.organization_id.0.into(),
        a.id.0.into(),
        a.version.into(),
        opt(a.user_id),
        a.key.clone().into(),
        a.display_name.as_str().into(),
        a.presence_config_id.0.into(),
        json(&a.skills),
        a.state.as_str().into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await
}

/// Writes a status whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update_status(tx: &mut Tx<'_>, s: &PresenceStatus, now: Timestamp) -> Result<(), Error> {
    let params = [
        s.organization_id.0.into(),
        s.id.0.into(),
        s.version.into(),
        json(&s.name),
        kind_word(s.kind).into(),
        json(&s.channels),
        s.activity.clone().into(),
        s.is_paid.into(),
        s.is_productive.into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE_STATUS, &params).await
}

/// Removes a status.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete_status(tx: &mut Tx<'_>, s: &PresenceStatus) -> Result<(), Error> {
    tx.exec_one(&DELETE_STATUS, &[s.organization_id.0.into(), s.id.0.into(), s.version.into()]).await
}

/// Writes a presence configuration whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update_config(tx: &mut Tx<'_>, p: &PresenceConfig, now: Timestamp) -> Result<(), Error> {
    let params = [p.organization_id.0.into(), p.id.0.into(), p.version.into(), json(&p.settings), now.into()];
    tx.exec_one(&UPDATE_CONFIG, &params).await
}

/// Removes a presence configuration.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete_config(tx: &mut Tx<'_>, p: &PresenceConfig) -> Result<(), Error> {
    tx.exec_one(&DELETE_CONFIG, &[p.organization_id.0.into(), p.id.0.into(), p.version.into()]).await
}

/// Who could be an agent or a member of a team: users with their addresses in lower case.
pub async fn people(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<(UserId, String)>, Error> {
    tx.all(&PEOPLE, &[org.0.into()], |row| {
        let mut c = Cols::new(row);
        Ok((c.id()?, c.get()?))
    })
    .await
}
