//! An installation to test in: context, clock, chance, and an organization with one agent.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use app::sessions::{self, Current};
use app::setup::{self, Setup};
use app::{Clock, Ctx, Entropy, Settings};
use jiff::Timestamp;

use crate::stores::{Engine, Ephemeral};

/// A clock that stands still until it is moved; every reading is a microsecond later, so that order is kept.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    /// 1 November 2026, midday UTC.
    fn default() -> Self {
        Self(AtomicI64::new(1_793_534_400_000_000))
    }
}

impl ManualClock {
    /// Moves time on.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms * 1_000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.fetch_add(1, Ordering::SeqCst)).expect("a time in range")
    }
}

/// Chance that replays; fit for tests only.
#[derive(Debug, Default)]
pub struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64: enough to never repeat a token within a test.
            let mut x = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (x ^ (x >> 31)).to_le_bytes()[0];
        }
    }
}

/// An installation.
pub struct World {
    /// The context of its use cases.
    pub ctx: Ctx,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Its store.
    pub ephemeral: Ephemeral,
    entropy: Arc<SeededEntropy>,
    public_url: String,
}

impl World {
    /// A fresh installation, not set up.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn new(engine: Engine) -> Self {
        Self::on(Ephemeral::new(engine).await).await
    }

    /// A fresh installation on this store.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn on(ephemeral: Ephemeral) -> Self {
        Self::at(ephemeral, "http://127.0.0.1:8080".to_owned()).await
    }

    /// A fresh installation that people reach at `public_url`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn at(ephemeral: Ephemeral, public_url: String) -> Self {
        let (clock, entropy) = (Arc::new(ManualClock::default()), Arc::new(SeededEntropy::default()));
        let ctx = context(&ephemeral, Arc::clone(&clock), Arc::clone(&entropy), ephemeral.store.clone(), &public_url);
        ctx.start().await.expect("the installation starts");
        Self { ctx, clock, ephemeral, entropy, public_url }
    }

    /// Sets up an organization; the session of its administrator, who takes work.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn set_up(&self) -> Current {
        let token = setup::new_link(&self.ctx).await.expect("set-up is open");
        let input = Setup {
            token,
            organization_name: "Pedales".to_owned(),
            name: "Dani Mora".to_owned(),
            email: Some("dani@pedales.example".to_owned()),
            password: Some("una clave larga".to_owned()),
            language: "es".to_owned(),
            time_zone: "Europe/Madrid".to_owned(),
            ..Setup::default()
        };
        let signed_in = setup::complete(&self.ctx, input).await.expect("set-up is accepted");
        sessions::by_token(&self.ctx, &signed_in.token).await.expect("the session is good")
    }

    /// Lets messages of the first web chat be called off for this long.
    ///
    /// # Panics
    /// When there is no web chat.
    pub async fn hold_chat(&self, ms: i64) {
        let now = app::Clock::now(&*self.clock);
        self.ephemeral
            .store
            .write("testkit.hold_chat", (ms, now), |tx, (ms, now)| {
                Box::pin(async move {
                    let found = store::channels::first_of_kind(tx, "web_chat").await?;
                    let mut channel = found.expect("a web chat");
                    channel.config["undo_send_ms"] = ms.into();
                    store::channels::update(tx, &mut channel, now).await
                })
            })
            .await
            .expect("the channel is changed");
    }

    /// Lets whatever fell due be done, after time was moved.
    ///
    /// # Panics
    /// When the organizations cannot be read.
    pub async fn wake_timers(&self) {
        for organization in setup::organizations(&self.ctx).await.expect("the organizations") {
            self.ctx.runtime(organization).expect("it runs").timers.wake();
        }
    }

    /// The same store under a fresh context, as after a crash: the old one is simply dropped.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn crash_and_restart(&mut self) {
        let store = self.ephemeral.address.open().await;
        self.ctx =
            context(&self.ephemeral, Arc::clone(&self.clock), Arc::clone(&self.entropy), store, &self.public_url);
        self.ctx.start().await.expect("the installation starts again");
    }
}

fn context(
    ephemeral: &Ephemeral,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    store: db::Store,
    public_url: &str,
) -> Ctx {
    let settings = Settings {
        public_url: public_url.to_owned(),
        data_dir: ephemeral.folder.path().to_owned(),
        secret_key_file: None,
        is_demo: false,
        node: "test".to_owned(),
        limits: app::limits::Limits::default(),
        trusted_proxies: Vec::new(),
        console_hash: None,
    };
    Ctx::new(store, clock, entropy, settings)
}
