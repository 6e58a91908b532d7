//! Routing configuration: queues, how they route, hours, statuses, limits, codes, agents.
//!
//! One way for every change: the configuration is read, changed in memory, checked as a whole, and what
//! differs is written with its audit records and events. The router has it before the caller hears of it.
//!
//! # Invariants
//! - A change that leaves a reference without its object, or queues in a circle, is refused.
//! - What did not change is not written: no version, no event, no audit record.

mod apply;
mod build;
pub mod docs;
mod draft;
mod rows;
mod save;
mod show;

use domain::ids::{AgentId, OrganizationId, QueueId};
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub use apply::{Applied, Named, apply, from_yaml, show, to_yaml};
pub use rows::{Noun, QueueRow, Row};
pub(crate) use save::record;
pub use show::{References, document};

use draft::{Draft, Entry};
use rows::Catalog;
use save::{Stamp, check_removals, save};

use crate::{Actor, Ctx, Error, FieldError};

/// What reading a kind needs.
const fn reading(noun: Noun) -> Permission {
    match noun {
        Noun::PresenceConfig | Noun::RoutingConfig => Permission::RoutingRead,
        Noun::Agent | Noun::Team => Permission::AgentsRead,
        Noun::Skill | Noun::Hours | Noun::DeclineReason | Noun::PresenceStatus | Noun::Queue | Noun::WrapUpCode => {
            Permission::QueuesRead
        }
    }
}

/// What writing a kind needs, organization-wide.
const fn writing(noun: Noun) -> Permission {
    match noun {
        Noun::Agent | Noun::Team => Permission::UsersEdit,
        Noun::Skill
        | Noun::Hours
        | Noun::DeclineReason
        | Noun::PresenceStatus
        | Noun::PresenceConfig
        | Noun::RoutingConfig
        | Noun::Queue
        | Noun::WrapUpCode => Permission::RoutingEdit,
    }
}

/// Whether the actor may write objects of a kind at all.
///
/// # Errors
/// [`Error::Denied`].
pub fn may_write(actor: &Actor, noun: Noun) -> Result<(), Error> {
    actor.authorize(writing(noun), Resource::Organization)
}

fn may_see(actor: &Actor, row: &Row) -> bool {
    let reach = actor.standing.reach(reading(row.noun())).unwrap_or_default();
    match row {
        Row::Queue(row) => reach.covers(Some(row.queue.id), &[]),
        Row::Agent(row) => reach.covers(None, &[row.id]),
        Row::DeclineReason(_)
        | Row::Hours(_)
        | Row::PresenceConfig(_)
        | Row::PresenceStatus(_)
        | Row::RoutingConfig(_)
        | Row::Skill(_)
        | Row::Team(_)
        | Row::WrapUpCode(_) => true,
    }
}

/// The objects of a kind that the actor may know of, by key; statuses in their order.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor, noun: Noun) -> Result<Vec<Row>, Error> {
    actor.authorize(reading(noun), Resource::Any)?;
    let input = (actor.organization, noun);
    let rows = ctx
        .store()
        .read("config.list", input, |tx, (org, noun)| Box::pin(async move { rows::read(tx, org, noun).await }))
        .await?;
    Ok(rows.into_iter().filter(|row| may_see(actor, row)).collect())
}

/// One object.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, noun: Noun, id: Uuid) -> Result<Row, Error> {
    list(ctx, actor, noun).await?.into_iter().find(|row| row.id() == id).ok_or(Error::NotFound)
}

/// One step of a change.
#[derive(Clone)]
enum Step {
    Create { noun: Noun, id: Uuid, input: Map<String, Value> },
    Patch { noun: Noun, id: Uuid, version: Option<i64>, input: Map<String, Value> },
    Remove { noun: Noun, id: Uuid, version: Option<i64> },
}

impl Step {
    const fn subject(&self) -> (Noun, Uuid) {
        match self {
            Self::Create { noun, id, .. } | Self::Patch { noun, id, .. } | Self::Remove { noun, id, .. } => {
                (*noun, *id)
            }
        }
    }
}

/// Adds an object.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::UnknownField`], [`Error::AlreadyExists`],
/// [`Error::OverflowCycle`].
pub async fn create(ctx: &Ctx, actor: &Actor, noun: Noun, input: Map<String, Value>) -> Result<Row, Error> {
    may_write(actor, noun)?;
    let step = Step::Create { noun, id: ctx.new_id(), input };
    carry_out(ctx, Stamp::new(ctx, actor), step).await?.ok_or(Error::NotFound)
}

/// Changes an object, whose version is `version` if one is named: JSON merge patch.
///
/// # Errors
/// As [`create`], and [`Error::NotFound`], [`Error::VersionConflict`].
pub async fn change(
    ctx: &Ctx,
    actor: &Actor,
    noun: Noun,
    id: Uuid,
    version: Option<i64>,
    input: Map<String, Value>,
) -> Result<Row, Error> {
    may_write(actor, noun)?;
    find(ctx, actor, noun, id).await?;
    let step = Step::Patch { noun, id, version, input };
    carry_out(ctx, Stamp::new(ctx, actor), step).await?.ok_or(Error::NotFound)
}

/// Removes an object, whose version is `version` if one is named; an agent is switched off instead: what they did stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::VersionConflict`], [`Error::InUse`], [`Error::AgentHasWork`].
pub async fn remove(ctx: &Ctx, actor: &Actor, noun: Noun, id: Uuid, version: Option<i64>) -> Result<(), Error> {
    may_write(actor, noun)?;
    find(ctx, actor, noun, id).await?;
    let step = match noun {
        Noun::Agent => Step::Patch { noun, id, version, input: one("state", json!("inactive")) },
        _ => Step::Remove { noun, id, version },
    };
    carry_out(ctx, Stamp::new(ctx, actor), step).await.map(drop)
}

fn one(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

/// Opens a queue, or closes it by hand; repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn set_queue_state(
    ctx: &Ctx,
    actor: &Actor,
    id: QueueId,
    state: &'static str,
    reason: Option<String>,
) -> Result<Row, Error> {
    actor.authorize(Permission::QueuesOperate, Resource::Any)?;
    find(ctx, actor, Noun::Queue, id.0).await?;
    actor.authorize(Permission::QueuesOperate, Resource::Work { queue: Some(id), agents: &[] })?;
    let step = Step::Patch { noun: Noun::Queue, id: id.0, version: None, input: one("state", json!(state)) };
    let stamp = Stamp { reason, ..Stamp::new(ctx, actor) };
    carry_out(ctx, stamp, step).await?.ok_or(Error::NotFound)
}

/// Replaces the skills of an agent: `[{skill_id, level}]`.
///
/// # Errors
/// As [`change`].
pub async fn set_agent_skills(
    ctx: &Ctx,
    actor: &Actor,
    id: AgentId,
    version: Option<i64>,
    skills: Value,
) -> Result<Row, Error> {
    set_agent(ctx, actor, id, Permission::SkillsEdit, version, one("skills", skills)).await
}

/// Replaces the queues an agent is a named member of.
///
/// # Errors
/// As [`change`].
pub async fn set_agent_queues(
    ctx: &Ctx,
    actor: &Actor,
    id: AgentId,
    version: Option<i64>,
    queues: Value,
) -> Result<Row, Error> {
    set_agent(ctx, actor, id, Permission::AgentsOperate, version, one("queue_ids", queues)).await
}

async fn set_agent(
    ctx: &Ctx,
    actor: &Actor,
    id: AgentId,
    permission: Permission,
    version: Option<i64>,
    input: Map<String, Value>,
) -> Result<Row, Error> {
    actor.authorize(permission, Resource::Any)?;
    find(ctx, actor, Noun::Agent, id.0).await?;
    actor.authorize(permission, Resource::Agent(id))?;
    let step = Step::Patch { noun: Noun::Agent, id: id.0, version, input };
    carry_out(ctx, Stamp::new(ctx, actor), step).await?.ok_or(Error::NotFound)
}

/// Carries a step out; the object as it is then, `None` when it is gone.
async fn carry_out(ctx: &Ctx, stamp: Stamp, step: Step) -> Result<Option<Row>, Error> {
    let org = stamp.actor.organization;
    let input = (stamp, step);
    let row = ctx.store().write("config.change", input, |tx, (stamp, step)| Box::pin(take(tx, stamp, step))).await?;
    published(ctx, org).await?;
    Ok(row)
}

async fn take(tx: &mut db::Tx<'_>, stamp: Stamp, step: Step) -> Result<Option<Row>, Error> {
    let org = stamp.actor.organization;
    store::queues::lock_configuration(tx, org).await?;
    let mut draft = Draft::new(Catalog::load(tx, org).await?, stamp.now);
    let (noun, id) = step.subject();
    match step {
        Step::Create { noun, id, input } => {
            // Looked up before it is taken in, told after: wrong values are wrong whatever the key.
            let existing = draft.find(noun, &input);
            put(&mut draft, Entry { noun, id, input, pointer: String::new() })?;
            if existing.is_some() {
                return Err(Error::AlreadyExists { existing_id: existing });
            }
        }
        Step::Patch { noun, id, version, input } => {
            check_version(&draft, noun, id, version)?;
            put(&mut draft, Entry { noun, id, input, pointer: String::new() })?;
        }
        Step::Remove { noun, id, version } => {
            check_version(&draft, noun, id, version)?;
            draft.remove(noun, id);
        }
    }
    draft.check()?;
    check_leaving(tx, org, &draft).await?;
    let difference = draft.difference();
    check_removals(tx, &stamp, &difference).await?;
    save(tx, &stamp, &difference).await?;
    let is_updated = difference.updated.iter().any(|(_, row)| (row.noun(), row.id()) == (noun, id));
    let row = draft.after.get(noun, id).cloned();
    Ok(row.map(|row| if is_updated { row.raised() } else { row }))
}

fn put(draft: &mut Draft, entry: Entry) -> Result<(), Error> {
    draft.put(entry).map_err(|mut faults: Vec<FieldError>| {
        match faults.iter().position(|f| f.code == "unknown_field") {
            Some(at) => Error::UnknownField { pointer: faults.swap_remove(at).pointer },
            None => Error::Invalid(faults),
        }
    })
}

fn check_version(draft: &Draft, noun: Noun, id: Uuid, version: Option<i64>) -> Result<(), Error> {
    let current = draft.before.get(noun, id).ok_or(Error::NotFound)?.version();
    Error::unless_version(version, current)
}

/// Agents who are switched off must hold nothing.
async fn check_leaving(tx: &mut db::Tx<'_>, org: OrganizationId, draft: &Draft) -> Result<(), Error> {
    let was_active = |id: Uuid| matches!(draft.before.get(Noun::Agent, id), Some(Row::Agent(a)) if a.state == "active");
    let leaves = |row: &Row| match row {
        Row::Agent(agent) if agent.state == "inactive" && was_active(agent.id.0) => Some(agent.id.0),
        _ => None,
    };
    let leaving: Vec<Uuid> = draft.after.of(Noun::Agent).filter_map(leaves).collect();
    if leaving.is_empty() {
        return Ok(());
    }
    let count = store::work::held_by(tx, org, leaving).await?.len();
    if count == 0 { Ok(()) } else { Err(Error::AgentHasWork { count: u32::try_from(count).unwrap_or(u32::MAX) }) }
}

/// The router takes the new configuration in, and everybody hears of it.
async fn published(ctx: &Ctx, org: OrganizationId) -> Result<(), Error> {
    let runtime = ctx.runtime(org)?;
    runtime.owner.reload().await;
    runtime.hub.wake();
    Ok(())
}
