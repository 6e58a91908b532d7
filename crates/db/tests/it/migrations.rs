//! The schema's history.

use db::{Error, Migration};

use crate::support::{NOTES, World, add, count, on_both_engines};

on_both_engines!(
    migrations_are_applied_once,
    a_changed_migration_is_refused,
    a_database_of_a_newer_version_is_refused,
    a_migration_before_an_applied_one_is_refused,
    an_unsorted_list_is_refused,
    a_failing_migration_leaves_nothing_behind,
    nodes_that_migrate_at_once_apply_each_migration_once,
);

const TAGS: Migration = Migration { name: "0002_tags", text: "CREATE TABLE tags (id {uuid} PRIMARY KEY) {strict};" };

#[track_caller]
fn check_refused(outcome: Result<Vec<&'static str>, Error>, migration: &str, why: &str) {
    let Err(Error::Migration { name, reason }) = outcome else {
        panic!("not refused: {outcome:?}");
    };
    assert_eq!(name, migration);
    assert!(reason.contains(why), "{reason}");
}

async fn migrations_are_applied_once(world: World) {
    let store = &world.store;
    assert_eq!(store.migrate(&[NOTES]).await, Ok(vec!["0001_notes"]));
    assert_eq!(store.write("add", 1, add).await, Ok(()));
    assert_eq!(store.migrate(&[NOTES, TAGS]).await, Ok(vec!["0002_tags"]));
    assert_eq!(world.reopen().await.migrate(&[NOTES, TAGS]).await, Ok(vec![]));
    assert_eq!(count(store).await, 1);
}

async fn a_changed_migration_is_refused(world: World) {
    let world = world.with_notes().await;
    let changed = Migration { name: NOTES.name, text: "SELECT 1;" };
    check_refused(world.store.migrate(&[changed]).await, NOTES.name, "was changed after");
}

async fn a_database_of_a_newer_version_is_refused(world: World) {
    assert!(world.store.migrate(&[NOTES, TAGS]).await.is_ok());
    check_refused(world.store.migrate(&[NOTES]).await, TAGS.name, "newer version");
}

async fn a_migration_before_an_applied_one_is_refused(world: World) {
    assert!(world.store.migrate(&[TAGS]).await.is_ok());
    check_refused(world.store.migrate(&[NOTES, TAGS]).await, NOTES.name, "comes before 0002_tags");
}

async fn an_unsorted_list_is_refused(world: World) {
    check_refused(world.store.migrate(&[TAGS, NOTES]).await, NOTES.name, "not sorted");
}

async fn a_failing_migration_leaves_nothing_behind(world: World) {
    let broken = Migration {
        name: "0002_tags",
        text: "CREATE TABLE tags (id {uuid} PRIMARY KEY) {strict}; INSERT INTO nowhere VALUES (1);",
    };
    check_refused(world.store.migrate(&[NOTES, broken]).await, "0002_tags", "nowhere");
    assert_eq!(world.store.migrate(&[NOTES, TAGS]).await, Ok(vec!["0002_tags"]));
}

async fn nodes_that_migrate_at_once_apply_each_migration_once(world: World) {
    let list = [NOTES, TAGS];
    let other = world.reopen().await;
    let (one, two) = tokio::join!(world.store.migrate(&list), other.migrate(&list));
    let applied = one.expect("one passes").len() + two.expect("the other passes").len();
    assert_eq!(applied, 2);
}
