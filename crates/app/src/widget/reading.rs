//! How far a visitor has read.

use domain::ids::ConversationId;
use jiff::Timestamp;
use serde_json::json;
use store::visitors::Visitor;
use uuid::Uuid;

use super::{reader, recent};
use crate::events::event;
use crate::{Ctx, Error};

/// Messages that one mark sets to read.
const MARKED: i64 = 50;

#[derive(Clone)]
struct Mark {
    visitor: Visitor,
    conversation: ConversationId,
    seq: i64,
    now: Timestamp,
    event_id: Uuid,
}

/// The visitor has read up to `seq`: messages to them become `read`.
///
/// # Errors
/// [`Error::NotFound`] for a conversation that is not theirs; [`Error::Unauthenticated`], [`Error::VisitorBlocked`] and
/// [`Error::ChannelDisabled`] where that is so by now.
pub async fn mark_read(ctx: &Ctx, visitor: &Visitor, id: ConversationId, seq: i64) -> Result<(), Error> {
    let mark = Mark { visitor: visitor.clone(), conversation: id, seq, now: ctx.now(), event_id: ctx.new_id() };
    let has_changed = ctx.store().write("widget.mark_read", mark, |tx, mark| Box::pin(set(tx, mark))).await?;
    if has_changed {
        ctx.runtime(visitor.organization_id)?.hub.wake();
    }
    Ok(())
}

/// Sets the mark; whether that is news.
async fn set(tx: &mut db::Tx<'_>, mark: Mark) -> Result<bool, Error> {
    let Mark { visitor, conversation: id, seq, now, event_id } = mark;
    let visitor = recent::again(tx, &visitor, now).await?;
    let (org, reader) = (visitor.organization_id, reader(&visitor));
    let (last, read) = store::visitors::reading(tx, &visitor, id, reader).await?.ok_or(Error::NotFound)?;
    let seq = seq.min(last);
    if seq <= read || !store::drafts::mark_read(tx, org, id, reader, seq, now).await? {
        return Ok(false);
    }
    let Some(entry) = read_up_to(tx, &visitor, id, seq, now).await? else { return Ok(false) };
    let actor = json!({ "type": "customer", "id": visitor.customer_id });
    let data = json!({ "entry_id": entry, "conversation_id": id, "up_to_seq": seq });
    store::events::insert(tx, &event(event_id, org, "entry.delivery_changed", now, actor, data)).await?;
    Ok(true)
}

/// Sets the unread messages to the visitor to read; the last of them.
async fn read_up_to(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    id: ConversationId,
    seq: i64,
    now: Timestamp,
) -> Result<Option<Uuid>, Error> {
    let mut last = None;
    for entry in store::visitors::messages_to(tx, visitor, id, seq, MARKED).await? {
        let Some(mut delivery) = entry.delivery.clone().filter(|_| entry.is_out()) else { continue };
        if delivery.get("state").and_then(serde_json::Value::as_str) == Some("read") {
            break;
        }
        delivery["state"] = json!("read");
        delivery["read_at"] = json!(now);
        store::entries::set_delivery(tx, visitor.organization_id, entry.id, delivery).await?;
        last = last.or(Some(entry.id.0));
    }
    Ok(last)
}
