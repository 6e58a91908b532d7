//! Each wrong call has its status, its code and its place.

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use http::{Method, Request};
use serde_json::json;

use crate::desk::{Desk, OWN_ORIGIN};

#[tokio::test]
async fn an_unknown_field_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let reply = desk.staff(Method::PUT, "/me/presence", Some(json!({ "status": "available", "sttaus": 1 }))).await;
    assert_eq!(reply.code(), (422, "unknown_field"));
    assert_eq!(reply.first_error(), ("/sttaus", "unknown_field"));
}

#[tokio::test]
async fn a_wrong_type_and_a_missing_value_are_refused_with_their_place() {
    let desk = Desk::new().await;
    let wrong = desk.staff(Method::PUT, "/me/presence", Some(json!({ "status": 7 }))).await;
    assert_eq!((wrong.code(), wrong.first_error()), ((422, "invalid"), ("/status", "type")));
    let missing = desk.staff(Method::PUT, "/me/presence", Some(json!({}))).await;
    assert_eq!((missing.code(), missing.first_error()), ((422, "invalid"), ("/status", "required")));
    let unknown = desk.staff(Method::PUT, "/me/presence", Some(json!({ "status": "nowhere" }))).await;
    assert_eq!((unknown.code(), unknown.first_error()), ((422, "invalid"), ("/status", "unknown_reference")));
}

#[tokio::test]
async fn an_unknown_parameter_is_refused() {
    let desk = Desk::new().await;
    let reply = desk.staff(Method::GET, "/conversations?list=mine&nope=1", None).await;
    assert_eq!((reply.code(), reply.first_error()), ((422, "unknown_field"), ("?nope", "unknown_field")));
    let word = desk.staff(Method::GET, "/conversations?list=yours", None).await;
    assert_eq!((word.code(), word.first_error()), ((422, "invalid"), ("?list", "enum")));
    let range = desk.staff(Method::GET, "/conversations?limit=201", None).await;
    assert_eq!((range.code(), range.first_error()), ((422, "invalid"), ("?limit", "range")));
    let cursor = desk.staff(Method::GET, "/conversations?after=xyz", None).await;
    assert_eq!(cursor.code(), (400, "bad_cursor"));
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_refused() {
    let desk = Desk::new().await;
    let body = json!({ "email": "a".repeat(1024 * 1024), "password": "b" });
    let reply = desk.call(Method::POST, "/session", &[], Some(body)).await;
    assert_eq!(reply.code(), (413, "body_too_large"));
    assert_eq!(reply.body["max_bytes"], 1024 * 1024);
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let desk = Desk::new().await;
    let request = |media: &str, text: &'static str| {
        let builder = Request::post("/api/v1/session").header(CONTENT_TYPE, media);
        builder.body(Body::from(text)).expect("a request")
    };
    assert_eq!(desk.send(request("application/json", "{")).await.code(), (400, "malformed_body"));
    assert_eq!(desk.send(request("text/plain", "{}")).await.code(), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn without_a_credential_nothing_is_told() {
    let desk = Desk::new().await;
    for path in ["/bootstrap", "/session", "/conversations", "/customers", "/me/offers", "/users", "/stream"] {
        assert_eq!(desk.call(Method::GET, path, &[], None).await.code(), (401, "unauthenticated"), "{path}");
    }
    let wrong = [(COOKIE.as_str(), "centralita=nonsense")];
    assert_eq!(desk.call(Method::GET, "/bootstrap", &wrong, None).await.code(), (401, "unauthenticated"));
    let bearer = [(AUTHORIZATION.as_str(), "Bearer ctk_x"), (COOKIE.as_str(), &*desk.cookie)];
    assert_eq!(desk.call(Method::GET, "/bootstrap", &bearer, None).await.code(), (401, "unauthenticated"));
    let two = [(AUTHORIZATION.as_str(), "Bearer ctk_x"), (AUTHORIZATION.as_str(), "Bearer ctk_y")];
    assert_eq!(desk.call(Method::GET, "/bootstrap", &two, None).await.code(), (400, "ambiguous_credentials"));
}

#[tokio::test]
async fn a_write_by_cookie_needs_the_token_of_its_session() {
    let desk = Desk::new().await;
    let body = || Some(json!({ "status": "available" }));
    let cookie = (COOKIE.as_str(), &*desk.cookie);
    let without = desk.call(Method::PUT, "/me/presence", &[cookie], body()).await;
    assert_eq!(without.code(), (403, "csrf_failed"));
    let wrong = desk.call(Method::PUT, "/me/presence", &[cookie, ("x-csrf-token", "x")], body()).await;
    assert_eq!(wrong.code(), (403, "csrf_failed"));
    let right = desk.call(Method::PUT, "/me/presence", &[cookie, ("x-csrf-token", &desk.csrf)], body()).await;
    assert_eq!(right.status, 200, "{:?}", right.body);
}

#[tokio::test]
async fn another_sites_page_cannot_write_or_sign_in() {
    let desk = Desk::new().await;
    let foreign = (ORIGIN.as_str(), "https://evil.example");
    let headers = [(COOKIE.as_str(), &*desk.cookie), ("x-csrf-token", &*desk.csrf), foreign];
    let write = desk.call(Method::PUT, "/me/presence", &headers, Some(json!({ "status": "available" }))).await;
    assert_eq!(write.code(), (403, "origin_forbidden"));
    let credentials = json!({ "email": "dani@pedales.example", "password": "una clave larga" });
    let sign_in = desk.call(Method::POST, "/session", &[foreign], Some(credentials)).await;
    assert_eq!(sign_in.code(), (403, "origin_forbidden"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_alike() {
    let desk = Desk::new().await;
    for (email, password) in
        [("dani@pedales.example", "otra clave larga"), ("nadie@pedales.example", "una clave larga")]
    {
        let body = json!({ "email": email, "password": password });
        let reply = desk.call(Method::POST, "/session", &[], Some(body)).await;
        assert_eq!(reply.code(), (401, "invalid_credentials"), "{email}");
    }
}

#[tokio::test]
async fn ids_of_others_behave_like_ids_that_do_not_exist() {
    let desk = Desk::new().await;
    let id = desk.world.ctx.new_id();
    for path in [
        format!("/conversations/{id}"),
        format!("/conversations/{id}/entries"),
        format!("/customers/{id}"),
        format!("/offers/{id}"),
        format!("/work-items/{id}"),
        "/conversations/4711".to_owned(),
        "/conversations/no-id".to_owned(),
        "/customers/no-id".to_owned(),
    ] {
        assert_eq!(desk.staff(Method::GET, &path, None).await.code(), (404, "not_found"), "{path}");
    }
    let message = json!({ "text": "hola", "seen_seq": 0 });
    let reply = desk.staff(Method::POST, &format!("/conversations/{id}/messages"), Some(message)).await;
    assert_eq!(reply.code(), (404, "not_found"));
}

#[tokio::test]
async fn every_refusal_is_a_problem_document_with_the_request_id() {
    let desk = Desk::new().await;
    for (method, path, status) in
        [(Method::GET, "/nothing", 404), (Method::DELETE, "/setup", 405), (Method::GET, "/session/", 404)]
    {
        let reply = desk.call(method, path, &[], None).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.headers[CONTENT_TYPE], "application/problem+json", "{path}");
        assert_eq!(reply.headers["x-request-id"].to_str().ok(), reply.body["request_id"].as_str(), "{path}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn set_up_happens_once() {
    let desk = Desk::new().await;
    let state = desk.call(Method::GET, "/setup", &[], None).await;
    assert_eq!(state.body["state"], "done");
    let again = json!({
        "token": "x", "organization_name": "Otra", "name": "Eva", "email": "eva@otra.example",
        "password": "una clave larga", "language": "es", "time_zone": "Europe/Madrid",
    });
    let reply = desk.call(Method::POST, "/setup", &[(ORIGIN.as_str(), OWN_ORIGIN)], Some(again)).await;
    assert_eq!(reply.code(), (409, "setup_done"));
}
