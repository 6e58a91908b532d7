//! From the bytes of a mail to what Centralita stores and shows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sha2::{Digest, Sha256};

use crate::{
    Address, Authentication, Class, Html, authentication, body, classify, fold,
    header::Headers,
    mime::{self, Node},
    thread,
};

/// How much of a mail is opened; beyond, it is kept raw and shown as unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Parts, the mail itself included.
    pub max_parts: usize,
    /// Multiparts inside each other.
    pub max_depth: usize,
    /// Bytes of the header block of the mail, and of each part.
    pub max_header_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_parts: 500, max_depth: 32, max_header_bytes: 256 * 1024 }
    }
}

/// What the receiving side knows besides the bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// How much to open.
    pub limits: Limits,
    /// Every address we write from; plus-suffixes do not matter.
    pub own_addresses: &'a [String],
    /// Ids of the mail servers whose `Authentication-Results` are believed.
    pub authserv_ids: &'a [String],
    /// SMTP or LMTP envelope, when we received the mail ourselves.
    pub envelope: Option<Envelope<'a>>,
}

/// The SMTP envelope.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// MAIL FROM; empty for the null sender.
    pub sender: &'a str,
    /// RCPT TO.
    pub recipients: &'a [String],
}

/// The outcome of reading a mail: there always is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A mail.
    Mail(Box<Mail>),
    /// Bytes that must be kept and shown as such.
    Unreadable(Box<Unreadable>),
}

/// A mail that was not opened, with what its header gave away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Why.
    pub reason: Reason,
    /// As in [`Mail::message_id`].
    pub message_id: String,
    /// May be empty.
    pub subject: String,
    /// `None` when it could not be read.
    pub from: Option<Address>,
    /// As in [`Mail::token_recipients`].
    pub token_recipients: Vec<Address>,
}

/// Why a mail was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Over [`Limits::max_parts`].
    #[error("too many parts")]
    TooManyParts,
    /// Over [`Limits::max_depth`].
    #[error("parts nested too deep")]
    TooDeep,
    /// Over [`Limits::max_header_bytes`].
    #[error("header block too large")]
    HeadersTooLarge,
    /// Not a single header field: not a mail.
    #[error("no header fields")]
    NoHeaders,
    /// The parser gave up; the bytes are worth a bug report.
    #[error("the parser failed")]
    ParserFailed,
}

/// A mail, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Without angle brackets; `sha256-<hex>@centralita.invalid` when the mail has none.
    pub message_id: String,
    /// Whether [`Mail::message_id`] was made up from the bytes.
    pub is_message_id_synthesised: bool,
    /// The first address of From, else of Sender.
    pub from: Option<Address>,
    /// Where answers should go; empty means [`Mail::from`].
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Decoded; may be empty.
    pub subject: String,
    /// When the sender says it was written.
    pub date: Option<jiff::Timestamp>,
    /// Message ids without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Message ids without angle brackets, oldest first.
    pub references: Vec<String>,
    /// Plain text, from the HTML when there is no other; lines end in LF. May be empty.
    pub text: String,
    /// Byte offset in [`Mail::text`] where quoted history begins; its length when there is none.
    pub quote_at: usize,
    /// Sanitised; `None` when the mail has only plain text.
    pub html: Option<Html>,
    /// Everything that is not shown as text, attached mails included.
    pub attachments: Vec<Part>,
    /// Where a reply token may be found: envelope, Delivered-To, X-Original-To, Envelope-To, To, Cc.
    pub token_recipients: Vec<Address>,
    /// Who or what wrote it.
    pub class: Class,
    /// Whether an automatic answer is harmless: a person wrote it and nothing hints at a machine.
    pub may_auto_answer: bool,
    /// What the receiving server thinks of the sender.
    pub authentication: Authentication,
    /// S/MIME or PGP signed; not verified here.
    pub is_signed: bool,
    /// S/MIME or PGP encrypted; the content is among the attachments.
    pub is_encrypted: bool,
    /// Language tags from Content-Language, then Accept-Language, as written.
    pub languages: Vec<String>,
}

/// One attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// File name without any path; `None` when the mail gives none.
    pub name: Option<String>,
    /// As declared, lower case; not to be trusted.
    pub media_type: String,
    /// Without angle brackets; what `data-cid` in the HTML refers to.
    pub content_id: Option<String>,
    /// Whether it is meant to be shown inside the text.
    pub is_inline: bool,
    /// The content, transfer encoding undone.
    pub bytes: Vec<u8>,
}

impl Mail {
    /// What the person wrote now; never blank unless [`Mail::text`] is.
    pub fn visible_text(&self) -> &str {
        &self.text[..self.quote_at]
    }

    /// The quoted history below it; may be empty.
    pub fn quoted_text(&self) -> &str {
        &self.text[self.quote_at..]
    }

    /// Message ids to look up, likeliest first; see [`thread::lookup_order`].
    pub fn lookup_order(&self) -> Vec<String> {
        thread::lookup_order(&self.in_reply_to, &self.references)
    }
}

/// Reads a mail. Never fails and never panics, whatever the bytes.
pub fn parse(raw: &[u8], context: &Context<'_>) -> Parsed {
    let outcome = catch_unwind(AssertUnwindSafe(|| read(raw, context))).unwrap_or(Err(Reason::ParserFailed));
    match outcome {
        Ok(mail) => Parsed::Mail(Box::new(mail)),
        Err(reason) => Parsed::Unreadable(Box::new(unreadable(raw, context, reason))),
    }
}

fn read(raw: &[u8], context: &Context<'_>) -> Result<Mail, Reason> {
    let root = mime::tree(raw, &context.limits)?;
    let headers = &root.headers;
    if headers.is_empty() {
        return Err(Reason::NoHeaders);
    }
    let from = sender(headers);
    let body = body::read(&root);
    let classified = classify::classify(&root, &classify_context(headers, from.as_ref(), context));
    let message_id = headers.ids("message-id").into_iter().next();
    Ok(Mail {
        is_message_id_synthesised: message_id.is_none(),
        message_id: message_id.unwrap_or_else(|| synthesised_id(raw)),
        reply_to: headers.addresses("reply-to"),
        to: headers.addresses("to"),
        cc: headers.addresses("cc"),
        subject: headers.text("subject").unwrap_or_default(),
        date: headers.date("date"),
        in_reply_to: headers.ids("in-reply-to"),
        references: headers.ids("references"),
        quote_at: fold::quote_start(&body.text),
        token_recipients: token_recipients(headers, context),
        class: classified.class,
        may_auto_answer: classified.may_auto_answer,
        authentication: authentication::read(headers, context.authserv_ids, from.as_ref().map(Address::domain)),
        is_signed: is_signed(&root, &body.text),
        is_encrypted: is_encrypted(&root, &body.text),
        languages: languages(headers),
        from,
        text: body.text,
        html: body.html,
        attachments: body.attachments,
    })
}

fn sender(headers: &Headers<'_>) -> Option<Address> {
    ["from", "sender"].into_iter().find_map(|name| headers.addresses(name).into_iter().next())
}

fn classify_context<'a>(
    headers: &Headers<'_>,
    from: Option<&'a Address>,
    context: &Context<'a>,
) -> classify::Context<'a> {
    let is_null_path = headers.plain("return-path").is_some_and(|path| path.replace(' ', "") == "<>");
    let is_null_envelope = context.envelope.map(|envelope| envelope.sender.trim().is_empty());
    classify::Context {
        from,
        own_addresses: context.own_addresses,
        is_null_sender: is_null_envelope.unwrap_or(is_null_path),
    }
}

fn token_recipients(headers: &Headers<'_>, context: &Context<'_>) -> Vec<Address> {
    let envelope = context.envelope.map(|envelope| envelope.recipients).unwrap_or_default();
    let envelope = envelope.iter().filter_map(|recipient| Address::new(None, recipient));
    let fields = ["delivered-to", "x-original-to", "envelope-to", "to", "cc"];
    envelope.chain(fields.iter().flat_map(|name| headers.addresses(name))).collect()
}

fn synthesised_id(raw: &[u8]) -> String {
    let digest = Sha256::digest(raw);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256-{hex}@centralita.invalid")
}

fn smime_type(node: &Node<'_>) -> Option<String> {
    let is_smime = matches!(node.media_type(), "application/pkcs7-mime" | "application/x-pkcs7-mime");
    is_smime.then(|| node.content_type.parameter("smime-type").unwrap_or("enveloped-data").to_ascii_lowercase())
}

fn is_signed(root: &Node<'_>, text: &str) -> bool {
    root.media_type() == "multipart/signed"
        || root.children.iter().any(|child| child.media_type() == "multipart/signed")
        || smime_type(root).is_some_and(|kind| kind == "signed-data")
        || text.trim_start().starts_with("-----BEGIN PGP SIGNED MESSAGE-----")
}

fn is_encrypted(root: &Node<'_>, text: &str) -> bool {
    root.media_type() == "multipart/encrypted"
        || smime_type(root).is_some_and(|kind| kind != "signed-data")
        || text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----")
}

fn languages(headers: &Headers<'_>) -> Vec<String> {
    let fields = ["content-language", "accept-language"];
    let values = fields.iter().filter_map(|name| headers.plain(name));
    let tags = values.flat_map(|value| value.split(',').map(clean_language).collect::<Vec<_>>());
    tags.filter(|tag| !tag.is_empty()).take(10).collect()
}

/// `es-ES;q=0.8` → `es-ES`.
fn clean_language(tag: &str) -> String {
    let tag = tag.split(';').next().unwrap_or_default().trim();
    tag.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(35).collect()
}

/// What can be said about a mail that was not opened.
fn unreadable(raw: &[u8], context: &Context<'_>, reason: Reason) -> Unreadable {
    let head = &raw[..raw.len().min(context.limits.max_header_bytes)];
    let best_effort = catch_unwind(|| {
        let (headers, _) = Headers::split(head);
        let id = headers.ids("message-id").into_iter().next();
        (id, headers.text("subject").unwrap_or_default(), sender(&headers), token_recipients(&headers, context))
    });
    let (id, subject, from, token_recipients) = best_effort.unwrap_or_default();
    let message_id = id.unwrap_or_else(|| synthesised_id(raw));
    Unreadable { reason, message_id, subject, from, token_recipients }
}
