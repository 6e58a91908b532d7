//! Channels: setting them up, their secrets and health, what runs while they are enabled, and what comes in by them.
//!
//! # Invariants
//! - Secrets go in and never come out: what leaves here says only whether one is set.
//! - A change of one channel starts and stops that channel's connection alone.
//! - What cannot be placed is kept as a dead letter with its raw bytes.

mod admin;
mod dead_letters;
mod doors;
mod health;
mod intake;
mod links;
mod setup;

pub(crate) use admin::drained;
pub use admin::{
    Change, ChannelView, NewChannel, TypeView, archive, capabilities, check, create, disable, enable, find, has_widget,
    list, set_secrets, types, update,
};
pub use dead_letters::{DeadLetterView, dead_letters, discard, raw, retry};
pub(crate) use doors::{Doors, by_public_key};
pub use health::{Side, report};
pub use links::Links;
pub use setup::{SetupState, SetupView, setup, setup_step};

use std::sync::Arc;

use connector::{Account, Inbox, Secret};
use domain::ids::{ChannelId, OrganizationId};
use jiff::Timestamp;
use serde_json::Value;
use store::channels::Channel;

use crate::keyring::{Locked, Place};
use crate::{Ctx, Error};

/// A channel as its type sees it, secrets opened.
pub(crate) fn account_of(ctx: &Ctx, channel: &Channel, sealed: &Value) -> Result<Account, Locked> {
    let keyring = ctx.keyring();
    let mut secrets = std::collections::BTreeMap::new();
    for (name, value) in sealed.as_object().into_iter().flatten() {
        let Some(text) = value.get("sealed").and_then(Value::as_str) else { continue };
        secrets.insert(name.clone(), keyring.open_sealed(&place(channel, name), text)?);
    }
    Ok(Account {
        channel_id: channel.id.0,
        name: channel.name.clone(),
        config: channel.config.clone(),
        created_at: channel.created_at,
        secrets,
        signing_key: keyring.signing_key(channel.organization_id),
    })
}

/// What a secret was before, while that is still to be believed at `now`.
pub(crate) fn previous_secret(
    ctx: &Ctx,
    channel: &Channel,
    sealed: &Value,
    name: &str,
    now: Timestamp,
) -> Result<Option<Secret>, Locked> {
    let previous = sealed.get(name).and_then(|value| value.get("previous"));
    let until = previous.and_then(|p| p.get("until_at")?.as_str()?.parse::<Timestamp>().ok());
    match previous.and_then(|p| p.get("sealed")?.as_str()).filter(|_| until.is_some_and(|until| now < until)) {
        Some(text) => ctx.keyring().open_sealed(&place(channel, name), text).map(Some),
        None => Ok(None),
    }
}

/// Where a secret of a channel stands.
pub(crate) fn place<'a>(channel: &Channel, name: &'a str) -> Place<'a> {
    let (organization, row) = (channel.organization_id, channel.id.0);
    Place { organization, table: "channels", column: "secrets", row, name }
}

/// The inbox of a channel, for whatever brings its messages.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unavailable`] when its secrets do not open.
pub async fn inbox(ctx: &Ctx, org: OrganizationId, id: ChannelId) -> Result<Arc<dyn Inbox>, Error> {
    Ok(Arc::new(intake::ChannelInbox::of_channel(ctx, org, id).await?))
}
