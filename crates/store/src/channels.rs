//! Channels: configured accounts of a channel type.

use db::Kind::{Bool, Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{BusinessHoursId, ChannelId, OrganizationId, QueueId};
use jiff::Timestamp;

use crate::cols::{Cols, opt};

/// One configured account of a channel type.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Channel {
    pub id: ChannelId,
    pub organization_id: OrganizationId,
    pub kind: String,
    pub key: String,
    pub name: String,
    /// `draft`, `ready`, `enabled`, `draining`, `disabled` or `archived`.
    pub state: String,
    pub config: serde_json::Value,
    /// Public and unguessable: the widget key or the hook key.
    pub public_key: String,
    pub queue_id: Option<QueueId>,
    /// Its own hours; without them those of its queue.
    pub hours_id: Option<BusinessHoursId>,
    pub health: serde_json::Value,
    pub is_demo: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

fn channel(row: &Row<'_>) -> Result<Channel, Error> {
    let mut c = Cols::new(row);
    Ok(Channel {
        id: c.id()?,
        organization_id: c.id()?,
        kind: c.get()?,
        key: c.get()?,
        name: c.get()?,
        state: c.get()?,
        config: c.get()?,
        public_key: c.get()?,
        queue_id: c.opt_id()?,
        hours_id: c.opt_id()?,
        health: c.get()?,
        is_demo: c.get()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, kind, key, name, state, config, public_key, queue_id, hours_id, health, is_demo,
         created_at, updated_at, version"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Text, Text, Text, Text, Json, Text, Id, Id, Json, Bool, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "channels.insert",
    "INSERT INTO channels (id, organization_id, kind, key, name, state, config, secrets, public_key, queue_id, health,
       is_demo, created_at, updated_at, version, hours_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 1, $14)",
    &[],
);
const LIST: Sql = Sql::new(
    "channels.list",
    concat!("SELECT ", columns!(), " FROM channels WHERE organization_id = $1 ORDER BY key LIMIT 10000"),
    COLUMNS,
);
const BY_PUBLIC_KEY: Sql = Sql::global(
    "channels.by_public_key",
    concat!("SELECT ", columns!(), " FROM channels WHERE public_key = $1"),
    COLUMNS,
    "the public key names the organization",
);
const FIRST: Sql = Sql::global(
    "channels.first_of_kind",
    concat!(
        "SELECT ",
        columns!(),
        " FROM channels WHERE kind = $1 AND state = 'enabled' ORDER BY created_at, id LIMIT 1"
    ),
    COLUMNS,
    "the demo page shows the first web chat of the installation",
);

const LOCK: Sql = Sql::new(
    "channels.lock",
    concat!("SELECT ", columns!(), " FROM channels WHERE organization_id = $1 AND id = $2 {for_update}"),
    COLUMNS,
);
const UPDATE: Sql = Sql::new(
    "channels.update",
    "UPDATE channels SET name = $4, state = $5, config = $6, queue_id = $7, hours_id = $9, updated_at = $8, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const SECRETS: Sql = Sql::new(
    "channels.secrets",
    "SELECT id, secrets FROM channels WHERE organization_id = $1 AND state <> 'archived' LIMIT 10000",
    &[Id, Json],
);
const SECRETS_OF: Sql =
    Sql::new("channels.secrets_of", "SELECT secrets FROM channels WHERE organization_id = $1 AND id = $2", &[Json]);
const SET_SECRETS: Sql =
    Sql::new("channels.set_secrets", "UPDATE channels SET secrets = $3 WHERE organization_id = $1 AND id = $2", &[]);
const SET_HEALTH: Sql =
    Sql::new("channels.set_health", "UPDATE channels SET health = $3 WHERE organization_id = $1 AND id = $2", &[]);

pub(crate) const ALL: &[&Sql] =
    &[&INSERT, &LIST, &BY_PUBLIC_KEY, &FIRST, &LOCK, &UPDATE, &SECRETS, &SECRETS_OF, &SET_SECRETS, &SET_HEALTH];

/// One channel, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: ChannelId) -> Result<Option<Channel>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.0.into()], channel).await
}

/// Writes name, state, configuration and queue of a channel whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, c: &mut Channel, now: Timestamp) -> Result<(), Error> {
    let params = [
        c.organization_id.0.into(),
        c.id.0.into(),
        c.version.into(),
        c.name.as_str().into(),
        c.state.as_str().into(),
        c.config.clone().into(),
        opt(c.queue_id),
        now.into(),
        opt(c.hours_id),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    c.version += 1;
    c.updated_at = now;
    Ok(())
}

/// The sealed secrets of every channel.
pub async fn secrets(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<(ChannelId, serde_json::Value)>, Error> {
    let read = |row: &Row<'_>| {
        let mut c = Cols::new(row);
        Ok((c.id()?, c.get()?))
    };
    tx.all(&SECRETS, &[org.0.into()], read).await
}

/// Writes the sealed secrets of a channel.
pub async fn set_secrets(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: ChannelId,
    secrets: serde_json::Value,
) -> Result<(), Error> {
    tx.exec_one(&SET_SECRETS, &[org.0.into(), id.0.into(), secrets.into()]).await
}

/// Writes what is known of a channel's health; its version stays.
pub async fn set_health(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: ChannelId,
    health: serde_json::Value,
) -> Result<(), Error> {
    tx.exec_one(&SET_HEALTH, &[org.0.into(), id.0.into(), health.into()]).await
}

/// Adds a channel.
pub async fn insert(tx: &mut Tx<'_>, c: &Channel) -> Result<(), Error> {
    let params = [
        c.id.0.into(),
        c.organization_id.0.into(),
        c.kind.as_str().into(),
        c.key.as_str().into(),
        c.name.as_str().into(),
        c.state.as_str().into(),
        c.config.clone().into(),
        serde_json::json!({}).into(),
        c.public_key.as_str().into(),
        opt(c.queue_id),
        c.health.clone().into(),
        c.is_demo.into(),
        c.created_at.into(),
        opt(c.hours_id),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// All channels.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Channel>, Error> {
    tx.all(&LIST, &[org.0.into()], channel).await
}

/// The channel of a public key.
pub async fn by_public_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Channel>, Error> {
    tx.optional(&BY_PUBLIC_KEY, &[key.into()], channel).await
}

/// The oldest enabled channel of a kind in this installation.
pub async fn first_of_kind(tx: &mut Tx<'_>, kind: &str) -> Result<Option<Channel>, Error> {
    tx.optional(&FIRST, &[kind.into()], channel).await
}

/// The secrets of one channel, sealed.
pub async fn secrets_of(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: ChannelId,
) -> Result<Option<serde_json::Value>, Error> {
    tx.optional(&SECRETS_OF, &[org.0.into(), id.0.into()], |row| row.get(0)).await
}
