//! Teams: who belongs to them, and who leads them.

use db::Kind::{Bool, Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, TeamId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;

/// A group of users.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Team {
    pub id: TeamId,
    pub organization_id: OrganizationId,
    pub key: String,
    pub name: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

/// One user's place in one team.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Membership {
    pub team: TeamId,
    pub user: UserId,
    pub is_lead: bool,
}

fn team(row: &Row<'_>) -> Result<Team, Error> {
    let mut c = Cols::new(row);
    Ok(Team {
        id: c.id()?,
        organization_id: c.id()?,
        key: c.get()?,
        name: c.get()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

fn membership(row: &Row<'_>) -> Result<Membership, Error> {
    let mut c = Cols::new(row);
    Ok(Membership { team: c.id()?, user: c.id()?, is_lead: c.get()? })
}

const COLUMNS: &[db::Kind] = &[Id, Id, Text, Text, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "teams.insert",
    "INSERT INTO teams (id, organization_id, key, name, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $5, 1)",
    &[],
);
const LIST: Sql = Sql::new(
    "teams.list",
    "SELECT id, organization_id, key, name, created_at, updated_at, version FROM teams
     WHERE organization_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    COLUMNS,
);
const FIND: Sql = Sql::new(
    "teams.find",
    "SELECT id, organization_id, key, name, created_at, updated_at, version FROM teams
     WHERE organization_id = $1 AND id = $2",
    COLUMNS,
);
const UPDATE: Sql = Sql::new(
    "teams.update",
    "UPDATE teams SET name = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const DELETE: Sql =
    Sql::new("teams.delete", "DELETE FROM teams WHERE organization_id = $1 AND id = $2 AND version = $3", &[]);
const MEMBERS: Sql = Sql::new(
    "teams.members",
    "SELECT team_id, user_id, is_lead FROM team_members
     WHERE organization_id = $1 AND team_id {any_uuid $2} ORDER BY team_id, user_id LIMIT 100000",
    &[Id, Id, Bool],
);
const CLEAR_MEMBERS: Sql =
    Sql::new("teams.clear_members", "DELETE FROM team_members WHERE organization_id = $1 AND team_id = $2", &[]);
const PUT_MEMBER: Sql = Sql::new(
    "teams.put_member",
    "INSERT INTO team_members (organization_id, team_id, user_id, is_lead) VALUES ($1, $2, $3, $4)
     ON CONFLICT (team_id, user_id) DO UPDATE SET is_lead = excluded.is_lead",
    &[],
);
const CLEAR_USER: Sql =
    Sql::new("teams.clear_user", "DELETE FROM team_members WHERE organization_id = $1 AND user_id = $2", &[]);

const COLLEAGUES: Sql = Sql::new(
    "teams.colleagues",
    "SELECT DISTINCT other.user_id FROM team_members mine
     JOIN team_members other ON other.team_id = mine.team_id
     WHERE mine.organization_id = $1 AND mine.user_id = $2 LIMIT 100000",
    &[Id],
);

pub(crate) const ALL: &[&Sql] =
    &[&COLLEAGUES, &INSERT, &LIST, &FIND, &UPDATE, &DELETE, &MEMBERS, &CLEAR_MEMBERS, &PUT_MEMBER, &CLEAR_USER];

/// Adds a team.
///
/// # Errors
/// [`Error::Unique`] when the key is taken.
pub async fn insert(tx: &mut Tx<'_>, t: &Team) -> Result<(), Error> {
    let params =
        [t.id.0.into(), t.organization_id.0.into(), t.key.as_str().into(), t.name.as_str().into(), t.created_at.into()];
    tx.exec_one(&INSERT, &params).await
}

/// Teams, newest first, before `before`.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId, before: TeamId, limit: i64) -> Result<Vec<Team>, Error> {
    tx.all(&LIST, &[org.0.into(), before.0.into(), limit.into()], team).await
}

/// One team.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: TeamId) -> Result<Option<Team>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], team).await
}

/// Writes a team whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, t: &mut Team, now: Timestamp) -> Result<(), Error> {
    let params = [t.organization_id.0.into(), t.id.0.into(), t.version.into(), t.name.as_str().into(), now.into()];
    tx.exec_one(&UPDATE, &params).await?;
    t.version += 1;
    t.updated_at = now;
    Ok(())
}

/// Removes a team, with its memberships, whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete(tx: &mut Tx<'_>, t: &Team) -> Result<(), Error> {
    tx.exec(&CLEAR_MEMBERS, &[t.organization_id.0.into(), t.id.0.into()]).await?;
    tx.exec_one(&DELETE, &[t.organization_id.0.into(), t.id.0.into(), t.version.into()]).await
}

/// The memberships of some teams.
pub async fn members(tx: &mut Tx<'_>, org: OrganizationId, teams: Vec<Uuid>) -> Result<Vec<Membership>, Error> {
    tx.all(&MEMBERS, &[org.0.into(), teams.into()], membership).await
}

/// Replaces the members of a team.
pub async fn set_members(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: TeamId,
    members: &[Membership],
) -> Result<(), Error> {
    tx.exec(&CLEAR_MEMBERS, &[org.0.into(), id.0.into()]).await?;
    for member in members {
        put_member(tx, org, Membership { team: id, ..*member }).await?;
    }
    Ok(())
}

/// Adds a member, or changes whether they lead.
pub async fn put_member(tx: &mut Tx<'_>, org: OrganizationId, m: Membership) -> Result<(), Error> {
    let params = [org.0.into(), m.team.0.into(), m.user.0.into(), m.is_lead.into()];
    tx.exec_one(&PUT_MEMBER, &params).await
}

/// Takes a user out of every team.
pub async fn clear_user(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<(), Error> {
    tx.exec(&CLEAR_USER, &[org.0.into(), user.0.into()]).await.map(drop)
}

/// The users who share a team with a user, that user among them.
pub async fn colleagues(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<Vec<UserId>, Error> {
    tx.all(&COLLEAGUES, &[org.0.into(), user.0.into()], |row| Cols::new(row).id()).await
}
