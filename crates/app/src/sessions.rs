//! Signing in and out, and who is behind a session.

use std::sync::Arc;

use domain::ids::{OrganizationId, SessionId, UserId};
use domain::permissions::{BuiltinRole, Standing};
use jiff::Timestamp;
use store::access::Session;
use store::organizations::Organization;
use store::users::User;

use crate::setup::days_later;
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

/// Signs in by address and password.
///
/// # Errors
/// [`Error::InvalidCredentials`], whatever was wrong, after the same time.
pub async fn sign_in(
    ctx: &Ctx,
    email: &str,
    password: &str,
    ip: Option<String>,
    user_agent: Option<String>,
) -> Result<SignedIn, Error> {
    let user = ctx
        .store()
        .read("sessions.user", email.to_owned(), |tx, email| {
            Box::pin(async move { Ok::<_, Error>(store::users::by_email(tx, &email).await?) })
        })
        .await?;
    let hash = user.as_ref().and_then(|u| u.password_hash.clone());
    let is_right = secrets::verify_password(hash, password.to_owned()).await;
    let user = user.filter(|u| is_right && u.state == "active").ok_or(Error::InvalidCredentials)?;
    open(ctx, user, ip, user_agent).await
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

/// A session with everything the console asks first.
#[derive(Clone, Debug)]
pub struct Current {
    /// Who acts.
    pub actor: Actor,
    /// The session.
    pub session: Session,
    /// The user.
    pub user: User,
}

/// Who is behind a session's token.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::SessionExpired`].
pub async fn by_token(ctx: &Ctx, token: &str) -> Result<Current, Error> {
    let now = ctx.now();
    let hash = secrets::hash(token);
    let (session, user, standing) = ctx
        .store()
        .read("sessions.by_token", hash, |tx, hash| {
            Box::pin(async move {
                let session = store::access::session_by_token(tx, &hash).await?.ok_or(Error::Unauthenticated)?;
                let org = session.organization_id;
                let user = store::users::find(tx, org, session.user_id).await?;
                let user = user.filter(|u| u.state == "active").ok_or(Error::Unauthenticated)?;
                let standing = standing(tx, &user).await?;
                Ok::<_, Error>((session, user, standing))
            })
        })
        .await?;
    if session.expires_at <= now || days_later(session.last_seen_at, 1) <= now {
        return Err(Error::SessionExpired);
    }
    touch(ctx, &session, now).await?;
    let actor = Actor {
        organization: session.organization_id,
        session: Some(session.id),
        name: user.name.clone(),
        standing: Arc::new(standing),
    };
    Ok(Current { actor, session, user })
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
    ctx.store()
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
    let grants =
        user.roles.iter().filter_map(|role| role.parse::<BuiltinRole>().ok()).flat_map(BuiltinRole::grants).collect();
    let serves = |m: &&store::queues::QueueMember| team_agents.contains(&m.member.agent);
    Ok(Standing {
        user: Some(user.id),
        agent,
        grants,
        queues: agent.map(|a| store::queues::of_agent(&members, a).into_iter().collect()).unwrap_or_default(),
        team_queues: members.iter().filter(serves).map(|m| m.queue).collect(),
        team_agents,
    })
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
