//! The installation that is measured: agents with room for everybody, customers with their signed sessions.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use app::people::{Acceptance, Invitation};
use app::sessions::SignedIn;
use app::setup::Setup;
use app::widget::Arrival;
use app::{Clock, Ctx, Entropy, Settings};
use db::{Sql, SqliteOptions, Store};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rand::RngCore;
use serde_json::json;

const PASSWORD: &str = "una clave para medir";
/// Sessions made at once, so that they share commits.
const AT_ONCE: usize = 256;
/// Nobody is ever full.
const ROOM: i64 = 1_000_000;

/// A customer is offered to an agent only as often as routing allows: the others wait in the queue, routed.
const PRESENCE: Sql = Sql::global(
    "bench.presence",
    "UPDATE presence_configs SET settings = $1",
    &[],
    "an installation of one organization, made to be measured",
);
const ROUTING: Sql = Sql::global(
    "bench.routing",
    "UPDATE routing_configs SET settings = $1",
    &[],
    "an installation of one organization, made to be measured",
);

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// Who takes part.
#[derive(Debug)]
pub struct Cast {
    /// The widget's public key.
    pub key: String,
    /// Agents; the first is an administrator too.
    pub agents: Vec<AgentSession>,
    /// Tokens of visitors.
    pub visitors: Vec<String>,
}

/// A signed-in agent.
#[derive(Debug)]
pub struct AgentSession {
    /// The session cookie's pair.
    pub cookie: String,
    /// What writes must carry.
    pub csrf: String,
}

/// Makes an installation in `folder`.
///
/// # Errors
/// When it is refused.
pub async fn prepare(folder: &Path, agents: usize, visitors: usize) -> anyhow::Result<Cast> {
    let store =
        Store::open_sqlite(&folder.join("centralita.db"), SqliteOptions::default()).await.context("the store")?;
    let settings = Settings {
        public_url: "http://127.0.0.1".to_owned(),
        data_dir: folder.to_owned(),
        secret_key_file: None,
        is_demo: false,
        node: "bench".to_owned(),
        limits: app::limits::Limits::default(),
        trusted_proxies: Vec::new(),
        console_hash: None,
    };
    let ctx = Ctx::new(store, Arc::new(SystemClock), Arc::new(SystemEntropy), settings);
    ctx.start().await.context("the installation")?;
    let admin = set_up(&ctx).await?;
    let current = app::sessions::by_token(&ctx, &admin.token).await.context("the administrator")?;
    let mut sessions = vec![session(&admin)];
    for number in 1..agents {
        sessions.push(agent(&ctx, &current.actor, number).await?);
    }
    make_room(&ctx).await?;
    let key = app::organization::demo_widget_key(&ctx).await.context("the web chat")?.context("the web chat")?;
    let visitors = arrive(&ctx, &key, visitors).await?;
    ctx.stop().await;
    Ok(Cast { key, agents: sessions, visitors })
}

fn session(signed_in: &SignedIn) -> AgentSession {
    AgentSession { cookie: format!("centralita={}", signed_in.token), csrf: signed_in.session.csrf_token.clone() }
}

async fn set_up(ctx: &Ctx) -> anyhow::Result<SignedIn> {
    let setup = Setup {
        token: app::setup::new_link(ctx).await.context("the link")?,
        organization_name: "Medida".to_owned(),
        name: "Ada Medina".to_owned(),
        email: Some("ada@medida.example".to_owned()),
        password: Some(PASSWORD.to_owned()),
        language: "es".to_owned(),
        time_zone: "Europe/Madrid".to_owned(),
        ..Setup::default()
    };
    app::setup::complete(ctx, setup).await.context("set-up")
}

async fn agent(ctx: &Ctx, admin: &app::Actor, number: usize) -> anyhow::Result<AgentSession> {
    let invitation = Invitation {
        email: format!("agente{number}@medida.example"),
        name: format!("Agente {number}"),
        roles: vec!["agent".to_owned()],
        teams: Vec::new(),
        language: "es".to_owned(),
    };
    let invited = app::people::invite(ctx, admin, invitation).await.context("an invitation")?;
    let acceptance = Acceptance {
        token: invited.token,
        name: None,
        password: PASSWORD.to_owned(),
        language: None,
        ip: None,
        user_agent: None,
    };
    Ok(session(&app::people::accept(ctx, acceptance).await.context("an acceptance")?))
}

async fn make_room(ctx: &Ctx) -> anyhow::Result<()> {
    let presence = json!({
        "cap_primary_milli": ROOM * 1_000, "cap_interruptible_milli": ROOM * 1_000,
        "channel_max": { "chat": ROOM, "messaging": ROOM, "email": ROOM },
        "is_decline_allowed": true, "is_decline_reason_required": false, "grace_ms": 30_000,
    });
    let routing = json!({
        "tier": 0, "agent_model": "longest_idle", "units_milli": 1_000, "capacity_pool": "primary",
        "offer_timeout_ms": 30_000, "is_auto_accept": true, "misses_before_away": 2, "exclusion_ttl_ms": 120_000,
        "retry_gap_ms": 15_000, "wrap_up_ms": 0,
    });
    let write = ctx.store().write("bench.room", (presence, routing), |tx, (presence, routing)| {
        Box::pin(async move {
            tx.exec(&PRESENCE, &[presence.into()]).await?;
            tx.exec(&ROUTING, &[routing.into()]).await?;
            Ok::<_, db::Error>(())
        })
    });
    write.await.context("the configuration")
}

async fn arrive(ctx: &Ctx, key: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let channel = app::widget::channel(ctx, key).await.context("the web chat")?;
    let one = |number: usize| {
        let channel = &channel;
        async move {
            let arrival =
                Arrival { language: "es".to_owned(), name: Some(format!("Cliente {number}")), ..Arrival::default() };
            app::widget::open(ctx, channel, arrival).await.map(|session| session.token)
        }
    };
    stream::iter(0..count).map(one).buffer_unordered(AT_ONCE).try_collect().await.context("the visitors")
}
