//! Finding things over HTTP.

use http::Method;
use serde_json::json;

use crate::desk::Desk;

#[tokio::test]
async fn what_was_said_is_found_with_its_place() {
    let desk = Desk::new().await;
    let token = desk.visitor_token().await;
    let posted = desk.write(&token, "¿Dónde está mi ENVÍO?").await;
    let found = desk.staff(Method::GET, "/search?q=envio&types=entries,conversations&limit=5", None).await;
    assert_eq!(found.status, 200, "{:?}", found.body);
    let groups = found.body["groups"].as_array().expect("groups");
    assert_eq!(groups.iter().map(|group| &group["type"]).collect::<Vec<_>>(), ["conversations", "entries"]);
    let hit = &groups[1]["items"][0];
    assert_eq!(hit["highlights"][0], json!({ "field": "text", "text": "¿Dónde está mi ENVÍO?", "ranges": [[15, 20]] }));
    assert_eq!(hit["resource"]["conversation_id"], posted.body["conversation"]["id"]);
    assert_eq!((&hit["resource"]["seq"], &groups[1]["has_more"]), (&json!(1), &json!(false)));
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let check = async |path: &str| {
        let reply = desk.staff(Method::GET, path, None).await;
        let (pointer, code) = reply.first_error();
        (reply.status.as_u16(), pointer.to_owned(), code.to_owned())
    };
    let refusal = |pointer: &str, code: &str| (422, pointer.to_owned(), code.to_owned());
    assert_eq!(check("/search").await, refusal("?q", "required"));
    assert_eq!(check("/search?q=a&types=weather").await, refusal("?types", "enum"));
    assert_eq!(check("/search?q=a&limit=0").await, refusal("?limit", "range"));
    assert_eq!(check(&format!("/search?q={}", "a".repeat(501))).await, refusal("?q", "length"));
    let nothing = desk.staff(Method::GET, "/search?q=%3F", None).await;
    assert_eq!(nothing.status, 200);
}
