//! The widget's calls: who may make them, and what they never show.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};
use http::{Method, StatusCode};
use serde_json::json;

use crate::desk::{Desk, OWN_ORIGIN};

#[tokio::test]
async fn only_allowed_origins_may_use_a_widget() {
    let desk = Desk::new().await;
    let path = format!("{}/sessions", desk.widget);
    let body = || Some(json!({ "language": "es" }));
    let foreign = desk.call(Method::POST, &path, &[(ORIGIN.as_str(), "https://evil.example")], body()).await;
    assert_eq!(foreign.code(), (403, "origin_forbidden"));
    assert!(!foreign.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    let nobody = desk.call(Method::POST, &path, &[], body()).await;
    assert_eq!(nobody.code(), (403, "origin_forbidden"));
    let own = desk.call(Method::POST, &path, &[(ORIGIN.as_str(), OWN_ORIGIN)], body()).await;
    assert_eq!(own.status, StatusCode::CREATED);
    assert_eq!(own.headers[ACCESS_CONTROL_ALLOW_ORIGIN], OWN_ORIGIN);
}

#[tokio::test]
async fn a_preflight_is_answered_for_allowed_origins_only() {
    let desk = Desk::new().await;
    let path = format!("{}/messages", desk.widget);
    let own = desk.call(Method::OPTIONS, &path, &[(ORIGIN.as_str(), OWN_ORIGIN)], None).await;
    assert_eq!(own.status, StatusCode::NO_CONTENT);
    assert_eq!(own.headers["access-control-allow-headers"], "authorization, content-type, idempotency-key");
    assert!(!own.headers.contains_key("access-control-allow-credentials"));
    let foreign = desk.call(Method::OPTIONS, &path, &[(ORIGIN.as_str(), "https://evil.example")], None).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_message_is_stored_once_for_each_client_id() {
    let desk = Desk::new().await;
    let token = desk.visitor_token().await;
    let message =
        |text: &str| Some(json!({ "client_message_id": "7b0d9a52-0000-4000-8000-000000000001", "text": text }));
    let first = desk.visitor(Method::POST, "/messages", Some(&token), message("hola")).await;
    let again = desk.visitor(Method::POST, "/messages", Some(&token), message("hola")).await;
    let other = desk.visitor(Method::POST, "/messages", Some(&token), message("adiós")).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.body["message"]["id"], again.body["message"]["id"]);
    assert_eq!(other.code(), (422, "idempotency_mismatch"));
}

#[tokio::test]
async fn a_visitor_sees_only_their_own_and_never_a_note() {
    let desk = Desk::new().await;
    let (token, stranger) = (desk.visitor_token().await, desk.visitor_token().await);
    let posted = desk.write(&token, "hola").await;
    let id = posted.body["conversation"]["id"].as_str().expect("an id").to_owned();
    let note = json!({ "text": "cuidado con este", "mentions": [] });
    let noted = desk.staff(Method::POST, &format!("/conversations/{id}/notes"), Some(note)).await;
    assert_eq!(noted.status, StatusCode::CREATED, "{:?}", noted.body);
    let path = format!("/conversations/{id}/messages");
    let own = desk.visitor(Method::GET, &path, Some(&token), None).await;
    assert_eq!(own.body["items"].as_array().map(Vec::len), Some(1));
    assert!(!own.body.to_string().contains("cuidado"));
    assert_eq!(desk.visitor(Method::GET, &path, Some(&stranger), None).await.code(), (404, "not_found"));
    assert_eq!(desk.visitor(Method::GET, &path, None, None).await.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_begins_anew() {
    let desk = Desk::new().await;
    let body = json!({ "language": "es", "visitor_token": "ctv_old" });
    let reply = desk.visitor(Method::POST, "/sessions", None, Some(body)).await;
    assert_eq!((reply.status, &reply.body["was_reset"]), (StatusCode::CREATED, &json!(true)));
    let token = reply.body["visitor_token"].as_str().expect("a token");
    let body = json!({ "language": "es", "visitor_token": token });
    let resumed = desk.visitor(Method::POST, "/sessions", None, Some(body)).await;
    assert_eq!((resumed.status, &resumed.body["was_reset"]), (StatusCode::OK, &json!(false)));
}

#[tokio::test]
async fn the_configuration_is_not_sent_twice() {
    let desk = Desk::new().await;
    let first = desk.visitor(Method::GET, "/config", None, None).await;
    let tag = first.headers["etag"].to_str().expect("text").to_owned();
    let path = format!("{}/config", desk.widget);
    let again = desk.call(Method::GET, &path, &[("if-none-match", &tag)], None).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let unknown = desk.call(Method::GET, "/widget/nothing/config", &[], None).await;
    assert_eq!(unknown.code(), (404, "not_found"));
}
