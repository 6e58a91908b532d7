//! Where work and conversations stood before a commit of the router moved them: their events say it, so that whoever
//! loses sight of one hears that.
//!
//! # Invariants
//! - At most one question per commit for conversations and one for work, and none where nothing can have moved.

use std::collections::BTreeMap;

use domain::ids::OrganizationId;
use domain::routing::{Effect, Item, ItemState};
use serde_json::{Value, json};
use store::events::Event;
use store::places::{self, Place};
use uuid::Uuid;

use super::Step;
use crate::Error;

/// Places of what the steps touch, kept up to date while they are written.
pub(super) struct Moves {
    conversations: BTreeMap<Uuid, Place>,
    work: BTreeMap<Uuid, Place>,
}

impl Moves {
    /// Reads what the steps may move.
    pub(super) async fn read(tx: &mut db::Tx<'_>, org: OrganizationId, steps: &[Step]) -> Result<Self, Error> {
        let (mut conversations, mut work) = (Vec::new(), Vec::new());
        for step in steps {
            let Some(Effect::Item { item, row, previous, .. }) = &step.effect else { continue };
            if step.extra.is_some() {
                conversations.extend(step.links.conversation.map(|id| id.0));
            }
            if may_move(item, *row, *previous) {
                work.push(item.id.0);
            }
        }
        Ok(Self {
            conversations: places::of_conversations(tx, org, conversations).await?,
            work: places::of_work(tx, org, work).await?,
        })
    }

    /// The events of a step, with what stood before.
    pub(super) fn said(&mut self, step: &Step) -> [Option<Event>; 2] {
        let mut events = [step.event.clone(), step.extra.clone()];
        let Some(Effect::Item { item, .. }) = &step.effect else { return events };
        let now = Place { agent: item.agent, queue: Some(item.queue) };
        if let (Some(was), Some(event)) = (self.work.insert(item.id.0, now), &mut events[0]) {
            tell(event, "agent_id", was, now);
        }
        let known = step.links.conversation.and_then(|id| self.conversations.get_mut(&id.0));
        if let (Some(was), Some(event)) = (known, &mut events[1]) {
            tell(event, "owner_agent_id", std::mem::replace(was, now), now);
        }
        events
    }
}

/// Rows by which an item changes its queue, or leaves an agent without ending there.
fn may_move(item: &Item, row: Option<u8>, previous: Option<ItemState>) -> bool {
    let was_with_somebody =
        matches!(previous, Some(ItemState::Offered | ItemState::Active | ItemState::Paused | ItemState::WrapUp));
    matches!(row, Some(5 | 8 | 20)) || (item.agent.is_none() && was_with_somebody)
}

fn tell(event: &mut Event, agent: &str, was: Place, now: Place) {
    let mut previous = serde_json::Map::new();
    if was.agent != now.agent {
        previous.insert(agent.to_owned(), json!(was.agent));
    }
    if was.queue != now.queue {
        previous.insert("queue_id".to_owned(), json!(was.queue));
    }
    if previous.is_empty() {
        return;
    }
    let changed: Vec<&String> = previous.keys().collect();
    event.data["changed"] = json!(changed);
    event.data["previous"] = Value::Object(previous);
}
