//! What leaves, and what became of it.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{Failure, File, Party};

/// A message to a customer.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Outbound {
    pub conversation_id: Uuid,
    pub conversation_number: i64,
    pub customer_id: Uuid,
    pub entry_id: Uuid,
    /// From [`crate::ChannelType::reference`]: the same in every attempt.
    pub reference: String,
    pub to: Party,
    /// How the author is shown.
    pub author: Option<String>,
    pub subject: String,
    /// In the Markdown subset, where the type takes it.
    pub text: String,
    /// The reference of the message this answers.
    pub answers: Option<String>,
    /// Earlier references, oldest first.
    pub chain: Vec<String>,
    pub files: Vec<File>,
    /// `None` for what a person wrote.
    pub automatic: Option<Automatic>,
    pub at: Timestamp,
}

/// What no person wrote: a transcript, word of unread answers. Its `text` is plain, not Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automatic {
    /// The same as HTML, safe already; only text goes out without it.
    pub html: Option<String>,
    /// The https address that ends such letters by one POST.
    pub unsubscribe_url: Option<String>,
}

/// What became of a message that was to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider has it.
    Accepted {
        /// Its id there, if it says one.
        provider_id: Option<String>,
    },
    /// The provider surely does not have it; trying again may work.
    Retry {
        /// Why.
        failure: Failure,
        /// When the provider asks to try again; `None` leaves it to the outbox.
        after: Option<Duration>,
        /// The channel as a whole does not work, not just this message.
        is_down: bool,
    },
    /// The provider refused it for good.
    Permanent(Failure),
    /// The provider may have it: never sent again blindly.
    Unknown(Failure),
}
