//! Hostile input on every operation of the document: it is refused with a code of ours, never with a failure.

use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use http::{Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Desk, OWN_ORIGIN, Reply};
use crate::generated::{Operation, kind, operations};

/// Everything an attacker with the best credentials can reach.
struct Attack {
    desk: Desk,
    visitor: String,
    calls: std::cell::Cell<u32>,
}

impl Attack {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let visitor = format!("Bearer {}", desk.visitor_token().await);
        Self { desk, visitor, calls: std::cell::Cell::new(0) }
    }

    fn headers(&self, operation: &Operation) -> Vec<(&str, &str)> {
        if operation.is_of_visitors() {
            return vec![(ORIGIN.as_str(), OWN_ORIGIN), ("authorization", &self.visitor)];
        }
        vec![
            (COOKIE.as_str(), &self.desk.cookie),
            ("x-csrf-token", &self.desk.csrf),
            (ORIGIN.as_str(), OWN_ORIGIN),
            ("if-match", "\"1\""),
        ]
    }

    async fn call(&self, operation: &Operation, path: &str, body: Option<Value>) -> Reply {
        self.rest();
        let reply = self.desk.call(operation.method.clone(), path, &self.headers(operation), body).await;
        assert!(reply.status.as_u16() < 500, "{} answered {:?}", operation.name(), reply.body);
        reply
    }

    /// Rates are another test's concern: time goes on between calls.
    fn rest(&self) {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get().is_multiple_of(8) {
            self.desk.world.clock.advance_ms(60_000);
        }
    }

    async fn raw(&self, operation: &Operation, path: &str, media: &str, body: Vec<u8>) -> Reply {
        self.rest();
        let mut request = Request::builder().method(operation.method.clone()).uri(format!("/api/v1{path}"));
        for (name, value) in self.headers(operation) {
            request = request.header(name, value);
        }
        self.desk.send(request.header(CONTENT_TYPE, media).body(Body::from(body)).expect("a request")).await
    }
}

/// What ends the session, or set-up, is tried by tests of its own.
fn spares_the_session(operation: &Operation) -> bool {
    let ends = ["DELETE /session", "DELETE /sessions", "POST /widget/{key}/sign-out"];
    !ends.contains(&operation.name().as_str())
}

fn all() -> Vec<Operation> {
    operations().into_iter().filter(spares_the_session).collect()
}

fn ids_nobody_has() -> [String; 6] {
    [
        Uuid::from_u128(7).to_string(),
        Uuid::nil().to_string(),
        "no-id".to_owned(),
        "%00".to_owned(),
        "..%2f..%2fetc%2fpasswd".to_owned(),
        "9".repeat(40),
    ]
}

#[tokio::test]
async fn ids_that_nobody_has_are_not_found() {
    let attack = Attack::new().await;
    for operation in all().iter().filter(|operation| operation.has_id()) {
        for id in ids_nobody_has() {
            let path = operation.at(&id, &attack.desk.widget);
            let reply = attack.call(operation, &path, operation.filled()).await;
            assert!(
                reply.status.is_client_error() || is_harmless(operation),
                "{} {id}: {:?}",
                operation.name(),
                reply.body
            );
            if operation.method == Method::GET && !operation.path.ends_with("{mode}") {
                assert_eq!(reply.code(), (404, "not_found"), "{} {id}", operation.name());
            }
        }
    }
}

/// Whether a wrong value was refused; an id that nobody has may be told first.
fn is_refused(operation: &Operation, reply: &Reply) -> bool {
    reply.status == 422 || (operation.has_id() && reply.status.is_client_error())
}

/// Deleting what is not there leaves it not there.
fn is_harmless(operation: &Operation) -> bool {
    operation.method == Method::DELETE
}

#[tokio::test]
async fn unknown_fields_and_parameters_are_refused() {
    let attack = Attack::new().await;
    for operation in &all() {
        let path = operation.at(&Uuid::from_u128(7).to_string(), &attack.desk.widget);
        let joint = if path.contains('?') { '&' } else { '?' };
        let query = attack.call(operation, &format!("{path}{joint}nope=1"), operation.filled()).await;
        assert_eq!(query.code(), (422, "unknown_field"), "{} with a parameter", operation.name());
        let Some(mut body) = operation.filled() else { continue };
        body["nope"] = json!(1);
        let reply = attack.call(operation, &path, Some(body)).await;
        assert!(is_refused(operation, &reply), "{} with a field: {:?}", operation.name(), reply.body);
    }
}

#[tokio::test]
async fn values_of_the_wrong_type_are_refused() {
    let attack = Attack::new().await;
    for operation in &all() {
        let path = operation.at(&Uuid::from_u128(7).to_string(), &attack.desk.widget);
        for (name, schema) in operation.fields() {
            for wrong in [json!({ "a": [1] }), json!([[[]]]), json!("\u{202e}x"), json!(-1), json!(1e300), json!(true)]
            {
                let mut body = operation.filled().expect("it has fields");
                body[&name] = wrong.clone();
                let reply = attack.call(operation, &path, Some(body)).await;
                let is_wrong = wrong.is_object() && ["string", "integer", "boolean", "array"].contains(&kind(&schema));
                assert!(!is_wrong || is_refused(operation, &reply), "{} {name}: {:?}", operation.name(), reply.body);
            }
        }
        for body in [json!([]), json!("x"), json!(7), Value::Null] {
            if operation.body.is_some() {
                let reply = attack.call(operation, &path, Some(body)).await;
                assert!(reply.status.is_client_error(), "{}: {:?}", operation.name(), reply.body);
            }
        }
    }
}

#[tokio::test]
async fn a_nul_is_refused_in_every_text() {
    let attack = Attack::new().await;
    for operation in &all() {
        let path = operation.at(&Uuid::from_u128(7).to_string(), &attack.desk.widget);
        for (name, schema) in operation.fields() {
            if kind(&schema) == "string" {
                let mut body = operation.filled().expect("it has fields");
                body[&name] = json!("a\u{0}b");
                let reply = attack.call(operation, &path, Some(body)).await;
                assert!(is_refused(operation, &reply), "{} {name}: {:?}", operation.name(), reply.body);
            }
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_or_too_large_are_refused() {
    let attack = Attack::new().await;
    for operation in all().iter().filter(|operation| operation.body.is_some()) {
        let path = operation.at(&Uuid::from_u128(7).to_string(), &attack.desk.widget);
        let json = "application/json";
        let large = attack.raw(operation, &path, json, vec![b' '; 1024 * 1024 + 1]).await;
        assert_eq!(large.code(), (413, "body_too_large"), "{}", operation.name());
        let broken = attack.raw(operation, &path, json, b"{\"a\":".to_vec()).await;
        assert_eq!(broken.code(), (400, "malformed_body"), "{}", operation.name());
        let text = attack.raw(operation, &path, "text/plain", b"{}".to_vec()).await;
        assert_eq!(text.code(), (415, "unsupported_media_type"), "{}", operation.name());
        let bytes = attack.raw(operation, &path, json, vec![0xff, 0xfe, 0x00]).await;
        assert_eq!(bytes.code(), (400, "malformed_body"), "{}", operation.name());
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let deep = attack.raw(operation, &path, json, deep.into_bytes()).await;
        assert!(deep.status.is_client_error(), "{}", operation.name());
    }
}

#[tokio::test]
async fn forged_credentials_open_nothing() {
    let desk = Desk::new().await;
    let forged = ["Bearer ctk_forged", "Bearer ctv_forged", "Bearer ctc_forged", "Basic YTpi", "Bearer", "x"];
    for operation in all().iter().filter(|operation| !operation.is_of_visitors()) {
        let path = operation.at(&Uuid::from_u128(7).to_string(), &desk.widget);
        if crate::matrix::is_open(operation) {
            continue;
        }
        for value in forged {
            let headers = [("authorization", value), (COOKIE.as_str(), &*desk.cookie)];
            let reply = desk.call(operation.method.clone(), &path, &headers, operation.filled()).await;
            assert_eq!(reply.code(), (401, "unauthenticated"), "{} {value}", operation.name());
        }
    }
}

/// Ids of everything the first organization has.
async fn ids_of_the_first(desk: &Desk) -> Vec<String> {
    let token = desk.visitor_token().await;
    desk.write(&token, "hola").await;
    desk.staff(Method::POST, "/teams", Some(json!({ "key": "t", "name": "T" }))).await;
    desk.staff(Method::POST, "/roles", Some(json!({ "key": "r", "name": { "en": "R" } }))).await;
    desk.token(&[]).await;
    let mut ids = Vec::new();
    for operation in operations().iter().filter(|o| o.method == Method::GET && !o.has_id() && !o.is_of_visitors()) {
        let reply = desk.staff(Method::GET, &operation.at("", &desk.widget), None).await;
        for row in reply.body["items"].as_array().into_iter().flatten() {
            ids.extend(row["id"].as_str().map(str::to_owned));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > 15, "users, roles, teams, tokens, queues, statuses, conversations …: {}", ids.len());
    ids
}

#[tokio::test]
async fn another_organizations_ids_do_not_exist() {
    for engine in testkit::stores::BOTH {
        let desk = Desk::on(engine).await;
        let ids = ids_of_the_first(&desk).await;
        let other = desk.world.found_another().await;
        let cookie = format!("centralita={}", other.token);
        let headers = [
            (COOKIE.as_str(), &*cookie),
            ("x-csrf-token", &*other.session.csrf_token),
            (ORIGIN.as_str(), OWN_ORIGIN),
            ("if-match", "\"1\""),
        ];
        let mut calls = 0;
        for operation in all().iter().filter(|operation| operation.has_id() && !operation.is_of_visitors()) {
            for id in &ids {
                calls += 1;
                if calls % 500 == 0 {
                    desk.world.clock.advance_ms(60_000);
                }
                let path = operation.at(id, &desk.widget);
                let reply = desk.call(operation.method.clone(), &path, &headers, operation.filled()).await;
                let is_hidden = reply.status == 404 || reply.status == 422 || is_harmless(operation);
                assert!(is_hidden, "{} {id}: {} {:?}", operation.name(), reply.status, reply.body);
            }
        }
        let still: Vec<String> = ids_of_the_first(&desk).await;
        assert!(ids.iter().all(|id| still.contains(id)), "nothing of the first organization is gone");
    }
}
