//! SQLite: one writer thread with group commit, a few reader threads. Async code never touches a connection.

mod backup;
mod job;
mod queue;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::{Body, Error, Metrics, TxError};
use job::Job;
use queue::Queue;

/// How SQLite is run. The defaults suit a server; each field is a limit.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Reader threads.
    pub readers: usize,
    /// Transactions that may wait for the writer, and as many again for the readers; beyond that callers wait.
    pub queue_capacity: usize,
    /// Most transactions in one commit.
    pub batch_jobs: usize,
    /// Time after which a batch takes no further transaction.
    pub batch_time: Duration,
    /// A transaction that keeps its thread for longer is logged.
    pub slow_job: Duration,
    /// How long to wait for a lock of another process on the same file.
    pub busy_timeout: Duration,
    /// Quiet time after which the write-ahead log is folded into the database and cut to nothing.
    pub idle_checkpoint: Duration,
    /// Pages of 4 KiB that the write-ahead log gathers before they are folded into the database.
    pub checkpoint_pages: u32,
    /// Prepared statements kept per connection.
    pub cached_statements: usize,
    /// Page cache per connection, in KiB.
    pub page_cache_kib: u32,
    /// Size the database may grow to, in pages of 4 KiB; beyond that writes fail with [`Error::Full`].
    pub max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 3,
            queue_capacity: 4096,
            batch_jobs: 256,
            batch_time: Duration::from_millis(5),
            slow_job: Duration::from_millis(20),
            busy_timeout: Duration::from_secs(5),
            idle_checkpoint: Duration::from_secs(60),
            checkpoint_pages: 10_000,
            cached_statements: 512,
            page_cache_kib: 16 * 1024,
            max_pages: None,
        }
    }
}

/// What the threads count.
#[derive(Debug, Default)]
struct Counters {
    batches: AtomicU64,
    last_batch_jobs: AtomicU64,
    jobs: AtomicU64,
    slow_jobs: AtomicU64,
}

impl Counters {
    /// Counts and logs a transaction that kept its thread for too long.
    fn job_took(&self, name: &'static str, started: Instant, limit: Duration) {
        let elapsed = started.elapsed();
        if elapsed > limit {
            self.slow_jobs.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(transaction = name, elapsed_ms = elapsed.as_millis() as u64, "slow transaction");
        }
    }
}

/// A running SQLite store.
pub(crate) struct Sqlite {
    path: PathBuf,
    writer: Queue,
    readers: Queue,
    reader_threads: usize,
    counters: Arc<Counters>,
    /// Answered with an error when the last thread is gone.
    ended: tokio::sync::watch::Receiver<()>,
}

impl Sqlite {
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, Error> {
        let (path, runtime) = (path.to_owned(), Handle::current());
        blocking(move || Self::start(path, &options, &runtime)).await?
    }

    fn start(path: PathBuf, options: &SqliteOptions, runtime: &Handle) -> Result<Self, Error> {
        let counters = Arc::new(Counters::default());
        let (alive, ended) = tokio::sync::watch::channel(());
        let alive = Arc::new(alive);
        let (writer, source) = queue::bounded(options.queue_capacity);
        let connection = connect(&path, options, Role::Writer)?;
        let (shared, settings, keep) = (counters.clone(), options.clone(), alive.clone());
        spawn("db-writer", runtime, keep, move || writer::run(connection, &source, &settings, &shared))?;
        let (readers, source) = queue::bounded(options.queue_capacity);
        let source = Arc::new(source);
        for _ in 0..options.readers.max(1) {
            let connection = connect(&path, options, Role::Reader)?;
            let (source, shared, limit, keep) = (source.clone(), counters.clone(), options.slow_job, alive.clone());
            spawn("db-reader", runtime, keep, move || reader::run(connection, &source, limit, &shared))?;
        }
        Ok(Self { path, writer, readers, reader_threads: options.readers.max(1), counters, ended })
    }

    pub async fn write<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + 'static,
        T: Send + 'static,
        E: TxError,
    {
        transact(&self.writer, name, input, body).await
    }

    pub async fn read<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + 'static,
        T: Send + 'static,
        E: TxError,
    {
        transact(&self.readers, name, input, body).await
    }

    /// Runs `task` on the writer's connection between two batches, outside any transaction.
    pub async fn alone<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let answer = move |connection: &mut Connection| {
            // The caller may have gone; the task is done all the same.
            drop(sender.send(task(connection)));
        };
        self.writer.push(queue::Work::Alone(Box::new(answer))).await?;
        receiver.await.map_err(|_| Error::Closed)?
    }

    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        let (from, to) = (self.path.clone(), to.to_owned());
        blocking(move || backup::run(&from, &to)).await?
    }

    pub fn metrics(&self) -> Metrics {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Metrics {
            write_queue_depth: self.writer.depth(),
            read_queue_depth: self.readers.depth(),
            batches: count(&self.counters.batches),
            last_batch_jobs: count(&self.counters.last_batch_jobs),
            jobs: count(&self.counters.jobs),
            slow_jobs: count(&self.counters.slow_jobs),
            retries: 0,
        }
    }

    /// Takes no new work, finishes what is queued, and waits until every connection is closed.
    pub async fn close(&self) {
        self.writer.stop(1);
        self.readers.stop(self.reader_threads);
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }
}

async fn transact<I, T, E>(queue: &Queue, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
where
    I: Clone + Send + 'static,
    T: Send + 'static,
    E: TxError,
{
    let (sender, receiver) = oneshot::channel();
    queue.push(queue::Work::Transaction(Job::new(name, input, body, sender))).await?;
    receiver.await.unwrap_or_else(|_| Err(Error::Closed.into()))
}

/// Runs blocking work beside the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Open(error.to_string()))
}

/// Starts a thread that belongs to the runtime, so that a body which awaits a timer is suspended and not a panic.
fn spawn(
    name: &'static str,
    runtime: &Handle,
    alive: Arc<tokio::sync::watch::Sender<()>>,
    run: impl FnOnce() + Send + 'static,
) -> Result<(), Error> {
    let runtime = runtime.clone();
    let body = move || {
        let guard = runtime.enter();
        run();
        drop((guard, alive));
    };
    thread::Builder::new().name(name.into()).spawn(body).map_err(|error| Error::Open(error.to_string()))?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Writer,
    Reader,
}

fn connect(path: &Path, options: &SqliteOptions, role: Role) -> Result<Connection, Error> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(options.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(options.cached_statements);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "wal_autocheckpoint", options.checkpoint_pages)?;
        // A statement is planned once, and not anew for every value bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cache_size", -i64::from(options.page_cache_kib))?;
        if let Some(pages) = options.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        connection.pragma_update(None, "query_only", role == Role::Reader)?;
        Ok(connection)
    };
    open().map_err(|error| Error::Open(format!("{}: {error}", path.display())))
}
