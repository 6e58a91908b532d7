//! Routing configurations: how queues offer their work.

use domain::ids::RoutingConfigId;
use domain::permissions::{Permission, Resource};
use jiff::Timestamp;
use serde_json::json;
use store::events::AuditRecord;
use store::queues::{RoutingConfig, RoutingSettings};

use crate::{Actor, Ctx, Error};

/// All routing configurations.
///
/// # Errors
/// [`Error::Denied`].
pub async fn configs(ctx: &Ctx, actor: &Actor) -> Result<Vec<RoutingConfig>, Error> {
    actor.authorize(Permission::RoutingRead, Resource::Any)?;
    ctx.store()
        .read("routing.configs", actor.organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::queues::configs(tx, org).await?) })
        })
        .await
}

/// What an administrator may change of a routing configuration; `None` keeps.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub offer_timeout_ms: Option<i64>,
    pub is_auto_accept: Option<bool>,
    pub misses_before_away: Option<u32>,
    pub units_milli: Option<i64>,
    pub wrap_up_ms: Option<i64>,
    pub retry_gap_ms: Option<i64>,
}

impl Change {
    fn check(&self) -> Result<(), Error> {
        let day = 86_400_000;
        let ranges = [
            ("/offer_timeout_ms", self.offer_timeout_ms, 1_000, day),
            ("/units_milli", self.units_milli, 0, 100_000),
            ("/wrap_up_ms", self.wrap_up_ms, 0, 3_600_000),
            ("/retry_gap_ms", self.retry_gap_ms, 1_000, day),
            ("/misses_before_away", self.misses_before_away.map(i64::from), 1, 100),
        ];
        for (pointer, value, least, most) in ranges {
            if value.is_some_and(|v| v < least || v > most) {
                return Err(Error::field(pointer, "range", format!("{least} to {most}")));
            }
        }
        Ok(())
    }

    fn apply(self, settings: &mut RoutingSettings) {
        settings.offer_timeout_ms = self.offer_timeout_ms.unwrap_or(settings.offer_timeout_ms);
        settings.is_auto_accept = self.is_auto_accept.unwrap_or(settings.is_auto_accept);
        settings.misses_before_away = self.misses_before_away.unwrap_or(settings.misses_before_away);
        settings.units_milli = self.units_milli.unwrap_or(settings.units_milli);
        settings.wrap_up_ms = self.wrap_up_ms.unwrap_or(settings.wrap_up_ms);
        settings.retry_gap_ms = self.retry_gap_ms.unwrap_or(settings.retry_gap_ms);
    }
}

#[derive(Clone)]
struct Input {
    actor: Actor,
    id: RoutingConfigId,
    version: i64,
    change: Change,
    now: Timestamp,
    audit_id: uuid::Uuid,
}

/// Changes a routing configuration whose version is `version`; it holds for the next offer.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::Invalid`], [`Error::NotFound`], [`Error::Denied`].
pub async fn update_config(
    ctx: &Ctx,
    actor: &Actor,
    id: RoutingConfigId,
    version: i64,
    change: Change,
) -> Result<RoutingConfig, Error> {
    actor.authorize(Permission::RoutingEdit, Resource::Organization)?;
    change.check()?;
    let input = Input { actor: actor.clone(), id, version, change, now: ctx.now(), audit_id: ctx.new_id() };
    let config = ctx.store().write("routing.update_config", input, |tx, input| Box::pin(update(tx, input))).await?;
    ctx.runtime(actor.organization)?.owner.reload().await;
    Ok(config)
}

async fn update(tx: &mut db::Tx<'_>, input: Input) -> Result<RoutingConfig, Error> {
    let Input { actor, id, version, change, now, audit_id } = input;
    let org = actor.organization;
    let mut found = store::queues::configs(tx, org).await?.into_iter().find(|c| c.id == id).ok_or(Error::NotFound)?;
    if found.version != version {
        return Err(Error::VersionConflict);
    }
    let before = json!(found.settings);
    change.apply(&mut found.settings);
    store::queues::update_config(tx, &mut found, now).await?;
    let audit = AuditRecord {
        id: audit_id,
        organization_id: org,
        at: now,
        actor: actor.as_json(),
        action: "routing_config.updated".to_owned(),
        resource_type: "routing_config".to_owned(),
        resource_id: Some(id.0),
        before: Some(before),
        after: Some(json!(found.settings)),
        reason: None,
    };
    store::events::audit(tx, &audit).await?;
    Ok(found)
}
