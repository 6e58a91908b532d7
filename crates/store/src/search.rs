//! What can be found, and finding it. The words are folded by `domain::search`; both engines only compare them.
//!
//! # Invariants
//! - A document is written in the transaction of what it is about, and goes with it.
//! - SQLite puts documents into its index of words by [`catch_up`], many at once; whoever searches does so first.
//! - SQLite finds by the index of words alone: `{unindexed}` keeps it from walking all documents of a kind.
//! - A search reads at most [`CANDIDATES`] matches, the newest, however many there are; nothing is ranked.
//! - Who may read a conversation decides, in the same statement, whether it or its entries are found.

use db::Kind::{Int, Uuid as Id};
use db::{Engine, Error, Sql, Tx, Value};
use domain::conversation::EntryKind;
use domain::ids::{AgentId, ConversationId, CustomerId, EntryId, OrganizationId, UserId};
use domain::permissions::Reach;
use domain::search::{Query, fold};
use uuid::Uuid;

use crate::cols::{Cols, opt};
use crate::conversations::Conversation;
use crate::entries::Entry;

/// Matches a search looks at; more are said to be there, not read.
pub const CANDIDATES: i64 = 1_000;

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A conversation: number, subject, outcome, tags.
    Conversation,
    /// A customer: name and addresses.
    Customer,
    /// A message or note, with the names of its files.
    Entry,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Customer => "customer",
            Self::Entry => "entry",
        }
    }

    /// The word that stands in every document of this kind and organization, and in no other.
    fn scope(self, org: OrganizationId) -> String {
        format!("{}{}", org.0.simple(), self.as_str())
    }
}

/// What may be read, as lists have it: a [`Reach`] covers it (`$2` everything, `$3` queues, `$4` agents who own or
/// hold), it concerns the user `$8`, or it is unrestricted history of a customer of the agent `$9`.
macro_rules! reached {
    () => {
        "conversations.deleted_at IS NULL AND ($2 OR queue_id {any_uuid $3} OR owner_agent_id {any_uuid $4} OR EXISTS (
           SELECT 1 FROM work_items w WHERE w.organization_id = $1 AND w.conversation_id = conversations.id
             AND w.state NOT IN ('closed', 'cancelled') AND w.agent_id {any_uuid $4})
           OR EXISTS (SELECT 1 FROM conversation_people p WHERE p.organization_id = $1
             AND p.conversation_id = conversations.id AND p.user_id = {cast $8 uuid})
           OR ({cast $9 uuid} IS NOT NULL AND NOT conversations.is_restricted AND EXISTS (
             SELECT 1 FROM conversations h WHERE h.organization_id = $1 AND h.deleted_at IS NULL
               AND h.customer_id IN (SELECT t.id FROM customers t WHERE t.organization_id = $1
                 AND (t.id = conversations.customer_id
                   OR t.id = (SELECT k.merged_into_id FROM customers k WHERE k.organization_id = $1
                     AND k.id = conversations.customer_id)
                   OR t.merged_into_id = COALESCE((SELECT k.merged_into_id FROM customers k
                     WHERE k.organization_id = $1 AND k.id = conversations.customer_id), conversations.customer_id)))
               AND (h.owner_agent_id = {cast $9 uuid} OR EXISTS (
                 SELECT 1 FROM work_items v WHERE v.organization_id = $1 AND v.conversation_id = h.id
                   AND v.agent_id = {cast $9 uuid} AND v.state NOT IN ('closed', 'cancelled'))))))"
    };
}

/// What somebody may read of conversations.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// What they reach.
    pub reach: Reach,
    /// What concerns this user is readable.
    pub user: Option<UserId>,
    /// Whose customers' history is readable.
    pub history_of: Option<AgentId>,
}

impl From<Reach> for Sight {
    fn from(reach: Reach) -> Self {
        Self { reach, ..Self::default() }
    }
}

const PUT: Sql = Sql::new(
    "search.put",
    "INSERT INTO search_documents (organization_id, kind, id, conversation_id, scope, folded)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (organization_id, kind, id) DO UPDATE SET folded = excluded.folded
     WHERE search_documents.folded <> excluded.folded",
    &[],
);
const REMOVE: Sql = Sql::new(
    "search.remove",
    "DELETE FROM search_documents WHERE organization_id = $1 AND kind = $2 AND id {any_uuid $3}",
    &[],
);
const REMOVE_OF_CONVERSATION: Sql = Sql::new(
    "search.remove_of_conversation",
    "DELETE FROM search_documents WHERE organization_id = $1 AND kind = 'entry' AND conversation_id = $2",
    &[],
);
const MOVE_ENTRY: Sql = Sql::new(
    "search.move_entry",
    "UPDATE search_documents SET conversation_id = $3 WHERE organization_id = $1 AND kind = 'entry' AND id = $2",
    &[],
);
const CONVERSATIONS: Sql = Sql::new(
    "search.conversations",
    concat!(
        "WITH found AS (
           SELECT d.position AS place, d.id AS document_id FROM search_documents d
           WHERE d.organization_id = $1 AND {unindexed kind} = 'conversation' AND {found_in search_index $5}
           ORDER BY d.position DESC LIMIT $6)
         SELECT found.document_id FROM found
         JOIN conversations ON conversations.organization_id = $1 AND conversations.id = found.document_id
         WHERE ",
        reached!(),
        " ORDER BY found.place DESC LIMIT $7"
    ),
    &[Id],
);
const ENTRIES: Sql = Sql::new(
    "search.entries",
    concat!(
        "WITH found AS (
           SELECT d.position AS place, d.id AS document_id, d.conversation_id AS about FROM search_documents d
           WHERE d.organization_id = $1 AND {unindexed kind} = 'entry' AND {found_in search_index $5}
           ORDER BY d.position DESC LIMIT $6)
         SELECT found.document_id FROM found
         JOIN conversations ON conversations.organization_id = $1 AND conversations.id = found.about
         WHERE ",
        reached!(),
        " ORDER BY found.place DESC LIMIT $7"
    ),
    &[Id],
);
const CUSTOMERS: Sql = Sql::new(
    "search.customers",
    "SELECT d.id FROM search_documents d
     WHERE d.organization_id = $1 AND {unindexed kind} = 'customer' AND {found_in search_index $2}
     ORDER BY d.position DESC LIMIT $3",
    &[Id],
);
const COUNT: Sql = Sql::new(
    "search.count",
    "SELECT COUNT(*) FROM (
       SELECT d.position FROM search_documents d
       WHERE d.organization_id = $1 AND {unindexed kind} = $2 AND {found_in search_index $3}
       ORDER BY d.position DESC LIMIT $4) candidates",
    &[Int],
);

const PENDING: Sql = Sql::global(
    "search.pending",
    "SELECT MAX(next.position) FROM (
       SELECT d.position FROM search_documents d
       WHERE d.position > (SELECT p.up_to FROM search_progress p) ORDER BY d.position LIMIT $1) next",
    &[Int],
    "one index serves every organization",
);
const RAISE: Sql = Sql::global(
    "search.raise",
    "UPDATE search_progress SET up_to = $1 WHERE up_to < $1",
    &[],
    "one index serves every organization",
);

pub(crate) const ALL: &[&Sql] = &[
    &PUT,
    &REMOVE,
    &REMOVE_OF_CONVERSATION,
    &MOVE_ENTRY,
    &CONVERSATIONS,
    &ENTRIES,
    &CUSTOMERS,
    &COUNT,
    &PENDING,
    &RAISE,
];

/// The last of the next documents, at most `limit`, that the index of words lacks; `None` when it has all.
pub async fn pending(tx: &mut Tx<'_>, limit: i64) -> Result<Option<i64>, Error> {
    match tx.engine() {
        Engine::Sqlite => tx.one(&PENDING, &[limit.into()], |row| Cols::new(row).get()).await,
        Engine::Postgres => Ok(None),
    }
}

/// Puts the next documents, at most `limit`, into the index of words; whether there were any.
pub async fn catch_up(tx: &mut Tx<'_>, limit: i64) -> Result<bool, Error> {
    let Some(last) = pending(tx, limit).await? else { return Ok(false) };
    tx.exec(&RAISE, &[last.into()]).await?;
    Ok(true)
}

async fn put(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: Kind,
    id: Uuid,
    about: Option<ConversationId>,
    text: &str,
) -> Result<(), Error> {
    let folded = fold(text);
    if folded.is_empty() {
        return remove(tx, org, kind, vec![id]).await;
    }
    let about = about.map(|id| id.0);
    let params = [org.0.into(), kind.as_str().into(), id.into(), about.into(), kind.scope(org).into(), folded.into()];
    tx.exec(&PUT, &params).await.map(drop)
}

/// Makes a conversation findable by what it says now. Whoever changes subject, outcome or tags calls this.
pub async fn index_conversation(tx: &mut Tx<'_>, c: &Conversation) -> Result<(), Error> {
    let texts = c.subject.iter().chain(&c.outcome).chain(&c.tags).map(String::as_str);
    let text = std::iter::once(c.number.to_string().as_str()).chain(texts).collect::<Vec<_>>().join(" ");
    put(tx, c.organization_id, Kind::Conversation, c.id.0, Some(c.id), &text).await
}

/// Makes an entry findable by its text and the names of its files; what is neither message nor note never is. Whoever
/// edits, redacts or deletes one calls this, or [`remove`].
pub async fn index_entry(tx: &mut Tx<'_>, e: &Entry, files: &[String]) -> Result<(), Error> {
    match e.kind {
        EntryKind::Message | EntryKind::Note => {
            let text = std::iter::once(e.text()).chain(files.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
            put(tx, e.organization_id, Kind::Entry, e.id.0, Some(e.conversation_id), &text).await
        }
        EntryKind::CallLeg | EntryKind::Event => Ok(()),
    }
}

/// Makes a customer findable by name and addresses as they are now.
pub async fn index_customer(tx: &mut Tx<'_>, org: OrganizationId, id: CustomerId) -> Result<(), Error> {
    let Some(customer) = crate::customers::find(tx, org, id).await?.filter(|c| c.state == "active") else {
        return remove(tx, org, Kind::Customer, vec![id.0]).await;
    };
    let identities = crate::customers::identities(tx, org, id).await?;
    let addresses =
        identities.iter().filter(|i| i.kind != "visitor").flat_map(|i| [Some(&i.address), i.display.as_ref()]);
    let text = customer.name.iter().chain(addresses.flatten()).map(String::as_str).collect::<Vec<_>>().join(" ");
    put(tx, org, Kind::Customer, id.0, None, &text).await
}

/// Removes documents: of what was erased or deleted.
pub async fn remove(tx: &mut Tx<'_>, org: OrganizationId, kind: Kind, ids: Vec<Uuid>) -> Result<(), Error> {
    tx.exec(&REMOVE, &[org.0.into(), kind.as_str().into(), ids.into()]).await.map(drop)
}

/// An entry belongs to another conversation now: whoever may read that one finds it.
pub async fn move_entry(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, to: ConversationId) -> Result<(), Error> {
    tx.exec(&MOVE_ENTRY, &[org.0.into(), id.into(), to.0.into()]).await.map(drop)
}

/// Removes a conversation with everything said in it.
pub async fn remove_conversation(tx: &mut Tx<'_>, org: OrganizationId, id: ConversationId) -> Result<(), Error> {
    remove(tx, org, Kind::Conversation, vec![id.0]).await?;
    tx.exec(&REMOVE_OF_CONVERSATION, &[org.0.into(), id.0.into()]).await.map(drop)
}

/// What was found of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub ids: Vec<Uuid>,
    /// There were more matches than are looked at: older ones may be missing.
    pub is_capped: bool,
}

/// The query in the words of the engine. Folded terms hold letters and digits only, so nothing needs escaping.
fn expression(engine: Engine, scope: &str, query: &Query) -> Value {
    match engine {
        Engine::Sqlite => {
            let terms: Vec<String> = query.terms().iter().map(|term| format!("\"{term}\" *")).collect();
            format!("scope : \"{scope}\" AND folded : ({})", terms.join(" AND ")).into()
        }
        Engine::Postgres => {
            let terms: Vec<String> = query.terms().iter().map(|term| format!("'{term}':*")).collect();
            terms.join(" & ").into()
        }
    }
}

/// Conversations that match and are reached, at most `limit`, newest first.
pub async fn conversations(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    sight: &Sight,
    query: &Query,
    limit: i64,
) -> Result<Found, Error> {
    reached_ones(tx, &CONVERSATIONS, Kind::Conversation, (org, sight, query, limit)).await
}

/// Messages and notes that match in conversations that are reached, at most `limit`, newest first.
pub async fn entries(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    sight: &Sight,
    query: &Query,
    limit: i64,
) -> Result<Found, Error> {
    reached_ones(tx, &ENTRIES, Kind::Entry, (org, sight, query, limit)).await
}

async fn reached_ones(
    tx: &mut Tx<'_>,
    sql: &Sql,
    kind: Kind,
    (org, sight, query, limit): (OrganizationId, &Sight, &Query, i64),
) -> Result<Found, Error> {
    let params = reached_params(tx.engine(), kind, (org, sight, query, limit));
    let ids = tx.all(sql, &params, |row| Cols::new(row).get()).await?;
    capped(tx, org, kind, query, ids, limit).await
}

fn reached_params(
    engine: Engine,
    kind: Kind,
    (org, sight, query, limit): (OrganizationId, &Sight, &Query, i64),
) -> [Value; 9] {
    let reach = &sight.reach;
    [
        org.0.into(),
        reach.is_everything.into(),
        reach.queues.iter().map(|q| q.0).collect::<Vec<_>>().into(),
        reach.agents.iter().map(|a| a.0).collect::<Vec<_>>().into(),
        expression(engine, &kind.scope(org), query),
        CANDIDATES.into(),
        limit.into(),
        opt(sight.user),
        opt(sight.history_of),
    ]
}

/// How the engine looks for entries: for tests of the plan.
pub async fn plan_of_entries(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    sight: &Sight,
    query: &Query,
) -> Result<Vec<String>, Error> {
    let params = reached_params(tx.engine(), Kind::Entry, (org, sight, query, 50));
    tx.explain(&ENTRIES, &params).await
}

/// Customers that match, at most `limit`, newest first.
pub async fn customers(tx: &mut Tx<'_>, org: OrganizationId, query: &Query, limit: i64) -> Result<Found, Error> {
    let wanted = expression(tx.engine(), &Kind::Customer.scope(org), query);
    let params = [org.0.into(), wanted, limit.min(CANDIDATES).into()];
    let ids = tx.all(&CUSTOMERS, &params, |row| Cols::new(row).get()).await?;
    capped(tx, org, Kind::Customer, query, ids, limit).await
}

/// Says whether matches were left unread; a full page needs no look.
async fn capped(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: Kind,
    query: &Query,
    ids: Vec<Uuid>,
    limit: i64,
) -> Result<Found, Error> {
    if i64::try_from(ids.len()).is_ok_and(|count| count >= limit) {
        return Ok(Found { ids, is_capped: false });
    }
    let wanted = expression(tx.engine(), &kind.scope(org), query);
    let params = [org.0.into(), kind.as_str().into(), wanted, (CANDIDATES + 1).into()];
    let count: i64 = tx.one(&COUNT, &params, |row| row.get(0)).await?;
    Ok(Found { ids, is_capped: count > CANDIDATES })
}

/// Makes an entry findable anew, read with its files.
pub async fn reindex_entry(tx: &mut Tx<'_>, org: OrganizationId, id: EntryId) -> Result<(), Error> {
    let Some(entry) = crate::entries::find_many(tx, org, vec![id.0]).await?.pop() else {
        return remove(tx, org, Kind::Entry, vec![id.0]).await;
    };
    let files = crate::attachments::of_entries(tx, org, vec![id.0]).await?;
    let names: Vec<String> = files.into_iter().map(|file| file.name).collect();
    index_entry(tx, &entry, &names).await
}
