//! Queues, their members and routing configurations.

use db::Kind::{Int, Json, Text, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{AgentId, BusinessHoursId, OrganizationId, QueueId, RoutingConfigId, TeamId};
use domain::routing::{AgentModel, Member, Pool, Spill};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agents::Names;
use crate::cols::{Cols, json};

/// A queue.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Queue {
    pub id: QueueId,
    pub organization_id: OrganizationId,
    pub key: String,
    pub name: Names,
    pub routing_config_id: RoutingConfigId,
    pub settings: QueueSettings,
    /// `open`, `closed` or `emergency`.
    pub state: String,
    pub version: i64,
}

/// Limits of a queue, and what it does with what it cannot take.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct QueueSettings {
    pub max_waiting: u32,
    pub service_target_ms: i64,
    pub is_wrap_up_code_required: bool,
    /// When it is open; always without one.
    pub hours_id: Option<BusinessHoursId>,
    pub on_closed: Spill,
    pub on_full: Spill,
}

/// How a queue routes.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct RoutingConfig {
    pub id: RoutingConfigId,
    pub organization_id: OrganizationId,
    pub key: String,
    pub settings: RoutingSettings,
    pub version: i64,
}

/// The values of a routing configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct RoutingSettings {
    pub tier: u8,
    pub agent_model: AgentModel,
    pub units_milli: i64,
    pub capacity_pool: Pool,
    pub offer_timeout_ms: i64,
    pub is_auto_accept: bool,
    pub misses_before_away: u32,
    pub exclusion_ttl_ms: i64,
    pub retry_gap_ms: i64,
    pub wrap_up_ms: i64,
    #[serde(default = "minute_ms")]
    pub wrap_up_extension_ms: i64,
    #[serde(default = "three")]
    pub wrap_up_extensions_max: u32,
}

const fn minute_ms() -> i64 {
    60_000
}

const fn three() -> u32 {
    3
}

/// A member of a queue, as stored.
#[derive(Clone, Copy, Debug)]
pub struct QueueMember {
    /// Which queue.
    pub queue: QueueId,
    /// Who, how near, how late.
    pub member: Member,
}

/// A team that serves a queue, as stored.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct QueueTeam {
    pub queue: QueueId,
    pub team: TeamId,
    pub tier: u8,
    pub delay_ms: i64,
}

fn queue(row: &Row<'_>) -> Result<Queue, Error> {
    let mut c = Cols::new(row);
    Ok(Queue {
        id: c.id()?,
        organization_id: c.id()?,
        key: c.get()?,
        name: c.json()?,
        routing_config_id: c.id()?,
        settings: c.json()?,
        state: c.get()?,
        version: c.get()?,
    })
}

fn config(row: &Row<'_>) -> Result<RoutingConfig, Error> {
    let mut c = Cols::new(row);
    Ok(RoutingConfig { id: c.id()?, organization_id: c.id()?, key: c.get()?, settings: c.json()?, version: c.get()? })
}

fn team(row: &Row<'_>) -> Result<QueueTeam, Error> {
    let mut c = Cols::new(row);
    let (queue, team) = (c.id()?, c.id()?);
    let tier: i64 = c.get()?;
    Ok(QueueTeam { queue, team, tier: u8::try_from(tier).unwrap_or(u8::MAX), delay_ms: c.get()? })
}

fn member(row: &Row<'_>) -> Result<QueueMember, Error> {
    let mut c = Cols::new(row);
    let queue = c.id()?;
    let agent = c.id()?;
    let tier: i64 = c.get()?;
    let delay_ms = c.get()?;
    Ok(QueueMember { queue, member: Member { agent, tier: u8::try_from(tier).unwrap_or(u8::MAX), delay_ms } })
}

const INSERT: Sql = Sql::new(
    "queues.insert",
    "INSERT INTO queues (id, organization_id, key, name, routing_config_id, settings, state, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1)",
    &[],
);
const LIST: Sql = Sql::new(
    "queues.list",
    "SELECT id, organization_id, key, name, routing_config_id, settings, state, version
     FROM queues WHERE organization_id = $1 ORDER BY key LIMIT 10000",
    &[Id, Id, Text, Json, Id, Json, Text, Int],
);
const INSERT_CONFIG: Sql = Sql::new(
    "queues.insert_config",
    "INSERT INTO routing_configs (id, organization_id, key, settings, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $5, 1)",
    &[],
);
const CONFIGS: Sql = Sql::new(
    "queues.configs",
    "SELECT id, organization_id, key, settings, version
     FROM routing_configs WHERE organization_id = $1 ORDER BY key LIMIT 10000",
    &[Id, Id, Text, Json, Int],
);
const ROUTING_OF: Sql = Sql::new(
    "queues.routing_of",
    "SELECT c.settings FROM queues q JOIN routing_configs c ON c.organization_id = q.organization_id
       AND c.id = q.routing_config_id WHERE q.organization_id = $1 AND q.id = $2",
    &[Json],
);
const UPDATE_CONFIG: Sql = Sql::new(
    "queues.update_config",
    "UPDATE routing_configs SET settings = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const PUT_MEMBER: Sql = Sql::new(
    "queues.put_member",
    "INSERT INTO queue_members (organization_id, queue_id, agent_id, tier, delay_ms) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (queue_id, agent_id) DO UPDATE SET tier = excluded.tier, delay_ms = excluded.delay_ms",
    &[],
);
const DIRECT_MEMBERS: Sql = Sql::new(
    "queues.direct_members",
    "SELECT queue_id, agent_id, tier, delay_ms FROM queue_members
     WHERE organization_id = $1 ORDER BY queue_id, tier, agent_id LIMIT 1000000",
    &[Id, Id, Int, Int],
);
// Who is named is a member as named; who is not, by the nearest of their teams.
const MEMBERS: Sql = Sql::new(
    "queues.members",
    "SELECT queue_id, agent_id, tier, delay_ms FROM queue_members WHERE organization_id = $1
     UNION ALL
     SELECT t.queue_id, a.id, min(t.tier), min(t.delay_ms) FROM queue_teams t
     JOIN team_members m ON m.team_id = t.team_id
     JOIN agents a ON a.user_id = m.user_id
     WHERE t.organization_id = $1 AND NOT EXISTS (
       SELECT 1 FROM queue_members q WHERE q.queue_id = t.queue_id AND q.agent_id = a.id)
     GROUP BY t.queue_id, a.id
     ORDER BY queue_id, tier, agent_id LIMIT 1000000",
    &[Id, Id, Int, Int],
);
const TEAMS: Sql = Sql::new(
    "queues.teams",
    "SELECT queue_id, team_id, tier, delay_ms FROM queue_teams
     WHERE organization_id = $1 ORDER BY queue_id, tier, team_id LIMIT 1000000",
    &[Id, Id, Int, Int],
);
const CLEAR_MEMBERS: Sql =
    Sql::new("queues.clear_members", "DELETE FROM queue_members WHERE organization_id = $1 AND queue_id = $2", &[]);
const CLEAR_TEAMS: Sql =
    Sql::new("queues.clear_teams", "DELETE FROM queue_teams WHERE organization_id = $1 AND queue_id = $2", &[]);
const PUT_TEAM: Sql = Sql::new(
    "queues.put_team",
    "INSERT INTO queue_teams (organization_id, queue_id, team_id, tier, delay_ms) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (queue_id, team_id) DO UPDATE SET tier = excluded.tier, delay_ms = excluded.delay_ms",
    &[],
);
const UPDATE: Sql = Sql::new(
    "queues.update",
    "UPDATE queues SET name = $4, routing_config_id = $5, settings = $6, state = $7, updated_at = $8,
       version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const DELETE: Sql =
    Sql::new("queues.delete", "DELETE FROM queues WHERE organization_id = $1 AND id = $2 AND version = $3", &[]);
const DELETE_CONFIG: Sql = Sql::new(
    "queues.delete_config",
    "DELETE FROM routing_configs WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const LOCK: Sql = Sql::global(
    "queues.lock_configuration",
    "SELECT id FROM organizations WHERE id = $1 {for_update}",
    &[Id],
    "the row of the organization itself",
);
const CHANNEL_OF: Sql = Sql::new(
    "queues.channel_of",
    "SELECT key FROM channels WHERE organization_id = $1 AND queue_id = $2 AND state <> 'archived' LIMIT 1",
    &[Text],
);

pub(crate) const ALL: &[&Sql] = &[
    &INSERT,
    &LIST,
    &INSERT_CONFIG,
    &CONFIGS,
    &ROUTING_OF,
    &UPDATE_CONFIG,
    &PUT_MEMBER,
    &DIRECT_MEMBERS,
    &MEMBERS,
    &TEAMS,
    &CLEAR_MEMBERS,
    &CLEAR_TEAMS,
    &PUT_TEAM,
    &UPDATE,
    &DELETE,
    &DELETE_CONFIG,
    &LOCK,
    &CHANNEL_OF,
];

/// Adds a queue.
pub async fn insert(tx: &mut Tx<'_>, q: &Queue, now: Timestamp) -> Result<(), Error> {
    let params = [
        q.id.0.into(),
        q.organization_id.0.into(),
        q.key.as_str().into(),
        json(&q.name),
        q.routing_config_id.0.into(),
        json(&q.settings),
        q.state.as_str().into(),
        now.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// All queues.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Queue>, Error> {
    tx.all(&LIST, &[org.0.into()], queue).await
}

/// Adds a routing configuration.
pub async fn insert_config(tx: &mut Tx<'_>, r: &RoutingConfig, now: Timestamp) -> Result<(), Error> {
    let params = [r.id.0.into(), r.organization_id.0.into(), r.key.as_str().into(), json(&r.settings), now.into()];
    tx.exec_one(&INSERT_CONFIG, &params).await
}

/// All routing configurations.
pub async fn configs(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<RoutingConfig>, Error> {
    tx.all(&CONFIGS, &[org.0.into()], config).await
}

/// How work of a queue is routed.
pub async fn routing_of(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    queue: QueueId,
) -> Result<Option<RoutingSettings>, Error> {
    tx.optional(&ROUTING_OF, &[org.0.into(), queue.0.into()], |row| Cols::new(row).json()).await
}

/// Adds or changes a member.
pub async fn put_member(tx: &mut Tx<'_>, org: OrganizationId, queue: QueueId, m: Member) -> Result<(), Error> {
    let params = [org.0.into(), queue.0.into(), m.agent.0.into(), i64::from(m.tier).into(), m.delay_ms.into()];
    tx.exec_one(&PUT_MEMBER, &params).await
}

/// Every member of every queue, teams resolved to their agents.
pub async fn members(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<QueueMember>, Error> {
    tx.all(&MEMBERS, &[org.0.into()], member).await
}

/// The queues an agent is a member of.
#[must_use]
pub fn of_agent(members: &[QueueMember], agent: AgentId) -> Vec<QueueId> {
    members.iter().filter(|m| m.member.agent == agent).map(|m| m.queue).collect()
}

/// Writes a routing configuration whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update_config(tx: &mut Tx<'_>, r: &mut RoutingConfig, now: Timestamp) -> Result<(), Error> {
    let params = [r.organization_id.0.into(), r.id.0.into(), r.version.into(), json(&r.settings), now.into()];
    tx.exec_one(&UPDATE_CONFIG, &params).await?;
    r.version += 1;
    Ok(())
}

/// Members that are named as agents.
pub async fn direct_members(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<QueueMember>, Error> {
    tx.all(&DIRECT_MEMBERS, &[org.0.into()], member).await
}

/// Teams that serve queues.
pub async fn teams(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<QueueTeam>, Error> {
    tx.all(&TEAMS, &[org.0.into()], team).await
}

/// Replaces the members of a queue.
pub async fn set_members(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: QueueId,
    agents: &[Member],
    teams: &[QueueTeam],
) -> Result<(), Error> {
    tx.exec(&CLEAR_MEMBERS, &[org.0.into(), id.0.into()]).await?;
    tx.exec(&CLEAR_TEAMS, &[org.0.into(), id.0.into()]).await?;
    for member in agents {
        put_member(tx, org, id, *member).await?;
    }
    for t in teams {
        let params = [org.0.into(), id.0.into(), t.team.0.into(), i64::from(t.tier).into(), t.delay_ms.into()];
        tx.exec_one(&PUT_TEAM, &params).await?;
    }
    Ok(())
}

/// Writes a queue whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, q: &Queue, now: Timestamp) -> Result<(), Error> {
    let params = [
        q.organization_id.0.into(),
        q.id.0.into(),
        q.version.into(),
        json(&q.name),
        q.routing_config_id.0.into(),
        json(&q.settings),
        q.state.as_str().into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await
}

/// Removes a queue with its memberships.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete(tx: &mut Tx<'_>, q: &Queue) -> Result<(), Error> {
    set_members(tx, q.organization_id, q.id, &[], &[]).await?;
    tx.exec_one(&DELETE, &[q.organization_id.0.into(), q.id.0.into(), q.version.into()]).await
}

/// Removes a routing configuration.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete_config(tx: &mut Tx<'_>, r: &RoutingConfig) -> Result<(), Error> {
    tx.exec_one(&DELETE_CONFIG, &[r.organization_id.0.into(), r.id.0.into(), r.version.into()]).await
}

/// Lets one change of the configuration after the other read and write it.
pub async fn lock_configuration(tx: &mut Tx<'_>, org: OrganizationId) -> Result<(), Error> {
    tx.optional(&LOCK, &[org.0.into()], |row| Cols::new(row).get::<uuid::Uuid>()).await.map(drop)
}

/// The key of a channel whose messages come to this queue, if there is one.
pub async fn channel_of(tx: &mut Tx<'_>, org: OrganizationId, id: QueueId) -> Result<Option<String>, Error> {
    tx.optional(&CHANNEL_OF, &[org.0.into(), id.0.into()], |row| Cols::new(row).get()).await
}
