//! What somebody loses sight of by an event: it was theirs to see where it stood before, and is not any more.
//!
//! # Invariants
//! - Only what the listener could see before is named, and only its id.

use domain::ids::{AgentId, ConversationId, QueueId, UserId, WorkItemId};
use domain::permissions::{Permission, Resource};
use serde_json::Value;
use store::conversations::Conversation;
use store::events::Event;
use uuid::Uuid;

use super::{Live, StaffFilter};

/// What may not be seen any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// A conversation.
    pub conversation: Option<ConversationId>,
    /// A work item.
    pub work_item: Option<WorkItemId>,
}

/// Where something stood before an event, as far as that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub queue: Option<Option<QueueId>>,
    /// Who owned it, held it or was asked.
    pub agent: Option<Option<AgentId>>,
    pub followers: Option<Vec<UserId>>,
}

impl Before {
    /// `None` where an event says nothing of before.
    pub fn of(event: &Event) -> Option<Self> {
        let previous = event.data.get("previous").filter(|previous| previous.is_object())?;
        let id = |name: &str| previous.get(name).map(parsed);
        let followers = previous.get("follower_ids").and_then(Value::as_array);
        Some(Self {
            queue: id("queue_id").map(|id| id.map(QueueId)),
            agent: id("owner_agent_id").or_else(|| id("agent_id")).map(|id| id.map(AgentId)),
            followers: followers.map(|ids| ids.iter().filter_map(parsed).map(UserId).collect()),
        })
    }
}

fn parsed(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

impl StaffFilter {
    /// What of `live` could be seen before it and cannot any more.
    #[must_use]
    pub fn loses(&self, live: &Live) -> Option<Hidden> {
        let before = Before::of(&live.event)?;
        let conversation = live.content.conversation.as_ref();
        let noun = live.event.kind.split('.').next().unwrap_or_default();
        let hidden = match noun {
            "conversation" => Hidden {
                conversation: conversation.filter(|c| self.lost_conversation(live, c, &before)).map(|c| c.id),
                work_item: None,
            },
            "work_item" => Hidden {
                conversation: conversation.filter(|c| self.lost_by_work(live, c, &before)).map(|c| c.id),
                work_item: self.lost_work(live, &before),
            },
            _ => return None,
        };
        (hidden != Hidden::default()).then_some(hidden)
    }

    fn lost_conversation(&self, live: &Live, c: &Conversation, before: &Before) -> bool {
        if self.may_read(&live.content) {
            return false;
        }
        let is_followed = self.standing.user.zip(before.followers.as_ref()).is_some_and(|(me, ids)| ids.contains(&me));
        let agents: Vec<AgentId> = before.agent.unwrap_or(c.owner_agent_id).into_iter().collect();
        let queue = before.queue.unwrap_or(c.queue_id);
        let was_read = self.may(Permission::ConversationsRead, Resource::Work { queue, agents: &agents });
        (was_read && self.was_shown(c, &agents))
            || (is_followed && self.may(Permission::ConversationsRead, Resource::Any))
    }

    /// Whether events of a conversation came here while it could be read.
    fn was_shown(&self, c: &Conversation, agents: &[AgentId]) -> bool {
        let is_mine = self.standing.agent.is_some_and(|me| agents.contains(&me));
        is_mine || self.has("inbox") || self.has_conversation(c.id)
    }

    /// Who held the work of a conversation could read it for that alone.
    fn lost_by_work(&self, live: &Live, c: &Conversation, before: &Before) -> bool {
        let Some(agent) = before.agent.flatten() else { return false };
        let may =
            |agents: &[AgentId]| self.may(Permission::ConversationsRead, Resource::Work { queue: c.queue_id, agents });
        let is_lost = !self.is_followed(&live.content) && !may(&live.content.agents()) && may(&[agent]);
        is_lost && self.was_shown(c, &[agent])
    }

    fn lost_work(&self, live: &Live, before: &Before) -> Option<WorkItemId> {
        let item = &live.content.work_item.as_ref()?.item;
        let agents: Vec<AgentId> = before.agent.unwrap_or(item.agent).into_iter().collect();
        let queue = before.queue.unwrap_or(Some(item.queue));
        let was_mine = self.standing.agent.is_some_and(|me| agents.contains(&me));
        let was_listed =
            self.has("inbox") && self.may(Permission::ConversationsRead, Resource::Work { queue, agents: &agents });
        (!self.wants(live) && (was_mine || was_listed)).then_some(item.id)
    }
}
