//! How SQLite answers what runs with every message.

use std::collections::BTreeSet;

use db::{Row, Sql, Value};
use testkit::stores::{Engine, Ephemeral};

/// What runs with every message: each goes by a key of its own and never walks through an organization.
const HOT: [&str; 19] = [
    "channels.by_public_key",
    "conversations.candidates",
    "conversations.find_many",
    "customers.find",
    "customers.find_many",
    "customers.hold_identity",
    "entries.by_client",
    "entries.find_many",
    "queues.routing_of",
    "visitors.by_token",
    "visitors.current",
    "visitors.messages_to",
    "visitors.reading",
    "visitors.unread",
    "visitors.unread_in",
    "work.find_many",
    "work.find_offers",
    "work.live_in_conversation",
    "work.live_of_conversations",
];

/// The numbers of the parameters that a text uses.
fn parameters(text: &str) -> BTreeSet<usize> {
    let numbers = text.split('$').skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    numbers.collect()
}

async fn plan(ephemeral: &Ephemeral, sql: &Sql) -> Vec<String> {
    let text: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {}", sql.text).into_boxed_str());
    let explain: &'static Sql = Box::leak(Box::new(Sql::global("plan", text, &[], "a test's own")));
    let values = vec![Value::Null; parameters(sql.text).len()];
    let read = ephemeral.store.read("plan", (explain, values), |tx, (explain, values)| {
        Box::pin(async move { tx.all(explain, &values, |row: &Row<'_>| row.get::<String>(3)).await })
    });
    read.await.unwrap_or_else(|error| panic!("{}: {error}", sql.name))
}

/// A step that looks at every row, or at every row of an organization; the rows of a list of ids are not meant.
fn is_walk(step: &str) -> bool {
    let is_list = step.contains("json_each");
    (step.starts_with("SCAN ") && !is_list) || step.ends_with("(organization_id=?)")
}

#[tokio::test]
async fn what_runs_with_every_message_goes_by_a_key_of_its_own() {
    let ephemeral = Ephemeral::new(Engine::Sqlite).await;
    let hot: Vec<_> = store::all().into_iter().filter(|sql| HOT.contains(&sql.name)).collect();
    assert_eq!(hot.len(), HOT.len(), "a statement has another name now");
    let mut walks = Vec::new();
    for sql in hot {
        let steps = plan(&ephemeral, sql).await;
        walks.extend(steps.iter().filter(|step| is_walk(step)).map(|step| format!("{}: {step}", sql.name)));
    }
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}
