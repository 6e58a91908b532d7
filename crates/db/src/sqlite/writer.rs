//! The writer thread: group commit.
//!
//! # Invariants
//! - A failed job takes only its own work back. Savepoints cost a copy of every page a job touches, so a batch runs
//!   without; only when a job fails after it wrote, the batch is rolled back and run again, each job in a savepoint.
//! - A caller is answered after its batch's COMMIT, and not before.
//! - A failed COMMIT, or a rollback by SQLite itself, fails every job of the batch; the thread goes on.
//! - Nothing polls: an idle writer sleeps until work comes, after one checkpoint.

use std::sync::atomic::Ordering;
use std::time::Instant;

use rusqlite::Connection;

use super::job::{Job, Ran};
use super::queue::{Source, Work};
use super::{Counters, SqliteOptions};
use crate::Error;

/// Works until told to stop, then folds the write-ahead log into the database.
pub(super) fn run(connection: Connection, source: &Source, options: &SqliteOptions, counters: &Counters) {
    let mut writer = Writer { connection, source, options, counters, written: false };
    let mut next = None;
    loop {
        match next.take().unwrap_or_else(|| writer.wait()) {
            Work::Transaction(job) => next = writer.batch(job),
            Work::Alone(task) => task(&mut writer.connection),
            Work::Stop => break,
        }
    }
    writer.checkpoint();
}

struct Writer<'a> {
    connection: Connection,
    source: &'a Source,
    options: &'a SqliteOptions,
    counters: &'a Counters,
    /// Whether anything was committed since the last checkpoint.
    written: bool,
}

impl Writer<'_> {
    /// The next piece of work; a quiet time after writes is used for one checkpoint.
    fn wait(&mut self) -> Work {
        if self.written {
            if let Some(work) = self.source.take_within(self.options.idle_checkpoint) {
                return work;
            }
            self.checkpoint();
        }
        self.source.take()
    }

    /// Runs `first` and what else is waiting in one transaction. Returns work that it took but that is none.
    fn batch(&mut self, mut first: Job) -> Option<Work> {
        if let Err(error) = self.step("BEGIN IMMEDIATE") {
            first.run(Err(error.clone()));
            first.answer(Err(error));
            return None;
        }
        let mut batch = Batch::default();
        let left = self.run_jobs(&mut batch, first);
        if batch.is_spoiled {
            self.run_again(&mut batch);
        }
        let result = self.commit(&batch);
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        self.counters.last_batch_jobs.store(batch.jobs.len() as u64, Ordering::Relaxed);
        self.counters.jobs.fetch_add(batch.jobs.len() as u64, Ordering::Relaxed);
        for job in batch.jobs {
            job.answer(result.clone());
        }
        left
    }

    fn run_jobs(&mut self, batch: &mut Batch, first: Job) -> Option<Work> {
        let started = Instant::now();
        self.run_job(batch, first);
        while batch.jobs.len() < self.options.batch_jobs
            && started.elapsed() < self.options.batch_time
            && !batch.is_spoiled
            && !self.connection.is_autocommit()
        {
            match self.source.take_now() {
                Some(Work::Transaction(job)) => self.run_job(batch, job),
                left @ (Some(Work::Alone(_) | Work::Stop) | None) => return left,
            }
        }
        None
    }

    /// Runs one job; when it fails after it wrote, the batch is spoiled.
    fn run_job(&mut self, batch: &mut Batch, mut job: Job) {
        let started = Instant::now();
        let before = self.connection.total_changes();
        let ran = job.run(Ok(&mut self.connection));
        batch.is_spoiled |= !ran.succeeded && self.connection.total_changes() != before;
        self.counters.job_took(job.name, started, self.options.slow_job);
        batch.keep(job, ran);
    }

    /// Runs every job of a spoiled batch again, each in its savepoint.
    fn run_again(&mut self, batch: &mut Batch) {
        if self.connection.is_autocommit() {
            return;
        }
        self.roll_back();
        let begun = self.step("BEGIN IMMEDIATE");
        for job in &mut batch.jobs {
            let ran = match begun.clone().and_then(|()| self.step("SAVEPOINT job")) {
                Ok(()) => job.run(Ok(&mut self.connection)),
                Err(error) => job.run(Err(error)),
            };
            // When SQLite has rolled the whole batch back there is no savepoint left to end.
            if !self.connection.is_autocommit() {
                self.end_job(ran.succeeded);
            }
            batch.failure = ran.failure.or(batch.failure.take());
        }
    }

    /// Keeps the work of the last job or takes it back; when even that fails, takes back the whole batch.
    fn end_job(&mut self, succeeded: bool) {
        let ended = if succeeded { Ok(()) } else { self.step("ROLLBACK TO job") };
        if let Err(error) = ended.and_then(|()| self.step("RELEASE job")) {
            tracing::error!(%error, "a job's savepoint could not be ended");
            self.roll_back();
        }
    }

    /// Commits the batch. When SQLite has already rolled it back, says why.
    fn commit(&mut self, batch: &Batch) -> Result<(), Error> {
        if self.connection.is_autocommit() {
            return Err(rolled_back(batch));
        }
        let result = self.step("COMMIT");
        match &result {
            Ok(()) => self.written = true,
            Err(error) => {
                tracing::error!(%error, jobs = batch.jobs.len(), "a batch could not be committed");
                self.roll_back();
            }
        }
        result
    }

    fn roll_back(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.step("ROLLBACK")
        {
            tracing::error!(%error, "a batch could not be rolled back");
        }
    }

    fn step(&mut self, text: &'static str) -> Result<(), Error> {
        let run = |connection: &Connection| connection.prepare_cached(text)?.execute([]);
        run(&self.connection).map(|_| ()).map_err(|error| Error::sqlite(text, &error))
    }

    /// Moves the write-ahead log into the database and cuts it; a reader in its way only delays it.
    fn checkpoint(&mut self) {
        self.written = false;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        if let Err(error) = busy {
            tracing::warn!(%error, "the write-ahead log could not be folded in");
        }
    }
}

/// Jobs of one commit, those that ran.
#[derive(Default)]
struct Batch {
    jobs: Vec<Job>,
    /// A job failed after it wrote.
    is_spoiled: bool,
    /// The last error of the engine that a job met.
    failure: Option<Error>,
}

impl Batch {
    fn keep(&mut self, job: Job, ran: Ran) {
        self.jobs.push(job);
        self.failure = ran.failure.or(self.failure.take());
    }
}

/// The error that made SQLite roll the batch back: the last one that a job met.
fn rolled_back(batch: &Batch) -> Error {
    batch.failure.clone().unwrap_or_else(|| Error::Sqlite {
        statement: "batch",
        code: rusqlite::ffi::SQLITE_ABORT_ROLLBACK,
        message: "the transaction was rolled back by the engine".into(),
    })
}
