//! The widget's public doors, as a customer's browser uses them: HTTP and WebSocket, nothing else.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longest answer that is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Why a door stayed shut.
#[derive(Debug, thiserror::Error)]
pub enum Shut {
    /// Asked to come back later.
    #[error("asked to wait")]
    Later(Duration),
    /// Refused, or nobody answered.
    #[error("{0}")]
    Refused(String),
}

fn refused(error: impl std::fmt::Display) -> Shut {
    Shut::Refused(error.to_string())
}

/// The doors of one web chat.
#[derive(Clone, Debug)]
pub struct Door {
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    origin: String,
    key: String,
}

impl Door {
    /// The doors below `public_url`; `None` when that is no plain http.
    #[must_use]
    pub fn new(public_url: &str, key: &str) -> Option<Self> {
        let host = public_url.strip_prefix("http://")?.split('/').next()?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Some(Self { client, origin: format!("http://{host}"), key: key.to_owned() })
    }

    /// Posts, as the page does.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Value, Shut> {
        let address = format!("{}/api/v1/widget/{}{path}", self.origin, self.key);
        let mut request = Request::post(address).header(CONTENT_TYPE, "application/json").header(ORIGIN, &self.origin);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::from(body.to_string())).map_err(refused)?;
        let answer = self.client.request(request).await.map_err(refused)?;
        let status = answer.status();
        if status.as_u16() == 429 {
            let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(Shut::Later(Duration::from_secs(seconds.unwrap_or(5))));
        }
        if !status.is_success() {
            return Err(Shut::Refused(format!("{path}: {status}")));
        }
        let body = http_body_util::Limited::new(answer.into_body(), MAX_ANSWER_BYTES);
        let bytes = body.collect().await.map_err(refused)?.to_bytes();
        if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes).map_err(refused) }
    }

    /// Opens the visitor's socket.
    pub async fn listen(&self, token: &str) -> Result<Ear, Shut> {
        let address = format!("{}/api/v1/widget/{}/stream", self.origin.replacen("http", "ws", 1), self.key);
        let mut request = address.into_client_request().map_err(refused)?;
        let origin = HeaderValue::try_from(&self.origin).map_err(refused)?;
        request.headers_mut().insert(ORIGIN, origin);
        let protocol = HeaderValue::from_static("centralita.visitor.v1");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let host = self.origin.trim_start_matches("http://");
        let host = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let stream = TcpStream::connect(host).await.map_err(refused)?;
        let (mut socket, _) = client_async(request, stream).await.map_err(refused)?;
        let start = json!({ "op": "start", "token": token }).to_string();
        socket.send(Message::text(start)).await.map_err(refused)?;
        Ok(Ear(socket))
    }
}

/// A visitor's socket.
pub struct Ear(WebSocketStream<TcpStream>);

impl Ear {
    /// Waits for somebody's answer; `false` when the socket ends first.
    pub async fn answered(&mut self) -> bool {
        while let Some(Ok(message)) = self.0.next().await {
            let Message::Text(text) = message else { continue };
            let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
            if frame["op"] == "ping" && self.0.send(Message::text(r#"{"op":"pong"}"#)).await.is_err() {
                return false;
            }
            if is_answer(&frame) {
                return true;
            }
        }
        false
    }
}

fn is_answer(frame: &Value) -> bool {
    let author = frame.pointer("/event/data/message/author/kind").and_then(Value::as_str);
    frame.pointer("/event/type").and_then(Value::as_str) == Some("message.created")
        && matches!(author, Some("agent" | "bot"))
}
