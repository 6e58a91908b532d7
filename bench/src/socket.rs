//! What an agent's socket hears: which message when, and in which order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::{WebSocketStream, client_async};
use uuid::Uuid;

/// What was heard, by entry.
#[derive(Clone, Debug, Default)]
pub struct Ear(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    first: BTreeMap<Uuid, Instant>,
    last_seq: BTreeMap<Uuid, i64>,
    faults: Vec<String>,
}

impl Ear {
    fn locked(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When an entry was first heard.
    #[must_use]
    pub fn when(&self, entry: Uuid) -> Option<Instant> {
        self.locked().first.get(&entry).copied()
    }

    /// What was wrong: doubled, out of order, lost on the wire.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.locked().faults.clone()
    }

    /// Forgets the times, not the order.
    pub fn clear(&self) {
        self.locked().first.clear();
    }

    fn entry(&self, id: Uuid, conversation: Uuid, seq: i64) {
        let mut heard = self.locked();
        heard.first.entry(id).or_insert_with(Instant::now);
        let last = heard.last_seq.insert(conversation, seq).unwrap_or_default();
        if seq <= last {
            heard.faults.push(format!("conversation {conversation}: {seq} after {last}"));
        }
    }

    fn shown(&self, id: Uuid) {
        self.locked().first.entry(id).or_insert_with(Instant::now);
    }

    fn fault(&self, text: String) {
        self.locked().faults.push(text);
    }
}

#[derive(Deserialize)]
struct Frame {
    op: String,
    #[serde(default)]
    n: u64,
    event: Option<Event>,
}

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data {
    entry: Option<Entry>,
    conversation: Option<Conversation>,
}

#[derive(Deserialize)]
struct Entry {
    id: Uuid,
    conversation_id: Uuid,
    seq: i64,
}

#[derive(Deserialize)]
struct Conversation {
    #[serde(default)]
    last_entry: Option<Last>,
}

#[derive(Deserialize)]
struct Last {
    id: Uuid,
}

/// Opens a socket, says `start`, and listens until the task is dropped.
///
/// # Errors
/// When it is refused.
pub async fn listen(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, String)],
    start: Option<String>,
    ear: Ear,
) -> anyhow::Result<JoinHandle<()>> {
    let mut request = format!("ws://{address}{path}").into_client_request().context("the address of the socket")?;
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).context("a header")?;
        request.headers_mut().insert(name, HeaderValue::try_from(value).context("a header")?);
    }
    let stream = TcpStream::connect(address).await.context("the socket")?;
    let (mut socket, _) = client_async(request, stream).await.context("the socket")?;
    if let Some(start) = start {
        socket.send(Message::text(start)).await.context("the first frame")?;
        // The hello: from here on everything is heard.
        socket.next().await.context("the socket closed")?.context("the socket")?;
    }
    Ok(tokio::spawn(hear(socket, ear)))
}

async fn hear(mut socket: WebSocketStream<TcpStream>, ear: Ear) {
    let mut count = 0;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(frame) = serde_json::from_str::<Frame>(&text) else {
            ear.fault("a frame that is none".to_owned());
            continue;
        };
        match frame.op.as_str() {
            "ping" => drop(socket.send(Message::text(r#"{"op":"pong"}"#)).await),
            "resync" => ear.fault("the socket was told to resync".to_owned()),
            "event" => {
                count += 1;
                if frame.n != count {
                    ear.fault(format!("event {} after {}", frame.n, count - 1));
                }
                told(frame.event, &ear);
            }
            _ => {}
        }
    }
}

fn told(event: Option<Event>, ear: &Ear) {
    let Some(Event { data }) = event else { return };
    if let Some(entry) = data.entry {
        ear.entry(entry.id, entry.conversation_id, entry.seq);
    } else if let Some(last) = data.conversation.and_then(|c| c.last_entry) {
        ear.shown(last.id);
    }
}
