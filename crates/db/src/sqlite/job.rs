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
    work: Box<dyn Run + Send>,
}

trait Run {
    fn run(&mut self, name: &'static str, connection: Result<&mut Connection, Error>) -> Ran;
    fn answer(self: Box<Self>, commit: Result<(), Error>);
}

/// How a body ended.
pub(super) struct Ran {
    /// Whether it wants its work kept.
    pub succeeded: bool,
    /// The first error of the engine, if there was one.
    pub failure: Option<Error>,
}

struct Work<I, T, E> {
    input: I,
    body: Body<I, T, E>,
    outcome: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<I, T, E> Run for Work<I, T, E>
where
    I: Clone + Send + 'static,
    T: Send + 'static,
    E: TxError,
{
    fn run(&mut self, name: &'static str, connection: Result<&mut Connection, Error>) -> Ran {
        let (outcome, failure) = match connection {
            Ok(connection) => poll_once(name, connection, self.input.clone(), self.body),
            Err(error) => (Err(error.into()), None),
        };
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        Ran { succeeded, failure }
    }

    fn answer(self: Box<Self>, commit: Result<(), Error>) {
        let Self { input, outcome: Some(outcome), caller, body: _ } = *self else { return };
        // Whoever is answered may rely on it that nothing of the job is left.
        drop(input);
        // The caller may have gone; its work is committed all the same.
        drop(caller.send(outcome.and_then(|value| commit.map(|()| value).map_err(E::from))));
    }
}

impl Job {
    pub fn new<I, T, E>(
        name: &'static str,
        input: I,
        body: Body<I, T, E>,
        caller: oneshot::Sender<Result<T, E>>,
    ) -> Self
    where
        I: Clone + Send + 'static,
        T: Send + 'static,
        E: TxError,
    {
        Self { name, work: Box::new(Work { input, body, outcome: None, caller }) }
    }

    /// Runs the body on `connection`, or fails it with why there is none. The last run counts.
    pub fn run(&mut self, connection: Result<&mut Connection, Error>) -> Ran {
        self.work.run(self.name, connection)
    }

    /// Answers the caller: what the body returned, unless it succeeded and the commit did not.
    pub fn answer(self, commit: Result<(), Error>) {
        self.work.answer(commit);
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
