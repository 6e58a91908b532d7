//! How work ended: the wrap-up code and note its agent gives.

use domain::ids::{AgentId, OrganizationId, QueueId, WorkItemId, WrapUpCodeId};
use domain::routing::Refused;
use jiff::Timestamp;
use serde_json::json;
use store::dispositions::Disposition;
use uuid::Uuid;

use crate::events::event;
use crate::{Actor, Ctx, Error, work};

/// Most characters of a note.
const NOTE_MAX: usize = 2_000;

#[derive(Clone)]
struct Input {
    org: OrganizationId,
    item: WorkItemId,
    queue: QueueId,
    agent: Option<AgentId>,
    code: Option<WrapUpCodeId>,
    note: Option<String>,
    actor: serde_json::Value,
    event_id: Uuid,
    now: Timestamp,
}

/// Says how an item ends; a later word replaces an earlier one, until the item is closed.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`] when it is not in hand, [`Error::Invalid`].
pub async fn set(
    ctx: &Ctx,
    actor: &Actor,
    id: WorkItemId,
    code: Option<WrapUpCodeId>,
    note: Option<String>,
) -> Result<Disposition, Error> {
    let work = work::held(ctx, actor, id).await?;
    if !work.item.state.is_held() {
        return Err(Refused::ItemState { state: work.item.state }.into());
    }
    if note.as_deref().is_some_and(|note| note.chars().count() > NOTE_MAX) {
        return Err(Error::field("/note", "length", format!("at most {NOTE_MAX} characters")));
    }
    let input = Input {
        org: actor.organization,
        item: id,
        queue: work.item.queue,
        agent: actor.standing.agent,
        code,
        note: note.filter(|note| !note.trim().is_empty()),
        actor: actor.as_json(),
        event_id: ctx.new_id(),
        now: ctx.now(),
    };
    let set = ctx.store().write("dispositions.set", input, |tx, input| Box::pin(write(tx, input))).await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(set)
}

async fn write(tx: &mut db::Tx<'_>, input: Input) -> Result<Disposition, Error> {
    let Input { org, item, queue, agent, code, note, actor, event_id, now } = input;
    if let Some(code) = code {
        let known = store::wrap_up_codes::list(tx, org).await?;
        let found = known.iter().find(|row| row.id == code.0);
        let is_for_queue = |row: &&store::Keyed<store::wrap_up_codes::WrapUpCode>| {
            row.settings.queue_ids.is_empty() || row.settings.queue_ids.contains(&queue)
        };
        if found.filter(is_for_queue).is_none() {
            return Err(Error::field("/code_id", "unknown_reference", "no such code for this queue"));
        }
    }
    let state = store::work::find(tx, org, item).await?.ok_or(Error::NotFound)?.item.state;
    if !state.is_held() {
        return Err(Refused::ItemState { state }.into());
    }
    store::dispositions::put(tx, org, item, code, note, agent, now).await?;
    let said = json!({ "work_item_id": item, "code_id": code, "is_code_missing": false, "agent_id": agent });
    let data = json!({ "work_item_id": item, "disposition": said });
    store::events::insert(tx, &event(event_id, org, "disposition.set", now, actor, data)).await?;
    store::dispositions::find(tx, org, item).await?.ok_or(Error::NotFound)
}

/// How an item ended or is to end; `None` while nobody said so.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<Option<Disposition>, Error> {
    work::find(ctx, actor, id).await?;
    ctx.store()
        .read("dispositions.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::dispositions::find(tx, org, id).await?) })
        })
        .await
}

/// The queue wants a code before the item may end, and there is none.
///
/// # Errors
/// [`Error::WrapUpCodeRequired`]; what the store refuses.
pub(crate) async fn check(ctx: &Ctx, actor: &Actor, id: WorkItemId, queue: QueueId, ends: Ends) -> Result<(), Error> {
    let owner = &ctx.runtime(actor.organization)?.owner;
    let wanted = owner
        .look(move |router| {
            let config = router.queue_config(queue);
            config.is_some_and(|config| config.wrap_up_code_required && (ends == Ends::Now || config.wrap_up_ms == 0))
        })
        .await?;
    if !wanted || find(ctx, actor, id).await?.is_some_and(|said| said.code_id.is_some()) {
        return Ok(());
    }
    Err(Error::WrapUpCodeRequired)
}

/// When an item ends by what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// At once.
    Now,
    /// At once only where there is no time for wrap-up.
    WithoutWrapUp,
}
