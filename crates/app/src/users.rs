//! Users: who may sign in, and with which rights.

use std::collections::BTreeSet;

use domain::ids::{OrganizationId, RoleId, TeamId, UserId};
use domain::permissions::{Permission, Resource, Scope};
use domain::routing::Command;
use serde_json::{Value, json};
use store::users::User;
use uuid::Uuid;

use crate::roles::{self, check_text};
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, people, sessions};

/// The ids of a user's roles.
#[must_use]
pub fn role_ids(user: &User) -> Vec<RoleId> {
    user.roles.iter().filter_map(|word| roles::id_of(user.organization_id, word)).collect()
}

/// Users, newest first, before `before`: everybody, or with the narrower scope the actor's teams.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor, before: Option<UserId>, limit: i64) -> Result<Vec<User>, Error> {
    actor.authorize(Permission::UsersRead, Resource::Any)?;
    let input = (actor.clone(), before.unwrap_or(UserId(roles::newest())), limit);
    ctx.store()
        .read("users.list", input, |tx, (actor, before, limit)| {
            Box::pin(async move {
                let visible = visible(tx, &actor).await?;
                let users = store::users::page(tx, actor.organization, before, visible.as_ref(), limit).await?;
                Ok::<_, Error>(users)
            })
        })
        .await
}

/// Who the actor may know of; `None` for everybody.
async fn visible(tx: &mut db::Tx<'_>, actor: &Actor) -> Result<Option<Vec<Uuid>>, Error> {
    if actor.standing.scope(Permission::UsersRead) == Some(Scope::Organization) {
        return Ok(None);
    }
    let Some(user) = actor.standing.user else { return Ok(Some(Vec::new())) };
    let mut users: BTreeSet<UserId> =
        store::teams::colleagues(tx, actor.organization, user).await?.into_iter().collect();
    users.insert(user);
    Ok(Some(users.into_iter().map(|user| user.0).collect()))
}

/// One user.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: UserId) -> Result<User, Error> {
    actor.authorize(Permission::UsersRead, Resource::Any)?;
    ctx.store()
        .read("users.find", (actor.clone(), id), |tx, (actor, id)| {
            Box::pin(async move {
                let visible = visible(tx, &actor).await?;
                if visible.is_some_and(|users| !users.contains(&id.0)) {
                    return Err(Error::NotFound);
                }
                store::users::find(tx, actor.organization, id).await?.ok_or(Error::NotFound)
            })
        })
        .await
}

/// What to change of a user; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub name: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    /// Ids or keys.
    pub role_ids: Option<Vec<String>>,
    pub team_ids: Option<Vec<TeamId>>,
    pub preferences: Option<Value>,
}

impl Change {
    /// Everybody changes these of themselves.
    fn is_personal(&self) -> bool {
        self.role_ids.is_none() && self.team_ids.is_none()
    }

    fn checked(mut self) -> Result<Self, Error> {
        self.name = self.name.map(|name| check_text("/name", &name, 200)).transpose()?;
        if self.language.as_deref().is_some_and(|language| !matches!(language, "es" | "en")) {
            return Err(Error::field("/language", "enum", "es or en"));
        }
        if let Some(zone) = &self.time_zone {
            check_zone(zone)?;
        }
        if self.preferences.as_ref().is_some_and(|value| !value.is_object()) {
            return Err(Error::field("/preferences", "type", "an object"));
        }
        if self.role_ids.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::field("/role_ids", "required", "at least one role"));
        }
        Ok(self)
    }
}

/// A name of the IANA data base.
pub(crate) fn check_zone(zone: &str) -> Result<(), Error> {
    match jiff::tz::TimeZone::get(zone) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::field("/time_zone", "format", "a name of the IANA data base, Europe/Madrid for one")),
    }
}

/// Changes a user; `version` is the one that was read, if it was named. One's own name, language and preferences
/// need no permission. New rights hold at once, and the user's sessions get fresh tokens.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`], [`Error::VersionConflict`], [`Error::LastAdmin`].
pub async fn update(ctx: &Ctx, actor: &Actor, id: UserId, version: Option<i64>, change: Change) -> Result<User, Error> {
    if actor.standing.user != Some(id) || !change.is_personal() {
        actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    }
    let has_rights = !change.is_personal();
    let input = (Stamp::new(ctx, actor), id, version, change.checked()?, ctx.new_id());
    let user = ctx
        .store()
        .write("users.update", input, |tx, (stamp, id, version, change, agent)| {
            Box::pin(save(tx, stamp, id, version, change, agent))
        })
        .await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    if has_rights {
        runtime.owner.reload().await;
    }
    Ok(user)
}

async fn current(tx: &mut db::Tx<'_>, org: OrganizationId, id: UserId, version: Option<i64>) -> Result<User, Error> {
    let user = store::users::find(tx, org, id).await?.ok_or(Error::NotFound)?;
    Error::unless_version(version, user.version)?;
    Ok(user)
}

fn shown(user: &User) -> Value {
    json!({
        "name": user.name, "language": user.language, "time_zone": user.time_zone, "roles": user.roles,
        "state": user.state,
    })
}

async fn save(
    tx: &mut db::Tx<'_>,
    stamp: Stamp,
    id: UserId,
    version: Option<i64>,
    change: Change,
    agent: Uuid,
) -> Result<User, Error> {
    let org = stamp.actor.organization;
    let mut user = current(tx, org, id, version).await?;
    let before = shown(&user);
    let has_new_rights = !change.is_personal();
    user.name = change.name.unwrap_or(user.name);
    user.language = change.language.unwrap_or(user.language);
    user.time_zone = change.time_zone.unwrap_or(user.time_zone);
    user.preferences = change.preferences.unwrap_or(user.preferences);
    if let Some(wanted) = change.role_ids {
        set_roles(tx, &stamp, &mut user, &wanted, agent).await?;
    }
    store::users::update(tx, &user, stamp.now).await?;
    user.version += 1;
    user.updated_at = stamp.now;
    if let Some(teams) = change.team_ids {
        join(tx, &stamp, id, &teams).await?;
    }
    stamp.tell(tx, "user.updated", json!({ "user_id": id, "has_new_rights": has_new_rights })).await?;
    stamp.audit(tx, "user.updated", ("user", id.0), Some(before), Some(shown(&user))).await?;
    Ok(user)
}

async fn set_roles(
    tx: &mut db::Tx<'_>,
    stamp: &Stamp,
    user: &mut User,
    wanted: &[String],
    agent: Uuid,
) -> Result<(), Error> {
    let words = roles::words(tx, &stamp.actor, wanted).await?;
    let had = |role: &str| user.roles.iter().any(|word| word == role);
    let will = |role: &str| words.iter().any(|word| word == role);
    if had("admin") && !will("admin") {
        keep_an_admin(tx, user).await?;
    }
    if will("agent") && !had("agent") {
        people::take_work(tx, user, agent, stamp.now).await?;
    }
    if words != user.roles {
        store::access::mark_rotation(tx, user.organization_id, vec![user.id.0]).await?;
    }
    user.roles = words;
    Ok(())
}

async fn keep_an_admin(tx: &mut db::Tx<'_>, user: &User) -> Result<(), Error> {
    let is_one = user.state == "active" && user.roles.iter().any(|role| role == "admin");
    if is_one && store::users::other_admins(tx, user.organization_id, user.id).await? == 0 {
        return Err(Error::LastAdmin);
    }
    Ok(())
}

/// Puts a user into these teams, and out of all others; where they lead they go on leading.
pub(crate) async fn join(tx: &mut db::Tx<'_>, stamp: &Stamp, user: UserId, teams: &[TeamId]) -> Result<(), Error> {
    let org = stamp.actor.organization;
    let known = store::teams::members(tx, org, teams.iter().map(|team| team.0).collect()).await?;
    let leads = |team: TeamId| known.iter().any(|m| m.team == team && m.user == user && m.is_lead);
    store::teams::clear_user(tx, org, user).await?;
    for (place, &team) in teams.iter().enumerate() {
        if store::teams::find(tx, org, team).await?.is_none() {
            return Err(Error::field(&format!("/team_ids/{place}"), "unknown_reference", "no such team"));
        }
        store::teams::put_member(tx, org, store::teams::Membership { team, user, is_lead: leads(team) }).await?;
    }
    store::access::mark_rotation(tx, org, vec![user.0]).await?;
    Ok(())
}

/// Takes a user's access away: sessions end, sockets are cut, their agent takes no more work.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::LastAdmin`]; [`Error::AgentHasWork`] while their agent holds work,
/// unless it is forced: then the work goes back to its queue.
pub async fn disable(ctx: &Ctx, actor: &Actor, id: UserId, version: Option<i64>, force: Force) -> Result<User, Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    release(ctx, actor, id, force).await?;
    let input = (Stamp::new(ctx, actor), id, version);
    let (user, ended) = ctx
        .store()
        .write("users.disable", input, |tx, (stamp, id, version)| Box::pin(switch_off(tx, stamp, id, version)))
        .await?;
    sessions::cut(ctx, actor.organization, &ended)?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    runtime.owner.reload().await;
    Ok(user)
}

/// Whether work at hand keeps an agent from being taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// Refuse while work is at hand.
    No,
    /// The work goes back to its queue.
    Yes,
}

/// Makes sure that the user's agent holds nothing.
async fn release(ctx: &Ctx, actor: &Actor, id: UserId, force: Force) -> Result<(), Error> {
    let agent = ctx
        .store()
        .read("users.agent", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move {
                store::users::find(tx, org, id).await?.ok_or(Error::NotFound)?;
                Ok::<_, Error>(store::agents::by_user(tx, org, id).await?)
            })
        })
        .await?;
    let Some(agent) = agent.map(|agent| agent.id) else { return Ok(()) };
    let owner = &ctx.runtime(actor.organization)?.owner;
    let held = owner.look(move |router| router.held(agent).len()).await?;
    if held > 0 && force == Force::No {
        return Err(Error::AgentHasWork { count: u32::try_from(held).unwrap_or(u32::MAX) });
    }
    owner.apply(Command::SignedOut { agent }, actor.as_json()).await.map(drop)
}

async fn switch_off(
    tx: &mut db::Tx<'_>,
    stamp: Stamp,
    id: UserId,
    version: Option<i64>,
) -> Result<(User, Vec<domain::ids::SessionId>), Error> {
    let org = stamp.actor.organization;
    let mut user = current(tx, org, id, version).await?;
    keep_an_admin(tx, &user).await?;
    let before = shown(&user);
    "disabled".clone_into(&mut user.state);
    store::users::update(tx, &user, stamp.now).await?;
    user.version += 1;
    store::users::set_agent_state(tx, org, id, "inactive", stamp.now).await?;
    let nobody = domain::ids::SessionId(Uuid::nil());
    let ended = store::access::delete_other_sessions(tx, org, id, nobody).await?;
    stamp.tell(tx, "user.disabled", json!({ "user_id": id })).await?;
    stamp.audit(tx, "user.disabled", ("user", id.0), Some(before), Some(shown(&user))).await?;
    Ok((user, ended))
}

/// Gives a user their access back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::VersionConflict`].
pub async fn enable(ctx: &Ctx, actor: &Actor, id: UserId, version: Option<i64>) -> Result<User, Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    let input = (Stamp::new(ctx, actor), id, version);
    let user = ctx
        .store()
        .write("users.enable", input, |tx, (stamp, id, version)| {
            Box::pin(async move {
                let org = stamp.actor.organization;
                let mut user = current(tx, org, id, version).await?;
                let before = shown(&user);
                let state = if user.password_hash.is_some() { "active" } else { "invited" };
                state.clone_into(&mut user.state);
                store::users::update(tx, &user, stamp.now).await?;
                user.version += 1;
                store::users::set_agent_state(tx, org, id, "active", stamp.now).await?;
                stamp.tell(tx, "user.updated", json!({ "user_id": id })).await?;
                stamp.audit(tx, "user.enabled", ("user", id.0), Some(before), Some(shown(&user))).await?;
                Ok::<_, Error>(user)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.owner.reload().await;
    Ok(user)
}

/// Removes a user who was invited and never came; others are disabled.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::InUse`], [`Error::VersionConflict`].
pub async fn delete(ctx: &Ctx, actor: &Actor, id: UserId, version: Option<i64>) -> Result<(), Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    ctx.store()
        .write("users.delete", (Stamp::new(ctx, actor), id, version), |tx, (stamp, id, version)| {
            Box::pin(async move {
                let user = current(tx, stamp.actor.organization, id, version).await?;
                if user.state != "invited" || user.last_sign_in_at.is_some() {
                    return Err(Error::InUse { by: vec!["history".to_owned()] });
                }
                store::teams::clear_user(tx, stamp.actor.organization, id).await?;
                store::users::delete(tx, &user).await?;
                stamp.tell(tx, "user.updated", json!({ "user_id": id })).await?;
                stamp.audit(tx, "user.deleted", ("user", id.0), Some(shown(&user)), None).await
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.owner.reload().await;
    Ok(())
}
