//! What a use case writes with: who, when, and fresh ids that stay the same when its transaction runs again.

use jiff::Timestamp;
use serde_json::Value;
use store::events::AuditRecord;
use uuid::Uuid;

use crate::events::event;
use crate::{Actor, Ctx, Error};

/// The low bits of an id that count on from its first one.
const COUNTED: u128 = (1 << 61) - 1;

/// Who writes, when, and with which ids.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    pub actor: Actor,
    pub now: Timestamp,
    first: Uuid,
    used: u32,
}

impl Pen {
    pub(crate) fn new(ctx: &Ctx, actor: &Actor) -> Self {
        Self { actor: actor.clone(), now: ctx.now(), first: ctx.new_id(), used: 0 }
    }

    /// A fresh id, greater than the one before.
    pub(crate) fn id(&mut self) -> Uuid {
        self.used += 1;
        let first = self.first.as_u128();
        Uuid::from_u128((first & !COUNTED) | ((first & (COUNTED >> 1)) + u128::from(self.used)))
    }

    /// Appends an event.
    pub(crate) async fn tell(&mut self, tx: &mut db::Tx<'_>, kind: &str, data: Value) -> Result<(), Error> {
        let id = self.id();
        let told = event(id, self.actor.organization, kind, self.now, self.actor.as_json(), data);
        Ok(store::events::insert(tx, &told).await?)
    }

    /// Appends an audit record.
    pub(crate) async fn audit(
        &mut self,
        tx: &mut db::Tx<'_>,
        action: &str,
        resource: (&str, Uuid),
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), Error> {
        let record = AuditRecord {
            id: self.id(),
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
        Ok(store::events::audit(tx, &record).await?)
    }
}
