//! Text and tree of a condition say the same.

use domain::conditions::{Condition, Measure, Measured, Order, WordField, parse, print};
use domain::time::Micros;
use proptest::prelude::*;

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9_-]{1,12}", "[a-zA-Zñé \"\\\\,():<>-]{1,12}"]
}

fn field() -> impl Strategy<Value = Condition> {
    let free = prop_oneof![
        Just(WordField::Status),
        Just(WordField::Channel),
        Just(WordField::Queue),
        Just(WordField::Tag),
        Just(WordField::Language),
        "[a-z0-9_-]{1,10}".prop_map(WordField::Custom),
    ];
    let words = (free, prop::collection::vec(word(), 1..4)).prop_map(|(field, any)| Condition::Is { field, any });
    let flags = prop_oneof![Just("snoozed"), Just("blocked")]
        .prop_map(|flag| Condition::Is { field: WordField::Is, any: vec![flag.to_owned()] });
    let owner = prop_oneof![Just("me"), Just("none"), Just("0190f6c1-0000-7000-8000-000000000001")]
        .prop_map(|who| Condition::Is { field: WordField::Owner, any: vec![who.to_owned()] });
    prop_oneof![words, flags, owner]
}

fn compare() -> impl Strategy<Value = Condition> {
    let order = || prop_oneof![Just(Order::Less), Just(Order::AtMost), Just(Order::More), Just(Order::AtLeast)];
    let value = prop_oneof![
        (-1_000_000i64..1_000_000).prop_map(Measure::SpanMs),
        (0i64..4_000_000_000_000_000).prop_map(|at| Measure::At(Micros(at))),
    ];
    let times =
        prop_oneof![Just(Measured::Due), Just(Measured::Waiting), Just(Measured::Activity), Just(Measured::Created)];
    let timed = (times, order(), value).prop_map(|(field, order, value)| Condition::Compare { field, order, value });
    let number = (prop_oneof![order(), Just(Order::Equal)], any::<i64>()).prop_map(|(order, n)| Condition::Compare {
        field: Measured::Number,
        order,
        value: Measure::Number(n),
    });
    prop_oneof![timed, number]
}

fn tree() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![field(), compare(), word().prop_map(Condition::Text)];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::Any),
            inner.prop_map(|c| Condition::Not(Box::new(c))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_it_was(condition in tree()) {
        let text = print(&condition);
        prop_assert_eq!(parse(&text), Ok(condition.normalised()), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place_inside_it(text in "\\PC{0,80}") {
        match parse(&text) {
            Ok(condition) => prop_assert_eq!(parse(&print(&condition)), Ok(condition)),
            Err(bad) => prop_assert!(bad.position <= text.chars().count()),
        }
    }

    #[test]
    fn a_tree_survives_json(condition in tree()) {
        let json = serde_json::to_string(&condition).expect("renders");
        prop_assert_eq!(serde_json::from_str::<Condition>(&json).expect("reads back"), condition);
    }
}

#[test]
fn the_example_of_the_manual_is_read() {
    let condition = parse("status:open channel:whatsapp -tag:spam due<2h \"texto libre\"").expect("readable");
    let Condition::All(parts) = condition else { panic!("neighbours are joined by and") };
    assert_eq!(parts.len(), 5);
    assert_eq!(parts[4], Condition::Text("texto libre".to_owned()));
    let due = Condition::Compare { field: Measured::Due, order: Order::Less, value: Measure::SpanMs(7_200_000) };
    assert_eq!(parts[3], due);
}

#[test]
fn what_cannot_be_read_is_refused_at_its_place() {
    let at = |text: &str| parse(text).expect_err(text).position;
    assert_eq!(at("status:open stauts:open"), 12);
    assert_eq!(at("priority:sometimes"), 9);
    assert_eq!(at("due<soon"), 4);
    assert_eq!(at("tag<x"), 0);
    assert_eq!(at("(a"), 2);
    assert_eq!(at("a)"), 1);
    assert_eq!(at("\"abc"), 4);
    assert_eq!(at("tag:"), 4);
    assert_eq!(at("is:weird"), 3);
}

#[test]
fn a_tree_has_its_limits() {
    let wide = "tag:a ".repeat(201);
    assert!(parse(&wide).is_err());
    let deep = format!("{}a{}", "-(b ".repeat(12), ")".repeat(12));
    assert!(parse(&deep).is_err());
}
