//! What only SQLite has: the writer thread, its batches, its file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use db::{BoxFuture, Error, Kind, Sql, SqliteOptions, Tx};
use futures::FutureExt;
use tokio::sync::Semaphore;

use crate::support::{ADD, ADD_REPLY, World, add, count, exec, one};

/// Body: holds the writer thread until the flag is set, so that what follows queues up into one batch.
fn hold<'t>(_: &'t mut Tx<'_>, go: Arc<AtomicBool>) -> BoxFuture<'t, Result<(), Error>> {
    Box::pin(async move {
        while !go.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        Ok(())
    })
}

fn patient() -> SqliteOptions {
    SqliteOptions { batch_time: Duration::from_secs(60), ..SqliteOptions::default() }
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let world = World::sqlite().await.with_notes().await;
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    // The files as a crash would leave them: nothing closed, nothing folded in.
    let copy = world.path("copy.db");
    let log = |path: &std::path::Path| path.with_extension("db-wal");
    std::fs::copy(&world.file, &copy).expect("the database is copied");
    std::fs::copy(log(&world.file), log(&copy)).expect("the log is copied");
    let recovered = db::Store::open_sqlite(&copy, SqliteOptions::default()).await.expect("opens");
    assert_eq!(count(&recovered).await, 1);
}

#[tokio::test]
async fn waiting_writes_share_a_commit() {
    let world = World::sqlite_with(patient()).await.with_notes().await;
    let go = Arc::new(AtomicBool::new(false));
    let holder = world.store.write("hold", go.clone(), hold);
    let writes = futures::future::join_all((0..255).map(|id| world.store.write("add", id, add)));
    let release = async {
        // Both futures above have queued their work when this is polled for the first time.
        go.store(true, Ordering::Release);
    };
    let (held, written, ()) = tokio::join!(holder, writes, release);
    assert_eq!(held, Ok(()));
    assert!(written.iter().all(Result::is_ok));
    let metrics = world.store.metrics();
    assert_eq!((metrics.batches, metrics.last_batch_jobs, metrics.jobs), (1, 256, 256));
    assert_eq!(count(&world.store).await, 255);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_need_fewer_commits_than_writes() {
    let world = World::sqlite().await.with_notes().await;
    let writes = (0..256).map(|id| {
        let store = world.store.clone();
        tokio::spawn(async move { store.write("add", id, add).await })
    });
    for write in writes.collect::<Vec<_>>() {
        assert_eq!(write.await.expect("the task ends"), Ok(()));
    }
    let metrics = world.store.metrics();
    assert!(metrics.batches < metrics.jobs, "{metrics:?}");
}

#[tokio::test]
async fn a_failed_commit_fails_the_whole_batch_and_the_writer_goes_on() {
    let world = World::sqlite_with(patient()).await.with_notes().await;
    let go = Arc::new(AtomicBool::new(false));
    let (held, good, orphan, ()) = tokio::join!(
        world.store.write("hold", go.clone(), hold),
        world.store.write("good", 1, add),
        exec(&world.store, &ADD_REPLY, vec![1.into(), 99.into()]),
        async { go.store(true, Ordering::Release) },
    );
    for outcome in [held, good, orphan.map(|_| ())] {
        assert!(matches!(outcome, Err(Error::Constraint { .. })), "{outcome:?}");
    }
    assert_eq!(count(&world.store).await, 0);
    assert_eq!(world.store.write("after", 1, add).await, Ok(()));
}

#[tokio::test]
async fn a_body_that_awaits_something_else_is_suspended_and_rolled_back() {
    fn wait_for_a_lock<'t>(tx: &'t mut Tx<'_>, lock: Arc<Semaphore>) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move {
            add(tx, 1).await?;
            drop(lock.acquire().await);
            Ok(())
        })
    }
    fn wait_for_time<'t>(tx: &'t mut Tx<'_>, (): ()) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move {
            add(tx, 1).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        })
    }
    let world = World::sqlite().await.with_notes().await;
    let locked = Arc::new(Semaphore::new(0));
    let waited = world.store.write("lock", locked.clone(), wait_for_a_lock).await;
    assert_eq!(waited, Err(Error::Suspended("lock")));
    assert_eq!(world.store.write("time", (), wait_for_time).await, Err(Error::Suspended("time")));
    assert_eq!(world.store.read("lock", locked, wait_for_a_lock).await.map_err(|_| ()), Err(()));
    assert_eq!(count(&world.store).await, 0);
    assert_eq!(world.store.write("after", 1, add).await, Ok(()));
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_loses_nothing() {
    let options = SqliteOptions { queue_capacity: 2, ..SqliteOptions::default() };
    let world = World::sqlite_with(options).await.with_notes().await;
    let go = Arc::new(AtomicBool::new(false));
    let mut holder = Box::pin(world.store.write("hold", go.clone(), hold));
    assert!((&mut holder).now_or_never().is_none());
    let mut waiting: Vec<_> = (0..8).map(|id| Box::pin(world.store.write("add", id, add))).collect();
    for write in &mut waiting {
        assert!(write.now_or_never().is_none());
    }
    assert!(world.store.metrics().write_queue_depth <= 2);
    go.store(true, Ordering::Release);
    let written = futures::future::join_all(waiting).await;
    assert!(written.iter().all(Result::is_ok) && holder.await.is_ok());
    assert_eq!(count(&world.store).await, 8);
}

#[tokio::test]
async fn a_dropped_caller_does_not_take_its_write_along() {
    let world = World::sqlite().await.with_notes().await;
    let queued = world.store.write("add", 1, add).now_or_never();
    assert!(queued.is_none() || queued == Some(Ok(())));
    assert_eq!(world.store.write("add", 2, add).await, Ok(()));
    assert_eq!(count(&world.store).await, 2);
}

#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let options = SqliteOptions { max_pages: Some(40), ..SqliteOptions::default() };
    let world = World::sqlite_with(options).await.with_notes().await;
    let big = "x".repeat(400_000);
    let refused = exec(&world.store, &ADD, vec![1.into(), 1.into(), big.into()]).await;
    assert_eq!(refused, Err(Error::Full));
    assert_eq!(world.store.write("small", 2, add).await, Ok(()));
    assert_eq!(count(&world.store).await, 1);
}

#[tokio::test]
async fn a_slow_job_is_counted() {
    let options = SqliteOptions { slow_job: Duration::ZERO, ..SqliteOptions::default() };
    let world = World::sqlite_with(options).await.with_notes().await;
    assert_eq!(world.store.write("slow", 1, add).await, Ok(()));
    assert_eq!(world.store.metrics().slow_jobs, 1);
}

#[tokio::test]
async fn a_connection_is_durable_and_erases() {
    const SETTINGS: [(&str, Sql, i64); 3] = [
        ("synchronous", Sql::global("s", "SELECT synchronous FROM pragma_synchronous", &[Kind::Int], "settings"), 2),
        ("foreign_keys", Sql::global("f", "SELECT foreign_keys FROM pragma_foreign_keys", &[Kind::Int], "settings"), 1),
        (
            "secure_delete",
            Sql::global("d", "SELECT secure_delete FROM pragma_secure_delete", &[Kind::Int], "settings"),
            1,
        ),
    ];
    const JOURNAL: Sql = Sql::global("j", "SELECT journal_mode FROM pragma_journal_mode", &[Kind::Text], "settings");
    static STATIC: [(&str, Sql, i64); 3] = SETTINGS;
    let world = World::sqlite().await;
    for (name, sql, value) in &STATIC {
        assert_eq!(one::<i64>(&world.store, sql, vec![]).await, Ok(*value), "{name}");
    }
    assert_eq!(one::<String>(&world.store, &JOURNAL, vec![]).await, Ok("wal".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_has_the_rows_while_writing_goes_on() {
    let world = World::sqlite().await.with_notes().await;
    for id in 0..50 {
        assert_eq!(world.store.write("add", id, add).await, Ok(()));
    }
    let to = world.path("backup.db");
    let store = world.store.clone();
    let writing = tokio::spawn(async move {
        for id in 100..200 {
            assert_eq!(store.write("add", id, add).await, Ok(()));
        }
    });
    assert_eq!(world.store.backup(&to).await, Ok(()));
    writing.await.expect("the writes pass");
    let backup = db::Store::open_sqlite(&to, SqliteOptions::default()).await.expect("opens");
    assert!(count(&backup).await >= 50);
    assert_eq!(count(&world.store).await, 150);
    assert!(!world.path("backup.db.partial").exists());
    let again = world.store.backup(&to).await;
    assert!(matches!(again, Err(Error::Backup(_))), "an existing file is not overwritten");
}

#[tokio::test]
async fn closing_folds_the_log_into_the_database() {
    let world = World::sqlite().await.with_notes().await;
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    world.store.clone().close().await;
    let log = world.file.with_extension("db-wal");
    assert!(std::fs::metadata(log).map_or(true, |log| log.len() == 0));
}

#[tokio::test]
async fn a_quiet_writer_folds_the_log_into_the_database() {
    let idle_checkpoint = Duration::from_millis(1);
    let world = World::sqlite_with(SqliteOptions { idle_checkpoint, ..SqliteOptions::default() }).await;
    let world = world.with_notes().await;
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    let log = world.file.with_extension("db-wal");
    let folded = async {
        while std::fs::metadata(&log).expect("the log is there").len() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), folded).await.expect("the log is cut");
    assert_eq!(count(&world.store).await, 1);
}
