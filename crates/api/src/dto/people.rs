//! Organization, users, teams, sessions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Ts;
use super::words::{Scope, SetupPhase};
use crate::dto::presence::Agent;

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct Organization {
    pub id: Uuid,
    pub name: String,
    pub key: String,
    pub default_language: String,
    pub languages: Vec<String>,
    pub time_zone: String,
    pub undo_send_ms: i64,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// Somebody who signs in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub language: String,
    pub time_zone: String,
    pub role_ids: Vec<Uuid>,
    /// `invited`, `active` or `disabled`.
    pub state: String,
    pub has_password: bool,
    pub last_sign_in_at: Option<Ts>,
    #[schema(value_type = Object)]
    pub preferences: serde_json::Value,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// A permission with its reach.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §7")]
pub struct Grant {
    pub permission: String,
    pub scope: Scope,
}

/// Who is signed in, and what they may do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// The person.
    pub user: User,
    /// The agent they are, if they take work.
    pub agent: Option<Agent>,
    /// Where.
    pub organization: Organization,
    /// What they hold.
    pub grants: Vec<Grant>,
    /// For `X-CSRF-Token`.
    pub csrf_token: String,
}

/// A sign-in session in the list of one's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct SessionRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub created_at: Ts,
    pub last_seen_at: Ts,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub is_current: bool,
}

/// Whether set-up is due.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SetupState {
    /// `required` until the first organization exists.
    pub state: SetupPhase,
}

/// What set-up asks.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct SetupInput {
    /// `t` of the one-use link.
    pub token: String,
    pub organization_name: String,
    pub name: String,
    pub email: Option<String>,
    pub password: Option<String>,
    pub language: String,
    pub time_zone: String,
    pub demo: Option<DemoInput>,
}

/// Whether to start with demo data.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct DemoInput {
    pub is_enabled: bool,
    #[serde(default)]
    pub channels: Vec<String>,
}

/// Set-up is done and the first administrator signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct SetupDone {
    pub user: User,
    pub organization: Organization,
    pub csrf_token: String,
}

/// Sign-in by password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// Sign-in by a one-use link.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInByLink {
    /// The token of the link.
    pub token: String,
}

/// Where to go on.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchOrganization {
    /// One the person belongs to.
    pub organization_id: Uuid,
}
