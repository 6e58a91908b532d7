//! Builds the mails Centralita sends.
//!
//! # Invariants
//! - The same input gives the same bytes: boundaries come from the Message-ID, dates are given.
//! - No value can start a header of its own: line breaks and control characters become spaces,
//!   and addresses that are not addresses are refused.

use std::fmt::Write as _;

use mail_builder::{
    MessageBuilder,
    headers::{
        address::Address as BuilderAddress, content_type::ContentType, message_id::MessageId, raw::Raw, text::Text,
    },
    mime::{BodyPart, MimePart},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Address, MARKER, MAX_REFERENCES, html, markup, thread};

/// A mail to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// From [`message_id`], without angle brackets.
    pub message_id: String,
    /// The channel's own address and name.
    pub from: Address,
    /// Where answers go, usually from [`crate::tagged_address`]; `None` means From.
    pub reply_to: Option<String>,
    /// At least one.
    pub to: Vec<Address>,
    /// May be empty.
    pub cc: Vec<Address>,
    /// Without `Re:`; it is put in front when this answers something.
    pub subject: String,
    /// Appended to the subject as `[#1234]`.
    pub conversation_number: Option<u64>,
    /// Message-ID this answers, without angle brackets.
    pub in_reply_to: Option<String>,
    /// Earlier Message-IDs, oldest first; the last [`MAX_REFERENCES`] are sent.
    pub references: Vec<String>,
    /// The Date header.
    pub date: jiff::Timestamp,
    /// What the agent wrote, in the Markdown subset; images of attachments as `![alt](cid:id)`.
    pub markdown: String,
    /// Both parts ready made, instead of [`Outgoing::markdown`]: for what no person wrote.
    pub rendered: Option<Rendered>,
    /// Whether the marker line stands above the text.
    pub has_marker: bool,
    /// `None` for what an agent wrote.
    pub automatic: Option<Automatic>,
    /// https or mailto address of the one-click opt-out, for proactive mail.
    pub unsubscribe_url: Option<String>,
    /// Files; those with a Content-ID are sent inline.
    pub attachments: Vec<Attachment>,
}

/// The parts of a mail, ready made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// For readers without HTML.
    pub text: String,
    /// What stands between `<body>` and `</body>`, which must be safe already; without it there is only text.
    pub html: Option<String>,
}

/// Why no person wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automatic {
    /// It answers a mail.
    Replied,
    /// It was sent on some other occasion.
    Generated,
}

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name shown to the recipient.
    pub name: String,
    /// `type/subtype`; anything else is sent as `application/octet-stream`.
    pub media_type: String,
    /// What `cid:` addresses in the text refer to.
    pub content_id: Option<String>,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Why a mail could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// `to` is empty.
    #[error("the mail has no recipient")]
    NoRecipient,
    /// An address that would not survive a mail server.
    #[error("{0:?} is not a mail address")]
    BadAddress(String),
    /// A Message-ID that is not `left@right`.
    #[error("{0:?} is not a message id")]
    BadMessageId(String),
}

/// The Message-ID of one outgoing entry: `conversation.entry.random@domain`, without brackets.
pub fn message_id(conversation: Uuid, entry: Uuid, random: u64, domain: &str) -> String {
    format!("{}.{}.{random:016x}@{}", conversation.simple(), entry.simple(), one_line(domain).replace(' ', ""))
}

/// Renders the Markdown subset to safe HTML; raw HTML in it is shown as text.
pub fn render_markdown(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.render.hardbreaks = true;
    options.render.escape = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    html::clean_own(&comrak::markdown_to_html(markdown, &options))
}

/// `text` as HTML that shows exactly it.
pub fn escape_html(text: &str) -> String {
    markup::escape(text)
}

/// Builds the bytes of a mail, lines ending in CRLF.
///
/// # Errors
/// [`ComposeError`] when it has no recipient or an address or id is malformed.
pub fn compose(mail: &Outgoing) -> Result<Vec<u8>, ComposeError> {
    check(mail)?;
    let mut builder = MessageBuilder::new()
        .message_id(mail.message_id.as_str())
        .date(mail.date.as_second())
        .from(mailbox(&mail.from))
        .to(mailboxes(&mail.to))
        .subject(subject(mail));
    if !mail.cc.is_empty() {
        builder = builder.cc(mailboxes(&mail.cc));
    }
    if let Some(reply_to) = &mail.reply_to {
        builder =
            builder.reply_to(BuilderAddress::new_address(mail.from.name.as_deref().map(one_line), reply_to.as_str()));
    }
    builder = threading_headers(builder, mail);
    builder = automatic_headers(builder, mail);
    let mut bytes = Vec::new();
    builder.body(body(mail)).serialize(&mut bytes);
    Ok(bytes)
}

fn check(mail: &Outgoing) -> Result<(), ComposeError> {
    if mail.to.is_empty() {
        return Err(ComposeError::NoRecipient);
    }
    let addresses = std::iter::once(&mail.from).chain(&mail.to).chain(&mail.cc).map(|address| &address.email);
    for email in addresses.chain(&mail.reply_to) {
        if Address::new(None, email).is_none() {
            return Err(ComposeError::BadAddress(email.clone()));
        }
    }
    is_id(&mail.message_id).then_some(()).ok_or_else(|| ComposeError::BadMessageId(mail.message_id.clone()))
}

/// Whether `id` can be written between angle brackets.
fn is_id(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"' | '\\');
    id.len() <= 250
        && id.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
        && id.chars().all(is_plain)
}

fn mailbox(address: &Address) -> BuilderAddress<'_> {
    BuilderAddress::new_address(address.name.as_deref().map(one_line), address.email.as_str())
}

fn mailboxes(addresses: &[Address]) -> BuilderAddress<'_> {
    BuilderAddress::new_list(addresses.iter().map(mailbox).collect())
}

/// `text` on one line, without control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

fn subject(mail: &Outgoing) -> String {
    let subject = one_line(&mail.subject);
    let mut subject = subject.trim().to_owned();
    if mail.in_reply_to.is_some() && !thread::has_reply_prefix(&subject) {
        subject = format!("Re: {subject}");
    }
    if let Some(number) =
        mail.conversation_number.filter(|number| thread::conversation_number(&subject) != Some(*number))
    {
        write!(subject, " [#{number}]").expect("invariant: writing to a string cannot fail");
    }
    subject
}

fn threading_headers<'x>(builder: MessageBuilder<'x>, mail: &'x Outgoing) -> MessageBuilder<'x> {
    let in_reply_to = mail.in_reply_to.as_deref().filter(|id| is_id(id));
    let earlier = mail.references.iter().map(String::as_str).filter(|id| is_id(id) && Some(*id) != in_reply_to);
    let mut references: Vec<&str> = earlier.collect();
    references.extend(in_reply_to);
    references.drain(..references.len().saturating_sub(MAX_REFERENCES));
    let builder = match in_reply_to {
        Some(id) => builder.in_reply_to(id),
        None => builder,
    };
    if references.is_empty() { builder } else { builder.references(MessageId::new_list(references.into_iter())) }
}

fn automatic_headers<'x>(builder: MessageBuilder<'x>, mail: &'x Outgoing) -> MessageBuilder<'x> {
    let builder = match &mail.unsubscribe_url {
        Some(url) => builder
            .header("List-Unsubscribe", Raw::new(format!("<{}>", one_line(url).replace([' ', '<', '>'], ""))))
            .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click")),
        None => builder,
    };
    let Some(automatic) = mail.automatic else { return builder };
    let auto_submitted = match automatic {
        Automatic::Replied => "auto-replied",
        Automatic::Generated => "auto-generated",
    };
    builder
        .header("Auto-Submitted", Raw::new(auto_submitted))
        .header("X-Auto-Response-Suppress", Raw::new("All"))
        .header("Precedence", Raw::new("auto_reply"))
        .header("X-Loop", Text::new(mail.from.email.as_str()))
}

/// Text and HTML, inside them the inline files, around both the attached ones.
fn body(mail: &Outgoing) -> MimePart<'_> {
    let (inline, attached): (Vec<_>, Vec<_>) = mail.attachments.iter().partition(|file| file.content_id.is_some());
    let text = MimePart::new("text/plain", BodyPart::Text(text_body(mail).into()));
    if matches!(&mail.rendered, Some(Rendered { html: None, .. })) {
        return text;
    }
    let html = MimePart::new("text/html", BodyPart::Text(html_body(mail).into()));
    let html = match inline.is_empty() {
        true => html,
        false => multipart(mail, "related", std::iter::once(html).chain(inline.into_iter().map(file_part)).collect()),
    };
    let content = multipart(mail, "alternative", vec![text, html]);
    match attached.is_empty() {
        true => content,
        false => {
            multipart(mail, "mixed", std::iter::once(content).chain(attached.into_iter().map(file_part)).collect())
        }
    }
}

fn text_body(mail: &Outgoing) -> String {
    let text = mail.rendered.as_ref().map_or(&mail.markdown, |rendered| &rendered.text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let marker = if mail.has_marker { format!("{MARKER}\n\n") } else { String::new() };
    format!("{marker}{}\n", text.trim_end()).replace('\n', "\r\n")
}

fn html_body(mail: &Outgoing) -> String {
    let marker = match mail.has_marker {
        true => format!(
            "<div class=\"centralita-marker\" style=\"color:#767676;font-size:12px\">{}</div>",
            markup::escape(MARKER)
        ),
        false => String::new(),
    };
    let ready = mail.rendered.as_ref().and_then(|rendered| rendered.html.clone());
    let content = ready.unwrap_or_else(|| render_markdown(&mail.markdown));
    format!("<!doctype html><html><body>{marker}{content}</body></html>").replace('\n', "\r\n")
}

fn multipart<'x>(mail: &Outgoing, kind: &str, parts: Vec<MimePart<'x>>) -> MimePart<'x> {
    let digest = Sha256::digest(format!("{kind} {}", mail.message_id));
    let boundary: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let content_type = ContentType::new(format!("multipart/{kind}")).attribute("boundary", format!("=_{boundary}"));
    MimePart::new(content_type, parts)
}

fn file_part(file: &Attachment) -> MimePart<'_> {
    let name = one_line(&file.name);
    let content_type = ContentType::new(media_type(&file.media_type));
    let part = MimePart::new(content_type, BodyPart::Binary(file.bytes.as_slice().into()));
    let disposition = if file.content_id.is_some() { "inline" } else { "attachment" };
    let part = part.header("Content-Disposition", ContentType::new(disposition).attribute("filename", name));
    match file.content_id.as_deref().filter(|id| is_content_id(id)) {
        Some(id) => part.cid(id),
        None => part,
    }
}

fn is_content_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 250 && id.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"'))
}

fn media_type(declared: &str) -> String {
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let is_valid =
        declared.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub) && kind != "multipart");
    if is_valid { declared.to_ascii_lowercase() } else { "application/octet-stream".to_owned() }
}
