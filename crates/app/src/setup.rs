//! First run: a one-use link instead of a default password.

use domain::ids::{OrganizationId, SessionId, UserId};
use jiff::{Span, Timestamp};
use store::access::{Link, Session};
use store::agents::Agent;
use store::organizations::Organization;
use store::users::User;
use uuid::Uuid;

use crate::sessions::SignedIn;
use crate::{Ctx, Error, defaults, secrets};

/// The organizations of this installation.
///
/// # Errors
/// What the store refuses.
pub async fn organizations(ctx: &Ctx) -> Result<Vec<OrganizationId>, Error> {
    ctx.store()
        .read("setup.organizations", (), |tx, ()| {
            Box::pin(async move { Ok(store::organizations::list(tx).await?.into_iter().map(|o| o.id).collect()) })
        })
        .await
}

/// Whether set-up is still to be done.
///
/// # Errors
/// What the store refuses.
pub async fn is_required(ctx: &Ctx) -> Result<bool, Error> {
    Ok(organizations(ctx).await?.is_empty())
}

/// A fresh set-up link's token; earlier ones end.
///
/// # Errors
/// [`Error::SetupDone`]; what the store refuses.
pub async fn new_link(ctx: &Ctx) -> Result<String, Error> {
    if !is_required(ctx).await? {
        return Err(Error::SetupDone);
    }
    let token = secrets::token(ctx.entropy());
    let link = Link {
        id: ctx.new_id(),
        organization_id: None,
        kind: "setup".to_owned(),
        user_id: None,
        data: serde_json::json!({}),
        expires_at: None,
        used_at: None,
    };
    save_link(ctx, link, &token).await?;
    Ok(token)
}

/// A fresh sign-in link's token for the first administrator, valid for a day.
///
/// # Errors
/// [`Error::NotFound`] without an organization; what the store refuses.
pub async fn new_sign_in_link(ctx: &Ctx) -> Result<String, Error> {
    let org = organizations(ctx).await?.into_iter().next().ok_or(Error::NotFound)?;
    let users = ctx
        .store()
        .read("setup.users", org, |tx, org| Box::pin(async move { Ok::<_, Error>(store::users::list(tx, org).await?) }))
        .await?;
    let is_admin = |u: &User| u.state == "active" && u.roles.iter().any(|r| r == "admin");
    let admin = users.into_iter().find(is_admin).ok_or(Error::NotFound)?;
    let token = secrets::token(ctx.entropy());
    let link = Link {
        id: ctx.new_id(),
        organization_id: Some(org),
        kind: "sign_in".to_owned(),
        user_id: Some(admin.id),
        data: serde_json::json!({}),
        expires_at: Some(days_later(ctx.now(), 1)),
        used_at: None,
    };
    save_link(ctx, link, &token).await?;
    Ok(token)
}

async fn save_link(ctx: &Ctx, link: Link, token: &str) -> Result<(), Error> {
    let input = (link, secrets::hash(token), ctx.now());
    ctx.store()
        .write("setup.link", input, |tx, (link, hash, now)| {
            Box::pin(async move {
                store::access::drop_links(tx, &link.kind).await?;
                Ok::<_, Error>(store::access::insert_link(tx, &link, &hash, now).await?)
            })
        })
        .await
}

pub(crate) fn days_later(now: Timestamp, days: i64) -> Timestamp {
    now.checked_add(Span::new().hours(days * 24)).unwrap_or(Timestamp::MAX)
}

/// What the first person says.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Setup {
    pub token: String,
    pub organization_name: String,
    pub name: String,
    pub email: Option<String>,
    pub password: Option<String>,
    pub language: String,
    pub time_zone: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

#[derive(Clone)]
struct Rows {
    link_hash: Vec<u8>,
    organization: Organization,
    beginnings: defaults::Beginnings,
    user: User,
    agent: Agent,
    session: Session,
    session_hash: Vec<u8>,
    now: Timestamp,
}

/// Creates the organization with its first administrator, who also takes work, and signs them in.
///
/// # Errors
/// [`Error::SetupDone`], [`Error::LinkUsed`], [`Error::PasswordWeak`], [`Error::Invalid`].
pub async fn complete(ctx: &Ctx, setup: Setup) -> Result<SignedIn, Error> {
    check(ctx, &setup)?;
    let password_hash = match &setup.password {
        Some(password) => Some(secrets::hash_password(ctx.entropy(), password.clone()).await),
        None => None,
    };
    let token = secrets::token(ctx.entropy());
    let rows = rows(ctx, &setup, password_hash, &token);
    let signed_in = SignedIn {
        token,
        session: rows.session.clone(),
        user: rows.user.clone(),
        organization: rows.organization.clone(),
    };
    ctx.store().write("setup.complete", rows, |tx, rows| Box::pin(create(tx, rows))).await?;
    ctx.start_organization(signed_in.organization.id).await?;
    Ok(signed_in)
}

fn check(ctx: &Ctx, setup: &Setup) -> Result<(), Error> {
    for (pointer, text) in [("/organization_name", &setup.organization_name), ("/name", &setup.name)] {
        let length = text.trim().chars().count();
        if length == 0 || length > 200 {
            return Err(Error::field(pointer, "length", "1 to 200 characters"));
        }
    }
    if setup.email.as_deref().is_some_and(|e| !e.contains('@')) {
        return Err(Error::field("/email", "format", "an e-mail address"));
    }
    crate::users::check_zone(&setup.time_zone)?;
    let is_weak = |p: &String| p.chars().count() < secrets::MIN_PASSWORD_LENGTH;
    match &setup.password {
        Some(password) if is_weak(password) => Err(Error::PasswordWeak { min_length: secrets::MIN_PASSWORD_LENGTH }),
        None if !ctx.settings().is_demo => Err(Error::field("/password", "required", "only a demo goes without")),
        Some(_) if setup.email.is_none() => Err(Error::field("/email", "required", "a password needs an address")),
        Some(_) | None => Ok(()),
    }
}

fn rows(ctx: &Ctx, setup: &Setup, password_hash: Option<String>, token: &str) -> Rows {
    let now = ctx.now();
    let org = OrganizationId(ctx.new_id());
    let beginnings = defaults::beginnings(org, || ctx.new_id(), secrets::public_key(ctx.entropy()), now);
    let language = if setup.language == "en" { "en" } else { "es" }.to_owned();
    let organization = Organization {
        id: org,
        name: setup.organization_name.trim().to_owned(),
        key: "main".to_owned(),
        default_language: language.clone(),
        time_zone: setup.time_zone.clone(),
        settings: serde_json::json!({}),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let user = User {
        id: UserId(ctx.new_id()),
        organization_id: org,
        email: setup.email.clone().unwrap_or_else(|| "admin@localhost".to_owned()),
        name: setup.name.trim().to_owned(),
        language,
        time_zone: setup.time_zone.clone(),
        roles: vec!["admin".to_owned(), "agent".to_owned()],
        state: "active".to_owned(),
        password_hash,
        preferences: serde_json::json!({}),
        last_sign_in_at: Some(now),
        is_demo: false,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let agent = agent_of(&user, &beginnings.presence_config, ctx.new_id());
    let session = Session {
        id: SessionId(ctx.new_id()),
        organization_id: org,
        user_id: user.id,
        csrf_token: secrets::token(ctx.entropy()),
        ip: setup.ip.clone(),
        user_agent: setup.user_agent.clone(),
        created_at: now,
        last_seen_at: now,
        expires_at: days_later(now, 30),
        must_rotate: false,
    };
    let (link_hash, session_hash) = (secrets::hash(&setup.token), secrets::hash(token));
    Rows { link_hash, organization, beginnings, user, agent, session, session_hash, now }
}

pub(crate) fn agent_of(user: &User, config: &store::agents::PresenceConfig, id: Uuid) -> Agent {
    Agent {
        id: id.into(),
        organization_id: user.organization_id,
        user_id: Some(user.id),
        key: None,
        kind: "human".to_owned(),
        display_name: user.name.clone(),
        presence_config_id: config.id,
        skills: std::collections::BTreeMap::new(),
        state: "active".to_owned(),
        version: 1,
    }
}

async fn create(tx: &mut db::Tx<'_>, rows: Rows) -> Result<(), Error> {
    let Rows { link_hash, organization, beginnings: b, user, agent, session, session_hash, now } = rows;
    if !store::organizations::list(tx).await?.is_empty() {
        return Err(Error::SetupDone);
    }
    let link = store::access::link_by_token(tx, &link_hash).await?;
    let link = link.filter(|l| l.kind == "setup" && l.used_at.is_none()).ok_or(Error::LinkUsed)?;
    store::access::use_link(tx, link.id, now).await?;
    store::organizations::insert(tx, &organization).await?;
    for status in &b.statuses {
        store::agents::insert_status(tx, status, now).await?;
    }
    store::agents::insert_config(tx, &b.presence_config, now).await?;
    store::queues::insert_config(tx, &b.routing_config, now).await?;
    store::queues::insert(tx, &b.queue, now).await?;
    store::channels::insert(tx, &b.channel).await?;
    store::users::insert(tx, &user).await?;
    store::agents::insert(tx, &agent, now).await?;
    let member = domain::routing::Member { agent: agent.id, tier: 0, delay_ms: 0 };
    store::queues::put_member(tx, organization.id, b.queue.id, member).await?;
    if let Some(presence) = defaults::absent(agent.id, &b.statuses, now) {
        store::work::put_presence(tx, organization.id, &presence, now).await?;
    }
    store::access::insert_session(tx, &session, &session_hash).await?;
    Ok(())
}
