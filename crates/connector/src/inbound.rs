//! What arrives, in words that are the same for every channel.

use jiff::Timestamp;
use uuid::Uuid;

/// Somebody's address on a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// As the channel writes it.
    pub address: String,
    /// The name beside it.
    pub name: Option<String>,
}

/// What the channel knows about whether the sender is who they say (api.md §2.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Proven by the channel.
    Pass,
    /// Disproven.
    Fail,
    /// There is nothing to check against.
    None,
    /// Nobody we trust checked.
    #[default]
    Unknown,
}

impl Verdict {
    /// Its word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// Who, or what, wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Somebody.
    #[default]
    Person,
    /// A machine that answers by itself: it opens and reopens nothing.
    AutoReply,
    /// A list or bulk sender.
    List,
    /// Ourselves: a loop.
    Own,
}

/// A signed reference to a conversation, not yet checked: [`crate::ChannelType::is_genuine`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The conversation it names.
    pub id: Uuid,
    /// As it stood in the message.
    pub text: String,
}

/// A file that came along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Without any path.
    pub name: String,
    /// As declared; not to be trusted.
    pub media_type: String,
    /// What the HTML calls it by.
    pub content_id: Option<String>,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A message that threads by references, as mail does.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Letter {
    /// `None` when nobody could be made out.
    pub from: Option<Party>,
    pub verdict: Verdict,
    pub origin: Origin,
    /// Its own reference; answers name it.
    pub reference: String,
    pub claim: Option<Claim>,
    /// References it names, likeliest first.
    pub answers: Vec<String>,
    /// The whole chain of references, oldest first.
    pub chain: Vec<String>,
    /// The number of a conversation written in it.
    pub number: Option<i64>,
    pub subject: String,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub text: String,
    /// Code points of `text` before the quoted history; `None` when nothing is quoted.
    pub quoted_from: Option<i64>,
    /// Sanitised.
    pub html: Option<String>,
    pub files: Vec<File>,
    pub language: Option<String>,
    /// When the sender says it was written.
    pub written_at: Option<Timestamp>,
    /// What else is shown with it: verdicts, signatures.
    pub notes: Vec<(&'static str, String)>,
}

/// What became of one recipient of a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// May be empty when the report does not say.
    pub address: String,
    /// What it means.
    pub fate: Fate,
    /// The provider's status code.
    pub status: String,
    /// The provider's words.
    pub text: String,
}

/// What a report means for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The address does not exist.
    Hard,
    /// It may work later.
    Soft,
    /// This message was refused, the address may be fine.
    Refused,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
    /// They want nothing more from us.
    Complaint,
    /// Nothing can be said.
    Nothing,
}

/// Whether an address can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As far as known.
    Ok,
    /// Not now.
    SoftBounce,
    /// Never.
    HardBounce,
    /// They opted out.
    OptedOut,
}

impl Reach {
    /// Its word in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::SoftBounce => "soft_bounce",
            Self::HardBounce => "hard_bounce",
            Self::OptedOut => "opted_out",
        }
    }
}

impl Fate {
    /// What it makes of the address, if anything.
    #[must_use]
    pub const fn reach(self) -> Option<Reach> {
        match self {
            Self::Hard => Some(Reach::HardBounce),
            Self::Soft => Some(Reach::SoftBounce),
            Self::Complaint => Some(Reach::OptedOut),
            Self::Refused | Self::Delivered | Self::Read | Self::Nothing => None,
        }
    }
}

/// A report by a machine about a message of ours. Its text is kept like a letter's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    /// The letter it came as.
    pub letter: Letter,
    /// The reference of our message.
    pub about: Option<String>,
    /// What became of whom.
    pub recipients: Vec<Failing>,
}

/// Something that cannot be read and is kept as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Kept {
    /// A stable word: `too_large`, `too_many_parts`, `parser_failed` …
    pub reason: &'static str,
    pub from: Option<Party>,
    pub subject: String,
    pub reference: String,
}

/// What arrived.
#[derive(Clone, Debug, PartialEq)]
pub enum InboundEvent {
    /// A message.
    Letter(Box<Letter>),
    /// A report about one of ours.
    Notice(Box<Notice>),
    /// Nothing readable.
    Unreadable(Kept),
}
