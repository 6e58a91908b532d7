//! Work from outside, in hand, handed on, ended: what is refused changes nothing, nothing is lost.

use app::Error;
use app::config::Noun;
use app::work_create::{self, NewWork};
use app::work_manage::{self, Change, Target};
use app::{dispositions, explain, offers, presence, work};
use domain::ids::{AgentId, QueueId, WorkItemId};
use domain::routing::{CloseReason, FirstFailing, ItemState, PauseReason, Refused, RoutingKind};
use serde_json::{Map, json};
use testkit::stores::BOTH;

use crate::routing_scene::Scene;

impl Scene {
    async fn queue(&self) -> QueueId {
        QueueId(self.by_key(Noun::Queue, "general").await.id())
    }

    async fn task(&self) -> NewWork {
        NewWork {
            kind: "task".to_owned(),
            routing_kind: RoutingKind::Task,
            queue: self.queue().await,
            subject: Map::from_iter([("title".to_owned(), json!("Call the shop"))]),
            customer: None,
            priority: None,
            secondary: None,
            units_milli: None,
            is_interruptible: None,
            required: Vec::new(),
            preferred: None,
            attributes: Map::new(),
            enqueued_at: None,
            wake_at: None,
            external_id: None,
        }
    }

    async fn create_work(&self, new: NewWork) -> Result<work_create::Created, Error> {
        work_create::create(&self.world.ctx, &self.current.actor, new).await
    }

    /// A task that the agent has in hand.
    async fn held_task(&self) -> WorkItemId {
        self.available().await;
        let created = self.create_work(self.task().await).await.expect("taken in");
        let (ctx, actor) = (&self.world.ctx, &self.current.actor);
        let offer = offers::mine(ctx, actor).await.expect("offers").remove(0).offer;
        offers::accept(ctx, actor, offer.id, offer.epoch).await.expect("accepted");
        created.work.item.id
    }

    /// A queue with time for wrap-up that wants a code.
    async fn wants_codes(&self, wrap_up_ms: i64) {
        let routing = self.by_key(Noun::RoutingConfig, "chat").await;
        self.change(&routing, json!({ "wrap_up_ms": wrap_up_ms })).await.expect("wrap-up");
        let queue = self.by_key(Noun::Queue, "general").await;
        self.change(&queue, json!({ "wrap_up_code_required": true })).await.expect("codes");
    }

    async fn rows(&self, id: WorkItemId) -> Vec<i64> {
        let history = explain::history(&self.world.ctx, &self.current.actor, id).await.expect("history");
        history.iter().map(|step| step.row).collect()
    }
}

#[tokio::test]
async fn work_from_outside_is_offered_once_however_often_it_is_sent() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.available().await;
        let new = NewWork { external_id: Some("crm-7".to_owned()), ..scene.task().await };
        let created = scene.create_work(new.clone()).await.expect("taken in");
        assert_eq!(created.work.item.state, ItemState::Offered, "{engine:?}");
        assert!(!created.is_unstaffed);
        let again = scene.create_work(new).await;
        let id = created.work.item.id.0;
        assert!(matches!(again, Err(Error::AlreadyExists { existing_id: Some(known) }) if known == id), "{again:?}");
        let offers = offers::mine(&scene.world.ctx, &scene.current.actor).await.expect("offers");
        assert_eq!(offers.len(), 1);
        let subject = offers[0].work.matter.as_ref().and_then(|matter| matter.subject.clone());
        assert_eq!(subject, Some(json!({ "title": "Call the shop" })));
    }
}

#[tokio::test]
async fn work_that_makes_no_sense_is_refused_and_nobody_could_take_is_told() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let negative = NewWork { units_milli: Some(-1), ..scene.task().await };
        assert!(matches!(scene.create_work(negative).await, Err(Error::Invalid(_))));
        let skill = scene.create(Noun::Skill, json!({ "key": "french" })).await.expect("a skill");
        let skilled = NewWork { required: vec![(skill.id().into(), 5)], ..scene.task().await };
        let created = scene.create_work(skilled).await.expect("taken in");
        assert!(created.is_unstaffed, "{engine:?}: nobody speaks French");
        let why = explain::explain(&scene.world.ctx, &scene.current.actor, created.work.item.id).await.expect("why");
        assert_eq!(why.agents[0].first_failing, Some(FirstFailing::Offline));
        scene.available().await;
        let why = explain::explain(&scene.world.ctx, &scene.current.actor, created.work.item.id).await.expect("why");
        assert_eq!(why.agents[0].first_failing, Some(FirstFailing::SkillMissing));
        assert_eq!(why.position, Some(1));
    }
}

#[tokio::test]
async fn pausing_and_resuming_may_be_repeated() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let id = scene.held_task().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        for _ in 0..2 {
            let paused = work_manage::pause(ctx, actor, id, PauseReason::WaitingCustomer).await.expect("aside");
            assert_eq!(paused.item.state, ItemState::Paused, "{engine:?}");
        }
        for _ in 0..2 {
            let resumed = work_manage::resume(ctx, actor, id).await.expect("again");
            assert_eq!(resumed.item.state, ItemState::Active);
        }
        assert_eq!(scene.rows(id).await, [1, 2, 6, 10, 13, 14]);
        let interrupted = work_manage::pause(ctx, actor, id, PauseReason::Interrupted).await;
        assert!(matches!(interrupted, Err(Error::Invalid(_))), "only the router interrupts");
    }
}

#[tokio::test]
async fn wrap_up_ends_with_a_code_or_by_time_without_one() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.wants_codes(30_000).await;
        let code = scene.create(Noun::WrapUpCode, json!({ "key": "fault" })).await.expect("a code");
        let id = scene.held_task().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let done = work::complete(ctx, actor, id).await.expect("done");
        assert_eq!(done.item.state, ItemState::WrapUp);
        let refused = work::finish_wrap_up(ctx, actor, id).await;
        assert!(matches!(refused, Err(Error::WrapUpCodeRequired)), "{engine:?}: {refused:?}");
        let unknown = dispositions::set(ctx, actor, id, Some(uuid::Uuid::nil().into()), None).await;
        assert!(matches!(unknown, Err(Error::Invalid(_))));
        let set = dispositions::set(ctx, actor, id, Some(code.id().into()), Some("chain".to_owned())).await;
        assert!(!set.expect("said").is_code_missing);
        let finished = work::finish_wrap_up(ctx, actor, id).await.expect("finished");
        assert_eq!(finished.item.state, ItemState::Closed);
        let late = dispositions::set(ctx, actor, id, None, None).await;
        assert!(matches!(late, Err(Error::NotFound | Error::Refused(_) | Error::Denied(_))), "{late:?}");
    }
}

#[tokio::test]
async fn the_timer_of_wrap_up_marks_that_the_code_is_missing() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.wants_codes(30_000).await;
        let id = scene.held_task().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        work::complete(ctx, actor, id).await.expect("done");
        work::extend_wrap_up(ctx, actor, id).await.expect("more time");
        scene.world.clock.advance_ms(30_000);
        scene.tick().await;
        assert_eq!(scene.state(id).await, Some(ItemState::WrapUp), "the extension holds");
        scene.world.clock.advance_ms(60_000);
        scene.tick().await;
        let said = dispositions::find(ctx, actor, id).await.expect("readable").expect("noted");
        assert!(said.is_code_missing && said.code_id.is_none(), "{engine:?}");
        assert_eq!(said.agent_id, actor.standing.agent);
    }
}

#[tokio::test]
async fn without_time_for_wrap_up_the_code_is_wanted_before_the_end() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.wants_codes(0).await;
        let code = scene.create(Noun::WrapUpCode, json!({ "key": "fault" })).await.expect("a code");
        let id = scene.held_task().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let refused = work::complete(ctx, actor, id).await;
        assert!(matches!(refused, Err(Error::WrapUpCodeRequired)), "{engine:?}: {refused:?}");
        dispositions::set(ctx, actor, id, Some(code.id().into()), None).await.expect("said");
        let closed = work::complete(ctx, actor, id).await.expect("closed");
        assert_eq!(closed.item.close_reason, Some(CloseReason::Completed));
    }
}

#[tokio::test]
async fn a_transfer_closes_one_item_and_goes_on_in_another_with_its_age() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let second = json!({ "key": "second", "routing_config_id": "chat" });
        let second = QueueId(scene.create(Noun::Queue, second).await.expect("a queue").id());
        let id = scene.held_task().await;
        scene.world.clock.advance_ms(5_000);
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let made = work_manage::transfer(ctx, actor, id, Target::Queue(second), true, None).await.expect("handed on");
        assert_eq!(made.closed.item.close_reason, Some(CloseReason::Transferred));
        assert_eq!(made.created.item.previous, Some(id));
        assert_eq!((made.created.item.state, made.created.item.queue), (ItemState::Queued, second), "{engine:?}");
        assert!(made.created.item.age_adjust_ms >= 5_000, "the age goes with it");
        let title = made.created.matter.as_ref().and_then(|matter| matter.subject.clone());
        assert_eq!(title, Some(json!({ "title": "Call the shop" })), "and what it is about");
        assert_eq!(scene.rows(made.created.item.id).await, [1, 2]);
        assert_eq!(scene.rows(id).await.last(), Some(&18));
    }
}

#[tokio::test]
async fn a_refused_transfer_leaves_nothing_behind() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let id = scene.held_task().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let nowhere = Target::Queue(QueueId(uuid::Uuid::nil()));
        let refused = work_manage::transfer(ctx, actor, id, nowhere, true, None).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        work::complete(ctx, actor, id).await.expect("closed");
        let to = Target::Queue(scene.queue().await);
        let late = work_manage::transfer(ctx, actor, id, to, true, None).await;
        assert!(late.is_err(), "{late:?}");
        let all = work::list(ctx, actor, work::Filter::default(), None, 100).await.expect("work");
        assert_eq!(all.len(), 1, "{engine:?}: no second item");
    }
}

#[tokio::test]
async fn work_handed_to_an_agent_waits_for_them_and_then_for_anybody() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let bot = scene.create(Noun::Agent, json!({ "key": "bot", "display_name": "Helper" })).await.expect("a bot");
        let id = scene.held_task().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let to = Target::Agent(AgentId(bot.id()));
        let made = work_manage::transfer(ctx, actor, id, to, true, None).await.expect("handed on");
        let next = made.created.item.id;
        assert_eq!(scene.state(next).await, Some(ItemState::Queued), "they are not there");
        scene.world.clock.advance_ms(601_000);
        scene.tick().await;
        assert_eq!(scene.state(next).await, Some(ItemState::Offered), "{engine:?}: then anybody");
    }
}

#[tokio::test]
async fn a_supervisor_moves_gives_and_ends_work_with_a_reason() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let id = scene.create_work(scene.task().await).await.expect("taken in").work.item.id;
        let change = Change { priority: Some(20), attributes: Some(Map::new()), ..Change::default() };
        let edited = work_manage::edit(ctx, actor, id, change).await.expect("edited");
        assert_eq!(edited.item.priority, 20);
        let me = Target::Agent(actor.agent().expect("an agent"));
        let without = work_manage::reassign(ctx, actor, id, me, " ").await;
        assert!(matches!(without, Err(Error::ReasonRequired)), "{without:?}");
        let given = work_manage::reassign(ctx, actor, id, me, "they asked for Dani").await.expect("given");
        assert_eq!((given.item.state, given.item.agent), (ItemState::Active, actor.standing.agent), "{engine:?}");
        let late = work_manage::edit(ctx, actor, id, Change { priority: Some(1), ..Change::default() }).await;
        assert!(matches!(late, Err(Error::Refused(Refused::ItemState { .. }))), "{late:?}");
        for _ in 0..2 {
            let ended = work_manage::cancel(ctx, actor, id, "a test").await.expect("ended");
            assert_eq!(ended.item.state, ItemState::Cancelled);
        }
        assert_eq!(scene.rows(id).await, [1, 2, 8, 12, 24]);
    }
}

#[tokio::test]
async fn a_supervisor_sets_a_status_and_signs_out_with_a_reason() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.available().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let agent = actor.agent().expect("an agent");
        let change = || presence::Change { status: "break".to_owned(), is_next: false, is_confirmed: true };
        let without = presence::set_for(ctx, actor, agent, change(), "").await;
        assert!(matches!(without, Err(Error::ReasonRequired)));
        let set = presence::set_for(ctx, actor, agent, change(), "lunch is due").await.expect("set");
        assert_eq!(set.presence.status.0, scene.by_key(Noun::PresenceStatus, "break").await.id());
        let out = presence::force_logout(ctx, actor, agent, "left without signing out").await.expect("out");
        assert_eq!(out.presence.session, None);
        let sessions = app::sessions::list(ctx, actor.organization, actor.user().expect("a user")).await;
        assert!(sessions.expect("sessions").is_empty(), "{engine:?}");
    }
}

#[tokio::test]
async fn a_page_of_work_holds_what_a_filter_takes() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        for _ in 0..3 {
            scene.create_work(scene.task().await).await.expect("taken in");
        }
        let queue = Some(scene.queue().await);
        let filter = || work::Filter { states: vec![ItemState::Queued], queue, ..work::Filter::default() };
        let first = work::list(ctx, actor, filter(), None, 2).await.expect("a page");
        let before = first.last().map(|row| row.item.id.0);
        let second = work::list(ctx, actor, filter(), before, 2).await.expect("a page");
        assert_eq!((first.len(), second.len()), (2, 1), "{engine:?}");
        let none = work::Filter { kind: Some("case".to_owned()), ..filter() };
        assert!(work::list(ctx, actor, none, None, 2).await.expect("a page").is_empty());
    }
}
