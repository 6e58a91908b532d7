//! The floor of W1: the least that the job needs. It verifies the signed session, parses, runs three statements,
//! commits durably once for many, answers, and pushes to a socket. It uses the product's libraries and none of its
//! code: no customers, no routing, no permissions, no history.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use anyhow::Context;
use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocketUpgrade};
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use hmac::{Hmac, Mac};
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use uuid::Uuid;

const SECRET: &[u8] = b"what signs the sessions of the floor";
/// Most jobs in one commit; as in the product.
const BATCH: usize = 256;
/// Frames a socket may be behind.
const BACKLOG: usize = 65_536;

const SCHEMA: &str = "
    CREATE TABLE conversations (id BLOB PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE TABLE messages (position INTEGER PRIMARY KEY, id BLOB NOT NULL, client_id BLOB NOT NULL UNIQUE,
      conversation_id BLOB NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (conversation_id, seq)) STRICT;
    CREATE TABLE reads (conversation_id BLOB PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
    CREATE TABLE events (position INTEGER PRIMARY KEY, kind TEXT NOT NULL, data TEXT NOT NULL) STRICT;";
const TOUCH: &str = "INSERT INTO conversations (id, seq, at) VALUES (?1, 1, ?2)
    ON CONFLICT (id) DO UPDATE SET seq = seq + 1, at = excluded.at RETURNING seq";
const APPEND: &str = "INSERT INTO messages (id, client_id, conversation_id, seq, body) VALUES (?1, ?2, ?3, ?4, ?5)";
const TELL: &str = "INSERT INTO events (kind, data) VALUES (?1, ?2)";
const READ: &str = "INSERT INTO reads (conversation_id, seq) VALUES (?1, ?2)
    ON CONFLICT (conversation_id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > reads.seq";

/// The signed session of a visitor.
#[must_use]
pub fn token(visitor: Uuid) -> String {
    let signature: String = sign(visitor).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}.{signature}", visitor.simple())
}

fn sign(visitor: Uuid) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("invariant: any length is a key");
    mac.update(visitor.as_bytes());
    mac
}

/// The visitor of a request, if its session is signed by us.
fn visitor(headers: &HeaderMap) -> Option<Uuid> {
    let (id, signature) = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?.split_once('.')?;
    let id = id.parse().ok()?;
    let bytes: Option<Vec<u8>> =
        (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(signature.get(at..at + 2)?, 16).ok()).collect();
    sign(id).verify_slice(&bytes?).ok().map(|()| id)
}

struct Job {
    kind: Kind,
    conversation: Uuid,
    answer: oneshot::Sender<Option<String>>,
}

enum Kind {
    Message { client_id: Uuid, text: String },
    Read { seq: i64 },
}

#[derive(Clone)]
struct Floor {
    jobs: mpsc::Sender<Job>,
    told: broadcast::Sender<Utf8Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    client_message_id: Uuid,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadInput {
    seq: i64,
}

/// Serves until it is killed.
///
/// # Errors
/// When address or file cannot be opened.
pub async fn serve(listen: SocketAddr, file: &Path) -> anyhow::Result<()> {
    let connection = open(file).context("the floor's file")?;
    let (jobs, waiting) = mpsc::channel(8_192);
    let (told, _) = broadcast::channel(BACKLOG);
    let tell = told.clone();
    thread::spawn(move || write(connection, waiting, &tell));
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/messages", post(take))
        .route("/conversations/{id}/read", put(read))
        .route("/stream", get(stream))
        .with_state(Floor { jobs, told });
    let listener = TcpListener::bind(listen).await.context("the floor's address")?;
    axum::serve(listener, router).await.context("the floor")
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

async fn take(State(floor): State<Floor>, headers: HeaderMap, body: axum::body::Bytes) -> Response {
    let Some(visitor) = visitor(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let Ok(input) = serde_json::from_slice::<Input>(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let kind = Kind::Message { client_id: input.client_message_id, text: input.text };
    match floor.run(visitor, kind).await {
        Some(text) => (StatusCode::CREATED, [("content-type", "application/json")], text).into_response(),
        None => StatusCode::CONFLICT.into_response(),
    }
}

async fn read(
    State(floor): State<Floor>,
    UrlPath(_id): UrlPath<Uuid>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let Some(visitor) = visitor(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let Ok(input) = serde_json::from_slice::<ReadInput>(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    floor.run(visitor, Kind::Read { seq: input.seq }).await;
    StatusCode::NO_CONTENT.into_response()
}

impl Floor {
    /// Waits for the commit; what to answer.
    async fn run(&self, conversation: Uuid, kind: Kind) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { kind, conversation, answer }).await.ok()?;
        answered.await.ok()?
    }
}

async fn stream(State(floor): State<Floor>, upgrade: WebSocketUpgrade) -> Response {
    let mut told = floor.told.subscribe();
    upgrade.read_buffer_size(4096).write_buffer_size(0).on_upgrade(move |mut socket| async move {
        let mut n = 0;
        while let Ok(event) = told.recv().await {
            n += 1;
            let frame = format!(r#"{{"op":"event","n":{n},"event":{event}}}"#);
            if socket.send(Message::text(frame)).await.is_err() {
                return;
            }
        }
    })
}

/// What a job leads to, once its batch is on disk.
struct Done {
    answer: oneshot::Sender<Option<String>>,
    text: Option<String>,
    event: Option<String>,
}

fn write(mut connection: Connection, mut waiting: mpsc::Receiver<Job>, told: &broadcast::Sender<Utf8Bytes>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match waiting.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        for Done { answer, text, event } in commit(&mut connection, batch).unwrap_or_default() {
            drop(answer.send(text));
            if let Some(event) = event {
                drop(told.send(event.into()));
            }
        }
    }
}

fn commit(connection: &mut Connection, batch: Vec<Job>) -> rusqlite::Result<Vec<Done>> {
    let transaction = connection.transaction()?;
    let mut done = Vec::with_capacity(batch.len());
    for Job { kind, conversation, answer } in batch {
        let (text, event) = match kind {
            Kind::Message { client_id, text } => message(&transaction, conversation, client_id, &text)?,
            Kind::Read { seq } => (None, receipt(&transaction, conversation, seq)?),
        };
        done.push(Done { answer, text, event });
    }
    transaction.commit()?;
    Ok(done)
}

type Words = (Option<String>, Option<String>);

fn message(connection: &Connection, conversation: Uuid, client_id: Uuid, text: &str) -> rusqlite::Result<Words> {
    let id = Uuid::now_v7();
    let now = jiff::Timestamp::now().as_microsecond();
    let seq: i64 =
        connection.prepare_cached(TOUCH)?.query_row(params![&conversation.as_bytes()[..], now], |row| row.get(0))?;
    let body = json!({ "text": text }).to_string();
    let keys = params![&id.as_bytes()[..], &client_id.as_bytes()[..], &conversation.as_bytes()[..], seq, body];
    connection.prepare_cached(APPEND)?.execute(keys)?;
    let entry = json!({ "id": id, "conversation_id": conversation, "seq": seq, "body": { "text": text } });
    let event = json!({ "type": "entry.created", "data": { "entry": entry } }).to_string();
    connection.prepare_cached(TELL)?.execute(params!["entry.created", event])?;
    Ok((Some(json!({ "message": entry }).to_string()), Some(event)))
}

fn receipt(connection: &Connection, conversation: Uuid, seq: i64) -> rusqlite::Result<Option<String>> {
    let changed = connection.prepare_cached(READ)?.execute(params![&conversation.as_bytes()[..], seq])?;
    if changed == 0 {
        return Ok(None);
    }
    let event =
        json!({ "type": "entry.delivery_changed", "data": { "conversation_id": conversation, "up_to_seq": seq } });
    let event = event.to_string();
    connection.prepare_cached(TELL)?.execute(params!["entry.delivery_changed", event])?;
    Ok(Some(event))
}
