//! Order of items, choice of agents, capacity (routing.md §1.2, §2.2–2.5).

use domain::routing::{
    AgentConfig, AgentModel, By, Command, FirstFailing, Item, Member, Preferred, QueueConfig, RoutingKind,
};

use crate::script::*;
use crate::world::{agent_id, queue_id};

/// Queue 1 with two members under a model; both are available.
fn pair(model: AgentModel) -> Desk {
    Desk::with(QueueConfig { agent_model: model, ..queue(1, &[1, 2]) }, &[1, 2])
}

fn member(agent: u64, tier: u8, delay_ms: i64) -> Member {
    Member { agent: agent_id(agent), tier, delay_ms }
}

#[test]
fn longest_idle_asks_whoever_waits_longest() {
    let mut desk = pair(AgentModel::LongestIdle);
    desk.enqueue(email(1));
    assert_eq!(desk.who(1), Some(agent_id(1)), "a tie goes to the lower id");
    desk.accept(1);
    desk.wait(1_000);
    desk.complete(1);
    desk.enqueue(email(2));
    assert_eq!(desk.who(2), Some(agent_id(2)));
}

#[test]
fn most_available_asks_whoever_has_most_room() {
    let mut desk = pair(AgentModel::MostAvailable);
    desk.put_agent(AgentConfig { cap_primary_milli: 2_000, ..agent(2) });
    desk.enqueue(chat(1));
    assert_eq!(desk.who(1), Some(agent_id(2)));
}

#[test]
fn least_active_asks_whoever_has_least_in_hand_and_paused_work_does_not_count() {
    let mut desk = pair(AgentModel::LeastActive);
    desk.put_agent(AgentConfig { cap_primary_milli: 2_000, ..agent(1) });
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.wait(2_000);
    desk.enqueue(chat(2));
    assert_eq!(desk.who(2), Some(agent_id(2)), "capacity does not matter");
    desk.accept(2);
    let reason = domain::routing::PauseReason::Agent;
    desk.ok(Command::Pause { item: item_id(1), reason });
    desk.wait(2_000);
    desk.enqueue(chat(3));
    assert_eq!(desk.who(3), Some(agent_id(1)));
}

#[test]
fn round_robin_asks_whoever_was_given_this_kind_longest_ago() {
    let mut desk = pair(AgentModel::RoundRobin);
    for (number, expected) in [(1, 1), (2, 2), (3, 1)] {
        desk.enqueue(email(number));
        assert_eq!(desk.who(number), Some(agent_id(expected)));
        desk.accept(number);
        desk.complete(number);
        desk.wait(1_000);
    }
}

#[test]
fn a_lower_ring_comes_before_any_model() {
    let members = vec![member(1, 1, 0), member(2, 0, 0)];
    let mut desk = Desk::with(QueueConfig { members, ..queue(1, &[]) }, &[1, 2]);
    desk.enqueue(chat(1));
    assert_eq!(desk.who(1), Some(agent_id(2)));
}

#[test]
fn a_member_with_a_delay_competes_once_the_item_is_old_enough() {
    let members = vec![member(1, 0, 5_000)];
    let mut desk = Desk::with(QueueConfig { members, ..queue(1, &[]) }, &[1]);
    assert_eq!(desk.enqueue(chat(1)).len(), 2);
    assert_eq!(desk.router.why(item_id(1)), [(agent_id(1), Some(FirstFailing::MembershipDelay))]);
    assert!(desk.wait(4_999).is_empty());
    assert_eq!(desk.wait(1).len(), 2);
}

#[test]
fn an_agent_serves_the_lower_ring_of_its_queues_first_whatever_the_age() {
    let mut desk = Desk::with(QueueConfig { members: vec![member(1, 1, 0)], ..queue(1, &[]) }, &[]);
    desk.put_queue(queue(2, &[1]));
    desk.enqueue(voice(1));
    desk.wait(60_000);
    desk.enqueue(Item { queue: queue_id(2), ..voice(2) });
    desk.put_agent(agent(1));
    desk.online(1);
    assert_eq!((desk.who(1), desk.who(2)), (None, Some(agent_id(1))));
}

#[test]
fn priority_is_worth_minutes_and_ties_are_first_come_first_served() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(chat(1));
    desk.enqueue(chat(2));
    desk.wait(59_999);
    desk.enqueue(Item { priority: 1, ..chat(3) });
    let places = [1, 2, 3].map(|number| desk.router.position(item_id(number)));
    assert_eq!(places, [Some(2), Some(3), Some(1)]);
}

#[test]
fn a_better_tier_is_served_before_any_age() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(Item { tier: 1, ..chat(1) });
    desk.wait(3_600_000);
    desk.enqueue(chat(2));
    assert_eq!(desk.router.position(item_id(2)), Some(1));
}

#[test]
fn a_head_that_does_not_fit_blocks_nobody_behind_it() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(chat(1));
    desk.accept(1);
    desk.wait(2_000);
    assert_eq!(desk.enqueue(voice(2)).len(), 2);
    assert_eq!(desk.enqueue(chat(3)).len(), 4);
}

#[test]
fn an_agent_who_frees_room_is_filled_until_nothing_fits() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(voice(1));
    desk.accept(1);
    for number in 2..=7 {
        desk.enqueue(email(number));
    }
    let told = desk.complete(1);
    assert_eq!(told.iter().filter(|line| line.starts_with("offer")).count(), 5, "five times 200 fit");
}

#[test]
fn mandatory_work_comes_first_and_goes_to_nobody_else() {
    let mut desk = Desk::new(&[1, 2]);
    desk.status(1, BUSY);
    assert_eq!(desk.enqueue(mandatory(chat(1), 1)).len(), 2);
    let why = desk.router.why(item_id(1));
    assert_eq!(why[1], (agent_id(2), Some(FirstFailing::MandatoryOther)));
    desk.status(2, BUSY);
    desk.enqueue(Item { priority: 100, ..chat(2) });
    let told = desk.status(1, AVAILABLE);
    assert_eq!(told[1], "item 1 queued>offered T6 matched");
}

#[test]
fn a_preferred_agent_has_a_window_and_loses_it_by_declining() {
    let mut desk = Desk::new(&[1, 2]);
    desk.status(2, BUSY);
    let until = desk.now().plus_ms(30_000);
    let preferred = Some(Preferred { agent: agent_id(2), until });
    assert_eq!(desk.enqueue(Item { preferred, ..chat(1) }).len(), 2);
    assert!(desk.wait(29_999).is_empty());
    assert_eq!(desk.wait(1)[1], "offer 1 to 1 pending", "then anyone");
    let preferred = Some(Preferred { agent: agent_id(1), until: desk.now().plus_ms(60_000) });
    desk.status(2, AVAILABLE);
    desk.wait(2_000);
    desk.enqueue(Item { preferred, ..chat(2) });
    assert_eq!(desk.who(2), Some(agent_id(1)));
    desk.decline(2);
    assert_eq!(desk.who(2), Some(agent_id(2)));
}

#[test]
fn required_skills_with_their_levels_decide_who_is_eligible() {
    let mut desk = Desk::new(&[1, 2]);
    desk.put_agent(AgentConfig { skills: [(skill_id(1), 3)].into(), ..agent(1) });
    let item = Item { required: [(skill_id(1), 4)].into(), ..chat(1) };
    assert_eq!(desk.enqueue(item).len(), 2);
    assert_eq!(
        desk.router.why(item_id(1)),
        [(agent_id(1), Some(FirstFailing::SkillLevel)), (agent_id(2), Some(FirstFailing::SkillMissing))]
    );
    let told = desk.put_agent(AgentConfig { skills: [(skill_id(1), 4)].into(), ..agent(1) });
    assert_eq!(told, ["item 1 queued>offered T6 matched", "offer 1 to 1 pending"]);
}

#[test]
fn a_new_member_is_offered_what_already_waits() {
    let mut desk = Desk::new(&[]);
    desk.put_agent(agent(1));
    desk.online(1);
    desk.enqueue(chat(1));
    assert_eq!(desk.router.why(item_id(1)), []);
    assert_eq!(desk.put_queue(queue(1, &[1])).len(), 2);
}

#[test]
fn limits_per_kind_and_units_hold() {
    let mut desk = Desk::new(&[1]);
    desk.put_agent(AgentConfig { channel_max: [(RoutingKind::Email, 1)].into(), ..agent(1) });
    desk.enqueue(email(1));
    desk.enqueue(email(2));
    assert_eq!(desk.router.why(item_id(2)), [(agent_id(1), Some(FirstFailing::ChannelMax))]);
    desk.enqueue(Item { units_milli: 1_001, ..chat(3) });
    assert_eq!(desk.router.why(item_id(3)), [(agent_id(1), Some(FirstFailing::OverCapacity))]);
}

#[test]
fn interruptible_work_shares_the_agents_capacity_with_primary_work() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(Item { units_milli: 900, ..chat(1) });
    desk.accept(1);
    assert_eq!(desk.enqueue(email(2)).len(), 2, "900 + 200 is too much");
    let load = desk.router.load(agent_id(1)).expect("known");
    assert_eq!((load.primary_milli, load.interruptible_milli), (900, 0));
}

#[test]
fn exclusive_work_neither_joins_primary_work_nor_lets_anything_join_it() {
    let mut desk = Desk::new(&[1]);
    desk.enqueue(Item { units_milli: 0, ..voice(1) });
    desk.wait(2_000);
    desk.enqueue(chat(2));
    assert_eq!(desk.router.why(item_id(2)), [(agent_id(1), Some(FirstFailing::ExclusiveBusy))]);
    desk.accept(1);
    desk.complete(1);
    desk.accept(2);
    desk.enqueue(Item { units_milli: 0, ..voice(3) });
    assert_eq!(desk.router.why(item_id(3)), [(agent_id(1), Some(FirstFailing::ExclusiveBusy))]);
}

#[test]
fn nobody_holds_more_than_a_hundred_items() {
    let mut desk = Desk::with(QueueConfig { auto_accept: true, ..queue(1, &[1]) }, &[1]);
    for number in 1..=101 {
        desk.enqueue(Item { units_milli: 0, ..email(number) });
    }
    assert_eq!(desk.router.why(item_id(101)), [(agent_id(1), Some(FirstFailing::HeldMax))]);
    desk.pull(101, 1, By::Supervisor(agent_id(9)));
    assert_eq!(desk.router.held(agent_id(1)).len(), 101);
}

#[test]
fn a_position_is_told_only_where_all_ask_the_same() {
    let mut desk = Desk::new(&[]);
    desk.enqueue(chat(1));
    assert!(desk.router.is_single_class(queue_id(1)));
    desk.enqueue(email(2));
    assert!(!desk.router.is_single_class(queue_id(1)));
    assert_eq!(desk.router.position(item_id(1)), None);
}

#[test]
fn a_changed_delay_or_model_acts_on_what_already_waits() {
    let members = vec![member(1, 0, 60_000), member(2, 0, 60_000)];
    let config = QueueConfig { members, ..queue(1, &[]) };
    let mut desk = Desk::with(config.clone(), &[1, 2]);
    desk.put_agent(AgentConfig { cap_primary_milli: 2_000, ..agent(2) });
    desk.enqueue(chat(1));
    let members = vec![member(1, 0, 0), member(2, 0, 0)];
    desk.put_queue(QueueConfig { members, agent_model: AgentModel::MostAvailable, ..config });
    assert_eq!(desk.who(1), Some(agent_id(2)));
}
