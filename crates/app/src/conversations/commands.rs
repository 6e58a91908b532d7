//! Commands on a conversation: one rule for one of them and for many.
//!
//! # Invariants
//! - A command that finds its goal reached changes nothing and answers the same.
//! - What the store commits and what the router is told are two steps; the second can be repeated safely.

use std::collections::BTreeMap;

use domain::conversation::{InteractionEnd, InteractionState, Priority, StatusCategory};
use domain::ids::{AgentId, ChannelId, ConversationId, IdentityId, UserId};
use domain::permissions::Permission;
use domain::routing::{CancelReason, Command, Item, ItemState, Preferred};
use domain::time::Micros;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::conversations::{Conversation, Interaction};
use store::desk_nouns::{self, Noun};
use store::followers::{self, Part};
use store::timers::{self, Timer, TimerKind};
use store::work::WorkItem;
use uuid::Uuid;

use super::change::{self, Step, Undo};
use super::changeable;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error, notifications, nouns};

/// Most tags of a conversation.
const MAX_TAGS: usize = 50;
/// Most followers of a conversation.
const MAX_FOLLOWERS: usize = 100;
/// How long reopened work waits for whoever had it.
const PREFERRED_FOR_MS: i64 = 5 * 60 * 1_000;

/// What may be changed of a conversation; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Patch {
    pub subject: Option<Option<String>>,
    pub outcome: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub owner_agent_id: Option<Option<AgentId>>,
    pub status_id: Option<Uuid>,
    pub priority: Option<Priority>,
    pub tags: Option<Vec<String>>,
    pub fields: Option<Map<String, Value>>,
    pub reply_route: Option<(ChannelId, IdentityId)>,
}

/// A command.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub enum Act {
    /// Changes single fields.
    Patch(Box<Patch>),
    /// Ends the matter.
    Resolve { outcome: Option<String> },
    /// Opens it again.
    Reopen,
    /// Gives it to an agent, or to nobody.
    Assign(Option<AgentId>),
    /// Adds and removes labels.
    Tag { add: Vec<String>, remove: Vec<String> },
    /// Changes how urgent it is.
    Prioritise(Priority),
    /// Puts it aside until a time, until the customer writes, or both.
    Snooze { until_at: Option<Timestamp>, is_until_reply: bool },
    /// Takes it up again.
    Unsnooze,
    /// A user wants to hear of it.
    Follow(UserId),
    /// A user does not want to hear of it any more.
    Unfollow(UserId),
    /// Raises the actor's read mark to the newest entry.
    Read,
}

/// What a command did.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Done {
    pub conversation: Conversation,
    pub undo: Option<Undo>,
}

/// What the transaction of a command leaves to be done.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    pub conversation: Conversation,
    pub step: Option<Step>,
    /// Work that ends with the matter.
    pub ending: Vec<WorkItem>,
    /// Work that begins again.
    pub beginning: Option<WorkItem>,
    pub has_timer: bool,
}

/// Carries a command out.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`], [`Error::FieldsRequired`],
/// [`Error::ConversationMerged`], [`Error::Erased`], [`Error::VersionConflict`] when `version` is not its version.
pub async fn act(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    version: Option<i64>,
    command: Act,
) -> Result<Done, Error> {
    let input = (Pen::new(ctx, actor), id, version, command);
    let (applied, undo) = ctx
        .store()
        .write("conversations.act", input, |tx, (mut pen, id, version, command)| {
            Box::pin(async move {
                let applied = apply(tx, &mut pen, id, version, &command).await?;
                let steps: Vec<Step> = applied.step.iter().cloned().collect();
                let undo = change::remember(tx, &mut pen, &steps).await?;
                Ok::<_, Error>((applied, undo))
            })
        })
        .await?;
    follow_up(ctx, actor, std::slice::from_ref(&applied)).await?;
    Ok(Done { conversation: applied.conversation, undo })
}

/// Resolves a conversation: ends every engagement, completes the work held and withdraws what waits.
///
/// # Errors
/// As [`act`].
pub async fn resolve(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    outcome: Option<String>,
) -> Result<Conversation, Error> {
    Ok(act(ctx, actor, id, None, Act::Resolve { outcome }).await?.conversation)
}

/// What follows the commit of commands: the router hears of ended and begun work, everybody of the events.
pub(super) async fn follow_up(ctx: &Ctx, actor: &Actor, all: &[Applied]) -> Result<(), Error> {
    let runtime = ctx.runtime(actor.organization)?;
    if all.iter().any(|applied| applied.has_timer) {
        runtime.timers.wake();
    }
    runtime.hub.wake();
    for applied in all {
        end_work(ctx, actor, &applied.ending).await?;
        if let Some(work) = &applied.beginning {
            runtime.owner.enqueue(work).await;
        }
    }
    Ok(())
}

/// Completes what is held and withdraws what waits.
pub(crate) async fn end_work(ctx: &Ctx, actor: &Actor, work: &[WorkItem]) -> Result<(), Error> {
    let runtime = ctx.runtime(actor.organization)?;
    for w in work {
        let command = match w.item.state {
            ItemState::Active | ItemState::Paused => Command::Complete { item: w.item.id },
            ItemState::New | ItemState::Deferred | ItemState::Queued | ItemState::Offered => {
                Command::Cancel { item: w.item.id, reason: CancelReason::Withdrawn }
            }
            ItemState::WrapUp | ItemState::Closed | ItemState::Cancelled => continue,
        };
        match runtime.owner.apply(command, actor.as_json()).await {
            // Somebody else ended it meanwhile: that is what was wanted.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn permission(command: &Act) -> Permission {
    match command {
        Act::Assign(_) => Permission::ConversationsAssign,
        Act::Follow(_) | Act::Unfollow(_) | Act::Read => Permission::ConversationsRead,
        Act::Patch(_)
        | Act::Resolve { .. }
        | Act::Reopen
        | Act::Tag { .. }
        | Act::Prioritise(_)
        | Act::Snooze { .. }
        | Act::Unsnooze => Permission::ConversationsEdit,
    }
}

/// The transaction's part of a command.
pub(super) async fn apply(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    id: ConversationId,
    version: Option<i64>,
    command: &Act,
) -> Result<Applied, Error> {
    let mut c = changeable(tx, &pen.actor, id, permission(command)).await?;
    Error::unless_version(version, c.version)?;
    let before = c.clone();
    change(tx, pen, &mut c, command).await?;
    settle(tx, pen, before, c).await
}

/// Writes a changed conversation with everything that its change entails.
pub(super) async fn settle(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    before: Conversation,
    mut c: Conversation,
) -> Result<Applied, Error> {
    let was_resolved = before.status_category == StatusCategory::Resolved;
    let is_resolved = c.status_category == StatusCategory::Resolved;
    if is_resolved && !was_resolved {
        refuse_unfilled(tx, &c).await?;
        c.resolved_at = Some(pen.now);
        c.waiting_since_at = None;
        c.wake();
    } else if was_resolved && !is_resolved {
        c.resolved_at = None;
        c.reopened_count += 1;
    }
    let has_timer = time(tx, &before, &c).await?;
    let mut step = change::save(tx, pen, &before, &mut c).await?;
    let (mut ending, mut beginning) = (Vec::new(), None);
    if is_resolved && !was_resolved {
        ending = store::work::live_of(tx, c.organization_id, vec![c.id.0]).await?;
        let ended = end_interactions(tx, pen, &c).await?;
        if let Some(step) = &mut step {
            step.ended_interactions = ended;
            step.ended_work = ending.iter().map(ended_work).collect();
        }
    } else if was_resolved && !is_resolved {
        beginning = begin_again(tx, pen, &c).await?;
    }
    if let Some(agent) = c.owner_agent_id.filter(|_| before.owner_agent_id != c.owner_agent_id) {
        notifications::assigned(tx, pen, &c, agent).await?;
    }
    Ok(Applied { conversation: c, step, ending, beginning, has_timer })
}

fn ended_work(w: &WorkItem) -> Value {
    json!({ "work_item_id": w.item.id, "agent_id": w.item.agent })
}

async fn change(tx: &mut db::Tx<'_>, pen: &mut Pen, c: &mut Conversation, command: &Act) -> Result<(), Error> {
    match command {
        Act::Patch(patch) => self::patch(tx, pen, c, patch).await?,
        Act::Resolve { outcome } => {
            if c.status_category != StatusCategory::Resolved {
                c.outcome = checked("/outcome", outcome.clone(), 500)?.or_else(|| c.outcome.clone());
            }
            c.set_category(StatusCategory::Resolved);
        }
        Act::Reopen => {
            if c.status_category == StatusCategory::Resolved {
                c.set_category(StatusCategory::Open);
            }
        }
        Act::Assign(agent) => assign(tx, c, *agent).await?,
        Act::Tag { add, remove } => {
            c.tags.retain(|tag| !remove.contains(tag));
            let fresh: Vec<String> = add.iter().filter(|tag| !c.tags.contains(tag)).cloned().collect();
            c.tags = tags(c.tags.iter().cloned().chain(fresh).collect())?;
        }
        Act::Prioritise(priority) => c.priority = *priority,
        Act::Snooze { until_at, is_until_reply } => snooze(pen, c, *until_at, *is_until_reply)?,
        Act::Unsnooze => c.wake(),
        Act::Follow(user) => follow(tx, pen, c, *user).await?,
        Act::Unfollow(user) => {
            c.desk.follower_ids.retain(|follower| follower != user);
            followers::delete(tx, c.organization_id, c.id, *user, Part::Follower).await?;
        }
        Act::Read => {
            if let Some(user) = pen.actor.standing.user {
                store::drafts::mark_read(tx, c.organization_id, c.id, user.0, c.last_entry_seq, pen.now).await?;
            }
        }
    }
    Ok(())
}

async fn patch(tx: &mut db::Tx<'_>, pen: &Pen, c: &mut Conversation, patch: &Patch) -> Result<(), Error> {
    let patch = patch.clone();
    if let Some(subject) = patch.subject {
        c.subject = checked("/subject", subject, 500)?;
    }
    if let Some(outcome) = patch.outcome {
        c.outcome = checked("/outcome", outcome, 500)?;
    }
    if let Some(language) = patch.language {
        c.language = checked("/language", language, 35)?;
    }
    if let Some(priority) = patch.priority {
        c.priority = priority;
    }
    if let Some(wanted) = patch.tags {
        c.tags = tags(wanted)?;
    }
    if let Some(fields) = patch.fields {
        c.fields = nouns::patch_fields(tx, c.organization_id, "conversation", &c.fields, &fields).await?;
    }
    if let Some((channel, identity)) = patch.reply_route {
        route(tx, c, channel, identity).await?;
    }
    if let Some(agent) = patch.owner_agent_id {
        let agents = super::agents_of(tx, c).await?;
        super::may(&pen.actor, c, &agents, Permission::ConversationsAssign)?;
        assign(tx, c, agent).await?;
    }
    match patch.status_id {
        Some(status) => set_status(tx, c, status).await,
        None => Ok(()),
    }
}

/// A text of at most `most` characters; an empty one is none.
pub(crate) fn checked(pointer: &str, value: Option<String>, most: usize) -> Result<Option<String>, Error> {
    let Some(text) = value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > most {
        return Err(Error::field(pointer, "length", format!("at most {most} characters")));
    }
    if text.chars().any(|c| c == '\0') {
        return Err(Error::field(pointer, "format", "no U+0000"));
    }
    Ok(Some(text))
}

/// Labels, each once: short words without quotes.
pub(crate) fn tags(wanted: Vec<String>) -> Result<Vec<String>, Error> {
    let mut tags: Vec<String> = Vec::new();
    for tag in wanted {
        let is_odd = |c: char| c.is_control() || c == '"' || c == '\\';
        if tag.trim().is_empty() || tag.chars().count() > 64 || tag.chars().any(is_odd) {
            return Err(Error::field("/tags", "pattern", "1 to 64 characters without quotes and backslashes"));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > MAX_TAGS {
        return Err(Error::field("/tags", "length", format!("at most {MAX_TAGS}")));
    }
    Ok(tags)
}

async fn route(
    tx: &mut db::Tx<'_>,
    c: &mut Conversation,
    channel: ChannelId,
    identity: IdentityId,
) -> Result<(), Error> {
    let unknown = |pointer: &str| Error::field(pointer, "unknown_reference", "not a way to this customer");
    let org = c.organization_id;
    if store::channels::list(tx, org).await?.iter().all(|known| known.id != channel) {
        return Err(unknown("/reply_route/channel_id"));
    }
    let people = store::customer_merges::group(tx, org, vec![c.effective_customer().0]).await?;
    let known = store::customers::identities_of(tx, org, people.iter().map(|p| p.id.0).collect()).await?;
    if known.iter().all(|i| i.id != identity) {
        return Err(unknown("/reply_route/identity_id"));
    }
    c.reply_channel_id = Some(channel);
    c.reply_identity_id = Some(identity);
    Ok(())
}

async fn assign(tx: &mut db::Tx<'_>, c: &mut Conversation, agent: Option<AgentId>) -> Result<(), Error> {
    if let Some(agent) = agent {
        let agents = store::agents::list(tx, c.organization_id).await?;
        if !agents.iter().any(|a| a.id == agent && a.state == "active") {
            return Err(Error::field("/owner_agent_id", "unknown_reference", "no such active agent"));
        }
    }
    c.owner_agent_id = agent;
    Ok(())
}

async fn set_status(tx: &mut db::Tx<'_>, c: &mut Conversation, id: Uuid) -> Result<(), Error> {
    let unknown = || Error::field("/status_id", "unknown_reference", "no such status");
    let row = desk_nouns::find(tx, c.organization_id, Noun::Status, id).await?.ok_or_else(unknown)?;
    let status = nouns::read::<nouns::ConversationStatus>(row)?;
    c.status_category = status.settings.category;
    // A default status is what its category says by itself.
    c.desk.status_id = (!status.settings.is_default).then_some(id);
    Ok(())
}

fn snooze(pen: &Pen, c: &mut Conversation, until_at: Option<Timestamp>, is_until_reply: bool) -> Result<(), Error> {
    if until_at.is_none() && !is_until_reply {
        return Err(Error::field("/until_at", "required", "a time, or until_reply"));
    }
    if until_at.is_some_and(|at| at <= pen.now) {
        return Err(Error::field("/until_at", "range", "in the future"));
    }
    let latest = Micros::from(pen.now).plus_ms(5 * 366 * 86_400_000);
    if until_at.is_some_and(|at| Micros::from(at) > latest) {
        return Err(Error::field("/until_at", "range", "within five years"));
    }
    c.snoozed_until = until_at.map(|at| Micros::from(at).into());
    c.is_snoozed_until_reply = is_until_reply;
    c.desk.snoozed_by = pen.actor.standing.user;
    Ok(())
}

async fn follow(tx: &mut db::Tx<'_>, pen: &Pen, c: &mut Conversation, user: UserId) -> Result<(), Error> {
    let org = c.organization_id;
    store::users::find(tx, org, user).await?.ok_or(Error::NotFound)?;
    if !c.desk.follower_ids.contains(&user) {
        if c.desk.follower_ids.len() >= MAX_FOLLOWERS {
            return Err(Error::field("/follower_ids", "length", format!("at most {MAX_FOLLOWERS}")));
        }
        c.desk.follower_ids.push(user);
    }
    Ok(followers::put(tx, org, c.id, user, Part::Follower, pen.now).await?)
}

/// Custom fields that must be filled first.
async fn refuse_unfilled(tx: &mut db::Tx<'_>, c: &Conversation) -> Result<(), Error> {
    let defined = nouns::defined(tx, c.organization_id, "conversation").await?;
    let is_empty = |key: &str| match c.fields.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => false,
    };
    let missing = defined.iter().filter(|f| f.settings.is_required_to_resolve && is_empty(&f.row.key));
    let fields: Vec<String> = missing.map(|f| f.row.key.clone()).collect();
    if fields.is_empty() { Ok(()) } else { Err(Error::FieldsRequired { fields }) }
}

/// Keeps the timer of the snooze; whether it changed.
async fn time(tx: &mut db::Tx<'_>, before: &Conversation, c: &Conversation) -> Result<bool, Error> {
    if before.snoozed_until == c.snoozed_until {
        return Ok(false);
    }
    match c.snoozed_until {
        Some(due_at) => {
            let timer = Timer { kind: TimerKind::Snooze, subject_id: c.id.0, due_at };
            timers::put(tx, c.organization_id, timer).await?;
        }
        None => drop(timers::delete(tx, c.organization_id, TimerKind::Snooze, c.id.0).await?),
    }
    Ok(true)
}

async fn end_interactions(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    c: &Conversation,
) -> Result<Vec<domain::ids::InteractionId>, Error> {
    let mut ended = Vec::new();
    for interaction in store::conversations::interactions(tx, c.organization_id, c.id).await? {
        let (state, reason) = (InteractionState::Ended, InteractionEnd::Resolved);
        let has_ended =
            store::conversations::end_interaction(tx, c.organization_id, interaction.id, state, reason, pen.now);
        if has_ended.await? {
            ended.push(interaction.id);
            let data = json!({ "interaction_id": interaction.id, "conversation_id": c.id });
            pen.tell(tx, "interaction.ended", data).await?;
        }
    }
    Ok(ended)
}

/// T21: a new engagement and new work, for whoever had it last; `None` where nothing was ever worked on.
async fn begin_again(tx: &mut db::Tx<'_>, pen: &mut Pen, c: &Conversation) -> Result<Option<WorkItem>, Error> {
    let org = c.organization_id;
    let live = store::work::live_of(tx, org, vec![c.id.0]).await?;
    let last = store::conversation_history::work_items(tx, org, c.id).await?.into_iter().next();
    let Some(last) = last.filter(|_| live.is_empty()) else { return Ok(None) };
    let interaction = match last.interaction_id {
        Some(id) => continued(tx, pen, c, id).await?,
        None => None,
    };
    let work = again(pen, &last, interaction.map(|i| i.id), c.owner_agent_id);
    store::work::insert(tx, org, &work).await?;
    let data = json!({ "work_item_id": work.item.id, "conversation_id": c.id, "queue_id": work.item.queue, "row": 1 });
    pen.tell(tx, "work_item.created", data).await?;
    Ok(Some(work))
}

/// An engagement that goes on where an ended one stopped.
async fn continued(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    c: &Conversation,
    id: domain::ids::InteractionId,
) -> Result<Option<Interaction>, Error> {
    let org = c.organization_id;
    let Some(old) = store::conversations::find_interaction(tx, org, id).await? else { return Ok(None) };
    if let Some(open) = store::conversations::open_interaction(tx, org, c.id, old.channel_id, old.identity_id).await? {
        return Ok(Some(open));
    }
    let fresh = Interaction {
        id: pen.id().into(),
        conversation_id: c.id,
        state: InteractionState::Open,
        started_at: pen.now,
        ended_at: None,
        end_reason: None,
        last_activity_at: pen.now,
        version: 1,
        ..old
    };
    store::conversations::insert_interaction(tx, &fresh).await?;
    let data = json!({ "interaction_id": fresh.id, "conversation_id": c.id });
    pen.tell(tx, "interaction.started", data).await?;
    Ok(Some(fresh))
}

/// New work like `last`, first for whoever had it.
pub(super) fn again(
    pen: &mut Pen,
    last: &WorkItem,
    interaction: Option<domain::ids::InteractionId>,
    owner: Option<AgentId>,
) -> WorkItem {
    let agent = last.item.agent.or(owner);
    let until = Micros::from(pen.now).plus_ms(PREFERRED_FOR_MS);
    WorkItem {
        item: Item {
            id: pen.id().into(),
            enqueued_at: pen.now.into(),
            age_adjust_ms: 0,
            state: ItemState::New,
            preferred: agent.map(|agent| Preferred { agent, until }),
            pause_reason: None,
            close_reason: None,
            cancel_reason: None,
            attempt: 0,
            agent: None,
            assignment: None,
            excluded: Vec::new(),
            wake_at: None,
            wrap_up_deadline: None,
            extensions_used: 0,
            previous: Some(last.item.id),
            ..last.item.clone()
        },
        interaction_id: interaction,
        created_at: pen.now,
        updated_at: pen.now,
        version: 1,
        ..last.clone()
    }
}

/// Ties two conversations together, both ways.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`] for a conversation with itself.
pub async fn link(ctx: &Ctx, actor: &Actor, id: ConversationId, other: ConversationId) -> Result<Conversation, Error> {
    relate(ctx, actor, id, other, Relation::Linked).await
}

/// Unties two conversations.
///
/// # Errors
/// As [`link`].
pub async fn unlink(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    other: ConversationId,
) -> Result<Conversation, Error> {
    relate(ctx, actor, id, other, Relation::Apart).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Linked,
    Apart,
}

async fn relate(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    other: ConversationId,
    relation: Relation,
) -> Result<Conversation, Error> {
    if id == other {
        return Err(Error::field("/other", "duplicate", "a conversation is not linked with itself"));
    }
    let linked = ctx
        .store()
        .write(
            "conversations.relate",
            (Pen::new(ctx, actor), id, other, relation),
            |tx, (mut pen, id, other, relation)| {
                Box::pin(async move {
                    // Always in one order, so that two of these never wait for each other.
                    let mut found = BTreeMap::new();
                    for id in [id.min(other), id.max(other)] {
                        found.insert(id, changeable(tx, &pen.actor, id, Permission::ConversationsEdit).await?);
                    }
                    for (one, two) in [(id, other), (other, id)] {
                        let c = found.get_mut(&one).ok_or(Error::NotFound)?;
                        let has = c.desk.linked_ids.contains(&two);
                        if has == (relation == Relation::Linked) {
                            continue;
                        }
                        c.desk.linked_ids.retain(|linked| *linked != two);
                        if relation == Relation::Linked {
                            if c.desk.linked_ids.len() >= 100 {
                                return Err(Error::field("/other", "length", "at most 100 links"));
                            }
                            c.desk.linked_ids.push(two);
                        }
                        store::conversations::update(tx, c, pen.now).await?;
                        let data = json!({ "conversation_id": one, "other_id": two, "changed": ["linked_ids"] });
                        pen.tell(tx, "conversation.linked", data).await?;
                    }
                    found.remove(&id).ok_or(Error::NotFound)
                })
            },
        )
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(linked)
}
