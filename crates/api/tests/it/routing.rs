//! Routing configuration and work, as the contract has them on the wire.

use http::Method;
use http::header::{CONTENT_TYPE, COOKIE, ETAG, IF_MATCH, ORIGIN};
use serde_json::{Value, json};

use crate::desk::{Desk, OWN_ORIGIN, Reply};

impl Desk {
    async fn with(&self, method: Method, path: &str, header: (&str, &str), body: Option<Value>) -> Reply {
        let headers =
            [(COOKIE.as_str(), &*self.cookie), ("x-csrf-token", &*self.csrf), (ORIGIN.as_str(), OWN_ORIGIN), header];
        self.call(method, path, &headers, body).await
    }

    async fn at_version(&self, method: Method, path: &str, version: i64, body: Option<Value>) -> Reply {
        self.with(method, path, (IF_MATCH.as_str(), &format!("\"{version}\"")), body).await
    }

    async fn by_key(&self, list: &str, key: &str) -> Value {
        let reply = self.staff(Method::GET, list, None).await;
        let items = reply.body["items"].as_array().expect("a list");
        items.iter().find(|row| row["key"] == key).expect("it is there").clone()
    }

    async fn post_work(&self, body: Value) -> Reply {
        let key = self.world.ctx.new_id().to_string();
        self.with(Method::POST, "/work-items", ("idempotency-key", &key), Some(body)).await
    }
}

fn path(list: &str, row: &Value) -> String {
    format!("{list}/{}", row["id"].as_str().expect("an id"))
}

const LISTS: [(&str, &str); 8] = [
    ("/business-hours", "hours"),
    ("/decline-reasons", "reason"),
    ("/presence-configs", "limits"),
    ("/presence-statuses", "lunch"),
    ("/queues", "second"),
    ("/routing-configs", "slow"),
    ("/skills", "french"),
    ("/wrap-up-codes", "fault"),
];

async fn new_body(desk: &Desk, list: &str, key: &str) -> Value {
    match list {
        "/business-hours" => {
            json!({ "key": key, "time_zone": "Europe/Madrid", "weekly": [[], [], [], [], [], [], []] })
        }
        "/presence-statuses" => json!({ "key": key, "kind": "busy" }),
        "/queues" => json!({ "key": key, "routing_config_id": desk.by_key("/routing-configs", "chat").await["id"] }),
        _ => json!({ "key": key }),
    }
}

#[tokio::test]
async fn every_configuration_noun_is_added_shown_changed_and_removed_by_version() {
    let desk = Desk::new().await;
    for (list, key) in LISTS {
        let body = new_body(&desk, list, key).await;
        let created = desk.staff(Method::POST, list, Some(body.clone())).await;
        assert_eq!(created.status, 201, "{list}: {:?}", created.body);
        assert_eq!((&created.headers[ETAG], &created.body["version"]), (&"\"1\"".parse().expect("a tag"), &json!(1)));
        let again = desk.staff(Method::POST, list, Some(body)).await;
        assert_eq!(again.code(), (409, "already_exists"), "{list}");
        assert_eq!(again.body["existing_id"], created.body["id"]);

        let one = path(list, &created.body);
        let shown = desk.staff(Method::GET, &one, None).await;
        assert_eq!(shown.body, created.body, "{list}");
        let change = match list {
            "/business-hours" => json!({ "is_emergency_closed": true }),
            "/presence-configs" => json!({ "grace_ms": 10_000 }),
            "/routing-configs" => json!({ "agent_model": "least_active" }),
            _ => json!({ "name": { "en": "Another name" } }),
        };
        let blind = desk.staff(Method::PATCH, &one, Some(change.clone())).await;
        assert_eq!(blind.code(), (428, "precondition_required"), "{list}");
        let stale = desk.at_version(Method::PATCH, &one, 7, Some(change.clone())).await;
        assert_eq!((stale.code(), &stale.body["current_version"]), ((412, "version_conflict"), &json!(1)), "{list}");
        let changed = desk.at_version(Method::PATCH, &one, 1, Some(change.clone())).await;
        assert_eq!((changed.status.as_u16(), &changed.body["version"]), (200, &json!(2)), "{list}: {:?}", changed.body);
        let same = desk.at_version(Method::PATCH, &one, 2, Some(change)).await;
        assert_eq!(same.body["version"], 2, "{list}: what did not change is not written");
        let unknown = desk.at_version(Method::PATCH, &one, 2, Some(json!({ "mystery": 1 }))).await;
        assert_eq!((unknown.code(), unknown.first_error().0), ((422, "unknown_field"), "/mystery"), "{list}");
        let other_key = desk.at_version(Method::PATCH, &one, 2, Some(json!({ "key": "other" }))).await;
        assert_eq!((other_key.code(), other_key.first_error()), ((422, "invalid"), ("/key", "pattern")), "{list}");

        let gone = desk.at_version(Method::DELETE, &one, 2, None).await;
        assert_eq!(gone.status, 204, "{list}: {:?}", gone.body);
        assert_eq!(desk.staff(Method::GET, &one, None).await.code(), (404, "not_found"), "{list}");
    }
}

#[tokio::test]
async fn lists_page_by_key() {
    let desk = Desk::new().await;
    for key in ["a", "b", "c"] {
        desk.staff(Method::POST, "/skills", Some(json!({ "key": key }))).await;
    }
    let first = desk.staff(Method::GET, "/skills?limit=2", None).await;
    assert_eq!(first.body["page"]["has_more"], true);
    let next = first.body["page"]["next"].as_str().expect("a cursor");
    let second = desk.staff(Method::GET, &format!("/skills?limit=2&after={next}"), None).await;
    let keys = |reply: &Reply| -> Vec<Value> {
        reply.body["items"].as_array().expect("a list").iter().map(|row| row["key"].clone()).collect()
    };
    assert_eq!((keys(&first), keys(&second)), (vec![json!("a"), json!("b")], vec![json!("c")]));
    let foreign = desk.staff(Method::GET, &format!("/queues?after={next}"), None).await;
    assert_eq!(foreign.code(), (400, "bad_cursor"));
}

#[tokio::test]
async fn values_that_the_engine_does_not_honour_are_refused() {
    let desk = Desk::new().await;
    let config = path("/routing-configs", &desk.by_key("/routing-configs", "chat").await);
    for (change, place, code) in [
        (json!({ "tier": 1 }), "/tier", "range"),
        (json!({ "order_mode": "strict" }), "/order_mode", "enum"),
        (json!({ "agent_model": "random" }), "/agent_model", "enum"),
        (json!({ "wrap_up": { "mode": "mandatory" } }), "/wrap_up/mode", "enum"),
        (json!({ "offer_timeout_ms": 5 }), "/offer_timeout_ms", "range"),
    ] {
        let refused = desk.at_version(Method::PATCH, &config, 1, Some(change)).await;
        assert_eq!((refused.code(), refused.first_error()), ((422, "invalid"), (place, code)));
    }
    let limits = path("/presence-configs", &desk.by_key("/presence-configs", "default").await);
    let both = desk.at_version(Method::PATCH, &limits, 1, Some(json!({ "auto_accept": true }))).await;
    assert_eq!((both.code(), both.first_error()), ((422, "invalid"), ("/auto_accept", "enum")));
    let queue = desk.by_key("/queues", "general").await;
    let circle = json!({ "on_full": { "action": "overflow", "queue_id": queue["id"] } });
    let refused = desk.at_version(Method::PATCH, &path("/queues", &queue), 1, Some(circle)).await;
    assert_eq!(refused.code(), (422, "overflow_cycle"));
    let system = desk.by_key("/presence-statuses", "offline").await;
    let refused = desk.at_version(Method::DELETE, &path("/presence-statuses", &system), 1, None).await;
    assert_eq!((refused.code(), &refused.body["by"]), ((409, "in_use"), &json!(["system"])));
}

#[tokio::test]
async fn a_queue_is_opened_and_closed_by_hand() {
    let desk = Desk::new().await;
    let queue = path("/queues", &desk.by_key("/queues", "general").await);
    let closed = desk.staff(Method::POST, &format!("{queue}/close"), Some(json!({ "reason": "drill" }))).await;
    assert_eq!((closed.status.as_u16(), &closed.body["state"]), (200, &json!("closed")), "{:?}", closed.body);
    let opened = desk.staff(Method::POST, &format!("{queue}/open"), None).await;
    assert_eq!((&opened.body["state"], &opened.body["version"]), (&json!("open"), &json!(3)));
    let nowhere = format!("/queues/{}/open", uuid::Uuid::nil());
    assert_eq!(desk.staff(Method::POST, &nowhere, None).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn a_document_is_applied_as_json_or_yaml_and_shown_in_both() {
    let desk = Desk::new().await;
    let yaml = "version: 1\nskills:\n  - key: french\n    kind: language\nqueues:\n  - key: sales\n    routing_config_id: chat\n    on_full: {action: reject}\n";
    let send = |query: &str| {
        let request = http::Request::post(format!("/api/v1/config/apply{query}"))
            .header(CONTENT_TYPE, "application/yaml")
            .header(COOKIE, &desk.cookie)
            .header("x-csrf-token", &desk.csrf)
            .body(axum::body::Body::from(yaml));
        desk.send(request.expect("a request"))
    };
    let rehearsed = send("?is_dry_run=true").await;
    assert_eq!(rehearsed.body["created"].as_array().map(Vec::len), Some(2), "{:?}", rehearsed.body);
    let applied = send("").await;
    assert_eq!(applied.body["created"][1]["key"], "sales");
    assert_eq!(applied.body["warnings"][0]["code"], "unstaffed_class");
    assert_eq!(applied.body["warnings"][0]["pointer"], "/queues/0");
    let again = send("").await;
    assert_eq!((&again.body["unchanged_count"], &again.body["created"]), (&json!(2), &json!([])));
    let shown = desk.staff(Method::GET, "/config", None).await;
    assert_eq!(shown.body["queues"][1]["routing_config_id"], "chat");
    let applied = desk.staff(Method::POST, "/config/apply", Some(shown.body)).await;
    assert_eq!((&applied.body["updated"], &applied.body["created"]), (&json!([]), &json!([])), "{:?}", applied.body);
    let wrong = json!({ "version": 1, "queues": [{ "key": "x", "routing_config_id": "nowhere" }] });
    let refused = desk.staff(Method::POST, "/config/apply", Some(wrong)).await;
    assert_eq!(refused.code(), (422, "config_invalid"));
    assert_eq!(refused.first_error(), ("/queues/0/routing_config_id", "unknown_reference"));
    let half = desk.with(Method::GET, "/config", ("accept", "application/yaml"), None).await;
    assert_eq!(half.headers[CONTENT_TYPE], "application/yaml");
}

#[tokio::test]
async fn agents_are_shown_with_their_queues_and_changed() {
    let desk = Desk::new().await;
    let queue = desk.by_key("/queues", "general").await;
    let agents = desk.staff(Method::GET, "/agents", None).await;
    let me = agents.body["items"][0].clone();
    assert_eq!(me["queue_ids"], json!([queue["id"]]));
    let bot = json!({ "key": "bot", "display_name": "Helper", "kind": "bot" });
    let bot = desk.staff(Method::POST, "/agents", Some(bot)).await;
    assert_eq!((bot.status.as_u16(), &bot.body["state"]), (201, &json!("active")), "{:?}", bot.body);
    let one = path("/agents", &bot.body);
    let skill = desk.staff(Method::POST, "/skills", Some(json!({ "key": "french" }))).await;
    let skills = json!({ "skills": [{ "skill_id": skill.body["id"], "level": 11 }] });
    let wrong = desk.staff(Method::PUT, &format!("{one}/skills"), Some(skills)).await;
    assert_eq!((wrong.code(), wrong.first_error()), ((422, "invalid"), ("/skills/0/level", "range")));
    let skills = json!({ "skills": [{ "skill_id": skill.body["id"], "level": 9 }] });
    let skilled = desk.staff(Method::PUT, &format!("{one}/skills"), Some(skills)).await;
    assert_eq!(skilled.body["skills"][0]["level"], 9, "{:?}", skilled.body);
    let queues = json!({ "queue_ids": [queue["id"]] });
    let member = desk.staff(Method::PUT, &format!("{one}/queues"), Some(queues)).await;
    assert_eq!(member.body["queue_ids"], json!([queue["id"]]));
    let by_queue = format!("/agents?queue_id={}", queue["id"].as_str().expect("an id"));
    let serving = desk.staff(Method::GET, &by_queue, None).await;
    assert_eq!(serving.body["items"].as_array().map(Vec::len), Some(2));
    let stale = desk.at_version(Method::PATCH, &one, 1, Some(json!({ "display_name": "X" }))).await;
    assert_eq!(stale.code(), (412, "version_conflict"));
    assert_eq!(desk.staff(Method::DELETE, &one, None).await.status, 204);
    assert_eq!(desk.staff(Method::GET, &one, None).await.body["state"], "inactive");
}

#[tokio::test]
async fn somebody_elses_presence_needs_a_reason() {
    let desk = Desk::new().await;
    let me = desk.staff(Method::GET, "/agents", None).await.body["items"][0].clone();
    let presence = format!("{}/presence", path("/agents", &me));
    let without = desk.staff(Method::PUT, &presence, Some(json!({ "status": "break" }))).await;
    assert_eq!(without.code(), (422, "reason_required"));
    let set = desk.staff(Method::PUT, &presence, Some(json!({ "status": "break", "reason": "lunch" }))).await;
    assert_eq!(set.status, 200, "{:?}", set.body);
    let out = format!("{}/force-logout", path("/agents", &me));
    assert_eq!(desk.staff(Method::POST, &out, Some(json!({}))).await.code(), (422, "reason_required"));
    let gone = desk.staff(Method::POST, &out, Some(json!({ "reason": "left" }))).await;
    assert_eq!((gone.status.as_u16(), &gone.body["session"]), (200, &json!("none")), "{:?}", gone.body);
    assert_eq!(desk.staff(Method::GET, "/session", None).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn work_from_outside_is_explained_and_has_its_history() {
    let desk = Desk::new().await;
    let queue = desk.by_key("/queues", "general").await;
    let body = json!({ "kind": "case", "routing_kind": "case", "queue_id": queue["id"], "external_id": "crm-1",
        "subject": { "type": "case", "id": "7", "title": "Refund", "url": "https://crm.example/7" } });
    let without = desk.staff(Method::POST, "/work-items", Some(body.clone())).await;
    assert_eq!(without.code(), (400, "idempotency_key_required"));
    let created = desk.post_work(body.clone()).await;
    assert_eq!((created.status.as_u16(), &created.body["state"]), (201, &json!("queued")), "{:?}", created.body);
    assert_eq!((&created.body["kind"], &created.body["subject"]["title"]), (&json!("case"), &json!("Refund")));
    assert_eq!(created.body["warnings"], json!([]));
    let again = desk.post_work(body).await;
    assert_eq!((again.code(), &again.body["existing_id"]), ((409, "already_exists"), &created.body["id"]));
    let one = path("/work-items", &created.body);
    let history = desk.staff(Method::GET, &format!("{one}/history"), None).await;
    let rows: Vec<i64> =
        history.body["items"].as_array().expect("rows").iter().filter_map(|step| step["row"].as_i64()).collect();
    assert_eq!(rows, [1, 2]);
    let why = desk.staff(Method::GET, &format!("{one}/explain"), None).await;
    assert_eq!((&why.body["state"], &why.body["position"]), (&json!("queued"), &json!(1)), "{:?}", why.body);
    assert_eq!(why.body["agents"][0]["first_failing"]["code"], "offline");
    let moved = desk.staff(Method::PATCH, &one, Some(json!({ "priority": 30 }))).await;
    assert_eq!(moved.body["priority"], 30);
    let by_queue = format!("/work-items?state=queued&queue_id={}", queue["id"].as_str().expect("an id"));
    assert_eq!(desk.staff(Method::GET, &by_queue, None).await.body["items"].as_array().map(Vec::len), Some(1));
    let cancel = format!("{one}/cancel");
    assert_eq!(desk.staff(Method::POST, &cancel, None).await.code(), (422, "reason_required"));
    let ended = desk.staff(Method::POST, &cancel, Some(json!({ "reason": "a test" }))).await;
    assert_eq!((&ended.body["state"], &ended.body["cancel_reason"]), (&json!("cancelled"), &json!("supervisor")));
    let late = desk.staff(Method::POST, &format!("{one}/resume"), None).await;
    assert_eq!((late.code(), &late.body["state"]), ((409, "work_item_state"), &json!("cancelled")));
}
