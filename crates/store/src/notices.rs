//! Notices: where a visitor wants answers that they have not read. One address for each conversation.

use db::Kind::{Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, ConversationId, IdentityId, OrganizationId, VisitorId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;

/// Whether an address gets mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// Whoever reads mail there has not said yes.
    Pending,
    /// They have.
    Confirmed,
    /// They want no more.
    Stopped,
}

impl NoticeState {
    /// The word in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Stopped => "stopped",
        }
    }
}

/// One notice.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Notice {
    pub conversation_id: ConversationId,
    pub organization_id: OrganizationId,
    /// The web chat.
    pub channel_id: ChannelId,
    pub visitor_id: VisitorId,
    pub identity_id: IdentityId,
    pub address: String,
    /// BCP 47.
    pub language: String,
    pub state: NoticeState,
    /// Which links are good.
    pub nonce: Uuid,
    /// The last entry that a mail has told of.
    pub told_seq: i64,
    pub asked_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
}

fn notice(row: &Row<'_>) -> Result<Notice, Error> {
    let mut c = Cols::new(row);
    Ok(Notice {
        conversation_id: c.id()?,
        organization_id: c.id()?,
        channel_id: c.id()?,
        visitor_id: c.id()?,
        identity_id: c.id()?,
        address: c.get()?,
        language: c.get()?,
        state: match c.get::<String>()?.as_str() {
            "pending" => NoticeState::Pending,
            "confirmed" => NoticeState::Confirmed,
            "stopped" => NoticeState::Stopped,
            other => return Err(Error::column(7, format!("no state {other:?}"))),
        },
        nonce: c.get()?,
        told_seq: c.get()?,
        asked_at: c.get()?,
        confirmed_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "conversation_id, organization_id, channel_id, visitor_id, identity_id, address, language, state, nonce,
         told_seq, asked_at, confirmed_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Id, Id, Text, Text, Text, Id, Int, Time, Time];

const PUT: Sql = Sql::new(
    "notices.put",
    concat!(
        "INSERT INTO notices (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (conversation_id) DO UPDATE SET visitor_id = excluded.visitor_id,
           identity_id = excluded.identity_id, address = excluded.address, language = excluded.language,
           state = excluded.state, nonce = excluded.nonce, told_seq = excluded.told_seq, asked_at = excluded.asked_at,
           confirmed_at = excluded.confirmed_at
         WHERE notices.organization_id = excluded.organization_id"
    ),
    &[],
);
const HOLD: Sql = Sql::new(
    "notices.hold",
    concat!("SELECT ", columns!(), " FROM notices WHERE organization_id = $1 AND conversation_id = $2 {for_update}"),
    COLUMNS,
);
const FIND: Sql = Sql::new(
    "notices.find",
    concat!("SELECT ", columns!(), " FROM notices WHERE organization_id = $1 AND conversation_id = $2"),
    COLUMNS,
);
const CONFIRMED: Sql = Sql::new(
    "notices.confirmed",
    "SELECT told_seq FROM notices WHERE organization_id = $1 AND conversation_id = $2 AND state = 'confirmed'",
    &[Int],
);
const UNREAD: Sql = Sql::new(
    "notices.unread",
    "SELECT e.seq FROM entries e WHERE e.organization_id = $1 AND e.conversation_id = $2 AND e.channel_id = $3
       AND e.kind = 'message' AND e.direction = 'out' AND e.audience <> 'internal' AND e.seq > $4
     ORDER BY e.seq LIMIT 1",
    &[Int],
);

pub(crate) const ALL: &[&Sql] = &[&PUT, &HOLD, &FIND, &CONFIRMED, &UNREAD];

/// Sets the notice of a conversation.
pub async fn put(tx: &mut Tx<'_>, n: &Notice) -> Result<(), Error> {
    let params = [
        n.conversation_id.0.into(),
        n.organization_id.0.into(),
        n.channel_id.0.into(),
        n.visitor_id.0.into(),
        n.identity_id.0.into(),
        n.address.as_str().into(),
        n.language.as_str().into(),
        n.state.as_str().into(),
        n.nonce.into(),
        n.told_seq.into(),
        n.asked_at.into(),
        n.confirmed_at.into(),
    ];
    tx.exec_one(&PUT, &params).await
}

/// The notice of a conversation, held until the transaction ends.
pub async fn hold(tx: &mut Tx<'_>, org: OrganizationId, of: ConversationId) -> Result<Option<Notice>, Error> {
    tx.optional(&HOLD, &[org.0.into(), of.0.into()], notice).await
}

/// The notice of a conversation.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, of: ConversationId) -> Result<Option<Notice>, Error> {
    tx.optional(&FIND, &[org.0.into(), of.0.into()], notice).await
}

/// Whether somebody wants word of answers in this conversation.
pub async fn is_confirmed(tx: &mut Tx<'_>, org: OrganizationId, of: ConversationId) -> Result<bool, Error> {
    Ok(tx.optional(&CONFIRMED, &[org.0.into(), of.0.into()], |row| row.get::<i64>(0)).await?.is_some())
}

/// The first message to the visitor after `seq`.
pub async fn first_after(tx: &mut Tx<'_>, n: &Notice, seq: i64) -> Result<Option<i64>, Error> {
    let params = [n.organization_id.0.into(), n.conversation_id.0.into(), n.channel_id.0.into(), seq.into()];
    tx.optional(&UNREAD, &params, |row| row.get(0)).await
}
