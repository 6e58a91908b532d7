//! What only PostgreSQL has: lost races, lost connections, lost callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use db::{BoxFuture, Error, Kind, PostgresOptions, Sql, Store, Tx};
use futures::FutureExt;
use tokio::sync::{Barrier, Notify};

use crate::support::{RENAME, World, add, count, stranger};

const TOUCH: Sql =
    Sql::global("notes.touch", "UPDATE notes SET version = version + 1 WHERE id = $1", &[], "test table");
const VERSIONS: Sql =
    Sql::global("notes.versions", "SELECT version FROM notes ORDER BY id", &[Kind::Int], "test table");

#[derive(Clone)]
struct Crossing {
    first: i64,
    second: i64,
    both_hold_one: Arc<Barrier>,
    runs: Arc<AtomicU32>,
}

/// Body: locks one row, waits (the first time) until the other transaction has its row, then wants that one too.
fn cross<'t>(tx: &'t mut Tx<'_>, crossing: Crossing) -> BoxFuture<'t, Result<(), Error>> {
    Box::pin(async move {
        tx.exec_one(&TOUCH, &[crossing.first.into()]).await?;
        if crossing.runs.fetch_add(1, Ordering::AcqRel) == 0 {
            crossing.both_hold_one.wait().await;
        }
        tx.exec_one(&TOUCH, &[crossing.second.into()]).await
    })
}

#[tokio::test]
async fn a_deadlock_is_resolved_by_running_the_loser_again() {
    let world = World::postgres().await.with_notes().await;
    for id in [1, 2] {
        assert_eq!(world.store.write("add", id, add).await, Ok(()));
    }
    let barrier = Arc::new(Barrier::new(2));
    let crossing = |first, second| Crossing { first, second, both_hold_one: barrier.clone(), runs: Arc::default() };
    let (there, back) = tokio::join!(
        world.store.write("there", crossing(1, 2), cross),
        world.store.write("back", crossing(2, 1), cross),
    );
    assert_eq!((there, back), (Ok(()), Ok(())));
    assert_eq!(world.store.metrics().retries, 1);
    let versions = world.store.read("versions", (), |tx, ()| Box::pin(tx.all(&VERSIONS, &[], |row| row.get::<i64>(0))));
    assert_eq!(versions.await, Ok(vec![3, 3]), "each transaction counted once");
}

/// Body: loses `losses` times and then adds a note.
fn lose_then_add<'t>(tx: &'t mut Tx<'_>, (losses, runs): (u32, Arc<AtomicU32>)) -> BoxFuture<'t, Result<(), Error>> {
    Box::pin(async move {
        add(tx, 1).await?;
        if runs.fetch_add(1, Ordering::AcqRel) < losses {
            return Err(Error::Serialization { statement: "on purpose", code: "40001".into() });
        }
        Ok(())
    })
}

#[tokio::test]
async fn a_lost_race_is_run_again_five_times_at_most() {
    let world = World::postgres().await.with_notes().await;
    let runs = Arc::new(AtomicU32::new(0));
    let lost = world.store.write("loses", (u32::MAX, runs.clone()), lose_then_add).await;
    assert!(matches!(lost, Err(Error::Serialization { .. })), "{lost:?}");
    assert_eq!(runs.load(Ordering::Acquire), 6);
    let runs = Arc::new(AtomicU32::new(0));
    assert_eq!(world.store.write("wins", (5, runs.clone()), lose_then_add).await, Ok(()));
    assert_eq!(count(&world.store).await, 1);
}

#[tokio::test]
async fn an_error_that_is_no_lost_race_is_not_run_again() {
    fn conflict<'t>(tx: &'t mut Tx<'_>, runs: Arc<AtomicU32>) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move {
            runs.fetch_add(1, Ordering::AcqRel);
            tx.exec_one(&RENAME, &[1.into(), 1.into(), "x".into()]).await
        })
    }
    let world = World::postgres().await.with_notes().await;
    let runs = Arc::new(AtomicU32::new(0));
    let outcome = world.store.write("conflict", runs.clone(), conflict).await;
    assert!(matches!(outcome, Err(Error::Conflict { .. })));
    assert_eq!(runs.load(Ordering::Acquire), 1);
}

#[derive(Clone)]
struct Gate {
    entered: Arc<Notify>,
    go: Arc<Notify>,
}

fn add_behind_gate<'t>(tx: &'t mut Tx<'_>, gate: Gate) -> BoxFuture<'t, Result<(), Error>> {
    Box::pin(async move {
        add(tx, 1).await?;
        gate.entered.notify_one();
        gate.go.notified().await;
        add(tx, 2).await
    })
}

#[tokio::test]
async fn a_dropped_caller_does_not_cancel_its_write() {
    let world = World::postgres().await.with_notes().await;
    let gate = Gate { entered: Arc::default(), go: Arc::default() };
    {
        let write = world.store.write("add", gate.clone(), add_behind_gate);
        tokio::select! {
            outcome = write => panic!("the gate is shut: {outcome:?}"),
            () = gate.entered.notified() => {}
        }
    }
    let mut closing = Box::pin(world.store.clone().close());
    assert!((&mut closing).now_or_never().is_none(), "closing waits for the write");
    gate.go.notify_one();
    closing.await;
    assert_eq!(count(&world.reopen().await).await, 2);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let world = World::postgres().await.with_notes().await;
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    stranger(&world.url).await.batch_execute(end_all).await.expect("the connections end");
    assert_eq!(world.store.write("add", 2, add).await, Ok(()));
    assert_eq!(count(&world.store).await, 2);
}

#[tokio::test]
async fn waiting_for_a_connection_has_an_end() {
    let world = World::postgres().await.with_notes().await;
    let connect_timeout = Duration::from_millis(300);
    let options = PostgresOptions { connections: 1, connect_timeout, ..PostgresOptions::default() };
    let store = Store::open_postgres(&world.url, options).await.expect("opens");
    let gate = Gate { entered: Arc::default(), go: Arc::default() };
    let holding = tokio::spawn({
        let (store, gate) = (store.clone(), gate.clone());
        async move { store.write("hold", gate, add_behind_gate).await }
    });
    gate.entered.notified().await;
    let starved = store.write("starved", 3, add).await;
    assert!(matches!(starved, Err(Error::Pool(_))), "{starved:?}");
    gate.go.notify_one();
    assert_eq!(holding.await.expect("the task ends"), Ok(()));
}

#[tokio::test]
async fn a_backup_points_to_pg_dump() {
    let world = World::postgres().await;
    let refused = world.store.backup(&world.path("backup")).await;
    assert!(matches!(refused, Err(Error::Backup(reason)) if reason.contains("pg_dump")));
}

#[tokio::test]
async fn a_wrong_address_is_told() {
    for url in ["nonsense", "postgres://postgres@127.0.0.1:1/postgres"] {
        let outcome = Store::open_postgres(url, PostgresOptions::default()).await;
        assert!(matches!(outcome.map(|_| ()), Err(Error::Open(_))), "{url}");
    }
}
