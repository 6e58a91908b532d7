//! Whether a channel works, from both of its sides.

use connector::{Failure, Health};
use domain::ids::{ChannelId, OrganizationId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::events::{event, system};
use crate::{Ctx, Error};

/// A side of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What comes in.
    In,
    /// What goes out.
    Out,
}

impl Side {
    const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    const fn last_at(self) -> &'static str {
        match self {
            Self::In => "last_in_at",
            Self::Out => "last_out_at",
        }
    }
}

#[derive(Clone)]
struct Report {
    org: OrganizationId,
    channel: ChannelId,
    side: Side,
    health: Health,
    has_passed: bool,
    now: Timestamp,
    event_id: Uuid,
}

/// Stores what one side of a channel reports; `has_passed` says that a message just went through. Tells of it when
/// the state, or what is wrong, became another.
///
/// # Errors
/// What the store refuses.
pub async fn report(
    ctx: &Ctx,
    org: OrganizationId,
    channel: ChannelId,
    side: Side,
    health: Health,
    has_passed: bool,
) -> Result<(), Error> {
    let (now, event_id) = (ctx.now(), ctx.new_id());
    let report = Report { org, channel, side, health, has_passed, now, event_id };
    let is_news = ctx.store().write("channels.health", report, |tx, report| Box::pin(store_in(tx, report))).await?;
    if is_news {
        ctx.runtime(org)?.hub.wake();
    }
    Ok(())
}

async fn store_in(tx: &mut db::Tx<'_>, report: Report) -> Result<bool, Error> {
    let Report { org, channel, side, health, has_passed, now, event_id } = report;
    let Some(found) = store::channels::lock(tx, org, channel).await? else { return Ok(false) };
    let mut after = with_side(&found.health, side, &health, now);
    if has_passed {
        after[side.last_at()] = json!(now);
    }
    if after == found.health {
        return Ok(false);
    }
    let is_news = ["state", "error"].iter().any(|field| known(&after, field) != known(&found.health, field));
    let state = after["state"].clone();
    store::channels::set_health(tx, org, channel, after).await?;
    if is_news {
        let data = json!({ "channel_id": channel, "state": state });
        store::events::insert(tx, &event(event_id, org, "channel.health_changed", now, system(), data)).await?;
    }
    Ok(is_news)
}

/// Notes that something went through, in the transaction that took it in.
pub(super) async fn passed(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    channel: ChannelId,
    side: Side,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(found) = store::channels::lock(tx, org, channel).await? else { return Ok(()) };
    let mut after = found.health;
    if !after.is_object() {
        after = json!({ "state": "unknown" });
    }
    after[side.last_at()] = json!(now);
    Ok(store::channels::set_health(tx, org, channel, after).await?)
}

fn known<'a>(health: &'a Value, field: &str) -> Option<&'a str> {
    let value = health.get(field)?;
    value.get("code").unwrap_or(value).as_str()
}

/// The health with one side as it is now. A failure keeps the time since when it lasts.
fn with_side(before: &Value, side: Side, health: &Health, now: Timestamp) -> Value {
    let mut after = if before.is_object() { before.clone() } else { json!({}) };
    let mut sides = before.get("sides").filter(|s| s.is_object()).cloned().unwrap_or_else(|| json!({}));
    sides[side.as_str()] = match health {
        Health::Ok => Value::Null,
        Health::Down(failure) => failing(failure, &sides[side.as_str()], now),
    };
    let wrong = ["in", "out"].iter().map(|name| &sides[*name]).find(|error| error.is_object()).cloned();
    after["state"] = json!(if wrong.is_some() { "down" } else { "ok" });
    after["error"] = wrong.unwrap_or(Value::Null);
    after["sides"] = sides;
    after
}

fn failing(failure: &Failure, before: &Value, now: Timestamp) -> Value {
    let words = failure.words();
    let is_same = before.get("code").and_then(Value::as_str) == Some(failure.code);
    let since = before.get("since_at").filter(|_| is_same).cloned().unwrap_or_else(|| json!(now));
    json!({
        "code": failure.code, "text": { "es": words.es, "en": words.en }, "detail": failure.text, "since_at": since,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_channel_is_down_as_long_as_one_side_is_and_says_since_when() {
        let down = |code| Health::Down(Failure::new(code, "words"));
        let first = with_side(&json!({ "state": "ok" }), Side::In, &down("timeout"), at(1));
        let later = with_side(&first, Side::In, &down("timeout"), at(2));
        assert_eq!((&later["state"], &later["error"]["since_at"]), (&json!("down"), &json!(at(1))));
        let both = with_side(&later, Side::Out, &down("auth_failed"), at(3));
        let out_only = with_side(&both, Side::In, &Health::Ok, at(4));
        assert_eq!((&out_only["state"], &out_only["error"]["code"]), (&json!("down"), &json!("auth_failed")));
        assert!(out_only["error"]["text"]["es"].as_str().is_some_and(|t| !t.is_empty()));
        let well = with_side(&out_only, Side::Out, &Health::Ok, at(5));
        assert_eq!((&well["state"], &well["error"]), (&json!("ok"), &Value::Null));
    }
}
