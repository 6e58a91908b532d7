//! Guided set-up: the steps of a channel's type, and how far this channel is.

use connector::{Checked, Health, SetupKind, SetupStep};
use domain::ids::ChannelId;
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};

use super::admin::{self, Change, asked};
use super::{Side, report};
use crate::{Actor, Ctx, Error};

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupState {
    /// Not done.
    Todo,
    /// Something else must happen.
    Running,
    /// Done.
    Done,
    /// It went wrong.
    Failed,
}

impl SetupState {
    /// Its word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// A step and how far it is.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct SetupView {
    pub step: &'static SetupStep,
    pub state: SetupState,
    /// `{code, text}` of what went wrong.
    pub error: Option<Value>,
    /// What is set, without secrets.
    pub values: Map<String, Value>,
}

/// The steps of a channel's set-up.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn setup(ctx: &Ctx, actor: &Actor, id: ChannelId) -> Result<Vec<SetupView>, Error> {
    actor.authorize(Permission::ChannelsEdit, Resource::Organization)?;
    let view = admin::find(ctx, actor, id).await?;
    let kind = channels::find(&view.channel.kind).ok_or(Error::NotFound)?;
    Ok(kind.meta().setup.iter().map(|step| shown(step, kind, &view)).collect())
}

fn shown(step: &'static SetupStep, kind: &dyn connector::ChannelType, view: &admin::ChannelView) -> SetupView {
    let (config, health) = (&view.channel.config, &view.channel.health);
    let mut values = Map::new();
    for pointer in step.fields {
        if let Some(value) = config.pointer(pointer) {
            values.insert(pointer.trim_start_matches('/').replace('/', "."), value.clone());
        }
    }
    let missing = kind.check_config(config, true);
    let fills = |at: &str| step.fields.iter().any(|f| *f == at || f.starts_with(&format!("{at}/")));
    let has_secrets = kind
        .required_secrets(config)
        .into_iter()
        .filter(|name| step.secrets.contains(name))
        .all(|name| view.secrets.iter().any(|(set, _)| set == name));
    let error = health.get("error").filter(|e| e.is_object()).cloned();
    let (state, error) = match step.kind {
        SetupKind::Input => {
            let is_whole = has_secrets && !missing.iter().any(|e| fills(&e.pointer));
            (if is_whole { SetupState::Done } else { SetupState::Todo }, None)
        }
        SetupKind::CallCheck => match (health.get("state").and_then(Value::as_str), error) {
            (Some("ok"), _) => (SetupState::Done, None),
            (_, Some(error)) => (SetupState::Failed, Some(error)),
            (_, None) => (SetupState::Todo, None),
        },
        SetupKind::WaitFirstEvent => {
            let has_come = health.get("last_in_at").is_some_and(Value::is_string);
            let waits = view.channel.state == "enabled";
            let state = if waits { SetupState::Running } else { SetupState::Todo };
            (if has_come { SetupState::Done } else { state }, None)
        }
    };
    SetupView { step, state, error, values }
}

/// Carries a step out: `inputs` are its values by their dotted names, and its secrets by theirs.
///
/// # Errors
/// [`Error::SetupStepFailed`] when the provider says no; [`Error::Invalid`]; [`Error::NotFound`], [`Error::Denied`].
pub async fn setup_step(
    ctx: &Ctx,
    actor: &Actor,
    id: ChannelId,
    key: &str,
    inputs: Map<String, Value>,
) -> Result<Vec<SetupView>, Error> {
    actor.authorize(Permission::ChannelsEdit, Resource::Organization)?;
    let view = admin::find(ctx, actor, id).await?;
    let kind = channels::find(&view.channel.kind).ok_or(Error::NotFound)?;
    let step = kind.meta().setup.iter().find(|step| step.key == key).ok_or(Error::NotFound)?;
    match step.kind {
        SetupKind::Input => fill(ctx, actor, &view, step, inputs).await?,
        SetupKind::CallCheck => call(ctx, actor, id).await?,
        SetupKind::WaitFirstEvent => drop(admin::enable(ctx, actor, id).await?),
    }
    setup(ctx, actor, id).await
}

async fn fill(
    ctx: &Ctx,
    actor: &Actor,
    view: &admin::ChannelView,
    step: &SetupStep,
    inputs: Map<String, Value>,
) -> Result<(), Error> {
    let mut config = json!({});
    let mut secrets = Vec::new();
    for (name, value) in inputs {
        let pointer = format!("/{}", name.replace('.', "/"));
        if step.secrets.contains(&name.as_str()) {
            let text = match value {
                Value::String(text) => Some(text),
                Value::Null => None,
                _ => return Err(Error::field(&format!("/inputs/{name}"), "type", "a text")),
            };
            secrets.push((name, text));
        } else if step.fields.contains(&pointer.as_str()) {
            put(&mut config, &pointer, value);
        } else {
            return Err(Error::field(&format!("/inputs/{name}"), "unknown_reference", "not a value of this step"));
        }
    }
    let (id, version) = (view.channel.id, view.channel.version);
    let change = Change { config: Some(config), ..Change::default() };
    admin::update(ctx, actor, id, version, change).await?;
    if !secrets.is_empty() {
        admin::set_secrets(ctx, actor, id, None, secrets, std::time::Duration::ZERO).await?;
    }
    Ok(())
}

/// Writes `value` at a pointer of names, making the objects on the way.
fn put(target: &mut Value, pointer: &str, value: Value) {
    let mut at = target;
    for name in pointer.trim_start_matches('/').split('/') {
        at = &mut at[name];
    }
    *at = value;
}

async fn call(ctx: &Ctx, actor: &Actor, id: ChannelId) -> Result<(), Error> {
    let org = actor.organization;
    let Checked { incoming, outgoing } = asked(ctx, org, id).await?;
    report(ctx, org, id, Side::In, incoming.clone(), false).await?;
    report(ctx, org, id, Side::Out, outgoing.clone(), false).await?;
    for (side, health) in [("in", incoming), ("out", outgoing)] {
        if let Health::Down(failure) = health {
            let words = failure.words();
            return Err(Error::SetupStepFailed {
                code: failure.code,
                side,
                es: words.es,
                en: words.en,
                detail: failure.text,
            });
        }
    }
    Ok(())
}
