//! Rebuilding from the store (routing.md §1.6, R-LOSS).

use domain::routing::{Command, QueueConfig};

use crate::script::*;
use crate::world::agent_id;

#[test]
fn a_restart_takes_ringing_offers_back_keeps_accepted_work_and_the_key() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.wait(2_000);
    desk.enqueue(chat(2));
    let before = desk.item(2);
    assert_eq!(
        desk.restart(),
        [
            "presence 1 available grace router_restart",
            "offer 2 to 1 rescinded router_restart",
            "item 2 offered>queued T11 router_restart",
        ]
    );
    assert_eq!(desk.who(1), Some(agent_id(1)));
    assert_eq!((desk.item(2).enqueued_at, desk.item(2).seq), (before.enqueued_at, before.seq));
    desk.wait(29_999);
    let told = desk.open(1, 1);
    assert_eq!(
        told,
        ["presence 1 available live session_returned", "item 2 queued>offered T6 matched", "offer 2 to 1 pending"]
    );
}

#[test]
fn grace_counts_from_the_restart_and_then_real_time_work_is_requeued() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.wait(3_600_000);
    desk.restart();
    assert!(desk.wait(29_999).is_empty());
    assert_eq!(desk.wait(1)[1], "item 1 active>queued T19 agent_lost");
}

#[test]
fn stored_deadlines_fire_after_a_restart() {
    let config = QueueConfig { wrap_up_ms: 10_000, ..queue(1, &[1]) };
    let mut desk = Desk::with(config, &[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.complete(1);
    let wake_at = Some(desk.now().plus_ms(4_000));
    desk.enqueue(domain::routing::Item { wake_at, ..chat(2) });
    desk.wait(3_000);
    desk.restart();
    assert_eq!(desk.wait(1_000), ["item 2 deferred>queued T4 woken"]);
    assert_eq!(desk.wait(6_000)[0], "item 1 wrap_up>closed T16 time");
}

#[test]
fn a_restart_after_an_opening_that_was_not_told_wakes_what_waited_for_it() {
    let closed = QueueConfig { is_open: false, ..queue(1, &[]) };
    let mut desk = Desk::with(closed.clone(), &[]);
    desk.enqueue(chat(1));
    let opened = QueueConfig { is_open: true, ..closed };
    desk.store.queues.insert(opened.id, opened);
    assert_eq!(desk.restart(), ["item 1 deferred>queued T4 woken"]);
}

#[test]
fn a_restored_router_serves_in_the_same_order() {
    let mut desk = Desk::new(&[]);
    for number in 1..=3 {
        desk.enqueue(domain::routing::Item { priority: u8::try_from(number).expect("small"), ..chat(number) });
    }
    let places = |desk: &Desk| [1, 2, 3].map(|number| desk.router.position(item_id(number)));
    let before = places(&desk);
    desk.restart();
    assert_eq!(places(&desk), before);
    assert_eq!(before, [Some(3), Some(2), Some(1)]);
}

#[test]
fn time_never_goes_backwards_inside() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.now_ms -= 60_000;
    desk.ok(Command::Tick);
    desk.complete(1);
    let held = desk.store.assignments.values().next().expect("one");
    assert_eq!((held.active_ms, held.ended_at), (0, Some(held.started_at)));
}
