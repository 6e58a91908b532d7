//! Skills, wrap-up codes, reasons for declining.

use app::model::Keyed;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Localized, Ts};

/// A reason for declining an offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct DeclineReason {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    pub parent_id: Option<Uuid>,
    pub queue_ids: Vec<Uuid>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

impl From<&Keyed<app::model::DeclineReason>> for DeclineReason {
    fn from(row: &Keyed<app::model::DeclineReason>) -> Self {
        Self {
            id: row.id,
            key: row.key.clone(),
            name: row.settings.name.clone(),
            parent_id: None,
            queue_ids: Vec::new(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// A wrap-up code.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct WrapUpCode {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    pub parent_id: Option<Uuid>,
    /// Empty: for every queue.
    pub queue_ids: Vec<Uuid>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

impl From<&Keyed<app::model::WrapUpCode>> for WrapUpCode {
    fn from(row: &Keyed<app::model::WrapUpCode>) -> Self {
        Self {
            id: row.id,
            key: row.key.clone(),
            name: row.settings.name.clone(),
            parent_id: row.settings.parent_id.map(|id| id.0),
            queue_ids: row.settings.queue_ids.iter().map(|id| id.0).collect(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// A skill.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Skill {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    /// `skill`, `language` or `licence`.
    pub kind: String,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

impl From<&Keyed<app::model::Skill>> for Skill {
    fn from(row: &Keyed<app::model::Skill>) -> Self {
        Self {
            id: row.id,
            key: row.key.clone(),
            name: row.settings.name.clone(),
            kind: row.settings.kind.clone(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}
