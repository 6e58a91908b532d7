//! A reader thread: each job sees one snapshot and cannot write.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Counters;
use super::job::Job;
use super::queue::{Source, Work};
use crate::Error;

/// Works until told to stop.
pub(super) fn run(mut connection: Connection, source: &Source, slow_job: Duration, counters: &Counters) {
    loop {
        match source.take() {
            Work::Transaction(job) => {
                let (name, started) = (job.name, Instant::now());
                snapshot(&mut connection, job);
                counters.job_took(name, started, slow_job);
            }
            Work::Alone(task) => task(&mut connection),
            Work::Stop => return,
        }
    }
}

/// Runs one job in a read transaction, which always ends before the caller hears of it.
fn snapshot(connection: &mut Connection, mut job: Job) {
    match step(connection, "BEGIN DEFERRED") {
        Ok(()) => job.run(Ok(connection)),
        Err(error) => job.run(Err(error)),
    };
    let ended = if connection.is_autocommit() { Ok(()) } else { step(connection, "ROLLBACK") };
    job.answer(ended);
}

fn step(connection: &Connection, text: &'static str) -> Result<(), Error> {
    let run = || connection.prepare_cached(text)?.execute([]);
    run().map(|_| ()).map_err(|error| Error::sqlite(text, &error))
}
