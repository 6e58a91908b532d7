//! Reports machines send about our mail: bounces (RFC 3464), complaints (RFC 5965) and read
//! receipts (RFC 8098).

use crate::{
    body,
    header::{Headers, parse_addresses},
    mime::Node,
};

/// Most recipients read from one report.
const MAX_RECIPIENTS: usize = 100;

/// A delivery status notification about a mail of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dsn {
    /// What became of each recipient; empty when the bounce says nothing readable.
    pub recipients: Vec<DsnRecipient>,
    /// Message-ID of the mail it is about, from its attached headers.
    pub original_message_id: Option<String>,
}

/// The fate of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsnRecipient {
    /// Address as the reporting server knows it; empty when it does not say.
    pub address: String,
    /// What the server did.
    pub action: DsnAction,
    /// Enhanced status code such as `5.1.1`; empty when there is none.
    pub status: String,
    /// The other server's own words; may be empty.
    pub diagnostic: String,
    /// The server that refused, without its type prefix; may be empty.
    pub remote_mta: String,
}

/// The `Action` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DsnAction {
    /// Given up.
    Failed,
    /// Still trying.
    Delayed,
    /// Delivered.
    Delivered,
    /// Handed to a server that reports nothing.
    Relayed,
    /// Delivered to a list and sent on.
    Expanded,
    /// Something else, or nothing.
    Unknown,
}

/// What a report means for the address it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The address does not exist (5.1.x): stop writing to it.
    Hard,
    /// It may work later (4.x.x, or delayed).
    Soft,
    /// This mail was refused for good, the address may be fine (other 5.x.x).
    Refused,
    /// No failure.
    None,
}

impl DsnRecipient {
    /// What this means for the address.
    pub fn severity(&self) -> Severity {
        match self.action {
            DsnAction::Delivered | DsnAction::Relayed | DsnAction::Expanded => Severity::None,
            DsnAction::Delayed => Severity::Soft,
            DsnAction::Failed | DsnAction::Unknown if self.status.starts_with("4.") => Severity::Soft,
            DsnAction::Failed | DsnAction::Unknown if self.status.starts_with("5.1.") => Severity::Hard,
            DsnAction::Failed => Severity::Refused,
            DsnAction::Unknown if self.status.starts_with("5.") => Severity::Refused,
            DsnAction::Unknown => Severity::None,
        }
    }
}

/// A complaint: somebody marked our mail as spam.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaint {
    /// `abuse`, `fraud`, `not-spam`, …; lower case, may be empty.
    pub feedback_type: String,
    /// Who complained, when the report says so.
    pub recipient: Option<String>,
    /// Message-ID of the mail complained about.
    pub original_message_id: Option<String>,
}

/// A notice that our mail was shown, deleted or processed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadReceipt {
    /// The last word of `Disposition`: `displayed`, `deleted`, …; lower case.
    pub disposition: String,
    /// Message-ID of the mail it is about.
    pub original_message_id: Option<String>,
}

/// Any report found in a mail.
pub(crate) enum Report {
    Dsn(Dsn),
    Complaint(Complaint),
    ReadReceipt(ReadReceipt),
}

/// The report a mail is, judged by its parts.
pub(crate) fn find(root: &Node<'_>) -> Option<Report> {
    let report_type = root.content_type.parameter("report-type").unwrap_or_default().to_ascii_lowercase();
    let is_report = root.media_type() == "multipart/report";
    let part = |kind: &str| child(root, &[kind, &kind.replacen("message/", "message/global-", 1)]);
    let claims = |kind: &str| is_report && report_type == kind;
    if let Some(status) = part("message/delivery-status") {
        return Some(Report::Dsn(dsn(root, status)));
    }
    if let Some(feedback) = part("message/feedback-report") {
        return Some(Report::Complaint(complaint(root, feedback)));
    }
    if let Some(receipt) = part("message/disposition-notification") {
        return Some(Report::ReadReceipt(read_receipt(root, receipt)));
    }
    match () {
        () if claims("delivery-status") => Some(Report::Dsn(informal_dsn(root))),
        () if claims("disposition-notification") => Some(Report::ReadReceipt(ReadReceipt::default())),
        () if claims("feedback-report") => Some(Report::Complaint(Complaint::default())),
        () => None,
    }
}

fn child<'n, 'a>(root: &'n Node<'a>, kinds: &[&str]) -> Option<&'n Node<'a>> {
    std::iter::once(root).chain(&root.children).find(|node| kinds.contains(&node.media_type()))
}

fn dsn(root: &Node<'_>, status: &Node<'_>) -> Dsn {
    let bytes = body::decoded(status);
    let recipients = blocks(&bytes).into_iter().filter(|block| block.has("final-recipient") || block.has("action"));
    Dsn {
        recipients: recipients.take(MAX_RECIPIENTS).map(|block| dsn_recipient(&block)).collect(),
        original_message_id: original_message_id(root),
    }
}

/// The groups of fields in a status part, separated by empty lines.
fn blocks(bytes: &[u8]) -> Vec<Headers<'_>> {
    let mut rest = bytes.trim_ascii_start();
    let mut blocks = Vec::new();
    while !rest.is_empty() && blocks.len() <= MAX_RECIPIENTS {
        let (headers, after) = Headers::split(rest);
        if headers.is_empty() {
            break;
        }
        blocks.push(headers);
        rest = after.trim_ascii_start();
    }
    blocks
}

fn dsn_recipient(block: &Headers<'_>) -> DsnRecipient {
    let diagnostic = typed(block, "diagnostic-code");
    let status = block.plain("status").and_then(|value| enhanced_code(&value));
    DsnRecipient {
        address: first_address(&typed(block, "final-recipient"))
            .or_else(|| first_address(&typed(block, "original-recipient")))
            .unwrap_or_default(),
        action: action(&block.plain("action").unwrap_or_default()),
        status: status.or_else(|| enhanced_code(&diagnostic)).or_else(|| reply_code(&diagnostic)).unwrap_or_default(),
        remote_mta: typed(block, "remote-mta"),
        diagnostic,
    }
}

/// The value behind its `type;` prefix.
fn typed(block: &Headers<'_>, name: &str) -> String {
    let value = block.text(name).unwrap_or_default();
    value.split_once(';').map_or(value.as_str(), |(_, value)| value).trim().to_owned()
}

fn first_address(value: &str) -> Option<String> {
    parse_addresses(value).into_iter().next().map(|address| address.email)
}

fn action(value: &str) -> DsnAction {
    match value.split_whitespace().next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "failed" => DsnAction::Failed,
        "delayed" => DsnAction::Delayed,
        "delivered" => DsnAction::Delivered,
        "relayed" => DsnAction::Relayed,
        "expanded" => DsnAction::Expanded,
        _ => DsnAction::Unknown,
    }
}

/// The first `2|4|5.n.n` in `text`.
fn enhanced_code(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.map(|word| word.trim_matches('.')).find(|word| is_enhanced(word)).map(str::to_owned)
}

fn is_enhanced(word: &str) -> bool {
    let digits: Vec<&str> = word.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len());
    matches!(digits[..], ["2" | "4" | "5", _, _]) && digits.iter().all(is_number)
}

/// `550 …` → `5.0.0`: the class is all a bare SMTP reply tells.
fn reply_code(text: &str) -> Option<String> {
    let word = text.split_whitespace().find(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()))?;
    let class = word.chars().next().filter(|class| "245".contains(*class))?;
    Some(format!("{class}.0.0"))
}

/// A bounce without a status part: what its text gives away.
pub(crate) fn informal_dsn(root: &Node<'_>) -> Dsn {
    let text = body::read(root).text;
    let address = text.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        (word.contains('@') && word.contains('.')).then(|| first_address(word)).flatten()
    });
    let status = enhanced_code(&text);
    let recipients = address.map(|address| DsnRecipient {
        address,
        action: DsnAction::Failed,
        status: status.unwrap_or_default(),
        diagnostic: String::new(),
        remote_mta: String::new(),
    });
    let quoted_id = || message_id_in_text(&text);
    Dsn {
        recipients: recipients.into_iter().collect(),
        original_message_id: original_message_id(root).or_else(quoted_id),
    }
}

fn message_id_in_text(text: &str) -> Option<String> {
    let mut lines = text.lines().map(|line| line.trim_start_matches(['>', ' ']));
    let line = lines.find(|line| line.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("message-id:")))?;
    Headers::split(line.as_bytes()).0.ids("message-id").into_iter().next()
}

/// Message-ID of the mail, or of the headers, attached to a report.
fn original_message_id(root: &Node<'_>) -> Option<String> {
    const KINDS: [&str; 5] =
        ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"];
    let attached = child(root, &KINDS)?;
    let bytes = body::decoded(attached);
    Headers::split(bytes.trim_ascii_start()).0.ids("message-id").into_iter().next()
}

fn complaint(root: &Node<'_>, feedback: &Node<'_>) -> Complaint {
    let bytes = body::decoded(feedback);
    let (fields, _) = Headers::split(bytes.trim_ascii_start());
    let recipient = |name| fields.text(name).and_then(|value| first_address(&value));
    Complaint {
        feedback_type: fields.plain("feedback-type").unwrap_or_default().to_ascii_lowercase(),
        recipient: recipient("original-rcpt-to").or_else(|| recipient("removal-recipient")),
        original_message_id: original_message_id(root),
    }
}

fn read_receipt(root: &Node<'_>, receipt: &Node<'_>) -> ReadReceipt {
    let bytes = body::decoded(receipt);
    let (fields, _) = Headers::split(bytes.trim_ascii_start());
    let disposition = fields.plain("disposition").unwrap_or_default().to_ascii_lowercase();
    let disposition = disposition.rsplit(';').next().unwrap_or_default();
    ReadReceipt {
        disposition: disposition.split('/').next().unwrap_or_default().trim().to_owned(),
        original_message_id: fields.ids("original-message-id").into_iter().next().or_else(|| original_message_id(root)),
    }
}
