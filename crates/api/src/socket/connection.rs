//! One WebSocket: frames in and out, heartbeat, limits. Knows nothing of what events mean.

use std::time::Duration;

use app::limits::{Limit, Limits};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{Close, FIRST_FRAME, WRITE_TIMEOUT};
use crate::dto::stream::{ClientFrame, ServerFrame};

/// Pings that may stay unanswered.
const MISSED_MAX: u32 = 2;

/// A WebSocket with its counters.
pub(super) struct Connection {
    socket: WebSocket,
    sent_events: u64,
    unanswered: u32,
    window: Instant,
    frames_in_window: i64,
    frames_max: i64,
    out_max: usize,
}

impl Connection {
    pub(super) fn new(socket: WebSocket, limits: &Limits) -> Self {
        Self {
            socket,
            sent_events: 0,
            unanswered: 0,
            window: Instant::now(),
            frames_in_window: 0,
            frames_max: limits.get(Limit::SocketFramesPerS),
            out_max: limits.size(Limit::SocketFrameOutBytes),
        }
    }

    /// The first frame, which must come soon.
    pub(super) async fn first(&mut self) -> Result<ClientFrame, Close> {
        timeout(FIRST_FRAME, self.receive()).await.unwrap_or(Err(Close::BadFrame))
    }

    /// The next frame of the client.
    pub(super) async fn receive(&mut self) -> Result<ClientFrame, Close> {
        loop {
            let message = match self.socket.recv().await {
                Some(Ok(message)) => message,
                Some(Err(error)) if is_too_large(&error) => return Err(Close::TooLarge),
                Some(Err(_)) | None => return Err(Close::Gone),
            };
            self.count()?;
            match message {
                Message::Text(text) => return serde_json::from_str(&text).map_err(|_| Close::BadFrame),
                Message::Close(_) => return Err(Close::Gone),
                Message::Binary(_) => return Err(Close::BadFrame),
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    fn count(&mut self) -> Result<(), Close> {
        if self.window.elapsed() >= Duration::from_secs(1) {
            self.window = Instant::now();
            self.frames_in_window = 0;
        }
        self.frames_in_window += 1;
        if self.frames_in_window > self.frames_max { Err(Close::TooMany) } else { Ok(()) }
    }

    /// Sends a frame.
    pub(super) async fn send(&mut self, frame: &ServerFrame) -> Result<(), Close> {
        let text = serde_json::to_string(frame).map_err(|_| Close::Restart)?;
        self.send_text(text).await
    }

    /// Sends an event that is rendered already, under the next number; one that is too long for a frame without what
    /// makes it long.
    pub(super) async fn send_event(&mut self, cursor: &str, event: &str) -> Result<(), Close> {
        if event.len() > self.out_max {
            let short = shortened(event);
            return self.send_short_event(cursor, &short).await;
        }
        self.send_short_event(cursor, event).await
    }

    async fn send_short_event(&mut self, cursor: &str, event: &str) -> Result<(), Close> {
        self.sent_events += 1;
        let n = self.sent_events;
        self.send_text(format!(r#"{{"op":"event","n":{n},"cursor":"{cursor}","event":{event}}}"#)).await
    }

    async fn send_text(&mut self, text: String) -> Result<(), Close> {
        let sending = self.socket.send(Message::Text(Utf8Bytes::from(text)));
        match timeout(WRITE_TIMEOUT, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Close::Gone),
            Err(_) => Err(Close::HeartbeatLost),
        }
    }

    /// Asks whether the other side is there; refuses after two silences.
    pub(super) async fn ping(&mut self, server_now: jiff::Timestamp) -> Result<(), Close> {
        if self.unanswered >= MISSED_MAX {
            return Err(Close::HeartbeatLost);
        }
        self.unanswered += 1;
        self.send(&ServerFrame::Ping { server_now: server_now.into() }).await
    }

    /// The other side is there.
    pub(super) fn answered(&mut self) {
        self.unanswered = 0;
    }

    /// Says why, and ends.
    pub(super) async fn close(mut self, why: Close) {
        if why == Close::Gone {
            return;
        }
        let frame = CloseFrame { code: why.code(), reason: Utf8Bytes::from_static("") };
        drop(timeout(WRITE_TIMEOUT, self.socket.send(Message::Close(Some(frame)))).await);
    }
}

/// The same event with ids instead of snapshots, and where to fetch each.
fn shortened(event: &str) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap_or_default();
    let data = event.get_mut("data").map(Value::take).unwrap_or_default();
    let mut short = json!({ "is_partial": true });
    for (name, value) in data.as_object().into_iter().flatten() {
        let id = value.get("id").and_then(Value::as_str);
        match (id, path(name)) {
            (Some(id), Some(path)) => short[name] = json!({ "id": id, "url": format!("/api/v1/{path}/{id}") }),
            (Some(id), None) => short[name] = json!({ "id": id }),
            (None, _) if value.is_object() || value.is_array() => {}
            (None, _) => short[name] = value.clone(),
        }
    }
    event["data"] = short;
    event.to_string()
}

fn path(noun: &str) -> Option<&'static str> {
    match noun {
        "conversation" => Some("conversations"),
        "customer" => Some("customers"),
        "entry" => Some("entries"),
        "offer" => Some("offers"),
        "work_item" => Some("work-items"),
        _ => None,
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    text.contains("too long") || text.contains("too large") || text.contains("Space limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_event_names_where_the_rest_is() {
        let long = json!({ "type": "entry.created", "data": {
            "entry": { "id": "7", "body": { "text": "x".repeat(100_000) } }, "conversation": { "id": "8" },
            "changed": ["subject"], "reason": "because",
        } });
        let short: Value = serde_json::from_str(&shortened(&long.to_string())).expect("JSON");
        assert_eq!(short["type"], "entry.created");
        assert_eq!(short["data"]["entry"], json!({ "id": "7", "url": "/api/v1/entries/7" }));
        assert_eq!(short["data"]["conversation"]["url"], "/api/v1/conversations/8");
        assert_eq!((&short["data"]["is_partial"], &short["data"]["reason"]), (&json!(true), &json!("because")));
    }
}
