//! Writes a change: rows, audit records and events in the transaction it is given.

use db::Tx;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::events::AuditRecord;
use store::teams::Team;
use uuid::Uuid;

use super::draft::Difference;
use super::rows::{Noun, Row};
use super::show::{References, document};
use crate::events::event;
use crate::{Actor, Ctx, Error, defaults};

/// Who changes something, when and why.
#[derive(Clone)]
pub(super) struct Stamp {
    pub ctx: Ctx,
    pub actor: Actor,
    pub now: Timestamp,
    pub reason: Option<String>,
}

impl Stamp {
    pub fn new(ctx: &Ctx, actor: &Actor) -> Self {
        Self { ctx: ctx.clone(), actor: actor.clone(), now: ctx.now(), reason: None }
    }

    async fn audit(
        &self,
        tx: &mut Tx<'_>,
        verb: &str,
        row: &Row,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), Error> {
        let record = AuditRecord {
            id: self.ctx.new_id(),
            organization_id: self.actor.organization,
            at: self.now,
            actor: self.actor.as_json(),
            action: format!("{}.{verb}", row.noun().word()),
            resource_type: row.noun().word().to_owned(),
            resource_id: Some(row.id()),
            before,
            after,
            reason: self.reason.clone(),
        };
        Ok(store::events::audit(tx, &record).await?)
    }

    async fn tell(&self, tx: &mut Tx<'_>, kind: &str, data: Value) -> Result<(), Error> {
        let (id, org) = (self.ctx.new_id(), self.actor.organization);
        Ok(store::events::insert(tx, &event(id, org, kind, self.now, self.actor.as_json(), data)).await?)
    }
}

/// Writes a difference; nothing when there is none.
pub(super) async fn save(tx: &mut Tx<'_>, stamp: &Stamp, difference: &Difference) -> Result<(), Error> {
    if difference.is_empty() {
        return Ok(());
    }
    for row in &difference.created {
        insert(tx, row, stamp.now).await?;
        stamp.audit(tx, "created", row, None, Some(document(row, References::Ids))).await?;
        tell_created(tx, stamp, row).await?;
    }
    for (before, after) in &difference.updated {
        update(tx, after, stamp.now).await?;
        let documents = (document(before, References::Ids), document(after, References::Ids));
        stamp.audit(tx, "updated", after, Some(documents.0), Some(documents.1)).await?;
        tell_updated(tx, stamp, before, after).await?;
    }
    for row in &difference.removed {
        delete(tx, row).await?;
        stamp.audit(tx, "removed", row, Some(document(row, References::Ids)), None).await?;
    }
    let names = |rows: &mut dyn Iterator<Item = &Row>| -> Vec<String> { rows.map(Row::name).collect() };
    let data = json!({
        "created": names(&mut difference.created.iter()),
        "updated": names(&mut difference.updated.iter().map(|(_, row)| row)),
        "removed": names(&mut difference.removed.iter()),
    });
    stamp.tell(tx, "config.published", data).await
}

async fn tell_created(tx: &mut Tx<'_>, stamp: &Stamp, row: &Row) -> Result<(), Error> {
    match row.noun() {
        Noun::Queue => stamp.tell(tx, "queue.created", json!({ "queue_id": row.id() })).await,
        Noun::Agent => stamp.tell(tx, "agent.updated", json!({ "agent_id": row.id() })).await,
        Noun::Skill
        | Noun::Hours
        | Noun::DeclineReason
        | Noun::PresenceStatus
        | Noun::PresenceConfig
        | Noun::RoutingConfig
        | Noun::Team
        | Noun::WrapUpCode => Ok(()),
    }
}

async fn tell_updated(tx: &mut Tx<'_>, stamp: &Stamp, before: &Row, after: &Row) -> Result<(), Error> {
    let (Row::Queue(old), Row::Queue(new)) = (before, after) else {
        return if after.noun() == Noun::Agent { tell_created(tx, stamp, after).await } else { Ok(()) };
    };
    if old.queue.state != new.queue.state {
        let kind = if new.queue.state == "open" { "queue.opened" } else { "queue.closed" };
        stamp.tell(tx, kind, json!({ "queue_id": after.id(), "reason": "by_hand" })).await?;
    }
    let mut same_state = new.clone();
    same_state.queue.state.clone_from(&old.queue.state);
    let is_changed = document(&Row::Queue(same_state), References::Ids) != document(before, References::Ids);
    if is_changed { stamp.tell(tx, "queue.updated", json!({ "queue_id": after.id() })).await } else { Ok(()) }
}

/// Whether everything that a difference removes may go.
///
/// # Errors
/// [`Error::InUse`].
pub(super) async fn check_removals(tx: &mut Tx<'_>, stamp: &Stamp, difference: &Difference) -> Result<(), Error> {
    for row in &difference.removed {
        check_free(tx, stamp, row).await?;
    }
    Ok(())
}

/// What is needed, or held by something that is no configuration, stays.
async fn check_free(tx: &mut Tx<'_>, stamp: &Stamp, row: &Row) -> Result<(), Error> {
    let org = stamp.actor.organization;
    let in_use = |by: String| Err(Error::InUse { by: vec![by] });
    if row.is_needed() {
        return in_use("system".to_owned());
    }
    match row {
        Row::Queue(row) => {
            if let Some(channel) = store::queues::channel_of(tx, org, row.queue.id).await? {
                return in_use(format!("channel:{channel}"));
            }
            if store::work::is_live_in_queue(tx, org, row.queue.id).await? {
                return in_use("work_items".to_owned());
            }
        }
        Row::PresenceStatus(row) => {
            let presences = store::work::presences(tx, org).await?;
            let has = |p: &domain::routing::Presence| p.status == row.id || p.next_status == Some(row.id);
            if let Some(held) = presences.into_iter().find(has) {
                return in_use(format!("agent:{}", held.agent));
            }
        }
        Row::WrapUpCode(row) => {
            if store::dispositions::is_code_used(tx, org, row.id.into()).await? {
                return in_use("dispositions".to_owned());
            }
        }
        Row::Hours(row) => {
            let channels = store::channels::list(tx, org).await?;
            let uses = |c: &&store::channels::Channel| c.hours_id.is_some_and(|id| id.0 == row.id);
            if let Some(channel) = channels.iter().find(uses) {
                return in_use(format!("channel:{}", channel.key));
            }
        }
        Row::Agent(_) => return in_use("history".to_owned()),
        Row::DeclineReason(_) | Row::PresenceConfig(_) | Row::RoutingConfig(_) | Row::Skill(_) | Row::Team(_) => {}
    }
    Ok(())
}

async fn insert(tx: &mut Tx<'_>, row: &Row, now: Timestamp) -> Result<(), Error> {
    match row {
        Row::Agent(row) => {
            store::agents::insert(tx, row, now).await?;
            let statuses = store::agents::statuses(tx, row.organization_id).await?;
            if let Some(presence) = defaults::absent(row.id, &statuses, now) {
                store::work::put_presence(tx, row.organization_id, &presence, now).await?;
            }
        }
        Row::DeclineReason(row) => store::decline_reasons::insert(tx, row, now).await?,
        Row::Hours(row) => store::business_hours::insert(tx, row, now).await?,
        Row::PresenceConfig(row) => store::agents::insert_config(tx, row, now).await?,
        Row::PresenceStatus(row) => store::agents::insert_status(tx, row, now).await?,
        Row::Queue(row) => {
            store::queues::insert(tx, &row.queue, now).await?;
            let org = row.queue.organization_id;
            store::queues::set_members(tx, org, row.queue.id, &row.agents, &row.teams).await?;
        }
        Row::RoutingConfig(row) => store::queues::insert_config(tx, row, now).await?,
        Row::Skill(row) => store::skills::insert(tx, row, now).await?,
        Row::Team(row) => {
            store::teams::insert(tx, &row.team).await?;
            store::teams::set_members(tx, row.team.organization_id, row.team.id, &row.users).await?;
        }
        Row::WrapUpCode(row) => store::wrap_up_codes::insert(tx, row, now).await?,
    }
    Ok(())
}

async fn update(tx: &mut Tx<'_>, row: &Row, now: Timestamp) -> Result<(), Error> {
    match row {
        Row::Agent(row) => store::agents::update(tx, row, now).await?,
        Row::DeclineReason(row) => store::decline_reasons::update(tx, row, now).await?,
        Row::Hours(row) => store::business_hours::update(tx, row, now).await?,
        Row::PresenceConfig(row) => store::agents::update_config(tx, row, now).await?,
        Row::PresenceStatus(row) => store::agents::update_status(tx, row, now).await?,
        Row::Queue(row) => {
            store::queues::update(tx, &row.queue, now).await?;
            let org = row.queue.organization_id;
            store::queues::set_members(tx, org, row.queue.id, &row.agents, &row.teams).await?;
        }
        Row::RoutingConfig(row) => store::queues::update_config(tx, &mut row.clone(), now).await?,
        Row::Skill(row) => store::skills::update(tx, row, now).await?,
        Row::Team(row) => {
            let mut team: Team = row.team.clone();
            store::teams::update(tx, &mut team, now).await?;
            store::teams::set_members(tx, team.organization_id, team.id, &row.users).await?;
        }
        Row::WrapUpCode(row) => store::wrap_up_codes::update(tx, row, now).await?,
    }
    Ok(())
}

async fn delete(tx: &mut Tx<'_>, row: &Row) -> Result<(), Error> {
    match row {
        // Never reached: what agents did stays, so they are never removed.
        Row::Agent(_) => {}
        Row::DeclineReason(row) => store::decline_reasons::delete(tx, row).await?,
        Row::Hours(row) => store::business_hours::delete(tx, row).await?,
        Row::PresenceConfig(row) => store::agents::delete_config(tx, row).await?,
        Row::PresenceStatus(row) => store::agents::delete_status(tx, row).await?,
        Row::Queue(row) => store::queues::delete(tx, &row.queue).await?,
        Row::RoutingConfig(row) => store::queues::delete_config(tx, row).await?,
        Row::Skill(row) => store::skills::delete(tx, row).await?,
        Row::Team(row) => store::teams::delete(tx, &row.team).await?,
        Row::WrapUpCode(row) => store::wrap_up_codes::delete(tx, row).await?,
    }
    Ok(())
}

/// An audit record of something that is no configuration row: what a supervisor did to an agent, say.
pub(crate) async fn record(
    ctx: &Ctx,
    actor: &Actor,
    action: &str,
    resource: (&str, Uuid),
    after: Value,
    reason: &str,
) -> Result<(), Error> {
    let record = AuditRecord {
        id: ctx.new_id(),
        organization_id: actor.organization,
        at: ctx.now(),
        actor: actor.as_json(),
        action: action.to_owned(),
        resource_type: resource.0.to_owned(),
        resource_id: Some(resource.1),
        before: None,
        after: Some(after),
        reason: Some(reason.to_owned()),
    };
    ctx.store()
        .write("config.record", record, |tx, record| {
            Box::pin(async move { Ok::<_, Error>(store::events::audit(tx, &record).await?) })
        })
        .await
}
