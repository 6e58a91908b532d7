//! Ratings: what customers think of an engagement. One for each.

use db::Kind::{Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, ConversationId, EntryId, InteractionId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;
use crate::visitors::Visitor;

/// One rating.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "columns")]
pub struct Rating {
    pub interaction_id: InteractionId,
    pub organization_id: OrganizationId,
    pub conversation_id: ConversationId,
    pub channel_id: ChannelId,
    /// The event of the timeline that shows it.
    pub entry_id: EntryId,
    /// 1 to 5.
    pub stars: i64,
    pub comment: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn rating(row: &Row<'_>) -> Result<Rating, Error> {
    let mut c = Cols::new(row);
    Ok(Rating {
        interaction_id: c.id()?,
        organization_id: c.id()?,
        conversation_id: c.id()?,
        channel_id: c.id()?,
        entry_id: c.id()?,
        stars: c.get()?,
        comment: c.get()?,
        created_at: c.get()?,
        updated_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "interaction_id, organization_id, conversation_id, channel_id, entry_id, stars, comment, created_at, updated_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Id, Id, Int, Text, Time, Time];

const INSERT: Sql = Sql::new(
    "ratings.insert",
    concat!("INSERT INTO ratings (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
    &[],
);
const FIND: Sql = Sql::new(
    "ratings.find",
    concat!("SELECT ", columns!(), " FROM ratings WHERE organization_id = $1 AND interaction_id = $2 {for_update}"),
    COLUMNS,
);
const CHANGE: Sql = Sql::new(
    "ratings.change",
    "UPDATE ratings SET stars = $3, comment = $4, updated_at = $5 WHERE organization_id = $1 AND interaction_id = $2",
    &[],
);
const LAST_ENGAGEMENT: Sql = Sql::new(
    "ratings.last_engagement",
    "SELECT id FROM interactions WHERE organization_id = $1 AND conversation_id = $2 AND channel_id = $3
     ORDER BY id DESC LIMIT 1",
    &[Id],
);

/// Whether the newest engagement of a conversation is the one that was rated: ids rise with time.
const STARS: Sql = Sql::new(
    "ratings.stars",
    "SELECT r.conversation_id, r.stars FROM ratings r
     WHERE r.organization_id = $1 AND r.conversation_id {any_uuid $2} AND r.channel_id = $3
       AND NOT EXISTS (SELECT 1 FROM interactions i WHERE i.organization_id = $1
         AND i.conversation_id = r.conversation_id AND i.channel_id = $3 AND i.id > r.interaction_id)
     ORDER BY r.interaction_id LIMIT 100",
    &[Id, Int],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &FIND, &CHANGE, &LAST_ENGAGEMENT, &STARS];

/// Adds a rating.
///
/// # Errors
/// [`Error::Unique`] when the engagement has one.
pub async fn insert(tx: &mut Tx<'_>, r: &Rating) -> Result<(), Error> {
    let params = [
        r.interaction_id.0.into(),
        r.organization_id.0.into(),
        r.conversation_id.0.into(),
        r.channel_id.0.into(),
        r.entry_id.0.into(),
        r.stars.into(),
        r.comment.clone().into(),
        r.created_at.into(),
        r.updated_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// The rating of an engagement, held until the transaction ends.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, of: InteractionId) -> Result<Option<Rating>, Error> {
    tx.optional(&FIND, &[org.0.into(), of.0.into()], rating).await
}

/// Changes stars and comment.
pub async fn change(tx: &mut Tx<'_>, r: &Rating) -> Result<(), Error> {
    let params = [
        r.organization_id.0.into(),
        r.interaction_id.0.into(),
        r.stars.into(),
        r.comment.clone().into(),
        r.updated_at.into(),
    ];
    tx.exec_one(&CHANGE, &params).await
}

/// The stars of the last engagement of each of a visitor's conversations that has some.
pub async fn stars(tx: &mut Tx<'_>, v: &Visitor, ids: Vec<Uuid>) -> Result<Vec<(ConversationId, i64)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let params = [v.organization_id.0.into(), ids.into(), v.channel_id.0.into()];
    tx.all(&STARS, &params, |row| {
        let mut c = Cols::new(row);
        Ok((c.id()?, c.get()?))
    })
    .await
}

/// The newest engagement of a conversation on a channel.
pub async fn last_engagement(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    channel: ChannelId,
) -> Result<Option<InteractionId>, Error> {
    let params = [org.0.into(), conversation.0.into(), channel.0.into()];
    tx.optional(&LAST_ENGAGEMENT, &params, |row| Cols::new(row).id()).await
}
