//! Who follows a conversation and who was named in it. The conversation's row lists them too, for its snapshots;
//! these rows find the conversations of a user.

use db::{Error, Sql, Tx};
use domain::ids::{ConversationId, OrganizationId, UserId};
use jiff::Timestamp;

/// How somebody takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Wants to hear of it.
    Follower,
    /// Was named in a note.
    Mention,
}

impl Part {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Mention => "mention",
        }
    }
}

const PUT: Sql = Sql::new(
    "followers.put",
    "INSERT INTO conversation_people (organization_id, conversation_id, user_id, kind, created_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (conversation_id, user_id, kind) DO NOTHING",
    &[],
);
const DELETE: Sql = Sql::new(
    "followers.delete",
    "DELETE FROM conversation_people WHERE organization_id = $1 AND conversation_id = $2 AND user_id = $3 AND kind = $4",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&PUT, &DELETE];

/// Adds somebody.
pub async fn put(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    user: UserId,
    part: Part,
    now: Timestamp,
) -> Result<(), Error> {
    let params = [org.0.into(), conversation.0.into(), user.0.into(), part.as_str().into(), now.into()];
    tx.exec(&PUT, &params).await.map(drop)
}

/// Removes somebody.
pub async fn delete(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    user: UserId,
    part: Part,
) -> Result<(), Error> {
    tx.exec(&DELETE, &[org.0.into(), conversation.0.into(), user.0.into(), part.as_str().into()]).await.map(drop)
}
