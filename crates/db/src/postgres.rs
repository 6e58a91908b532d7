//! PostgreSQL: a pool; each write in a task of its own, run again when it lost against another transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction};
use tokio_postgres::{Config, IsolationLevel, NoTls};
use tokio_util::task::TaskTracker;

use crate::tx::Connected;
use crate::{Body, Error, Metrics, Tx, TxError};

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
        if self.writes.is_closed() {
            return Err(Error::Closed.into());
        }
        let store = self.clone();
        let task = self.writes.spawn(async move {
            store.counters.jobs.fetch_add(1, Ordering::Relaxed);
            store.attempts(Access::Write, name, input, body).await
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(failure) if failure.is_panic() => Err(Error::Panicked(name).into()),
            Err(_cancelled) => Err(Error::Closed.into()),
        }
    }

    pub async fn read<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        self.attempts(Access::Read, name, input, body).await
    }

    /// Runs the transaction until it passes, fails for good, or has lost too often.
    async fn attempts<I, T, E>(&self, access: Access, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        let started = Instant::now();
        let mut retries = 0;
        let outcome = loop {
            match self.attempt(access, input.clone(), body).await {
                Err(error) if error.is_retryable() && retries < RETRIES => {
                    self.counters.retries.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(FIRST_BACKOFF * 2_u32.pow(retries)).await;
                    retries += 1;
                }
                outcome => break outcome,
            }
        };
        self.job_took(name, started, retries);
        outcome
    }

    async fn attempt<I, T, E: TxError>(&self, access: Access, input: I, body: Body<I, T, E>) -> Result<T, E> {
        let mut connection = self.connection().await?;
        let mut tx = Tx::postgres(begin(&mut connection, access).await?);
        let outcome = body(&mut tx, input).await;
        let Connected::Postgres(transaction) = tx.into_inner() else {
            return outcome;
        };
        match outcome {
            Ok(value) => {
                transaction.commit().await.map_err(|error| Error::postgres_commit(&error))?;
                Ok(value)
            }
            Err(error) => {
                // A rollback that fails means a broken connection, which the server rolls back itself.
                drop(transaction.rollback().await);
                Err(error)
            }
        }
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
