//! Channels through the API: set up, secrets, versions, permissions.

use http::header::{COOKIE, ETAG, ORIGIN};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::desk::{Desk, OWN_ORIGIN, Reply};

const PASSWORD: &str = "contraseña-Trueno-7719";

fn config() -> Value {
    let server = json!({ "host": "127.0.0.1", "port": 9, "security": "none" });
    json!({ "address": "soporte@x.es", "imap": server, "smtp": server })
}

async fn made(desk: &Desk) -> Value {
    let body = json!({ "type": "email", "name": "Soporte", "key": "soporte", "config": config() });
    let reply = desk.staff(Method::POST, "/channels", Some(body)).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
    reply.body
}

async fn with_version(desk: &Desk, method: Method, path: &str, version: &str, body: Option<Value>) -> Reply {
    let headers = [
        (COOKIE.as_str(), &*desk.cookie),
        ("x-csrf-token", &*desk.csrf),
        (ORIGIN.as_str(), OWN_ORIGIN),
        ("if-match", version),
    ];
    desk.call(method, path, &headers, body).await
}

#[tokio::test]
async fn the_types_are_data() {
    let desk = Desk::new().await;
    let list = desk.staff(Method::GET, "/channel-types", None).await;
    let kinds: Vec<_> = list.body["items"].as_array().expect("a list").iter().map(|t| t["kind"].clone()).collect();
    assert_eq!(kinds, ["email", "web_chat"]);
    let email = desk.staff(Method::GET, "/channel-types/email", None).await.body;
    assert_eq!(email["config_schema"]["properties"]["imap_password"]["x-secret"], true);
    let steps = email["setup_steps"].as_array().expect("steps");
    assert!(steps.iter().all(|s| s["name"]["es"].is_string() && s["name"]["en"].is_string()));
    assert_eq!(desk.staff(Method::GET, "/channel-types/pigeon", None).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn a_channel_goes_from_draft_to_enabled_and_its_secrets_never_come_back() {
    let desk = Desk::new().await;
    let channel = made(&desk).await;
    assert_eq!((&channel["state"], &channel["secrets"]), (&json!("draft"), &json!({})));
    let path = format!("/channels/{}", channel["id"].as_str().expect("an id"));
    let early = desk.staff(Method::POST, &format!("{path}/enable"), None).await;
    assert_eq!((early.code(), early.first_error()), ((422, "config_invalid"), ("/secrets/imap_password", "required")));
    let secrets = json!({ "imap_password": PASSWORD });
    let set = desk.staff(Method::PUT, &format!("{path}/secrets"), Some(secrets)).await;
    assert_eq!((set.status, &set.body["state"]), (StatusCode::OK, &json!("ready")), "{:?}", set.body);
    let enabled = desk.staff(Method::POST, &format!("{path}/enable"), None).await;
    assert_eq!(enabled.body["state"], "enabled");
    let again = desk.staff(Method::POST, &format!("{path}/enable"), None).await;
    assert_eq!(again.body["version"], enabled.body["version"], "repeating it changes nothing");
    for path in [path.as_str(), "/channels", "/bootstrap", &format!("{path}/setup")] {
        let reply = desk.staff(Method::GET, path, None).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(!reply.body.to_string().contains(PASSWORD), "{path}");
    }
    let shown = desk.staff(Method::GET, &path, None).await;
    assert_eq!(shown.body["secrets"]["imap_password"]["is_set"], true);
    assert_eq!(shown.body["secrets"]["imap_password"]["last4"], Value::Null);
    assert_eq!(shown.headers[ETAG].to_str().expect("text"), format!("\"{}\"", shown.body["version"]));
    let disabled = desk.staff(Method::POST, &format!("{path}/disable"), Some(json!({ "is_draining": true }))).await;
    assert_eq!(disabled.body["state"], "disabled", "nothing waits, so nothing drains");
}

#[tokio::test]
async fn writes_name_their_version() {
    let desk = Desk::new().await;
    let channel = made(&desk).await;
    let path = format!("/channels/{}", channel["id"].as_str().expect("an id"));
    let change = || Some(json!({ "name": "Ventas", "config": { "name": "El equipo" } }));
    assert_eq!(desk.staff(Method::PATCH, &path, change()).await.code(), (428, "precondition_required"));
    assert_eq!(with_version(&desk, Method::PATCH, &path, "\"9\"", change()).await.code(), (412, "version_conflict"));
    let changed = with_version(&desk, Method::PATCH, &path, "\"1\"", change()).await;
    assert_eq!((&changed.body["name"], &changed.body["version"]), (&json!("Ventas"), &json!(2)));
    assert_eq!(changed.body["config"]["address"], "soporte@x.es", "a merge patch keeps the rest");
    assert_eq!(desk.staff(Method::DELETE, &path, None).await.code(), (428, "precondition_required"));
    assert_eq!(with_version(&desk, Method::DELETE, &path, "\"2\"", None).await.status, StatusCode::NO_CONTENT);
    let list = desk.staff(Method::GET, "/channels", None).await;
    assert!(list.body["items"].as_array().expect("a list").iter().all(|c| c["key"] != "soporte"));
}

#[tokio::test]
async fn each_wrong_value_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let cases = [
        (json!({ "type": "pigeon", "name": "a" }), ("/type", "enum")),
        (json!({ "type": "email", "name": " " }), ("/name", "length")),
        (json!({ "type": "email", "name": "a", "key": "A b" }), ("/key", "pattern")),
        (json!({ "type": "email", "name": "a", "config": { "imap": { "port": 0 } } }), ("/config/imap/port", "range")),
        (json!({ "type": "email", "name": "a", "config": { "pop": 1 } }), ("/config/pop", "unknown_field")),
        (
            json!({ "type": "email", "name": "a", "queue_id": "0190f6c1-0000-7000-8000-000000000001" }),
            ("/queue_id", "unknown_reference"),
        ),
    ];
    for (body, error) in cases {
        let reply = desk.staff(Method::POST, "/channels", Some(body.clone())).await;
        assert_eq!((reply.status.as_u16(), reply.first_error()), (422, error), "{body}");
    }
    let unknown = desk.staff(Method::POST, "/channels", Some(json!({ "type": "email", "name": "a", "x": 1 }))).await;
    assert_eq!(unknown.code(), (422, "unknown_field"));
    made(&desk).await;
    let twice =
        desk.staff(Method::POST, "/channels", Some(json!({ "type": "email", "name": "b", "key": "soporte" }))).await;
    assert_eq!(twice.code(), (409, "already_exists"));
    let other = "/channels/0190f6c1-0000-7000-8000-000000000001";
    assert_eq!(desk.staff(Method::GET, other, None).await.code(), (404, "not_found"));
    assert_eq!(desk.staff(Method::POST, &format!("{other}/enable"), None).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn guided_set_up_fills_checks_and_says_what_failed() {
    let desk = Desk::new().await;
    let body = json!({ "type": "email", "name": "Soporte" });
    let id = desk.staff(Method::POST, "/channels", Some(body)).await.body["id"].as_str().expect("an id").to_owned();
    let step = |name: &str| format!("/channels/{id}/setup/{name}");
    let post = |name: &'static str, inputs: Value| {
        let (desk, path) = (&desk, step(name));
        async move { desk.staff(Method::POST, &path, Some(json!({ "inputs": inputs }))).await }
    };
    let first = post("address", json!({ "address": "soporte@x.es" })).await;
    assert_eq!(first.body["items"][0]["state"], "done", "{:?}", first.body);
    assert_eq!(first.body["items"][1]["state"], "todo");
    let stranger = post("address", json!({ "imap.host": "x" })).await;
    assert_eq!(
        (stranger.code(), stranger.first_error()),
        ((422, "invalid"), ("/inputs/imap.host", "unknown_reference"))
    );
    // The discard port of this machine: nobody answers.
    let inputs =
        json!({ "imap.host": "127.0.0.1", "imap.port": 9, "imap.security": "none", "imap_password": PASSWORD });
    let imap = post("imap", inputs).await;
    assert_eq!(imap.body["items"][1]["state"], "done", "{:?}", imap.body);
    assert!(!imap.body.to_string().contains(PASSWORD));
    post("smtp", json!({ "smtp.host": "127.0.0.1", "smtp.port": 9, "smtp.security": "none" })).await;
    let checked = post("check", json!({})).await;
    assert_eq!(checked.code(), (422, "setup_step_failed"));
    assert_eq!(checked.body["error"]["code"], "connection_refused", "{:?}", checked.body);
    let steps = desk.staff(Method::GET, &format!("/channels/{id}/setup"), None).await;
    assert_eq!(steps.body["items"][3]["state"], "failed");
    assert!(steps.body["items"][3]["error"]["text"]["es"].is_string());
    let health = desk.staff(Method::POST, &format!("/channels/{id}/check"), None).await;
    assert_eq!((health.status, &health.body["state"]), (StatusCode::OK, &json!("down")));
    assert_eq!(post("nothing", json!({})).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn only_who_may_edit_channels_does() {
    let desk = Desk::new().await;
    let id = made(&desk).await["id"].as_str().expect("an id").to_owned();
    let invitation = json!({ "name": "Ana", "email": "ana@pedales.example", "role_ids": ["agent"] });
    let link =
        desk.staff(Method::POST, "/invitations", Some(invitation)).await.body["link"].as_str().map(str::to_owned);
    let token = link.expect("a link").split("token=").nth(1).expect("a token").to_owned();
    let body = json!({ "token": token, "name": "Ana", "password": "otra clave larga", "language": "es" });
    let ana = desk.call(Method::POST, "/invitations/accept", &[(ORIGIN.as_str(), OWN_ORIGIN)], Some(body)).await;
    let cookie = ana.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let csrf = ana.body["csrf_token"].as_str().expect("a token").to_owned();
    let as_ana = [(COOKIE.as_str(), cookie.as_str()), ("x-csrf-token", csrf.as_str()), (ORIGIN.as_str(), OWN_ORIGIN)];
    let calls = [
        (Method::POST, "/channels".to_owned(), Some(json!({ "type": "email", "name": "x" }))),
        (Method::PUT, format!("/channels/{id}/secrets"), Some(json!({ "imap_password": "x" }))),
        (Method::POST, format!("/channels/{id}/enable"), None),
        (Method::POST, format!("/channels/{id}/check"), None),
        (Method::GET, format!("/channels/{id}/setup"), None),
        (Method::GET, "/dead-letters".to_owned(), None),
    ];
    for (method, path, body) in calls {
        let reply = desk.call(method.clone(), &path, &as_ana, body).await;
        assert_eq!(reply.code(), (403, "forbidden"), "{method} {path}");
    }
}
