//! Finding conversations, people and what was said, as far as the actor may read.

use std::collections::BTreeMap;

use domain::permissions::{Permission, Resource};
use domain::search::{Passage, Query};
use store::attachments::Attachment;
use store::conversations::Conversation;
use store::customers::{Customer, Identity};
use store::entries::Entry;
use store::search::Sight;
use uuid::Uuid;

use crate::{Actor, Ctx, Error};

/// Most code points of a query.
const QUERY_MAX: usize = 500;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Conversations by number, subject, outcome and tags.
    Conversations,
    /// Customers by name and addresses.
    Customers,
    /// Messages and notes by text and names of files.
    Entries,
}

impl Kind {
    /// All of them, in the order of the groups.
    pub const ALL: [Self; 3] = [Self::Conversations, Self::Customers, Self::Entries];
}

/// Where a hit was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// `number`, `subject`, `outcome`, `tags`, `name`, `address`, `text` or `file`.
    pub field: &'static str,
    /// The passage with its hits, in code points.
    pub passage: Passage,
}

/// Something found.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Hit {
    pub id: Uuid,
    pub title: String,
    pub highlights: Vec<Highlight>,
    /// Where it opens.
    pub conversation_id: Option<Uuid>,
    /// Which line of the conversation.
    pub seq: Option<i64>,
}

/// What was found of one kind, newest first.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Group {
    pub kind: Kind,
    pub hits: Vec<Hit>,
    pub has_more: bool,
    /// More matched than was looked at: older ones may be missing.
    pub is_capped: bool,
}

#[derive(Clone)]
struct Input {
    actor: Actor,
    sight: Option<Sight>,
    query: Query,
    kinds: Vec<Kind>,
    limit: i64,
}

/// Looks for `text` in these kinds. Every word must be there, each as the beginning of a word; accents and case do not
/// count. A kind the actor may not read at all has no group.
///
/// # Errors
/// [`Error::Invalid`] for a text that is too long; what the store refuses.
pub async fn search(ctx: &Ctx, actor: &Actor, text: &str, kinds: &[Kind], limit: i64) -> Result<Vec<Group>, Error> {
    if text.chars().count() > QUERY_MAX {
        return Err(Error::field("?q", "length", format!("at most {QUERY_MAX} characters")));
    }
    let may_customers = actor.authorize(Permission::CustomersRead, Resource::Any).is_ok();
    let reach = actor.reach(Permission::ConversationsRead).ok();
    let sight = reach.map(|reach| Sight { reach, user: actor.standing.user, history_of: actor.standing.agent });
    let is_readable = |kind: &Kind| match kind {
        Kind::Customers => may_customers,
        Kind::Conversations | Kind::Entries => sight.is_some(),
    };
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kinds.contains(kind) && is_readable(kind)).collect();
    let input = Input { actor: actor.clone(), sight, query: Query::parse(text), kinds, limit };
    if input.query.is_empty() {
        let empty = |kind| Group { kind, hits: Vec::new(), has_more: false, is_capped: false };
        return Ok(input.kinds.into_iter().map(empty).collect());
    }
    crate::indexing::catch_up(ctx).await?;
    ctx.store().read("search", input, |tx, input| Box::pin(groups(tx, input))).await
}

async fn groups(tx: &mut db::Tx<'_>, input: Input) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::new();
    for kind in &input.kinds {
        groups.push(match kind {
            Kind::Conversations => conversations(tx, &input).await?,
            Kind::Customers => customers(tx, &input).await?,
            Kind::Entries => entries(tx, &input).await?,
        });
    }
    Ok(groups)
}

/// Cuts what was read one further than asked for, and puts the rows into the order they were found in.
fn group<T>(
    kind: Kind,
    mut found: store::search::Found,
    limit: i64,
    rows: Vec<T>,
    id: impl Fn(&T) -> Uuid,
    hit: impl Fn(&T) -> Hit,
) -> Group {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.ids.len() > size;
    found.ids.truncate(size);
    let rows: BTreeMap<Uuid, T> = rows.into_iter().map(|row| (id(&row), row)).collect();
    let hits = found.ids.iter().filter_map(|id| rows.get(id)).map(hit).collect();
    Group { kind, hits, has_more, is_capped: found.is_capped }
}

/// The highlights of those fields that have hits.
fn highlights<'a>(query: &Query, fields: impl IntoIterator<Item = (&'static str, &'a str)>) -> Vec<Highlight> {
    let hit = |(field, text)| query.passage(text).map(|passage| Highlight { field, passage });
    fields.into_iter().filter_map(hit).collect()
}

/// What the actor may read: histories of their customers too, unless the organization keeps them apart.
async fn seen(tx: &mut db::Tx<'_>, input: &Input) -> Result<Sight, Error> {
    let sight = input.sight.clone().unwrap_or_default();
    let is_open =
        sight.history_of.is_some() && crate::customers::are_histories_open(tx, input.actor.organization).await?;
    Ok(Sight { history_of: sight.history_of.filter(|_| is_open), ..sight })
}

async fn conversations(tx: &mut db::Tx<'_>, input: &Input) -> Result<Group, Error> {
    let org = input.actor.organization;
    let sight = seen(tx, input).await?;
    let found = store::search::conversations(tx, org, &sight, &input.query, input.limit + 1).await?;
    let rows = store::conversations::find_many(tx, org, found.ids.clone()).await?;
    let people = store::customers::find_many(tx, org, rows.iter().map(|c| c.customer_id.0).collect()).await?;
    let hit = |c: &Conversation| {
        let number = c.number.to_string();
        let fields =
            [("number", Some(number.as_str())), ("subject", c.subject.as_deref()), ("outcome", c.outcome.as_deref())];
        let fields = fields.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let tags = c.tags.iter().map(|tag| ("tags", tag.as_str()));
        Hit {
            id: c.id.0,
            title: title(c, &people),
            highlights: highlights(&input.query, fields.chain(tags)),
            conversation_id: Some(c.id.0),
            seq: None,
        }
    };
    Ok(group(Kind::Conversations, found, input.limit, rows, |c| c.id.0, hit))
}

fn title(c: &Conversation, people: &[Customer]) -> String {
    let name = people.iter().find(|p| p.id == c.customer_id).and_then(|p| p.name.clone());
    c.subject.clone().or(name).unwrap_or_else(|| format!("#{}", c.number))
}

async fn customers(tx: &mut db::Tx<'_>, input: &Input) -> Result<Group, Error> {
    let org = input.actor.organization;
    let found = store::search::customers(tx, org, &input.query, input.limit + 1).await?;
    let rows = store::customers::find_many(tx, org, found.ids.clone()).await?;
    let identities = store::customers::identities_of(tx, org, found.ids.clone()).await?;
    let hit = |c: &Customer| {
        let own = identities.iter().filter(|i| i.customer_id == c.id && i.kind != "visitor");
        let name = c.name.iter().map(|name| ("name", name.as_str()));
        let addresses = own.clone().map(|i| ("address", i.address.as_str()));
        let first = own.clone().next().map(|i: &Identity| i.address.clone());
        Hit {
            id: c.id.0,
            title: c.name.clone().or(first).unwrap_or_default(),
            highlights: highlights(&input.query, name.chain(addresses)),
            conversation_id: None,
            seq: None,
        }
    };
    Ok(group(Kind::Customers, found, input.limit, rows, |c| c.id.0, hit))
}

async fn entries(tx: &mut db::Tx<'_>, input: &Input) -> Result<Group, Error> {
    let org = input.actor.organization;
    let sight = seen(tx, input).await?;
    let found = store::search::entries(tx, org, &sight, &input.query, input.limit + 1).await?;
    let rows = store::entries::find_many(tx, org, found.ids.clone()).await?;
    let files = store::attachments::of_entries(tx, org, with_files(&rows)).await?;
    let about = store::conversations::find_many(tx, org, rows.iter().map(|e| e.conversation_id.0).collect()).await?;
    let people = store::customers::find_many(tx, org, about.iter().map(|c| c.customer_id.0).collect()).await?;
    let hit = |e: &Entry| {
        let own = files.iter().filter(|file: &&Attachment| file.entry_id == Some(e.id));
        let names = own.map(|file| ("file", file.name.as_str()));
        Hit {
            id: e.id.0,
            title: about.iter().find(|c| c.id == e.conversation_id).map_or_else(String::new, |c| title(c, &people)),
            highlights: highlights(&input.query, std::iter::once(("text", e.text())).chain(names)),
            conversation_id: Some(e.conversation_id.0),
            seq: Some(e.seq),
        }
    };
    Ok(group(Kind::Entries, found, input.limit, rows, |e| e.id.0, hit))
}

fn with_files(rows: &[Entry]) -> Vec<Uuid> {
    rows.iter().filter(|e| !e.attachment_ids.is_empty()).map(|e| e.id.0).collect()
}
