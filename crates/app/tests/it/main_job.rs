//! The main job: a customer writes, the right agent answers, nothing is lost.

use app::Error;
use app::conversations::{self, Handle, ListQuery, MessageInput, NoteInput, Sort, Span};
use app::live::{Filter, Heard, StaffFilter, Subscription};
use app::offers::{self, OfferView};
use app::presence::{self, Change};
use app::sessions::Current;
use app::widget::{self, Arrival, Session, VisitorMessage};
use domain::routing::ItemState;
use testkit::stores::{BOTH, Engine};
use testkit::world::World;

struct Scene {
    world: World,
    current: Current,
    feed: Subscription,
}

impl Scene {
    async fn new(engine: Engine) -> Self {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        let hub = world.ctx.runtime(current.actor.organization).expect("it runs").hub.clone();
        let filter = StaffFilter {
            standing: current.actor.standing.clone(),
            topics: ["inbox".to_owned(), "agents".to_owned()].into(),
        };
        let session = current.actor.session.map(|s| s.0);
        let feed = hub.subscribe(Filter::Staff(filter), session);
        Self { world, current, feed }
    }

    async fn available(&self) {
        presence::session_opened(&self.world.ctx, &self.current.actor).await.expect("a session");
        let change = Change { status: "available".to_owned(), is_next: false, is_confirmed: false };
        presence::set_own(&self.world.ctx, &self.current.actor, change).await.expect("available");
    }

    async fn visitor(&self) -> Session {
        let key = app::organization::demo_widget_key(&self.world.ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(&self.world.ctx, &key).await.expect("the channel");
        let arrival = Arrival { language: "es".to_owned(), name: Some("Lucía".to_owned()), ..Arrival::default() };
        widget::open(&self.world.ctx, &channel, arrival).await.expect("a session")
    }

    async fn write(&self, session: &Session, text: &str) -> app::conversations::Received {
        let key = app::organization::demo_widget_key(&self.world.ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(&self.world.ctx, &key).await.expect("the channel");
        let message = VisitorMessage {
            client_message_id: self.world.ctx.new_id(),
            conversation: None,
            text: text.to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        widget::post_message(&self.world.ctx, &channel, &session.visitor, message).await.expect("taken in").received
    }

    /// Waits for an event of this kind on the agent's feed.
    async fn heard(&mut self, kind: &str) {
        let wait = async {
            while let Some(heard) = self.feed.next().await {
                if matches!(&heard, Heard::Event(live) if live.event.kind == kind) {
                    return;
                }
            }
            panic!("the feed ended before {kind}");
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("{kind} was not heard"));
    }

    async fn offer(&mut self) -> OfferView {
        self.heard("offer.created").await;
        offers::mine(&self.world.ctx, &self.current.actor).await.expect("offers").remove(0)
    }
}

#[tokio::test]
async fn a_visitor_writes_and_the_agent_answers() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        scene.available().await;
        let session = scene.visitor().await;
        let received = scene.write(&session, "Se me ha roto el cambio").await;
        assert_eq!((received.entry.seq, received.conversation.number), (1, 1));

        let offer = scene.offer().await;
        assert_eq!(offer.customer.as_ref().and_then(|c| c.name.as_deref()), Some("Lucía"));
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let accepted = offers::accept(ctx, actor, offer.offer.id, offer.offer.epoch).await.expect("accepted");
        assert_eq!(accepted.work.item.state, ItemState::Active);
        let view = conversations::find(ctx, actor, Handle::Number(1)).await.expect("readable");
        assert_eq!(view.conversation.owner_agent_id, actor.standing.agent);

        let id = view.conversation.id;
        let input = MessageInput { text: "Hola, Lucía".to_owned(), seen_seq: Some(1), ..MessageInput::default() };
        let answer = conversations::post_message(ctx, actor, id, input).await.expect("sent");
        assert_eq!(answer.seq, 2);
        let note = NoteInput { text: "ojo: es VIP".to_owned(), ..NoteInput::default() };
        conversations::post_note(ctx, actor, id, note).await.expect("noted");

        let seen = widget::messages(ctx, &session.visitor, id, None, 50).await.expect("history");
        let texts: Vec<_> = seen.iter().map(app::model::Entry::text).collect();
        assert_eq!(texts, ["Hola, Lucía", "Se me ha roto el cambio"], "notes never reach the visitor");

        conversations::resolve(ctx, actor, id, Some("cambio nuevo".to_owned())).await.expect("resolved");
        let held = conversations::work(ctx, actor).await.expect("work");
        assert!(held.is_empty(), "{engine:?}: resolving completes the work");
    }
}

#[tokio::test]
async fn the_same_client_message_is_taken_in_once() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let session = scene.visitor().await;
        let ctx = &scene.world.ctx;
        let key = app::organization::demo_widget_key(ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(ctx, &key).await.expect("the channel");
        let message = VisitorMessage {
            client_message_id: ctx.new_id(),
            conversation: None,
            text: "hola".to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        let first = widget::post_message(ctx, &channel, &session.visitor, message.clone()).await.expect("first");
        let second = widget::post_message(ctx, &channel, &session.visitor, message.clone()).await.expect("second");
        assert!(second.is_repeated && !first.is_repeated);
        assert_eq!(first.entry.id, second.entry.id);
        let other = VisitorMessage { text: "otra cosa".to_owned(), ..message };
        let refused = widget::post_message(ctx, &channel, &session.visitor, other).await;
        assert!(matches!(refused, Err(Error::IdempotencyMismatch)), "{engine:?}");
    }
}

#[tokio::test]
async fn a_restart_rescinds_what_rang_and_offers_it_again_with_its_place() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        scene.available().await;
        let session = scene.visitor().await;
        scene.write(&session, "hola").await;
        let before = scene.offer().await;
        scene.world.crash_and_restart().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let rung = offers::one(ctx, actor, before.offer.id).await.expect("the offer is known");
        assert_eq!(rung.offer.state, domain::routing::OfferState::Rescinded);
        assert_eq!(rung.work.item.enqueued_at, before.work.item.enqueued_at);
        presence::session_opened(ctx, actor).await.expect("the agent returns");
        scene.world.clock.advance_ms(3_000);
        let runtime = ctx.runtime(actor.organization).expect("it runs");
        let tick = domain::routing::Command::Tick;
        runtime.owner.apply(tick, serde_json::json!({})).await.expect("time passes");
        let again = offers::mine(ctx, actor).await.expect("offers").remove(0);
        assert_eq!(again.work.item.id, before.work.item.id, "{engine:?}");
        assert_ne!(again.offer.id, before.offer.id);
    }
}

#[tokio::test]
async fn a_message_written_before_the_newest_is_refused_until_forced() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        scene.available().await;
        let session = scene.visitor().await;
        scene.write(&session, "uno").await;
        let offer = scene.offer().await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        offers::accept(ctx, actor, offer.offer.id, offer.offer.epoch).await.expect("accepted");
        scene.write(&session, "dos").await;
        let id = offer.conversation.expect("a conversation").id;
        let input = MessageInput { text: "voy".to_owned(), seen_seq: Some(1), ..MessageInput::default() };
        let refused = conversations::post_message(ctx, actor, id, input.clone()).await;
        assert!(matches!(refused, Err(Error::NewerEntries { first_seq: 2 })), "{engine:?}: {refused:?}");
        let forced = MessageInput { is_forced: true, ..input };
        conversations::post_message(ctx, actor, id, forced).await.expect("forced");
    }
}

#[tokio::test]
async fn strangers_never_read_a_visitors_conversation() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (mine, other) = (scene.visitor().await, scene.visitor().await);
        let received = scene.write(&mine, "hola").await;
        let ctx = &scene.world.ctx;
        let read = widget::messages(ctx, &other.visitor, received.conversation.id, None, 50).await;
        assert!(matches!(read, Err(Error::NotFound)), "{engine:?}");
    }
}

#[tokio::test]
async fn lists_page_by_keyset_without_repeating() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        for n in 0..7 {
            let session = scene.visitor().await;
            scene.write(&session, &format!("mensaje {n}")).await;
        }
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let (mut span, mut numbers) = (Span::First, Vec::new());
        loop {
            let page = conversations::list(ctx, actor, ListQuery::default(), span, 3).await.expect("a page");
            numbers.extend(page.views.iter().map(|v| v.conversation.number));
            match page.views.last().filter(|_| page.has_more) {
                Some(last) => span = Span::After(conversations::place(Sort::Activity, &last.conversation)),
                None => break,
            }
        }
        assert_eq!(numbers, [7, 6, 5, 4, 3, 2, 1], "{engine:?}");
    }
}
