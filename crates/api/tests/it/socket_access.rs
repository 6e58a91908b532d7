//! Sockets of tokens, and what ends or changes a socket that is open.

use http::Method;
use serde_json::json;
use testkit::stores::BOTH;
use tokio_tungstenite::tungstenite::Error;

use crate::cast::Colleague;
use crate::desk::{Desk, OWN_ORIGIN};
use crate::sockets::{Socket, serve, staff, visitor};

const PROTOCOL: &str = "centralita.v1";

async fn of(person: &Colleague, at: std::net::SocketAddr, topics: &[&str]) -> Socket {
    let headers = [("cookie", &*person.cookie), ("origin", OWN_ORIGIN)];
    let mut socket = Socket::open(at, "/stream", PROTOCOL, &headers).await.expect("it opens");
    socket.say(json!({ "op": "start", "topics": topics })).await;
    socket.hear(|frame| frame["op"] == "hello").await;
    socket
}

#[tokio::test]
async fn a_token_opens_a_socket_by_header_or_first_frame() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let (secret, id) = desk.token(&[("events.read", "organization"), ("users.read", "organization")]).await;
    let bearer = format!("Bearer {secret}");
    let mut by_header = Socket::open(at, "/stream", PROTOCOL, &[("authorization", &bearer)]).await.expect("it opens");
    let mut by_frame = Socket::open(at, "/stream", PROTOCOL, &[]).await.expect("it opens");
    by_frame.say(json!({ "op": "auth", "token": secret })).await;
    for socket in [&mut by_header, &mut by_frame] {
        socket.say(json!({ "op": "start", "topics": ["org"] })).await;
        socket.hear(|frame| frame["op"] == "hello").await;
    }
    desk.staff(Method::POST, "/teams", Some(json!({ "key": "t", "name": "T" }))).await;
    by_header.event("team.updated").await;
    by_frame.event("team.updated").await;
    assert_eq!(desk.staff(Method::DELETE, &format!("/api-tokens/{id}"), None).await.status, 204);
    assert_eq!((by_header.closed().await, by_frame.closed().await), (4410, 4410));
}

#[tokio::test]
async fn a_wrong_token_opens_nothing() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let refused = Socket::open(at, "/stream", PROTOCOL, &[("authorization", "Bearer ctk_forged")]).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 401));
    let mut socket = Socket::open(at, "/stream", PROTOCOL, &[]).await.expect("it waits for a token");
    socket.say(json!({ "op": "auth", "token": "ctk_forged" })).await;
    assert_eq!(socket.closed().await, 4401);
    let mut socket = Socket::open(at, "/stream", PROTOCOL, &[]).await.expect("it waits for a token");
    socket.say(json!({ "op": "start", "topics": [] })).await;
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn a_revoked_session_is_cut_and_a_disabled_user_too() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let at = serve(&desk).await;
        let (eva, ivo) = (desk.colleague("eva", &["agent"]).await, desk.colleague("ivo", &["agent"]).await);
        let (mut first, mut second) = (of(&eva, at, &[]).await, of(&ivo, at, &[]).await);
        let rows = desk.staff(Method::GET, &format!("/sessions?user_id={}", eva.id), None).await;
        let path = format!("/sessions/{}", rows.body["items"][0]["id"].as_str().expect("an id"));
        let since = std::time::Instant::now();
        assert_eq!(desk.staff(Method::DELETE, &path, None).await.status, 204);
        assert_eq!(first.closed().await, 4410);
        desk.staff(Method::POST, &format!("/users/{}/disable", ivo.id), None).await;
        assert_eq!(second.closed().await, 4410);
        assert!(since.elapsed() < std::time::Duration::from_secs(10), "it is cut, not timed out");
    }
}

#[tokio::test]
async fn changed_rights_reach_an_open_socket() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let at = serve(&desk).await;
        let eva = desk.colleague("eva", &["agent"]).await;
        let mut socket = of(&eva, at, &["inbox"]).await;
        let role = json!({ "key": "reader", "name": { "es": "x" },
            "grants": [{ "permission": "events.read", "scope": "organization" }] });
        let role = crate::cast::id_of(&desk.staff(Method::POST, "/roles", Some(role)).await);
        let change = json!({ "role_ids": ["agent", role] });
        assert_eq!(desk.staff(Method::PATCH, &format!("/users/{}", eva.id), Some(change)).await.status, 200);
        let told = socket.hear(|frame| frame["op"] == "resync").await;
        assert_eq!((&told["reason"], &told["topics"]), (&json!("permissions_changed"), &json!(["me", "inbox"])));
        socket.say(json!({ "op": "subscribe", "topics": ["org"], "ref": 1 })).await;
        let ack = socket.hear(|frame| frame["op"] == "ack").await;
        assert_eq!(ack["refused"], json!([]), "the new right holds");
    }
}

#[tokio::test]
async fn a_further_socket_closes_the_oldest() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let mut first = staff(&desk, at, json!({ "op": "start" })).await;
    let mut others = Vec::new();
    for _ in 0..10 {
        others.push(staff(&desk, at, json!({ "op": "start" })).await);
    }
    assert_eq!(first.closed().await, 4429);
    let token = desk.visitor_token().await;
    let mut oldest = visitor(&desk, at, &token).await;
    let mut rest = Vec::new();
    for _ in 0..3 {
        rest.push(visitor(&desk, at, &token).await);
    }
    assert_eq!(oldest.closed().await, 4429);
}

#[tokio::test]
async fn too_many_frames_close_a_socket() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let mut socket = staff(&desk, at, json!({ "op": "start" })).await;
    for _ in 0..30 {
        socket.say(json!({ "op": "pong" })).await;
    }
    assert_eq!(socket.closed().await, 4429);
}

#[tokio::test]
async fn a_bot_takes_work_by_its_token() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let at = serve(&desk).await;
        let bot = json!({ "display_name": "Bot", "kind": "bot", "queue_ids": ["general"] });
        let bot = crate::cast::id_of(&desk.staff(Method::POST, "/agents", Some(bot)).await);
        let grants = [
            ("offers.answer", "own"),
            ("presence.set_own", "own"),
            ("conversations.read", "queue"),
            ("conversations.reply", "queue"),
            ("work.read", "queue"),
        ];
        let grants = grants.map(|(permission, scope)| json!({ "permission": permission, "scope": scope }));
        let token = json!({ "name": "Bot", "agent_id": bot, "grants": grants });
        let made = desk.staff(Method::POST, "/api-tokens", Some(token)).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let secret = made.body["secret"].as_str().expect("a secret").to_owned();
        let bearer = format!("Bearer {secret}");
        let mut socket = Socket::open(at, "/stream", PROTOCOL, &[("authorization", &bearer)]).await.expect("it opens");
        socket.say(json!({ "op": "start", "topics": [], "routable": true })).await;
        let hello = socket.hear(|frame| frame["op"] == "hello").await;
        assert_eq!(hello["session"]["agent_id"], json!(bot));
        let available = json!({ "status": "available" });
        let ready = desk.bearer(Method::PUT, "/me/presence", &secret, Some(available)).await;
        assert_eq!(ready.status, 200, "{:?}", ready.body);
        let visitor = desk.visitor_token().await;
        desk.write(&visitor, "hola").await;
        let offer = socket.event("offer.created").await["event"]["data"]["offer"].clone();
        let path = format!("/offers/{}/accept", offer["id"].as_str().expect("an id"));
        let colleague = desk.colleague("eva", &["agent"]).await;
        let stolen = colleague.call(&desk, Method::POST, &path, Some(json!({ "epoch": offer["epoch"] }))).await;
        assert_eq!(stolen.code(), (403, "offer_not_yours"));
        let shown = path.trim_end_matches("/accept");
        assert_eq!(colleague.call(&desk, Method::GET, shown, None).await.code(), (403, "offer_not_yours"));
        let accepted = desk.bearer(Method::POST, &path, &secret, Some(json!({ "epoch": offer["epoch"] }))).await;
        assert_eq!(accepted.status, 200, "{:?}", accepted.body);
        let conversation = accepted.body["conversation"]["id"].as_str().expect("an id").to_owned();
        let answer = json!({ "text": "Soy un bot", "seen_seq": 1 });
        let sent =
            desk.bearer(Method::POST, &format!("/conversations/{conversation}/messages"), &secret, Some(answer)).await;
        assert_eq!(sent.status, 201, "{:?}", sent.body);
    }
}
