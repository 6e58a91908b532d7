//! A condition means in SQL what it means in memory, on both engines.

use domain::conditions::{Condition, Measure, Measured, Order, Viewer, WordField};
use domain::conversation::{InteractionState, Priority, Shape, StatusCategory};
use domain::ids::{ConversationId, CustomerId, OrganizationId, QueueId};
use domain::permissions::Reach;
use domain::time::Micros;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use store::conversation_lists::{Sort, Span, Wanted, facts, page};
use store::conversations::{Conversation, Desk, Interaction};
use store::customers::{Customer, Profile};
use store::desk_nouns::{Noun, NounRow};
use store::queues::QueueSettings;
use testkit::stores::{BOTH, Ephemeral};
use uuid::Uuid;

const NOW: i64 = 1_793_534_400_000_000;
const WORDS: [&str; 6] = ["vip", "spam", "a_b", "50%", "envío", "ñ"];

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn org() -> OrganizationId {
    OrganizationId(id(1))
}

fn at(minutes: i64) -> Timestamp {
    Micros(NOW).plus_ms(minutes * 60_000).into()
}

/// Facts of a conversation, drawn at random.
#[derive(Clone, Debug)]
struct Drawn {
    category: StatusCategory,
    priority: Priority,
    has_status: bool,
    queue: u8,
    owner: u8,
    customer: u8,
    channel: u8,
    tags: Vec<usize>,
    subject: Option<usize>,
    field: u8,
    language: Option<usize>,
    due: Option<i64>,
    waiting: Option<i64>,
    age: i64,
    flags: u8,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let words = (
        prop::sample::select(StatusCategory::ALL),
        prop::sample::select(Priority::ALL),
        any::<bool>(),
        0u8..3,
        0u8..3,
        0u8..3,
        0u8..3,
        prop::collection::vec(0..WORDS.len(), 0..3),
    );
    let rest = (
        prop::option::of(0..WORDS.len()),
        0u8..5,
        prop::option::of(0..2usize),
        prop::option::of(-300i64..300),
        prop::option::of(-300i64..0),
        -300i64..0,
        0u8..8,
    );
    (words, rest).prop_map(|(w, r)| Drawn {
        category: w.0,
        priority: w.1,
        has_status: w.2,
        queue: w.3,
        owner: w.4,
        customer: w.5,
        channel: w.6,
        tags: w.7,
        subject: r.0,
        field: r.1,
        language: r.2,
        due: r.3,
        waiting: r.4,
        age: r.5,
        flags: r.6,
    })
}

fn conversation(n: u128, d: &Drawn) -> Conversation {
    let pick = |n: u8, base: u128| (n > 0).then(|| id(base + u128::from(n)));
    let field = [json!(null), json!("rojo"), json!(5), json!(true), json!("5")][usize::from(d.field)].clone();
    Conversation {
        id: ConversationId(id(1_000 + n)),
        organization_id: org(),
        number: i64::try_from(n).expect("small"),
        subject: d.subject.map(|s| format!("Asunto {}", WORDS[s])),
        outcome: None,
        status_category: d.category,
        priority: d.priority,
        customer_id: CustomerId(id(40 + u128::from(d.customer))),
        owner_agent_id: pick(d.owner, 20).map(Into::into),
        queue_id: pick(d.queue, 10).map(Into::into),
        reply_channel_id: None,
        reply_identity_id: None,
        channel_kinds: vec![["web_chat", "email", "whatsapp"][usize::from(d.channel)].to_owned()],
        language: d.language.map(|l| ["es", "en"][l].to_owned()),
        tags: d.tags.iter().map(|t| WORDS[*t].to_owned()).collect(),
        fields: if field.is_null() { json!({}) } else { json!({ "color-1": field }) },
        snoozed_until: (d.flags & 1 > 0).then(|| at(600)),
        is_snoozed_until_reply: false,
        waiting_since_at: d.waiting.map(at),
        first_response_at: None,
        last_activity_at: at(d.age),
        last_entry_seq: 0,
        last_entry: d.subject.map(|s| json!({ "text": format!("Último: {}", WORDS[(s + 1) % WORDS.len()]) })),
        is_blocked: d.flags & 2 > 0,
        is_demo: d.flags & 4 > 0,
        resolved_at: None,
        reopened_count: 0,
        created_at: at(d.age - 60),
        updated_at: at(d.age),
        version: 1,
        desk: Desk {
            status_id: (d.has_status && d.category == StatusCategory::Open).then(|| id(30)),
            next_due_at: d.due.map(at),
            ..Desk::default()
        },
    }
}

fn word_field() -> impl Strategy<Value = Condition> {
    let words = |field: WordField, words: Vec<String>| {
        prop::collection::vec(prop::sample::select(words), 1..3)
            .prop_map(move |any| Condition::Is { field: field.clone(), any })
    };
    let own = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    let ids = |ns: &[u128]| ns.iter().map(|n| id(*n).to_string()).collect::<Vec<String>>();
    let queues = ids(&[11, 12, 99]).into_iter().chain(own(&["q1", "q2", "nope"])).collect();
    let owners = ids(&[21, 22, 99]).into_iter().chain(own(&["me", "none"])).collect();
    prop_oneof![
        words(WordField::Status, own(&["open", "waiting", "resolved", "en-taller", "nope"])),
        words(WordField::Channel, own(&["web_chat", "email", "web"])),
        words(WordField::ChannelId, ids(&[51, 52])),
        words(WordField::Queue, queues),
        words(WordField::Owner, owners),
        words(WordField::Priority, own(&["low", "normal", "high", "urgent"])),
        words(WordField::Tag, own(&WORDS)),
        words(WordField::Customer, ids(&[40, 41, 42])),
        words(WordField::Language, own(&["es", "en", "fr"])),
        words(WordField::Is, own(&["snoozed", "blocked", "demo", "test", "restricted"])),
        words(WordField::Custom("color-1".to_owned()), own(&["rojo", "5", "true", "azul"])),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let order = || prop_oneof![Just(Order::Less), Just(Order::AtMost), Just(Order::More), Just(Order::AtLeast)];
    let times =
        prop_oneof![Just(Measured::Due), Just(Measured::Waiting), Just(Measured::Activity), Just(Measured::Created)];
    let value = prop_oneof![
        (-300i64..300).prop_map(|m| Measure::SpanMs(m * 60_000)),
        (-300i64..300).prop_map(|m| Measure::At(Micros(NOW).plus_ms(m * 60_000))),
    ];
    let timed = (times, order(), value).prop_map(|(field, order, value)| Condition::Compare { field, order, value });
    let number = (prop_oneof![order(), Just(Order::Equal)], 0i64..30).prop_map(|(order, n)| Condition::Compare {
        field: Measured::Number,
        order,
        value: Measure::Number(n),
    });
    let text = prop_oneof![
        prop::sample::select(WORDS.to_vec()).prop_map(|w| Condition::Text(w.to_uppercase())),
        prop::sample::select(vec!["Lucía", "garcia", "asunto", "7", "%", "_", "!"])
            .prop_map(|w| Condition::Text(w.to_owned())),
    ];
    let leaf = prop_oneof![3 => word_field(), 1 => timed, 1 => number, 1 => text];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|c| Condition::Not(Box::new(c))),
        ]
    })
}

fn viewer() -> Viewer {
    Viewer { agent: Some(id(21)), now: Micros(NOW) }
}

async fn fill(store: &db::Store, rows: Vec<Conversation>) {
    store
        .write("test.fill", rows, |tx, rows| {
            Box::pin(async move {
                around(tx).await?;
                for row in &rows {
                    store::conversations::insert(tx, row).await?;
                    store::conversations::insert_interaction(tx, &interaction(row)).await?;
                }
                Ok::<_, db::Error>(())
            })
        })
        .await
        .expect("filled");
}

fn interaction(c: &Conversation) -> Interaction {
    let kind = c.channel_kinds[0].clone();
    let channel = match kind.as_str() {
        "web_chat" => 51,
        "email" => 52,
        _ => 53,
    };
    Interaction {
        id: id(c.id.0.as_u128() + 1_000_000).into(),
        organization_id: org(),
        conversation_id: c.id,
        customer_id: c.customer_id,
        channel_id: id(channel).into(),
        channel_kind: kind,
        identity_id: id(60).into(),
        shape: Shape::ChatSession,
        direction: "in".to_owned(),
        state: InteractionState::Open,
        started_at: at(0),
        ended_at: None,
        end_reason: None,
        last_activity_at: at(0),
        version: 1,
    }
}

/// Customers (the last one merged into the first), a status and queues.
async fn around(tx: &mut db::Tx<'_>) -> Result<(), db::Error> {
    for (n, name) in ["Lucía García", "Oliver", "Lucía G."].into_iter().enumerate() {
        let customer = Customer {
            id: CustomerId(id(40 + n as u128)),
            organization_id: org(),
            name: Some(name.to_owned()),
            language: None,
            time_zone: None,
            is_vip: false,
            is_blocked: false,
            fields: json!({}),
            tags: Vec::new(),
            state: "active".to_owned(),
            is_demo: false,
            first_seen_at: at(0),
            last_seen_at: at(0),
            created_at: at(0),
            updated_at: at(0),
            version: 1,
            profile: Profile::default(),
        };
        store::customers::insert(tx, &customer).await?;
    }
    store::customer_merges::lead(tx, org(), CustomerId(id(42)), Some(CustomerId(id(40))), at(0)).await?;
    let status = NounRow {
        id: id(30),
        organization_id: org(),
        key: "en-taller".to_owned(),
        user_id: None,
        settings: json!({}),
        position: 0,
        created_at: at(0),
        updated_at: at(0),
        version: 1,
    };
    store::desk_nouns::insert(tx, Noun::Status, &status).await?;
    for n in 1..=2u128 {
        queue(tx, QueueId(id(10 + n)), &format!("q{n}")).await?;
    }
    Ok(())
}

async fn queue(tx: &mut db::Tx<'_>, id: QueueId, key: &str) -> Result<(), db::Error> {
    let queue = store::queues::Queue {
        id,
        organization_id: org(),
        key: key.to_owned(),
        name: [("es".to_owned(), key.to_owned())].into(),
        routing_config_id: Uuid::from_u128(70).into(),
        settings: QueueSettings::default(),
        state: "open".to_owned(),
        version: 1,
    };
    store::queues::insert(tx, &queue, at(0)).await
}

#[tokio::test]
async fn a_condition_finds_in_the_store_what_it_meets_in_memory() {
    for engine in BOTH {
        let ephemeral = Ephemeral::new(engine).await;
        let mut runner = TestRunner::deterministic();
        let rows: Vec<Conversation> =
            (1..=24u128).map(|n| conversation(n, &drawn().new_tree(&mut runner).expect("a row").current())).collect();
        let ids: Vec<Uuid> = rows.iter().map(|c| c.id.0).collect();
        fill(&ephemeral.store, rows).await;
        let known = ephemeral
            .store
            .read("test.facts", ids, |tx, ids| Box::pin(async move { facts(tx, org(), ids).await }))
            .await
            .expect("facts");
        assert_eq!(known.len(), 24);
        let mut found_some = 0;
        for _ in 0..300 {
            let condition = condition().new_tree(&mut runner).expect("a condition").current();
            let everything = Reach { is_everything: true, ..Reach::default() };
            let wanted = Wanted { conditions: vec![condition.clone()], ..Wanted::new(everything, None, viewer()) };
            let found = ephemeral
                .store
                .read("test.page", wanted, |tx, wanted| {
                    Box::pin(async move { page(tx, org(), &wanted, Sort::Activity, Span::First, 100).await })
                })
                .await
                .unwrap_or_else(|error| panic!("{engine:?} {condition:?}: {error}"));
            let mut found: Vec<ConversationId> = found.iter().map(|c| c.id).collect();
            found.sort_unstable();
            let met: Vec<ConversationId> =
                known.iter().filter(|(_, f)| condition.is_met(f, viewer())).map(|(id, _)| *id).collect();
            assert_eq!(found, met, "{engine:?}: {condition:?}");
            found_some += usize::from(!met.is_empty() && met.len() < 24);
        }
        assert!(found_some > 100, "{engine:?}: only {found_some} conditions told rows apart");
    }
}
