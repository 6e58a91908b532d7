//! Adding and changing customers.

use domain::ids::{AgentId, CustomerId, OrganizationId};
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};
use store::customer_merges;
use store::customers::{Customer, Profile};
use store::desk_nouns::{self, Noun};
use uuid::Uuid;

use super::identities::{NewIdentity, attach};
use super::{CustomerView, own_fields, view};
use crate::pen::Pen;
use crate::{Actor, Ctx, Error, nouns};

/// What may be changed of a customer; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct CustomerChange {
    pub name: Option<Option<String>>,
    pub given_name: Option<Option<String>>,
    pub family_name: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub time_zone: Option<Option<String>>,
    pub company_id: Option<Option<Uuid>>,
    pub owner_agent_id: Option<Option<AgentId>>,
    pub is_vip: Option<bool>,
    pub is_blocked: Option<bool>,
    /// `{amount, currency}`
    pub value: Option<Option<Value>>,
    pub renewal_on: Option<Option<String>>,
    pub fields: Option<Map<String, Value>>,
    pub tags: Option<Vec<String>>,
}

/// A customer to add.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct NewCustomer {
    pub change: CustomerChange,
    pub identities: Vec<NewIdentity>,
    pub first_source: Option<String>,
}

/// Adds a customer with their addresses.
///
/// # Errors
/// [`Error::AlreadyExists`] with whoever has one of the addresses; [`Error::Invalid`], [`Error::Denied`].
pub async fn create(ctx: &Ctx, actor: &Actor, new: NewCustomer) -> Result<CustomerView, Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    let input = (Pen::new(ctx, actor), new);
    let found = ctx
        .store()
        .write("customers.create", input, |tx, (mut pen, new)| {
            Box::pin(async move {
                let mut customer = blank(&mut pen);
                customer.profile.first_source = new.first_source;
                apply(tx, &mut customer, new.change).await?;
                store::customers::insert(tx, &customer).await?;
                pen.tell(tx, "customer.created", json!({ "customer_id": customer.id })).await?;
                for identity in &new.identities {
                    attach(tx, &mut pen, &customer, identity).await?;
                }
                view(tx, pen.actor.organization, customer.id).await
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(found)
}

/// Somebody of whom nothing is known yet.
pub(super) fn blank(pen: &mut Pen) -> Customer {
    Customer {
        id: CustomerId(pen.id()),
        organization_id: pen.actor.organization,
        name: None,
        language: None,
        time_zone: None,
        is_vip: false,
        is_blocked: false,
        fields: json!({}),
        tags: Vec::new(),
        state: "active".to_owned(),
        is_demo: false,
        first_seen_at: pen.now,
        last_seen_at: pen.now,
        created_at: pen.now,
        updated_at: pen.now,
        version: 1,
        profile: Profile::default(),
    }
}

/// Changes a customer.
///
/// # Errors
/// [`Error::VersionConflict`] when `version` is not theirs; [`Error::Invalid`], [`Error::Erased`], [`Error::NotFound`],
/// [`Error::Denied`].
pub async fn update(
    ctx: &Ctx,
    actor: &Actor,
    id: CustomerId,
    version: Option<i64>,
    change: CustomerChange,
) -> Result<CustomerView, Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    let input = (Pen::new(ctx, actor), id, version, change);
    let found = ctx
        .store()
        .write("customers.update", input, |tx, (pen, id, version, change)| {
            Box::pin(changed(tx, pen, id, version, change))
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(found)
}

async fn changed(
    tx: &mut db::Tx<'_>,
    mut pen: Pen,
    id: CustomerId,
    version: Option<i64>,
    change: CustomerChange,
) -> Result<CustomerView, Error> {
    let org = pen.actor.organization;
    let mut customer = customer_merges::lock(tx, org, id).await?.ok_or(Error::NotFound)?;
    if customer.state == "erased" {
        return Err(Error::Erased);
    }
    Error::unless_version(version, customer.version)?;
    let (before, was_blocked) = (flat(&customer), customer.is_blocked);
    apply(tx, &mut customer, change).await?;
    let after = flat(&customer);
    let names: Vec<String> =
        after.iter().filter(|(name, value)| before.get(*name) != Some(*value)).map(|(name, _)| name.clone()).collect();
    let gone = before.keys().filter(|name| !after.contains_key(*name)).cloned();
    let names: Vec<String> = names.into_iter().chain(gone).collect();
    if names.is_empty() {
        return view(tx, org, id).await;
    }
    customer_merges::update(tx, &mut customer, pen.now).await?;
    choose_own(tx, &customer, &names).await?;
    pen.tell(tx, "customer.updated", json!({ "customer_id": id, "changed": names })).await?;
    if customer.is_blocked != was_blocked {
        pen.tell(tx, "customer.blocked", json!({ "customer_id": id, "is_blocked": customer.is_blocked })).await?;
        let (was, is) = (json!({ "is_blocked": was_blocked }), json!({ "is_blocked": customer.is_blocked }));
        pen.audit(tx, "customer.blocked", ("customer", id.0), Some(was), Some(is)).await?;
    }
    view(tx, org, id).await
}

fn flat(c: &Customer) -> Map<String, Value> {
    let mut fields = own_fields(c);
    fields.insert("tags".to_owned(), json!(c.tags));
    fields.insert("is_vip".to_owned(), json!(c.is_vip));
    fields.insert("is_blocked".to_owned(), json!(c.is_blocked));
    fields
}

/// What is written to a customer now goes before what merges had brought.
async fn choose_own(tx: &mut db::Tx<'_>, customer: &Customer, names: &[String]) -> Result<(), Error> {
    let merges = customer_merges::merges_of(tx, customer.organization_id, vec![customer.id.0]).await?;
    for mut merge in merges.into_iter().filter(|m| m.target_id == customer.id) {
        for name in names {
            merge.field_choices.insert(name.clone(), json!("target"));
        }
        customer_merges::update_merge(tx, &merge).await?;
    }
    Ok(())
}

async fn apply(tx: &mut db::Tx<'_>, c: &mut Customer, change: CustomerChange) -> Result<(), Error> {
    let org = c.organization_id;
    let texts = [
        ("/name", change.name, &mut c.name, 200),
        ("/given_name", change.given_name, &mut c.profile.given_name, 200),
        ("/family_name", change.family_name, &mut c.profile.family_name, 200),
        ("/language", change.language, &mut c.language, 35),
        ("/time_zone", change.time_zone, &mut c.time_zone, 64),
    ];
    for (pointer, value, place, most) in texts {
        if let Some(value) = value {
            *place = text(pointer, value, most)?;
        }
    }
    if let Some(day) = change.renewal_on {
        if day.as_deref().is_some_and(|day| day.parse::<jiff::civil::Date>().is_err()) {
            return Err(Error::field("/renewal_on", "format", "a day such as 2027-01-31"));
        }
        c.profile.renewal_on = day;
    }
    if let Some(fields) = change.fields {
        c.fields = nouns::patch_fields(tx, org, "customer", &c.fields, &fields).await?;
    }
    if let Some(tags) = change.tags {
        c.tags = crate::conversations::tags(tags)?;
    }
    c.is_vip = change.is_vip.unwrap_or(c.is_vip);
    c.is_blocked = change.is_blocked.unwrap_or(c.is_blocked);
    if let Some(value) = change.value {
        c.profile.value = value;
    }
    refer(tx, org, c, change.company_id, change.owner_agent_id).await
}

async fn refer(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    c: &mut Customer,
    company: Option<Option<Uuid>>,
    owner: Option<Option<AgentId>>,
) -> Result<(), Error> {
    if let Some(company) = company {
        if let Some(id) = company
            && desk_nouns::find(tx, org, Noun::Company, id).await?.is_none()
        {
            return Err(Error::field("/company_id", "unknown_reference", "no such company"));
        }
        c.profile.company_id = company;
    }
    if let Some(owner) = owner {
        if let Some(id) = owner
            && store::agents::list(tx, org).await?.iter().all(|a| a.id != id)
        {
            return Err(Error::field("/owner_agent_id", "unknown_reference", "no such agent"));
        }
        c.profile.owner_agent_id = owner;
    }
    Ok(())
}

fn text(pointer: &str, value: Option<String>, most: usize) -> Result<Option<String>, Error> {
    let Some(text) = value.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) else { return Ok(None) };
    if text.chars().count() > most {
        return Err(Error::field(pointer, "length", format!("at most {most} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::field(pointer, "format", "no control characters"));
    }
    Ok(Some(text))
}
