//! What the console needs to know of its organization.

use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use store::agents::{Agent, PresenceStatus};
use store::channels::Channel;
use store::events::Cursor;
use store::organizations::Organization;
use store::queues::Queue;
use store::users::User;

use crate::{Actor, Ctx, Error};

/// The things that change rarely, with the place in the stream from which they hold.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Outline {
    pub cursor: Cursor,
    pub organization: Organization,
    pub statuses: Vec<PresenceStatus>,
    pub queues: Vec<Queue>,
    pub channels: Vec<Channel>,
    pub agents: Vec<Agent>,
}

/// The outline of the actor's organization: queues and channels they may know of.
///
/// # Errors
/// What the store refuses.
pub async fn outline(ctx: &Ctx, actor: &Actor) -> Result<Outline, Error> {
    let queues_reach = actor.reach(Permission::QueuesRead)?;
    let mut outline = whole(ctx, actor.organization).await?;
    outline.queues.retain(|q| queues_reach.covers(Some(q.id), &[]));
    Ok(outline)
}

/// The outline of an organization for what acts for nobody: names in events.
///
/// # Errors
/// What the store refuses.
pub async fn whole(ctx: &Ctx, organization: OrganizationId) -> Result<Outline, Error> {
    ctx.store()
        .read("organization.outline", organization, |tx, org| {
            Box::pin(async move {
                Ok::<_, Error>(Outline {
                    cursor: store::events::head(tx, org).await?,
                    organization: store::organizations::find(tx, org).await?.ok_or(Error::NotFound)?,
                    statuses: store::agents::statuses(tx, org).await?,
                    queues: store::queues::list(tx, org).await?,
                    channels: store::channels::list(tx, org).await?,
                    agents: store::agents::list(tx, org).await?,
                })
            })
        })
        .await
}

/// The users.
///
/// # Errors
/// [`Error::Denied`].
pub async fn users(ctx: &Ctx, actor: &Actor) -> Result<Vec<User>, Error> {
    actor.authorize(Permission::UsersRead, Resource::Any)?;
    ctx.store()
        .read("organization.users", actor.organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::users::list(tx, org).await?) })
        })
        .await
}

/// The public key of the web chat that the demo page shows.
///
/// # Errors
/// What the store refuses.
pub async fn demo_widget_key(ctx: &Ctx) -> Result<Option<String>, Error> {
    ctx.store()
        .read("organization.demo_widget", (), |tx, ()| {
            Box::pin(async move {
                let channel = store::channels::first_of_kind(tx, "web_chat").await?;
                Ok::<_, Error>(channel.map(|c| c.public_key))
            })
        })
        .await
}
