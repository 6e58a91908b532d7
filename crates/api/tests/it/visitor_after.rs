//! What visitors may ask for beside the conversation, as it stands on the wire.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::desk::Desk;

/// A visitor with a conversation.
async fn chatting(desk: &Desk) -> (String, String) {
    let token = desk.visitor_token().await;
    let posted = desk.write(&token, "hola").await;
    (token, posted.body["conversation"]["id"].as_str().expect("an id").to_owned())
}

/// A mail channel that runs; what it sends goes nowhere.
async fn with_mail(desk: &Desk) {
    let channel = json!({ "type": "email", "name": "Soporte", "config": {
        "address": "soporte@x.es", "imap": { "host": "127.0.0.1", "port": 1, "security": "none" },
        "smtp": { "host": "127.0.0.1", "port": 1, "security": "none" } } });
    let made = desk.staff(Method::POST, "/channels", Some(channel)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    let path = format!("/channels/{}", made.body["id"].as_str().expect("an id"));
    let secrets = json!({ "imap_password": "contraseña-Trueno-7719" });
    let set = desk.staff(Method::PUT, &format!("{path}/secrets"), Some(secrets)).await;
    assert!(set.status.is_success(), "{:?}", set.body);
    let enabled = desk.staff(Method::POST, &format!("{path}/enable"), Some(json!({}))).await;
    assert_eq!(enabled.status, StatusCode::OK, "{:?}", enabled.body);
}

async fn events(desk: &Desk, id: &str) -> Vec<Value> {
    let page = desk.staff(Method::GET, &format!("/conversations/{id}/entries?kinds=event"), None).await;
    page.body["items"].as_array().cloned().unwrap_or_else(|| panic!("{:?}", page.body))
}

#[tokio::test]
async fn without_a_mail_channel_the_features_are_off_and_the_calls_say_why() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let (token, id) = chatting(&desk).await;
        let config = desk.visitor(Method::GET, "/config", None, None).await;
        let features = &config.body["features"];
        assert_eq!((&features["transcript"], &features["notify"]), (&json!(false), &json!(false)), "{engine:?}");
        let email = || Some(json!({ "email": "eva@example.com" }));
        let path = format!("/conversations/{id}");
        let transcript = desk.visitor(Method::POST, &format!("{path}/transcript"), Some(&token), email()).await;
        assert_eq!(transcript.code(), (409, "no_mail_channel"));
        let notify = desk.visitor(Method::PUT, &format!("{path}/notify"), Some(&token), email()).await;
        assert_eq!(notify.code(), (409, "no_mail_channel"));
        let staff = desk.staff(Method::POST, &format!("{path}/transcript"), email()).await;
        assert_eq!(staff.code(), (409, "no_mail_channel"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_transcript_is_taken_on_and_shows_in_the_timeline_of_staff_alone() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        with_mail(&desk).await;
        let config = desk.visitor(Method::GET, "/config", None, None).await;
        assert_eq!(config.body["features"]["transcript"], true, "{engine:?}");
        let (token, id) = chatting(&desk).await;
        let path = format!("/conversations/{id}/transcript");
        let wrong = desk.visitor(Method::POST, &path, Some(&token), Some(json!({ "email": "eva" }))).await;
        assert_eq!((wrong.code(), wrong.first_error()), ((422, "invalid"), ("/email", "format")));
        let more = json!({ "email": "eva@example.com", "bcc": "x@y.z" });
        let unknown = desk.visitor(Method::POST, &path, Some(&token), Some(more)).await;
        assert_eq!(unknown.code(), (422, "unknown_field"));
        let sent = desk.visitor(Method::POST, &path, Some(&token), Some(json!({ "email": "eva@example.com" }))).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT, "{:?}", sent.body);
        let staff = json!({ "email": "jefa@example.com", "format": "text" });
        let copy = desk.staff(Method::POST, &path, Some(staff)).await;
        assert_eq!((copy.status, &copy.body["kind"]), (StatusCode::CREATED, &json!("event")), "{:?}", copy.body);
        let events = events(&desk, &id).await;
        let kinds: Vec<_> = events.iter().map(|e| (&e["body"]["type"], &e["body"]["data"]["to"])).collect();
        let kind = json!("transcript.sent");
        assert_eq!(kinds, [(&kind, &json!("jefa@example.com")), (&kind, &json!("eva@example.com"))], "{engine:?}");
        let seen = desk.visitor(Method::GET, &format!("/conversations/{id}/messages"), Some(&token), None).await;
        assert_eq!(seen.body["items"].as_array().map(Vec::len), Some(1));
        let stranger = desk.visitor_token().await;
        let theirs = desk.visitor(Method::POST, &path, Some(&stranger), Some(json!({ "email": "a@b.c" }))).await;
        assert_eq!(theirs.code(), (404, "not_found"), "{engine:?}");
    }
}

#[tokio::test]
async fn staff_name_one_address_and_a_format_that_is_known() {
    let desk = Desk::new().await;
    with_mail(&desk).await;
    let (_, id) = chatting(&desk).await;
    let path = format!("/conversations/{id}/transcript");
    let post = |body: Value| desk.staff(Method::POST, &path, Some(body));
    assert_eq!(post(json!({})).await.first_error(), ("/email", "required"));
    let both = json!({ "email": "a@b.c", "to_identity_id": "7b0d9a52-0000-4000-8000-000000000001" });
    assert_eq!(post(both).await.first_error(), ("/email", "duplicate"));
    let unknown = json!({ "to_identity_id": "7b0d9a52-0000-4000-8000-000000000001" });
    assert_eq!(post(unknown).await.first_error(), ("/to_identity_id", "unknown_reference"));
    assert_eq!(post(json!({ "email": "a@b.c", "format": "pdf" })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn word_of_answers_is_asked_for_by_mail_and_by_no_phone() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        with_mail(&desk).await;
        let (token, id) = chatting(&desk).await;
        let path = format!("/conversations/{id}/notify");
        let put = |body: Value| desk.visitor(Method::PUT, &path, Some(&token), Some(body));
        let phone = put(json!({ "phone": "+34 600 000 000" })).await;
        assert_eq!((phone.code(), &phone.body["feature"]), ((422, "capability_unsupported"), &json!("phone")));
        assert_eq!(put(json!({})).await.first_error(), ("/email", "required"));
        let asked = put(json!({ "email": "eva@example.com" })).await;
        assert_eq!((asked.status, &asked.body), (StatusCode::OK, &json!({ "state": "pending" })), "{engine:?}");
        assert_eq!(events(&desk, &id).await[0]["body"]["type"], "notify.asked");
    }
}

#[tokio::test]
async fn a_rating_is_shown_to_both_sides() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let (token, id) = chatting(&desk).await;
        let path = format!("/conversations/{id}/rating");
        let post = |body: Value| desk.visitor(Method::POST, &path, Some(&token), Some(body));
        assert_eq!(post(json!({ "stars": 0 })).await.first_error(), ("/stars", "range"));
        let given = post(json!({ "stars": 4, "comment": "bien" })).await;
        assert_eq!((given.status, &given.body["stars"]), (StatusCode::OK, &json!(4)), "{:?}", given.body);
        let event = &events(&desk, &id).await[0];
        assert_eq!(event["body"]["data"], json!({ "stars": 4, "comment": "bien" }), "{engine:?}");
        assert!(event["interaction_id"].is_string());
    }
}

#[tokio::test]
async fn marks_of_an_answer_come_as_a_tree_and_those_of_a_visitor_as_they_are() {
    let desk = Desk::new().await;
    let token = desk.visitor_token().await;
    let posted = desk.write(&token, "**hola**").await;
    assert_eq!(posted.body["message"]["blocks"], json!([]));
    let id = posted.body["conversation"]["id"].as_str().expect("an id").to_owned();
    let answer = json!({ "text": "Son **dos**: [mira](https://x.es)", "is_forced": true });
    let sent = desk.staff(Method::POST, &format!("/conversations/{id}/messages"), Some(answer)).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{:?}", sent.body);
    let seen = desk.visitor(Method::GET, &format!("/conversations/{id}/messages"), Some(&token), None).await;
    let expected = json!([{ "type": "rich", "nodes":
        ["Son ", ["b", 0, "dos"], ": ", ["a", "https://x.es", "mira"]] }]);
    assert_eq!(seen.body["items"][0]["blocks"], expected);
}
