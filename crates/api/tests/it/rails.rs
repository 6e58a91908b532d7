//! What keeps calls in bounds: rates, repeated calls, versions, sizes, figures.

use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{Method, Request};
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::id_of;
use crate::desk::{Desk, Reply};

impl Desk {
    async fn keyed(&self, path: &str, key: &str, body: Value) -> Reply {
        let headers = [(COOKIE.as_str(), &*self.cookie), ("x-csrf-token", &*self.csrf), ("idempotency-key", key)];
        self.call(Method::POST, path, &headers, Some(body)).await
    }

    async fn teams(&self) -> usize {
        let reply = self.staff(Method::GET, "/teams", None).await;
        reply.body["items"].as_array().expect("teams").len()
    }
}

fn team(key: &str) -> Value {
    json!({ "key": key, "name": "T" })
}

#[tokio::test]
async fn a_repeated_call_takes_effect_once_and_is_answered_alike() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let first = desk.keyed("/teams", "k1", team("a")).await;
        let again = desk.keyed("/teams", "k1", team("a")).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
        assert_eq!(first.body, again.body);
        assert!(!first.headers.contains_key("idempotency-replayed"));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        let other = desk.keyed("/teams", "k1", team("b")).await;
        assert_eq!(other.code(), (422, "idempotency_mismatch"));
        assert_eq!(desk.keyed("/teams", "k2", team("b")).await.status, 201);
        assert_eq!(desk.teams().await, 2);
        let elsewhere = json!({ "key": "x", "name": { "en": "X" } });
        assert_eq!(desk.keyed("/roles", "k1", elsewhere).await.status, 201, "another path, another call");
        desk.world.clock.advance_ms(11 * 3_600_000);
        let later = desk.keyed("/teams", "k1", team("a")).await;
        assert_eq!(later.headers["idempotency-replayed"], "true", "{:?}", later.body);
    }
}

#[tokio::test]
async fn a_refusal_may_be_tried_again_under_the_same_key() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let id = id_of(&desk.keyed("/teams", "k1", team("a")).await);
        assert_eq!(desk.keyed("/teams", "k2", team("a")).await.code(), (409, "already_exists"));
        assert_eq!(desk.staff(Method::DELETE, &format!("/teams/{id}"), None).await.status, 204);
        assert_eq!(desk.keyed("/teams", "k2", team("a")).await.status, 201);
    }
}

#[tokio::test]
async fn calls_at_the_same_time_take_effect_once() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let calls = (0..8).map(|_| desk.keyed("/teams", "k1", team("a")));
        let replies = futures::future::join_all(calls).await;
        for reply in &replies {
            assert!([(201, ""), (409, "idempotency_in_progress")].contains(&reply.code()), "{:?}", reply.body);
        }
        assert_eq!(desk.teams().await, 1);
    }
}

#[tokio::test]
async fn a_secret_is_not_repeated_and_a_key_must_be_one() {
    let desk = Desk::new().await;
    let input = || json!({ "name": "x" });
    let first = desk.keyed("/api-tokens", "k1", input()).await;
    let again = desk.keyed("/api-tokens", "k1", input()).await;
    assert!(first.body["secret"].is_string());
    assert_eq!((&again.body["secret"], &again.body["id"]), (&Value::Null, &first.body["id"]));
    for key in ["", "mit leerzeichen", &"k".repeat(256)] {
        assert_eq!(desk.keyed("/teams", key, team("a")).await.code(), (400, "bad_header"), "{key:?}");
    }
}

#[tokio::test]
async fn keys_of_different_callers_do_not_meet() {
    let desk = Desk::new().await;
    let eva = desk.colleague("eva", &["admin"]).await;
    let headers = [(COOKIE.as_str(), &*eva.cookie), ("x-csrf-token", &*eva.csrf), ("idempotency-key", "k1")];
    assert_eq!(desk.keyed("/teams", "k1", team("a")).await.status, 201);
    let other = desk.call(Method::POST, "/teams", &headers, Some(team("b"))).await;
    assert_eq!(other.status, 201, "{:?}", other.body);
}

#[tokio::test]
async fn rates_are_announced_and_kept() {
    let desk = Desk::new().await;
    let (secret, _) = desk.token(&[("users.read", "organization")]).await;
    let first = desk.bearer(Method::GET, "/users", &secret, None).await;
    assert_eq!(first.headers["ratelimit-policy"], "\"token\";q=600;w=60");
    assert_eq!(first.headers["ratelimit"], "\"token\";r=599;t=60");
    for _ in 0..599 {
        desk.bearer(Method::GET, "/version", &secret, None).await;
    }
    let over = desk.bearer(Method::GET, "/users", &secret, None).await;
    assert_eq!(over.code(), (429, "rate_limited"));
    assert!(over.headers.contains_key("retry-after"));
    assert_eq!(desk.staff(Method::GET, "/users", None).await.status, 200, "others have a rate of their own");
    desk.world.clock.advance_ms(60_000);
    assert_eq!(desk.bearer(Method::GET, "/users", &secret, None).await.status, 200);
}

#[tokio::test]
async fn a_visitor_writes_as_often_as_people_do() {
    let desk = Desk::new().await;
    let (token, other) = (desk.visitor_token().await, desk.visitor_token().await);
    for n in 0..20 {
        assert_eq!(desk.write(&token, &format!("{n}")).await.status, 201);
    }
    let over = desk.write(&token, "más").await;
    assert_eq!(over.code(), (429, "rate_limited"));
    assert_eq!(desk.write(&other, "hola").await.status, 201);
    desk.world.clock.advance_ms(60_000);
    assert_eq!(desk.write(&token, "más").await.status, 201);
}

#[tokio::test]
async fn one_address_begins_so_many_visitor_sessions() {
    let desk = Desk::new().await;
    let path = format!("{}/sessions", desk.widget);
    let origin = [("origin", crate::desk::OWN_ORIGIN)];
    let open = |ip: &'static str| desk.from(ip, Method::POST, &path, &origin, json!({ "language": "es" }));
    for _ in 0..10 {
        assert_eq!(open("192.0.2.7").await.status, 201);
    }
    assert_eq!(open("192.0.2.7").await.code(), (429, "rate_limited"));
    assert_eq!(open("192.0.2.8").await.status, 201);
}

#[tokio::test]
async fn what_is_too_long_is_refused_by_its_name() {
    let desk = Desk::new().await;
    let uri = desk.call(Method::GET, &format!("/limits?{}", "a".repeat(9_000)), &[], None).await;
    assert_eq!((uri.code(), &uri.body["max_bytes"]), ((414, "uri_too_long"), &json!(8_192)));
    let headers = desk.call(Method::GET, "/limits", &[("x-a", &"a".repeat(33_000))], None).await;
    assert_eq!(headers.code(), (431, "headers_too_large"));
    let chunked = Request::post("/api/v1/session").header(CONTENT_TYPE, "application/json");
    let parts = futures::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024])));
    let reply = desk.send(chunked.body(Body::from_stream(parts)).expect("a request")).await;
    assert_eq!(reply.code(), (413, "body_too_large"), "also without a length");
}

#[tokio::test]
async fn every_limit_is_named() {
    let desk = Desk::new().await;
    let limits = desk.call(Method::GET, "/limits", &[], None).await;
    assert_eq!(limits.body["json_body_bytes"], 1_048_576);
    assert_eq!(limits.body["token_calls_per_min"], 600);
    assert_eq!(limits.body["visitor_messages_per_min"], 20);
    assert_eq!(limits.body.as_object().map(serde_json::Map::len), Some(app::limits::Limit::ALL.len()));
}

#[tokio::test]
async fn figures_are_shown_to_this_machine_and_to_tokens_that_may() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        desk.staff(Method::GET, "/users", None).await;
        let metrics = |builder: http::request::Builder| builder.uri("/metrics").body(Body::empty()).expect("a request");
        let strangers = desk.send(metrics(Request::get("/"))).await;
        assert_eq!(strangers.code(), (401, "unauthenticated"));
        let (poor, _) = desk.token(&[("users.read", "organization")]).await;
        let refused = desk.send(metrics(Request::get("/").header("authorization", format!("Bearer {poor}")))).await;
        assert_eq!(refused.code(), (403, "forbidden"));
        let (secret, _) = desk.token(&[("metrics.read", "organization")]).await;
        let text = desk.text(metrics(Request::get("/").header("authorization", format!("Bearer {secret}")))).await;
        for line in [
            "centralita_http_requests_total{route=\"GET /users\",status=\"200\"} 1",
            "centralita_sockets 0",
            "# TYPE centralita_store_commits_total counter",
            "centralita_safety_net_finds_total{organization=",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}

#[tokio::test]
async fn readiness_names_its_checks_and_tells_details_to_administrators() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let readyz = || Request::get("/readyz");
        let strangers = desk.send(readyz().body(Body::empty()).expect("a request")).await;
        let names = ["bus", "disk", "migrations", "router", "store"];
        let checks = strangers.body["checks"].as_object().expect("checks");
        assert_eq!(checks.keys().collect::<Vec<_>>(), names);
        assert!(checks.values().all(|word| word == "ok"), "{checks:?}");
        assert_eq!(strangers.body["details"], Value::Null);
        let admin = desk.send(readyz().header(COOKIE, &desk.cookie).body(Body::empty()).expect("a request")).await;
        assert!(admin.body["details"].is_object());
    }
}

impl Desk {
    async fn text(&self, request: Request<Body>) -> String {
        use tower::ServiceExt;
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("text")
    }
}
