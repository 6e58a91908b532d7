//! Web chat: the widget on a page. Its provider is Centralita itself.

pub mod config;

use connector::{ChannelType, ConfigError, Delivery, Meta, Name};
use domain::conversation::Shape;
use domain::routing::RoutingKind;
use serde_json::Value;

use config::{Algorithm, Config};

/// The type.
pub static TYPE: WebChat = WebChat;

/// The secret that signs identity tokens with HS256; at least 32 bytes.
pub const IDENTITY_SECRET: &str = "identity_secret";

/// Web chat.
#[derive(Debug)]
pub struct WebChat;

const META: Meta = Meta {
    kind: "web_chat",
    family: "chat",
    name: Name { es: "Chat web", en: "Web chat" },
    shape: Shape::ChatSession,
    routing_kind: RoutingKind::Chat,
    text_max: 10_000,
    files_max_bytes: 100 * 1024 * 1024,
    delivery: Delivery::Stored,
    has_widget: true,
    identity_kind: "visitor",
    has_markdown: false,
    setup: &[],
};

impl ChannelType for WebChat {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn config_schema(&self) -> Value {
        serde_json::from_str(config::SCHEMA).expect("invariant: a test reads the schema")
    }

    fn check_config(&self, config: &Value, _is_whole: bool) -> Vec<ConfigError> {
        Config::checked(config).err().unwrap_or_default()
    }

    fn required_secrets(&self, config: &Value) -> Vec<&'static str> {
        let is_symmetric = Config::lenient(config).identity.is_some_and(|i| i.algorithm == Algorithm::HS256);
        if is_symmetric { vec![IDENTITY_SECRET] } else { Vec::new() }
    }
}
