//! Every statement, on both engines.

mod plans;
mod upgrade;

mod conversation_lists;

use testkit::stores::{BOTH, Ephemeral};

#[tokio::test]
async fn every_statement_prepares_on_both_engines_with_the_declared_columns() {
    let statements = store::all();
    assert!(statements.len() > 80, "the list holds {} statements", statements.len());
    for engine in BOTH {
        let ephemeral = Ephemeral::new(engine).await;
        let mut wrong = Vec::new();
        for sql in &statements {
            if let Err(error) = ephemeral.store.prepare_check(sql).await {
                wrong.push(format!("{engine:?} {}: {error}", sql.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn statement_names_are_unique() {
    let mut names: Vec<_> = store::all().iter().map(|sql| sql.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    for engine in BOTH {
        let ephemeral = Ephemeral::new(engine).await;
        let applied = ephemeral.store.migrate(store::MIGRATIONS).await.expect("runs again");
        assert!(applied.is_empty(), "{engine:?}: {applied:?}");
    }
}
