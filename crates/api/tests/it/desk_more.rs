//! Hours of a channel, search as far as lists reach, sessions that rotate, versions in refusals.

use http::Method;
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::{Colleague, cookie_of, id_of};
use crate::desk::{Desk, OWN_ORIGIN};
use crate::sight::outsider;

async fn channel(desk: &Desk) -> Value {
    desk.staff(Method::GET, "/channels", None).await.body["items"][0].clone()
}

fn path_of(list: &str, row: &Value) -> String {
    format!("{list}/{}", row["id"].as_str().unwrap_or_else(|| panic!("an id in {row}")))
}

#[tokio::test]
async fn a_channel_keeps_hours_of_its_own() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let never = json!({ "key": "never", "time_zone": "Europe/Madrid", "weekly": [[], [], [], [], [], [], []] });
        let never = desk.staff(Method::POST, "/business-hours", Some(never)).await;
        assert_eq!(never.status, 201, "{:?}", never.body);
        let row = channel(&desk).await;
        let (path, version) = (path_of("/channels", &row), row["version"].as_i64().expect("a version"));
        let unknown = json!({ "hours_id": desk.world.ctx.new_id() });
        let refused = desk.staff_at(Method::PATCH, &path, version, Some(unknown)).await;
        assert_eq!(refused.first_error(), ("/hours_id", "unknown_reference"), "{:?}", refused.body);
        assert_eq!(desk.visitor(Method::GET, "/config", None, None).await.body["hours"]["is_open"], true);
        let change = json!({ "hours_id": never.body["id"] });
        let changed = desk.staff_at(Method::PATCH, &path, version, Some(change)).await;
        assert_eq!(changed.body["hours_id"], never.body["id"], "{:?}", changed.body);
        assert_eq!(
            desk.visitor(Method::GET, "/config", None, None).await.body["hours"]["is_open"],
            false,
            "{engine:?}"
        );
        let hours = path_of("/business-hours", &never.body);
        let used = desk.staff_at(Method::DELETE, &hours, 1, None).await;
        assert_eq!(used.code(), (409, "in_use"), "{:?}", used.body);
        let stale = desk.staff_at(Method::PATCH, &path, version, Some(json!({ "hours_id": null }))).await;
        assert_eq!(stale.code(), (412, "version_conflict"));
        assert_eq!(stale.body["current_version"], json!(version + 1), "{engine:?}: which one it has is told");
        let cleared = desk.staff_at(Method::PATCH, &path, version + 1, Some(json!({ "hours_id": null }))).await;
        assert_eq!(cleared.body["hours_id"], Value::Null, "{:?}", cleared.body);
        assert_eq!(desk.staff_at(Method::DELETE, &hours, 1, None).await.status, 204, "{engine:?}");
    }
}

async fn hits(desk: &Desk, person: &Colleague, kind: &str) -> usize {
    let found = person.call(desk, Method::GET, &format!("/search?q=manillar&types={kind}"), None).await;
    assert_eq!(found.status, 200, "{:?}", found.body);
    found.body["groups"][0]["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_search_finds_what_lists_show() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let named = outsider(&desk, "eva").await;
        let (holder, stranger) = (outsider(&desk, "ivo").await, outsider(&desk, "uma").await);
        let token = desk.visitor_token().await;
        let first = desk.write(&token, "el manillar").await.body["conversation"]["id"].clone();
        let first = first.as_str().expect("an id");
        let subject = json!({ "subject": "manillar roto" });
        assert_eq!(desk.staff(Method::PATCH, &format!("/conversations/{first}"), Some(subject)).await.status, 200);
        let note = json!({ "text": "mira", "mentions": [named.id] });
        assert_eq!(desk.staff(Method::POST, &format!("/conversations/{first}/notes"), Some(note)).await.status, 201);
        for kind in ["entries", "conversations"] {
            assert_eq!(hits(&desk, &named, kind).await, 1, "{engine:?}: whoever is named finds {kind}");
            assert_eq!(hits(&desk, &stranger, kind).await, 0, "{engine:?}: nobody else");
            assert_eq!(hits(&desk, &holder, kind).await, 0, "{engine:?}: not yet");
        }
        let shown = desk.staff(Method::GET, &format!("/conversations/{first}"), None).await;
        let other = json!({ "customer_id": shown.body["customer_id"], "subject": "otra cosa" });
        let opened = holder.call(&desk, Method::POST, "/conversations", Some(other)).await;
        assert_eq!(opened.status, 201, "{:?}", opened.body);
        for kind in ["entries", "conversations"] {
            assert_eq!(hits(&desk, &holder, kind).await, 1, "{engine:?}: {kind} of the customer's history");
        }
        let scoped = json!({ "customer_history": "scoped" });
        let version = desk.staff(Method::GET, "/organization", None).await.body["version"].as_i64().expect("a version");
        assert_eq!(desk.staff_at(Method::PATCH, "/organization", version, Some(scoped)).await.status, 200);
        assert_eq!(hits(&desk, &holder, "entries").await, 0, "{engine:?}: histories are kept apart");
    }
}

#[tokio::test]
async fn switching_the_organization_rotates_the_session() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let own = desk.staff(Method::GET, "/session", None).await.body["organization"]["id"].clone();
        let foreign = json!({ "organization_id": desk.world.ctx.new_id() });
        assert_eq!(desk.staff(Method::POST, "/session/organization", Some(foreign)).await.code(), (404, "not_found"));
        let switched = desk.staff(Method::POST, "/session/organization", Some(json!({ "organization_id": own }))).await;
        assert_eq!(
            (switched.status.as_u16(), &switched.body["organization"]["id"]),
            (200, &own),
            "{:?}",
            switched.body
        );
        let fresh = cookie_of(&switched).expect("a cookie");
        assert_ne!(fresh, desk.cookie, "{engine:?}");
        assert_eq!(desk.staff(Method::GET, "/session", None).await.status, 401, "{engine:?}: the one before has ended");
        let now = desk.call(Method::GET, "/session", &[("cookie", &fresh), ("origin", OWN_ORIGIN)], None).await;
        assert_eq!(now.body["csrf_token"], switched.body["csrf_token"], "{engine:?}");
    }
}

#[tokio::test]
async fn a_split_answers_with_its_undo() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let token = desk.visitor_token().await;
        let first = desk.write(&token, "uno").await.body;
        let second = desk.write(&token, "dos").await.body;
        let path = format!("/conversations/{}/split", first["conversation"]["id"].as_str().expect("an id"));
        let input = json!({ "entry_ids": [second["message"]["id"]], "subject": "Otra" });
        let split = desk.staff(Method::POST, &path, Some(input)).await;
        assert_eq!(split.status, 201, "{:?}", split.body);
        let undo = format!("/undos/{}", split.body["undo"]["id"].as_str().expect("an undo"));
        let back = desk.staff(Method::POST, &undo, None).await;
        assert_eq!((back.status.as_u16(), &back.body["conversations"][0]["id"]), (200, &first["conversation"]["id"]));
        let gone = format!(
            "/conversations/{}",
            id_of(&crate::desk::Reply { body: split.body["conversation"].clone(), ..split })
        );
        assert_eq!(desk.staff(Method::GET, &gone, None).await.code(), (410, "erased"), "{engine:?}");
    }
}

#[tokio::test]
async fn what_was_split_off_is_found_by_who_may_read_it_now() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let named = outsider(&desk, "eva").await;
        let token = desk.visitor_token().await;
        let first = desk.write(&token, "la rueda").await.body;
        let second = desk.write(&token, "el manillar").await.body;
        let path = format!("/conversations/{}", first["conversation"]["id"].as_str().expect("an id"));
        let note = json!({ "text": "mira", "mentions": [named.id] });
        assert_eq!(desk.staff(Method::POST, &format!("{path}/notes"), Some(note)).await.status, 201);
        assert_eq!(hits(&desk, &named, "entries").await, 1, "{engine:?}");
        let input = json!({ "entry_ids": [second["message"]["id"]] });
        assert_eq!(desk.staff(Method::POST, &format!("{path}/split"), Some(input)).await.status, 201);
        assert_eq!(hits(&desk, &named, "entries").await, 0, "{engine:?}: it is in another conversation now");
    }
}

#[tokio::test]
async fn every_event_that_is_told_has_a_schema() {
    let desk = Desk::new().await;
    let eva = desk.colleague("eva", &["agent"]).await;
    let token = desk.visitor_token().await;
    let first = desk.write(&token, "uno").await.body;
    let path = format!("/conversations/{}", first["conversation"]["id"].as_str().expect("an id"));
    let writes = [
        (Method::PATCH, path.clone(), json!({ "subject": "Pedido", "priority": "high" })),
        (Method::PUT, format!("{path}/followers/{}", eva.id), json!({})),
        (Method::POST, format!("{path}/notes"), json!({ "text": "mira", "mentions": [eva.id] })),
        (Method::POST, format!("{path}/messages"), json!({ "text": "hola", "seen_seq": 9 })),
        (Method::POST, format!("{path}/snooze"), json!({ "until_reply": true })),
        (Method::POST, format!("{path}/resolve"), json!({})),
        (Method::POST, format!("{path}/reopen"), json!({})),
        (
            Method::POST,
            "/conversations/bulk".to_owned(),
            json!({ "ids": [first["conversation"]["id"]], "action": { "type": "read" } }),
        ),
        (Method::POST, "/tags".to_owned(), json!({ "key": "t" })),
        (Method::POST, "/views".to_owned(), json!({ "name": "V", "q": "status:open" })),
        (Method::POST, "/companies".to_owned(), json!({ "name": "C" })),
        (Method::POST, "/teams".to_owned(), json!({ "key": "t", "name": "T" })),
        (Method::POST, "/roles".to_owned(), json!({ "key": "r", "name": { "en": "R" } })),
        (Method::POST, "/skills".to_owned(), json!({ "key": "s" })),
        (Method::POST, "/customers".to_owned(), json!({ "name": "Ana" })),
        (Method::PUT, "/me/presence".to_owned(), json!({ "status": "available" })),
        (Method::POST, format!("/users/{}/disable", eva.id), json!({ "is_forced": true })),
    ];
    for (method, path, body) in writes {
        let reply = desk.staff(method, &path, Some(body)).await;
        assert!(reply.status.is_success(), "{path}: {:?}", reply.body);
    }
    let org = app::setup::organizations(&desk.world.ctx).await.expect("reads")[0];
    let told = app::live::read(&desk.world.ctx, org, Default::default(), 500).await.expect("events");
    let kinds: std::collections::BTreeSet<&str> = told.iter().map(|live| live.event.kind.as_str()).collect();
    assert!(kinds.len() > 20, "the test would prove little: {kinds:?}");
    let missing: Vec<&&str> = kinds.iter().filter(|kind| api::dto::events::schema_of(kind).is_none()).collect();
    assert!(missing.is_empty(), "without a schema: {missing:?}");
}
