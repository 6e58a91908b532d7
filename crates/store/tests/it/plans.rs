//! How SQLite answers: no statement walks through a table that grows, and lists of ids go by their own index.

use std::collections::BTreeSet;

use db::{Row, Sql, Value};
use testkit::stores::{Engine, Ephemeral};

/// Statements that read an organization by an order they page or stop by, or a whole that is small by its nature.
const BY_ORGANIZATION: [&str; 0] = [];

/// Tables that grow with every message.
const GROWING: [&str; 13] = [
    "assignments",
    "attachments",
    "audit_records",
    "conversations",
    "customers",
    "deliveries",
    "entries",
    "events",
    "identities",
    "interactions",
    "offers",
    "visitors",
    "work_items",
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

/// A step that looks at every row, or at every row of an organization.
fn is_walk(step: &str) -> bool {
    let of = |verb: &str| step.strip_prefix(verb).and_then(|rest| rest.split(' ').next());
    let is_growing = |table: Option<&str>| table.is_some_and(|table| GROWING.contains(&table));
    is_growing(of("SCAN ")) || (is_growing(of("SEARCH ")) && step.ends_with("(organization_id=?)"))
}

#[tokio::test]
async fn no_statement_walks_through_a_table_that_grows() {
    let ephemeral = Ephemeral::new(Engine::Sqlite).await;
    let mut walks = Vec::new();
    for sql in store::all() {
        let steps = plan(&ephemeral, sql).await;
        if !BY_ORGANIZATION.contains(&sql.name) {
            walks.extend(steps.iter().filter(|step| is_walk(step)).map(|step| format!("{}: {step}", sql.name)));
        }
    }
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}
