//! An installation to change the routing of.

use app::Error;
use app::config::{self, Noun, Row};
use app::presence::{self, Change};
use app::sessions::Current;
use app::widget::{self, Arrival, VisitorMessage};
use domain::routing::{Command, ItemState};
use serde_json::{Map, Value, json};
use store::events::Cursor;
use testkit::stores::Engine;
use testkit::world::World;

const MARK: &str = "test.mark";

/// An installation with one agent who is its administrator.
pub struct Scene {
    pub world: World,
    pub current: Current,
}

pub fn fields(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

impl Scene {
    pub async fn new(engine: Engine) -> Self {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        Self { world, current }
    }

    pub async fn create(&self, noun: Noun, value: Value) -> Result<Row, Error> {
        config::create(&self.world.ctx, &self.current.actor, noun, fields(value)).await
    }

    pub async fn change(&self, row: &Row, value: Value) -> Result<Row, Error> {
        let (ctx, actor) = (&self.world.ctx, &self.current.actor);
        config::change(ctx, actor, row.noun(), row.id(), Some(row.version()), fields(value)).await
    }

    pub async fn by_key(&self, noun: Noun, key: &str) -> Row {
        let rows = config::list(&self.world.ctx, &self.current.actor, noun).await.expect("readable");
        rows.into_iter().find(|row| row.key() == key).expect("it is there")
    }

    pub async fn apply(&self, document: &Value) -> Result<config::Applied, Error> {
        config::apply(&self.world.ctx, &self.current.actor, document.clone(), false).await
    }

    /// The end of the stream, with all that was committed before it. PostgreSQL shows events once no older
    /// transaction of the whole server, of any other test, is under way: a mark of its own says when it has caught up.
    pub async fn head(&self) -> Cursor {
        let (ctx, org) = (&self.world.ctx, self.current.actor.organization);
        let mark = store::events::Event {
            id: ctx.new_id().into(),
            organization_id: org,
            kind: MARK.to_owned(),
            version: 1,
            at: ctx.now(),
            actor: json!({}),
            cause_id: None,
            data: json!({}),
        };
        let id = mark.id;
        let written = ctx
            .store()
            .write("test.mark", mark, |tx, mark| Box::pin(async move { store::events::insert(tx, &mark).await }));
        written.await.expect("a mark");
        let mut at = Cursor::default();
        loop {
            let page = self.page(at).await;
            at = page.last().map_or(at, |(cursor, _)| *cursor);
            if page.iter().any(|(_, event)| event.id == id) {
                return at;
            }
            if page.is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    }

    async fn page(&self, since: Cursor) -> Vec<(Cursor, store::events::Event)> {
        let input = (self.current.actor.organization, since);
        let read = self.world.ctx.store().read("test.events", input, |tx, (org, since)| {
            Box::pin(async move { store::events::after(tx, org, since, 1_000).await })
        });
        read.await.expect("events")
    }

    /// What was told since; only [`Scene::head`] afterwards makes sure that it is all.
    pub async fn events(&self, since: Cursor) -> Vec<store::events::Event> {
        self.page(since).await.into_iter().map(|(_, event)| event).filter(|event| event.kind != MARK).collect()
    }

    pub async fn tick(&self) {
        let owner = self.world.ctx.runtime(self.current.actor.organization).expect("it runs").owner.clone();
        owner.apply(Command::Tick, json!({})).await.expect("time passes");
    }

    pub async fn available(&self) {
        let (ctx, actor) = (&self.world.ctx, &self.current.actor);
        presence::session_opened(ctx, actor).await.expect("a session");
        let change = Change { status: "available".to_owned(), is_next: false, is_confirmed: false };
        presence::set_own(ctx, actor, change).await.expect("available");
    }

    /// A visitor writes; the state of the work it makes once the router has seen it.
    pub async fn write(&self) -> domain::ids::WorkItemId {
        let ctx = &self.world.ctx;
        let key = app::organization::demo_widget_key(ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(ctx, &key).await.expect("the channel");
        let arrival = Arrival { language: "es".to_owned(), ..Arrival::default() };
        let session = widget::open(ctx, &channel, arrival).await.expect("a session");
        let message = VisitorMessage {
            client_message_id: ctx.new_id(),
            conversation: None,
            text: "hola".to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        let received = widget::post_message(ctx, &channel, &session.visitor, message).await.expect("taken in");
        self.tick().await;
        received.received.work.expect("it makes work").item.id
    }

    pub async fn state(&self, id: domain::ids::WorkItemId) -> Option<ItemState> {
        let owner = self.world.ctx.runtime(self.current.actor.organization).expect("it runs").owner.clone();
        owner.look(move |router| router.item(id).map(|item| item.state)).await.expect("looks")
    }
}
