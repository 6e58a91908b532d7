//! Roles, API tokens, audit records: who may do what, and who did.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::Grant;
use super::words::Scope;
use super::{Actor, Localized, Ts};

/// A set of grants.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct Role {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    pub grants: Vec<Grant>,
    pub is_builtin: bool,
    pub created_at: Option<Ts>,
    pub updated_at: Option<Ts>,
    pub version: i64,
}

/// A permission with its reach, as it is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantInput {
    /// A permission of the table in the manual.
    pub permission: String,
    /// How far.
    pub scope: Scope,
}

/// A role to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct RoleInput {
    pub key: String,
    pub name: Localized,
    #[serde(default)]
    pub grants: Vec<GrantInput>,
}

/// What to change of a role; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct RoleChange {
    pub name: Option<Localized>,
    pub grants: Option<Vec<GrantInput>>,
}

/// A credential of an integration or a bot, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct ApiToken {
    pub id: Uuid,
    pub name: String,
    /// The beginning of the secret.
    pub prefix: String,
    pub agent_id: Option<Uuid>,
    pub grants: Vec<Grant>,
    pub cidrs: Vec<String>,
    pub created_by: Uuid,
    pub created_at: Ts,
    pub expires_at: Option<Ts>,
    pub last_used_at: Option<Ts>,
    pub version: i64,
}

/// A fresh token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MadeApiToken {
    /// The token.
    #[serde(flatten)]
    pub token: ApiToken,
    /// Shown now and never again; `null` when the call is repeated.
    pub secret: Option<String>,
}

/// A token to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct ApiTokenInput {
    pub name: String,
    pub agent_id: Option<Uuid>,
    #[serde(default)]
    pub grants: Vec<GrantInput>,
    #[serde(default)]
    pub cidrs: Vec<String>,
    pub expires_at: Option<Ts>,
}

/// What to change of a token; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct ApiTokenChange {
    pub name: Option<String>,
    pub grants: Option<Vec<GrantInput>>,
    pub cidrs: Option<Vec<String>>,
    #[serde(default, deserialize_with = "crate::extract::present")]
    #[schema(value_type = Option<Ts>)]
    pub expires_at: Option<Option<Ts>>,
}

/// What an audit record is about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditResource {
    /// Its noun.
    pub r#type: String,
    /// Which one.
    pub id: Option<Uuid>,
}

/// Who changed what.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct AuditRecord {
    pub id: Uuid,
    pub at: Ts,
    pub actor: Actor,
    pub action: String,
    pub resource: AuditResource,
    #[schema(value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    #[schema(value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
    pub ip: Option<String>,
    pub session_id: Option<Uuid>,
    pub reason: Option<String>,
    /// Hexadecimal SHA-256 of the record before; `null` until it is sealed.
    pub prev_hash: Option<String>,
    /// Its own.
    pub hash: Option<String>,
    pub created_at: Ts,
}

/// Whether the chain of audit records holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditVerdict {
    /// Every sealed record fits the one before.
    pub is_intact: bool,
    /// Sealed records that were looked at.
    pub sealed_count: i64,
    /// Records that wait to be sealed.
    pub unsealed_count: i64,
    /// The first record that does not fit.
    pub first_broken_id: Option<Uuid>,
    /// The hash at the end of the chain, to be kept elsewhere.
    pub last_hash: Option<String>,
}
