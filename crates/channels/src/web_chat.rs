//! Web chat: the widget on a page. Its provider is Centralita itself.

use connector::{ChannelType, ConfigError, Delivery, Meta, Name};
use domain::conversation::Shape;
use domain::routing::RoutingKind;
use serde_json::{Value, json};

/// The type.
pub static TYPE: WebChat = WebChat;

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
        json!({
            "type": "object",
            "properties": {
                "allowed_origins": {
                    "type": "array", "items": { "type": "string" },
                    "title": { "es": "Sitios donde se muestra", "en": "Sites it is shown on" }
                },
                "brand_colour": { "type": "string", "title": { "es": "Color", "en": "Colour" } }
            }
        })
    }

    fn check_config(&self, config: &Value, _is_whole: bool) -> Vec<ConfigError> {
        let wrong = |pointer: &str, detail: &str| ConfigError {
            pointer: pointer.to_owned(),
            code: "type",
            detail: detail.to_owned(),
        };
        let Some(fields) = config.as_object() else { return vec![wrong("", "an object")] };
        let is_list = |v: &Value| v.as_array().is_some_and(|all| all.iter().all(Value::is_string));
        let origins = fields.get("allowed_origins").filter(|v| !is_list(v)).map(|_| wrong("/allowed_origins", "texts"));
        let colour = fields.get("brand_colour").filter(|v| !v.is_string()).map(|_| wrong("/brand_colour", "a text"));
        origins.into_iter().chain(colour).collect()
    }
}
