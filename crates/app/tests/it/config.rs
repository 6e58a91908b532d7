//! Routing configuration: changed as a whole, in force at once, never written when nothing changed.

use app::Error;
use app::config::{self, Noun};
use app::presence;
use domain::ids::{AgentId, QueueId};
use domain::routing::ItemState;
use serde_json::{Value, json};
use testkit::stores::BOTH;
use uuid::Uuid;

use crate::routing_scene::Scene;

fn every_day(from: &str, to: &str) -> Value {
    let day = json!([{ "from": from, "to": to }]);
    json!([day, day, day, day, day, day, day])
}

fn whole() -> Value {
    json!({
        "version": 1,
        "skills": [{ "key": "french", "kind": "language", "name": { "es": "Francés", "en": "French" } }],
        "hours": [{ "key": "office", "time_zone": "Europe/Madrid", "weekly": every_day("09:00", "18:00"),
            "exceptions": [{ "on": "2026-12-25", "intervals": [], "name": "Navidad" }] }],
        "decline_reasons": [{ "key": "busy-call", "name": { "es": "En llamada", "en": "On a call" } }],
        "presence_statuses": [{ "key": "lunch", "kind": "busy", "name": { "es": "Comida", "en": "Lunch" } }],
        "presence_configs": [{ "key": "juniors", "cap_primary_milli": 4000, "channel_max": { "chat": 2 },
            "decline_reason_ids": ["busy-call"], "status_on_decline": "lunch" }],
        "routing_configs": [{ "key": "slow", "agent_model": "round_robin", "offer_timeout_ms": 5000,
            "wrap_up": { "mode": "timeboxed", "max_ms": 30000 } }],
        "teams": [{ "key": "first-line", "name": "First line", "user_ids": ["dani@pedales.example"] }],
        "agents": [
            { "key": "dani", "user_id": "dani@pedales.example", "display_name": "Dani Mora",
                "presence_config_id": "juniors", "skills": [{ "skill_id": "french", "level": 7 }] },
            { "key": "bot", "display_name": "Helper", "queue_ids": ["night", "sales"] }
        ],
        "queues": [
            { "key": "sales", "routing_config_id": "slow", "hours_id": "office", "max_waiting": 20,
                "on_full": { "action": "overflow", "queue_id": "night" }, "on_closed": { "action": "wait" },
                "members": [{ "team_id": "first-line" }, { "agent_id": "bot", "tier": 1, "delay_ms": 5000 }],
                "wrap_up_code_required": true },
            { "key": "night", "routing_config_id": "slow" }
        ],
        "wrap_up_codes": [
            { "key": "fault", "name": { "es": "Avería", "en": "Fault" } },
            { "key": "brakes", "parent_id": "fault", "queue_ids": ["sales"] }
        ]
    })
}

#[tokio::test]
async fn a_document_applied_twice_changes_nothing_the_second_time() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let first = scene.apply(&whole()).await.expect("applied");
        assert_eq!((first.created.len(), first.updated.len(), first.unchanged_count), (12, 1, 0), "{first:?}");
        assert!(first.warnings.is_empty(), "both queues have somebody: {:?}", first.warnings);
        let before = scene.head().await;
        let second = scene.apply(&whole()).await.expect("applied again");
        assert_eq!((second.created.len(), second.updated.len(), second.removed.len()), (0, 0, 0), "{second:?}");
        assert_eq!(second.unchanged_count, 13);
        scene.head().await;
        assert_eq!(scene.events(before).await.len(), 0, "{engine:?}: no event, no audit record");
    }
}

#[tokio::test]
async fn what_is_shown_can_be_applied_and_is_the_same() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.apply(&whole()).await.expect("applied");
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let shown = config::show(ctx, actor).await.expect("shown");
        let yaml = config::to_yaml(&shown);
        let read = config::from_yaml(yaml.as_bytes()).expect("what we write we read");
        assert_eq!(read, shown);
        let applied = scene.apply(&read).await.expect("applied");
        let changes = (applied.created.len(), applied.updated.len(), applied.removed.len());
        assert_eq!(changes, (0, 0, 0), "{engine:?}: {applied:?}");
    }
}

#[tokio::test]
async fn a_rehearsal_says_what_would_change_and_changes_nothing() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let before = scene.head().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let applied = config::apply(ctx, actor, whole(), true).await.expect("rehearsed");
        assert_eq!(applied.created.len(), 12);
        scene.head().await;
        assert_eq!(scene.events(before).await.len(), 0, "{engine:?}: nothing is told");
        let queues = config::list(ctx, actor, Noun::Queue).await.expect("queues");
        assert_eq!(queues.len(), 1, "{engine:?}");
    }
}

#[tokio::test]
async fn every_fault_of_a_document_is_told_with_its_place_and_nothing_is_kept() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let document = json!({ "version": 1, "queues": [
            { "key": "a", "routing_config_id": "nowhere" },
            { "key": "B!", "routing_config_id": "chat", "max_waiting": 0 },
            { "key": "c", "routing_config_id": "chat", "mystery": 1 },
        ] });
        let Err(Error::ConfigInvalid(faults)) = scene.apply(&document).await else { panic!("{engine:?}: refused") };
        let told: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
        let expected = [
            ("/queues/0/routing_config_id", "unknown_reference"),
            ("/queues/1/key", "pattern"),
            ("/queues/1/max_waiting", "range"),
            ("/queues/2/mystery", "unknown_field"),
        ];
        assert_eq!(told, expected);
        let queues = config::list(&scene.world.ctx, &scene.current.actor, Noun::Queue).await.expect("queues");
        assert_eq!(queues.len(), 1);
    }
}

#[tokio::test]
async fn pruning_takes_away_what_a_list_does_not_name_but_nothing_that_is_needed() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.apply(&whole()).await.expect("applied");
        let document = json!({ "version": 1, "prune": true, "wrap_up_codes": [{ "key": "fault" }],
            "presence_statuses": [{ "key": "break", "kind": "busy" }, { "key": "lunch", "kind": "busy" }] });
        let applied = scene.apply(&document).await.expect("applied");
        let removed: Vec<&str> = applied.removed.iter().map(|named| named.key.as_str()).collect();
        assert_eq!(removed.len(), 4, "{removed:?}");
        assert!(removed.contains(&"brakes") && removed.contains(&"training"), "{removed:?}");
        scene.by_key(Noun::PresenceStatus, "offline").await;
        scene.by_key(Noun::PresenceStatus, "missed").await;
    }
}

#[tokio::test]
async fn queues_that_overflow_in_a_circle_are_refused() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let general = scene.by_key(Noun::Queue, "general").await;
        let spill = json!({ "action": "overflow", "queue_id": general.id() });
        let value = json!({ "key": "second", "routing_config_id": "chat", "on_full": spill });
        let second = scene.create(Noun::Queue, value).await.expect("a way out");
        let back = json!({ "on_closed": { "action": "overflow", "queue_id": second.id() } });
        let refused = scene.change(&general, back).await;
        assert!(matches!(refused, Err(Error::OverflowCycle(_))), "{engine:?}: {refused:?}");
    }
}

#[tokio::test]
async fn what_others_refer_to_is_not_removed() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let routing = scene.by_key(Noun::RoutingConfig, "chat").await;
        let refused = config::remove(ctx, actor, Noun::RoutingConfig, routing.id(), Some(1)).await;
        assert!(matches!(&refused, Err(Error::InUse { by }) if by == &["queue:general"]), "{refused:?}");
        let queue = scene.by_key(Noun::Queue, "general").await;
        let refused = config::remove(ctx, actor, Noun::Queue, queue.id(), Some(queue.version())).await;
        assert!(matches!(&refused, Err(Error::InUse { by }) if by == &["channel:web-chat"]), "{refused:?}");
        let free = scene.create(Noun::Queue, json!({ "key": "free", "routing_config_id": "chat" })).await.expect("new");
        let stale = config::remove(ctx, actor, Noun::Queue, free.id(), Some(9)).await;
        assert!(matches!(stale, Err(Error::VersionConflict { current: 1 })), "{stale:?}");
        config::remove(ctx, actor, Noun::Queue, free.id(), Some(1)).await.expect("nothing needs it");
        let gone = config::find(ctx, actor, Noun::Queue, free.id()).await;
        assert!(matches!(gone, Err(Error::NotFound)), "{engine:?}");
    }
}

#[tokio::test]
async fn a_queue_opens_by_itself_at_its_hour_and_what_waited_is_offered() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.available().await;
        // The clock of these tests stands at midday UTC.
        let hours = json!({ "key": "late", "time_zone": "UTC", "weekly": every_day("13:00", "14:00") });
        let hours = scene.create(Noun::Hours, hours).await.expect("hours");
        let queue = scene.by_key(Noun::Queue, "general").await;
        scene.change(&queue, json!({ "hours_id": hours.id() })).await.expect("closed from now on");
        let item = scene.write().await;
        assert_eq!(scene.state(item).await, Some(ItemState::Deferred), "{engine:?}");
        let before = scene.head().await;
        scene.world.clock.advance_ms(3_600_000);
        scene.tick().await;
        assert_eq!(scene.state(item).await, Some(ItemState::Offered), "{engine:?}");
        // PostgreSQL shows events once no older transaction of the whole server, of any other test, is under way.
        let opened = async {
            while !scene.events(before).await.iter().any(|event| event.kind == "queue.opened") {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, opened).await.unwrap_or_else(|_| panic!("{engine:?}: queue.opened is not told"));
    }
}

#[tokio::test]
async fn a_queue_closed_by_hand_puts_off_and_its_opening_lets_in() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.available().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let id = QueueId(scene.by_key(Noun::Queue, "general").await.id());
        let closed = config::set_queue_state(ctx, actor, id, "closed", Some("fire drill".to_owned())).await;
        let version = closed.expect("closed").version();
        let again = config::set_queue_state(ctx, actor, id, "closed", None).await.expect("closed already");
        assert_eq!(again.version(), version, "repeating it writes nothing");
        let item = scene.write().await;
        assert_eq!(scene.state(item).await, Some(ItemState::Deferred));
        config::set_queue_state(ctx, actor, id, "open", None).await.expect("opened");
        assert_eq!(scene.state(item).await, Some(ItemState::Offered), "{engine:?}");
    }
}

#[tokio::test]
async fn a_full_queue_rejects_only_when_told_to() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let queue = scene.by_key(Noun::Queue, "general").await;
        let queue = scene.change(&queue, json!({ "max_waiting": 1 })).await.expect("a limit");
        let (first, second) = (scene.write().await, scene.write().await);
        assert_eq!(scene.state(first).await, Some(ItemState::Queued));
        assert_eq!(scene.state(second).await, Some(ItemState::Deferred), "it waits for room");
        scene.change(&queue, json!({ "on_full": { "action": "reject" } })).await.expect("a refusal");
        let third = scene.write().await;
        assert_eq!(scene.state(third).await, None, "{engine:?}: cancelled with a reason");
    }
}

#[tokio::test]
async fn an_agent_serves_the_queues_of_their_teams_and_takes_what_limits_allow() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.apply(&whole()).await.expect("applied");
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let agent = actor.agent().expect("an agent");
        let view = app::agents::find(ctx, actor, agent).await.expect("readable");
        let sales = QueueId(scene.by_key(Noun::Queue, "sales").await.id());
        assert!(view.queues.contains(&sales), "by the team");
        let load = view.standpoint.expect("active").load;
        assert_eq!(load.channels[&domain::routing::RoutingKind::Chat], (0, Some(2)), "{engine:?}");
        let owner = ctx.runtime(actor.organization).expect("it runs").owner.clone();
        let members = owner.look(move |router| router.queue_config(sales).map(|queue| queue.members.len())).await;
        assert_eq!(members.expect("looks"), Some(2));
    }
}

#[tokio::test]
async fn an_agent_with_work_in_hand_is_not_switched_off() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let config = scene.by_key(Noun::PresenceConfig, "default").await;
        let accept = json!({ "auto_accept": true, "decline_allowed": false });
        scene.change(&config, accept).await.expect("accepts by itself");
        scene.available().await;
        let item = scene.write().await;
        assert_eq!(scene.state(item).await, Some(ItemState::Active), "{engine:?}: taken without ringing");
        let agent = scene.current.actor.agent().expect("an agent");
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let refused = config::remove(ctx, actor, Noun::Agent, agent.0, None).await;
        assert!(matches!(refused, Err(Error::AgentHasWork { count: 1 })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_bot_is_made_given_skills_and_queues_and_switched_off() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let skill = scene.create(Noun::Skill, json!({ "key": "french", "kind": "language" })).await.expect("a skill");
        let bot = scene.create(Noun::Agent, json!({ "key": "bot", "display_name": "Helper" })).await.expect("a bot");
        let id = AgentId(bot.id());
        let skills = json!([{ "skill_id": skill.id(), "level": 5 }]);
        config::set_agent_skills(ctx, actor, id, None, skills).await.expect("skilled");
        let queue = scene.by_key(Noun::Queue, "general").await;
        config::set_agent_queues(ctx, actor, id, None, json!([queue.id()])).await.expect("a member");
        let owner = ctx.runtime(actor.organization).expect("it runs").owner.clone();
        let known = owner.look(move |router| router.agent_config(id).map(|agent| agent.skills.len())).await;
        assert_eq!(known.expect("looks"), Some(1));
        config::remove(ctx, actor, Noun::Agent, id.0, None).await.expect("off");
        let known = owner.look(move |router| router.agent_config(id).is_some()).await.expect("looks");
        assert!(!known, "{engine:?}: the router forgets them");
        let unknown = config::set_agent_queues(ctx, actor, id, None, json!([Uuid::nil()])).await;
        assert!(matches!(unknown, Err(Error::Invalid(_))), "{unknown:?}");
    }
}

#[tokio::test]
async fn declining_needs_a_reason_once_there_are_any() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let reason = scene.create(Noun::DeclineReason, json!({ "key": "busy-call" })).await.expect("a reason");
        let config = scene.by_key(Noun::PresenceConfig, "default").await;
        let change = json!({ "decline_reason_ids": [reason.id()], "status_on_decline": "break" });
        scene.change(&config, change).await.expect("a reason is needed");
        scene.available().await;
        scene.write().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let offer = app::offers::mine(ctx, actor).await.expect("offers").remove(0).offer;
        let without = app::offers::decline(ctx, actor, offer.id, offer.epoch, None).await;
        let is_refused = matches!(without, Err(Error::Refused(domain::routing::Refused::DeclineReasonRequired)));
        assert!(is_refused, "{without:?}");
        let strange = app::offers::decline(ctx, actor, offer.id, offer.epoch, Some(Uuid::nil().into())).await;
        assert!(matches!(strange, Err(Error::Invalid(_))), "{strange:?}");
        let id = Some(reason.id().into());
        app::offers::decline(ctx, actor, offer.id, offer.epoch, id).await.expect("declined");
        let status = presence::mine(ctx, actor).await.expect("presence").presence.status;
        assert_eq!(status.0, scene.by_key(Noun::PresenceStatus, "break").await.id(), "{engine:?}");
    }
}
