//! Presence, sessions, grace and loss (routing.md §1.6, §1.8).

use domain::routing::{By, Command, FirstFailing, QueueConfig, Refused, SessionState};

use crate::script::*;
use crate::world::{agent_id, status_id};

fn sign_out(agent: u64) -> Command {
    Command::SignedOut { agent: agent_id(agent) }
}

#[test]
fn r_off_5_going_busy_takes_a_ringing_offer_back_at_once_without_a_miss() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    assert_eq!(
        desk.status(1, BUSY),
        ["presence 1 busy live set", "offer 1 to 1 rescinded status_change", "item 1 offered>queued T11 status_change",]
    );
    assert_eq!(desk.router.presence(agent_id(1)).expect("known").misses, 0);
}

#[test]
fn a_flapping_status_does_not_bring_the_same_item_back_within_a_second() {
    let mut desk = Desk::with(queue(1, &[1]), &[1]);
    desk.enqueue(email(1));
    desk.status(1, BUSY);
    assert_eq!(desk.status(1, AVAILABLE), ["presence 1 available live set"]);
    assert!(desk.wait(999).is_empty());
    assert_eq!(desk.wait(1).len(), 2);
}

#[test]
fn a_status_lets_only_its_kinds_through() {
    let mut desk = Desk::new(&[1]);
    desk.status(1, CHAT_ONLY);
    assert_eq!(desk.enqueue(voice(1)).len(), 2);
    assert_eq!(desk.router.why(item_id(1)), [(agent_id(1), Some(FirstFailing::ChannelOff))]);
    assert_eq!(desk.enqueue(chat(2)).len(), 4);
}

#[test]
fn transfers_only_admits_transfers_and_direct_work() {
    let mut desk = Desk::new(&[1]);
    desk.status(1, CHAT_ONLY);
    assert_eq!(desk.enqueue(email(1)).len(), 2);
    assert_eq!(desk.router.why(item_id(1)), [(agent_id(1), Some(FirstFailing::TransfersOnly))]);
    assert_eq!(desk.enqueue(mandatory(email(2), 1)).len(), 4);
    desk.enqueue(chat(3));
    desk.accept(3);
    let new = desk.numbered(email(4));
    let told = desk.ok(Command::Transfer { item: item_id(3), new, keep_age: true });
    assert_eq!(told.last().expect("told"), "offer 4 to 1 pending");
}

#[test]
fn a_planned_status_waits_for_the_work_at_hand() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    let (agent, status) = (agent_id(1), status_id(BUSY));
    let next = Command::SetPresence { agent, status, is_next: true, by: By::Agent(agent) };
    assert_eq!(desk.ok(next.clone()), ["presence 1 available live next_status"]);
    assert_eq!(desk.complete(1)[2..], ["presence 1 busy live next_status"]);
    desk.status(1, AVAILABLE);
    assert_eq!(desk.ok(next), ["presence 1 busy live set"], "nothing is held: at once");
}

#[test]
fn a_lost_session_takes_offers_back_and_keeps_work_through_the_grace() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.wait(2_000);
    desk.enqueue(chat(2));
    assert_eq!(
        desk.lose(1, 1),
        [
            "presence 1 available grace session_lost",
            "offer 2 to 1 rescinded session_lost",
            "item 2 offered>queued T11 session_lost",
        ]
    );
    assert_eq!(desk.router.why(item_id(2)), [(agent_id(1), Some(FirstFailing::SessionGrace))]);
    let before = desk.router.presence(agent_id(1)).expect("known").clone();
    desk.wait(29_999);
    let told = desk.open(1, 1);
    assert_eq!(told[0], "presence 1 available live session_returned");
    let after = desk.router.presence(agent_id(1)).expect("known").clone();
    assert_eq!((after.epoch, after.idle_since), (before.epoch + 1, before.idle_since));
    assert_eq!(desk.who(1), Some(agent_id(1)));
}

#[test]
fn t19_when_the_grace_ends_real_time_work_is_served_next_and_mail_stays() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(email(1));
    desk.accept(1);
    desk.enqueue(voice(2));
    desk.accept(2);
    desk.enqueue(voice(3));
    desk.lose(1, 1);
    assert_eq!(
        desk.wait(30_000),
        [
            "presence 1 offline none disconnected",
            "item 2 active>queued T19 agent_lost",
            "assignment 2 of 1 ended lost",
            "item 1 paused>active T14 interruption_over",
            "assignment 1 of 1 active",
        ]
    );
    assert_eq!(desk.item(2).age_adjust_ms, 30 * 60_000);
    assert_eq!(desk.router.position(item_id(2)), Some(1));
    assert_eq!(desk.who(1), Some(agent_id(1)));
}

#[test]
fn wrap_up_of_a_lost_agent_runs_on() {
    let mut desk = Desk::with(QueueConfig { wrap_up_ms: 60_000, ..queue(1, &[1]) }, &[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.complete(1);
    desk.lose(1, 1);
    assert_eq!(desk.wait(30_000), ["presence 1 offline none disconnected"]);
    assert_eq!(desk.wait(30_000)[0], "item 1 wrap_up>closed T16 time");
}

#[test]
fn signing_out_is_the_end_of_grace_at_once() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    assert_eq!(
        desk.ok(sign_out(1)),
        ["presence 1 offline none signed_out", "item 1 active>queued T19 agent_lost", "assignment 1 of 1 ended lost",]
    );
    assert!(desk.ok(sign_out(1)).is_empty(), "twice changes nothing");
}

#[test]
fn a_second_sign_in_replaces_the_session_and_fences_its_answers() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    let offer = desk.offer_of(1);
    assert_eq!(
        desk.open(1, 2),
        [
            "offer 1 to 1 rescinded session_lost",
            "item 1 offered>queued T11 session_lost",
            "presence 1 available live session_replaced",
        ]
    );
    assert!(matches!(desk.refused(accept(&offer)), Refused::OfferClosed { .. }));
    assert!(desk.lose(1, 1).is_empty(), "the old session's end means nothing");
    assert_eq!(desk.router.presence(agent_id(1)).expect("known").session_state, SessionState::Live);
    desk.wait(2_000);
    let stale = Command::Accept { offer: desk.offer_of(1).id, agent: agent_id(1), epoch: offer.epoch };
    assert_eq!(desk.refused(stale), Refused::StaleEpoch);
}

#[test]
fn another_socket_of_the_same_session_changes_nothing() {
    let mut desk = Desk::new(&[1]);
    assert!(desk.open(1, 1).is_empty());
}

#[test]
fn idle_time_survives_a_break_and_ends_with_the_shift() {
    let mut desk = Desk::new(&[1]);
    let idle = |desk: &Desk| desk.router.presence(agent_id(1)).expect("known").idle_since;
    let first = idle(&desk);
    desk.wait(5_000);
    desk.status(1, BUSY);
    desk.status(1, AVAILABLE);
    assert_eq!(idle(&desk), first);
    desk.status(1, OFFLINE);
    assert_eq!(idle(&desk), None);
    desk.status(1, AVAILABLE);
    assert_eq!(idle(&desk), Some(desk.now()));
}

#[test]
fn an_agent_with_work_is_not_removed() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    let remove = Command::RemoveAgent { agent: agent_id(1) };
    assert_eq!(desk.refused(remove.clone()), Refused::AgentHasWork { count: 1 });
    desk.complete(1);
    desk.enqueue(chat(2));
    desk.wait(2_000);
    let told = desk.ok(remove);
    assert_eq!(told[0], "presence 1 offline none removed");
    assert_eq!(told[1], "offer 2 to 1 rescinded session_lost");
    assert_eq!(desk.router.load(agent_id(1)), None);
}

#[test]
fn a_status_nobody_knows_is_refused() {
    let mut desk = Desk::new(&[1]);
    let (agent, by) = (agent_id(1), By::System);
    let unknown = Command::SetPresence { agent, status: status_id(77), is_next: false, by };
    assert_eq!(desk.refused(unknown), Refused::UnknownStatus);
}
