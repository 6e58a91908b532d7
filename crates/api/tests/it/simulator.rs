//! Simulated customers walk in through the public doors of a served installation.

use std::net::SocketAddr;
use std::time::Duration;

use app::Error;
use app::live::{Filter, Heard, StaffFilter};
use app::simulator::{self, Input};
use testkit::stores::{Engine, Ephemeral};
use testkit::world::World;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn customers_of_a_run_come_by_the_widgets_doors_and_leave_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let world = World::at(Ephemeral::new(Engine::Sqlite).await, format!("http://{address}")).await;
    let current = world.set_up().await;
    let router = api::router(world.ctx.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let runtime = world.ctx.runtime(current.actor.organization).expect("it runs");
    let topics = ["inbox".to_owned()].into();
    let filter = StaffFilter { standing: current.actor.standing.clone(), topics };
    let mut feed = runtime.hub.subscribe(Filter::Staff(filter), None);

    let input = Input { script: "cambio_roto".to_owned(), seed: 7, rate_per_min: 500 };
    let run = simulator::start(&world.ctx, &current.actor, input.clone()).await.expect("it starts");
    let mut names = Vec::new();
    let coming = async {
        while names.len() < 3 {
            if let Heard::Event(live) = feed.next().await.expect("the feed goes on")
                && live.event.kind == "conversation.created"
            {
                names.push(live.content.customer.as_ref().and_then(|c| c.name.clone()).unwrap_or_default());
            }
        }
    };
    tokio::time::timeout(PATIENCE, coming).await.expect("three customers come");
    let scripts = simulator::scripts(&current.actor).expect("allowed");
    let script = scripts.into_iter().find(|script| script.key == "cambio_roto").expect("the script");
    assert!(names.iter().all(|name| script.personas.contains(name)), "{names:?}");

    assert_eq!(simulator::runs(&world.ctx, &current.actor).expect("allowed").len(), 1);
    simulator::stop(&world.ctx, &current.actor, run.id).await.expect("it stops");
    let again = simulator::stop(&world.ctx, &current.actor, run.id).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
    let unknown = Input { script: "nobody".to_owned(), ..input.clone() };
    assert!(matches!(simulator::start(&world.ctx, &current.actor, unknown).await, Err(Error::Invalid(_))));
    let crowd = Input { rate_per_min: 501, ..input };
    assert!(matches!(simulator::start(&world.ctx, &current.actor, crowd).await, Err(Error::Invalid(_))));
    serving.abort();
}
