//! The durable stream of events, and audit records.
//!
//! Reading goes by [`Cursor`]; on PostgreSQL it never passes a transaction that is still open.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{EventId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json};

/// A place in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Transaction on PostgreSQL; 0 on SQLite.
    pub xid: i64,
    /// Position of the row.
    pub position: i64,
}

/// Something that happened. Ids, states, figures and times only.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Event {
    pub id: EventId,
    pub organization_id: OrganizationId,
    pub kind: String,
    pub version: i64,
    pub at: Timestamp,
    pub actor: serde_json::Value,
    pub cause_id: Option<Uuid>,
    pub data: serde_json::Value,
}

fn event(row: &Row<'_>) -> Result<(Cursor, Event), Error> {
    let mut c = Cols::new(row);
    let cursor = Cursor { xid: c.get()?, position: c.get()? };
    Ok((cursor, columns(&mut c)?))
}

/// An event without its place.
pub(crate) fn plain(row: &Row<'_>) -> Result<Event, Error> {
    columns(&mut Cols::new(row))
}

fn columns(c: &mut Cols<'_, '_>) -> Result<Event, Error> {
    Ok(Event {
        organization_id: c.id()?,
        id: c.id()?,
        kind: c.get()?,
        version: c.get()?,
        at: c.get()?,
        actor: c.get()?,
        cause_id: c.get()?,
        data: c.get()?,
    })
}

const INSERT: Sql = Sql::new(
    "events.insert",
    "INSERT INTO events (organization_id, id, type, version, at, actor, cause_id, data)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    &[],
);
const AFTER: Sql = Sql::new(
    "events.after",
    "SELECT {xid}, position, organization_id, id, type, version, at, actor, cause_id, data FROM events
     WHERE organization_id = $1 AND {after $2 $3} AND {horizon} ORDER BY {event_order} LIMIT $4",
    &[Int, Int, Id, Id, Text, Int, Time, Json, Id, Json],
);
const HEAD: Sql = Sql::new(
    "events.head",
    "SELECT {xid}, position FROM events WHERE organization_id = $1 AND {horizon}
     ORDER BY {event_order_desc} LIMIT 1",
    &[Int, Int],
);
const AUDIT: Sql = Sql::new(
    "events.audit",
    "INSERT INTO audit_records (id, organization_id, at, actor, action, resource_type, resource_id, before, after, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &AFTER, &HEAD, &AUDIT];

/// Appends an event to the stream, in the transaction of the change it tells of.
pub async fn insert(tx: &mut Tx<'_>, e: &Event) -> Result<(), Error> {
    let params = [
        e.organization_id.0.into(),
        e.id.0.into(),
        e.kind.as_str().into(),
        e.version.into(),
        e.at.into(),
        e.actor.clone().into(),
        e.cause_id.into(),
        e.data.clone().into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// Events after `cursor` that no open transaction can still precede, in order.
pub async fn after(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    cursor: Cursor,
    limit: i64,
) -> Result<Vec<(Cursor, Event)>, Error> {
    let params = [org.0.into(), cursor.xid.into(), cursor.position.into(), limit.into()];
    tx.all(&AFTER, &params, event).await
}

/// The last place a reader may stand at now.
pub async fn head(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Cursor, Error> {
    let found = tx
        .optional(&HEAD, &[org.0.into()], |row| {
            let mut c = Cols::new(row);
            Ok(Cursor { xid: c.get()?, position: c.get()? })
        })
        .await?;
    Ok(found.unwrap_or_default())
}

/// One change by an administrator or supervisor.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct AuditRecord {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub at: Timestamp,
    pub actor: serde_json::Value,
    pub action: String,
    pub resource_type: String,
    pub resource_id: Option<Uuid>,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
    pub reason: Option<String>,
}

/// Appends an audit record, in the transaction of the change, and tells that it is there to be sealed.
pub async fn audit(tx: &mut Tx<'_>, a: &AuditRecord) -> Result<(), Error> {
    let params = [
        a.id.into(),
        a.organization_id.0.into(),
        a.at.into(),
        json(&a.actor),
        a.action.as_str().into(),
        a.resource_type.as_str().into(),
        a.resource_id.into(),
        a.before.clone().into(),
        a.after.clone().into(),
        a.reason.clone().into(),
    ];
    tx.exec_one(&AUDIT, &params).await?;
    let told = Event {
        id: EventId(a.id),
        organization_id: a.organization_id,
        kind: "audit.recorded".to_owned(),
        version: 1,
        at: a.at,
        actor: a.actor.clone(),
        cause_id: None,
        data: serde_json::json!({ "audit_record_id": a.id }),
    };
    insert(tx, &told).await
}
