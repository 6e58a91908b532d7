//! A call with a key takes effect once, whatever happens between its effect and its answer.

use app::Error;
use app::idempotency::{self, Begun, Call};
use app::sessions::Current;
use app::teams::{self, Input};
use serde_json::json;
use testkit::stores::BOTH;
use testkit::world::World;

fn call(current: &Current) -> Call {
    Call {
        organization: current.actor.organization,
        owner: current.user.id.0,
        operation: "POST /teams".to_owned(),
        key: "k1".to_owned(),
    }
}

async fn create(world: &World, current: &Current, key: &str) -> Result<(), Error> {
    let input = Input { key: key.to_owned(), name: "T".to_owned(), ..Input::default() };
    teams::create(&world.ctx, &current.actor, input).await.map(drop)
}

async fn count(world: &World, current: &Current) -> usize {
    teams::list(&world.ctx, &current.actor, None, 100).await.expect("listed").len()
}

async fn begin(world: &World, current: &Current) -> Result<Begun, Error> {
    idempotency::begin(&world.ctx, call(current), vec![7; 32]).await
}

#[tokio::test]
async fn a_crash_between_effect_and_answer_doubles_nothing() {
    for engine in BOTH {
        let mut world = World::new(engine).await;
        let current = world.set_up().await;
        let Ok(Begun::Run(claim)) = begin(&world, &current).await else { panic!("it may run") };
        idempotency::scope(claim, create(&world, &current, "a")).await.expect("made");
        world.crash_and_restart().await;
        let soon = begin(&world, &current).await;
        assert!(matches!(soon, Err(Error::IdempotencyInProgress)), "{soon:?}");
        world.clock.advance_ms(31_000);
        let later = begin(&world, &current).await;
        assert!(matches!(later, Err(Error::AlreadyExists { .. })), "{later:?}");
        assert_eq!(count(&world, &current).await, 1);
    }
}

#[tokio::test]
async fn a_crash_before_the_effect_leaves_no_key() {
    for engine in BOTH {
        let mut world = World::new(engine).await;
        let current = world.set_up().await;
        let Ok(Begun::Run(claim)) = begin(&world, &current).await else { panic!("it may run") };
        drop(claim);
        world.crash_and_restart().await;
        assert!(matches!(begin(&world, &current).await, Ok(Begun::Run(_))));
    }
}

#[tokio::test]
async fn two_processes_cannot_both_take_effect() {
    for engine in BOTH {
        let mut world = World::new(engine).await;
        let current = world.set_up().await;
        let Ok(Begun::Run(first)) = begin(&world, &current).await else { panic!("it may run") };
        world.crash_and_restart().await;
        let Ok(Begun::Run(second)) = begin(&world, &current).await else { panic!("nothing was written yet") };
        idempotency::scope(first, create(&world, &current, "a")).await.expect("made");
        let late = idempotency::scope(second.clone(), create(&world, &current, "b")).await;
        assert!(late.is_err() && second.is_lost());
        assert_eq!(count(&world, &current).await, 1);
    }
}

#[tokio::test]
async fn an_answer_is_repeated_to_the_same_body_only() {
    for engine in BOTH {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        let Ok(Begun::Run(claim)) = begin(&world, &current).await else { panic!("it may run") };
        idempotency::scope(claim.clone(), create(&world, &current, "a")).await.expect("made");
        let running = begin(&world, &current).await;
        assert!(matches!(running, Err(Error::IdempotencyInProgress)), "{running:?}");
        idempotency::finish(&world.ctx, &claim, Some((201, json!({ "id": 1 })))).await.expect("noted");
        drop(claim);
        let again = begin(&world, &current).await;
        assert!(matches!(again, Ok(Begun::Answered { status: 201, ref body }) if body["id"] == 1), "{again:?}");
        let other = idempotency::begin(&world.ctx, call(&current), vec![8; 32]).await;
        assert!(matches!(other, Err(Error::IdempotencyMismatch)), "{other:?}");
        world.clock.advance_ms(24 * 3_600_000);
        assert!(matches!(begin(&world, &current).await, Ok(Begun::Run(_))), "forgotten after a day");
    }
}

#[tokio::test]
async fn a_refused_effect_leaves_no_key() {
    for engine in BOTH {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        create(&world, &current, "a").await.expect("made");
        let Ok(Begun::Run(claim)) = begin(&world, &current).await else { panic!("it may run") };
        let refused = idempotency::scope(claim.clone(), create(&world, &current, "a")).await;
        assert!(matches!(refused, Err(Error::AlreadyExists { .. })));
        idempotency::finish(&world.ctx, &claim, None).await.expect("noted");
        drop(claim);
        assert!(matches!(begin(&world, &current).await, Ok(Begun::Run(_))));
    }
}
