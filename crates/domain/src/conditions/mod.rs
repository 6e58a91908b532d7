//! One typed language of conditions over conversations: a tree, its text form, and its meaning in memory.
//!
//! Text form: `status:open channel:whatsapp,email -tag:spam due<2h (priority:urgent OR is:snoozed) "free words"`.
//! Neighbours are joined by "and", `OR` binds weaker, `-` negates, a comma means any of.
//!
//! # Invariants
//! - `parse(print(c)) == c.normalised()`: text and tree say the same.
//! - A condition is true or false, never unknown: what a conversation does not have compares false.
//! - At most [`MAX_NODES`] nodes and [`MAX_DEPTH`] levels.

mod eval;
mod parse;
mod print;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::conversation::Priority;
use crate::text_enum::text_enum;
use crate::time::Micros;

pub use eval::{Facts, Viewer};
pub use parse::{BadFilter, parse};
pub use print::print;

/// Most nodes of a tree.
pub const MAX_NODES: usize = 200;
/// Most levels of a tree.
pub const MAX_DEPTH: usize = 10;
/// Most characters of the text form.
pub const MAX_CHARS: usize = 4_000;

/// A condition over one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Every one of them; none is always true.
    All(Vec<Self>),
    /// At least one of them; none is always false.
    Any(Vec<Self>),
    /// Not this one.
    Not(Box<Self>),
    /// The field is, or holds, one of these words.
    Is {
        /// Which field.
        field: WordField,
        /// Any of them.
        any: Vec<String>,
    },
    /// The field stands in this order to a value.
    Compare {
        /// Which field.
        field: Measured,
        /// In which order.
        order: Order,
        /// To what.
        value: Measure,
    },
    /// Subject, outcome, newest text, number or customer's name holds these words.
    Text(String),
}

/// A field that is compared as a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WordField {
    /// A category, or the key of a status.
    Status,
    /// A kind of channel it came by.
    Channel,
    /// A channel it came by, by id.
    ChannelId,
    /// Its queue, by key or id.
    Queue,
    /// Its owner: an agent's id, `me` or `none`.
    Owner,
    /// How urgent.
    Priority,
    /// One of its tags.
    Tag,
    /// Its customer, by id.
    Customer,
    /// Its language.
    Language,
    /// One of [`Flag`].
    Is,
    /// A custom field, by key.
    Custom(String),
}

text_enum! {
    /// What a conversation is or is not.
    Flag {
        /// Put aside.
        Snoozed = "snoozed",
        /// Of a blocked customer.
        Blocked = "blocked",
        /// Not shown by the customer-history rule.
        Restricted = "restricted",
        /// Made by a test session.
        Test = "test",
        /// Made by the demo.
        Demo = "demo",
    }
}

text_enum! {
    /// A field that has an order.
    Measured {
        /// When the next promise falls due; a span counts from now on.
        Due = "due",
        /// Since when the customer waits; a span is how long.
        Waiting = "waiting",
        /// The newest activity; a span is how long ago.
        Activity = "activity",
        /// When it began; a span is how long ago.
        Created = "created",
        /// Its number.
        Number = "number",
    }
}

text_enum! {
    /// How two values stand to each other.
    Order {
        /// Below.
        Less = "<",
        /// Below or equal.
        AtMost = "<=",
        /// Above.
        More = ">",
        /// Above or equal.
        AtLeast = ">=",
        /// Equal.
        Equal = ":",
    }
}

impl Order {
    /// Whether `a` stands so to `b`.
    #[must_use]
    pub fn holds(self, a: i64, b: i64) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Equal => a == b,
        }
    }

    /// The order seen from the other side: what is longer ago lies earlier.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
            Self::Equal => Self::Equal,
        }
    }
}

/// What a measured field is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Milliseconds from now, or ago.
    SpanMs(i64),
    /// An instant.
    At(#[serde(with = "instant")] Micros),
    /// A plain number.
    Number(i64),
}

mod instant {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::time::Micros;

    pub(super) fn serialize<S: Serializer>(at: &Micros, to: S) -> Result<S::Ok, S::Error> {
        Timestamp::from(*at).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Micros, D::Error> {
        Timestamp::deserialize(from).map(Into::into)
    }
}

impl Measured {
    /// The value a row's instant is compared with, and in which order, at `now`; `None` for another kind of value.
    #[must_use]
    pub fn bound(self, order: Order, value: Measure, now: Micros) -> Option<(Order, Micros)> {
        match (self, value) {
            (Self::Due, Measure::SpanMs(ms)) => Some((order, now.plus_ms(ms))),
            (Self::Waiting | Self::Activity | Self::Created, Measure::SpanMs(ms)) => {
                Some((order.flipped(), now.plus_ms(-ms)))
            }
            (Self::Due | Self::Waiting | Self::Activity | Self::Created, Measure::At(at)) => Some((order, at)),
            (Self::Number, Measure::SpanMs(_) | Measure::At(_))
            | (Self::Due | Self::Waiting | Self::Activity | Self::Created | Self::Number, Measure::Number(_)) => None,
        }
    }

    fn takes(self, value: Measure) -> bool {
        matches!(value, Measure::Number(_)) == (self == Self::Number)
    }
}

impl WordField {
    /// Its name in text and tree.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match self {
            Self::Status => "status",
            Self::Channel => "channel",
            Self::ChannelId => "channel_id",
            Self::Queue => "queue",
            Self::Owner => "owner",
            Self::Priority => "priority",
            Self::Tag => "tag",
            Self::Customer => "customer",
            Self::Language => "language",
            Self::Is => "is",
            Self::Custom(key) => return format!("field.{key}"),
        };
        name.to_owned()
    }

    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "status" => Self::Status,
            "channel" => Self::Channel,
            "channel_id" => Self::ChannelId,
            "queue" => Self::Queue,
            "owner" => Self::Owner,
            "priority" => Self::Priority,
            "tag" => Self::Tag,
            "customer" => Self::Customer,
            "language" => Self::Language,
            "is" => Self::Is,
            other => return other.strip_prefix("field.").filter(|k| is_key(k)).map(|k| Self::Custom(k.to_owned())),
        })
    }

    /// Whether `word` can be a value of this field.
    #[must_use]
    pub fn takes(&self, word: &str) -> bool {
        let is_id = word.parse::<Uuid>().is_ok();
        let fits = match self {
            Self::Owner => is_id || word == "me" || word == "none",
            Self::Priority => word.parse::<Priority>().is_ok(),
            Self::Is => word.parse::<Flag>().is_ok(),
            Self::ChannelId | Self::Customer => is_id,
            Self::Status | Self::Channel | Self::Queue | Self::Tag | Self::Language | Self::Custom(_) => true,
        };
        fits && !word.is_empty() && word.chars().count() <= 200 && !word.chars().any(char::is_control)
    }
}

impl From<WordField> for String {
    fn from(field: WordField) -> Self {
        field.name()
    }
}

impl TryFrom<String> for WordField {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("no field {name:?}"))
    }
}

/// Whether a text is the key of a configuration noun: `[a-z0-9_-]{1,64}`.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// What is wrong with a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Too many nodes or levels.
    #[error("at most {MAX_NODES} nodes and {MAX_DEPTH} levels")]
    TooLarge,
    /// A word that the field never has.
    #[error("{field} has no value {word:?}")]
    Word {
        /// The field's name.
        field: String,
        /// The word.
        word: String,
    },
    /// A value of another kind than the field.
    #[error("{0} is compared with another kind of value")]
    Kind(Measured),
}

impl Condition {
    /// The condition that everything meets.
    pub const EVERYTHING: Self = Self::All(Vec::new());

    /// Checks sizes and values.
    ///
    /// # Errors
    /// The first [`Flaw`].
    pub fn check(&self) -> Result<(), Flaw> {
        if self.nodes() > MAX_NODES || self.depth() > MAX_DEPTH {
            return Err(Flaw::TooLarge);
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<(), Flaw> {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().try_for_each(Self::check_values),
            Self::Not(inner) => inner.check_values(),
            Self::Is { field, any } => match any.iter().find(|word| !field.takes(word)) {
                Some(word) => Err(Flaw::Word { field: field.name(), word: word.clone() }),
                None if any.is_empty() => Err(Flaw::Word { field: field.name(), word: String::new() }),
                None => Ok(()),
            },
            Self::Compare { field, value, .. } if !field.takes(*value) => Err(Flaw::Kind(*field)),
            Self::Text(words) if words.chars().any(char::is_control) => {
                Err(Flaw::Word { field: "text".to_owned(), word: words.clone() })
            }
            Self::Compare { .. } | Self::Text(_) => Ok(()),
        }
    }

    fn nodes(&self) -> usize {
        match self {
            Self::All(inner) | Self::Any(inner) => 1 + inner.iter().map(Self::nodes).sum::<usize>(),
            Self::Not(inner) => 1 + inner.nodes(),
            Self::Is { any, .. } => any.len().max(1),
            Self::Compare { .. } | Self::Text(_) => 1,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::All(inner) | Self::Any(inner) => 1 + inner.iter().map(Self::depth).max().unwrap_or_default(),
            Self::Not(inner) => 1 + inner.depth(),
            Self::Is { .. } | Self::Compare { .. } | Self::Text(_) => 1,
        }
    }

    /// The same condition in its one form: no list of one, no list inside a list of the same kind.
    #[must_use]
    pub fn normalised(self) -> Self {
        match self {
            Self::All(inner) => joined(
                inner,
                |c| match c {
                    Self::All(inner) => Ok(inner),
                    other => Err(other),
                },
                Self::All,
            ),
            Self::Any(inner) => joined(
                inner,
                |c| match c {
                    Self::Any(inner) if !inner.is_empty() => Ok(inner),
                    other => Err(other),
                },
                Self::Any,
            ),
            Self::Not(inner) => Self::Not(Box::new(inner.normalised())),
            leaf @ (Self::Is { .. } | Self::Compare { .. } | Self::Text(_)) => leaf,
        }
    }
}

type Opened = Result<Vec<Condition>, Condition>;

fn joined(inner: Vec<Condition>, open: fn(Condition) -> Opened, join: fn(Vec<Condition>) -> Condition) -> Condition {
    let mut flat = Vec::new();
    for condition in inner {
        match open(condition.normalised()) {
            Ok(inner) => flat.extend(inner),
            Err(one) => flat.push(one),
        }
    }
    match (flat.len(), flat.pop()) {
        (1, Some(one)) => one,
        (_, last) => {
            flat.extend(last);
            join(flat)
        }
    }
}
