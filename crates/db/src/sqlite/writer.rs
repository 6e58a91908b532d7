//! The writer thread: group commit.
//!
//! # Invariants
//! - Every job runs in its own savepoint of the batch's transaction; a failed one takes only its own work back.
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
    fn batch(&mut self, first: Job) -> Option<Work> {
        if let Err(error) = self.step("BEGIN IMMEDIATE") {
            first.run(Err(error.clone())).answer(Err(error));
            return None;
        }
        let (ran, left) = self.run_jobs(first);
        let result = self.commit(&ran);
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        self.counters.last_batch_jobs.store(ran.len() as u64, Ordering::Relaxed);
        self.counters.jobs.fetch_add(ran.len() as u64, Ordering::Relaxed);
        for job in ran {
            job.answer(result.clone());
        }
        left
    }

    fn run_jobs(&mut self, first: Job) -> (Vec<Ran>, Option<Work>) {
        let started = Instant::now();
        let mut ran = vec![self.run_job(first)];
        while ran.len() < self.options.batch_jobs
            && started.elapsed() < self.options.batch_time
            && !self.connection.is_autocommit()
        {
            match self.source.take_now() {
                Some(Work::Transaction(job)) => ran.push(self.run_job(job)),
                left @ (Some(Work::Alone(_) | Work::Stop) | None) => return (ran, left),
            }
        }
        (ran, None)
    }

    /// Runs one job in its savepoint.
    fn run_job(&mut self, job: Job) -> Ran {
        let (name, started) = (job.name, Instant::now());
        if let Err(error) = self.step("SAVEPOINT job") {
            return job.run(Err(error));
        }
        let ran = job.run(Ok(&mut self.connection));
        // When SQLite has rolled the whole batch back there is no savepoint left to end.
        if !self.connection.is_autocommit() {
            self.end_job(ran.succeeded);
        }
        self.counters.job_took(name, started, self.options.slow_job);
        ran
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
    fn commit(&mut self, ran: &[Ran]) -> Result<(), Error> {
        if self.connection.is_autocommit() {
            return Err(rolled_back(ran));
        }
        let result = self.step("COMMIT");
        match &result {
            Ok(()) => self.written = true,
            Err(error) => {
                tracing::error!(%error, jobs = ran.len(), "a batch could not be committed");
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

/// The error that made SQLite roll the batch back: the last one that a job met.
fn rolled_back(ran: &[Ran]) -> Error {
    let cause = ran.iter().rev().find_map(|job| job.failure.clone());
    cause.unwrap_or_else(|| Error::Sqlite {
        statement: "batch",
        code: rusqlite::ffi::SQLITE_ABORT_ROLLBACK,
        message: "the transaction was rolled back by the engine".into(),
    })
}
