//! Conversations, engagements and drafts.

use app::model;

use super::object;
use crate::dto::conversations::{Conversation, ConversationWork, Draft, DraftBody, Interaction, ReplyRoute, Snooze};
use crate::dto::words::DraftMode;

fn conversation_work(row: &model::WorkItem) -> ConversationWork {
    ConversationWork {
        work_item_id: row.item.id.0,
        state: row.item.state.into(),
        agent_id: row.item.agent.map(|id| id.0),
        queue_id: Some(row.item.queue.0),
    }
}

fn snooze(row: &model::Conversation) -> Option<Snooze> {
    let is_snoozed = row.snoozed_until.is_some() || row.is_snoozed_until_reply;
    is_snoozed.then(|| Snooze {
        until_at: row.snoozed_until.map(Into::into),
        until_reply: row.is_snoozed_until_reply,
        by: row.desk.snoozed_by.map(|user| user.0),
    })
}

/// A conversation with its live work; `unread` is the caller's, unknown in events.
#[must_use]
pub fn conversation(row: &model::Conversation, work: &[model::WorkItem], unread: Option<i64>) -> Conversation {
    let is_its = |w: &&model::WorkItem| w.conversation_id == Some(row.id);
    Conversation {
        id: row.id.0,
        number: row.number,
        subject: row.subject.clone(),
        outcome: row.outcome.clone(),
        status_id: row.desk.status_id,
        status_category: row.status_category.into(),
        priority: row.priority.into(),
        customer_id: row.effective_customer().0,
        owner_agent_id: row.owner_agent_id.map(|id| id.0),
        team_id: None,
        queue_id: row.queue_id.map(|id| id.0),
        reply_route: row
            .reply_channel_id
            .map(|channel| ReplyRoute { channel_id: channel.0, identity_id: row.reply_identity_id.map(|id| id.0) }),
        channel_kinds: row.channel_kinds.clone(),
        language: row.language.clone(),
        tags: row.tags.clone(),
        fields: object(&row.fields),
        snooze: snooze(row),
        follower_ids: row.desk.follower_ids.iter().map(|user| user.0).collect(),
        sla: None,
        waiting_since_at: row.waiting_since_at.map(Into::into),
        first_response_at: row.first_response_at.map(Into::into),
        last_activity_at: row.last_activity_at.into(),
        last_entry: row.last_entry.clone().and_then(|value| serde_json::from_value(value).ok()),
        last_entry_seq: row.last_entry_seq,
        unread_count: unread,
        work: work.iter().filter(is_its).map(conversation_work).collect(),
        merged_into_id: row.desk.merged_into_id.map(|id| id.0),
        linked_ids: row.desk.linked_ids.iter().map(|id| id.0).collect(),
        is_blocked: row.is_blocked,
        is_restricted: row.desk.is_restricted,
        is_test: row.desk.is_test,
        is_demo: row.is_demo,
        resolved_at: row.resolved_at.map(Into::into),
        reopened_count: row.reopened_count,
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
        version: row.version,
        customer: None,
        owner: None,
        queue: None,
    }
}

impl From<&model::Interaction> for Interaction {
    fn from(row: &model::Interaction) -> Self {
        Self {
            id: row.id.0,
            conversation_id: row.conversation_id.0,
            customer_id: row.customer_id.0,
            channel_id: row.channel_id.0,
            channel_kind: row.channel_kind.clone(),
            shape: row.shape.into(),
            direction: row.direction.clone(),
            state: row.state.into(),
            started_at: row.started_at.into(),
            ended_at: row.ended_at.map(Into::into),
            end_reason: row.end_reason.clone(),
            continued_from_id: None,
            external_ref: None,
            version: row.version,
        }
    }
}

impl From<&model::Draft> for Draft {
    fn from(row: &model::Draft) -> Self {
        let part = |name: &str| row.content.get(name).cloned().unwrap_or_default();
        Self {
            conversation_id: row.conversation_id.0,
            user_id: row.user_id.0,
            mode: DraftMode::parse(&row.mode).unwrap_or(DraftMode::Reply),
            body: serde_json::from_value::<DraftBody>(part("body")).unwrap_or_default(),
            attachment_ids: serde_json::from_value(part("attachment_ids")).unwrap_or_default(),
            reply_route: serde_json::from_value(part("reply_route")).unwrap_or_default(),
            base_seq: row.base_seq,
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}
