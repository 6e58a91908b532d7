//! How what the application knows is written on the wire, one file per noun.

mod channels;
mod conversations;
mod customers;
mod entries;
mod events;
mod people;
mod presence;
mod routing;
mod work;

use serde_json::Value;

use crate::dto::Object;

pub use conversations::conversation;
pub use customers::customer;
pub use entries::{attachment, delivery, entries, entry};
pub use events::{actor, event};
pub use people::{grants, session_row};
pub use presence::{agent, agent_view, presence};
pub use work::{assignment, offer};

/// A JSON object; anything else becomes an empty one.
fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { Value::Object(Object::new()) }
}
