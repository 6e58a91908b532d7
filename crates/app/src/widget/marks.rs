//! Messages of staff with their marks, as a tree the widget makes elements of.

use domain::conversation::Direction;
use mail::Rich;
use serde_json::{Map, Value, json};
use store::entries::Entry;

/// The rich block of a message: `{"type": "rich", "nodes": […]}`, where a node is its words or `[tag, href or 0,
/// nodes…]`. `None` where the text says it all, and for what visitors write: their words are words.
#[must_use]
pub fn rich(entry: &Entry) -> Option<Map<String, Value>> {
    if entry.direction != Direction::Out {
        return None;
    }
    let nodes = mail::read_markdown(entry.text())?;
    let nodes: Vec<Value> = nodes.into_iter().map(node).collect();
    json!({ "type": "rich", "nodes": nodes }).as_object().cloned()
}

fn node(rich: Rich) -> Value {
    match rich {
        Rich::Text(words) => Value::String(words),
        Rich::Element { tag, href, kids } => {
            let href = href.map_or(Value::from(0), Value::String);
            let head = [Value::from(tag), href];
            head.into_iter().chain(kids.into_iter().map(node)).collect()
        }
    }
}
