//! Everything kept of a customer, in a form that can be compared byte for byte.

use domain::ids::CustomerId;
use domain::permissions::{Permission, Resource};
use serde_json::{Value, json};
use store::customer_merges;
use store::customers::{Customer, Identity};

use super::view;
use crate::{Actor, Ctx, Error};

/// The record of a customer: without versions and times of change, which merging and un-merging move.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn record(ctx: &Ctx, actor: &Actor, id: CustomerId) -> Result<Value, Error> {
    actor.authorize(Permission::CustomersExport, Resource::Any)?;
    ctx.store()
        .read("customers.record", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move {
                let shown = view(tx, org, id).await?;
                let people = match shown.customer.profile.merged_into_id {
                    Some(_) => vec![id.0],
                    None => customer_merges::group(tx, org, vec![id.0]).await?.iter().map(|c| c.id.0).collect(),
                };
                let conversations = customer_merges::conversations_of(tx, org, people).await?;
                let mut record = customer(&shown.customer);
                record["identities"] = shown.identities.iter().map(identity).collect();
                record["conversation_ids"] = json!(conversations);
                Ok::<_, Error>(record)
            })
        })
        .await
}

fn customer(c: &Customer) -> Value {
    let p = &c.profile;
    let mut tags = c.tags.clone();
    tags.sort_unstable();
    json!({
        "id": c.id, "name": c.name, "given_name": p.given_name, "family_name": p.family_name, "language": c.language,
        "time_zone": c.time_zone, "company_id": p.company_id, "owner_agent_id": p.owner_agent_id, "is_vip": c.is_vip,
        "is_blocked": c.is_blocked, "value": p.value, "renewal_on": p.renewal_on, "fields": c.fields, "tags": tags,
        "state": c.state, "merged_into_id": p.merged_into_id, "first_seen_at": c.first_seen_at,
        "last_seen_at": c.last_seen_at, "first_source": p.first_source, "is_demo": c.is_demo, "created_at": c.created_at,
    })
}

fn identity(i: &Identity) -> Value {
    json!({
        "id": i.id, "customer_id": i.customer_id, "kind": i.kind, "address": i.address, "display": i.display,
        "channel_id": i.channel_id, "verification": i.verification, "verified_at": i.verified_at,
        "verified_by": i.verified_by, "reachability": i.reachability, "is_authenticated": i.is_authenticated,
        "is_shared": i.is_shared, "is_primary": i.is_primary, "created_at": i.created_at,
    })
}
