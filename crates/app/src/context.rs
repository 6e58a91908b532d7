//! What every use case is given: store, time, chance, settings, and the running parts of each organization.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use domain::conversation::ActorType;
use domain::ids::{AgentId, IdSource, OrganizationId, SessionId, UserId};
use domain::permissions::{Permission, Reach, Resource, Standing, authorize};
use ipnet::IpNet;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::channels::{Doors, Links};
use crate::deliveries::{self, Outbox};
use crate::files::{self, Files};
use crate::idempotency::{Running, Store};
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::live::{self, Hub};
use crate::owner::{self, Owner};
use crate::rates::{Failures, Rates};
use crate::simulator::Simulator;
use crate::timers::{self, Timers};
use crate::widget::Recent;
use crate::{Error, audit, indexing, jobs, nouns, setup};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
}

/// Where chance comes from; must be fit for secrets.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach this installation, without a trailing slash.
    pub public_url: String,
    /// Where files stand.
    pub data_dir: PathBuf,
    /// Where the keys of secrets stand; `None` for `secret.key` in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// The installation was started to be tried out.
    pub is_demo: bool,
    /// A name for this process in leases.
    pub node: String,
    /// Sizes and rates, where they differ from the defaults.
    pub limits: Limits,
    /// Proxies whose word on a caller's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What the console's files hash to; `None` where it was not built.
    pub console_hash: Option<String>,
}

/// The context of all use cases.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    settings: Settings,
    files: Files,
    keyring: OnceLock<Keyring>,
    runtimes: RwLock<BTreeMap<OrganizationId, Arc<Runtime>>>,
    numbers: tokio::sync::Mutex<BTreeMap<OrganizationId, Numbers>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    running: Arc<Running>,
    rates: Rates,
    recent_visitors: Recent,
    doors: Doors,
    simulator: Simulator,
    sign_in_failures: Failures,
}

/// Conversation numbers leased and not yet used.
#[derive(Debug, Default)]
struct Numbers {
    rest: std::ops::Range<i64>,
    given_back: BTreeSet<i64>,
}

impl Numbers {
    fn next(&mut self) -> Option<i64> {
        self.given_back.pop_first().or_else(|| self.rest.next())
    }
}

/// The running parts of one organization.
pub struct Runtime {
    /// Which.
    pub organization: OrganizationId,
    /// Who hears of events.
    pub hub: Arc<Hub>,
    /// The one task that routes.
    pub owner: Owner,
    /// What falls due by itself.
    pub timers: Timers,
    /// What leaves for providers.
    pub outbox: Arc<Outbox>,
    /// The connections of enabled channels.
    pub links: Links,
}

impl Ctx {
    /// A context without running parts; [`Ctx::start`] starts them.
    #[must_use]
    pub fn new(store: db::Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, settings: Settings) -> Self {
        let keys = {
            let (clock, entropy) = (Arc::clone(&clock), Arc::clone(&entropy));
            Arc::new(move || fresh_id(&*clock, &*entropy))
        };
        Self(Arc::new(Inner {
            files: Files::new(&settings.data_dir, keys),
            store: Store::new(store),
            clock,
            entropy,
            settings,
            keyring: OnceLock::new(),
            runtimes: RwLock::default(),
            numbers: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
            running: Arc::default(),
            rates: Rates::default(),
            recent_visitors: Recent::default(),
            doors: Doors::default(),
            simulator: Simulator::default(),
            sign_in_failures: Failures::default(),
        }))
    }

    /// Migrates the store and starts the running parts of every organization in it.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn start(&self) -> Result<(), Error> {
        self.store().migrate(store::MIGRATIONS).await?;
        let settings = self.settings();
        let keyring = Keyring::open(settings.secret_key_file.as_deref(), &settings.data_dir, self.entropy());
        self.0.keyring.get_or_init({
            let keyring = keyring.map_err(Error::Keys)?;
            || keyring
        });
        for organization in setup::organizations(self).await? {
            self.start_organization(organization).await?;
        }
        Ok(())
    }

    /// Starts router and live feed of one organization. The router is rebuilt before this returns.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn start_organization(&self, organization: OrganizationId) -> Result<Arc<Runtime>, Error> {
        let hub = Arc::new(Hub::default());
        let (owner, routing) = owner::start(self, organization, Arc::clone(&hub)).await?;
        let tailing = live::start(self, organization, Arc::clone(&hub), owner.clone()).await?;
        nouns::begin(self, organization).await?;
        jobs::recover(self, organization).await?;
        let (outbox, links) = (Arc::new(Outbox::default()), Links::default());
        let (timers, timing) = timers::start(self, organization, Arc::clone(&hub));
        let sealing = audit::start(self, organization, Arc::clone(&hub));
        let indexing = indexing::start(self, Arc::clone(&hub));
        let runtime = Arc::new(Runtime { organization, hub, owner, timers, outbox, links });
        self.0.runtimes.write().unwrap_or_else(PoisonError::into_inner).insert(organization, Arc::clone(&runtime));
        let cleaning = files::start(self, organization);
        let sending = deliveries::start(self, organization, Arc::clone(&runtime.outbox));
        let tasks = [routing, tailing, timing, sealing, indexing, cleaning, sending];
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
        runtime.links.sync(self, organization).await?;
        Ok(runtime)
    }

    /// The running parts of an organization.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while they are not started.
    pub fn runtime(&self, organization: OrganizationId) -> Result<Arc<Runtime>, Error> {
        let runtimes = self.0.runtimes.read().unwrap_or_else(PoisonError::into_inner);
        runtimes.get(&organization).cloned().ok_or(Error::Unavailable("the organization is starting"))
    }

    /// Ends every running part and closes the store.
    pub async fn stop(self) {
        self.simulator().stop().await;
        let runtimes = std::mem::take(&mut *self.0.runtimes.write().unwrap_or_else(PoisonError::into_inner));
        for runtime in runtimes.values() {
            runtime.links.stop().await;
            runtime.outbox.stop();
            runtime.owner.stop().await;
            runtime.timers.close();
            runtime.hub.close();
        }
        self.files().stop();
        let tasks = std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a task of the organization ended by a panic");
            }
        }
        self.plain_store().clone().close().await;
    }

    /// The store; the first write of a call with an Idempotency-Key carries the key.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The store for what is not an effect of a call: numbers, notes of use, the keys themselves.
    pub(crate) fn plain_store(&self) -> &db::Store {
        self.0.store.plain()
    }

    pub(crate) fn running(&self) -> &Arc<Running> {
        &self.0.running
    }

    /// How often things happened lately.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.0.rates
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.0.doors
    }

    pub(crate) fn recent_visitors(&self) -> &Recent {
        &self.0.recent_visitors
    }

    pub(crate) fn sign_in_failures(&self) -> &Failures {
        &self.0.sign_in_failures
    }

    /// Sizes and rates.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.settings.limits
    }

    /// Now, cut to the microsecond the store keeps.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        domain::time::Micros::from(self.0.clock.now()).into()
    }

    /// Chance.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.0.entropy
    }

    /// Simulated customers.
    #[must_use]
    pub fn simulator(&self) -> &Simulator {
        &self.0.simulator
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.0.files
    }

    /// The keys of secrets.
    ///
    /// # Panics
    /// Before [`Ctx::start`].
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        self.0.keyring.get().expect("invariant: start opens the keyring before anything needs it")
    }

    /// What the operator chose.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// A fresh UUIDv7.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        fresh_id(&*self.0.clock, &*self.0.entropy)
    }

    /// `count` fresh ids, for a transaction that may run again.
    #[must_use]
    pub fn new_ids<const N: usize>(&self) -> [Uuid; N] {
        std::array::from_fn(|_| self.new_id())
    }

    /// A source of ids for the router.
    #[must_use]
    pub fn id_source(&self) -> Box<dyn IdSource> {
        Box::new(Ids(self.clone()))
    }

    /// The next conversation number of an organization.
    ///
    /// # Errors
    /// What the store refuses when a new block is leased.
    pub async fn next_number(&self, organization: OrganizationId) -> Result<i64, Error> {
        const BLOCK: i64 = 100;
        let mut numbers = self.0.numbers.lock().await;
        let known = numbers.entry(organization).or_default();
        if let Some(number) = known.next() {
            return Ok(number);
        }
        let first = self
            .plain_store()
            .write("numbers.lease", organization, |tx, organization| {
                Box::pin(
                    async move { Ok::<_, Error>(store::organizations::lease_numbers(tx, organization, BLOCK).await?) },
                )
            })
            .await?;
        known.rest = first + 1..first + BLOCK;
        Ok(first)
    }

    /// Gives a number back that nothing was stored under.
    pub(crate) async fn give_back_number(&self, organization: OrganizationId, number: i64) {
        self.0.numbers.lock().await.entry(organization).or_default().given_back.insert(number);
    }
}

fn fresh_id(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let ms = u64::try_from(clock.now().as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
}

struct Ids(Ctx);

impl IdSource for Ids {
    fn next_id(&mut self) -> Uuid {
        self.0.new_id()
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Actor {
    /// For which organization.
    pub organization: OrganizationId,
    /// The sign-in session; for an API token its own id, so that it can be cut off like one.
    pub session: Option<SessionId>,
    /// From which address, if known.
    pub ip: Option<String>,
    /// How they are shown.
    pub name: String,
    /// What they may do.
    pub standing: Arc<Standing>,
}

impl Actor {
    /// The user.
    ///
    /// # Errors
    /// [`Error::NotFound`] for actors that are no person.
    pub fn user(&self) -> Result<UserId, Error> {
        self.standing.user.ok_or(Error::NotFound)
    }

    /// The agent.
    ///
    /// # Errors
    /// [`Error::NotFound`] for somebody who takes no work.
    pub fn agent(&self) -> Result<AgentId, Error> {
        self.standing.agent.ok_or(Error::NotFound)
    }

    /// Asks the one rule.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn authorize(&self, permission: Permission, resource: Resource<'_>) -> Result<(), Error> {
        Ok(authorize(&self.standing, permission, resource)?)
    }

    /// What a permission reaches, for lists.
    ///
    /// # Errors
    /// [`Error::Denied`] when it is not held at all.
    pub fn reach(&self, permission: Permission) -> Result<Reach, Error> {
        self.authorize(permission, Resource::Any)?;
        Ok(self.standing.reach(permission).unwrap_or_default())
    }

    /// As it stands in events: `{type, id, name}`.
    #[must_use]
    pub fn as_json(&self) -> serde_json::Value {
        let (kind, id) = match (self.standing.agent, self.standing.user) {
            (Some(agent), _) => (ActorType::Agent, Some(agent.0)),
            (None, Some(user)) => (ActorType::User, Some(user.0)),
            (None, None) => (ActorType::Api, self.session.map(|token| token.0)),
        };
        serde_json::json!({ "type": kind, "id": id })
    }
}
