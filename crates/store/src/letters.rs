//! Letters: mails that no person writes. Each belongs to the event of the timeline that tells of it.

use db::Kind::{Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, ConversationId, EntryId, IdentityId, OrganizationId};
use jiff::Timestamp;

use crate::cols::{Cols, opt};
use crate::customers::key;

/// What a letter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// What was said, for the visitor who asked for it.
    Transcript,
    /// What was said, sent by staff.
    Copy,
    /// Asks whether an address wants word of answers.
    Confirm,
    /// Answers that the visitor has not read.
    Answers,
}

impl LetterKind {
    const ALL: [Self; 4] = [Self::Transcript, Self::Copy, Self::Confirm, Self::Answers];

    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::Copy => "copy",
            Self::Confirm => "confirm",
            Self::Answers => "answers",
        }
    }
}

/// One letter.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Letter {
    pub entry_id: EntryId,
    pub organization_id: OrganizationId,
    pub conversation_id: ConversationId,
    pub kind: LetterKind,
    /// `html` (with text beside it) or `text`.
    pub format: String,
    /// The channel whose messages it holds; all channels without one.
    pub about_channel_id: Option<ChannelId>,
    /// Whose address it is, where somebody of the conversation has it.
    pub identity_id: Option<IdentityId>,
    pub address: String,
    /// BCP 47.
    pub language: String,
    /// It holds what comes after this …
    pub after_seq: i64,
    /// … up to this.
    pub until_seq: i64,
    /// Under which it leaves, once it has tried to.
    pub reference: Option<String>,
    pub created_at: Timestamp,
}

fn letter(row: &Row<'_>) -> Result<Letter, Error> {
    let mut c = Cols::new(row);
    Ok(Letter {
        entry_id: c.id()?,
        organization_id: c.id()?,
        conversation_id: c.id()?,
        kind: {
            let word: String = c.get()?;
            let found = LetterKind::ALL.into_iter().find(|kind| kind.as_str() == word);
            found.ok_or_else(|| Error::column(3, format!("no letter {word:?}")))?
        },
        format: c.get()?,
        about_channel_id: c.opt_id()?,
        identity_id: c.opt_id()?,
        address: c.get()?,
        language: c.get()?,
        after_seq: c.get()?,
        until_seq: c.get()?,
        reference: c.get()?,
        created_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "entry_id, organization_id, conversation_id, kind, format, about_channel_id, identity_id, address, language,
         after_seq, until_seq, reference, created_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Text, Text, Id, Id, Text, Text, Int, Int, Text, Time];

const INSERT: Sql = Sql::new(
    "letters.insert",
    concat!(
        "INSERT INTO letters (",
        columns!(),
        ", address_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ),
    &[],
);
const FIND: Sql = Sql::new(
    "letters.find",
    concat!("SELECT ", columns!(), " FROM letters WHERE organization_id = $1 AND entry_id = $2"),
    COLUMNS,
);
const NEWEST_TO: Sql = Sql::new(
    "letters.newest_to",
    concat!(
        "SELECT ",
        columns!(),
        " FROM letters WHERE organization_id = $1 AND conversation_id = $2 AND kind = $3 AND address_key = $4
          ORDER BY created_at DESC, entry_id DESC LIMIT 1"
    ),
    COLUMNS,
);
const REFER: Sql =
    Sql::new("letters.refer", "UPDATE letters SET reference = $3 WHERE organization_id = $1 AND entry_id = $2", &[]);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &FIND, &NEWEST_TO, &REFER];

/// Adds a letter.
pub async fn insert(tx: &mut Tx<'_>, l: &Letter) -> Result<(), Error> {
    let params = [
        l.entry_id.0.into(),
        l.organization_id.0.into(),
        l.conversation_id.0.into(),
        l.kind.as_str().into(),
        l.format.as_str().into(),
        opt(l.about_channel_id),
        opt(l.identity_id),
        l.address.as_str().into(),
        l.language.as_str().into(),
        l.after_seq.into(),
        l.until_seq.into(),
        l.reference.clone().into(),
        l.created_at.into(),
        key(&l.address).into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// The letter of an entry; `None` for an entry that is none, and after its conversation was erased.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, entry: EntryId) -> Result<Option<Letter>, Error> {
    tx.optional(&FIND, &[org.0.into(), entry.0.into()], letter).await
}

/// The newest letter of this kind to an address, whatever the case it is written in.
pub async fn newest_to(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    kind: LetterKind,
    address: &str,
) -> Result<Option<Letter>, Error> {
    let params = [org.0.into(), conversation.0.into(), kind.as_str().into(), key(address).into()];
    tx.optional(&NEWEST_TO, &params, letter).await
}

/// Notes under which reference a letter leaves; it is the same in every attempt.
pub async fn refer(tx: &mut Tx<'_>, org: OrganizationId, entry: EntryId, reference: &str) -> Result<(), Error> {
    tx.exec_one(&REFER, &[org.0.into(), entry.0.into(), reference.into()]).await
}
