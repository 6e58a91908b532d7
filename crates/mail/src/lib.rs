//! Mail without sockets: MIME in and out, threading, quotes, loops, verdicts.
//!
//! Everything here is a function of its arguments: no I/O, no clock, no random source, no store.
//! What needs one of those (date, random part of a Message-ID, signing key) is passed in.
//!
//! # Invariants
//! - [`parse`] never fails and never panics: a mail is [`Parsed::Mail`], or [`Parsed::Unreadable`]
//!   with a reason and with whatever its header gave away. Nothing is dropped.
//! - HTML that leaves this crate went through [`sanitise`] or was built here.
//! - Folding hides, it never removes: both halves together are the whole.
//! - A mail built by [`compose`] holds no header its caller did not ask for.

mod address;
mod authentication;
mod body;
mod charset;
mod classify;
mod compose;
mod encoding;
mod flowed;
mod fold;
mod header;
mod html;
mod markup;
mod mime;
mod nesting;
mod parameter;
mod parse;
mod report;
mod rich;
mod thread;
mod token;

pub use address::Address;
pub use authentication::{Authentication, Verdict};
pub use classify::Class;
pub use compose::{
    Attachment, Automatic, ComposeError, Outgoing, Rendered, compose, escape_html, message_id, render_markdown,
};
pub use fold::{Folded, FoldedHtml, MARKER, fold_quote, fold_quote_html};
pub use html::{Html, resolve_content_ids, sanitise};
pub use parse::{Context, Envelope, Limits, Mail, Parsed, Part, Reason, Unreadable, parse};
pub use report::{Complaint, Dsn, DsnAction, DsnRecipient, ReadReceipt, Severity};
pub use rich::{Rich, read_markdown};
pub use thread::{MAX_REFERENCES, conversation_number, has_reply_prefix, lookup_order, normalise_subject};
pub use token::{Token, TokenKind, find_token, sign, tagged_address};
