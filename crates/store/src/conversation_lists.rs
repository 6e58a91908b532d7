//! Lists of conversations: any filters, any sort, by keyset; and how many there are.
//!
//! # Invariants
//! - Values are parameters; only the shape of a statement depends on what is asked for.
//! - A condition means in SQL what it means in memory ([`Condition::is_met`]); a property test compares both.

use std::collections::BTreeMap;

use db::{Error, Tx, Value};
use domain::conditions::{Condition, Facts, Flag, Measure, Measured, Order, Viewer, WordField};
use domain::conversation::{Priority, StatusCategory};
use domain::fold::fold;
use domain::ids::{AgentId, ChannelId, ConversationId, CustomerId, OrganizationId, QueueId, UserId};
use domain::permissions::Reach;
use domain::time::Micros;
use jiff::Timestamp;
use uuid::Uuid;

use crate::built::{Parts, containing};
use crate::cols::Cols;
use crate::conversations::{COLUMNS, Conversation, conversation};

/// Figures are exact up to this.
pub const EXACT_UP_TO: i64 = 1_000;

/// Whose list of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOf {
    /// Everything readable.
    #[default]
    All,
    /// What an agent owns and did not put aside.
    Mine(AgentId),
    /// What nobody owns and is not done.
    Unassigned,
    /// Where a user was named.
    Mentions(UserId),
    /// What a user follows.
    Following(UserId),
    /// What is put aside: owned by the agent, or put aside by the user.
    Snoozed(Option<AgentId>, UserId),
    /// Where a user has a draft.
    Drafts(UserId),
    /// Nothing at all: a list of agents for somebody who takes no work.
    Nothing,
}

/// Which conversations.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are; empty lists mean any")]
pub struct Wanted {
    pub reach: Reach,
    /// Beside the reach, what concerns this user is readable.
    pub user: Option<UserId>,
    pub list: ListOf,
    pub queues: Vec<QueueId>,
    pub categories: Vec<StatusCategory>,
    pub status_ids: Vec<Uuid>,
    pub channel_kinds: Vec<String>,
    pub channel_ids: Vec<ChannelId>,
    pub owners: Vec<AgentId>,
    pub tags: Vec<String>,
    pub priorities: Vec<Priority>,
    /// With everybody merged into them.
    pub customer: Option<CustomerId>,
    /// The customer-history rule holds: what is not restricted is readable.
    pub has_history: bool,
    pub number: Option<i64>,
    pub ids: Vec<Uuid>,
    /// All of them must be met.
    pub conditions: Vec<Condition>,
    pub viewer: Viewer,
}

impl Wanted {
    /// Everything in `reach`.
    #[must_use]
    pub fn new(reach: Reach, user: Option<UserId>, viewer: Viewer) -> Self {
        Self {
            reach,
            user,
            list: ListOf::All,
            queues: Vec::new(),
            categories: Vec::new(),
            status_ids: Vec::new(),
            channel_kinds: Vec::new(),
            channel_ids: Vec::new(),
            owners: Vec::new(),
            tags: Vec::new(),
            priorities: Vec::new(),
            customer: None,
            has_history: false,
            number: None,
            ids: Vec::new(),
            conditions: Vec::new(),
            viewer,
        }
    }
}

/// In which order; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest activity first.
    #[default]
    Activity,
    /// What falls due first; without a promise last.
    Due,
    /// Who waits longest; who does not wait last.
    Waiting,
    /// Most urgent first.
    Priority,
}

impl Sort {
    /// The key of a row, as its cursor holds it.
    #[must_use]
    pub fn key(self, c: &Conversation) -> i64 {
        let or_last = |at: Option<Timestamp>| at.unwrap_or(Timestamp::MAX).as_microsecond();
        match self {
            Self::Activity => c.last_activity_at.as_microsecond(),
            Self::Due => or_last(c.desk.next_due_at),
            Self::Waiting => or_last(c.waiting_since_at),
            Self::Priority => rank(c.priority),
        }
    }

    const fn is_descending(self) -> bool {
        match self {
            Self::Activity | Self::Priority => true,
            Self::Due | Self::Waiting => false,
        }
    }

    fn expression(self, parts: &mut Parts) -> String {
        match self {
            Self::Activity => "last_activity_at".to_owned(),
            Self::Due => format!("COALESCE(next_due_at, {})", parts.bind(last_instant())),
            Self::Waiting => format!("COALESCE(waiting_since_at, {})", parts.bind(last_instant())),
            Self::Priority => {
                "CASE priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END".to_owned()
            }
        }
    }

    fn value(self, key: i64) -> Value {
        match self {
            Self::Priority => key.into(),
            Self::Activity | Self::Due | Self::Waiting => instant(key).into(),
        }
    }
}

const fn rank(priority: Priority) -> i64 {
    match priority {
        Priority::Urgent => 3,
        Priority::High => 2,
        Priority::Normal => 1,
        Priority::Low => 0,
    }
}

fn instant(micros: i64) -> Timestamp {
    Micros(micros).into()
}

/// The last instant in whole microseconds, as a cursor brings it back.
fn last_instant() -> Timestamp {
    instant(Timestamp::MAX.as_microsecond())
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// [`Sort::key`] of the row there.
    pub key: i64,
    /// Its id.
    pub id: Uuid,
}

/// Which way a page goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From the beginning.
    First,
    /// What follows this place.
    After(Place),
    /// What precedes it.
    Before(Place),
}

/// One page, in the order of `sort`.
///
/// # Errors
/// What the engine refuses.
pub async fn page(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    wanted: &Wanted,
    sort: Sort,
    span: Span,
    limit: i64,
) -> Result<Vec<Conversation>, Error> {
    let mut parts = Parts::new(org);
    parts.push("SELECT ").push(COLUMNS).push(" FROM conversations WHERE ");
    filter(&mut parts, wanted);
    let key = sort.expression(&mut parts);
    let is_backwards = matches!(span, Span::Before(_));
    let descends = sort.is_descending() != is_backwards;
    if let Span::After(place) | Span::Before(place) = span {
        let (at, id) = (parts.bind(sort.value(place.key)), parts.bind(place.id));
        let order = if descends { "<" } else { ">" };
        parts.push(&format!(" AND ({key}, id) {order} ({at}, {id})"));
    }
    let direction = if descends { "DESC" } else { "ASC" };
    let limit = parts.bind(limit);
    parts.push(&format!(" ORDER BY {key} {direction}, id {direction} LIMIT {limit}"));
    let (sql, params) = parts.finish("conversation_lists.page")?;
    let mut rows = tx.all_built(&sql, &params, conversation).await?;
    if is_backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// How many there are, and how many of them the reader has not read to the end; at most [`EXACT_UP_TO`] + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Counted {
    pub count: i64,
    pub unread_count: i64,
}

/// How many rows each of these lists has, in their order: one statement for all.
///
/// # Errors
/// What the engine refuses.
pub async fn counts(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    reader: Uuid,
    lists: &[Wanted],
) -> Result<Vec<Counted>, Error> {
    let mut counted = vec![Counted::default(); lists.len()];
    if lists.is_empty() {
        return Ok(counted);
    }
    let mut parts = Parts::new(org);
    let reader = parts.bind(reader);
    for (at, wanted) in lists.iter().enumerate() {
        let union = if at == 0 { "" } else { " UNION ALL " };
        parts.push(&format!(
            "{union}SELECT CAST({at} AS bigint) AS place, COUNT(*), COALESCE(SUM(CASE WHEN x.last_entry_seq >
               COALESCE(r.seq, 0) THEN 1 ELSE 0 END), 0) FROM (SELECT id, last_entry_seq FROM conversations WHERE "
        ));
        filter(&mut parts, wanted);
        let limit = EXACT_UP_TO + 1;
        parts.push(&format!(
            " LIMIT {limit}) x LEFT JOIN read_marks r
               ON r.organization_id = $1 AND r.conversation_id = x.id AND r.reader_id = {reader}"
        ));
    }
    let (sql, params) = parts.finish("conversation_lists.counts")?;
    let rows = tx
        .all_built(&sql, &params, |row| {
            let mut c = Cols::new(row);
            Ok((c.get::<i64>()?, Counted { count: c.get()?, unread_count: c.get()? }))
        })
        .await?;
    for (at, count) in rows {
        if let Some(place) = usize::try_from(at).ok().and_then(|at| counted.get_mut(at)) {
            *place = count;
        }
    }
    Ok(counted)
}

fn filter(parts: &mut Parts, wanted: &Wanted) {
    parts.push("organization_id = $1 AND deleted_at IS NULL");
    if wanted.number.is_none() && wanted.ids.is_empty() {
        parts.push(" AND merged_into_id IS NULL");
    }
    parts.push(" AND ");
    reached(parts, wanted);
    list(parts, wanted.list);
    columns(parts, wanted);
    places(parts, wanted);
    for condition in &wanted.conditions {
        parts.push(" AND ");
        render(parts, condition, wanted.viewer);
    }
}

/// What may be read: the reach, what concerns the user, and a customer's history.
fn reached(parts: &mut Parts, wanted: &Wanted) {
    if wanted.reach.is_everything {
        parts.push("TRUE");
        return;
    }
    let queues: Vec<Uuid> = wanted.reach.queues.iter().map(|q| q.0).collect();
    let agents: Vec<Uuid> = wanted.reach.agents.iter().map(|a| a.0).collect();
    let (queues, agents) = (parts.bind(queues), parts.bind(agents));
    parts.push(&format!(
        "(queue_id {{any_uuid {queues}}} OR owner_agent_id {{any_uuid {agents}}} OR EXISTS (
           SELECT 1 FROM work_items w WHERE w.organization_id = $1 AND w.conversation_id = conversations.id
             AND w.state NOT IN ('closed', 'cancelled') AND w.agent_id {{any_uuid {agents}}})"
    ));
    if let Some(user) = wanted.user {
        let user = parts.bind(user.0);
        parts.push(&format!(
            " OR id IN (SELECT p.conversation_id FROM conversation_people p
                WHERE p.organization_id = $1 AND p.user_id = {user})"
        ));
    }
    if wanted.has_history {
        parts.push(" OR NOT is_restricted");
    }
    parts.push(")");
}

fn list(parts: &mut Parts, list: ListOf) {
    let people = |parts: &mut Parts, user: UserId, kind: &str| {
        let user = parts.bind(user.0);
        parts.push(&format!(
            " AND id IN (SELECT p.conversation_id FROM conversation_people p
                WHERE p.organization_id = $1 AND p.user_id = {user} AND p.kind = '{kind}')"
        ));
    };
    match list {
        ListOf::All => {}
        ListOf::Nothing => drop(parts.push(" AND FALSE")),
        ListOf::Mine(agent) => {
            let agent = parts.bind(agent.0);
            parts.push(&format!(" AND owner_agent_id = {agent} AND snoozed_until IS NULL AND NOT snoozed_until_reply"));
        }
        ListOf::Unassigned => drop(parts.push(" AND owner_agent_id IS NULL AND status_category <> 'resolved'")),
        ListOf::Mentions(user) => people(parts, user, "mention"),
        ListOf::Following(user) => people(parts, user, "follower"),
        ListOf::Snoozed(agent, user) => {
            let (agent, user) = (parts.bind(agent.map(|a| a.0)), parts.bind(user.0));
            parts.push(&format!(
                " AND (snoozed_until IS NOT NULL OR snoozed_until_reply)
                  AND (owner_agent_id = {{cast {agent} uuid}} OR snoozed_by = {user})"
            ));
        }
        ListOf::Drafts(user) => {
            let user = parts.bind(user.0);
            parts.push(&format!(
                " AND id IN (SELECT d.conversation_id FROM drafts d
                    WHERE d.organization_id = $1 AND d.user_id = {user})"
            ));
        }
    }
}

fn columns(parts: &mut Parts, wanted: &Wanted) {
    if !wanted.categories.is_empty() {
        if !wanted.categories.contains(&StatusCategory::Resolved) {
            parts.push(" AND status_category <> 'resolved'");
        }
        any_text(parts, "status_category", wanted.categories.iter().map(|c| c.as_str()));
    }
    if !wanted.priorities.is_empty() {
        any_text(parts, "priority", wanted.priorities.iter().map(|p| p.as_str()));
    }
    any_uuid(parts, "queue_id", wanted.queues.iter().map(|q| q.0));
    any_uuid(parts, "status_id", wanted.status_ids.iter().copied());
    any_uuid(parts, "owner_agent_id", wanted.owners.iter().map(|a| a.0));
    any_uuid(parts, "id", wanted.ids.iter().copied());
    if let Some(number) = wanted.number {
        let number = parts.bind(number);
        parts.push(&format!(" AND number = {number}"));
    }
    for (column, words) in [("channel_kinds", &wanted.channel_kinds), ("tags", &wanted.tags)] {
        if !words.is_empty() {
            parts.push(" AND ");
            holds_any(parts, column, words);
        }
    }
}

fn any_text<'a>(parts: &mut Parts, column: &str, words: impl Iterator<Item = &'a str>) {
    let words: Vec<String> = words.map(str::to_owned).collect();
    let words = parts.bind(words);
    parts.push(&format!(" AND {column} {{any_text {words}}}"));
}

fn any_uuid(parts: &mut Parts, column: &str, ids: impl Iterator<Item = Uuid>) {
    let ids: Vec<Uuid> = ids.collect();
    if !ids.is_empty() {
        let ids = parts.bind(ids);
        parts.push(&format!(" AND {column} {{any_uuid {ids}}}"));
    }
}

/// A column that holds a JSON list of words has one of these.
fn holds_any(parts: &mut Parts, column: &str, words: &[String]) {
    parts.push("(");
    for (at, word) in words.iter().enumerate() {
        let json = serde_json::Value::String(word.clone()).to_string();
        let pattern = parts.bind(containing(&json));
        let or = if at == 0 { "" } else { " OR " };
        parts.push(&format!("{or}CAST({column} AS TEXT) LIKE {pattern} ESCAPE '!'"));
    }
    parts.push(")");
}

fn places(parts: &mut Parts, wanted: &Wanted) {
    if !wanted.channel_ids.is_empty() {
        let ids = wanted.channel_ids.iter().map(|c| c.0).collect();
        parts.push(" AND ");
        came_by(parts, ids);
    }
    if let Some(customer) = wanted.customer {
        parts.push(" AND ");
        of_customers(parts, vec![customer.0]);
    }
}

fn came_by(parts: &mut Parts, channels: Vec<Uuid>) {
    let ids = parts.bind(channels);
    parts.push(&format!(
        "EXISTS (SELECT 1 FROM interactions i WHERE i.organization_id = $1 AND i.conversation_id = conversations.id
           AND i.channel_id {{any_uuid {ids}}})"
    ));
}

/// The customers themselves and everybody merged into them.
fn of_customers(parts: &mut Parts, customers: Vec<Uuid>) {
    let ids = parts.bind(customers);
    parts.push(&format!(
        "customer_id IN (SELECT k.id FROM customers k WHERE k.organization_id = $1
           AND COALESCE(k.merged_into_id, k.id) {{any_uuid {ids}}})"
    ));
}

/// A condition in SQL: true or false, never unknown.
fn render(parts: &mut Parts, condition: &Condition, viewer: Viewer) {
    match condition {
        Condition::All(inner) => join(parts, inner, " AND ", "TRUE", viewer),
        Condition::Any(inner) => join(parts, inner, " OR ", "FALSE", viewer),
        Condition::Not(inner) => {
            parts.push("NOT ");
            render(parts, inner, viewer);
        }
        Condition::Is { field, any } => {
            parts.push("COALESCE((");
            is(parts, field, any, viewer);
            parts.push("), FALSE)");
        }
        Condition::Compare { field, order, value } => {
            parts.push("COALESCE((");
            compare(parts, *field, *order, *value, viewer);
            parts.push("), FALSE)");
        }
        Condition::Text(words) => text(parts, words),
    }
}

fn join(parts: &mut Parts, inner: &[Condition], between: &str, empty: &str, viewer: Viewer) {
    parts.push("(");
    if inner.is_empty() {
        parts.push(empty);
    }
    for (at, condition) in inner.iter().enumerate() {
        if at > 0 {
            parts.push(between);
        }
        render(parts, condition, viewer);
    }
    parts.push(")");
}

fn is(parts: &mut Parts, field: &WordField, any: &[String], viewer: Viewer) {
    let ids = || any.iter().filter_map(|word| word.parse().ok()).collect::<Vec<Uuid>>();
    match field {
        WordField::Status => {
            let words = parts.bind(any.to_vec());
            parts.push(&format!(
                "status_category {{any_text {words}}} OR COALESCE(status_id IN (SELECT d.id FROM desk_nouns d
                   WHERE d.organization_id = $1 AND d.noun = 'status' AND d.key {{any_text {words}}}), FALSE)"
            ));
        }
        WordField::Channel => holds_any(parts, "channel_kinds", any),
        WordField::Tag => holds_any(parts, "tags", any),
        WordField::ChannelId => came_by(parts, ids()),
        WordField::Customer => of_customers(parts, ids()),
        WordField::Queue => {
            let (ids, keys) = (parts.bind(ids()), parts.bind(any.to_vec()));
            parts.push(&format!(
                "queue_id {{any_uuid {ids}}} OR queue_id IN (SELECT q.id FROM queues q
                   WHERE q.organization_id = $1 AND q.key {{any_text {keys}}})"
            ));
        }
        WordField::Owner => owner(parts, any, ids(), viewer),
        WordField::Priority => word(parts, "priority", any),
        WordField::Language => word(parts, "language", any),
        WordField::Is => flags(parts, any),
        WordField::Custom(key) => {
            let forms: Vec<String> = any.iter().flat_map(|word| WordField::json_forms(word)).collect();
            let (key, forms) = (parts.bind(key.as_str()), parts.bind(forms));
            parts.push(&format!("CAST((fields -> {{cast {key} text}}) AS TEXT) {{any_text {forms}}}"));
        }
    }
}

fn word(parts: &mut Parts, column: &str, any: &[String]) {
    let words = parts.bind(any.to_vec());
    parts.push(&format!("{column} {{any_text {words}}}"));
}

fn owner(parts: &mut Parts, any: &[String], mut ids: Vec<Uuid>, viewer: Viewer) {
    if any.iter().any(|word| word == "me") {
        ids.extend(viewer.agent);
    }
    let ids = parts.bind(ids);
    parts.push(&format!("COALESCE(owner_agent_id {{any_uuid {ids}}}, FALSE)"));
    if any.iter().any(|word| word == "none") {
        parts.push(" OR owner_agent_id IS NULL");
    }
}

fn flags(parts: &mut Parts, any: &[String]) {
    parts.push("FALSE");
    for flag in any.iter().filter_map(|word| word.parse().ok()) {
        parts.push(match flag {
            Flag::Snoozed => " OR snoozed_until IS NOT NULL OR snoozed_until_reply",
            Flag::Blocked => " OR is_blocked",
            Flag::Restricted => " OR is_restricted",
            Flag::Test => " OR is_test",
            Flag::Demo => " OR is_demo",
        });
    }
}

fn compare(parts: &mut Parts, field: Measured, order: Order, value: Measure, viewer: Viewer) {
    let column = match field {
        Measured::Due => "next_due_at",
        Measured::Waiting => "waiting_since_at",
        Measured::Activity => "last_activity_at",
        Measured::Created => "created_at",
        Measured::Number => "number",
    };
    let bound = match (field.bound(order, value, viewer.now), value) {
        (Some((order, at)), _) => Some((order, parts.bind(Timestamp::from(at)))),
        (None, Measure::Number(number)) if field == Measured::Number => Some((order, parts.bind(number))),
        (None, Measure::Number(_) | Measure::SpanMs(_) | Measure::At(_)) => None,
    };
    let Some((order, bound)) = bound else {
        parts.push("FALSE");
        return;
    };
    let sign = match order {
        Order::Less => "<",
        Order::AtMost => "<=",
        Order::More => ">",
        Order::AtLeast => ">=",
        Order::Equal => "=",
    };
    parts.push(&format!("{column} {sign} {bound}"));
}

fn text(parts: &mut Parts, words: &str) {
    let wanted = fold(words);
    let pattern = parts.bind(containing(&wanted));
    parts.push(&format!("(text_key LIKE {pattern} ESCAPE '!'"));
    if let Ok(number) = wanted.parse::<i64>() {
        let number = parts.bind(number);
        parts.push(&format!(" OR number = {number}"));
    }
    parts.push(&format!(
        " OR EXISTS (SELECT 1 FROM customers k WHERE k.organization_id = $1 AND k.id = conversations.customer_id
            AND k.name_key LIKE {pattern} ESCAPE '!'))"
    ));
}

/// What conditions may ask of these conversations, for whoever decides in memory.
///
/// # Errors
/// What the engine refuses.
pub async fn facts(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    ids: Vec<Uuid>,
) -> Result<BTreeMap<ConversationId, Facts>, Error> {
    let rows = crate::conversations::find_many(tx, org, ids.clone()).await?;
    let mut beside = beside(tx, org, ids.clone()).await?;
    let mut channels: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (conversation, channel) in channels_of(tx, org, ids).await? {
        channels.entry(conversation).or_default().push(channel);
    }
    let facts = rows.into_iter().map(|c| {
        let Beside { status_key, queue_key, customer_key } = beside.remove(&c.id.0).unwrap_or_default();
        let channel_ids = channels.remove(&c.id.0).unwrap_or_default();
        (c.id, of_row(c, status_key, queue_key, customer_key, channel_ids))
    });
    Ok(facts.collect())
}

fn of_row(
    c: Conversation,
    status_key: Option<String>,
    queue_key: Option<String>,
    customer_key: String,
    channel_ids: Vec<Uuid>,
) -> Facts {
    let is = [
        (Flag::Snoozed, c.is_snoozed()),
        (Flag::Blocked, c.is_blocked),
        (Flag::Restricted, c.desk.is_restricted),
        (Flag::Test, c.desk.is_test),
        (Flag::Demo, c.is_demo),
    ];
    Facts {
        number: c.number,
        status_category: c.status_category,
        status_key,
        channel_ids,
        queue_id: c.queue_id.map(|id| id.0),
        queue_key,
        owner_id: c.owner_agent_id.map(|id| id.0),
        priority: c.priority,
        customer_id: c.effective_customer().0,
        customer_key,
        text_key: c.text_key(),
        fields: c.fields.as_object().cloned().unwrap_or_default().into_iter().collect(),
        flags: is.into_iter().filter(|(_, is)| *is).map(|(flag, _)| flag).collect(),
        due_at: c.desk.next_due_at.map(Into::into),
        waiting_since_at: c.waiting_since_at.map(Into::into),
        last_activity_at: c.last_activity_at.into(),
        created_at: c.created_at.into(),
        channel_kinds: c.channel_kinds,
        tags: c.tags,
        language: c.language,
    }
}

#[derive(Default)]
struct Beside {
    status_key: Option<String>,
    queue_key: Option<String>,
    customer_key: String,
}

const BESIDE: db::Sql = db::Sql::new(
    "conversation_lists.beside",
    "SELECT c.id, d.key, q.key, k.name_key FROM conversations c
     LEFT JOIN desk_nouns d ON d.organization_id = $1 AND d.id = c.status_id AND d.noun = 'status'
     LEFT JOIN queues q ON q.organization_id = $1 AND q.id = c.queue_id
     LEFT JOIN customers k ON k.organization_id = $1 AND k.id = c.customer_id
     WHERE c.organization_id = $1 AND c.id {any_uuid $2}",
    &[db::Kind::Uuid, db::Kind::Text, db::Kind::Text, db::Kind::Text],
);
const CHANNELS: db::Sql = db::Sql::new(
    "conversation_lists.channels",
    "SELECT conversation_id, channel_id FROM interactions
     WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
    &[db::Kind::Uuid, db::Kind::Uuid],
);

pub(crate) const ALL: &[&db::Sql] = &[&BESIDE, &CHANNELS];

async fn beside(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, Beside>, Error> {
    let rows = tx
        .all(&BESIDE, &[org.0.into(), ids.into()], |row| {
            let mut c = Cols::new(row);
            let id = c.get::<Uuid>()?;
            let (status_key, queue_key) = (c.get()?, c.get()?);
            let customer_key = c.get::<Option<String>>()?.unwrap_or_default();
            Ok((id, Beside { status_key, queue_key, customer_key }))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

async fn channels_of(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<(Uuid, Uuid)>, Error> {
    tx.all(&CHANNELS, &[org.0.into(), ids.into()], |row| {
        let mut c = Cols::new(row);
        Ok((c.get()?, c.get()?))
    })
    .await
}
