//! Conversations scattered at random over queues and owners, to compare what lists show with what may be opened.

use db::Kind::Uuid as Id;
use db::{Sql, Tx, Value};
use domain::ids::{AgentId, OrganizationId, QueueId};
use domain::routing::Member;
use jiff::Timestamp;
use store::queues::Queue;
use uuid::Uuid;

use crate::world::World;

const CONVERSATIONS: Sql = Sql::new(
    "testkit.conversations",
    "SELECT id FROM conversations WHERE organization_id = $1 ORDER BY id LIMIT 10000",
    &[Id],
);
const PLACE: Sql = Sql::new(
    "testkit.place",
    "UPDATE conversations SET queue_id = $3, owner_agent_id = $4 WHERE organization_id = $1 AND id = $2",
    &[],
);

/// Chance that replays.
#[derive(Clone, Copy)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((x ^ (x >> 31)) >> 33).unwrap_or_default() % sides.max(1)
    }

    /// One of `things`, or none.
    fn pick<T: Copy>(&mut self, things: &[T]) -> Option<T> {
        let place = self.roll(things.len() + 1);
        things.get(place).copied()
    }
}

#[derive(Clone)]
struct Input {
    org: OrganizationId,
    queue_ids: [Uuid; 3],
    dice: Dice,
    now: Timestamp,
}

impl World {
    /// Adds three queues, makes some agents members, and gives every conversation a queue and an owner, or none.
    ///
    /// # Panics
    /// When the store refuses.
    pub async fn scatter(&self, seed: u64) {
        let org = app::setup::organizations(&self.ctx).await.expect("it reads")[0];
        let input = Input { org, queue_ids: self.ctx.new_ids(), dice: Dice(seed), now: self.ctx.now() };
        let done = self.ephemeral.store.write("testkit.scatter", input, |tx, input| Box::pin(scatter(tx, input))).await;
        done.expect("it is written");
    }
}

async fn scatter(tx: &mut Tx<'_>, input: Input) -> Result<(), db::Error> {
    let Input { org, queue_ids, mut dice, now } = input;
    let agents: Vec<AgentId> = store::agents::list(tx, org).await?.into_iter().map(|agent| agent.id).collect();
    let first = store::queues::list(tx, org).await?.into_iter().next().expect("there is a queue");
    let mut queues = vec![first.id];
    for id in queue_ids {
        let queue = Queue { id: QueueId(id), key: format!("q-{}", id.simple()), ..first.clone() };
        store::queues::insert(tx, &queue, now).await?;
        queues.push(queue.id);
        for agent in agents.iter().filter(|_| dice.roll(2) == 0) {
            store::queues::put_member(tx, org, queue.id, Member { agent: *agent, tier: 0, delay_ms: 0 }).await?;
        }
    }
    let conversations: Vec<Uuid> = tx.all(&CONVERSATIONS, &[org.0.into()], |row| row.get(0)).await?;
    for id in conversations {
        let queue: Value = dice.pick(&queues).map(|queue| queue.0).into();
        let owner: Value = dice.pick(&agents).map(|agent| agent.0).into();
        tx.exec_one(&PLACE, &[org.0.into(), id.into(), queue, owner]).await?;
    }
    Ok(())
}
