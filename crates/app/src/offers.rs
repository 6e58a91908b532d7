//! Offers: what rings for an agent, and the answers.

use domain::ids::{DeclineReasonId, OfferId, OrganizationId};
use domain::permissions::{Permission, Resource};
use domain::routing::{Command, Offer, Refused};
use store::conversations::Conversation;
use store::customers::Customer;
use store::work::WorkItem;

use crate::{Actor, Ctx, Error};

/// An offer with what its card shows.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct OfferView {
    pub offer: Offer,
    pub work: WorkItem,
    pub conversation: Option<Conversation>,
    pub customer: Option<Customer>,
}

/// What rings for the actor, oldest first.
///
/// # Errors
/// [`Error::NotFound`] for somebody who takes no work.
pub async fn mine(ctx: &Ctx, actor: &Actor) -> Result<Vec<OfferView>, Error> {
    let agent = actor.agent()?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    let look = move |router: &domain::routing::Router| -> Vec<Offer> {
        router.pending_offers(agent).into_iter().cloned().collect()
    };
    let mut offers = owner.look(look).await?;
    offers.sort_by_key(|o| (o.created_at, o.id));
    views(ctx, actor.organization, offers).await
}

/// Offers with what their cards show, in the same order.
///
/// # Errors
/// What the store refuses.
pub async fn views(ctx: &Ctx, org: OrganizationId, offers: Vec<Offer>) -> Result<Vec<OfferView>, Error> {
    ctx.store()
        .read("offers.views", (org, offers), |tx, (org, offers)| {
            Box::pin(async move {
                let work = store::work::find_many(tx, org, offers.iter().map(|o| o.item.0).collect()).await?;
                let ids = work.iter().filter_map(|w| w.conversation_id).map(|id| id.0).collect();
                let conversations = store::conversations::find_many(tx, org, ids).await?;
                let of_work = work.iter().filter_map(|w| w.item.customer);
                let people = conversations.iter().map(|c| c.customer_id).chain(of_work).map(|id| id.0).collect();
                let customers = store::customers::find_many(tx, org, people).await?;
                let view = |offer: Offer| {
                    let work = work.iter().find(|w| w.item.id == offer.item)?.clone();
                    let conversation = conversations.iter().find(|c| Some(c.id) == work.conversation_id).cloned();
                    let of = conversation.as_ref().map(|c| c.customer_id).or(work.item.customer);
                    let customer = customers.iter().find(|x| Some(x.id) == of).cloned();
                    Some(OfferView { offer, work, conversation, customer })
                };
                Ok::<_, Error>(offers.into_iter().filter_map(view).collect())
            })
        })
        .await
}

/// Accepts an offer; repeating the accept that won answers the same.
///
/// # Errors
/// [`Error::Refused`] as the router says; [`Error::NotFound`].
pub async fn accept(ctx: &Ctx, actor: &Actor, offer: OfferId, epoch: u64) -> Result<OfferView, Error> {
    let agent = actor.agent()?;
    actor.authorize(Permission::OffersAnswer, Resource::Agent(agent))?;
    let command = Command::Accept { offer, agent, epoch };
    ctx.runtime(actor.organization)?.owner.apply(command, actor.as_json()).await?;
    one(ctx, actor, offer).await
}

/// Declines an offer.
///
/// # Errors
/// [`Error::Refused`] as the router says; [`Error::NotFound`].
pub async fn decline(
    ctx: &Ctx,
    actor: &Actor,
    offer: OfferId,
    epoch: u64,
    reason: Option<DeclineReasonId>,
) -> Result<OfferView, Error> {
    let agent = actor.agent()?;
    actor.authorize(Permission::OffersAnswer, Resource::Agent(agent))?;
    if let Some(reason) = reason {
        check_reason(ctx, actor, reason).await?;
    }
    let command = Command::Decline { offer, agent, epoch, reason };
    ctx.runtime(actor.organization)?.owner.apply(command, actor.as_json()).await?;
    one(ctx, actor, offer).await
}

/// The reason must be one of those the agent may choose from; without a choice any known one will do.
async fn check_reason(ctx: &Ctx, actor: &Actor, reason: DeclineReasonId) -> Result<(), Error> {
    let agent = actor.agent()?;
    let is_known = ctx
        .store()
        .read("offers.reasons", (actor.organization, agent, reason), |tx, (org, agent, reason)| {
            Box::pin(async move {
                let config = store::agents::config_of(tx, org, agent).await?;
                let choice = config.map(|config| config.settings.decline_reason_ids).unwrap_or_default();
                let known = store::decline_reasons::list(tx, org).await?;
                let is_known = known.iter().any(|row| row.id == reason.0);
                Ok::<_, Error>(is_known && (choice.is_empty() || choice.contains(&reason)))
            })
        })
        .await?;
    if is_known { Ok(()) } else { Err(Error::field("/reason_id", "unknown_reference", "no such reason")) }
}

/// One offer of the actor's.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Refused`] for a colleague's.
pub async fn one(ctx: &Ctx, actor: &Actor, offer: OfferId) -> Result<OfferView, Error> {
    let found = ctx
        .store()
        .read("offers.one", (actor.organization, offer), |tx, (org, offer)| {
            Box::pin(async move { Ok::<_, Error>(store::work::find_offers(tx, org, vec![offer]).await?) })
        })
        .await?;
    if found.iter().any(|o| Some(o.agent) != actor.standing.agent) {
        return Err(Refused::OfferNotYours.into());
    }
    views(ctx, actor.organization, found).await?.pop().ok_or(Error::NotFound)
}
