//! Frames of the sockets and the envelope of events.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[allow(unused_imports, reason = "named by the description of a frame")]
use super::events::StreamEvent;
use super::{Actor, Object, Ts};

/// Something that happened, with snapshots of what it names.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct Event {
    pub id: Uuid,
    /// `entry.created`, `offer.created` …
    pub r#type: String,
    pub version: i64,
    pub timestamp: Ts,
    pub actor: Actor,
    pub cause_id: Option<Uuid>,
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// Whose socket it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.2")]
pub struct StreamSession {
    pub user_id: Uuid,
    pub agent_id: Option<Uuid>,
    pub epoch: Option<u64>,
}

/// A topic that was not granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.2")]
pub struct RefusedTopic {
    pub topic: String,
    pub code: String,
}

/// What the server says over a socket.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
#[allow(missing_docs, reason = "api.md §4.2")]
pub enum ServerFrame {
    Hello {
        connection_id: Uuid,
        server_now: Ts,
        cursor: String,
        resumed: bool,
        session: Option<StreamSession>,
        heartbeat_ms: u64,
        #[schema(value_type = Object)]
        limits: Object,
    },
    Ack {
        r#ref: u64,
        cursor: String,
        refused: Vec<RefusedTopic>,
    },
    Event {
        n: u64,
        cursor: String,
        #[schema(value_type = StreamEvent)]
        event: Event,
    },
    Mark {
        cursor: String,
    },
    Signal {
        topic: String,
        r#type: String,
        at: Ts,
        #[schema(value_type = Object)]
        data: serde_json::Value,
    },
    Ping {
        server_now: Ts,
    },
    Resync {
        reason: String,
        topics: Vec<String>,
        cursor: String,
    },
    Error {
        code: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        r#ref: Option<u64>,
    },
}

/// What a client says over a socket.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §4.2")]
pub enum ClientFrame {
    Auth {
        token: String,
    },
    Start {
        after: Option<String>,
        #[serde(default)]
        topics: Vec<String>,
        #[serde(default)]
        routable: bool,
        #[serde(default)]
        client: String,
        /// Visitors only.
        token: Option<String>,
    },
    Subscribe {
        topics: Vec<String>,
        r#ref: u64,
    },
    Unsubscribe {
        topics: Vec<String>,
        r#ref: u64,
    },
    Signal {
        r#type: String,
        conversation_id: Option<Uuid>,
        #[serde(default)]
        #[schema(value_type = Object)]
        data: Object,
    },
    Pong {},
}
