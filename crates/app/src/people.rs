//! Users: invited by one-use link, never given a password by somebody else.

use std::collections::BTreeMap;

use domain::ids::TeamId;
use domain::permissions::{Permission, Resource};
use domain::routing::Member;
use jiff::Timestamp;
use serde_json::json;
use store::access::{AccountMail, Link};
use store::agents::Agent;
use store::users::User;
use uuid::Uuid;

use crate::sessions::{self, SignedIn};
use crate::setup::{agent_of, days_later};
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, defaults, passwords, roles, secrets, users};

/// Whom to invite.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Invitation {
    pub email: String,
    pub name: String,
    /// Ids or keys of roles.
    pub roles: Vec<String>,
    pub teams: Vec<TeamId>,
    pub language: String,
}

/// Somebody invited, with the token of their link: shown once, to whoever invites.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The user, state `invited`.
    pub user: User,
    /// The link's token.
    pub token: String,
}

#[derive(Clone)]
struct Rows {
    user: User,
    agent_id: Uuid,
    link: Link,
    hash: Vec<u8>,
    mail: AccountMail,
    teams: Vec<TeamId>,
    stamp: Stamp,
}

/// Invites somebody; whoever takes work becomes a member of every queue.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::AlreadyExists`].
pub async fn invite(ctx: &Ctx, actor: &Actor, invitation: Invitation) -> Result<Invited, Error> {
    actor.authorize(Permission::UsersEdit, Resource::Organization)?;
    check(&invitation)?;
    let stamp = Stamp::new(ctx, actor);
    let now = stamp.now;
    let token = secrets::token(ctx.entropy());
    let user = User {
        id: ctx.new_id().into(),
        organization_id: actor.organization,
        email: invitation.email.trim().to_owned(),
        name: invitation.name.trim().to_owned(),
        language: if invitation.language == "en" { "en" } else { "es" }.to_owned(),
        time_zone: "UTC".to_owned(),
        roles: invitation.roles,
        state: "invited".to_owned(),
        password_hash: None,
        preferences: json!({}),
        last_sign_in_at: None,
        is_demo: false,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let link = Link {
        id: ctx.new_id(),
        organization_id: Some(actor.organization),
        kind: "invitation".to_owned(),
        user_id: Some(user.id),
        data: json!({}),
        expires_at: Some(days_later(now, 1)),
        used_at: None,
    };
    let teams = invitation.teams;
    let mail = AccountMail {
        id: ctx.new_id(),
        kind: passwords::INVITATION.to_owned(),
        user_id: user.id,
        created_at: now,
        attempt: 0,
    };
    let rows = Rows { user, agent_id: ctx.new_id(), link, hash: secrets::hash(&token), mail, teams, stamp };
    let saved = ctx.store().write("people.invite", rows, |tx, rows| Box::pin(save(tx, rows))).await;
    let user = saved.map_err(roles::taken)?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.owner.reload().await;
    runtime.outbox.wake();
    Ok(Invited { user, token })
}

fn check(invitation: &Invitation) -> Result<(), Error> {
    let email = invitation.email.trim();
    if !email.contains('@') || email.chars().count() > 320 {
        return Err(Error::field("/email", "format", "an e-mail address"));
    }
    let length = invitation.name.trim().chars().count();
    if length == 0 || length > 200 {
        return Err(Error::field("/name", "length", "1 to 200 characters"));
    }
    if invitation.roles.is_empty() {
        return Err(Error::field("/role_ids", "required", "at least one role"));
    }
    Ok(())
}

async fn save(tx: &mut db::Tx<'_>, rows: Rows) -> Result<User, Error> {
    let Rows { mut user, agent_id, link, hash, mail, teams, stamp } = rows;
    if let Some(existing) = store::users::by_email(tx, &user.email).await?
        && existing.organization_id == user.organization_id
    {
        return Err(Error::AlreadyExists { existing_id: Some(existing.id.0) });
    }
    user.roles = roles::words(tx, &stamp.actor, &user.roles).await?;
    store::users::insert(tx, &user).await?;
    store::access::insert_link(tx, &link, &hash, stamp.now).await?;
    store::access::request_mail(tx, user.organization_id, &mail).await?;
    users::join(tx, &stamp, user.id, &teams).await?;
    stamp.tell(tx, "user.created", json!({ "user_id": user.id })).await?;
    let after = json!({ "roles": user.roles, "team_ids": teams });
    stamp.audit(tx, "user.invited", ("user", user.id.0), None, Some(after)).await?;
    if user.roles.iter().any(|r| r == "agent") {
        take_work(tx, &user, agent_id, stamp.now).await?;
    }
    Ok(user)
}

/// Makes a user an agent, a member of every queue; one who was an agent before is one again.
pub(crate) async fn take_work(tx: &mut db::Tx<'_>, user: &User, agent_id: Uuid, now: Timestamp) -> Result<(), Error> {
    let org = user.organization_id;
    if store::agents::list(tx, org).await?.iter().any(|agent| agent.user_id == Some(user.id)) {
        return Ok(store::users::set_agent_state(tx, org, user.id, "active", now).await?);
    }
    let config = store::agents::config_by_key(tx, org, "default").await?.ok_or(Error::NotFound)?;
    let agent: Agent = agent_of(user, &config, agent_id);
    store::agents::insert(tx, &agent, now).await?;
    for queue in store::queues::list(tx, org).await? {
        let member = Member { agent: agent.id, tier: 0, delay_ms: 0 };
        store::queues::put_member(tx, org, queue.id, member).await?;
    }
    let statuses = store::agents::statuses(tx, org).await?;
    if let Some(presence) = defaults::absent(agent.id, &statuses, now) {
        store::work::put_presence(tx, org, &presence, now).await?;
    }
    Ok(())
}

/// What somebody invited answers.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Acceptance {
    pub token: String,
    pub name: Option<String>,
    pub password: String,
    pub language: Option<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// Accepts an invitation and signs in.
///
/// # Errors
/// [`Error::PasswordWeak`], [`Error::LinkUsed`], [`Error::LinkExpired`].
pub async fn accept(ctx: &Ctx, acceptance: Acceptance) -> Result<SignedIn, Error> {
    if acceptance.password.chars().count() < secrets::MIN_PASSWORD_LENGTH {
        return Err(Error::PasswordWeak { min_length: secrets::MIN_PASSWORD_LENGTH });
    }
    let password_hash = secrets::hash_password(ctx.entropy(), acceptance.password.clone()).await;
    let changes: BTreeMap<&str, Option<String>> =
        BTreeMap::from([("name", acceptance.name), ("language", acceptance.language)]);
    let input = (secrets::hash(&acceptance.token), password_hash, changes, ctx.now());
    let user = ctx
        .store()
        .write("people.accept", input, |tx, (hash, password_hash, changes, now)| {
            Box::pin(async move {
                let link = store::access::link_by_token(tx, &hash).await?;
                let link = link.filter(|l| l.kind == "invitation" && l.used_at.is_none()).ok_or(Error::LinkUsed)?;
                if link.expires_at.is_some_and(|at| at <= now) {
                    return Err(Error::LinkExpired);
                }
                store::access::use_link(tx, link.id, now).await?;
                let (org, id) = link.organization_id.zip(link.user_id).ok_or(Error::LinkUsed)?;
                let mut user = store::users::find(tx, org, id).await?.ok_or(Error::LinkUsed)?;
                user.password_hash = Some(password_hash);
                "active".clone_into(&mut user.state);
                if let Some(Some(name)) = changes.get("name").filter(|n| n.as_deref() != Some("")) {
                    user.name.clone_from(name);
                }
                if let Some(Some(language)) = changes.get("language") {
                    user.language = if language == "en" { "en" } else { "es" }.to_owned();
                }
                store::users::update(tx, &user, now).await?;
                Ok(user)
            })
        })
        .await?;
    sessions::open(ctx, user, acceptance.ip, acceptance.user_agent).await
}
