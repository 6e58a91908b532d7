//! What a transaction keeps, loses and reports.

use std::sync::Arc;

use db::{BoxFuture, Error, Store, Tx};

use crate::support::{ADD, ADD_REPLY, COUNT, RENAME, World, add, count, exec, first, on_both_engines};

on_both_engines!(
    a_failing_transaction_takes_back_only_its_own_work,
    a_crowd_with_failures_in_it_keeps_just_the_others,
    nothing_of_a_transaction_is_left_when_its_caller_hears,
    a_panic_takes_back_its_own_work_and_the_store_goes_on,
    a_failed_commit_is_told_and_the_store_goes_on,
    a_second_row_with_the_same_key_is_unique_with_its_columns,
    a_primary_key_that_exists_is_unique,
    an_update_that_hits_no_row_is_a_conflict,
    one_row_is_neither_none_nor_two,
    a_read_cannot_write,
    a_read_sees_one_snapshot,
    many_concurrent_writes_are_all_kept,
    a_closed_store_says_so,
    own_errors_pass_through_and_roll_back,
);

async fn a_failing_transaction_takes_back_only_its_own_work(world: World) {
    let world = world.with_notes().await;
    fn fail_after_insert<'t>(tx: &'t mut Tx<'_>, id: i64) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move {
            add(tx, id).await?;
            Err(Error::Conflict { statement: "on purpose", rows: 0 })
        })
    }
    let (good, bad, also_good) = tokio::join!(
        world.store.write("good", 1, add),
        world.store.write("bad", 2, fail_after_insert),
        world.store.write("good", 3, add),
    );
    assert_eq!((good, also_good), (Ok(()), Ok(())));
    assert_eq!(bad, Err(Error::Conflict { statement: "on purpose", rows: 0 }));
    assert_eq!(count(&world.store).await, 2);
}

async fn a_crowd_with_failures_in_it_keeps_just_the_others(world: World) {
    let world = world.with_notes().await;
    fn add_or_fail<'t>(tx: &'t mut Tx<'_>, id: i64) -> BoxFuture<'t, Result<i64, Error>> {
        Box::pin(async move {
            add(tx, id).await?;
            match id % 3 {
                0 => Err(Error::Conflict { statement: "on purpose", rows: 0 }),
                _ => Ok(id),
            }
        })
    }
    let ended = futures::future::join_all((0..90).map(|id| world.store.write("crowd", id, add_or_fail))).await;
    for (id, outcome) in (0..).zip(ended) {
        assert_eq!(outcome.ok(), (id % 3 != 0).then_some(id));
    }
    assert_eq!(count(&world.store).await, 60);
}

async fn nothing_of_a_transaction_is_left_when_its_caller_hears(world: World) {
    let world = world.with_notes().await;
    fn keep<'t>(tx: &'t mut Tx<'_>, (id, _): (i64, Arc<()>)) -> BoxFuture<'t, Result<(), Error>> {
        add(tx, id)
    }
    for id in 0..50 {
        let held = Arc::new(());
        world.store.write("keep", (id, Arc::clone(&held)), keep).await.expect("kept");
        assert_eq!(Arc::strong_count(&held), 1);
    }
}

async fn a_panic_takes_back_its_own_work_and_the_store_goes_on(world: World) {
    let world = world.with_notes().await;
    fn panic_after_insert<'t>(tx: &'t mut Tx<'_>, id: i64) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move {
            add(tx, id).await?;
            panic!("on purpose");
        })
    }
    let (before, panicked) =
        tokio::join!(world.store.write("before", 1, add), world.store.write("panics", 2, panic_after_insert),);
    assert_eq!((before, panicked), (Ok(()), Err(Error::Panicked("panics"))));
    assert_eq!(world.store.write("after", 3, add).await, Ok(()));
    assert_eq!(count(&world.store).await, 2);
}

async fn a_failed_commit_is_told_and_the_store_goes_on(world: World) {
    let world = world.with_notes().await;
    let orphan = exec(&world.store, &ADD_REPLY, vec![1.into(), 99.into()]).await;
    assert!(matches!(orphan, Err(Error::Constraint { .. })), "{orphan:?}");
    assert_eq!(world.store.write("after", 1, add).await, Ok(()));
    assert_eq!(exec(&world.store, &ADD_REPLY, vec![1.into(), 1.into()]).await, Ok(1));
}

async fn a_second_row_with_the_same_key_is_unique_with_its_columns(world: World) {
    let world = world.with_notes().await;
    let params = |id: i64| vec![id.into(), 7.into(), "a secret".into()];
    assert_eq!(exec(&world.store, &ADD, params(1)).await, Ok(1));
    let error = exec(&world.store, &ADD, params(2)).await.expect_err("the key exists");
    let columns = "notes.grp, notes.body".to_owned();
    assert_eq!(error, Error::Unique { statement: "notes.add", columns });
    assert!(error.is_unique() && error.is_unique_on("notes.body") && !error.is_unique_on("notes.id"));
    assert!(!error.to_string().contains("secret"), "{error}");
}

async fn a_primary_key_that_exists_is_unique(world: World) {
    let world = world.with_notes().await;
    assert_eq!(world.store.write("first", 1, add).await, Ok(()));
    let params = vec![1.into(), 2.into(), "other".into()];
    let error = exec(&world.store, &ADD, params).await.expect_err("the id exists");
    assert!(error.is_unique_on("notes.id"), "{error}");
}

async fn an_update_that_hits_no_row_is_a_conflict(world: World) {
    let world = world.with_notes().await;
    fn rename<'t>(tx: &'t mut Tx<'_>, version: i64) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move { tx.exec_one(&RENAME, &[1.into(), version.into(), "new".into()]).await })
    }
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    assert_eq!(world.store.write("rename", 1, rename).await, Ok(()));
    let stale = world.store.write("rename", 1, rename).await;
    assert_eq!(stale, Err(Error::Conflict { statement: "notes.rename", rows: 0 }));
}

async fn one_row_is_neither_none_nor_two(world: World) {
    use crate::support::BODIES;
    let world = world.with_notes().await;
    let read = |store: Store| async move {
        store.read("one", (), |tx, ()| Box::pin(tx.one(&BODIES, &[], first::<String>))).await
    };
    let conflict = |rows| Err(Error::Conflict { statement: "notes.bodies", rows });
    assert_eq!(read(world.store.clone()).await, conflict(0));
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    assert_eq!(read(world.store.clone()).await, Ok("note 1".to_owned()));
    assert_eq!(world.store.write("add", 2, add).await, Ok(()));
    assert_eq!(read(world.store.clone()).await, conflict(2));
}

async fn a_read_cannot_write(world: World) {
    let world = world.with_notes().await;
    let refused = world.store.read("writes", 1, add).await;
    assert!(matches!(refused, Err(Error::Sqlite { .. } | Error::Postgres { .. })), "{refused:?}");
    assert_eq!(count(&world.store).await, 0);
}

async fn a_read_sees_one_snapshot(world: World) {
    let world = world.with_notes().await;
    /// Counts, lets another transaction commit, and counts again.
    fn count_twice<'t>(tx: &'t mut Tx<'_>, store: Store) -> BoxFuture<'t, Result<(i64, i64), Error>> {
        Box::pin(async move {
            let before = tx.one(&COUNT, &[], first::<i64>).await?;
            let written = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(store.write("meanwhile", 1, add))
            });
            written.join().expect("the writer ends")?;
            Ok((before, tx.one(&COUNT, &[], first::<i64>).await?))
        })
    }
    let counts = world.store.read("twice", world.reopen().await, count_twice).await;
    assert_eq!(counts, Ok((0, 0)));
    assert_eq!(count(&world.store).await, 1);
}

async fn many_concurrent_writes_are_all_kept(world: World) {
    let world = world.with_notes().await;
    let writes = (0..256).map(|id| {
        let store = world.store.clone();
        tokio::spawn(async move { store.write("add", id, add).await })
    });
    for write in writes.collect::<Vec<_>>() {
        assert_eq!(write.await.expect("the task ends"), Ok(()));
    }
    assert_eq!(count(&world.store).await, 256);
    assert_eq!(count(&world.reopen().await).await, 256);
    assert_eq!(world.store.metrics().jobs, 256);
}

async fn a_closed_store_says_so(world: World) {
    let world = world.with_notes().await;
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    world.store.clone().close().await;
    assert_eq!(world.store.write("add", 2, add).await, Err(Error::Closed));
    let read = world.store.read("count", (), |tx, ()| Box::pin(tx.one(&COUNT, &[], first::<i64>)));
    assert_eq!(read.await, Err(Error::Closed));
    assert_eq!(count(&world.reopen().await).await, 1);
}

#[derive(Debug, PartialEq)]
enum Refusal {
    TooMany(i64),
    Db(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Db(error)
    }
}

impl db::TxError for Refusal {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

async fn own_errors_pass_through_and_roll_back(world: World) {
    let world = world.with_notes().await;
    let outcome: Result<(), Refusal> = world
        .store
        .write("refuses", 1, |tx, id| {
            Box::pin(async move {
                add(tx, id).await?;
                Err(Refusal::TooMany(tx.one(&COUNT, &[], first::<i64>).await?))
            })
        })
        .await;
    assert_eq!(outcome, Err(Refusal::TooMany(1)));
    assert_eq!(count(&world.store).await, 0);
}
