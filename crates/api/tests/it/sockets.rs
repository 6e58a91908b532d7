//! Both sockets over a real connection: the main job from a visitor's word to the agent's answer.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::Method;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::desk::{Desk, OWN_ORIGIN};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub async fn open(
        at: SocketAddr,
        path: &str,
        protocol: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{at}/api/v1{path}").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().expect("a header"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let stream = TcpStream::connect(at).await.expect("the server listens");
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    pub async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("it is open");
    }

    /// The next frame that fits.
    pub async fn hear(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let wait = async {
            loop {
                let message = self.0.next().await.expect("it stays open").expect("a frame");
                let Message::Text(text) = message else { continue };
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                if fits(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it is heard in time")
    }

    pub async fn event(&mut self, kind: &str) -> Value {
        self.hear(|frame| frame["event"]["type"] == kind).await
    }

    /// The code it is closed with.
    pub async fn closed(&mut self) -> u16 {
        let wait = async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Close(Some(frame)) = message {
                    return frame.code.into();
                }
            }
            0
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it is closed in time")
    }
}

pub async fn serve(desk: &Desk) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, desk.router.clone()).into_future());
    at
}

pub async fn staff(desk: &Desk, at: SocketAddr, start: Value) -> Socket {
    let headers = [("cookie", &*desk.cookie), ("origin", OWN_ORIGIN)];
    let mut socket = Socket::open(at, "/stream", "centralita.v1", &headers).await.expect("it opens");
    socket.say(start).await;
    socket.hear(|frame| frame["op"] == "hello").await;
    socket
}

pub async fn visitor(desk: &Desk, at: SocketAddr, token: &str) -> Socket {
    let path = format!("{}/stream", desk.widget);
    let mut socket =
        Socket::open(at, &path, "centralita.visitor.v1", &[("origin", OWN_ORIGIN)]).await.expect("it opens");
    socket.say(json!({ "op": "start", "token": token })).await;
    socket.hear(|frame| frame["op"] == "hello").await;
    socket
}

#[tokio::test]
async fn a_visitors_word_reaches_the_agent_and_the_answer_comes_back() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let mut agent = staff(&desk, at, json!({ "op": "start", "topics": ["inbox"], "routable": true })).await;
    desk.staff(Method::PUT, "/me/presence", Some(json!({ "status": "available" }))).await;
    let token = desk.visitor_token().await;
    let mut customer = visitor(&desk, at, &token).await;
    desk.write(&token, "¿Dónde está mi pedido?").await;
    let offer = agent.event("offer.created").await["event"]["data"]["offer"].clone();
    assert_eq!(offer["card"]["preview"], "¿Dónde está mi pedido?");
    let path = format!("/offers/{}/accept", offer["id"].as_str().expect("an id"));
    let accepted = desk.staff(Method::POST, &path, Some(json!({ "epoch": offer["epoch"] }))).await;
    assert_eq!(accepted.status, 200, "{:?}", accepted.body);
    let active = agent.event("work_item.active").await;
    assert_eq!(active["event"]["data"]["conversation"]["last_entry"]["seq"], 1);
    let path = format!("/conversations/{}/messages", accepted.body["conversation"]["id"].as_str().expect("an id"));
    let sent = desk.staff(Method::POST, &path, Some(json!({ "text": "De camino", "seen_seq": 1 }))).await;
    assert_eq!(sent.status, 201, "{:?}", sent.body);
    let heard = customer.hear(|frame| frame["event"]["data"]["message"]["author"]["kind"] == "agent").await;
    assert_eq!(heard["event"]["data"]["message"]["text"], "De camino");
}

#[tokio::test]
async fn what_was_missed_is_replayed_in_order_and_once() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let cursor = desk.staff(Method::GET, "/bootstrap", None).await.body["cursor"].clone();
    let token = desk.visitor_token().await;
    desk.write(&token, "uno").await;
    let start = json!({ "op": "start", "topics": ["inbox"], "after": cursor });
    let mut first = staff(&desk, at, start).await;
    let created = first.event("conversation.created").await;
    assert_eq!(created["n"], 1);
    let start = json!({ "op": "start", "topics": ["inbox"], "after": created["cursor"] });
    let mut second = staff(&desk, at, start).await;
    let next = second.hear(|frame| frame["op"] == "event").await;
    assert_eq!(next["n"], 1);
    assert_ne!(next["event"]["id"], created["event"]["id"]);
}

#[tokio::test]
async fn signing_out_cuts_the_socket() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let mut agent = staff(&desk, at, json!({ "op": "start" })).await;
    desk.staff(Method::DELETE, "/session", None).await;
    assert_eq!(agent.closed().await, 4410);
}

#[tokio::test]
async fn a_frame_that_is_none_and_one_that_is_too_long_close_the_socket() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let mut agent = staff(&desk, at, json!({ "op": "start" })).await;
    agent.say(json!({ "op": "accept_offer" })).await;
    assert_eq!(agent.closed().await, 4400);
    let mut agent = staff(&desk, at, json!({ "op": "start" })).await;
    agent.say(json!({ "op": "signal", "type": "typing", "data": { "x": "y".repeat(20_000) } })).await;
    assert_eq!(agent.closed().await, 4413);
}

#[tokio::test]
async fn another_sites_page_cannot_open_a_socket() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let foreign = [("cookie", &*desk.cookie), ("origin", "https://evil.example")];
    for headers in [&foreign[..], &foreign[..1]] {
        let refused = Socket::open(at, "/stream", "centralita.v1", headers).await;
        assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 403));
    }
    let path = format!("{}/stream", desk.widget);
    let refused = Socket::open(at, &path, "centralita.visitor.v1", &foreign[1..]).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 403));
}

#[tokio::test]
async fn a_topic_that_may_not_be_read_is_refused() {
    let desk = Desk::new().await;
    let at = serve(&desk).await;
    let mut agent = staff(&desk, at, json!({ "op": "start" })).await;
    let foreign = format!("conversation:{}", desk.world.ctx.new_id());
    agent.say(json!({ "op": "subscribe", "topics": [foreign, "inbox"], "ref": 7 })).await;
    let ack = agent.hear(|frame| frame["op"] == "ack").await;
    assert_eq!(ack["ref"], 7);
    assert_eq!(ack["refused"], json!([{ "topic": foreign, "code": "not_found" }]));
}
