//! From the rows of the desk's small nouns to what stands on the wire. Pure.

use app::conversations::Undo as UndoRow;
use app::model;
use app::nouns::{self, FieldKind, Found};
use app::views;
use serde_json::Value;

use crate::dto::customers::{Merge, MergeProposal};
use crate::dto::desk::{
    Company, ConversationStatus, CustomField, FieldType, Job, JobProgress, Notification, SharedWith, Tag, View,
};
use crate::dto::{Object, Ts, Undo};
use crate::render;

impl From<UndoRow> for Undo {
    fn from(row: UndoRow) -> Self {
        Self { id: row.id, expires_at: row.expires_at.into() }
    }
}

impl From<&Found<nouns::ConversationStatus>> for ConversationStatus {
    fn from(found: &Found<nouns::ConversationStatus>) -> Self {
        let Found { row, settings } = found;
        Self {
            id: row.id,
            key: row.key.clone(),
            name: settings.name.clone(),
            category: settings.category.into(),
            is_default: settings.is_default,
            position: settings.position,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<&Found<nouns::Tag>> for Tag {
    fn from(found: &Found<nouns::Tag>) -> Self {
        let Found { row, settings } = found;
        Self {
            id: row.id,
            key: row.key.clone(),
            name: settings.name.clone(),
            colour: settings.colour.clone(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<FieldType> for FieldKind {
    fn from(word: FieldType) -> Self {
        match word {
            FieldType::Text => Self::Text,
            FieldType::Number => Self::Number,
            FieldType::Date => Self::Date,
            FieldType::Bool => Self::Bool,
            FieldType::Choice => Self::Choice,
            FieldType::Money => Self::Money,
            FieldType::Url => Self::Url,
        }
    }
}

impl From<FieldKind> for FieldType {
    fn from(word: FieldKind) -> Self {
        match word {
            FieldKind::Text => Self::Text,
            FieldKind::Number => Self::Number,
            FieldKind::Date => Self::Date,
            FieldKind::Bool => Self::Bool,
            FieldKind::Choice => Self::Choice,
            FieldKind::Money => Self::Money,
            FieldKind::Url => Self::Url,
        }
    }
}

impl From<&Found<nouns::CustomField>> for CustomField {
    fn from(found: &Found<nouns::CustomField>) -> Self {
        let Found { row, settings } = found;
        Self {
            id: row.id,
            key: row.key.clone(),
            name: settings.name.clone(),
            noun: settings.noun.clone(),
            r#type: settings.kind.into(),
            options: settings.options.clone(),
            is_required_to_resolve: settings.is_required_to_resolve,
            position: settings.position,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<&Found<nouns::Company>> for Company {
    fn from(found: &Found<nouns::Company>) -> Self {
        let Found { row, settings } = found;
        Self {
            id: row.id,
            name: settings.name.clone(),
            domains: settings.domains.clone(),
            fields: settings.fields.clone(),
            owner_agent_id: settings.owner_agent_id,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<SharedWith> for views::SharedWith {
    fn from(word: SharedWith) -> Self {
        match word {
            SharedWith::Me => Self::Me,
            SharedWith::Team => Self::Team,
            SharedWith::Organization => Self::Organization,
        }
    }
}

impl From<views::SharedWith> for SharedWith {
    fn from(word: views::SharedWith) -> Self {
        match word {
            views::SharedWith::Me => Self::Me,
            views::SharedWith::Team => Self::Team,
            views::SharedWith::Organization => Self::Organization,
        }
    }
}

impl From<&views::View> for View {
    fn from(view: &views::View) -> Self {
        let (row, settings) = (&view.row, &view.settings);
        Self {
            id: row.id,
            name: settings.name.clone(),
            q: settings.q.clone(),
            r#where: settings.r#where.clone(),
            sort: settings.sort.clone(),
            columns: settings.columns.clone(),
            shared_with: settings.shared_with.into(),
            user_id: row.user_id.map(|user| user.0),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<&model::Notification> for Notification {
    fn from(row: &model::Notification) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id.0,
            kind: row.kind.clone(),
            conversation_id: row.conversation_id.map(|id| id.0),
            entry_id: row.entry_id.map(|id| id.0),
            actor: render::actor(&row.actor),
            created_at: row.created_at.into(),
            read_at: row.read_at.map(Into::into),
        }
    }
}

impl From<&model::Job> for Job {
    fn from(row: &model::Job) -> Self {
        Self {
            id: row.id,
            kind: row.kind.clone(),
            state: row.state.clone(),
            progress: JobProgress { done_count: row.done_count, total_count: row.total_count },
            result: row.result.clone(),
            error: row.error.clone(),
            undo: row.undo.as_ref().and_then(undo),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

fn undo(value: &Value) -> Option<Undo> {
    let expires_at: Ts = serde_json::from_value(value.get("expires_at")?.clone()).ok()?;
    Some(Undo { id: value.get("id")?.as_str()?.parse().ok()?, expires_at })
}

fn objects(value: &Value) -> Vec<Object> {
    value.as_array().into_iter().flatten().filter_map(|one| one.as_object().cloned()).collect()
}

/// A merge of customers, with how to take it back where that was just made.
#[must_use]
pub fn merge(row: &model::Merge, undo: Option<UndoRow>) -> Merge {
    Merge {
        id: row.id,
        target_id: row.target_id.0,
        source_id: row.source_id.0,
        state: row.state.clone(),
        evidence: objects(&row.evidence),
        field_choices: row.field_choices.clone(),
        by: row.created_by.map(|user| user.0),
        at: row.created_at.into(),
        unmerged_at: row.unmerged_at.map(Into::into),
        undo: undo.map(Into::into),
    }
}

/// A proposal, with what accepting it made.
#[must_use]
pub fn proposal(row: &model::Proposal, made: Option<&model::Merge>) -> MergeProposal {
    MergeProposal {
        id: row.id,
        a_id: row.a_id.0,
        b_id: row.b_id.0,
        evidence: objects(&row.evidence),
        state: row.state.clone(),
        created_at: row.created_at.into(),
        decided_at: row.decided_at.map(Into::into),
        decided_by: row.decided_by.map(|user| user.0),
        merge: made.map(|row| merge(row, None)),
    }
}
