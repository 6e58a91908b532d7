//! The event stream's order: what an open transaction has not committed is never read past.

use std::time::Duration;

use db::{Error, Kind, Migration, Row, Sql, Store};

use crate::support::{World, exec, on_both_engines, stranger};

on_both_engines!(a_cursor_walks_the_stream_in_order, positions_are_typed_alike);

const EVENTS: Migration = Migration {
    name: "0001_events",
    text: "CREATE TABLE events ({position}, {xid_column} organization_id {int} NOT NULL, body {text} NOT NULL) {strict};",
};
const APPEND: Sql = Sql::new("events.append", "INSERT INTO events (organization_id, body) VALUES ($1, $2)", &[]);
const AFTER: Sql = Sql::new(
    "events.after",
    "SELECT {xid}, position, body FROM events
     WHERE {horizon} AND {after $1 $2} AND organization_id = $3 ORDER BY {event_order} LIMIT $4",
    &[Kind::Int, Kind::Int, Kind::Text],
);

type Event = (i64, i64, String);

fn event(row: &Row<'_>) -> Result<Event, Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

async fn append(store: &Store, body: &str) {
    assert_eq!(exec(store, &APPEND, vec![1.into(), body.into()]).await, Ok(1));
}

async fn after(store: &Store, cursor: (i64, i64), limit: i64) -> Vec<Event> {
    let read = store.read("after", (cursor, limit), |tx, ((xid, position), limit)| {
        Box::pin(async move { tx.all(&AFTER, &[xid.into(), position.into(), 1.into(), limit.into()], event).await })
    });
    read.await.expect("events can be read")
}

/// Reads until `wanted` events are there: other tests' transactions hold the server's horizon back for a moment.
async fn bodies_when_there(store: &Store, wanted: usize) -> Vec<String> {
    let reading = async {
        loop {
            let found = after(store, (0, 0), 100).await;
            if found.len() >= wanted {
                return found.into_iter().map(|event| event.2).collect();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the horizon moves on")
}

async fn a_cursor_walks_the_stream_in_order(world: World) {
    assert!(world.store.migrate(&[EVENTS]).await.is_ok());
    for body in ["a", "b", "c", "d", "e"] {
        append(&world.store, body).await;
    }
    assert_eq!(bodies_when_there(&world.store, 5).await, ["a", "b", "c", "d", "e"]);
    let mut cursor = (0, 0);
    let mut walked = Vec::new();
    loop {
        let page = after(&world.store, cursor, 2).await;
        let Some(last) = page.last() else { break };
        cursor = (last.0, last.1);
        walked.extend(page.into_iter().map(|event| event.2));
    }
    assert_eq!(walked, ["a", "b", "c", "d", "e"]);
}

async fn positions_are_typed_alike(world: World) {
    assert!(world.store.migrate(&[EVENTS]).await.is_ok());
    assert_eq!(world.store.prepare_check(&AFTER).await, Ok(()));
    assert_eq!(world.store.prepare_check(&APPEND).await, Ok(()));
}

/// On SQLite the one writer makes this impossible to even attempt.
#[tokio::test]
async fn a_late_commit_is_not_read_past_on_postgres() {
    let world = World::postgres().await;
    assert!(world.store.migrate(&[EVENTS]).await.is_ok());
    let mut other = stranger(&world.url).await;
    let slow = other.transaction().await.expect("a transaction");
    let insert = "INSERT INTO events (organization_id, body) VALUES (1, 'slow')";
    slow.batch_execute(insert).await.expect("the slow one inserts first");
    append(&world.store, "fast").await;
    assert_eq!(after(&world.store, (0, 0), 100).await, [], "the fast one waits for the slow one");
    slow.commit().await.expect("the slow one commits");
    assert_eq!(bodies_when_there(&world.store, 2).await, ["slow", "fast"]);
}
