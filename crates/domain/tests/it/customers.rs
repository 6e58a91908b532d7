//! Merging and un-merging customers, in any order.

use std::collections::BTreeMap;

use domain::customers::{Join, compose, conflicts, root};
use domain::ids::CustomerId;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

fn customer(n: usize) -> CustomerId {
    CustomerId(Uuid::from_u128(n as u128 + 1))
}

fn fields(n: usize) -> Map<String, Value> {
    let both = json!({ "name": format!("Customer {n}"), "language": if n.is_multiple_of(2) { json!("es") } else { Value::Null } });
    both.as_object().cloned().unwrap_or_default()
}

/// Carries out those wishes to merge that join two who stand alone.
fn merged(wishes: &[(usize, usize)]) -> Vec<(CustomerId, CustomerId)> {
    let mut merges: Vec<(CustomerId, CustomerId)> = Vec::new();
    for (source, target) in wishes {
        let parents: BTreeMap<_, _> = merges.iter().copied().collect();
        let (source, target) = (customer(*source), customer(*target));
        let stand_alone = !parents.contains_key(&source) && !parents.contains_key(&target);
        if source != target && stand_alone {
            merges.push((source, target));
        }
    }
    merges
}

proptest! {
    #[test]
    fn ending_merges_in_any_order_restores_everybody(
        wishes in prop::collection::vec((0usize..6, 0usize..6), 0..12),
        seed in any::<u64>(),
    ) {
        let own: BTreeMap<_, _> = (0..6).map(|n| (customer(n), fields(n))).collect();
        let choices = Map::new();
        let mut merges = merged(&wishes);
        let mut order = seed;
        loop {
            let parents: BTreeMap<_, _> = merges.iter().copied().collect();
            let joins: Vec<_> = merges
                .iter()
                .map(|(source, target)| Join { source: *source, target: *target, choices: &choices })
                .collect();
            for n in 0..6 {
                let at = root(&parents, customer(n));
                prop_assert!(!parents.contains_key(&at), "a root stands alone");
                prop_assert_eq!(parents.contains_key(&customer(n)), at != customer(n));
                let shown = compose(at, &own, &joins);
                prop_assert!(shown.get("name").is_some_and(Value::is_string));
            }
            if merges.is_empty() {
                break;
            }
            let at = usize::try_from(order).unwrap_or_default() % merges.len();
            merges.remove(at);
            order = order.rotate_left(7);
        }
        for n in 0..6 {
            prop_assert_eq!(compose(customer(n), &own, &[]), fields(n));
        }
    }
}

#[test]
fn what_only_one_of_them_has_is_theirs_and_a_choice_decides_the_rest() {
    let own = BTreeMap::from([(customer(1), fields(1)), (customer(2), fields(2))]);
    let choices = json!({ "name": "source" }).as_object().cloned().unwrap_or_default();
    let join = Join { target: customer(1), source: customer(2), choices: &choices };
    let shown = compose(customer(1), &own, &[join]);
    assert_eq!((&shown["name"], &shown["language"]), (&json!("Customer 2"), &json!("es")));
}

#[test]
fn only_fields_that_both_have_need_a_choice() {
    assert_eq!(conflicts(&fields(1), &fields(2), &Map::new()), ["name"]);
    let chosen = json!({ "name": "target" }).as_object().cloned().unwrap_or_default();
    assert!(conflicts(&fields(1), &fields(2), &chosen).is_empty());
}
