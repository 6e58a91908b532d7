//! The agent's desk as a stranger meets it, on both engines.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::stores::{BOTH, Engine};

use crate::desk::{Desk, Reply};

async fn desk(engine: Engine) -> Desk {
    Desk::on(engine).await
}

async fn get(desk: &Desk, path: &str) -> Reply {
    desk.staff(Method::GET, path, None).await
}

async fn post(desk: &Desk, path: &str, body: Value) -> Reply {
    desk.staff(Method::POST, path, Some(body)).await
}

/// A new visitor's conversation: token and id.
async fn conversation(desk: &Desk, text: &str) -> (String, String) {
    let token = desk.visitor_token().await;
    let reply = desk.write(&token, text).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
    let id = reply.body["conversation"]["id"].as_str().expect("an id").to_owned();
    (token, id)
}

fn ids(reply: &Reply) -> Vec<&str> {
    reply.body["items"].as_array().expect("items").iter().filter_map(|one| one["id"].as_str()).collect()
}

#[tokio::test]
async fn small_nouns_have_keys_versions_and_refusals() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let tag = json!({ "key": "averia", "name": "Avería", "colour": "red" });
        let made = post(&desk, "/tags", tag.clone()).await;
        assert_eq!((made.status, made.headers["etag"].to_str().ok()), (StatusCode::CREATED, Some("\"1\"")));
        let again = post(&desk, "/tags", tag).await;
        assert_eq!(again.code(), (409, "already_exists"), "{engine:?}");
        assert_eq!(again.body["existing_id"], made.body["id"]);
        let path = format!("/tags/{}", made.body["id"].as_str().expect("an id"));
        let change = json!({ "colour": "blue" });
        let blind = desk.staff(Method::PATCH, &path, Some(change.clone())).await;
        assert_eq!(blind.code(), (428, "precondition_required"));
        let stale = desk.staff_at(Method::PATCH, &path, 9, Some(change.clone())).await;
        assert_eq!(stale.code(), (412, "version_conflict"));
        assert_eq!(stale.body["current_version"], 1, "{engine:?}");
        let changed = desk.staff_at(Method::PATCH, &path, 1, Some(change)).await;
        assert_eq!((changed.status, &changed.body["colour"]), (StatusCode::OK, &json!("blue")));
        assert_eq!(desk.staff_at(Method::DELETE, &path, 2, None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(get(&desk, &path).await.code(), (404, "not_found"));
        let bad = post(&desk, "/tags", json!({ "key": "No Key" })).await;
        assert_eq!((bad.code(), bad.first_error()), ((422, "invalid"), ("/key", "pattern")), "{engine:?}");
        let unknown = post(&desk, "/tags", json!({ "key": "a", "color": "red" })).await;
        assert_eq!(unknown.code(), (422, "unknown_field"));
    }
}

#[tokio::test]
async fn each_category_keeps_one_default_status_and_used_ones_stay() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let all = get(&desk, "/conversation-statuses").await;
        assert_eq!(ids(&all).len(), 3, "{engine:?}");
        let open = all.body["items"][0].clone();
        let path = format!("/conversation-statuses/{}", open["id"].as_str().expect("an id"));
        let lost = desk.staff_at(Method::PATCH, &path, 1, Some(json!({ "is_default": false }))).await;
        assert_eq!((lost.code(), lost.first_error()), ((422, "invalid"), ("/is_default", "required")));
        assert_eq!(desk.staff_at(Method::DELETE, &path, 1, None).await.code(), (409, "in_use"), "{engine:?}");
        let status = json!({ "key": "en-taller", "name": { "es": "En taller" }, "category": "waiting" });
        let made = post(&desk, "/conversation-statuses", status).await;
        let status = made.body["id"].as_str().expect("an id").to_owned();
        let (_, id) = conversation(&desk, "hola").await;
        let patch = json!({ "status_id": status });
        let changed = desk.staff(Method::PATCH, &format!("/conversations/{id}"), Some(patch)).await;
        assert_eq!((&changed.body["status_id"], &changed.body["status_category"]), (&json!(status), &json!("waiting")));
        let used = desk.staff_at(Method::DELETE, &format!("/conversation-statuses/{status}"), 1, None).await;
        assert_eq!(used.code(), (409, "in_use"), "{engine:?}");
        let listed = get(&desk, "/conversations?q=status:en-taller").await;
        assert_eq!(ids(&listed), [id.as_str()]);
    }
}

#[tokio::test]
async fn a_filter_is_read_or_refused_at_its_place() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let read = post(&desk, "/filters/parse", json!({ "q": "status:open  (tag:a OR tag:b)" })).await;
        assert_eq!(read.body["q"], "status:open (tag:a OR tag:b)", "{engine:?}");
        let back = post(&desk, "/filters/parse", json!({ "where": read.body["where"] })).await;
        assert_eq!(back.body, read.body);
        let bad = post(&desk, "/filters/parse", json!({ "q": "status:open nope:1" })).await;
        assert_eq!((bad.code(), &bad.body["position"]), ((422, "bad_filter"), &json!(12)));
        assert_eq!(get(&desk, "/conversations?q=due%3Csoon").await.code(), (422, "bad_filter"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_view_is_a_filter_with_a_count() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let (_, id) = conversation(&desk, "hola").await;
        conversation(&desk, "otra").await;
        let tagged = json!({ "tags": ["vip"] });
        desk.staff(Method::PATCH, &format!("/conversations/{id}"), Some(tagged)).await;
        let view = post(&desk, "/views", json!({ "name": "VIP", "q": "tag:vip" })).await;
        assert_eq!((view.status, &view.body["shared_with"]), (StatusCode::CREATED, &json!("me")), "{:?}", view.body);
        let view_id = view.body["id"].as_str().expect("an id").to_owned();
        assert_eq!(ids(&get(&desk, &format!("/conversations?view_id={view_id}")).await), [id.as_str()]);
        let count = get(&desk, &format!("/views/{view_id}/count")).await;
        assert_eq!(count.body, json!({ "count": 1, "unread_count": 1, "is_capped": false }), "{engine:?}");
        let counts = get(&desk, "/inbox/counts").await;
        assert_eq!(counts.body["views"][&view_id]["count"], 1);
        let bad = post(&desk, "/views", json!({ "name": "x", "q": "nope:1" })).await;
        assert_eq!(bad.code(), (422, "bad_filter"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_cursor_of_other_filters_is_refused() {
    for engine in BOTH {
        let desk = desk(engine).await;
        for n in 0..3 {
            conversation(&desk, &format!("{n}")).await;
        }
        let first = get(&desk, "/conversations?limit=2&sort=sla&expand=customer,owner,queue").await;
        assert!(first.body["items"][0]["queue"]["key"].is_string(), "{:?}", first.body);
        let next = first.body["page"]["next"].as_str().expect("more follows").to_owned();
        let rest = get(&desk, &format!("/conversations?limit=2&sort=sla&after={next}")).await;
        assert_eq!(ids(&rest).len(), 1, "{engine:?}");
        let prev = rest.body["page"]["prev"].as_str().expect("something precedes").to_owned();
        let back = get(&desk, &format!("/conversations?limit=2&sort=sla&before={prev}")).await;
        assert_eq!(ids(&back), ids(&first), "{engine:?}");
        for other in ["sort=-priority", "sort=sla&list=mine", "sort=sla&q=tag:a"] {
            let refused = get(&desk, &format!("/conversations?limit=2&{other}&after={next}")).await;
            assert_eq!(refused.code(), (400, "bad_cursor"), "{engine:?} {other}");
        }
    }
}

#[tokio::test]
async fn commands_answer_with_an_undo_that_works_once() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let (_, id) = conversation(&desk, "hola").await;
        let path = format!("/conversations/{id}");
        let resolved = post(&desk, &format!("{path}/resolve"), json!({ "outcome": "listo" })).await;
        assert_eq!(resolved.body["status_category"], "resolved", "{:?}", resolved.body);
        let undo = resolved.body["undo"]["id"].as_str().expect("an undo").to_owned();
        let back = post(&desk, &format!("/undos/{undo}"), json!({})).await;
        assert_eq!(back.body["conversations"][0]["status_category"], "open", "{engine:?} {:?}", back.body);
        assert_eq!(post(&desk, &format!("/undos/{undo}"), json!({})).await.code(), (409, "undo_stale"));
        let stale = desk.staff_at(Method::PATCH, &path, 1, Some(json!({ "subject": "x" }))).await;
        assert_eq!(stale.code(), (412, "version_conflict"));
        let snoozed = post(&desk, &format!("{path}/snooze"), json!({ "until_reply": true })).await;
        assert_eq!(snoozed.body["snooze"]["until_reply"], true, "{engine:?}");
        assert_eq!(post(&desk, &format!("{path}/snooze"), json!({})).await.code(), (422, "invalid"));
        assert_eq!(desk.staff(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(get(&desk, &path).await.code(), (410, "erased"), "{engine:?}");
        let nowhere = "/conversations/0190f6c1-0000-7000-8000-000000000001";
        assert_eq!(post(&desk, &format!("{nowhere}/resolve"), json!({})).await.code(), (404, "not_found"));
    }
}

#[tokio::test]
async fn bulk_answers_with_a_preview_or_a_job() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let (_, id) = conversation(&desk, "hola").await;
        let nobody = "0190f6c1-0000-7000-8000-000000000001";
        let action = json!({ "type": "tag", "add": ["spam"] });
        let look = json!({ "ids": [id, nobody], "action": action, "is_preview": true });
        let seen = post(&desk, "/conversations/bulk", look).await;
        let excluded = json!([{ "id": nobody, "code": "not_found" }]);
        assert_eq!(seen.body, json!({ "affected_count": 1, "excluded": excluded }), "{engine:?}");
        let done = post(&desk, "/conversations/bulk", json!({ "ids": [id, nobody], "action": action })).await;
        assert_eq!((done.status, &done.body["state"]), (StatusCode::ACCEPTED, &json!("succeeded")), "{:?}", done.body);
        let place = done.headers["location"].to_str().expect("text").trim_start_matches("/api/v1").to_owned();
        assert_eq!(get(&desk, &place).await.body["result"], done.body["result"], "{engine:?}");
        let wrong = json!({ "ids": [id], "action": { "type": "explode" } });
        assert_eq!(post(&desk, "/conversations/bulk", wrong).await.code(), (422, "invalid"));
    }
}

#[tokio::test]
async fn a_held_message_is_not_seen_until_its_window_is_over() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let (token, id) = conversation(&desk, "hola").await;
        desk.world.hold_chat(5_000).await;
        let message = json!({ "text": "Hola", "seen_seq": 1 });
        let sent = post(&desk, &format!("/conversations/{id}/messages"), message.clone()).await;
        assert_eq!(sent.body["delivery"]["state"], "held", "{:?}", sent.body);
        let path = format!("/conversations/{id}/messages");
        let seen = desk.visitor(Method::GET, &path, Some(&token), None).await;
        assert_eq!(ids(&seen).len(), 1, "{engine:?}: the visitor does not see it yet");
        let undo = sent.body["undo"]["id"].as_str().expect("an undo").to_owned();
        assert_eq!(post(&desk, &format!("/undos/{undo}"), json!({})).await.status, StatusCode::OK);
        let called_off = get(&desk, &format!("/entries/{undo}")).await;
        assert_eq!(called_off.body["delivery"]["state"], "cancelled", "{engine:?}");
        let again = post(&desk, &path, json!({ "text": "Hola, Lucía", "seen_seq": 2 })).await;
        desk.world.clock.advance_ms(6_000);
        desk.world.wake_timers().await;
        desk.until(&format!("/entries/{}", again.body["id"].as_str().expect("an id")), |entry| {
            entry["delivery"]["state"] == "sent"
        })
        .await;
        let seen = desk.visitor(Method::GET, &path, Some(&token), None).await;
        assert_eq!(ids(&seen).len(), 2, "{engine:?}: it left by itself");
        let late = again.body["undo"]["id"].as_str().expect("an undo").to_owned();
        assert_eq!(post(&desk, &format!("/undos/{late}"), json!({})).await.code(), (410, "undo_expired"));
    }
}

#[tokio::test]
async fn customers_are_found_by_name_mail_and_number_without_accents() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let lucia = json!({ "name": "Lucía García", "tags": ["vip"], "identities": [
            { "kind": "email", "address": "Lucia@Correo.ES" }, { "kind": "phone", "address": "+34 600 11 22 33" } ] });
        let made = post(&desk, "/customers", lucia.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
        let id = made.body["id"].as_str().expect("an id").to_owned();
        for q in
            ["q=lucia", "q=GARCIA", "q=correo", "q=60011", "email=lucia@correo.es", "phone=%2B34600112233", "tag=vip"]
        {
            assert_eq!(ids(&get(&desk, &format!("/customers?{q}")).await), [id.as_str()], "{engine:?} {q}");
        }
        assert!(ids(&get(&desk, "/customers?q=nadie").await).is_empty());
        let again = post(&desk, "/customers", lucia).await;
        assert_eq!((again.code(), &again.body["existing_id"]), ((409, "already_exists"), &json!(id)), "{engine:?}");
        let bad = json!({ "kind": "phone", "address": "600" });
        let refused = post(&desk, &format!("/customers/{id}/identities"), bad).await;
        assert_eq!((refused.code(), refused.first_error()), ((422, "invalid"), ("/address", "format")));
        let patch = json!({ "name": null, "value": { "amount": 1200, "currency": "EUR" } });
        let changed = desk.staff(Method::PATCH, &format!("/customers/{id}"), Some(patch)).await;
        assert_eq!((&changed.body["name"], &changed.body["value"]["amount"]), (&Value::Null, &json!(1200)));
    }
}

#[tokio::test]
async fn merged_customers_are_restored_byte_for_byte_in_any_order() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let mut people = Vec::new();
        for n in 0..3 {
            let body = json!({ "name": format!("Persona {n}"), "fields": { "n": n },
                "identities": [{ "kind": "email", "address": format!("p{n}@x.es") }] });
            people.push(post(&desk, "/customers", body).await.body["id"].as_str().expect("an id").to_owned());
        }
        let record = async |id: &str| desk.bytes(&format!("/customers/{id}/record")).await;
        let mut before = Vec::new();
        for id in &people {
            before.push(record(id).await);
        }
        let merge = async |target: &str, source: &str, choices: Value| {
            let body = json!({ "source_id": source, "field_choices": choices });
            post(&desk, &format!("/customers/{target}/merge"), body).await
        };
        let conflict = merge(&people[1], &people[0], json!({})).await;
        assert_eq!(
            (conflict.code(), &conflict.body["fields"]),
            ((409, "merge_conflict"), &json!(["fields.n", "name"]))
        );
        let one = merge(&people[1], &people[0], json!({ "name": "source", "fields.n": "target" })).await;
        assert_eq!(one.status, StatusCode::OK, "{:?}", one.body);
        let shown = get(&desk, &format!("/customers/{}", people[1])).await;
        assert_eq!((&shown.body["name"], &shown.body["fields"]["n"]), (&json!("Persona 0"), &json!(1)), "{engine:?}");
        assert_eq!(shown.body["identities"].as_array().map(Vec::len), Some(2));
        let away = get(&desk, &format!("/customers/{}", people[0])).await;
        assert_eq!((away.status, &away.body["state"]), (StatusCode::OK, &json!("merged")), "{engine:?}");
        let two = merge(&people[2], &people[1], json!({ "name": "target", "fields.n": "target" })).await;
        let again = merge(&people[2], &people[0], json!({})).await;
        assert_eq!(again.code(), (422, "cannot_merge"), "{engine:?}");
        for merge in [&one, &two] {
            let id = merge.body["id"].as_str().expect("an id");
            assert_eq!(post(&desk, &format!("/merges/{id}/undo"), json!({})).await.status, StatusCode::OK);
        }
        for (id, before) in people.iter().zip(&before) {
            assert_eq!(&record(id).await, before, "{engine:?}");
        }
    }
}

#[tokio::test]
async fn an_erased_customer_leaves_a_tombstone() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let (_, id) = conversation(&desk, "secreto").await;
        let shown = get(&desk, &format!("/conversations/{id}")).await;
        let customer = shown.body["customer_id"].as_str().expect("an id").to_owned();
        let unsure = post(&desk, &format!("/customers/{customer}/erase"), json!({ "confirm": "yes" })).await;
        assert_eq!(unsure.code(), (422, "invalid"));
        let erased = post(&desk, &format!("/customers/{customer}/erase"), json!({ "confirm": "ERASE" })).await;
        assert_eq!(erased.status, StatusCode::ACCEPTED, "{:?}", erased.body);
        assert_eq!(get(&desk, &format!("/conversations/{id}")).await.code(), (410, "erased"), "{engine:?}");
        let left = get(&desk, &format!("/customers/{customer}")).await;
        assert_eq!((&left.body["state"], &left.body["name"]), (&json!("erased"), &Value::Null), "{engine:?}");
        assert!(!get(&desk, &format!("/customers/{customer}/timeline")).await.body.to_string().contains("secreto"));
    }
}

#[tokio::test]
async fn an_opened_conversation_writes_by_its_channel_and_shows_its_history() {
    for engine in BOTH {
        let desk = desk(engine).await;
        let known = json!({ "customer_id": "0190f6c1-0000-7000-8000-000000000001" });
        let nobody = post(&desk, "/conversations", known).await;
        assert_eq!((nobody.code(), nobody.first_error()), ((422, "invalid"), ("/customer_id", "unknown_reference")));
        let identity = json!({ "kind": "email", "address": "eva@correo.es", "name": "Eva" });
        let body = json!({ "identity": identity, "subject": "Presupuesto", "priority": "high" });
        let opened = post(&desk, "/conversations", body).await;
        assert_eq!(
            (opened.status, &opened.body["priority"]),
            (StatusCode::CREATED, &json!("high")),
            "{:?}",
            opened.body
        );
        assert!(opened.body["owner_agent_id"].is_string(), "{engine:?}: whoever opens it owns it");
        let without = json!({ "identity": identity, "message": "Hola" });
        assert_eq!(post(&desk, "/conversations", without).await.code(), (422, "no_reply_route"), "{engine:?}");
        let id = opened.body["id"].as_str().expect("an id").to_owned();
        let events = get(&desk, &format!("/conversations/{id}/events")).await;
        assert_eq!(events.body["items"][0]["type"], "conversation.created", "{engine:?}");
        assert!(ids(&get(&desk, &format!("/conversations/{id}/work-items")).await).is_empty());
        assert_eq!(ids(&get(&desk, "/conversations?q=presupuesto").await), [id.as_str()]);
    }
}
