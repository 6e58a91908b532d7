//! Table 1.3 row by row, and table 1.4 event by event.

use domain::ids::SessionId;
use domain::routing::{
    By, CancelReason, Command, ItemState, OfferState, Override, PauseReason, QueueConfig, Refused, Spill,
};
use domain::time::Micros;

use crate::script::*;
use crate::world::{agent_id, id, queue_id, status_id};

fn with_wrap_up(members: &[u64]) -> Desk {
    Desk::with(QueueConfig { wrap_up_ms: 10_000, ..queue(1, members) }, members)
}

#[test]
fn t1_t2_t6_a_new_item_is_queued_and_offered_to_whoever_is_free() {
    let mut desk = Desk::new(&[1]);
    assert_eq!(
        desk.enqueue(chat(1)),
        [
            "item 1 ->new T1 created",
            "item 1 new>queued T2 queued",
            "item 1 queued>offered T6 matched",
            "offer 1 to 1 pending",
        ]
    );
    assert_eq!(desk.router.load(agent_id(1)).expect("known").primary_milli, 250, "R-CAP-4: reserved at once");
}

#[test]
fn t1_waiting_begins_when_the_caller_says_if_that_is_earlier() {
    let mut desk = Desk::new(&[]);
    let earlier = Micros(desk.now().0 - 5);
    desk.enqueue(domain::routing::Item { enqueued_at: earlier, ..chat(1) });
    let later = Micros(desk.now().0 + 5);
    let item = domain::routing::Item { enqueued_at: later, seq: 2, ..chat(2) };
    desk.ok(Command::Enqueue { item });
    assert_eq!((desk.item(1).enqueued_at, desk.item(2).enqueued_at), (earlier, desk.now()));
}

#[test]
fn t3_t4_a_closed_queue_defers_and_its_opening_wakes() {
    let closed = QueueConfig { is_open: false, ..queue(1, &[1]) };
    let mut desk = Desk::with(closed.clone(), &[1]);
    assert_eq!(desk.enqueue(chat(1))[1], "item 1 new>deferred T3 queue_closed");
    let begun = desk.item(1).enqueued_at;
    desk.wait(60_000);
    let opened = desk.put_queue(QueueConfig { is_open: true, ..closed });
    assert_eq!(opened[..2], ["item 1 deferred>queued T4 queue_opened", "item 1 queued>offered T6 matched"]);
    assert_eq!(desk.item(1).enqueued_at, begun);
}

#[test]
fn t3_t4_a_scheduled_item_sleeps_until_its_time() {
    let mut desk = Desk::new(&[1]);
    let wake_at = Some(desk.now().plus_ms(5_000));
    let told = desk.enqueue(domain::routing::Item { wake_at, ..chat(1) });
    assert_eq!(told[1..], ["item 1 new>deferred T3 scheduled"]);
    assert_eq!(desk.router.next_deadline(), wake_at);
    assert!(desk.wait(4_999).is_empty());
    assert_eq!(desk.wait(1)[0], "item 1 deferred>queued T4 woken");
    assert_eq!(desk.item(1).wake_at, None);
}

#[test]
fn t4_an_item_that_wakes_while_the_queue_is_closed_waits_for_the_opening() {
    let mut desk = Desk::new(&[]);
    let wake_at = Some(desk.now().plus_ms(5_000));
    desk.enqueue(domain::routing::Item { wake_at, ..chat(1) });
    desk.put_queue(QueueConfig { is_open: false, ..queue(1, &[]) });
    assert_eq!(desk.wait(5_000), ["item 1 deferred>deferred T- queue_closed"]);
    assert_eq!(desk.put_queue(queue(1, &[])), ["item 1 deferred>queued T4 queue_opened"]);
}

#[test]
fn t5_a_full_queue_rejects_with_a_reason_and_counts_who_is_being_asked() {
    let mut desk = Desk::with(QueueConfig { max_waiting: 2, ..queue(1, &[1]) }, &[1]);
    desk.enqueue(voice(1));
    desk.enqueue(voice(2));
    assert_eq!(desk.router.waiting(queue_id(1)), 2);
    assert_eq!(desk.enqueue(voice(3))[1..], ["item 3 new>cancelled T5 rejected"]);
    assert_eq!(desk.router.item(item_id(3)), None);
}

#[test]
fn t5_what_a_full_queue_puts_off_comes_in_when_there_is_room_oldest_first() {
    let mut desk = Desk::with(QueueConfig { max_waiting: 1, on_full: Spill::Wait, ..queue(1, &[]) }, &[]);
    desk.enqueue(chat(1));
    assert_eq!(desk.enqueue(chat(2))[1..], ["item 2 new>deferred T3 queue_full"]);
    desk.enqueue(chat(3));
    let told = desk.cancel(1, CancelReason::Abandoned);
    assert_eq!(told, ["item 1 queued>cancelled T9 abandoned", "item 2 deferred>queued T4 room"]);
    assert_eq!(desk.restart(), [""; 0], "a restart lets nobody in beyond the limit");
    assert_eq!(desk.put_queue(queue(1, &[])), ["item 3 deferred>queued T4 room"]);
}

#[test]
fn t5_a_closed_or_full_queue_hands_on_and_the_item_keeps_its_age() {
    let overflow = Spill::Overflow { queue: queue_id(2) };
    let mut desk = Desk::with(QueueConfig { is_open: false, on_closed: overflow, ..queue(1, &[]) }, &[]);
    desk.put_queue(QueueConfig { max_waiting: 1, on_full: Spill::Overflow { queue: queue_id(3) }, ..queue(2, &[]) });
    desk.put_queue(QueueConfig { tier: 1, ..queue(3, &[]) });
    let told = desk.enqueue(chat(1));
    assert_eq!(told[1..], ["item 1 new>new T5 overflow_closed", "item 1 new>queued T2 queued"]);
    let told = desk.enqueue(chat(2));
    assert_eq!(told[2..], ["item 2 new>new T5 overflow_full", "item 2 new>queued T2 queued"]);
    let item = desk.item(2);
    assert_eq!((item.queue, item.tier), (queue_id(3), 1));
}

#[test]
fn t5_a_circle_of_overflows_ends_in_waiting() {
    let mut desk = Desk::new(&[]);
    for (number, other) in [(1, 2), (2, 1)] {
        let on_closed = Spill::Overflow { queue: queue_id(other) };
        desk.put_queue(QueueConfig { is_open: false, on_closed, ..queue(number, &[]) });
    }
    let told = desk.enqueue(chat(1));
    assert_eq!(told.last().map(String::as_str), Some("item 1 new>deferred T3 overflow_limit"));
}

#[test]
fn t8_a_raised_priority_is_served_first_and_keeps_its_age() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(chat(1));
    desk.wait(1_000);
    desk.enqueue(chat(2));
    assert_eq!((desk.router.position(item_id(1)), desk.router.position(item_id(2))), (Some(1), Some(2)));
    let begun = desk.item(2).enqueued_at;
    let edit = Command::Edit { item: item_id(2), priority: Some(1), secondary: None, queue: None };
    assert_eq!(desk.ok(edit), ["item 2 queued>queued T8 edited"]);
    assert_eq!((desk.router.position(item_id(1)), desk.router.position(item_id(2))), (Some(2), Some(1)));
    assert_eq!(desk.item(2).enqueued_at, begun);
}

#[test]
fn t8_an_item_moved_to_another_queue_finds_its_agent_there() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(chat(1));
    desk.put_queue(QueueConfig { tier: 1, ..queue(2, &[2]) });
    desk.put_agent(agent(2));
    desk.online(2);
    let edit = Command::Edit { item: item_id(1), priority: None, secondary: None, queue: Some(queue_id(2)) };
    assert_eq!(desk.ok(edit)[1], "item 1 queued>offered T6 matched");
    assert_eq!((desk.item(1).tier, desk.router.waiting(queue_id(1))), (1, 0));
}

#[test]
fn t8_only_queued_items_are_edited_and_only_within_range() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    let edit = |item, priority| Command::Edit { item, priority: Some(priority), secondary: None, queue: None };
    assert_eq!(desk.refused(edit(item_id(1), 5)), Refused::ItemState { state: ItemState::Offered });
    desk.status(1, BUSY);
    assert_eq!(desk.refused(edit(item_id(1), 101)), Refused::OutOfRange("priority"));
    assert_eq!(desk.refused(edit(item_id(2), 5)), Refused::UnknownItem);
}

#[test]
fn t9_a_customer_who_leaves_ends_the_offer_and_costs_the_agent_nothing() {
    let mut desk = Desk::new(&[1]);
    let idle = desk.router.presence(agent_id(1)).expect("known").idle_since;
    desk.wait(1_000);
    desk.enqueue(chat(1));
    assert_eq!(
        desk.cancel(1, CancelReason::Abandoned),
        ["offer 1 to 1 cancelled", "item 1 offered>cancelled T9 abandoned"]
    );
    let presence = desk.router.presence(agent_id(1)).expect("known");
    assert_eq!((presence.idle_since, presence.misses), (idle, 0));
    assert_eq!(desk.router.load(agent_id(1)).expect("known").primary_milli, 0);
}

#[test]
fn t9_a_queued_item_is_cancelled_where_it_waits() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(chat(1));
    assert_eq!(desk.cancel(1, CancelReason::Withdrawn), ["item 1 queued>cancelled T9 withdrawn"]);
}

#[test]
fn t10_an_accepted_offer_becomes_an_assignment() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    assert_eq!(
        desk.accept(1),
        ["offer 1 to 1 accepted", "item 1 offered>active T10 accepted", "assignment 1 of 1 active"]
    );
    assert_eq!(desk.router.held(agent_id(1)).len(), 1);
}

#[test]
fn t6_t10_a_queue_that_accepts_by_itself_makes_the_assignment_at_once() {
    let mut desk = Desk::with(QueueConfig { auto_accept: true, ..queue(1, &[1]) }, &[1]);
    assert_eq!(
        desk.enqueue(chat(1))[2..],
        [
            "item 1 queued>offered T6 matched",
            "item 1 offered>active T10 auto_accept",
            "offer 1 to 1 accepted",
            "assignment 1 of 1 active",
        ]
    );
}

#[test]
fn t10_repeating_the_accept_that_won_answers_the_same_and_changes_nothing() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    let offer = desk.offer_of(1);
    desk.accept(1);
    assert!(desk.ok(accept(&offer)).is_empty());
    assert_eq!(desk.refused(decline(&offer)), Refused::OfferClosed { state: OfferState::Accepted });
}

#[test]
fn t10_an_answer_of_another_session_or_agent_changes_nothing() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(chat(1));
    let offer = desk.offer_of(1);
    let stale = Command::Accept { offer: offer.id, agent: offer.agent, epoch: offer.epoch - 1 };
    assert_eq!(desk.refused(stale), Refused::StaleEpoch);
    let other = Command::Accept { offer: offer.id, agent: agent_id(2), epoch: offer.epoch };
    assert_eq!(desk.refused(other), Refused::OfferNotYours);
    let unknown = Command::Accept { offer: unknown_offer(), agent: offer.agent, epoch: offer.epoch };
    assert_eq!(desk.refused(unknown), Refused::UnknownOffer);
    assert_eq!(desk.item(1).state, ItemState::Offered);
}

#[test]
fn t11_a_decline_keeps_the_place_and_asks_the_next() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(chat(1));
    let before = desk.item(1);
    desk.wait(5_000);
    assert_eq!(
        desk.decline(1),
        [
            "offer 1 to 1 declined",
            "item 1 offered>queued T11 declined",
            "item 1 queued>offered T6 matched",
            "offer 1 to 2 pending",
        ]
    );
    let after = desk.item(1);
    assert_eq!((after.enqueued_at, after.seq, after.attempt), (before.enqueued_at, before.seq, 1));
}

#[test]
fn t11_an_accept_after_the_deadline_comes_too_late_even_when_nobody_ticked() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    let offer = desk.offer_of(1);
    desk.now_ms += 30_000;
    assert_eq!(desk.refused(accept(&offer)), Refused::OfferExpired);
    assert_eq!(desk.router.next_deadline(), Some(desk.now()), "the lapse is still to be told");
    assert_eq!(desk.wait(0), ["offer 1 to 1 timed_out", "item 1 offered>queued T11 timed_out"]);
}

#[test]
fn t11_an_accept_just_before_the_deadline_wins() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.wait(29_999);
    assert_eq!(desk.accept(1)[0], "offer 1 to 1 accepted");
    assert!(desk.wait(1).is_empty());
}

#[test]
fn a_decline_may_be_forbidden_or_need_a_reason() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    let offer = desk.offer_of(1);
    let config = domain::routing::AgentConfig { decline_allowed: false, ..agent(1) };
    desk.put_agent(config);
    assert_eq!(desk.refused(decline(&offer)), Refused::DeclineNotAllowed);
    desk.put_agent(domain::routing::AgentConfig { decline_reason_required: true, ..agent(1) });
    assert_eq!(desk.refused(decline(&offer)), Refused::DeclineReasonRequired);
    let (agent, epoch) = (offer.agent, offer.epoch);
    let told = desk.ok(Command::Decline { offer: offer.id, agent, epoch, reason: Some(reason_id()) });
    assert_eq!(told[0], "offer 1 to 1 declined");
}

#[test]
fn a_decline_sets_the_status_the_configuration_names() {
    let mut desk = Desk::new(&[1]);
    desk.put_agent(domain::routing::AgentConfig { status_on_decline: Some(status_id(BUSY)), ..agent(1) });
    desk.enqueue(chat(1));
    assert_eq!(desk.decline(1)[2..], ["presence 1 busy live declined"]);
}

#[test]
fn the_second_miss_in_a_row_sets_the_agent_away_and_takes_back_what_still_rings() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.wait(30_000);
    assert_eq!(desk.router.presence(agent_id(1)).expect("known").misses, 1);
    desk.wait(14_999);
    desk.enqueue(chat(2));
    desk.wait(2_001);
    assert_eq!(desk.offer_of(1).deadline.0 - desk.offer_of(2).deadline.0, 2_001_000);
    assert_eq!(
        desk.wait(27_999),
        [
            "offer 2 to 1 timed_out",
            "item 2 offered>queued T11 timed_out",
            "presence 1 missed live missed",
            "offer 1 to 1 rescinded status_change",
            "item 1 offered>queued T11 status_change",
        ]
    );
    assert_eq!(desk.router.presence(agent_id(1)).expect("known").misses, 0);
}

#[test]
fn an_accept_forgives_the_misses_before_it() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.wait(30_000);
    desk.wait(15_000);
    desk.accept(1);
    assert_eq!(desk.router.presence(agent_id(1)).expect("known").misses, 0);
}

#[test]
fn r_req_2_a_decliner_is_left_out_until_the_ttl_while_another_is_still_to_be_tried() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(voice(1));
    desk.wait(3_000);
    desk.enqueue(voice(2));
    desk.accept(2);
    assert_eq!(desk.decline(1).len(), 2, "agent 2 is on a call: nobody is asked");
    assert!(desk.wait(119_999).is_empty());
    assert_eq!(desk.wait(1), ["item 1 queued>offered T6 matched", "offer 1 to 1 pending"]);
}

#[test]
fn r_req_2_when_all_were_tried_the_round_begins_again_after_the_gap() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(email(1));
    desk.decline(1);
    assert_eq!(desk.decline(1).len(), 2);
    assert!(desk.wait(999).is_empty());
    assert_eq!(desk.wait(1).len(), 2, "INV-18: not more than once a second");
}

#[test]
fn inv_20_a_sole_agent_who_declines_is_asked_again_after_the_retry_gap() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(email(1));
    desk.decline(1);
    assert_eq!(desk.router.next_deadline(), Some(desk.now().plus_ms(15_000)));
    assert!(desk.wait(14_999).is_empty());
    assert_eq!(desk.wait(1), ["item 1 queued>offered T6 matched", "offer 1 to 1 pending"]);
}

#[test]
fn r_req_4_real_time_work_is_offered_to_one_agent_at_most_every_two_seconds() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    assert_eq!(desk.enqueue(chat(2)).len(), 2);
    assert!(desk.wait(1_999).is_empty());
    assert_eq!(desk.wait(1).len(), 2);
    assert_eq!(desk.enqueue(email(3)).len(), 4, "mail is not real-time");
}

#[test]
fn t12_a_pulled_item_is_active_at_once_and_an_overload_is_logged() {
    let mut desk = Desk::new(&[]);
    desk.put_agent(agent(1));
    desk.enqueue(voice(1));
    desk.enqueue(voice(2));
    let by = By::Agent(agent_id(1));
    assert_eq!(
        desk.pull(1, 1, by),
        ["item 1 queued>active T12 self_pick", "assignment 1 of 1 active"],
        "it fits: nothing is overridden"
    );
    assert_eq!(desk.pull(2, 1, by)[1], "assignment 2 of 1 active over:self_pick");
}

#[test]
fn t12_a_supervisor_takes_an_offered_item_from_the_one_it_rings_at() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(chat(1));
    assert_eq!(
        desk.pull(1, 2, By::Supervisor(agent_id(9))),
        [
            "offer 1 to 1 rescinded supervisor",
            "item 1 offered>queued T11 supervisor",
            "item 1 queued>active T12 supervisor_assign",
            "assignment 1 of 2 active",
        ]
    );
    let pull = Command::Pull { item: item_id(1), agent: agent_id(1), by: By::Agent(agent_id(1)) };
    assert_eq!(desk.refused(pull), Refused::AlreadyAssigned { agent: agent_id(2) });
}

#[test]
fn t13_t14_pausing_and_resuming_split_the_time_of_the_assignment() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.wait(1_000);
    let item = item_id(1);
    let pause = Command::Pause { item, reason: PauseReason::WaitingCustomer };
    assert_eq!(desk.ok(pause.clone()), ["item 1 active>paused T13 waiting_customer", "assignment 1 of 1 paused"]);
    assert_eq!(desk.refused(pause), Refused::ItemState { state: ItemState::Paused });
    desk.wait(2_000);
    assert_eq!(desk.ok(Command::Resume { item }), ["item 1 paused>active T14 resumed", "assignment 1 of 1 active"]);
    desk.wait(4_000);
    desk.complete(1);
    let held = desk.store.assignments.values().next().expect("one");
    assert_eq!((held.active_ms, held.paused_ms, held.wrap_up_ms), (5_000, 2_000, 0));
}

#[test]
fn t13_t14_a_call_interrupts_mail_and_its_end_resumes_it_last_first() {
    let mut desk = with_wrap_up(&[1]);
    desk.enqueue(email(1));
    desk.accept(1);
    desk.enqueue(email(2));
    desk.accept(2);
    desk.enqueue(email(3));
    desk.enqueue(voice(4));
    assert_eq!(
        desk.accept(4),
        [
            "offer 4 to 1 accepted",
            "item 4 offered>active T10 accepted",
            "assignment 4 of 1 active",
            "item 1 active>paused T13 interrupted",
            "assignment 1 of 1 paused",
            "item 2 active>paused T13 interrupted",
            "assignment 2 of 1 paused",
            "offer 3 to 1 rescinded lost_race",
            "item 3 offered>queued T11 lost_race",
        ]
    );
    let resume = Command::Resume { item: item_id(1) };
    assert_eq!(desk.refused(resume), Refused::ItemState { state: ItemState::Paused });
    desk.complete(4);
    assert_eq!(
        desk.wait(10_000)[2..6],
        [
            "item 2 paused>active T14 interruption_over",
            "assignment 2 of 1 active",
            "item 1 paused>active T14 interruption_over",
            "assignment 1 of 1 active",
        ]
    );
}

#[test]
fn t13_nobody_but_the_router_interrupts() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    let pause = Command::Pause { item: item_id(1), reason: PauseReason::Interrupted };
    assert!(matches!(desk.refused(pause), Refused::OutOfRange(_)));
}

#[test]
fn t15_without_wrap_up_a_completed_item_closes_at_once() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    assert_eq!(desk.complete(1), ["item 1 active>closed T15 completed", "assignment 1 of 1 ended completed"]);
    assert_eq!(desk.refused(Command::Complete { item: item_id(1) }), Refused::UnknownItem);
}

#[test]
fn t15_t16_wrap_up_holds_capacity_until_its_time_is_over() {
    let mut desk = with_wrap_up(&[1]);
    desk.enqueue(voice(1));
    desk.accept(1);
    assert_eq!(desk.complete(1), ["item 1 active>wrap_up T15 wrap_up", "assignment 1 of 1 wrap_up"]);
    assert_eq!(desk.enqueue(voice(2)).len(), 2);
    assert!(desk.wait(9_999).is_empty());
    assert_eq!(
        desk.wait(1),
        [
            "item 1 wrap_up>closed T16 time",
            "assignment 1 of 1 ended completed",
            "item 2 queued>offered T6 matched",
            "offer 2 to 1 pending",
        ]
    );
}

#[test]
fn t16_wrap_up_is_finished_or_extended_as_often_as_allowed() {
    let mut desk = with_wrap_up(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.complete(1);
    let extend = Command::ExtendWrapUp { item: item_id(1) };
    assert_eq!(desk.ok(extend.clone()), ["item 1 wrap_up>wrap_up T- wrap_up_extended"]);
    assert_eq!(desk.refused(extend), Refused::NoExtensionLeft);
    assert!(desk.wait(19_999).is_empty());
    let finish = Command::FinishWrapUp { item: item_id(1) };
    assert_eq!(desk.ok(finish)[0], "item 1 wrap_up>closed T16 finished");
}

#[test]
fn t17_a_customer_who_returns_in_wrap_up_is_active_again_and_no_timer_closes_them() {
    let mut desk = with_wrap_up(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.complete(1);
    let back = Command::Return { item: item_id(1) };
    assert_eq!(
        desk.ok(back.clone()),
        ["item 1 wrap_up>active T17 customer_returned", "assignment 1 of 1 active over:reopen"]
    );
    assert!(desk.wait(60_000).is_empty());
    assert_eq!(desk.refused(back), Refused::ItemState { state: ItemState::Active });
}

#[test]
fn t18_a_transfer_closes_one_item_and_queues_another_with_its_age() {
    let mut desk = Desk::new(&[1]);
    desk.put_queue(queue(2, &[]));
    desk.enqueue(chat(1));
    desk.wait(4_000);
    desk.accept(1);
    desk.wait(1_000);
    let new = desk.numbered(domain::routing::Item { queue: queue_id(2), ..chat(2) });
    let transfer = Command::Transfer { item: item_id(1), new, keep_age: true };
    assert_eq!(
        desk.ok(transfer),
        [
            "item 1 active>closed T18 transferred",
            "assignment 1 of 1 ended transferred",
            "item 2 ->new T1 created",
            "item 2 new>queued T2 queued",
        ]
    );
    let new = desk.item(2);
    assert_eq!((new.previous, new.age_adjust_ms, new.enqueued_at), (Some(item_id(1)), 5_000, desk.now()));
}

#[test]
fn t18_a_full_queue_does_not_turn_a_transfer_away() {
    let mut desk = Desk::with(QueueConfig { max_waiting: 1, ..queue(1, &[1]) }, &[1]);
    desk.enqueue(voice(1));
    desk.accept(1);
    desk.enqueue(voice(2));
    let new = desk.numbered(voice(3));
    let told = desk.ok(Command::Transfer { item: item_id(1), new, keep_age: false });
    assert_eq!(told[3], "item 3 new>queued T2 queued");
}

#[test]
fn t18_a_transfer_to_nowhere_changes_nothing() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    let new = domain::routing::Item { queue: queue_id(77), ..chat(2) };
    let transfer = Command::Transfer { item: item_id(1), new, keep_age: true };
    assert_eq!(desk.refused(transfer), Refused::UnknownQueue);
    assert_eq!(desk.item(1).state, ItemState::Active);
}

#[test]
fn t20_a_reassigned_item_changes_hands_in_one_step() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(chat(1));
    desk.accept(1);
    let reassign = |to| Command::Reassign { item: item_id(1), to, by: By::Supervisor(agent_id(9)) };
    assert_eq!(
        desk.ok(reassign(agent_id(2))),
        ["item 1 active>active T20 reassigned", "assignment 1 of 1 ended reassigned", "assignment 1 of 2 active",]
    );
    let loads = [1, 2].map(|number| desk.router.load(agent_id(number)).expect("known").primary_milli);
    assert_eq!(loads, [0, 250]);
    assert_eq!(desk.refused(reassign(agent_id(2))), Refused::AlreadyAssigned { agent: agent_id(2) });
}

#[test]
fn t20_reassigning_over_capacity_is_logged() {
    let mut desk = Desk::new(&[1, 2]);
    desk.enqueue(voice(1));
    desk.accept(1);
    desk.wait(2_000);
    desk.enqueue(voice(2));
    desk.accept(2);
    let reassign = Command::Reassign { item: item_id(1), to: agent_id(2), by: By::System };
    desk.ok(reassign);
    let held = desk.router.assignment_of(item_id(1)).expect("held");
    assert_eq!(held.override_reason, Some(Override::Reassign));
}

#[test]
fn t22_a_deferred_item_is_cancelled_for_the_reasons_of_the_table_only() {
    let mut desk = Desk::with(QueueConfig { is_open: false, ..queue(1, &[]) }, &[]);
    desk.enqueue(chat(1));
    let abandon = Command::Cancel { item: item_id(1), reason: CancelReason::Abandoned };
    assert_eq!(desk.refused(abandon), Refused::ItemState { state: ItemState::Deferred });
    assert_eq!(desk.cancel(1, CancelReason::Withdrawn), ["item 1 deferred>cancelled T22 withdrawn"]);
    assert!(desk.put_queue(queue(1, &[])).is_empty());
}

#[test]
fn t24_a_held_item_is_cancelled_by_merging_or_a_supervisor_only() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    let abandon = Command::Cancel { item: item_id(1), reason: CancelReason::Abandoned };
    assert_eq!(desk.refused(abandon), Refused::ItemState { state: ItemState::Active });
    assert_eq!(
        desk.cancel(1, CancelReason::Merged),
        ["item 1 active>cancelled T24 merged", "assignment 1 of 1 ended merged"]
    );
}

#[test]
fn items_that_make_no_sense_are_refused() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(chat(1));
    assert_eq!(desk.refused(Command::Enqueue { item: chat(1) }), Refused::AlreadyExists);
    let item = domain::routing::Item { queue: queue_id(9), ..chat(2) };
    assert_eq!(desk.refused(Command::Enqueue { item }), Refused::UnknownQueue);
    let item = domain::routing::Item { state: ItemState::Queued, ..chat(2) };
    assert_eq!(desk.refused(Command::Enqueue { item }), Refused::ItemState { state: ItemState::Queued });
    let item = domain::routing::Item { units_milli: -1, ..chat(2) };
    assert_eq!(desk.refused(Command::Enqueue { item }), Refused::OutOfRange("units_milli"));
    let nobody = Command::SessionLost { agent: agent_id(9), session: SessionId(id(5, 9)) };
    assert_eq!(desk.refused(nobody), Refused::UnknownAgent);
}
