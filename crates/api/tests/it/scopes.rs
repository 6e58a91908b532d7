//! What a scope reaches: lists narrow themselves in SQL, single things are asked in memory, and both agree.

use std::collections::BTreeSet;

use http::Method;
use serde_json::json;
use testkit::stores::BOTH;

use crate::cast::{Colleague, id_of};
use crate::desk::Desk;

async fn conversations(desk: &Desk, count: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for n in 0..count {
        let token = desk.visitor_token().await;
        let posted = desk.write(&token, &format!("{n}")).await;
        ids.insert(posted.body["conversation"]["id"].as_str().expect("an id").to_owned());
    }
    ids
}

async fn listed(desk: &Desk, person: &Colleague) -> BTreeSet<String> {
    let reply = person.call(desk, Method::GET, "/conversations?list=all&limit=200", None).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let rows = reply.body["items"].as_array().expect("rows").clone();
    rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

async fn opened(desk: &Desk, person: &Colleague, ids: &BTreeSet<String>) -> BTreeSet<String> {
    let mut readable = BTreeSet::new();
    for id in ids {
        let reply = person.call(desk, Method::GET, &format!("/conversations/{id}"), None).await;
        assert!([200, 404].contains(&reply.status.as_u16()), "{:?}", reply.body);
        if reply.status == 200 {
            readable.insert(id.clone());
        }
    }
    readable
}

#[tokio::test]
async fn a_list_shows_what_may_be_opened_whatever_the_scope() {
    for engine in BOTH {
        for seed in 0..3 {
            let desk = Desk::on(engine).await;
            // Histories would let an agent open what no list shows.
            let scoped = json!({ "customer_history": "scoped" });
            assert_eq!(desk.versioned(Method::PATCH, "/organization", "\"1\"", Some(scoped)).await.status, 200);
            let mut people =
                vec![desk.colleague("agent", &["agent"]).await, desk.colleague("lead", &["supervisor"]).await];
            for scope in ["own", "queue", "team", "organization"] {
                let role = json!({ "key": scope, "name": { "es": scope },
                    "grants": [{ "permission": "conversations.read", "scope": scope }] });
                let role = id_of(&desk.staff(Method::POST, "/roles", Some(role)).await);
                people.push(desk.colleague(scope, &[&role]).await);
            }
            let team = json!({ "key": "t", "name": "T", "user_ids": [people[0].id, people[1].id, people[4].id] });
            assert_eq!(desk.staff(Method::POST, "/teams", Some(team)).await.status, 201);
            let ids = conversations(&desk, 16).await;
            desk.world.scatter(seed).await;
            for person in &people {
                let (listed, opened) = (listed(&desk, person).await, opened(&desk, person, &ids).await);
                assert_eq!(listed, opened, "{engine:?} seed {seed}: {}", person.id);
            }
            let everything = listed(&desk, &people[5]).await;
            assert_eq!(everything, ids, "the widest scope shows all");
            assert!(listed(&desk, &people[0]).await.len() < ids.len(), "an agent does not see all");
        }
    }
}
