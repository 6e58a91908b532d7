//! A transaction on its way through a queue, with its types erased.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::FutureExt;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::tx::Connected;
use crate::{Body, Error, Tx, TxError};

/// A body with its input and its caller.
pub(super) struct Job {
    pub name: &'static str,
    run: Box<Run>,
}

/// What runs a body, or fails it with why there is no connection.
type Run = dyn FnOnce(Result<&mut Connection, Error>) -> Ran + Send;

/// A job that has run and whose caller still waits.
pub(super) struct Ran {
    /// Whether the body wants its work kept.
    pub succeeded: bool,
    /// The first error of the engine, if there was one.
    pub failure: Option<Error>,
    answer: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

impl Job {
    pub fn new<I, T, E>(
        name: &'static str,
        input: I,
        body: Body<I, T, E>,
        caller: oneshot::Sender<Result<T, E>>,
    ) -> Self
    where
        I: Send + 'static,
        T: Send + 'static,
        E: TxError,
    {
        let run = move |connection: Result<&mut Connection, Error>| {
            let (outcome, failure) = match connection {
                Ok(connection) => poll_once(name, connection, input, body),
                Err(error) => (Err(error.into()), None),
            };
            let succeeded = outcome.is_ok();
            let answer = move |commit: Result<(), Error>| {
                let outcome = outcome.and_then(|value| commit.map(|()| value).map_err(E::from));
                // The caller may have gone; its work is committed all the same.
                drop(caller.send(outcome));
            };
            Ran { succeeded, failure, answer: Box::new(answer) }
        };
        Self { name, run: Box::new(run) }
    }

    /// Runs the body on `connection`, or fails it with why there is none.
    pub fn run(self, connection: Result<&mut Connection, Error>) -> Ran {
        (self.run)(connection)
    }
}

impl Ran {
    /// Answers the caller: what the body returned, unless it succeeded and the commit did not.
    pub fn answer(self, commit: Result<(), Error>) {
        (self.answer)(commit);
    }
}

/// Runs `body` to its end in one poll: the database never makes it wait, and nothing else may.
fn poll_once<I, T, E: TxError>(
    name: &'static str,
    connection: &mut Connection,
    input: I,
    body: Body<I, T, E>,
) -> (Result<T, E>, Option<Error>) {
    let mut tx = Tx::sqlite(connection);
    let polled = catch_unwind(AssertUnwindSafe(|| body(&mut tx, input).now_or_never()));
    let outcome = match polled {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(Error::Suspended(name).into()),
        Err(_panic) => Err(Error::Panicked(name).into()),
    };
    match tx.into_inner() {
        Connected::Sqlite(_, failure) => (outcome, failure),
        Connected::Postgres(_) => (outcome, None),
    }
}
