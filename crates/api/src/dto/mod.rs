//! What stands on the wire. Names are those of the contract; domain and store types never leave as they are.
//!
//! # Invariants
//! - A response holds every field of its schema: what is empty is `null`, `[]` or `{}`.
//! - A request refuses fields it does not know.

pub mod access;
pub mod bootstrap;
pub mod channel_setup;
pub mod channels;
pub mod codes;
pub mod config;
pub mod conversations;
pub mod customers;
pub mod desk;
pub mod entries;
pub mod events;
pub mod explain;
pub mod hours;
pub mod people;
pub mod presence;
pub mod presence_configs;
pub mod routing;
pub mod search;
pub mod stream;
pub mod transcripts;
pub mod widget;
pub mod widget_after;
pub mod words;
pub mod work;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// A text by language: `{"es": "…", "en": "…"}`.
pub type Localized = BTreeMap<String, String>;
/// JSON of any shape.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// An instant on the wire: RFC 3339 in UTC with six decimals. Any offset is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ts(pub Timestamp);

impl From<Timestamp> for Ts {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl From<domain::time::Micros> for Ts {
    fn from(at: domain::time::Micros) -> Self {
        Self(at.into())
    }
}

impl std::fmt::Display for Ts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        f.write_str(&PRINTER.timestamp_to_string(&self.0))
    }
}

impl Serialize for Ts {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ts {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(reader).map(Self)
    }
}

impl PartialSchema for Ts {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339 in UTC with six decimals"))
            .into()
    }
}

impl ToSchema for Ts {
    fn name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
}

/// Where a page of a list stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page {
    /// Cursor of the next page, for `after`.
    pub next: Option<String>,
    /// Cursor of the page before, for `before`.
    pub prev: Option<String>,
    /// Whether more follows in the direction asked for.
    pub has_more: bool,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
    /// Where it stands.
    pub page: Page,
}

impl<T: ToSchema> List<T> {
    /// A list that fits one page.
    #[must_use]
    pub fn whole(items: impl IntoIterator<Item = impl Into<T>>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), page: Page::default() }
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// What they are.
    pub r#type: words::ActorType,
    /// Which one.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// How they are called.
    #[serde(default)]
    pub name: Option<String>,
}

/// How to take a command back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Undo {
    /// For `POST /undos/{id}`.
    pub id: Uuid,
    /// Until when.
    pub expires_at: Ts,
}

/// An amount of money in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// No arguments.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_always_has_six_decimals() {
        let at = Ts("2026-11-25T12:00:00Z".parse().expect("an instant"));
        assert_eq!(at.to_string(), "2026-11-25T12:00:00.000000Z");
        let offset: Ts = serde_json::from_str("\"2026-11-25T13:00:00.5+01:00\"").expect("any offset");
        assert_eq!(offset.to_string(), "2026-11-25T12:00:00.500000Z");
    }
}
