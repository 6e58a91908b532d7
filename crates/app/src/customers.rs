//! Customers: who they are, and their one timeline.

use domain::ids::CustomerId;
use domain::permissions::{Permission, Resource};
use store::conversations::{Before, Conversation};
use store::customers::{Customer, Identity};
use store::entries::Entry;
use uuid::Uuid;

use crate::{Actor, Ctx, Error};

/// A customer with their addresses.
#[derive(Clone, Debug)]
pub struct CustomerView {
    /// The row.
    pub customer: Customer,
    /// Their addresses.
    pub identities: Vec<Identity>,
    /// Their conversations, newest activity first; at most 50.
    pub conversations: Vec<Conversation>,
}

/// One customer.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: CustomerId) -> Result<CustomerView, Error> {
    actor.authorize(Permission::CustomersRead, Resource::Any)?;
    ctx.store()
        .read("customers.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move {
                Ok::<_, Error>(CustomerView {
                    customer: store::customers::find(tx, org, id).await?.ok_or(Error::NotFound)?,
                    identities: store::customers::identities(tx, org, id).await?,
                    conversations: store::conversations::newest_of_customer(tx, org, id, 50).await?,
                })
            })
        })
        .await
}

/// Customers, newest first, before `before`.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor, before: Option<CustomerId>, limit: i64) -> Result<Vec<Customer>, Error> {
    actor.authorize(Permission::CustomersRead, Resource::Any)?;
    let input = (actor.organization, before.unwrap_or(CustomerId(Uuid::max())), limit);
    ctx.store()
        .read("customers.list", input, |tx, (org, before, limit)| {
            Box::pin(async move { Ok::<_, Error>(store::customers::list(tx, org, before, limit).await?) })
        })
        .await
}

/// What was said over all conversations and channels, newest first.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn timeline(
    ctx: &Ctx,
    actor: &Actor,
    id: CustomerId,
    before: Before,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    actor.authorize(Permission::CustomersRead, Resource::Any)?;
    ctx.store()
        .read("customers.timeline", (actor.organization, id, before, limit), |tx, (org, id, before, limit)| {
            Box::pin(async move { Ok::<_, Error>(store::entries::of_customer(tx, org, id, before, limit).await?) })
        })
        .await
}
