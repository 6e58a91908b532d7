//! What the console needs to know of its organization.

use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use serde_json::json;
use store::agents::{Agent, PresenceStatus};
use store::channels::Channel;
use store::events::Cursor;
use store::organizations::Organization;
use store::queues::Queue;

use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, roles, users};

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
    let queues_reach = actor.standing.reach(Permission::QueuesRead).unwrap_or_default();
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

/// What to change of an organization; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub name: Option<String>,
    pub default_language: Option<String>,
    pub time_zone: Option<String>,
    pub undo_send_ms: Option<i64>,
    /// `all` or `scoped`.
    pub customer_history: Option<String>,
}

impl Change {
    fn checked(mut self) -> Result<Self, Error> {
        self.name = self.name.map(|name| roles::check_text("/name", &name, 200)).transpose()?;
        if self.default_language.as_deref().is_some_and(|language| !matches!(language, "es" | "en")) {
            return Err(Error::field("/default_language", "enum", "es or en"));
        }
        if let Some(zone) = &self.time_zone {
            users::check_zone(zone)?;
        }
        if self.undo_send_ms.is_some_and(|ms| !(0..=120_000).contains(&ms)) {
            return Err(Error::field("/undo_send_ms", "range", "0 to 120000"));
        }
        if self.customer_history.as_deref().is_some_and(|word| !matches!(word, "all" | "scoped")) {
            return Err(Error::field("/customer_history", "enum", "all or scoped"));
        }
        Ok(self)
    }

    fn apply(self, row: &mut Organization) {
        row.name = self.name.unwrap_or(std::mem::take(&mut row.name));
        row.default_language = self.default_language.unwrap_or(std::mem::take(&mut row.default_language));
        row.time_zone = self.time_zone.unwrap_or(std::mem::take(&mut row.time_zone));
        if let Some(ms) = self.undo_send_ms {
            row.settings["undo_send_ms"] = json!(ms);
        }
        if let Some(word) = self.customer_history {
            row.settings["customer_history"] = json!(word);
        }
    }
}

fn shown(row: &Organization) -> serde_json::Value {
    json!({
        "name": row.name, "default_language": row.default_language, "time_zone": row.time_zone,
        "settings": row.settings,
    })
}

/// Changes the organization whose version is `version`.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`], [`Error::VersionConflict`].
pub async fn update(ctx: &Ctx, actor: &Actor, version: i64, change: Change) -> Result<Organization, Error> {
    actor.authorize(Permission::OrganizationEdit, Resource::Organization)?;
    let input = (Stamp::new(ctx, actor), version, change.checked()?);
    let row = ctx
        .store()
        .write("organization.update", input, |tx, (stamp, version, change)| {
            Box::pin(async move {
                let found = store::organizations::find(tx, stamp.actor.organization).await?;
                let mut row = found.ok_or(Error::NotFound)?;
                Error::unless_version(version, row.version)?;
                let before = shown(&row);
                change.apply(&mut row);
                store::organizations::update(tx, &mut row, stamp.now).await?;
                stamp.tell(tx, "config.published", json!({ "organization_id": row.id })).await?;
                let resource = ("organization", row.id.0);
                stamp.audit(tx, "organization.updated", resource, Some(before), Some(shown(&row))).await?;
                Ok::<_, Error>(row)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(row)
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
