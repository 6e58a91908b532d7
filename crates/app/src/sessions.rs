//! Signing in and out, and who is behind a session.

use std::sync::Arc;

use domain::ids::{OrganizationId, SessionId, UserId};
use domain::permissions::{BuiltinRole, Grant, Permission, Resource, Standing};
use jiff::Timestamp;
use store::access::Session;
use store::organizations::Organization;
use store::users::User;

use crate::limits::Limit;
use crate::rates::Quota;
use crate::setup::days_later;
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, secrets};

/// Hours without use after which a session is over.
const IDLE_HOURS: i64 = 12;

/// Somebody who just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The cookie's value; only its hash is stored.
    pub token: String,
    /// The session.
    pub session: Session,
    /// Who.
    pub user: User,
    /// Where.
    pub organization: Organization,
}

/// Seconds an old token is good after it was replaced: calls on their way still carry it.
const ROTATION_GRACE_S: i64 = 60;

/// Signs in by address and password.
///
/// # Errors
/// [`Error::InvalidCredentials`], whatever was wrong, after the same time; [`Error::SignInDelayed`] after too many
/// failures of this account, known or not, or from this address.
pub async fn sign_in(
    ctx: &Ctx,
    email: &str,
    password: &str,
    ip: Option<String>,
    user_agent: Option<String>,
) -> Result<SignedIn, Error> {
    let account = store::users::email_key(email);
    delay(ctx, &account, ip.as_deref())?;
    let user = ctx
        .store()
        .read("sessions.user", email.to_owned(), |tx, email| {
            Box::pin(async move { Ok::<_, Error>(store::users::by_email(tx, &email).await?) })
        })
        .await?;
    let hash = user.as_ref().and_then(|u| u.password_hash.clone());
    let is_right = secrets::verify_password(hash, password.to_owned()).await;
    let user = user.filter(|u| is_right && u.state == "active").ok_or(Error::InvalidCredentials)?;
    ctx.sign_in_failures().succeeded(&account);
    if let Some(ip) = &ip {
        ctx.rates().take_back(per_address(ctx), ip);
    }
    open(ctx, user, ip, user_agent).await
}

fn per_address(ctx: &Ctx) -> Quota {
    Quota { name: "sign_in", count: ctx.limits().get(Limit::SignInFailuresPerIpPer10Min), window_s: 600 }
}

/// Counts an attempt before anything is compared, so that attempts at the same time cannot pass together.
fn delay(ctx: &Ctx, account: &str, ip: Option<&str>) -> Result<(), Error> {
    let (limits, now) = (ctx.limits(), ctx.now());
    let by_address = ip.map(|ip| ctx.rates().count(per_address(ctx), ip, now));
    if let Some(standing) = by_address.filter(|standing| !standing.is_within) {
        return Err(Error::SignInDelayed { retry_after_ms: standing.reset_ms });
    }
    let free = limits.get(Limit::SignInFailuresPerAccount);
    match ctx.sign_in_failures().attempt(account, free, now) {
        Some(retry_after_ms) => Err(Error::SignInDelayed { retry_after_ms }),
        None => Ok(()),
    }
}

/// Signs in by a one-use link.
///
/// # Errors
/// [`Error::LinkUsed`], [`Error::LinkExpired`].
pub async fn use_link(
    ctx: &Ctx,
    token: &str,
    ip: Option<String>,
    user_agent: Option<String>,
) -> Result<SignedIn, Error> {
    let input = (secrets::hash(token), ctx.now());
    let user = ctx
        .store()
        .write("sessions.use_link", input, |tx, (hash, now)| {
            Box::pin(async move {
                let link = store::access::link_by_token(tx, &hash).await?;
                let link = link.filter(|l| l.kind == "sign_in" && l.used_at.is_none()).ok_or(Error::LinkUsed)?;
                if link.expires_at.is_some_and(|at| at <= now) {
                    return Err(Error::LinkExpired);
                }
                store::access::use_link(tx, link.id, now).await?;
                let (org, user) = link.organization_id.zip(link.user_id).ok_or(Error::LinkUsed)?;
                store::users::find(tx, org, user).await?.ok_or(Error::LinkUsed)
            })
        })
        .await?;
    open(ctx, user, ip, user_agent).await
}

/// Goes on in another organization of the same person, with a fresh session; in the present one it only rotates.
///
/// # Errors
/// [`Error::NotFound`] for an organization the person does not belong to, and for a token.
pub async fn switch(ctx: &Ctx, current: &Current, organization: OrganizationId) -> Result<SignedIn, Error> {
    let session = current.session.as_ref().ok_or(Error::NotFound)?;
    if organization != session.organization_id {
        return Err(Error::NotFound);
    }
    let signed_in = open(ctx, current.user.clone(), session.ip.clone(), session.user_agent.clone()).await?;
    sign_out(ctx, session.organization_id, session.id).await?;
    Ok(signed_in)
}

pub(crate) async fn open(
    ctx: &Ctx,
    user: User,
    ip: Option<String>,
    user_agent: Option<String>,
) -> Result<SignedIn, Error> {
    let now = ctx.now();
    let token = secrets::token(ctx.entropy());
    let session = Session {
        id: SessionId(ctx.new_id()),
        organization_id: user.organization_id,
        user_id: user.id,
        csrf_token: secrets::token(ctx.entropy()),
        ip,
        user_agent: user_agent.map(|text| text.chars().take(300).collect()),
        created_at: now,
        last_seen_at: now,
        expires_at: days_later(now, 30),
        must_rotate: false,
    };
    let input = (session.clone(), secrets::hash(&token));
    let organization = ctx
        .store()
        .write("sessions.open", input, |tx, (session, hash)| {
            Box::pin(async move {
                store::access::insert_session(tx, &session, &hash).await?;
                store::users::signed_in(tx, session.organization_id, session.user_id, session.created_at).await?;
                store::organizations::find(tx, session.organization_id).await?.ok_or(Error::NotFound)
            })
        })
        .await?;
    Ok(SignedIn { token, session, user, organization })
}

/// Somebody who acts, with what is behind their credential.
#[derive(Clone, Debug)]
pub struct Current {
    /// Who acts.
    pub actor: Actor,
    /// The session; `None` for an API token.
    pub session: Option<Session>,
    /// The user; for an API token the one who made it.
    pub user: User,
    /// The fresh token of a session whose rights changed: the cookie's new value.
    pub rotated: Option<String>,
    /// When the credential ends.
    pub expires_at: Option<Timestamp>,
}

/// Who is behind a session's token.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::SessionExpired`].
pub async fn by_token(ctx: &Ctx, token: &str) -> Result<Current, Error> {
    let now = ctx.now();
    let (session, user, standing) = ctx
        .store()
        .read("sessions.by_token", (secrets::hash(token), now), |tx, (hash, now)| {
            Box::pin(async move {
                let session = store::access::session_by_token(tx, &hash, now).await?.ok_or(Error::Unauthenticated)?;
                let (user, standing) = user_of(tx, &session).await?;
                Ok::<_, Error>((session, user, standing))
            })
        })
        .await?;
    if session.expires_at <= now {
        return Err(Error::SessionExpired);
    }
    touch(ctx, &session, now).await?;
    let rotated = if session.must_rotate { rotate(ctx, &session, now).await? } else { None };
    Ok(Current { rotated, ..signed_in(session, user, standing) })
}

async fn user_of(tx: &mut db::Tx<'_>, session: &Session) -> Result<(User, Standing), Error> {
    let user = store::users::find(tx, session.organization_id, session.user_id).await?;
    let user = user.filter(|u| u.state == "active").ok_or(Error::Unauthenticated)?;
    let standing = standing(tx, &user).await?;
    Ok((user, standing))
}

fn signed_in(session: Session, user: User, standing: Standing) -> Current {
    let actor = Actor {
        organization: session.organization_id,
        session: Some(session.id),
        ip: session.ip.clone(),
        name: user.name.clone(),
        standing: Arc::new(standing),
    };
    Current { actor, expires_at: Some(session.expires_at), session: Some(session), user, rotated: None }
}

/// A fresh token for a session whose rights changed; `None` when another call got it.
async fn rotate(ctx: &Ctx, session: &Session, now: Timestamp) -> Result<Option<String>, Error> {
    let token = secrets::token(ctx.entropy());
    let until = now.checked_add(jiff::Span::new().seconds(ROTATION_GRACE_S)).unwrap_or(now);
    let input = (session.organization_id, session.id, secrets::hash(&token), until);
    let is_ours = ctx
        .plain_store()
        .write("sessions.rotate", input, |tx, (org, id, hash, until)| {
            Box::pin(async move { Ok::<_, Error>(store::access::rotate(tx, org, id, &hash, until).await?) })
        })
        .await?;
    Ok(is_ours.then_some(token))
}

/// Who is behind a session now, for a socket that stays open while rights change.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session or its user is gone.
pub async fn again(ctx: &Ctx, current: &Current) -> Result<Current, Error> {
    let Some(session) = current.session.clone() else { return crate::api_tokens::again(ctx, current).await };
    ctx.store()
        .read("sessions.again", session, |tx, session| {
            Box::pin(async move {
                let found = store::access::find_session(tx, session.organization_id, session.id).await?;
                let session = found.ok_or(Error::Unauthenticated)?;
                let (user, standing) = user_of(tx, &session).await?;
                Ok(signed_in(session, user, standing))
            })
        })
        .await
}

/// Notes the use of a session, at most once in a few minutes.
async fn touch(ctx: &Ctx, session: &Session, now: Timestamp) -> Result<(), Error> {
    let idle_ms = now.as_millisecond() - session.last_seen_at.as_millisecond();
    if idle_ms > IDLE_HOURS * 3_600_000 {
        return Err(Error::SessionExpired);
    }
    if idle_ms < 300_000 {
        return Ok(());
    }
    let input = (session.organization_id, session.id, now);
    ctx.plain_store()
        .write("sessions.touch", input, |tx, (org, id, now)| {
            Box::pin(async move { Ok::<_, Error>(store::access::touch_session(tx, org, id, now).await.map(drop)?) })
        })
        .await
}

/// What a user may do now.
pub(crate) async fn standing(tx: &mut db::Tx<'_>, user: &User) -> Result<Standing, Error> {
    let org = user.organization_id;
    let agent = store::agents::by_user(tx, org, user.id).await?.map(|a| a.id);
    let members = store::queues::members(tx, org).await?;
    let team_agents: std::collections::BTreeSet<_> =
        store::agents::of_teams(tx, org, user.id).await?.into_iter().chain(agent).collect();
    let serves = |m: &&store::queues::QueueMember| team_agents.contains(&m.member.agent);
    Ok(Standing {
        user: Some(user.id),
        agent,
        grants: grants(tx, user).await?,
        queues: agent.map(|a| store::queues::of_agent(&members, a).into_iter().collect()).unwrap_or_default(),
        team_queues: members.iter().filter(serves).map(|m| m.queue).collect(),
        team_agents,
    })
}

/// The union of what a user's roles grant.
async fn grants(tx: &mut db::Tx<'_>, user: &User) -> Result<Vec<Grant>, Error> {
    let builtin = |role: &String| role.parse::<BuiltinRole>().ok();
    let mut grants: Vec<Grant> = user.roles.iter().filter_map(builtin).flat_map(BuiltinRole::grants).collect();
    if user.roles.iter().any(|role| builtin(role).is_none()) {
        let own = store::roles::list(tx, user.organization_id).await?;
        let held = own.into_iter().filter(|role| user.roles.contains(&role.id.to_string()));
        grants.extend(held.flat_map(|role| role.grants));
    }
    Ok(grants)
}

/// Ends a session and its sockets.
///
/// # Errors
/// What the store refuses.
pub async fn sign_out(ctx: &Ctx, org: OrganizationId, id: SessionId) -> Result<(), Error> {
    ctx.store()
        .write("sessions.sign_out", (org, id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::access::delete_session(tx, org, id).await.map(drop)?) })
        })
        .await?;
    ctx.runtime(org)?.hub.revoke(id.0);
    Ok(())
}

/// The sessions of a user.
///
/// # Errors
/// What the store refuses.
pub async fn list(ctx: &Ctx, org: OrganizationId, user: UserId) -> Result<Vec<Session>, Error> {
    ctx.store()
        .read("sessions.list", (org, user), |tx, (org, user)| {
            Box::pin(async move { Ok::<_, Error>(store::access::list_sessions(tx, org, user).await?) })
        })
        .await
}

/// The sessions of a user: one's own, or with `users.edit` anybody's.
///
/// # Errors
/// [`Error::Denied`]; [`Error::NotFound`] for an actor that is no person and names nobody.
pub async fn list_of(ctx: &Ctx, actor: &Actor, user: Option<UserId>) -> Result<Vec<Session>, Error> {
    let user = whose(actor, user)?;
    list(ctx, actor.organization, user).await
}

fn whose(actor: &Actor, user: Option<UserId>) -> Result<UserId, Error> {
    let Some(user) = user.filter(|user| Some(*user) != actor.standing.user) else { return actor.user() };
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    Ok(user)
}

/// Ends a session and cuts its sockets: one's own, or with `users.edit` anybody's.
///
/// # Errors
/// [`Error::NotFound`], also for the session of somebody else without the permission.
pub async fn revoke(ctx: &Ctx, actor: &Actor, id: SessionId) -> Result<(), Error> {
    let stamp = Stamp::new(ctx, actor);
    ctx.store()
        .write("sessions.revoke", (stamp, id), |tx, (stamp, id)| {
            Box::pin(async move {
                let org = stamp.actor.organization;
                let session = store::access::find_session(tx, org, id).await?.ok_or(Error::NotFound)?;
                whose(&stamp.actor, Some(session.user_id)).map_err(|_| Error::NotFound)?;
                store::access::delete_session(tx, org, id).await?;
                let told = serde_json::json!({ "session_id": id, "user_id": session.user_id });
                stamp.tell(tx, "session.revoked", told).await?;
                if stamp.actor.standing.user == Some(session.user_id) {
                    return Ok(());
                }
                stamp.audit(tx, "session.revoked", ("session", id.0), None, None).await
            })
        })
        .await?;
    cut(ctx, actor.organization, &[id])
}

/// Ends every session of the actor, or with `users.edit` of a user, but the one that asks.
///
/// # Errors
/// [`Error::Denied`], [`Error::NotFound`].
pub async fn revoke_others(ctx: &Ctx, actor: &Actor, user: Option<UserId>) -> Result<(), Error> {
    let user = whose(actor, user)?;
    let stamp = Stamp::new(ctx, actor);
    let ended = ctx
        .store()
        .write("sessions.revoke_others", (stamp, user), |tx, (stamp, user)| {
            Box::pin(async move {
                let org = stamp.actor.organization;
                let but = stamp.actor.session.unwrap_or(SessionId(uuid::Uuid::nil()));
                let ended = store::access::delete_other_sessions(tx, org, user, but).await?;
                stamp.audit(tx, "session.revoked_others", ("user", user.0), None, None).await?;
                Ok::<_, Error>(ended)
            })
        })
        .await?;
    cut(ctx, actor.organization, &ended)
}

/// Cuts the sockets of sessions that are over.
pub(crate) fn cut(ctx: &Ctx, org: OrganizationId, sessions: &[SessionId]) -> Result<(), Error> {
    let hub = &ctx.runtime(org)?.hub;
    for session in sessions {
        hub.revoke(session.0);
    }
    Ok(())
}
