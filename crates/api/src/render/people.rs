//! The organization, people, their sessions and rights.

use app::model;
use domain::permissions::Standing;
use serde_json::Value;
use uuid::Uuid;

use super::object;
use crate::dto::people::{Grant, Organization, SessionRow, User};

impl From<&model::Organization> for Organization {
    fn from(row: &model::Organization) -> Self {
        Self {
            id: row.id.0,
            name: row.name.clone(),
            key: row.key.clone(),
            default_language: row.default_language.clone(),
            languages: vec!["es".to_owned(), "en".to_owned()],
            time_zone: row.time_zone.clone(),
            undo_send_ms: row.settings.get("undo_send_ms").and_then(Value::as_i64).unwrap_or_default(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<&model::User> for User {
    fn from(row: &model::User) -> Self {
        Self {
            id: row.id.0,
            email: row.email.clone(),
            name: row.name.clone(),
            language: row.language.clone(),
            time_zone: row.time_zone.clone(),
            role_ids: app::users::role_ids(row).into_iter().map(|id| id.0).collect(),
            state: row.state.clone(),
            has_password: row.password_hash.is_some(),
            last_sign_in_at: row.last_sign_in_at.map(Into::into),
            preferences: object(&row.preferences),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// A session in the list of one's own.
#[must_use]
pub fn session_row(row: &model::Session, current: Option<Uuid>) -> SessionRow {
    SessionRow {
        id: row.id.0,
        user_id: row.user_id.0,
        created_at: row.created_at.into(),
        last_seen_at: row.last_seen_at.into(),
        ip: row.ip.clone(),
        user_agent: row.user_agent.clone(),
        is_current: Some(row.id.0) == current,
    }
}

/// What somebody holds.
#[must_use]
pub fn grants(standing: &Standing) -> Vec<Grant> {
    let grant =
        |g: &domain::permissions::Grant| Grant { permission: g.permission.as_str().to_owned(), scope: g.scope.into() };
    standing.grants.iter().map(grant).collect()
}
