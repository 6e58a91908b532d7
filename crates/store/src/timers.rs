//! What falls due by itself.

use db::Kind::{Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::OrganizationId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// A snooze ends.
    Snooze,
    /// A message leaves its undo window.
    Release,
    /// A visitor has had time to read an answer.
    Notice,
}

impl TimerKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Snooze => "snooze",
            Self::Release => "release",
            Self::Notice => "notice",
        }
    }
}

/// Something that falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "columns")]
pub struct Timer {
    pub kind: TimerKind,
    /// A conversation or an entry.
    pub subject_id: Uuid,
    pub due_at: Timestamp,
}

fn timer(row: &Row<'_>) -> Result<Timer, Error> {
    let mut c = Cols::new(row);
    let kind = match c.get::<String>()?.as_str() {
        "snooze" => TimerKind::Snooze,
        "release" => TimerKind::Release,
        "notice" => TimerKind::Notice,
        other => return Err(Error::column(0, format!("no timer {other:?}"))),
    };
    Ok(Timer { kind, subject_id: c.get()?, due_at: c.get()? })
}

const PUT: Sql = Sql::new(
    "timers.put",
    "INSERT INTO timers (organization_id, kind, subject_id, due_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organization_id, kind, subject_id) DO UPDATE SET due_at = excluded.due_at",
    &[],
);
const PUT_FIRST: Sql = Sql::new(
    "timers.put_first",
    "INSERT INTO timers (organization_id, kind, subject_id, due_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organization_id, kind, subject_id) DO NOTHING",
    &[],
);
const DELETE: Sql =
    Sql::new("timers.delete", "DELETE FROM timers WHERE organization_id = $1 AND kind = $2 AND subject_id = $3", &[]);
const NEXT: Sql = Sql::new(
    "timers.next",
    "SELECT kind, subject_id, due_at FROM timers WHERE organization_id = $1 ORDER BY due_at LIMIT $2",
    &[Text, Id, Time],
);

pub(crate) const ALL: &[&Sql] = &[&PUT, &PUT_FIRST, &DELETE, &NEXT];

/// Sets a timer, or moves it.
pub async fn put(tx: &mut Tx<'_>, org: OrganizationId, t: Timer) -> Result<(), Error> {
    tx.exec_one(&PUT, &[org.0.into(), t.kind.as_str().into(), t.subject_id.into(), t.due_at.into()]).await
}

/// Sets a timer, unless there is one: then that one stays.
pub async fn put_first(tx: &mut Tx<'_>, org: OrganizationId, t: Timer) -> Result<(), Error> {
    let params = [org.0.into(), t.kind.as_str().into(), t.subject_id.into(), t.due_at.into()];
    tx.exec(&PUT_FIRST, &params).await.map(drop)
}

/// Removes a timer; whether it was there.
pub async fn delete(tx: &mut Tx<'_>, org: OrganizationId, kind: TimerKind, subject: Uuid) -> Result<bool, Error> {
    Ok(tx.exec(&DELETE, &[org.0.into(), kind.as_str().into(), subject.into()]).await? > 0)
}

/// The next to fall due, soonest first.
pub async fn next(tx: &mut Tx<'_>, org: OrganizationId, limit: i64) -> Result<Vec<Timer>, Error> {
    tx.all(&NEXT, &[org.0.into(), limit.into()], timer).await
}
