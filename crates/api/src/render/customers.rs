//! Customers and their addresses.

use app::model;

use super::object;
use crate::dto::customers::{Customer, Identity};

impl From<&model::Identity> for Identity {
    fn from(row: &model::Identity) -> Self {
        Self {
            id: row.id.0,
            customer_id: row.customer_id.0,
            kind: row.kind.clone(),
            address: row.address.clone(),
            display: row.display.clone(),
            channel_id: row.channel_id.map(|id| id.0),
            verification: row.verification.into(),
            verified_at: row.verified_at.map(Into::into),
            verified_by: row.verified_by.clone(),
            reachability: row.reachability.clone(),
            is_authenticated: row.is_authenticated,
            is_shared: row.is_shared,
            is_primary: row.is_primary,
            version: row.version,
        }
    }
}

/// A customer; the addresses only where one customer is asked for.
#[must_use]
pub fn customer(row: &model::Customer, identities: Option<&[model::Identity]>) -> Customer {
    Customer {
        id: row.id.0,
        name: row.name.clone(),
        given_name: row.profile.given_name.clone(),
        family_name: row.profile.family_name.clone(),
        language: row.language.clone(),
        time_zone: row.time_zone.clone(),
        company_id: row.profile.company_id,
        owner_agent_id: row.profile.owner_agent_id.map(|id| id.0),
        is_vip: row.is_vip,
        is_blocked: row.is_blocked,
        value: row.profile.value.clone().and_then(|value| serde_json::from_value(value).ok()),
        renewal_on: row.profile.renewal_on.clone(),
        fields: object(&row.fields),
        tags: row.tags.clone(),
        state: row.state.clone(),
        merged_into_id: row.profile.merged_into_id.map(|id| id.0),
        first_seen_at: row.first_seen_at.into(),
        last_seen_at: Some(row.last_seen_at.into()),
        first_source: row.profile.first_source.clone(),
        is_demo: row.is_demo,
        identities: identities.map(|all| all.iter().map(Into::into).collect()),
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
        version: row.version,
    }
}
