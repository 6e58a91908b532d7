//! Which listeners an event can concern: looked up, so that an event does not ask everybody.
//!
//! # Invariants
//! - The index only ever finds too many: [`Filter`](super::Filter) decides for each that was found.
//! - A kind of event that is not told apart here is put to all of staff.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AgentId, ConversationId, CustomerId, QueueId, UserId};
use domain::permissions::Permission;
use serde_json::Value;

use super::hidden::Before;
use super::{Filter, Live};

/// Something that listeners have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// Staff, whoever it is.
    Staff,
    /// Everything they may read.
    Everything,
    /// This agent.
    Agent(AgentId),
    /// This user.
    User(UserId),
    /// Who has this conversation open.
    Conversation(ConversationId),
    /// This customer's visitors.
    Customer(CustomerId),
    /// Visitors of a channel with this queue.
    Queue(QueueId),
    /// Visitors who wait in this queue.
    Waiting(QueueId),
    /// Who looks at lists and reads everything.
    Lists,
    /// Who looks at lists and reads this queue.
    ListsOfQueue(QueueId),
    /// Who looks at lists and reads what this agent has.
    ListsOfAgent(AgentId),
    /// Who looks at agents.
    Agents,
}

/// Listeners by what they have in common.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_key: BTreeMap<Key, BTreeSet<u64>>,
}

impl Index {
    pub(super) fn add(&mut self, id: u64, filter: &Filter) {
        for key in keys_of(filter) {
            self.by_key.entry(key).or_default().insert(id);
        }
    }

    /// Takes a listener out; `filter` is the one it was added with.
    pub(super) fn remove(&mut self, id: u64, filter: &Filter) {
        for key in keys_of(filter) {
            if let Some(ids) = self.by_key.get_mut(&key) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_key.clear();
    }

    /// The listeners with any of these keys, each once.
    pub(super) fn with(&self, keys: impl IntoIterator<Item = Key>) -> BTreeSet<u64> {
        keys.into_iter().filter_map(|key| self.by_key.get(&key)).flatten().copied().collect()
    }
}

fn keys_of(filter: &Filter) -> BTreeSet<Key> {
    let staff = match filter {
        Filter::Visitor(visitor) => {
            let queue = visitor.queue.map(Key::Queue);
            let waiting = visitor.waits_in.map(Key::Waiting);
            return std::iter::once(Key::Customer(visitor.customer)).chain(queue).chain(waiting).collect();
        }
        Filter::Staff(staff) => staff,
    };
    let mut keys = BTreeSet::from([Key::Staff]);
    keys.extend(staff.standing.agent.map(Key::Agent));
    keys.extend(staff.standing.user.map(Key::User));
    for topic in &staff.topics {
        match topic.as_str() {
            "org" => drop(keys.insert(Key::Everything)),
            "agents" => drop(keys.insert(Key::Agents)),
            "inbox" => {
                let reach = staff.standing.reach(Permission::ConversationsRead).unwrap_or_default();
                keys.extend(reach.is_everything.then_some(Key::Lists));
                keys.extend(reach.queues.into_iter().map(Key::ListsOfQueue));
                keys.extend(reach.agents.into_iter().map(Key::ListsOfAgent));
            }
            other => {
                let id = other.strip_prefix("conversation:").and_then(|id| id.parse().ok());
                keys.extend(id.map(Key::Conversation));
            }
        }
    }
    keys
}

/// What the listeners an event can concern have in common.
pub(super) fn keys_for(live: &Live) -> Vec<Key> {
    let content = &live.content;
    let mut keys = vec![Key::Everything];
    let named = |field: &str| live.event.data.get(field).and_then(Value::as_str);
    keys.extend(content.conversation.as_ref().map(|c| Key::Customer(c.customer_id)));
    keys.extend(content.entry.as_ref().map(|e| Key::Customer(e.customer_id)));
    let agents = content.agents();
    let noun = live.event.kind.split('.').next().unwrap_or_default();
    match noun {
        "mention" | "notification" | "job" => keys.extend(
            named("user_id")
                .and_then(|id| id.parse().ok())
                .or(content.job.as_ref().and_then(|job| job.created_by))
                .map(Key::User),
        ),
        "draft" => keys.extend(named("user_id").and_then(|id| id.parse().ok()).map(Key::User)),
        "offer" => keys.extend(agents.into_iter().map(Key::Agent)),
        "presence" => {
            keys.push(Key::Agents);
            keys.extend(content.presence.as_ref().map(|presence| Key::Agent(presence.agent)));
        }
        "entry" | "interaction" | "work_item" | "conversation" => {
            keys.extend(content.conversation.as_ref().map(|c| Key::Conversation(c.id)));
            keys.extend(content.followers().map(Key::User));
            keys.extend(agents.iter().copied().map(Key::Agent));
            keys.extend(named("agent_id").and_then(|id| id.parse().ok()).map(Key::Agent));
            if matches!(noun, "work_item" | "conversation") {
                keys.push(Key::Lists);
                keys.extend(live.queue().filter(|_| live.moves_queue()).map(Key::Waiting));
                keys.extend(content.queue().map(Key::ListsOfQueue));
                keys.extend(agents.into_iter().map(Key::ListsOfAgent));
                keys.extend(previous(live));
            }
        }
        "queue" => {
            keys.push(Key::Staff);
            keys.extend(live.queue().map(Key::Queue));
        }
        _ => keys.push(Key::Staff),
    }
    keys
}

/// Who could see it where it was before: they hear that it is gone.
fn previous(live: &Live) -> Vec<Key> {
    let Some(before) = Before::of(&live.event) else { return Vec::new() };
    let queue = before.queue.flatten().map(Key::ListsOfQueue);
    let agents = before.agent.flatten().into_iter().flat_map(|agent| [Key::ListsOfAgent(agent), Key::Agent(agent)]);
    let followers = before.followers.unwrap_or_default().into_iter().map(Key::User);
    queue.into_iter().chain(agents).chain(followers).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use domain::conversation::{Priority, StatusCategory};
    use domain::ids::{ChannelId, EventId, OrganizationId};
    use domain::permissions::{BuiltinRole, Standing};
    use domain::routing::{Item, ItemState, Pool, RoutingKind};
    use domain::time::Micros;
    use jiff::Timestamp;
    use serde_json::json;
    use store::conversations::Conversation;
    use store::events::{Cursor, Event};
    use store::work::WorkItem;
    use uuid::Uuid;

    use super::super::{Content, StaffFilter, VisitorFilter};
    use super::*;

    fn id<T: From<Uuid>>(n: u128) -> T {
        Uuid::from_u128(n).into()
    }

    fn conversation(n: u128) -> Conversation {
        Conversation {
            id: id(100 + n),
            organization_id: id(1),
            number: 1,
            subject: None,
            outcome: None,
            status_category: StatusCategory::Open,
            priority: Priority::Normal,
            customer_id: id(200 + n),
            owner_agent_id: n.is_multiple_of(2).then(|| id(300 + n % 3)),
            queue_id: (!n.is_multiple_of(3)).then(|| id(400 + n % 2)),
            reply_channel_id: None,
            reply_identity_id: None,
            channel_kinds: Vec::new(),
            language: None,
            tags: Vec::new(),
            fields: json!({}),
            snoozed_until: None,
            is_snoozed_until_reply: false,
            waiting_since_at: None,
            first_response_at: None,
            last_activity_at: Timestamp::UNIX_EPOCH,
            last_entry_seq: 0,
            last_entry: None,
            is_blocked: false,
            is_demo: false,
            resolved_at: None,
            reopened_count: 0,
            desk: store::conversations::Desk {
                follower_ids: (n % 4 == 1).then(|| id(500 + n % 3)).into_iter().collect(),
                mentioned_ids: (n % 4 == 2).then(|| id(500)).into_iter().collect(),
                ..Default::default()
            },
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    fn work_item(n: u128) -> WorkItem {
        let item = Item {
            id: id(600 + n),
            queue: id(400 + n % 2),
            kind: RoutingKind::Chat,
            customer: None,
            priority: 0,
            secondary: 0,
            tier: 0,
            enqueued_at: Micros(0),
            age_adjust_ms: 0,
            seq: 0,
            units_milli: 0,
            pool: Pool::Primary,
            required: BTreeMap::new(),
            preferred: None,
            state: ItemState::Queued,
            pause_reason: None,
            close_reason: None,
            cancel_reason: None,
            attempt: 0,
            agent: n.is_multiple_of(5).then(|| id(300 + n % 4)),
            assignment: None,
            excluded: Vec::new(),
            wake_at: None,
            wrap_up_deadline: None,
            extensions_used: 0,
            previous: None,
        };
        let at = Timestamp::UNIX_EPOCH;
        WorkItem {
            item,
            interaction_id: None,
            conversation_id: Some(id(100 + n)),
            channel_id: None,
            matter: None,
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    fn live(kind: &str, n: u128) -> Live {
        let event = Event {
            id: EventId(Uuid::nil()),
            organization_id: OrganizationId(Uuid::nil()),
            kind: kind.to_owned(),
            version: 1,
            at: Timestamp::UNIX_EPOCH,
            actor: json!({}),
            cause_id: None,
            data: json!({
                "agent_id": Uuid::from_u128(300 + n % 4), "user_id": Uuid::from_u128(500 + n % 4),
                "queue_id": Uuid::from_u128(400 + n % 2),
                "previous": {
                    "queue_id": Uuid::from_u128(401 - n % 2), "agent_id": Uuid::from_u128(300 + n % 4),
                    "follower_ids": [Uuid::from_u128(501 + n % 3)],
                },
            }),
        };
        let work_item = kind.starts_with("work_item.").then(|| work_item(n));
        let content = Content { conversation: Some(conversation(n)), work_item, ..Content::default() };
        Live { cursor: Cursor::default(), event, content, rendered: OnceLock::new() }
    }

    fn staff(role: BuiltinRole, n: u128, topics: &[&str]) -> Filter {
        let standing = Standing {
            user: Some(id(500 + n)),
            agent: (n != 3).then(|| id(300 + n)),
            grants: role.grants(),
            queues: [id(400 + n % 2)].into(),
            team_agents: [id(300), id(301)].into(),
            team_queues: [id(400)].into(),
        };
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        Filter::Staff(StaffFilter { standing: Arc::new(standing), topics })
    }

    fn filters() -> Vec<Filter> {
        let open = format!("conversation:{}", Uuid::from_u128(102));
        let topics: [&[&str]; 5] = [&[], &["inbox"], &["agents"], &["org"], &[&open]];
        let mut filters = Vec::new();
        for role in [BuiltinRole::Agent, BuiltinRole::Supervisor, BuiltinRole::Admin] {
            for n in 0..4 {
                filters.extend(topics.iter().map(|topics| staff(role, n, topics)));
            }
        }
        for n in 0..6 {
            let waits_in = (n % 2 == 0).then(|| id(400));
            let channel = ChannelId(Uuid::nil());
            filters.push(Filter::Visitor(VisitorFilter {
                customer: id(200 + n),
                channel,
                queue: Some(id(401)),
                waits_in,
            }));
        }
        filters
    }

    #[test]
    fn whoever_wants_an_event_is_found() {
        let filters = filters();
        let mut index = Index::default();
        for (at, filter) in (0..).zip(&filters) {
            index.add(at, filter);
        }
        let kinds = [
            "entry.created",
            "interaction.started",
            "conversation.updated",
            "work_item.queued",
            "offer.created",
            "presence.changed",
            "draft.changed",
            "customer.updated",
            "queue.updated",
            "queue.opened",
            "channel.updated",
            "other.thing",
        ];
        let (mut wanted, mut lost) = (0, 0);
        for kind in kinds {
            for n in 0..12 {
                let live = live(kind, n);
                let found = index.with(keys_for(&live));
                for (at, filter) in (0..).zip(&filters) {
                    let loses = matches!(filter, Filter::Staff(staff) if staff.loses(&live).is_some());
                    wanted += usize::from(filter.wants(&live));
                    lost += usize::from(loses);
                    let is_concerned = filter.wants(&live) || loses;
                    assert!(found.contains(&at) || !is_concerned, "{kind} {n} {filter:?}");
                }
            }
        }
        assert!(wanted > 500 && lost > 20, "the test would prove nothing: {wanted}, {lost}");
    }

    #[test]
    fn a_visitors_event_asks_few() {
        let mut index = Index::default();
        for n in 0..1_000 {
            index.add(n, &staff(BuiltinRole::Agent, u128::from(n), &["inbox"]));
            let customer = CustomerId(Uuid::from_u128(10_000 + u128::from(n)));
            let channel = ChannelId(Uuid::nil());
            let filter = VisitorFilter { customer, channel, queue: Some(id(400)), waits_in: None };
            index.add(1_000 + n, &Filter::Visitor(filter));
        }
        assert!(index.with(keys_for(&live("entry.created", 2))).len() <= 3);
    }

    #[test]
    fn who_leaves_leaves_nothing() {
        let mut index = Index::default();
        let filters = filters();
        for (at, filter) in (0..).zip(&filters) {
            index.add(at, filter);
        }
        for (at, filter) in (0..).zip(&filters) {
            index.remove(at, filter);
        }
        assert!(index.by_key.is_empty());
    }
}
