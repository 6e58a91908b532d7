//! Erasing a customer: who they were and what was said goes; that somebody was there stays.

use domain::ids::{ConversationId, CustomerId};
use domain::permissions::{Permission, Resource};
use serde_json::json;
use store::customer_merges;
use store::jobs::Job;

use crate::pen::Pen;
use crate::{Actor, Ctx, Error, conversations, jobs};

/// Erases a customer with all their conversations. Repeating it answers with a job that had nothing left to do.
///
/// # Errors
/// [`Error::Invalid`] without the word `ERASE`; [`Error::NotFound`], [`Error::Denied`].
pub async fn erase(ctx: &Ctx, actor: &Actor, id: CustomerId, confirm: &str) -> Result<Job, Error> {
    actor.authorize(Permission::CustomersErase, Resource::Organization)?;
    if confirm != "ERASE" {
        return Err(Error::field("/confirm", "pattern", "the word ERASE"));
    }
    let ids = ctx
        .store()
        .read("customers.erase_what", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move {
                store::customers::find(tx, org, id).await?.ok_or(Error::NotFound)?;
                Ok::<_, Error>(customer_merges::conversations_of(tx, org, vec![id.0]).await?)
            })
        })
        .await?;
    let job = jobs::begin(ctx, actor, "customers.erase", Some(ids.len())).await?;
    // The person first: should this end halfway, repeating it goes on with the rest.
    forget(ctx, actor, id).await?;
    for conversation in &ids {
        wipe(ctx, actor, *conversation).await?;
    }
    let input = (Pen::new(ctx, actor), job, ids.len());
    let job = ctx
        .store()
        .write("customers.erased", input, |tx, (mut pen, mut job, count)| {
            Box::pin(async move {
                job.done_count = i64::try_from(count).unwrap_or(i64::MAX);
                job.result = Some(json!({ "conversation_count": count }));
                jobs::end(tx, &mut pen, &mut job, "succeeded").await?;
                Ok::<_, Error>(job)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(job)
}

async fn forget(ctx: &Ctx, actor: &Actor, id: CustomerId) -> Result<(), Error> {
    ctx.store()
        .write("customers.forget", (Pen::new(ctx, actor), id), |tx, (mut pen, id)| {
            Box::pin(async move {
                let org = pen.actor.organization;
                let mut c = customer_merges::lock(tx, org, id).await?.ok_or(Error::NotFound)?;
                if c.state == "erased" {
                    return Ok(());
                }
                let merged_into = c.profile.merged_into_id;
                c.name = None;
                c.language = None;
                c.time_zone = None;
                c.fields = json!({});
                c.tags = Vec::new();
                "erased".clone_into(&mut c.state);
                c.profile = store::customers::Profile { merged_into_id: merged_into, ..Default::default() };
                customer_merges::update(tx, &mut c, pen.now).await?;
                customer_merges::wipe_identities(tx, org, id, pen.now).await?;
                store::search::index_customer(tx, org, id).await?;
                pen.tell(tx, "customer.erased", json!({ "customer_id": id })).await?;
                pen.audit(tx, "customer.erased", ("customer", id.0), None, None).await
            })
        })
        .await
}

async fn wipe(ctx: &Ctx, actor: &Actor, id: ConversationId) -> Result<(), Error> {
    let wiped = ctx
        .store()
        .write("customers.wipe", (Pen::new(ctx, actor), id), |tx, (mut pen, id)| {
            Box::pin(async move {
                let found = store::conversations::lock(tx, pen.actor.organization, id).await?;
                match found.filter(|c| c.desk.deleted_at.is_none()) {
                    Some(c) => conversations::wipe(tx, &mut pen, c).await,
                    None => Ok(Default::default()),
                }
            })
        })
        .await?;
    conversations::after_wiping(ctx, actor, wiped).await
}
