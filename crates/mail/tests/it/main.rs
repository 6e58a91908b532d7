//! The crate from outside: whole mails in, whole mails out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod classifying;
mod composing;
mod corpora;
mod hostile_html;
mod properties;
mod reading;

use mail::{Context, Mail, Parsed, Unreadable};

/// Reads `raw`, which must be a mail, with no context.
#[track_caller]
fn read(raw: impl AsRef<[u8]>) -> Mail {
    read_with(raw, &Context::default())
}

/// Reads `raw`, which must be a mail.
#[track_caller]
fn read_with(raw: impl AsRef<[u8]>, context: &Context<'_>) -> Mail {
    match mail::parse(raw.as_ref(), context) {
        Parsed::Mail(mail) => *mail,
        Parsed::Unreadable(unreadable) => panic!("unreadable: {}", unreadable.reason),
    }
}

/// Reads `raw`, which must not be a readable mail.
#[track_caller]
fn refuse(raw: impl AsRef<[u8]>) -> Unreadable {
    match mail::parse(raw.as_ref(), &Context::default()) {
        Parsed::Mail(mail) => panic!("readable: {}", mail.subject),
        Parsed::Unreadable(unreadable) => *unreadable,
    }
}
