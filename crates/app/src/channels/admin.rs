//! Setting channels up.

use std::time::Duration;

use connector::{ChannelType, Checked, Health, Meta, SetupStep};
use domain::ids::{BusinessHoursId, ChannelId, OrganizationId, QueueId};
use domain::permissions::{Permission, Resource};
use domain::routing::RoutingKind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use store::channels::Channel;
use uuid::Uuid;

use super::{Side, account_of, report};
use crate::events::event;
use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error, FieldError, secrets};

/// Most characters of a channel's name.
const MAX_NAME: usize = 200;
/// Most characters of a key.
const MAX_KEY: usize = 64;
/// Most characters of a secret.
const MAX_SECRET: usize = 1_000;
/// Longest time two values of a secret are believed.
const OVERLAP_MAX: Duration = Duration::from_hours(7 * 24);

/// A channel with what may be said of its secrets.
#[derive(Clone, Debug)]
pub struct ChannelView {
    /// The row.
    pub channel: Channel,
    /// Each secret that is set, with the time since when.
    pub secrets: Vec<(String, Option<Timestamp>)>,
}

/// A channel type as people see it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct TypeView {
    pub kind: &'static str,
    pub family: &'static str,
    /// Spanish and English.
    pub name: [&'static str; 2],
    pub shape: &'static str,
    pub routing_kind: RoutingKind,
    pub capabilities: Value,
    pub config_schema: Value,
    pub steps: &'static [SetupStep],
}

fn type_view(kind: &dyn ChannelType) -> TypeView {
    let meta = kind.meta();
    TypeView {
        kind: meta.kind,
        family: meta.family,
        name: [meta.name.es, meta.name.en],
        shape: meta.shape.as_str(),
        routing_kind: meta.routing_kind,
        capabilities: capabilities_of(meta),
        config_schema: kind.config_schema(),
        steps: meta.setup,
    }
}

/// What a channel type can do, as data.
pub(crate) fn capabilities_of(meta: &Meta) -> Value {
    let formats: &[&str] = if meta.has_markdown { &["text", "markdown"] } else { &["text"] };
    json!({
        "text_max": { "value": meta.text_max, "unit": "code_points" },
        "formats": formats,
        "attachments": { "max_bytes": meta.files_max_bytes, "max_count": domain::attachment::MAX_PER_MESSAGE },
        "is_live": meta.routing_kind.is_real_time(),
    })
}

/// What channels of this kind can do; empty for a kind this build does not know.
#[must_use]
pub fn capabilities(kind: &str) -> Value {
    channels::find(kind).map_or_else(|| json!({}), |kind| capabilities_of(kind.meta()))
}

/// Whether visitors come by channels of this kind.
#[must_use]
pub fn has_widget(kind: &str) -> bool {
    channels::find(kind).is_some_and(|kind| kind.meta().has_widget)
}

/// Every channel type, in alphabetical order.
///
/// # Errors
/// [`Error::Denied`].
pub fn types(actor: &Actor) -> Result<Vec<TypeView>, Error> {
    actor.authorize(Permission::ChannelsRead, Resource::Any)?;
    Ok(channels::ALL.iter().map(|kind| type_view(*kind)).collect())
}

fn view(channel: Channel, sealed: &Value) -> ChannelView {
    let at = |value: &Value| value.get("set_at").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let secrets = sealed.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), at(value))).collect();
    ChannelView { channel, secrets }
}

/// The channels that are not archived.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor) -> Result<Vec<ChannelView>, Error> {
    let reach = actor.reach(Permission::ChannelsRead)?;
    let (all, secrets) = ctx
        .store()
        .read("channels.list", actor.organization, |tx, org| {
            Box::pin(async move {
                Ok::<_, Error>((store::channels::list(tx, org).await?, store::channels::secrets(tx, org).await?))
            })
        })
        .await?;
    let is_shown = |c: &Channel| c.state != "archived" && reach.covers(c.queue_id, &[]);
    let sealed = |id: ChannelId| secrets.iter().find(|(of, _)| *of == id).map(|(_, s)| s.clone()).unwrap_or_default();
    Ok(all.into_iter().filter(is_shown).map(|c| (sealed(c.id), c)).map(|(s, c)| view(c, &s)).collect())
}

/// One channel, also an archived one.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: ChannelId) -> Result<ChannelView, Error> {
    let reach = actor.reach(Permission::ChannelsRead)?;
    let (channel, sealed) = ctx
        .store()
        .read("channels.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { whole(tx, org, id).await })
        })
        .await?;
    if !reach.covers(channel.queue_id, &[]) {
        return Err(Error::NotFound);
    }
    Ok(view(channel, &sealed))
}

/// A channel with its sealed secrets, without holding it.
pub(super) async fn whole(tx: &mut db::Tx<'_>, org: OrganizationId, id: ChannelId) -> Result<(Channel, Value), Error> {
    let all = store::channels::list(tx, org).await?;
    let channel = all.into_iter().find(|c| c.id == id).ok_or(Error::NotFound)?;
    let sealed = store::channels::secrets(tx, org).await?.into_iter().find(|(of, _)| *of == id).map(|(_, s)| s);
    Ok((channel, sealed.unwrap_or_default()))
}

/// A channel to be.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct NewChannel {
    pub kind: String,
    pub name: String,
    pub key: Option<String>,
    pub queue: Option<QueueId>,
    pub hours: Option<BusinessHoursId>,
    pub config: Option<Value>,
}

/// What to change; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub name: Option<String>,
    pub queue: Option<Option<QueueId>>,
    pub hours: Option<Option<BusinessHoursId>>,
    /// Merged into the configuration: null clears.
    pub config: Option<Value>,
}

/// What a change needs beside its own input.
#[derive(Clone)]
struct Act {
    stamp: Stamp,
    id: ChannelId,
    version: Option<i64>,
}

impl Act {
    fn new(ctx: &Ctx, actor: &Actor, id: ChannelId, version: Option<i64>) -> Result<Self, Error> {
        actor.authorize(Permission::ChannelsEdit, Resource::Organization)?;
        Ok(Self { stamp: Stamp::new(ctx, actor), id, version })
    }

    /// The channel, held, at the version it was read at.
    async fn channel(&self, tx: &mut db::Tx<'_>) -> Result<Channel, Error> {
        let org = self.stamp.actor.organization;
        let found = store::channels::lock(tx, org, self.id).await?.filter(|c| c.state != "archived");
        let channel = found.ok_or(Error::NotFound)?;
        Error::unless_version(self.version, channel.version)?;
        Ok(channel)
    }

    /// Audit record and event, in the transaction of the change.
    async fn tell(&self, tx: &mut db::Tx<'_>, kind: &str, before: Option<Value>, after: Value) -> Result<(), Error> {
        self.stamp.audit(tx, kind, ("channel", self.id.0), before, Some(after)).await?;
        self.stamp.tell(tx, kind, json!({ "channel_id": self.id })).await
    }
}

/// What an audit record keeps of a channel: no secrets.
fn recorded(channel: &Channel) -> Value {
    json!({
        "kind": channel.kind, "key": channel.key, "name": channel.name, "state": channel.state,
        "config": channel.config, "queue_id": channel.queue_id, "hours_id": channel.hours_id,
    })
}

/// After a change: everybody hears of it, and connections become what they should be.
async fn follow(ctx: &Ctx, org: OrganizationId) -> Result<(), Error> {
    ctx.doors().changed();
    let runtime = ctx.runtime(org)?;
    runtime.hub.wake();
    runtime.outbox.wake();
    runtime.links.sync(ctx, org).await
}

fn check_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > MAX_NAME || name.contains(char::is_control) {
        return Err(Error::field("/name", "length", format!("1 to {MAX_NAME} characters")));
    }
    Ok(name.to_owned())
}

fn check_key(key: &str) -> Result<String, Error> {
    let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if key.is_empty() || key.len() > MAX_KEY || !key.chars().all(is_key) {
        return Err(Error::field("/key", "pattern", "1 to 64 of a-z, 0-9, _ and -"));
    }
    Ok(key.to_owned())
}

/// A key made of a name, unique by its end.
fn key_of(name: &str, id: Uuid) -> String {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let plain = plain.trim_matches('-').chars().take(48).collect::<String>();
    format!("{}-{}", if plain.is_empty() { "channel" } else { &plain }, &id.simple().to_string()[24..])
}

pub(super) fn check_config(kind: &dyn ChannelType, config: &Value) -> Result<(), Error> {
    let errors = kind.check_config(config, false);
    if errors.is_empty() {
        return Ok(());
    }
    let pointer = |at: String| format!("/config{at}");
    let errors = errors.into_iter().map(|e| FieldError { pointer: pointer(e.pointer), code: e.code, detail: e.detail });
    Err(Error::Invalid(errors.collect()))
}

/// The state of a channel that is not running: whether it could.
fn resting(kind: &dyn ChannelType, channel: &Channel, sealed: &Value) -> &'static str {
    if missing(kind, &channel.config, sealed).is_empty() { "ready" } else { "draft" }
}

/// What keeps a channel from being enabled.
fn missing(kind: &dyn ChannelType, config: &Value, sealed: &Value) -> Vec<FieldError> {
    let of_config = kind.check_config(config, true).into_iter();
    let of_config =
        of_config.map(|e| FieldError { pointer: format!("/config{}", e.pointer), code: e.code, detail: e.detail });
    let secrets = kind.required_secrets(config).into_iter().filter(|name| sealed.get(*name).is_none());
    let of_secrets = secrets.map(|name| FieldError {
        pointer: format!("/secrets/{name}"),
        code: "required",
        detail: "is not set".to_owned(),
    });
    of_config.chain(of_secrets).collect()
}

async fn check_queue(tx: &mut db::Tx<'_>, org: OrganizationId, queue: Option<QueueId>) -> Result<(), Error> {
    let Some(queue) = queue else { return Ok(()) };
    let is_known = store::queues::list(tx, org).await?.iter().any(|q| q.id == queue);
    if is_known { Ok(()) } else { Err(Error::field("/queue_id", "unknown_reference", "no such queue")) }
}

async fn check_hours(tx: &mut db::Tx<'_>, org: OrganizationId, hours: Option<BusinessHoursId>) -> Result<(), Error> {
    let Some(hours) = hours else { return Ok(()) };
    let is_known = store::business_hours::list(tx, org).await?.iter().any(|row| row.id == hours.0);
    if is_known { Ok(()) } else { Err(Error::field("/hours_id", "unknown_reference", "no such hours")) }
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in patch {
        let fields = target.as_object_mut().expect("invariant: it is an object by now");
        if value.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Adds a channel. It does nothing before it is enabled.
///
/// # Errors
/// [`Error::Invalid`], [`Error::AlreadyExists`], [`Error::Denied`].
pub async fn create(ctx: &Ctx, actor: &Actor, input: NewChannel) -> Result<ChannelView, Error> {
    let id = ctx.new_id();
    let act = Act::new(ctx, actor, ChannelId(id), None)?;
    let kind = channels::find(&input.kind).ok_or_else(|| Error::field("/type", "enum", "no such channel type"))?;
    let config = input.config.unwrap_or_else(|| json!({}));
    check_config(kind, &config)?;
    let name = check_name(&input.name)?;
    let key = input.key.as_deref().map_or_else(|| Ok(key_of(&name, id)), check_key)?;
    let mut channel = Channel {
        id: act.id,
        organization_id: actor.organization,
        kind: input.kind,
        key,
        name,
        state: "draft".to_owned(),
        config,
        public_key: secrets::public_key(ctx.entropy()),
        queue_id: input.queue,
        hours_id: input.hours,
        health: json!({ "state": "unknown" }),
        is_demo: false,
        created_at: act.stamp.now,
        updated_at: act.stamp.now,
        version: 1,
    };
    channel.state = resting(kind, &channel, &Value::Null).to_owned();
    let channel = ctx
        .store()
        .write("channels.create", (act, channel), |tx, (act, channel)| {
            Box::pin(async move {
                let org = act.stamp.actor.organization;
                check_queue(tx, org, channel.queue_id).await?;
                check_hours(tx, org, channel.hours_id).await?;
                let same = store::channels::list(tx, org).await?.into_iter().find(|c| c.key == channel.key);
                if let Some(same) = same {
                    return Err(Error::AlreadyExists { existing_id: Some(same.id.0) });
                }
                store::channels::insert(tx, &channel).await?;
                act.tell(tx, "channel.created", None, recorded(&channel)).await?;
                Ok::<_, Error>(channel)
            })
        })
        .await?;
    follow(ctx, actor.organization).await?;
    Ok(view(channel, &Value::Null))
}

/// Changes a channel whose version is `version`. It holds at once, also for a channel that runs.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::Invalid`], [`Error::NotFound`], [`Error::Denied`].
pub async fn update(
    ctx: &Ctx,
    actor: &Actor,
    id: ChannelId,
    version: i64,
    change: Change,
) -> Result<ChannelView, Error> {
    let act = Act::new(ctx, actor, id, Some(version))?;
    let view = ctx
        .store()
        .write("channels.update", (act, change), |tx, (act, change)| Box::pin(update_in(tx, act, change)))
        .await?;
    follow(ctx, actor.organization).await?;
    Ok(view)
}

async fn update_in(tx: &mut db::Tx<'_>, act: Act, change: Change) -> Result<ChannelView, Error> {
    let mut channel = act.channel(tx).await?;
    let (_, sealed) = whole(tx, act.stamp.actor.organization, act.id).await?;
    let before = recorded(&channel);
    let kind = channels::find(&channel.kind).ok_or(Error::NotFound)?;
    if let Some(name) = &change.name {
        channel.name = check_name(name)?;
    }
    if let Some(queue) = change.queue {
        check_queue(tx, act.stamp.actor.organization, queue).await?;
        channel.queue_id = queue;
    }
    if let Some(hours) = change.hours {
        check_hours(tx, act.stamp.actor.organization, hours).await?;
        channel.hours_id = hours;
    }
    if let Some(patch) = &change.config {
        merge(&mut channel.config, patch);
        check_config(kind, &channel.config)?;
    }
    let missing = missing(kind, &channel.config, &sealed);
    match channel.state.as_str() {
        // A channel that runs stays whole.
        "enabled" | "draining" if !missing.is_empty() => return Err(Error::Invalid(missing)),
        "draft" | "ready" => channel.state = resting(kind, &channel, &sealed).to_owned(),
        _ => {}
    }
    store::channels::update(tx, &mut channel, act.stamp.now).await?;
    act.tell(tx, "channel.updated", Some(before), recorded(&channel)).await?;
    Ok(view(channel, &sealed))
}

/// Sets secrets, `None` removes. They cannot be read again; a connection that uses them starts anew. What a secret was
/// before goes on to be believed for `overlap`; it is never used to send.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::Invalid`] for names the type does not know, [`Error::NotFound`],
/// [`Error::Denied`].
pub async fn set_secrets(
    ctx: &Ctx,
    actor: &Actor,
    id: ChannelId,
    version: Option<i64>,
    values: Vec<(String, Option<String>)>,
    overlap: Duration,
) -> Result<ChannelView, Error> {
    if overlap > OVERLAP_MAX {
        return Err(Error::field("/overlap_ms", "range", format!("0 to {}", OVERLAP_MAX.as_millis())));
    }
    let act = Act::new(ctx, actor, id, version)?;
    let kind = find(ctx, actor, id).await?.channel.kind;
    let schema = channels::find(&kind).ok_or(Error::NotFound)?.config_schema();
    let mut patch = Map::new();
    for (name, value) in values {
        let is_secret = schema["properties"][&name]["x-secret"] == json!(true);
        if !is_secret {
            return Err(Error::field(&format!("/{name}"), "unknown_reference", "the channel type has no such secret"));
        }
        let Some(text) = value else {
            patch.insert(name, Value::Null);
            continue;
        };
        if text.is_empty() || text.chars().count() > MAX_SECRET || text.contains(char::is_control) {
            return Err(Error::field(&format!("/{name}"), "length", format!("1 to {MAX_SECRET} characters")));
        }
        let at = crate::keyring::Place { name: &name, ..place_of(actor.organization, id) };
        let sealed = ctx.keyring().seal(ctx.entropy(), &at, &text);
        patch.insert(name, json!({ "sealed": sealed, "set_at": act.stamp.now }));
    }
    let view = ctx
        .store()
        .write("channels.set_secrets", (act, Value::Object(patch), overlap), |tx, (act, patch, overlap)| {
            Box::pin(secrets_in(tx, act, patch, overlap))
        })
        .await?;
    follow(ctx, actor.organization).await?;
    Ok(view)
}

fn place_of(organization: OrganizationId, id: ChannelId) -> crate::keyring::Place<'static> {
    crate::keyring::Place { organization, table: "channels", column: "secrets", row: id.0, name: "" }
}

/// Puts what a secret was beside what it is, until the overlap ends; what was older is gone.
fn keep_previous(patch: &mut Value, sealed: &Value, until: Option<Timestamp>) {
    for (name, fresh) in patch.as_object_mut().into_iter().flatten().filter(|(_, fresh)| fresh.is_object()) {
        let was = sealed.get(name).and_then(|old| old.get("sealed"));
        fresh["previous"] = match (was, until) {
            (Some(was), Some(until)) => json!({ "sealed": was, "until_at": until }),
            (Some(_) | None, _) => Value::Null,
        };
    }
}

async fn secrets_in(tx: &mut db::Tx<'_>, act: Act, mut patch: Value, overlap: Duration) -> Result<ChannelView, Error> {
    let mut channel = act.channel(tx).await?;
    let org = act.stamp.actor.organization;
    let (_, mut sealed) = whole(tx, org, act.id).await?;
    let until = (!overlap.is_zero()).then(|| act.stamp.now.checked_add(overlap).unwrap_or(Timestamp::MAX));
    keep_previous(&mut patch, &sealed, until);
    merge(&mut sealed, &patch);
    let kind = channels::find(&channel.kind).ok_or(Error::NotFound)?;
    let missing = missing(kind, &channel.config, &sealed);
    match channel.state.as_str() {
        "enabled" | "draining" if !missing.is_empty() => return Err(Error::Invalid(missing)),
        "draft" | "ready" => channel.state = resting(kind, &channel, &sealed).to_owned(),
        _ => {}
    }
    store::channels::set_secrets(tx, org, act.id, sealed.clone()).await?;
    store::channels::update(tx, &mut channel, act.stamp.now).await?;
    let names: Vec<&String> = patch.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    act.tell(tx, "channel.updated", None, json!({ "secrets": names })).await?;
    Ok(view(channel, &sealed))
}

/// Switches a channel on: it listens and sends. Repeating it answers the same.
///
/// # Errors
/// [`Error::ConfigInvalid`] while something is missing; [`Error::NotFound`], [`Error::Denied`].
pub async fn enable(ctx: &Ctx, actor: &Actor, id: ChannelId) -> Result<ChannelView, Error> {
    switch(ctx, actor, id, "enabled").await
}

/// Switches a channel off. Draining, what waits to leave still does, then it is off. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn disable(ctx: &Ctx, actor: &Actor, id: ChannelId, is_draining: bool) -> Result<ChannelView, Error> {
    switch(ctx, actor, id, if is_draining { "draining" } else { "disabled" }).await
}

async fn switch(ctx: &Ctx, actor: &Actor, id: ChannelId, to: &'static str) -> Result<ChannelView, Error> {
    let act = Act::new(ctx, actor, id, None)?;
    let view =
        ctx.store().write("channels.switch", (act, to), |tx, (act, to)| Box::pin(switch_in(tx, act, to))).await?;
    follow(ctx, actor.organization).await?;
    Ok(view)
}

async fn switch_in(tx: &mut db::Tx<'_>, act: Act, to: &'static str) -> Result<ChannelView, Error> {
    let mut channel = act.channel(tx).await?;
    let org = act.stamp.actor.organization;
    let (_, sealed) = whole(tx, org, act.id).await?;
    let kind = channels::find(&channel.kind).ok_or(Error::NotFound)?;
    let to = match to {
        "enabled" => {
            let missing = missing(kind, &channel.config, &sealed);
            if !missing.is_empty() {
                return Err(Error::ConfigInvalid(missing));
            }
            to
        }
        // Nothing waits: there is nothing to drain.
        "draining" if store::deliveries::waiting(tx, org, act.id).await? == 0 => "disabled",
        other => other,
    };
    let was_on = matches!(channel.state.as_str(), "enabled" | "draining");
    if channel.state == to || (to != "enabled" && !was_on) {
        return Ok(view(channel, &sealed));
    }
    let before = json!({ "state": channel.state });
    channel.state = to.to_owned();
    store::channels::update(tx, &mut channel, act.stamp.now).await?;
    let kind = if to == "enabled" { "channel.enabled" } else { "channel.disabled" };
    act.tell(tx, kind, Some(before), json!({ "state": to })).await?;
    Ok(view(channel, &sealed))
}

/// Archives a channel: it is off for good, and what went through it stays.
///
/// # Errors
/// [`Error::VersionConflict`], [`Error::NotFound`], [`Error::Denied`].
pub async fn archive(ctx: &Ctx, actor: &Actor, id: ChannelId, version: i64) -> Result<(), Error> {
    let act = Act::new(ctx, actor, id, Some(version))?;
    ctx.store()
        .write("channels.archive", act, |tx, act| {
            Box::pin(async move {
                let mut channel = act.channel(tx).await?;
                let before = recorded(&channel);
                channel.state = "archived".to_owned();
                // Nobody needs its secrets any more.
                store::channels::set_secrets(tx, act.stamp.actor.organization, act.id, json!({})).await?;
                store::channels::update(tx, &mut channel, act.stamp.now).await?;
                act.tell(tx, "channel.updated", Some(before), recorded(&channel)).await
            })
        })
        .await?;
    follow(ctx, actor.organization).await
}

/// Asks the provider now whether the channel works, and keeps the answer as its health.
///
/// # Errors
/// [`Error::ConfigInvalid`] while something is missing; [`Error::NotFound`], [`Error::Denied`].
pub async fn check(ctx: &Ctx, actor: &Actor, id: ChannelId) -> Result<ChannelView, Error> {
    actor.authorize(Permission::ChannelsEdit, Resource::Organization)?;
    let Checked { incoming, outgoing } = asked(ctx, actor.organization, id).await?;
    report(ctx, actor.organization, id, Side::In, incoming, false).await?;
    report(ctx, actor.organization, id, Side::Out, outgoing, false).await?;
    find(ctx, actor, id).await
}

pub(super) async fn asked(ctx: &Ctx, org: OrganizationId, id: ChannelId) -> Result<Checked, Error> {
    let (channel, sealed) = ctx
        .store()
        .read("channels.asked", (org, id), |tx, (org, id)| Box::pin(async move { whole(tx, org, id).await }))
        .await?;
    let kind = channels::find(&channel.kind).filter(|_| channel.state != "archived").ok_or(Error::NotFound)?;
    let missing = missing(kind, &channel.config, &sealed);
    if !missing.is_empty() {
        return Err(Error::ConfigInvalid(missing));
    }
    match account_of(ctx, &channel, &sealed) {
        Ok(account) => Ok(kind.check(&account).await),
        Err(locked) => {
            let health = Health::Down(connector::Failure::new("secrets_locked", locked.to_string()));
            Ok(Checked { incoming: health.clone(), outgoing: health })
        }
    }
}

/// Ends the draining of channels with nothing left to send.
pub(crate) async fn drained(ctx: &Ctx, org: OrganizationId, id: ChannelId) -> Result<(), Error> {
    let input = (org, id, ctx.now(), ctx.new_id());
    ctx.store()
        .write("channels.drained", input, |tx, (org, id, now, event_id)| {
            Box::pin(async move {
                let found = store::channels::lock(tx, org, id).await?.filter(|c| c.state == "draining");
                let Some(mut channel) = found else { return Ok(()) };
                if store::deliveries::waiting(tx, org, id).await? > 0 {
                    return Ok(());
                }
                channel.state = "disabled".to_owned();
                store::channels::update(tx, &mut channel, now).await?;
                let data = json!({ "channel_id": id });
                let told = event(event_id, org, "channel.disabled", now, crate::events::system(), data);
                Ok::<_, Error>(store::events::insert(tx, &told).await?)
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_keeps_replaces_and_clears() {
        let mut config = json!({ "address": "a@x", "imap": { "host": "h", "port": 1 } });
        merge(&mut config, &json!({ "address": null, "imap": { "port": 2 }, "name": "S" }));
        assert_eq!(config, json!({ "imap": { "host": "h", "port": 2 }, "name": "S" }));
    }

    #[test]
    fn a_key_is_made_of_the_name_and_is_one() {
        let key = key_of("Atención al cliente — ventas", Uuid::from_u128(0xabcd_ef01));
        assert!(check_key(&key).is_ok(), "{key}");
        assert!(check_key(&key_of("日本", Uuid::from_u128(1))).is_ok());
        assert!(check_key("Mayúscula").is_err() && check_key("").is_err());
    }
}
