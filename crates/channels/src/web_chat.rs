//! Web chat: the widget on a page. Its provider is Centralita itself.

use connector::{ChannelType, Delivery, Meta, Name};
use domain::conversation::Shape;
use domain::routing::RoutingKind;

/// The type.
pub static TYPE: WebChat = WebChat;

/// Web chat.
#[derive(Debug)]
pub struct WebChat;

impl ChannelType for WebChat {
    fn meta(&self) -> &'static Meta {
        &Meta {
            kind: "web_chat",
            name: Name { es: "Chat web", en: "Web chat" },
            shape: Shape::ChatSession,
            routing_kind: RoutingKind::Chat,
            text_max: 10_000,
            delivery: Delivery::Stored,
            has_widget: true,
        }
    }
}
