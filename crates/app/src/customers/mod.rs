//! Customers: who they are, with everybody merged into them, and their one timeline.

mod edit;
mod erase;
mod identities;
mod merges;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use domain::customers::{Join, compose};
use domain::ids::{AgentId, CustomerId, OrganizationId};
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};
use store::conversations::Before;
use store::customer_merges::{self, CustomerFilter, Merge, Sight};
use store::customers::{Customer, Identity};
use store::entries::Entry;
use uuid::Uuid;

use crate::{Actor, Ctx, Error};

pub use edit::{CustomerChange, NewCustomer, create, update};
pub use erase::erase;
pub(crate) use identities::known_or_new;
pub use identities::{IdentityChange, NewIdentity, VerifyBy, add, change, move_to, remove, verify};
pub(crate) use merges::unmerge_in;
pub use merges::{decide, merge, merges, proposals, unmerge};
pub use record::record;

/// A customer with their addresses.
#[derive(Clone, Debug)]
pub struct CustomerView {
    /// As they are shown: with what they took over from those merged into them.
    pub customer: Customer,
    /// Their addresses, and those of everybody merged into them.
    pub identities: Vec<Identity>,
}

/// One customer. Somebody merged away is shown as such.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: CustomerId) -> Result<CustomerView, Error> {
    actor.authorize(Permission::CustomersRead, Resource::Any)?;
    ctx.store()
        .read("customers.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { view(tx, org, id).await })
        })
        .await
}

pub(crate) async fn view(tx: &mut db::Tx<'_>, org: OrganizationId, id: CustomerId) -> Result<CustomerView, Error> {
    let row = store::customers::find(tx, org, id).await?.ok_or(Error::NotFound)?;
    if row.profile.merged_into_id.is_some() {
        let identities = store::customers::identities_of(tx, org, vec![id.0]).await?;
        return Ok(CustomerView { customer: row, identities });
    }
    let people = customer_merges::group(tx, org, vec![id.0]).await?.iter().map(|c| c.id.0).collect();
    let identities = store::customers::identities_of(tx, org, people).await?;
    let customer = effective_many(tx, org, vec![id]).await?.remove(&id).ok_or(Error::NotFound)?;
    Ok(CustomerView { customer, identities })
}

/// Customers who stand for themselves, newest first, before `before`.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(
    ctx: &Ctx,
    actor: &Actor,
    filter: CustomerFilter,
    before: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<Customer>, Error> {
    actor.authorize(Permission::CustomersRead, Resource::Any)?;
    let input = (actor.organization, filter, before.unwrap_or(CustomerId(Uuid::max())), limit);
    ctx.store()
        .read("customers.list", input, |tx, (org, filter, before, limit)| {
            Box::pin(async move {
                let rows = customer_merges::search(tx, org, &filter, before, limit).await?;
                let ids: Vec<CustomerId> = rows.iter().map(|c| c.id).collect();
                let mut effective = effective_many(tx, org, ids.clone()).await?;
                Ok::<_, Error>(ids.iter().filter_map(|id| effective.remove(id)).collect())
            })
        })
        .await
}

/// What was said over all conversations and channels, of everybody merged into the customer too, newest first.
/// Only what the actor may read.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn timeline(
    ctx: &Ctx,
    actor: &Actor,
    id: CustomerId,
    kinds: Vec<domain::conversation::EntryKind>,
    before: Before,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    actor.authorize(Permission::CustomersRead, Resource::Any)?;
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let input = (actor.clone(), id, kinds, before, limit);
    ctx.store()
        .read("customers.timeline", input, |tx, (actor, id, kinds, before, limit)| {
            Box::pin(async move {
                let org = actor.organization;
                let row = store::customers::find(tx, org, id).await?.ok_or(Error::NotFound)?;
                // Somebody merged away has their own lines still; whoever stands alone has those of all.
                let people = match row.profile.merged_into_id {
                    Some(_) => vec![id.0],
                    None => customer_merges::group(tx, org, vec![id.0]).await?.iter().map(|c| c.id.0).collect(),
                };
                let root = row.profile.merged_into_id.unwrap_or(id);
                let sight = Sight {
                    reach: actor.standing.reach(Permission::ConversationsRead).unwrap_or_default(),
                    user: actor.standing.user,
                    has_history: has_history(tx, &actor, root).await?,
                };
                Ok::<_, Error>(customer_merges::timeline(tx, org, people, &sight, &kinds, before, limit).await?)
            })
        })
        .await
}

/// The customer-history rule (api.md §7): whoever owns a conversation of a customer, or holds live work of one, reads
/// the customer's other conversations too, unless the organization says `scoped`.
pub(crate) async fn has_history(tx: &mut db::Tx<'_>, actor: &Actor, customer: CustomerId) -> Result<bool, Error> {
    let Some(agent) = actor.standing.agent else { return Ok(false) };
    if actor.authorize(Permission::ConversationsRead, Resource::Any).is_err() {
        return Ok(false);
    }
    if !are_histories_open(tx, actor.organization).await? {
        return Ok(false);
    }
    Ok(customer_merges::is_held_by(tx, actor.organization, customer, vec![agent.0]).await?)
}

/// Whether the organization lets agents read the history of their customers.
pub(crate) async fn are_histories_open(tx: &mut db::Tx<'_>, org: OrganizationId) -> Result<bool, Error> {
    let organization = store::organizations::find(tx, org).await?;
    Ok(organization.is_none_or(|o| o.settings.get("customer_history") != Some(&json!("scoped"))))
}

/// Fields of a customer that merging composes, with their values.
pub(crate) fn own_fields(c: &Customer) -> Map<String, Value> {
    let p = &c.profile;
    let own = json!({
        "name": c.name, "given_name": p.given_name, "family_name": p.family_name, "language": c.language,
        "time_zone": c.time_zone, "company_id": p.company_id, "owner_agent_id": p.owner_agent_id, "value": p.value,
        "renewal_on": p.renewal_on, "first_source": p.first_source,
    });
    let mut fields = own.as_object().cloned().unwrap_or_default();
    for (key, value) in c.fields.as_object().into_iter().flatten() {
        fields.insert(format!("fields.{key}"), value.clone());
    }
    fields
}

/// Puts composed fields into a customer.
fn put_fields(c: &mut Customer, shown: &Map<String, Value>) {
    let text = |name: &str| shown.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = |name: &str| shown.get(name).and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    c.name = text("name");
    c.language = text("language");
    c.time_zone = text("time_zone");
    c.profile.given_name = text("given_name");
    c.profile.family_name = text("family_name");
    c.profile.company_id = id("company_id");
    c.profile.owner_agent_id = id("owner_agent_id").map(AgentId);
    c.profile.value = shown.get("value").filter(|value| !value.is_null()).cloned();
    c.profile.renewal_on = text("renewal_on");
    c.profile.first_source = text("first_source");
    let fields =
        shown.iter().filter_map(|(name, value)| Some((name.strip_prefix("fields.")?.to_owned(), value.clone())));
    c.fields = Value::Object(fields.collect());
}

/// Customers as they are shown, by the ids asked for; somebody merged away is shown as whom they lead to.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn effective_many(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    ids: Vec<CustomerId>,
) -> Result<BTreeMap<CustomerId, Customer>, Error> {
    let wanted: BTreeSet<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut group = customer_merges::group(tx, org, wanted.iter().copied().collect()).await?;
    let rows: Vec<Customer> = group.iter().filter(|c| wanted.contains(&c.id.0)).cloned().collect();
    let root = |c: &Customer| c.profile.merged_into_id.unwrap_or(c.id);
    let roots: BTreeSet<Uuid> = rows.iter().map(|c| root(c).0).collect();
    if !roots.is_subset(&wanted) {
        group = customer_merges::group(tx, org, roots.iter().copied().collect()).await?;
    }
    let merges = if group.len() > roots.len() {
        customer_merges::merges_of(tx, org, group.iter().map(|c| c.id.0).collect()).await?
    } else {
        Vec::new()
    };
    let shown: BTreeMap<CustomerId, Customer> =
        group.iter().filter(|c| roots.contains(&c.id.0)).map(|c| (c.id, together(c, &group, &merges))).collect();
    Ok(rows.iter().filter_map(|c| Some((c.id, shown.get(&root(c))?.clone()))).collect())
}

/// A customer with everybody merged into them.
fn together(root: &Customer, group: &[Customer], merges: &[Merge]) -> Customer {
    let mut shown = root.clone();
    let others: Vec<&Customer> = group.iter().filter(|c| c.profile.merged_into_id == Some(root.id)).collect();
    if others.is_empty() {
        return shown;
    }
    let own = group.iter().map(|c| (c.id, own_fields(c))).collect();
    let joins: Vec<Join<'_>> =
        merges.iter().map(|m| Join { target: m.target_id, source: m.source_id, choices: &m.field_choices }).collect();
    put_fields(&mut shown, &compose(root.id, &own, &joins));
    for other in others {
        shown.is_vip |= other.is_vip;
        shown.is_blocked |= other.is_blocked;
        shown.first_seen_at = shown.first_seen_at.min(other.first_seen_at);
        shown.last_seen_at = shown.last_seen_at.max(other.last_seen_at);
        for tag in &other.tags {
            if !shown.tags.contains(tag) {
                shown.tags.push(tag.clone());
            }
        }
    }
    shown
}
