//! An installation of the first schema, with content, is migrated to the newest and reads the same.

use db::{Sql, Store, Value};
use domain::conversation::StatusCategory;
use domain::ids::{ConversationId, CustomerId, OrganizationId};
use jiff::Timestamp;
use serde_json::json;
use testkit::stores::{BOTH, Ephemeral};
use uuid::Uuid;

const ORGANIZATION: Uuid = Uuid::from_u128(1);
const CUSTOMER: Uuid = Uuid::from_u128(2);
const CHANNEL: Uuid = Uuid::from_u128(3);
const IDENTITY: Uuid = Uuid::from_u128(4);
const CONVERSATION: Uuid = Uuid::from_u128(5);
const INTERACTION: Uuid = Uuid::from_u128(6);
const ENTRIES: [(Uuid, &str, &str); 2] =
    [(Uuid::from_u128(7), "in", "Se me ha roto el cambio"), (Uuid::from_u128(8), "out", "¿Qué modelo es, Ángela?")];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time in range")
}

/// A row as the first schema knows it: the statement is made of its columns.
#[derive(Clone)]
struct Row {
    sql: &'static Sql,
    values: Vec<Value>,
}

fn row(table: &str, columns: Vec<(&str, Value)>) -> Row {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<_> = (1..=names.len()).map(|n| format!("${n}")).collect();
    let text = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let text: &'static str = Box::leak(text.into_boxed_str());
    let sql = Box::leak(Box::new(Sql::global("upgrade.insert", text, &[], "a test's own")));
    Row { sql, values: columns.into_iter().map(|(_, value)| value).collect() }
}

fn versioned(mut columns: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    columns.extend([("created_at", at(0).into()), ("updated_at", at(0).into()), ("version", 1_i64.into())]);
    columns
}

fn customer() -> Row {
    let columns = versioned(vec![
        ("id", CUSTOMER.into()),
        ("organization_id", ORGANIZATION.into()),
        ("name", "Ángela Ruiz".into()),
        ("name_key", "angela ruiz".into()),
        ("language", "es".into()),
        ("is_vip", true.into()),
        ("is_blocked", false.into()),
        ("fields", json!({ "talla": "54" }).into()),
        ("tags", json!(["taller"]).into()),
        ("state", "active".into()),
        ("is_demo", false.into()),
        ("first_seen_at", at(0).into()),
        ("last_seen_at", at(9).into()),
    ]);
    row("customers", columns)
}

fn identity() -> Row {
    let columns = versioned(vec![
        ("id", IDENTITY.into()),
        ("organization_id", ORGANIZATION.into()),
        ("customer_id", CUSTOMER.into()),
        ("kind", "visitor".into()),
        ("address", "visitante-1".into()),
        ("address_key", "visitante-1".into()),
        ("channel_id", CHANNEL.into()),
        ("verification", "observed".into()),
        ("is_authenticated", false.into()),
        ("is_primary", true.into()),
        ("reachability", "ok".into()),
    ]);
    row("identities", columns)
}

fn conversation() -> Row {
    let columns = versioned(vec![
        ("id", CONVERSATION.into()),
        ("organization_id", ORGANIZATION.into()),
        ("number", 41_i64.into()),
        ("subject", "Cambio roto".into()),
        ("status_category", "open".into()),
        ("priority", "high".into()),
        ("customer_id", CUSTOMER.into()),
        ("reply_channel_id", CHANNEL.into()),
        ("reply_identity_id", IDENTITY.into()),
        ("channel_kinds", json!(["web_chat"]).into()),
        ("tags", json!(["urgente"]).into()),
        ("fields", json!({}).into()),
        ("snoozed_until_reply", false.into()),
        ("last_activity_at", at(9).into()),
        ("last_entry_seq", 2_i64.into()),
        ("is_blocked", false.into()),
        ("is_demo", false.into()),
        ("reopened_count", 3_i64.into()),
    ]);
    row("conversations", columns)
}

fn interaction() -> Row {
    let columns = vec![
        ("id", INTERACTION.into()),
        ("organization_id", ORGANIZATION.into()),
        ("conversation_id", CONVERSATION.into()),
        ("customer_id", CUSTOMER.into()),
        ("channel_id", CHANNEL.into()),
        ("channel_kind", "web_chat".into()),
        ("identity_id", IDENTITY.into()),
        ("shape", "chat".into()),
        ("direction", "in".into()),
        ("state", "open".into()),
        ("started_at", at(0).into()),
        ("last_activity_at", at(9).into()),
        ("version", 1_i64.into()),
    ];
    row("interactions", columns)
}

fn entry(seq: i64, (id, direction, text): (Uuid, &'static str, &'static str)) -> Row {
    let author = if direction == "in" { "customer" } else { "agent" };
    let columns = vec![
        ("id", id.into()),
        ("organization_id", ORGANIZATION.into()),
        ("conversation_id", CONVERSATION.into()),
        ("interaction_id", INTERACTION.into()),
        ("customer_id", CUSTOMER.into()),
        ("seq", seq.into()),
        ("kind", "message".into()),
        ("direction", direction.into()),
        ("audience", "private".into()),
        ("author_type", author.into()),
        ("channel_id", CHANNEL.into()),
        ("channel_kind", "web_chat".into()),
        ("body", json!({ "text": text }).into()),
        ("attachment_ids", json!([]).into()),
        ("is_truncated", false.into()),
        ("occurred_at", at(seq).into()),
        ("created_at", at(seq).into()),
    ];
    row("entries", columns)
}

async fn put(store: &Store, row: Row) {
    let put = store.write("upgrade", row, |tx, row| Box::pin(async move { tx.exec_one(row.sql, &row.values).await }));
    put.await.expect("the row fits the first schema");
}

#[tokio::test]
async fn an_installation_of_the_first_schema_reads_the_same_after_migrating() {
    for engine in BOTH {
        let old = Ephemeral::bare(engine).await;
        let first = &store::MIGRATIONS[..1];
        assert_eq!(old.store.migrate(first).await.expect("the first schema"), ["0001_init"]);
        for row in [customer(), identity(), conversation(), interaction(), entry(1, ENTRIES[0]), entry(2, ENTRIES[1])] {
            put(&old.store, row).await;
        }
        let applied = old.store.migrate(store::MIGRATIONS).await.expect("the newest schema");
        assert_eq!(applied.len(), store::MIGRATIONS.len() - 1, "{engine:?}");

        let read = old.store.read("upgrade", (), |tx, ()| {
            Box::pin(async move {
                let org = OrganizationId(ORGANIZATION);
                let conversation = store::conversations::find(tx, org, ConversationId(CONVERSATION)).await?;
                let entries = store::entries::before(tx, org, ConversationId(CONVERSATION), i64::MAX, 50).await?;
                let customer = store::customers::find(tx, org, CustomerId(CUSTOMER)).await?;
                Ok::<_, db::Error>((conversation, entries, customer))
            })
        });
        let (conversation, entries, customer) = read.await.expect("readable");
        let conversation = conversation.expect("it is there");
        assert_eq!((conversation.number, conversation.subject.as_deref()), (41, Some("Cambio roto")));
        assert_eq!((conversation.status_category, conversation.reopened_count), (StatusCategory::Open, 3));
        assert_eq!((conversation.tags, conversation.last_activity_at), (vec!["urgente".to_owned()], at(9)));
        let texts: Vec<_> = entries.iter().rev().map(|e| (e.id.0, e.seq, e.text())).collect();
        assert_eq!(texts, [(ENTRIES[0].0, 1, ENTRIES[0].2), (ENTRIES[1].0, 2, ENTRIES[1].2)], "{engine:?}");
        let customer = customer.expect("she is there");
        assert_eq!((customer.name.as_deref(), customer.is_vip), (Some("Ángela Ruiz"), true));
        assert_eq!(customer.fields, json!({ "talla": "54" }));
    }
}
