//! What every administrative write carries: who, when, and the ids of what it records.

use jiff::Timestamp;
use serde_json::Value;
use store::events::AuditRecord;
use uuid::Uuid;

use crate::events::event;
use crate::{Actor, Ctx, Error};

/// Made before the transaction, so that the transaction may run again.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    /// Who.
    pub actor: Actor,
    /// When.
    pub now: Timestamp,
    audit_id: Uuid,
    event_id: Uuid,
}

impl Stamp {
    pub(crate) fn new(ctx: &Ctx, actor: &Actor) -> Self {
        Self { actor: actor.clone(), now: ctx.now(), audit_id: ctx.new_id(), event_id: ctx.new_id() }
    }

    /// Records the change; secrets never stand in `before` or `after`.
    pub(crate) async fn audit(
        &self,
        tx: &mut db::Tx<'_>,
        action: &str,
        resource: (&str, Uuid),
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), Error> {
        let record = AuditRecord {
            id: self.audit_id,
            organization_id: self.actor.organization,
            at: self.now,
            actor: self.actor.as_json(),
            action: action.to_owned(),
            resource_type: resource.0.to_owned(),
            resource_id: Some(resource.1),
            before,
            after,
            reason: None,
        };
        store::events::audit(tx, &record).await?;
        let session = self.actor.session.map(|id| id.0);
        store::audit::note_origin(tx, self.actor.organization, self.audit_id, self.actor.ip.clone(), session).await?;
        Ok(())
    }

    /// Tells of the change.
    pub(crate) async fn tell(&self, tx: &mut db::Tx<'_>, kind: &str, data: Value) -> Result<(), Error> {
        let event = event(self.event_id, self.actor.organization, kind, self.now, self.actor.as_json(), data);
        Ok(store::events::insert(tx, &event).await?)
    }
}
