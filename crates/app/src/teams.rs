//! Teams: whose work a supervisor sees.

use std::collections::BTreeSet;

use domain::ids::{OrganizationId, TeamId, UserId};
use domain::permissions::{Permission, Resource};
use serde_json::json;
use store::teams::{Membership, Team};

use crate::roles::{check_key, check_text, newest, taken};
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error};

/// A team with its members.
#[derive(Clone, Debug)]
pub struct TeamView {
    /// The row.
    pub team: Team,
    /// Who belongs to it.
    pub user_ids: Vec<UserId>,
    /// Who leads it; members too.
    pub lead_ids: Vec<UserId>,
}

/// A team to make.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Input {
    pub key: String,
    pub name: String,
    pub user_ids: Vec<UserId>,
    pub lead_ids: Vec<UserId>,
}

/// What to change of a team; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub name: Option<String>,
    pub user_ids: Option<Vec<UserId>>,
    pub lead_ids: Option<Vec<UserId>>,
}

/// Teams, newest first, before `before`.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor, before: Option<TeamId>, limit: i64) -> Result<Vec<TeamView>, Error> {
    actor.authorize(Permission::UsersRead, Resource::Any)?;
    let input = (actor.organization, before.unwrap_or(TeamId(newest())), limit);
    ctx.store()
        .read("teams.list", input, |tx, (org, before, limit)| {
            Box::pin(async move {
                let teams = store::teams::list(tx, org, before, limit).await?;
                views(tx, org, teams).await
            })
        })
        .await
}

/// One team.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: TeamId) -> Result<TeamView, Error> {
    actor.authorize(Permission::UsersRead, Resource::Any)?;
    ctx.store().read("teams.find", (actor.organization, id), |tx, (org, id)| Box::pin(view(tx, org, id))).await
}

async fn view(tx: &mut db::Tx<'_>, org: OrganizationId, id: TeamId) -> Result<TeamView, Error> {
    let team = store::teams::find(tx, org, id).await?.ok_or(Error::NotFound)?;
    views(tx, org, vec![team]).await?.pop().ok_or(Error::NotFound)
}

async fn views(tx: &mut db::Tx<'_>, org: OrganizationId, teams: Vec<Team>) -> Result<Vec<TeamView>, Error> {
    let members = store::teams::members(tx, org, teams.iter().map(|team| team.id.0).collect()).await?;
    let view = |team: Team| {
        let of_team = || members.iter().filter(|member| member.team == team.id);
        TeamView {
            user_ids: of_team().map(|member| member.user).collect(),
            lead_ids: of_team().filter(|member| member.is_lead).map(|member| member.user).collect(),
            team,
        }
    };
    Ok(teams.into_iter().map(view).collect())
}

/// Makes a team.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::AlreadyExists`].
pub async fn create(ctx: &Ctx, actor: &Actor, input: Input) -> Result<TeamView, Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    check_key(&input.key)?;
    let stamp = Stamp::new(ctx, actor);
    let team = Team {
        id: TeamId(ctx.new_id()),
        organization_id: actor.organization,
        key: input.key,
        name: check_text("/name", &input.name, 200)?,
        created_at: stamp.now,
        updated_at: stamp.now,
        version: 1,
    };
    let made = (stamp, team, input.user_ids, input.lead_ids);
    let created = ctx.store().write("teams.create", made, |tx, (stamp, team, users, leads)| {
        Box::pin(async move {
            store::teams::insert(tx, &team).await?;
            set_members(tx, &stamp, team.id, &users, &leads).await?;
            let after = json!({ "name": team.name, "user_ids": users, "lead_ids": leads });
            stamp.audit(tx, "team.created", ("team", team.id.0), None, Some(after)).await?;
            view(tx, team.organization_id, team.id).await
        })
    });
    let view = created.await.map_err(taken)?;
    changed(ctx, actor).await?;
    Ok(view)
}

async fn set_members(
    tx: &mut db::Tx<'_>,
    stamp: &Stamp,
    team: TeamId,
    users: &[UserId],
    leads: &[UserId],
) -> Result<(), Error> {
    let org = stamp.actor.organization;
    for (pointer, list) in [("/user_ids", users), ("/lead_ids", leads)] {
        for (place, user) in list.iter().enumerate() {
            if store::users::find(tx, org, *user).await?.is_none() {
                return Err(Error::field(&format!("{pointer}/{place}"), "unknown_reference", "no such user"));
            }
        }
    }
    let all: BTreeSet<UserId> = users.iter().chain(leads).copied().collect();
    let member = |user: &UserId| Membership { team, user: *user, is_lead: leads.contains(user) };
    let members: Vec<Membership> = all.iter().map(member).collect();
    let before = store::teams::members(tx, org, vec![team.0]).await?;
    store::teams::set_members(tx, org, team, &members).await?;
    let touched: BTreeSet<UserId> = before.iter().map(|member| member.user).chain(all).collect();
    store::access::mark_rotation(tx, org, touched.iter().map(|user| user.0).collect()).await?;
    stamp.tell(tx, "team.updated", json!({ "team_id": team })).await
}

/// Whoever listens learns of new rights at once.
async fn changed(ctx: &Ctx, actor: &Actor) -> Result<(), Error> {
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(())
}

async fn current(tx: &mut db::Tx<'_>, actor: &Actor, id: TeamId, version: Option<i64>) -> Result<TeamView, Error> {
    let view = view(tx, actor.organization, id).await?;
    Error::unless_version(version, view.team.version)?;
    Ok(view)
}

fn shown(view: &TeamView) -> serde_json::Value {
    json!({ "name": view.team.name, "user_ids": view.user_ids, "lead_ids": view.lead_ids })
}

/// Changes a team; `version` is the one that was read, if it was named.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`], [`Error::VersionConflict`].
pub async fn update(
    ctx: &Ctx,
    actor: &Actor,
    id: TeamId,
    version: Option<i64>,
    change: Change,
) -> Result<TeamView, Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    let name = change.name.map(|name| check_text("/name", &name, 200)).transpose()?;
    let input = (Stamp::new(ctx, actor), id, version, Change { name, ..change });
    let view = ctx
        .store()
        .write("teams.update", input, |tx, (stamp, id, version, change)| Box::pin(save(tx, stamp, id, version, change)))
        .await?;
    changed(ctx, actor).await?;
    Ok(view)
}

async fn save(
    tx: &mut db::Tx<'_>,
    stamp: Stamp,
    id: TeamId,
    version: Option<i64>,
    change: Change,
) -> Result<TeamView, Error> {
    let mut found = current(tx, &stamp.actor, id, version).await?;
    let before = shown(&found);
    found.team.name = change.name.unwrap_or(found.team.name);
    store::teams::update(tx, &mut found.team, stamp.now).await?;
    let users = change.user_ids.unwrap_or(found.user_ids);
    let leads = change.lead_ids.unwrap_or_else(|| found.lead_ids.into_iter().filter(|u| users.contains(u)).collect());
    set_members(tx, &stamp, id, &users, &leads).await?;
    let view = view(tx, stamp.actor.organization, id).await?;
    stamp.audit(tx, "team.updated", ("team", id.0), Some(before), Some(shown(&view))).await?;
    Ok(view)
}

/// Removes a team; its members stay as they are.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::VersionConflict`].
pub async fn delete(ctx: &Ctx, actor: &Actor, id: TeamId, version: Option<i64>) -> Result<(), Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    ctx.store()
        .write("teams.delete", (Stamp::new(ctx, actor), id, version), |tx, (stamp, id, version)| {
            Box::pin(async move {
                let found = current(tx, &stamp.actor, id, version).await?;
                let members = found.user_ids.iter().map(|user| user.0).collect();
                store::access::mark_rotation(tx, stamp.actor.organization, members).await?;
                store::teams::delete(tx, &found.team).await?;
                stamp.tell(tx, "team.deleted", json!({ "team_id": id })).await?;
                stamp.audit(tx, "team.deleted", ("team", id.0), Some(shown(&found)), None).await
            })
        })
        .await?;
    changed(ctx, actor).await
}
