//! Whether somebody is there: the calendar and the state of the channel's queue.

use domain::hours::BusinessHours;
use jiff::Timestamp;
use store::channels::Channel;
use store::queues::Queue;

use crate::{Ctx, Error, opening};

/// Whether somebody is there now, and when that changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Now {
    pub is_open: bool,
    /// Unknown for a queue that was closed by hand.
    pub reopens_at: Option<Timestamp>,
    pub closes_at: Option<Timestamp>,
}

/// The hours of a channel: its own, else those of its queue. A channel without either is always open.
///
/// # Errors
/// What the store refuses.
pub async fn hours(ctx: &Ctx, channel: &Channel) -> Result<Now, Error> {
    let (queue, calendar) = ctx
        .store()
        .read("widget.hours", channel.clone(), |tx, channel| {
            Box::pin(async move {
                let org = channel.organization_id;
                let queue = match channel.queue_id {
                    Some(id) => store::queues::list(tx, org).await?.into_iter().find(|queue| queue.id == id),
                    None => None,
                };
                let of_queue = || queue.as_ref().and_then(|queue| queue.settings.hours_id);
                let Some(hours) = channel.hours_id.or_else(of_queue) else { return Ok::<_, Error>((queue, None)) };
                let calendars = store::business_hours::list(tx, org).await?;
                let calendar = calendars.into_iter().find(|row| row.id == hours.0).map(|row| row.settings);
                Ok((queue, calendar))
            })
        })
        .await?;
    Ok(now_of(queue.as_ref(), calendar.as_ref(), ctx.now()))
}

fn now_of(queue: Option<&Queue>, calendar: Option<&BusinessHours>, now: Timestamp) -> Now {
    if queue.is_some_and(|queue| queue.state != "open") {
        return Now { is_open: false, ..Now::default() };
    }
    let Some(hours) = calendar.and_then(opening::hours) else { return Now { is_open: true, ..Now::default() } };
    let (is_open, change) = (hours.is_open(now), hours.next_change(now));
    Now { is_open, reopens_at: change.filter(|_| !is_open), closes_at: change.filter(|_| is_open) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_calendar_says_when_it_opens_again() {
        let open = json!([{ "from": "09:00", "to": "17:00" }]);
        let calendar: BusinessHours = serde_json::from_value(json!({
            "time_zone": "Europe/Madrid", "weekly": [open, open, open, open, open, [], []], "exceptions": [],
            "is_emergency_closed": false,
        }))
        .expect("a calendar");
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let saturday = now_of(None, Some(&calendar), at("2026-11-28T12:00:00Z"));
        assert_eq!(saturday, Now { is_open: false, reopens_at: Some(at("2026-11-30T08:00:00Z")), closes_at: None });
        let monday = now_of(None, Some(&calendar), at("2026-11-30T09:00:00Z"));
        assert_eq!(monday, Now { is_open: true, reopens_at: None, closes_at: Some(at("2026-11-30T16:00:00Z")) });
        assert!(now_of(None, None, at("2026-11-30T09:00:00Z")).is_open, "always, without a calendar");
    }
}
