//! Work from outside: tasks, cases, call-backs, anything that is routed and belongs to no channel.

use std::collections::BTreeMap;

use domain::ids::{AgentId, CustomerId, OrganizationId, QueueId, SkillId};
use domain::permissions::{Permission, Resource};
use domain::routing::{Command, Item, ItemState, Pool, Preferred, Refused, RoutingKind};
use domain::time::Micros;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::work::{Matter, WorkItem};
use uuid::Uuid;

use crate::events::event;
use crate::work::read;
use crate::work_manage::ATTRIBUTES_MAX;
use crate::{Actor, Ctx, Error};

/// The kinds of work from outside.
const KINDS: [&str; 7] = ["callback", "task", "case", "lead", "post", "visit", "custom"];
/// Most bytes of a subject.
const SUBJECT_MAX_BYTES: usize = 8 * 1024;

/// Work to be done.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct NewWork {
    pub kind: String,
    pub routing_kind: RoutingKind,
    pub queue: QueueId,
    pub subject: Map<String, Value>,
    pub customer: Option<CustomerId>,
    pub priority: Option<u8>,
    pub secondary: Option<u8>,
    pub units_milli: Option<i64>,
    pub is_interruptible: Option<bool>,
    /// Skills with their least level.
    pub required: Vec<(SkillId, u8)>,
    pub preferred: Option<Preference>,
    pub attributes: Map<String, Value>,
    pub enqueued_at: Option<Timestamp>,
    pub wake_at: Option<Timestamp>,
    pub external_id: Option<String>,
}

/// Whom work should go to.
#[derive(Clone, Copy, Debug)]
pub struct Preference {
    /// The agent.
    pub agent: AgentId,
    /// Anybody else after this; a minute when nothing is said.
    pub until: Option<Timestamp>,
}

/// Work as it was taken in.
#[derive(Clone, Debug)]
pub struct Created {
    /// The item, as the router left it.
    pub work: WorkItem,
    /// Nobody could ever take it as the configuration is.
    pub is_unstaffed: bool,
}

#[derive(Clone)]
struct Input {
    org: OrganizationId,
    work: WorkItem,
    customer: Option<CustomerId>,
    actor: Value,
    event_id: Uuid,
}

/// T1: takes work in; it is routed at once.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::AlreadyExists`] for an `external_id` that is known.
pub async fn create(ctx: &Ctx, actor: &Actor, new: NewWork) -> Result<Created, Error> {
    actor.authorize(Permission::WorkCreate, Resource::Work { queue: Some(new.queue), agents: &[] })?;
    let now = ctx.now();
    check(&new, now)?;
    let work = item(ctx, actor, &new, now).await?;
    let id = work.item.id;
    let (org, customer) = (actor.organization, new.customer);
    let input = Input { org, work: work.clone(), customer, actor: actor.as_json(), event_id: ctx.new_id() };
    let saved = ctx.store().write("work.create", input, |tx, input| Box::pin(insert(tx, input))).await;
    match saved {
        Ok(()) => {}
        Err(Error::Store(error)) if error.is_unique() => return Err(Error::AlreadyExists { existing_id: None }),
        Err(error) => return Err(error),
    }
    let owner = &ctx.runtime(org)?.owner;
    match owner.apply(Command::Enqueue { item: work.item }, actor.as_json()).await {
        // The feed was faster.
        Ok(_) | Err(Error::Refused(Refused::AlreadyExists)) => {}
        Err(error) => return Err(error),
    }
    let is_unstaffed = owner.look(move |router| router.is_unstaffed(id)).await?;
    Ok(Created { work: read(ctx, actor, id).await?, is_unstaffed })
}

fn check(new: &NewWork, now: Timestamp) -> Result<(), Error> {
    if !KINDS.contains(&&*new.kind) {
        return Err(Error::field("/kind", "enum", KINDS.join(", ")));
    }
    let ranges = [
        ("/priority", new.priority.map(i64::from), 0, 100),
        ("/secondary", new.secondary.map(i64::from), 0, 9),
        ("/units_milli", new.units_milli, 0, 100_000),
    ];
    for (pointer, value, least, most) in ranges {
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            return Err(Error::field(pointer, "range", format!("{least} to {most}")));
        }
    }
    for (at, (_, level)) in new.required.iter().enumerate() {
        if !(1..=10).contains(level) {
            return Err(Error::field(&format!("/required/{at}/min_level"), "range", "1 to 10"));
        }
    }
    if new.enqueued_at.is_some_and(|at| at > now) {
        return Err(Error::field("/enqueued_at", "range", "not in the future"));
    }
    if new.external_id.as_deref().is_some_and(|id| id.is_empty() || id.len() > 255) {
        return Err(Error::field("/external_id", "length", "1 to 255 bytes"));
    }
    if new.attributes.len() > ATTRIBUTES_MAX {
        return Err(Error::field("/attributes", "length", format!("at most {ATTRIBUTES_MAX}")));
    }
    let size = json!(new.subject).to_string().len() + json!(new.attributes).to_string().len();
    if size > SUBJECT_MAX_BYTES {
        return Err(Error::field("/subject", "length", format!("at most {SUBJECT_MAX_BYTES} bytes")));
    }
    Ok(())
}

async fn item(ctx: &Ctx, actor: &Actor, new: &NewWork, now: Timestamp) -> Result<WorkItem, Error> {
    const DIRECT_MS: i64 = 60_000;
    let queue = new.queue;
    let owner = &ctx.runtime(actor.organization)?.owner;
    let config = owner.look(move |router| router.queue_config(queue).cloned()).await?;
    let config = config.ok_or_else(|| Error::field("/queue_id", "unknown_reference", "no such queue"))?;
    let pool = match new.is_interruptible {
        Some(true) => Pool::Interruptible,
        Some(false) => Pool::Primary,
        None => config.pool,
    };
    let until = |preference: &Preference| {
        preference.until.map_or(Micros::from(now).plus_ms(DIRECT_MS), Micros::from).min(Micros(i64::MAX - 1))
    };
    let item = Item {
        id: ctx.new_id().into(),
        queue,
        kind: new.routing_kind,
        customer: new.customer,
        priority: new.priority.unwrap_or_default(),
        secondary: new.secondary.unwrap_or(9),
        tier: config.tier,
        enqueued_at: new.enqueued_at.unwrap_or(now).into(),
        age_adjust_ms: 0,
        seq: 0,
        units_milli: new.units_milli.unwrap_or(config.units_milli),
        pool,
        required: new.required.iter().copied().collect::<BTreeMap<_, _>>(),
        preferred: new.preferred.as_ref().map(|wish| Preferred { agent: wish.agent, until: until(wish) }),
        state: ItemState::New,
        pause_reason: None,
        close_reason: None,
        cancel_reason: None,
        attempt: 0,
        agent: None,
        assignment: None,
        excluded: Vec::new(),
        wake_at: new.wake_at.map(Into::into),
        wrap_up_deadline: None,
        extensions_used: 0,
        previous: None,
    };
    let matter = Matter {
        kind: new.kind.clone(),
        subject: Some(Value::Object(new.subject.clone())),
        attributes: Value::Object(new.attributes.clone()),
        external_id: new.external_id.clone(),
    };
    Ok(WorkItem {
        item,
        interaction_id: None,
        conversation_id: None,
        channel_id: None,
        matter: Some(matter),
        created_at: now,
        updated_at: now,
        version: 1,
    })
}

async fn insert(tx: &mut db::Tx<'_>, input: Input) -> Result<(), Error> {
    let Input { org, work, customer, actor, event_id } = input;
    let external = work.matter.as_ref().and_then(|matter| matter.external_id.clone());
    if let Some(external) = external
        && let Some(known) = store::work::by_external(tx, org, &external).await?
    {
        return Err(Error::AlreadyExists { existing_id: Some(known.item.id.0) });
    }
    let skills = store::skills::list(tx, org).await?;
    if let Some(unknown) = work.item.required.keys().position(|id| skills.iter().all(|skill| skill.id != id.0)) {
        return Err(Error::field(&format!("/required/{unknown}/skill_id"), "unknown_reference", "no such skill"));
    }
    if let Some(customer) = customer
        && store::customers::find_many(tx, org, vec![customer.0]).await?.is_empty()
    {
        return Err(Error::field("/customer_id", "unknown_reference", "no such customer"));
    }
    if let Some(preferred) = work.item.preferred
        && store::agents::list(tx, org).await?.iter().all(|agent| agent.id != preferred.agent)
    {
        return Err(Error::field("/preferred/agent_id", "unknown_reference", "no such agent"));
    }
    store::work::insert(tx, org, &work).await?;
    let data = json!({ "work_item_id": work.item.id, "queue_id": work.item.queue, "row": 1, "reason": "created" });
    let told = event(event_id, org, "work_item.created", work.created_at, actor, data);
    Ok(store::events::insert(tx, &told).await?)
}
