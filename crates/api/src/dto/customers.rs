//! Customers and their addresses.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::Verification;
use super::{Money, Object, Ts, Undo};
use crate::extract::present;

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
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct NewIdentity {
    pub kind: String,
    pub address: String,
    pub display: Option<String>,
    #[serde(default)]
    pub is_primary: bool,
    #[serde(default)]
    pub is_shared: bool,
}

/// What to change of an address.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct IdentityPatch {
    pub address: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub display: Option<Option<String>>,
    pub is_primary: Option<bool>,
    pub is_shared: Option<bool>,
    pub reachability: Option<String>,
}

/// How an address is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum VerifyMethod {
    Code,
    Link,
    Admin,
}

/// How to prove an address.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct VerifyInput {
    pub method: VerifyMethod,
}

/// To whom an address goes.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct MoveInput {
    pub customer_id: Uuid,
}

/// A customer to add.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct NewCustomer {
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub company_id: Option<Uuid>,
    pub owner_agent_id: Option<Uuid>,
    pub is_vip: bool,
    pub value: Option<Money>,
    pub renewal_on: Option<String>,
    #[schema(value_type = Object)]
    pub fields: Object,
    pub tags: Vec<String>,
    pub first_source: Option<String>,
    pub identities: Vec<NewIdentity>,
}

/// What to change of a customer; absent keeps, `null` clears.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct CustomerPatch {
    #[serde(deserialize_with = "present")]
    pub name: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub given_name: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub family_name: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub language: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub time_zone: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub company_id: Option<Option<Uuid>>,
    #[serde(deserialize_with = "present")]
    pub owner_agent_id: Option<Option<Uuid>>,
    pub is_vip: Option<bool>,
    pub is_blocked: Option<bool>,
    #[serde(deserialize_with = "present")]
    pub value: Option<Option<Money>>,
    #[serde(deserialize_with = "present")]
    pub renewal_on: Option<Option<String>>,
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Object>,
    pub tags: Option<Vec<String>>,
}

/// Whom to merge in, and whose values to keep where both differ.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct CustomerMergeInput {
    pub source_id: Uuid,
    /// By field: `target` or `source`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub field_choices: Object,
}

/// Two customers who are one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct Merge {
    pub id: Uuid,
    pub target_id: Uuid,
    pub source_id: Uuid,
    /// `merged` or `unmerged`.
    pub state: String,
    pub evidence: Vec<Object>,
    #[schema(value_type = Object)]
    pub field_choices: Object,
    pub by: Option<Uuid>,
    pub at: Ts,
    pub unmerged_at: Option<Ts>,
    pub undo: Option<Undo>,
}

/// Two customers who may be one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct MergeProposal {
    pub id: Uuid,
    pub a_id: Uuid,
    pub b_id: Uuid,
    pub evidence: Vec<Object>,
    /// `open`, `accepted` or `dismissed`.
    pub state: String,
    pub created_at: Ts,
    pub decided_at: Option<Ts>,
    pub decided_by: Option<Uuid>,
    /// What accepting made.
    pub merge: Option<Merge>,
}

/// Which way to merge, and whose values to keep.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "api.md §3.3")]
pub struct AcceptProposal {
    /// `a` into `b` instead of `b` into `a`.
    pub is_reversed: bool,
    #[schema(value_type = Object)]
    pub field_choices: Object,
}

/// Erasing is asked for twice.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseInput {
    /// The word `ERASE`.
    pub confirm: String,
}
