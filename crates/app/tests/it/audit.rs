//! The chain of audit records tells when one was changed, removed or slipped in.

use app::audit;
use app::sessions::Current;
use app::teams::{self, Input};
use db::Sql;
use testkit::stores::BOTH;
use testkit::world::World;

const CHANGE: Sql = Sql::new(
    "tests.change",
    "UPDATE audit_records SET action = 'team.forged' WHERE organization_id = $1 AND seal = 2",
    &[],
);
const REMOVE: Sql = Sql::new("tests.remove", "DELETE FROM audit_records WHERE organization_id = $1 AND seal = 2", &[]);
const SWAP: Sql = Sql::new(
    "tests.swap",
    "UPDATE audit_records SET after = '{\"name\": \"other\"}' WHERE organization_id = $1 AND seal = 2",
    &[],
);

async fn three_teams(world: &World) -> Current {
    let current = world.set_up().await;
    for key in ["a", "b", "c"] {
        let input = Input { key: key.to_owned(), name: "T".to_owned(), ..Input::default() };
        teams::create(&world.ctx, &current.actor, input).await.expect("made");
    }
    // The job of the installation may be at it too; then one of the two does the work.
    while audit::seal(&world.ctx, current.actor.organization).await.is_err() {}
    current
}

#[tokio::test]
async fn a_chain_that_nobody_touched_is_intact() {
    for engine in BOTH {
        let world = World::new(engine).await;
        let current = three_teams(&world).await;
        let verdict = audit::verify(&world.ctx, &current.actor).await.expect("verified");
        assert_eq!((verdict.is_intact, verdict.sealed_count, verdict.unsealed_count), (true, 3, 0));
        assert_eq!(audit::seal(&world.ctx, current.actor.organization).await.expect("sealed"), 0, "sealed once");
    }
}

#[tokio::test]
async fn whatever_is_done_to_a_record_breaks_the_chain_there() {
    for engine in BOTH {
        for sql in [&CHANGE, &REMOVE, &SWAP] {
            let world = World::new(engine).await;
            let current = three_teams(&world).await;
            let org = current.actor.organization;
            world
                .ephemeral
                .store
                .write("tests.forge", (org, sql), |tx, (org, sql)| {
                    Box::pin(async move { tx.exec(sql, &[org.0.into()]).await.map(drop) })
                })
                .await
                .expect("it is written");
            let verdict = audit::verify(&world.ctx, &current.actor).await.expect("verified");
            assert_eq!((verdict.is_intact, verdict.sealed_count), (false, 1), "{}", sql.name);
            assert!(verdict.first_broken_id.is_some());
        }
    }
}
