//! Addresses of customers.
//!
//! # Invariants
//! - An address that finds its customer belongs to one customer only; what somebody merely claims takes no slot.
//! - A removed address stays as revoked: what came by it still says so.

use domain::conversation::Verification;
use domain::ids::{CustomerId, IdentityId};
use domain::permissions::{Permission, Resource};
use serde_json::json;
use store::customer_merges::{self, Proposal};
use store::customers::{Customer, Identity};
use uuid::Uuid;

use super::edit::blank;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Kinds of addresses (api.md §2.2).
const KINDS: [&str; 20] = [
    "email",
    "phone",
    "visitor",
    "external_user",
    "whatsapp",
    "bsuid",
    "messenger",
    "instagram",
    "line",
    "telegram",
    "viber",
    "apple",
    "rcs",
    "x",
    "store_reviewer",
    "discourse",
    "slack",
    "custom",
    "sms",
    "voice",
];

/// An address to add.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct NewIdentity {
    pub kind: String,
    pub address: String,
    pub display: Option<String>,
    pub is_primary: bool,
    pub is_shared: bool,
}

/// What may be changed of an address; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct IdentityChange {
    pub address: Option<String>,
    pub display: Option<Option<String>>,
    pub is_primary: Option<bool>,
    pub is_shared: Option<bool>,
    pub reachability: Option<String>,
}

/// How an address is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyBy {
    /// A code sent to it.
    Code,
    /// A link sent to it.
    Link,
    /// An administrator vouches for it.
    Admin,
}

/// An address in the form in which it is kept.
fn normalised(kind: &str, address: &str) -> Result<String, Error> {
    let address = address.trim();
    let wrong = |detail: &str| Error::field("/address", "format", detail);
    if !KINDS.contains(&kind) {
        return Err(Error::field("/kind", "enum", KINDS.join(", ")));
    }
    if address.is_empty() || address.chars().count() > 320 || address.chars().any(char::is_control) {
        return Err(wrong("1 to 320 characters"));
    }
    match kind {
        "email" => {
            let (local, domain) = address.rsplit_once('@').ok_or_else(|| wrong("a mail address"))?;
            let is_whole = !local.is_empty() && !domain.is_empty() && !address.contains(char::is_whitespace);
            if is_whole { Ok(format!("{local}@{}", domain.to_lowercase())) } else { Err(wrong("a mail address")) }
        }
        "phone" | "whatsapp" | "sms" | "voice" => {
            let plain: String = address.chars().filter(|c| !" -().".contains(*c)).collect();
            let digits = plain.strip_prefix('+').unwrap_or_default();
            let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            if is_number { Ok(plain) } else { Err(wrong("a number such as +34600111222")) }
        }
        _ => Ok(address.to_owned()),
    }
}

/// Adds an address to a customer, as entered by staff.
///
/// # Errors
/// [`Error::AlreadyExists`] with whoever has it; [`Error::Invalid`].
pub(super) async fn attach(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    customer: &Customer,
    new: &NewIdentity,
) -> Result<Identity, Error> {
    let org = pen.actor.organization;
    let address = normalised(&new.kind, &new.address)?;
    if let Some(holder) = customer_merges::holder(tx, org, &new.kind, &address, None).await? {
        return Err(Error::AlreadyExists { existing_id: Some(holder.customer_id.0) });
    }
    let identity = Identity {
        id: IdentityId(pen.id()),
        organization_id: org,
        customer_id: customer.id,
        kind: new.kind.clone(),
        address,
        display: new.display.clone(),
        channel_id: None,
        verification: Verification::Asserted,
        is_authenticated: false,
        is_primary: new.is_primary,
        reachability: "ok".to_owned(),
        verified_at: None,
        created_at: pen.now,
        version: 1,
        is_shared: new.is_shared,
        verified_by: None,
    };
    store::customers::insert_identity(tx, &identity).await?;
    told(tx, pen, "identity.added", &identity).await?;
    Ok(identity)
}

async fn told(tx: &mut db::Tx<'_>, pen: &mut Pen, kind: &str, identity: &Identity) -> Result<(), Error> {
    let data = json!({ "identity_id": identity.id, "customer_id": identity.customer_id });
    pen.tell(tx, kind, data).await
}

/// Whoever has an address, or somebody new who is given it.
pub(crate) async fn known_or_new(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    new: &NewIdentity,
    name: Option<String>,
) -> Result<(Customer, Option<Identity>), Error> {
    let org = pen.actor.organization;
    let address = normalised(&new.kind, &new.address)?;
    if let Some(holder) = customer_merges::holder(tx, org, &new.kind, &address, None).await? {
        let customer = store::customers::find(tx, org, holder.customer_id).await?.ok_or(Error::NotFound)?;
        return Ok((customer, Some(holder)));
    }
    let mut customer = blank(pen);
    customer.name = crate::conversations::checked("/identity/name", name, 200)?;
    store::customers::insert(tx, &customer).await?;
    pen.tell(tx, "customer.created", json!({ "customer_id": customer.id })).await?;
    let identity = attach(tx, pen, &customer, new).await?;
    Ok((customer, Some(identity)))
}

/// Adds an address.
///
/// # Errors
/// [`Error::AlreadyExists`], [`Error::Invalid`], [`Error::Erased`], [`Error::NotFound`], [`Error::Denied`].
pub async fn add(ctx: &Ctx, actor: &Actor, customer: CustomerId, new: NewIdentity) -> Result<Identity, Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    let added = ctx
        .store()
        .write("identities.add", (Pen::new(ctx, actor), customer, new), |tx, (mut pen, customer, new)| {
            Box::pin(async move {
                let customer = living(tx, &pen, customer).await?;
                attach(tx, &mut pen, &customer, &new).await
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(added)
}

async fn living(tx: &mut db::Tx<'_>, pen: &Pen, id: CustomerId) -> Result<Customer, Error> {
    let customer = customer_merges::lock(tx, pen.actor.organization, id).await?.ok_or(Error::NotFound)?;
    if customer.state == "erased" { Err(Error::Erased) } else { Ok(customer) }
}

/// Changes an address.
///
/// # Errors
/// [`Error::AlreadyExists`], [`Error::Invalid`], [`Error::VersionConflict`], [`Error::NotFound`], [`Error::Denied`].
pub async fn change(
    ctx: &Ctx,
    actor: &Actor,
    id: IdentityId,
    version: Option<i64>,
    change: IdentityChange,
) -> Result<Identity, Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    let input = (Pen::new(ctx, actor), id, version, change);
    let changed = ctx
        .store()
        .write("identities.change", input, |tx, (mut pen, id, version, change)| {
            Box::pin(async move {
                let mut identity = standing(tx, &pen, id, version).await?;
                apply(tx, &mut identity, change).await?;
                customer_merges::update_identity(tx, &mut identity, pen.now).await?;
                let data = json!({ "customer_id": identity.customer_id, "changed": ["identities"] });
                pen.tell(tx, "customer.updated", data).await?;
                Ok::<_, Error>(identity)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(changed)
}

async fn apply(tx: &mut db::Tx<'_>, identity: &mut Identity, change: IdentityChange) -> Result<(), Error> {
    if let Some(address) = change.address {
        let address = normalised(&identity.kind, &address)?;
        let channel = identity.channel_id.map(|c| c.0);
        let holder = customer_merges::holder(tx, identity.organization_id, &identity.kind, &address, channel).await?;
        if let Some(holder) = holder.filter(|holder| holder.id != identity.id) {
            return Err(Error::AlreadyExists { existing_id: Some(holder.customer_id.0) });
        }
        if address != identity.address {
            // What was proven was the address before.
            identity.verification = Verification::Asserted;
            identity.verified_at = None;
            identity.verified_by = None;
        }
        identity.address = address;
    }
    if let Some(display) = change.display {
        identity.display = display;
    }
    if let Some(reachability) = change.reachability {
        if !["ok", "soft_bounce", "hard_bounce", "opted_out"].contains(&reachability.as_str()) {
            return Err(Error::field("/reachability", "enum", "ok, soft_bounce, hard_bounce or opted_out"));
        }
        identity.reachability = reachability;
    }
    identity.is_primary = change.is_primary.unwrap_or(identity.is_primary);
    identity.is_shared = change.is_shared.unwrap_or(identity.is_shared);
    Ok(())
}

async fn standing(tx: &mut db::Tx<'_>, pen: &Pen, id: IdentityId, version: Option<i64>) -> Result<Identity, Error> {
    let identity = customer_merges::lock_identity(tx, pen.actor.organization, id).await?;
    let identity = identity.filter(|i| i.verification != Verification::Revoked).ok_or(Error::NotFound)?;
    Error::unless_version(version, identity.version)?;
    Ok(identity)
}

/// Takes an address away: it finds nobody any more and receives nothing.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::NotFound`], [`Error::Denied`].
pub async fn remove(ctx: &Ctx, actor: &Actor, id: IdentityId, version: Option<i64>) -> Result<(), Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    ctx.store()
        .write("identities.remove", (Pen::new(ctx, actor), id, version), |tx, (mut pen, id, version)| {
            Box::pin(async move {
                let mut identity = standing(tx, &pen, id, version).await?;
                identity.verification = Verification::Revoked;
                identity.is_primary = false;
                customer_merges::update_identity(tx, &mut identity, pen.now).await?;
                told(tx, &mut pen, "identity.removed", &identity).await
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(())
}

/// Proves an address. One that another customer holds proposes to merge both, and stays as it is.
///
/// # Errors
/// [`Error::AlreadyExists`] with that customer; [`Error::Unsupported`] for codes and links; [`Error::NotFound`],
/// [`Error::Denied`].
pub async fn verify(ctx: &Ctx, actor: &Actor, id: IdentityId, by: VerifyBy) -> Result<Identity, Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    match by {
        VerifyBy::Code => return Err(Error::Unsupported { feature: "verify_by_code" }),
        VerifyBy::Link => return Err(Error::Unsupported { feature: "verify_by_link" }),
        VerifyBy::Admin => actor.authorize(Permission::OrganizationEdit, Resource::Organization)?,
    }
    let (identity, holder) = ctx
        .store()
        .write("identities.verify", (Pen::new(ctx, actor), id), |tx, (mut pen, id)| {
            Box::pin(async move { vouch(tx, &mut pen, id).await })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    match holder {
        Some(holder) => Err(Error::AlreadyExists { existing_id: Some(holder) }),
        None => Ok(identity),
    }
}

async fn vouch(tx: &mut db::Tx<'_>, pen: &mut Pen, id: IdentityId) -> Result<(Identity, Option<Uuid>), Error> {
    let org = pen.actor.organization;
    let mut identity = standing(tx, pen, id, None).await?;
    let channel = identity.channel_id.map(|c| c.0);
    let holder = customer_merges::holder(tx, org, &identity.kind, &identity.address, channel).await?;
    if let Some(holder) = holder.filter(|holder| holder.id != id) {
        let evidence =
            json!([{ "type": identity.kind, "strength": "verified", "detail": "vouched for by an administrator" }]);
        propose(tx, pen, identity.customer_id, holder.customer_id, evidence).await?;
        return Ok((identity, Some(holder.customer_id.0)));
    }
    identity.verification = Verification::Verified;
    identity.verified_at = Some(pen.now);
    identity.verified_by = Some("admin".to_owned());
    customer_merges::update_identity(tx, &mut identity, pen.now).await?;
    told(tx, pen, "identity.verified", &identity).await?;
    pen.audit(tx, "identity.verified", ("identity", id.0), None, Some(json!({ "verification": "verified" }))).await?;
    Ok((identity, None))
}

/// Proposes that two customers are one person; a pair is proposed once at a time.
pub(crate) async fn propose(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    a: CustomerId,
    b: CustomerId,
    evidence: serde_json::Value,
) -> Result<(), Error> {
    let proposal = Proposal {
        id: pen.id(),
        organization_id: pen.actor.organization,
        a_id: a.min(b),
        b_id: a.max(b),
        evidence,
        state: "open".to_owned(),
        created_at: pen.now,
        decided_at: None,
        decided_by: None,
    };
    if a != b && customer_merges::insert_proposal(tx, &proposal).await? {
        pen.tell(tx, "merge_proposal.created", json!({ "merge_proposal_id": proposal.id })).await?;
    }
    Ok(())
}

/// Gives an address to another customer.
///
/// # Errors
/// [`Error::Erased`], [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`].
pub async fn move_to(ctx: &Ctx, actor: &Actor, id: IdentityId, customer: CustomerId) -> Result<Identity, Error> {
    actor.authorize(Permission::CustomersEdit, Resource::Any)?;
    let moved = ctx
        .store()
        .write("identities.move", (Pen::new(ctx, actor), id, customer), |tx, (mut pen, id, customer)| {
            Box::pin(async move {
                let mut identity = standing(tx, &pen, id, None).await?;
                if identity.kind == "visitor" {
                    return Err(Error::field("/customer_id", "format", "a visitor stays with their customer"));
                }
                let customer = living(tx, &pen, customer).await.map_err(|error| match error {
                    Error::NotFound => Error::field("/customer_id", "unknown_reference", "no such customer"),
                    other => other,
                })?;
                let before = identity.customer_id;
                if before == customer.id {
                    return Ok(identity);
                }
                identity.customer_id = customer.id;
                identity.is_primary = false;
                customer_merges::update_identity(tx, &mut identity, pen.now).await?;
                let data = json!({ "identity_id": id, "customer_id": before });
                pen.tell(tx, "identity.removed", data).await?;
                told(tx, &mut pen, "identity.added", &identity).await?;
                let (was, is) = (json!({ "customer_id": before }), json!({ "customer_id": customer.id }));
                pen.audit(tx, "identity.moved", ("identity", id.0), Some(was), Some(is)).await?;
                Ok::<_, Error>(identity)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(moved)
}
