//! API tokens: credentials of integrations and bots.
//!
//! # Invariants
//! - The secret is shown once; only its hash is stored.
//! - A token never reaches further than whoever made it does now.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use domain::ids::{AgentId, SessionId};
use domain::permissions::{Grant, Permission, Resource, Standing};
use ipnet::IpNet;
use jiff::{Span, Timestamp};
use serde_json::json;
use store::api_tokens::ApiToken;
use store::users::User;
use uuid::Uuid;

use crate::sessions::{self, Current};
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, FieldError, roles, secrets};

/// What every secret begins with.
pub const PREFIX: &str = "ctk_";
/// Characters of the secret that lists show.
const SHOWN: usize = 12;
/// Networks in a token's list.
const CIDRS_MAX: usize = 100;

/// A token to make.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Input {
    pub name: String,
    /// The bot it acts as.
    pub agent_id: Option<AgentId>,
    pub grants: Vec<Grant>,
    pub cidrs: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// What to change of a token; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub name: Option<String>,
    pub grants: Option<Vec<Grant>>,
    pub cidrs: Option<Vec<String>>,
    pub expires_at: Option<Option<Timestamp>>,
}

/// A fresh token with its secret.
#[derive(Clone, Debug)]
pub struct Made {
    /// The row.
    pub token: ApiToken,
    /// Shown now and never again.
    pub secret: String,
}

/// Makes a token.
///
/// # Errors
/// [`Error::Denied`] also for grants the actor does not hold; [`Error::Invalid`].
pub async fn create(ctx: &Ctx, actor: &Actor, input: Input) -> Result<Made, Error> {
    actor.authorize(Permission::ApiTokensManage, Resource::Organization)?;
    let stamp = Stamp::new(ctx, actor);
    let secret = format!("{PREFIX}{}", secrets::token(ctx.entropy()));
    let token = ApiToken {
        id: ctx.new_id(),
        organization_id: actor.organization,
        name: roles::check_text("/name", &input.name, 200)?,
        prefix: secret.chars().take(SHOWN).collect(),
        agent_id: input.agent_id,
        grants: checked_grants(actor, input.grants)?,
        cidrs: checked_cidrs(input.cidrs)?,
        created_by: actor.user()?,
        created_at: stamp.now,
        expires_at: checked_expiry(input.expires_at, stamp.now)?,
        last_used_at: None,
        revoked_at: None,
        version: 1,
    };
    let made = Made { token: token.clone(), secret: secret.clone() };
    ctx.store()
        .write("api_tokens.create", (stamp, token, secrets::hash(&secret)), |tx, (stamp, token, hash)| {
            Box::pin(async move {
                check_agent(tx, &token).await?;
                store::api_tokens::insert(tx, &token, &hash).await?;
                stamp.audit(tx, "api_token.created", ("api_token", token.id), None, Some(shown(&token))).await
            })
        })
        .await?;
    Ok(made)
}

/// What the audit shows of a token.
fn shown(token: &ApiToken) -> serde_json::Value {
    json!({
        "name": token.name, "grants": token.grants, "cidrs": token.cidrs, "agent_id": token.agent_id,
        "expires_at": token.expires_at,
    })
}

async fn check_agent(tx: &mut db::Tx<'_>, token: &ApiToken) -> Result<(), Error> {
    let Some(id) = token.agent_id else { return Ok(()) };
    let agents = store::agents::list(tx, token.organization_id).await?;
    match agents.iter().find(|agent| agent.id == id) {
        Some(agent) if agent.kind == "bot" && agent.state == "active" => Ok(()),
        Some(_) => Err(Error::field("/agent_id", "enum", "only a bot acts by token")),
        None => Err(Error::field("/agent_id", "unknown_reference", "no such agent")),
    }
}

fn checked_grants(actor: &Actor, grants: Vec<Grant>) -> Result<Vec<Grant>, Error> {
    roles::check_grants(&grants)?;
    roles::holds(actor, &grants)?;
    Ok(grants)
}

/// Networks as they are compared; a bare address stands for itself.
fn checked_cidrs(cidrs: Vec<String>) -> Result<Vec<String>, Error> {
    if cidrs.len() > CIDRS_MAX {
        return Err(Error::field("/cidrs", "length", format!("at most {CIDRS_MAX}")));
    }
    let wrong = |place: usize| FieldError {
        pointer: format!("/cidrs/{place}"),
        code: "format",
        detail: "a network such as 192.0.2.0/24 or 2001:db8::/32".to_owned(),
    };
    let read = |(place, text): (usize, &String)| network(text).map(|net| net.to_string()).ok_or_else(|| wrong(place));
    cidrs.iter().enumerate().map(read).collect::<Result<_, _>>().map_err(|error| Error::Invalid(vec![error]))
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(|net: IpNet| net.trunc())
}

fn checked_expiry(at: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match at {
        Some(at) if at <= now => Err(Error::field("/expires_at", "range", "in the future")),
        other => Ok(other),
    }
}

/// The tokens of the organization, newest first, before `before`.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor, before: Option<Uuid>, limit: i64) -> Result<Vec<ApiToken>, Error> {
    actor.authorize(Permission::ApiTokensManage, Resource::Organization)?;
    let input = (actor.organization, before.unwrap_or_else(roles::newest), limit);
    ctx.store()
        .read("api_tokens.list", input, |tx, (org, before, limit)| {
            Box::pin(async move { Ok::<_, Error>(store::api_tokens::list(tx, org, before, limit).await?) })
        })
        .await
}

/// One token.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<ApiToken, Error> {
    actor.authorize(Permission::ApiTokensManage, Resource::Organization)?;
    ctx.store()
        .read("api_tokens.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { store::api_tokens::find(tx, org, id).await?.ok_or(Error::NotFound) })
        })
        .await
}

/// Changes a token; `version` is the one that was read, if it was named.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`], [`Error::VersionConflict`].
pub async fn update(
    ctx: &Ctx,
    actor: &Actor,
    id: Uuid,
    version: Option<i64>,
    change: Change,
) -> Result<ApiToken, Error> {
    actor.authorize(Permission::ApiTokensManage, Resource::Organization)?;
    let stamp = Stamp::new(ctx, actor);
    let change = Change {
        name: change.name.map(|name| roles::check_text("/name", &name, 200)).transpose()?,
        grants: change.grants.map(|grants| checked_grants(actor, grants)).transpose()?,
        cidrs: change.cidrs.map(checked_cidrs).transpose()?,
        expires_at: change.expires_at.map(|at| checked_expiry(at, stamp.now)).transpose()?,
    };
    let token = ctx
        .store()
        .write("api_tokens.update", (stamp, id, version, change), |tx, (stamp, id, version, change)| {
            Box::pin(async move {
                let mut token = current(tx, &stamp.actor, id, version).await?;
                let before = shown(&token);
                token.name = change.name.unwrap_or(token.name);
                token.grants = change.grants.unwrap_or(token.grants);
                token.cidrs = change.cidrs.unwrap_or(token.cidrs);
                token.expires_at = change.expires_at.unwrap_or(token.expires_at);
                store::api_tokens::update(tx, &mut token, stamp.now).await?;
                stamp.tell(tx, "api_token.updated", json!({ "api_token_id": id })).await?;
                let after = shown(&token);
                stamp.audit(tx, "api_token.updated", ("api_token", id), Some(before), Some(after)).await?;
                Ok::<_, Error>(token)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(token)
}

async fn current(tx: &mut db::Tx<'_>, actor: &Actor, id: Uuid, version: Option<i64>) -> Result<ApiToken, Error> {
    let token = store::api_tokens::find(tx, actor.organization, id).await?.ok_or(Error::NotFound)?;
    Error::unless_version(version, token.version)?;
    Ok(token)
}

/// Revokes a token and cuts its sockets.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::VersionConflict`].
pub async fn revoke(ctx: &Ctx, actor: &Actor, id: Uuid, version: Option<i64>) -> Result<(), Error> {
    actor.authorize(Permission::ApiTokensManage, Resource::Organization)?;
    let input = (Stamp::new(ctx, actor), id, version);
    ctx.store()
        .write("api_tokens.revoke", input, |tx, (stamp, id, version)| {
            Box::pin(async move {
                let token = current(tx, &stamp.actor, id, version).await?;
                store::api_tokens::revoke(tx, token.organization_id, id, stamp.now).await?;
                stamp.tell(tx, "session.revoked", json!({ "session_id": id, "user_id": null })).await?;
                stamp.audit(tx, "api_token.revoked", ("api_token", id), Some(shown(&token)), None).await
            })
        })
        .await?;
    sessions::cut(ctx, actor.organization, &[SessionId(id)])
}

/// Who is behind a secret that comes from `ip`.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::TokenRevoked`], [`Error::IpNotAllowed`].
pub async fn authenticate(ctx: &Ctx, secret: &str, ip: Option<IpAddr>) -> Result<Current, Error> {
    let (token, user, standing) = ctx
        .store()
        .read("api_tokens.authenticate", secrets::hash(secret), |tx, hash| {
            Box::pin(async move {
                let token = store::api_tokens::by_hash(tx, &hash).await?.ok_or(Error::Unauthenticated)?;
                let (user, standing) = standing(tx, &token).await?;
                Ok::<_, Error>((token, user, standing))
            })
        })
        .await?;
    let now = ctx.now();
    check(&token, ip, now)?;
    touch(ctx, &token, now).await?;
    Ok(Current { actor: actor(&token, standing, ip), session: None, user, rotated: None, expires_at: token.expires_at })
}

fn actor(token: &ApiToken, standing: Standing, ip: Option<IpAddr>) -> Actor {
    Actor {
        organization: token.organization_id,
        session: Some(SessionId(token.id)),
        ip: ip.map(|ip| ip.to_string()),
        name: token.name.clone(),
        standing: Arc::new(standing),
    }
}

/// The token's standing now, for a socket that stays open while rights change.
pub(crate) async fn again(ctx: &Ctx, current: &Current) -> Result<Current, Error> {
    let id = current.actor.session.ok_or(Error::Unauthenticated)?.0;
    let (token, user, standing) = ctx
        .store()
        .read("api_tokens.again", (current.actor.organization, id), |tx, (org, id)| {
            Box::pin(async move {
                let token = store::api_tokens::find(tx, org, id).await?.ok_or(Error::TokenRevoked)?;
                let (user, standing) = standing(tx, &token).await?;
                Ok::<_, Error>((token, user, standing))
            })
        })
        .await?;
    let ip = current.actor.ip.as_deref().and_then(|ip| ip.parse().ok());
    check(&token, ip, ctx.now())?;
    Ok(Current { actor: actor(&token, standing, ip), session: None, user, rotated: None, expires_at: token.expires_at })
}

fn check(token: &ApiToken, ip: Option<IpAddr>, now: Timestamp) -> Result<(), Error> {
    if token.revoked_at.is_some() || token.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::TokenRevoked);
    }
    let is_inside = |ip: IpAddr| {
        let ip = ip.to_canonical();
        token.cidrs.iter().filter_map(|text| network(text)).any(|net| net.contains(&ip))
    };
    if token.cidrs.is_empty() || ip.is_some_and(is_inside) { Ok(()) } else { Err(Error::IpNotAllowed) }
}

/// What a token may do: its grants, as far as whoever made it still holds them.
async fn standing(tx: &mut db::Tx<'_>, token: &ApiToken) -> Result<(User, Standing), Error> {
    let user = store::users::find(tx, token.organization_id, token.created_by).await?;
    let user = user.filter(|user| user.state == "active").ok_or(Error::TokenRevoked)?;
    let maker = sessions::standing(tx, &user).await?;
    let narrowed = |grant: &Grant| {
        let held = maker.scope(grant.permission)?;
        Some(Grant { permission: grant.permission, scope: grant.scope.min(held) })
    };
    let grants = token.grants.iter().filter_map(narrowed).collect();
    let Some(agent) = token.agent_id else {
        return Ok((user, Standing { user: None, agent: None, grants, ..maker }));
    };
    let queues: BTreeSet<_> =
        store::queues::of_agent(&store::queues::members(tx, token.organization_id).await?, agent).into_iter().collect();
    Ok((user, Standing { user: None, agent: Some(agent), grants, queues, ..maker }))
}

/// Notes the use of a token, at most once in a minute.
async fn touch(ctx: &Ctx, token: &ApiToken, now: Timestamp) -> Result<(), Error> {
    let since = now.checked_sub(Span::new().minutes(1)).unwrap_or(now);
    if token.last_used_at.is_some_and(|at| at >= since) {
        return Ok(());
    }
    let input = (token.organization_id, token.id, now, since);
    ctx.plain_store()
        .write("api_tokens.touch", input, |tx, (org, id, now, since)| {
            Box::pin(async move { Ok::<_, Error>(store::api_tokens::touch(tx, org, id, now, since).await?) })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_one_way() {
        let cidrs = |list: &[&str]| checked_cidrs(list.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(cidrs(&["192.0.2.7/24", "::1"]).expect("networks"), ["192.0.2.0/24", "::1/128"]);
        assert!(cidrs(&["192.0.2.0/33"]).is_err());
        assert!(cidrs(&["example.com"]).is_err());
    }
}
