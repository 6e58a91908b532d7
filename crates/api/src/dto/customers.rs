//! Customers and their addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::Verification;
use super::{Money, Ts};

/// An address of a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct Identity {
    pub id: Uuid,
    pub customer_id: Uuid,
    pub kind: String,
    pub address: String,
    pub display: Option<String>,
    pub channel_id: Option<Uuid>,
    pub verification: Verification,
    pub verified_at: Option<Ts>,
    pub verified_by: Option<String>,
    /// `ok`, `soft_bounce`, `hard_bounce` or `opted_out`.
    pub reachability: String,
    pub is_authenticated: bool,
    pub is_shared: bool,
    pub is_primary: bool,
    pub version: i64,
}

/// The person outside.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct Customer {
    pub id: Uuid,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub company_id: Option<Uuid>,
    pub owner_agent_id: Option<Uuid>,
    pub is_vip: bool,
    pub is_blocked: bool,
    pub value: Option<Money>,
    pub renewal_on: Option<String>,
    #[schema(value_type = Object)]
    pub fields: serde_json::Value,
    pub tags: Vec<String>,
    /// `active`, `merged` or `erased`.
    pub state: String,
    pub merged_into_id: Option<Uuid>,
    pub first_seen_at: Ts,
    pub last_seen_at: Option<Ts>,
    pub first_source: Option<String>,
    pub is_demo: bool,
    /// Only where one customer is asked for.
    pub identities: Option<Vec<Identity>>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// An address to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct NewIdentity {
    pub kind: String,
    pub address: String,
}
