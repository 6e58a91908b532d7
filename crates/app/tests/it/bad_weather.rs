//! What the world does to a store at work: a transaction that commits late, a disk that is full.

use std::sync::Arc;
use std::time::Duration;

use app::Error;
use app::conversations::{self, Handle, Received};
use app::live::{Filter, Heard, StaffFilter, Subscription};
use app::model::Channel;
use app::offers;
use app::presence::{self, Change};
use app::sessions::Current;
use app::widget::{self, Arrival, Session, VisitorMessage};
use testkit::stores::{BOTH, Engine, Ephemeral, stranger};
use testkit::world::World;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);

/// An installation with an agent who is there, their feed, and a web chat.
struct Desk {
    world: World,
    current: Current,
    feed: Subscription,
    channel: Arc<Channel>,
}

impl Desk {
    async fn on(ephemeral: Ephemeral) -> Self {
        let world = World::on(ephemeral).await;
        let current = world.set_up().await;
        let hub = world.ctx.runtime(current.actor.organization).expect("it runs").hub.clone();
        let topics = ["inbox".to_owned(), "org".to_owned()].into();
        let filter = StaffFilter { standing: current.actor.standing.clone(), topics };
        let feed = hub.subscribe(Filter::Staff(filter), current.actor.session.map(|s| s.0));
        hub.set_routable(feed.id, current.actor.agent().expect("an agent"), true);
        presence::session_opened(&world.ctx, &current.actor).await.expect("a session");
        let change = Change { status: "available".to_owned(), is_next: false, is_confirmed: false };
        presence::set_own(&world.ctx, &current.actor, change).await.expect("available");
        let key = app::organization::demo_widget_key(&world.ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(&world.ctx, &key).await.expect("the channel");
        Self { world, current, feed, channel }
    }

    async fn visitor(&self) -> Result<Session, Error> {
        let arrival = Arrival { language: "es".to_owned(), name: Some("Lucía".to_owned()), ..Arrival::default() };
        widget::open(&self.world.ctx, &self.channel, arrival).await
    }

    async fn write(&self, session: &Session, id: Uuid, text: &str) -> Result<Received, Error> {
        let message = VisitorMessage {
            client_message_id: id,
            conversation: None,
            text: text.to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        widget::post_message(&self.world.ctx, &self.channel, &session.visitor, message).await.map(|made| made.received)
    }

    /// The next events of these kinds, as many as there are kinds, in the order in which they come.
    async fn hear(&mut self, kinds: &[&str]) -> Vec<String> {
        let mut heard = Vec::new();
        let listening = async {
            while heard.len() < kinds.len() {
                match self.feed.next().await.expect("the feed goes on") {
                    Heard::Event(live) if kinds.contains(&live.event.kind.as_str()) => {
                        heard.push(live.event.kind.clone());
                    }
                    Heard::Event(_) | Heard::Hidden(..) | Heard::Mark(_) | Heard::Signal(_) => {}
                    Heard::Lagged(_) | Heard::Revoked | Heard::Rights => panic!("the feed broke"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, listening).await.unwrap_or_else(|_| panic!("{kinds:?} were not heard"));
        heard
    }
}

/// SQLite has one writer: there nobody can commit late.
#[tokio::test]
async fn an_event_that_commits_late_reaches_the_feed_in_its_place() {
    let mut desk = Desk::on(Ephemeral::new(Engine::Postgres).await).await;
    let visitor = desk.visitor().await.expect("a session");
    let mut other = stranger(&desk.world.ephemeral.address).await;
    let late = other.transaction().await.expect("a transaction");
    let insert = "INSERT INTO events (organization_id, id, type, version, at, actor, data)
                  VALUES ($1, $2, 'organization.late', 1, now(), '{}', '{}')";
    let (org, id) = (desk.current.actor.organization.0, desk.world.ctx.new_id());
    late.execute(insert, &[&org, &id]).await.expect("the late one inserts first");

    let written = desk.write(&visitor, desk.world.ctx.new_id(), "hola").await.expect("taken in meanwhile");
    let seen = widget::messages(&desk.world.ctx, &visitor.visitor, written.conversation.id, None, 50).await;
    assert_eq!(seen.expect("readable").len(), 1, "reading does not wait for the open transaction");
    while let Some(heard) = desk.feed.try_next() {
        let is_early = matches!(&heard, Heard::Event(live) if live.event.kind == "entry.created");
        assert!(!is_early, "the feed went past an open transaction");
    }

    late.commit().await.expect("the late one commits");
    let heard = desk.hear(&["organization.late", "entry.created"]).await;
    assert_eq!(heard, ["organization.late", "entry.created"]);
}

#[tokio::test]
async fn a_full_disk_refuses_writes_loses_nothing_and_is_left_behind() {
    for engine in BOTH {
        let mut desk = Desk::on(Ephemeral::new(engine).await.limited().await).await;
        let ctx = desk.world.ctx.clone();
        let visitor = desk.visitor().await.expect("a session");
        let first = desk.write(&visitor, ctx.new_id(), "antes").await.expect("there is room");
        desk.hear(&["offer.created"]).await;
        let ringing = offers::mine(&ctx, &desk.current.actor).await.expect("offers").remove(0);

        desk.world.ephemeral.fill().await;
        let mut acknowledged = vec![first.entry.id];
        let refused_id = fill_up(&desk, &visitor, &mut acknowledged).await;
        match offers::accept(&ctx, &desk.current.actor, ringing.offer.id, ringing.offer.epoch).await {
            // What fits into pages that are there already is written; PostgreSQL's trigger lets nothing pass.
            Ok(_) => assert_eq!(engine, Engine::Sqlite),
            Err(error) => assert!(matches!(error, Error::StorageFull), "{engine:?}: {error:?}"),
        }
        conversations::find(&ctx, &desk.current.actor, Handle::Number(1)).await.expect("reads go on");
        offers::mine(&ctx, &desk.current.actor).await.expect("looking at the router goes on");

        desk.world.ephemeral.free().await;
        let again = desk.write(&visitor, refused_id, &long_text()).await.expect("there is room again");
        assert!(!again.is_repeated, "what was refused had left nothing behind");
        acknowledged.push(again.entry.id);
        let id = first.conversation.id;
        let newest = conversations::Around::Newest;
        let stored = conversations::entries(&ctx, &desk.current.actor, id, newest, Vec::new(), 200).await;
        let stored: Vec<_> = stored.expect("readable").entries.iter().rev().map(|e| e.id).collect();
        assert_eq!(stored, acknowledged, "{engine:?}: all that was acknowledged, once, in order");
        routing_goes_on(&mut desk).await;
    }
}

fn long_text() -> String {
    "áéíóú".repeat(1_500)
}

/// Writes until the disk is full; the id of the message that was refused.
async fn fill_up(desk: &Desk, visitor: &Session, acknowledged: &mut Vec<domain::ids::EntryId>) -> Uuid {
    for _ in 0..100 {
        let id = desk.world.ctx.new_id();
        match desk.write(visitor, id, &long_text()).await {
            Ok(received) => acknowledged.push(received.entry.id),
            Err(Error::StorageFull) => return id,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("the disk never filled up");
}

/// A new customer is offered to the agent, whose socket was open all the time.
async fn routing_goes_on(desk: &mut Desk) {
    desk.world.clock.advance_ms(5_000);
    while desk.feed.try_next().is_some() {}
    let visitor = desk.visitor().await.expect("a session");
    let received = desk.write(&visitor, desk.world.ctx.new_id(), "después").await.expect("taken in");
    let ctx = desk.world.ctx.clone();
    let waiting = async {
        loop {
            desk.world.clock.advance_ms(1_000);
            let offers = offers::mine(&ctx, &desk.current.actor).await.expect("offers");
            let is_there = |o: &offers::OfferView| o.work.conversation_id == Some(received.conversation.id);
            if offers.iter().any(is_there) {
                return;
            }
            let runtime = ctx.runtime(desk.current.actor.organization).expect("it runs");
            let tick = domain::routing::Command::Tick;
            drop(runtime.owner.apply(tick, serde_json::json!({})).await);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the new customer is offered");
}
