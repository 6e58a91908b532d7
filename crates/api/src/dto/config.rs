//! What applying a configuration did.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::FieldError;

/// An object that was changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.6")]
pub struct ConfigObject {
    /// The list it stands in: `queues`, `agents` …
    pub noun: String,
    pub key: String,
    pub id: Uuid,
}

/// What applying a configuration did, or would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.6")]
pub struct Applied {
    pub created: Vec<ConfigObject>,
    pub updated: Vec<ConfigObject>,
    pub unchanged_count: usize,
    pub removed: Vec<ConfigObject>,
    pub warnings: Vec<FieldError>,
}

impl From<&app::config::Named> for ConfigObject {
    fn from(named: &app::config::Named) -> Self {
        Self { noun: named.noun.to_owned(), key: named.key.clone(), id: named.id }
    }
}

impl From<&app::config::Applied> for Applied {
    fn from(applied: &app::config::Applied) -> Self {
        let warning = |wrong: &app::FieldError| FieldError {
            detail: Some(wrong.detail.clone()),
            ..FieldError::new(wrong.pointer.clone(), wrong.code)
        };
        Self {
            created: applied.created.iter().map(Into::into).collect(),
            updated: applied.updated.iter().map(Into::into).collect(),
            unchanged_count: applied.unchanged_count,
            removed: applied.removed.iter().map(Into::into).collect(),
            warnings: applied.warnings.iter().map(warning).collect(),
        }
    }
}
