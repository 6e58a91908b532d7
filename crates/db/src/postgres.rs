//! PostgreSQL: a pool; each write in a task of its own, run again when it lost against another transaction.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction};
use futures::FutureExt;
use tokio::sync::oneshot;
use tokio_postgres::{Config, IsolationLevel, NoTls};
use tokio_util::task::TaskTracker;

use crate::tx::Connected;
use crate::{Body, BoxFuture, Error, Metrics, Tx, TxError};

/// How often a transaction is run again after losing against another one.
const RETRIES: u32 = 5;

/// Wait before the first retry; it doubles with each.
const FIRST_BACKOFF: Duration = Duration::from_millis(5);

/// The oldest server that has every function the dialect uses.
const OLDEST_VERSION_NUM: i32 = 140_000;

/// How PostgreSQL is used. Each field is a limit.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Connections in the pool.
    pub connections: usize,
    /// How long a transaction waits for a connection, and a connection for the server.
    pub connect_timeout: Duration,
    /// The longest a statement may run.
    pub statement_timeout: Duration,
    /// The longest a transaction may do nothing before the server ends it: it holds the event horizon back.
    pub idle_in_transaction_timeout: Duration,
    /// A transaction that takes longer is logged.
    pub slow_job: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 32,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(60),
            idle_in_transaction_timeout: Duration::from_secs(30),
            slow_job: Duration::from_millis(200),
        }
    }
}

/// A PostgreSQL store. Clones share it.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    slow_job: Duration,
    /// Writes under way, which closing waits for.
    writes: TaskTracker,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    jobs: AtomicU64,
    slow_jobs: AtomicU64,
    retries: AtomicU64,
}

/// A body with its input and its outcome, types erased: what stands around it is compiled once.
trait Run: Send {
    /// Runs the body; whether it wants its work kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, bool>;
    /// The outcome is this error.
    fn fail(&mut self, error: Error);
    /// Whether it lost against another transaction and may well pass when run again.
    fn has_lost(&self) -> bool;
    fn answer(self: Box<Self>);
}

struct Work<I, T, E> {
    name: &'static str,
    input: I,
    body: Body<I, T, E>,
    outcome: Option<Result<T, E>>,
    caller: Option<oneshot::Sender<Result<T, E>>>,
}

impl<I, T, E> Run for Work<I, T, E>
where
    I: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: TxError,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, bool> {
        let running = AssertUnwindSafe((self.body)(tx, self.input.clone())).catch_unwind();
        Box::pin(async move {
            let outcome = running.await.unwrap_or_else(|_panic| Err(Error::Panicked(self.name).into()));
            let is_kept = outcome.is_ok();
            self.outcome = Some(outcome);
            is_kept
        })
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Some(Err(error.into()));
    }

    fn has_lost(&self) -> bool {
        matches!(&self.outcome, Some(Err(error)) if error.is_retryable())
    }

    fn answer(self: Box<Self>) {
        let Self { input, outcome, caller, .. } = *self;
        // Whoever is answered may rely on it that nothing of the transaction is left.
        drop(input);
        if let Some((outcome, caller)) = outcome.zip(caller) {
            // The caller may have gone; the work is committed all the same.
            drop(caller.send(outcome));
        }
    }
}

#[derive(Clone, Copy)]
enum Access {
    Write,
    Read,
}

impl Postgres {
    pub async fn open(url: &str, options: PostgresOptions) -> Result<Self, Error> {
        let pool = pool(url, &options).map_err(Error::Open)?;
        let store = Self { pool, slow_job: options.slow_job, writes: TaskTracker::new(), counters: Arc::default() };
        let connection = store.connection().await.map_err(|error| Error::Open(error.to_string()))?;
        refuse_old_server(&connection).await?;
        drop(connection);
        Ok(store)
    }

    /// A connection of the pool.
    pub async fn connection(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Closed => Error::Closed,
            PoolError::Backend(error) => Error::postgres("connect", &error),
            PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                Error::Pool(error.to_string())
            }
        })
    }

    pub async fn write<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        let (caller, answer) = oneshot::channel();
        self.begin_write(name, Box::new(Work { name, input, body, outcome: None, caller: Some(caller) }));
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    pub async fn read<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        let mut work = Work { name, input, body, outcome: None, caller: None };
        self.attempts(Access::Read, name, &mut work).await;
        work.outcome.unwrap_or_else(|| Err(Error::Closed.into()))
    }

    /// Runs a write in a task of its own: a caller who goes away does not stop it.
    fn begin_write(&self, name: &'static str, mut work: Box<dyn Run>) {
        if self.writes.is_closed() {
            return;
        }
        let store = self.clone();
        self.writes.spawn(async move {
            store.counters.jobs.fetch_add(1, Ordering::Relaxed);
            store.attempts(Access::Write, name, &mut *work).await;
            work.answer();
        });
    }

    /// Runs the transaction until it passes, fails for good, or has lost too often.
    async fn attempts(&self, access: Access, name: &'static str, work: &mut dyn Run) {
        let started = Instant::now();
        let mut retries = 0;
        loop {
            if let Err(error) = self.attempt(access, work).await {
                work.fail(error);
            }
            if retries == RETRIES || !work.has_lost() {
                break;
            }
            self.counters.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(FIRST_BACKOFF * 2_u32.pow(retries)).await;
            retries += 1;
        }
        self.job_took(name, started, retries);
    }

    async fn attempt(&self, access: Access, work: &mut dyn Run) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        let mut tx = Tx::postgres(begin(&mut connection, access).await?);
        let is_kept = work.run(&mut tx).await;
        let Connected::Postgres(transaction) = tx.into_inner() else { return Ok(()) };
        if is_kept {
            return transaction.commit().await.map_err(|error| Error::postgres_commit(&error));
        }
        // A rollback that fails means a broken connection, which the server rolls back itself.
        drop(transaction.rollback().await);
        Ok(())
    }

    fn job_took(&self, name: &'static str, started: Instant, retries: u32) {
        let elapsed = started.elapsed();
        if elapsed > self.slow_job {
            self.counters.slow_jobs.fetch_add(1, Ordering::Relaxed);
            let elapsed_ms = elapsed.as_millis() as u64;
            tracing::warn!(transaction = name, elapsed_ms, retries, "slow transaction");
        }
    }

    pub fn metrics(&self) -> Metrics {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let jobs = count(&self.counters.jobs);
        Metrics {
            write_queue_depth: self.pool.status().waiting as u64,
            read_queue_depth: 0,
            batches: jobs,
            last_batch_jobs: jobs.min(1),
            jobs,
            slow_jobs: count(&self.counters.slow_jobs),
            retries: count(&self.counters.retries),
        }
    }

    /// Takes no new writes, waits for those under way, and closes the pool.
    pub async fn close(&self) {
        self.writes.close();
        self.writes.wait().await;
        self.pool.close();
    }
}

fn pool(url: &str, options: &PostgresOptions) -> Result<Pool, String> {
    let mut config: Config = url.parse().map_err(|error| format!("the address of the database: {error}"))?;
    let settings = format!(
        "{} -c timezone=UTC -c statement_timeout={} -c idle_in_transaction_session_timeout={}",
        config.get_options().unwrap_or_default(),
        options.statement_timeout.as_millis(),
        options.idle_in_transaction_timeout.as_millis(),
    );
    config.options(settings.trim()).connect_timeout(options.connect_timeout);
    if config.get_application_name().is_none() {
        config.application_name("centralita");
    }
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_config(config, NoTls, recycling))
        .max_size(options.connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(options.connect_timeout))
        .create_timeout(Some(options.connect_timeout))
        .build()
        .map_err(|error| error.to_string())
}

async fn refuse_old_server(connection: &Object) -> Result<(), Error> {
    let row = connection.query_one("SELECT current_setting('server_version_num')::integer", &[]).await;
    let version: i32 = row.and_then(|row| row.try_get(0)).map_err(|error| Error::postgres("version", &error))?;
    if version < OLDEST_VERSION_NUM {
        return Err(Error::Open(format!("PostgreSQL 14 or newer is needed, the server says {version}")));
    }
    Ok(())
}

/// Begins a transaction whose isolation does not depend on the server's configuration.
async fn begin(connection: &mut Object, access: Access) -> Result<Transaction<'_>, Error> {
    let begin = connection.build_transaction();
    let begin = match access {
        Access::Write => begin.isolation_level(IsolationLevel::ReadCommitted).read_only(false),
        Access::Read => begin.isolation_level(IsolationLevel::RepeatableRead).read_only(true),
    };
    begin.start().await.map_err(|error| Error::postgres("begin", &error))
}
