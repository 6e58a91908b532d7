//! The agent's desk on both engines: what commands do, what they tell, what takes them back.

use std::sync::Arc;

use app::conversations::{
    self, Act, Anchor, Around, BulkInput, BulkOutcome, Handle, ListKind, ListQuery, MessageInput, NoteInput, Patch,
    Sort, Span,
};
use app::live::{Filter, Heard, StaffFilter, Subscription};
use app::model::Conversation;
use app::sessions::Current;
use app::widget::{self, Arrival, Session, VisitorMessage};
use app::{Actor, Error};
use domain::conversation::{Priority, StatusCategory};
use domain::ids::{AgentId, ConversationId, QueueId, UserId};
use domain::permissions::{BuiltinRole, Standing};
use testkit::stores::{BOTH, Engine};
use testkit::world::World;
use uuid::Uuid;

pub struct Scene {
    pub world: World,
    pub current: Current,
    pub feed: Subscription,
}

impl Scene {
    pub async fn new(engine: Engine) -> Self {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        let feed = listen(&world, &current.actor).await;
        Self { world, current, feed }
    }

    pub fn actor(&self) -> &Actor {
        &self.current.actor
    }

    /// Somebody with the role of an agent, in these queues, beside the administrator.
    pub fn colleague(&self, queues: impl IntoIterator<Item = QueueId>) -> Actor {
        let agent = AgentId(self.world.ctx.new_id());
        Actor {
            session: None,
            name: "Ana".to_owned(),
            standing: Arc::new(Standing {
                user: Some(UserId(self.world.ctx.new_id())),
                agent: Some(agent),
                grants: BuiltinRole::Agent.grants(),
                queues: queues.into_iter().collect(),
                team_agents: [agent].into(),
                ..Standing::default()
            }),
            ..self.actor().clone()
        }
    }

    pub async fn visitor(&self) -> Session {
        let arrival = Arrival { language: "es".to_owned(), name: Some("Lucía".to_owned()), ..Arrival::default() };
        widget::open(&self.world.ctx, &*self.channel().await, arrival).await.expect("a session")
    }

    pub async fn channel(&self) -> Arc<app::model::Channel> {
        let key = app::organization::demo_widget_key(&self.world.ctx).await.expect("reads").expect("a web chat");
        widget::channel(&self.world.ctx, &key).await.expect("the channel")
    }

    pub async fn write(&self, session: &Session, text: &str) -> app::conversations::Received {
        let message = VisitorMessage {
            client_message_id: self.world.ctx.new_id(),
            conversation: None,
            text: text.to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        let ctx = &self.world.ctx;
        widget::post_message(ctx, &self.channel().await, &session.visitor, message).await.expect("taken in").received
    }

    /// A conversation of a new visitor.
    pub async fn conversation(&self, text: &str) -> Conversation {
        let visitor = self.visitor().await;
        self.write(&visitor, text).await.conversation
    }

    pub async fn act(&self, id: ConversationId, command: Act) -> conversations::Done {
        conversations::act(&self.world.ctx, self.actor(), id, None, command).await.expect("done")
    }

    pub async fn read(&self, id: ConversationId) -> Conversation {
        let view = conversations::find(&self.world.ctx, self.actor(), Handle::Id(id)).await.expect("readable");
        view.conversation
    }

    pub async fn list(&self, list: ListKind) -> Vec<i64> {
        let query = ListQuery { list, ..ListQuery::default() };
        let page = conversations::list(&self.world.ctx, self.actor(), query, Span::First, 50).await.expect("a page");
        page.views.iter().map(|v| v.conversation.number).collect()
    }

    /// Waits for an event of this kind; its data.
    pub async fn heard(&mut self, kind: &str) -> serde_json::Value {
        heard(&mut self.feed, kind).await
    }
}

pub async fn listen(world: &World, actor: &Actor) -> Subscription {
    listen_to(world, actor, ["inbox".to_owned(), "agents".to_owned()])
}

fn listen_to(world: &World, actor: &Actor, topics: impl IntoIterator<Item = String>) -> Subscription {
    let hub = world.ctx.runtime(actor.organization).expect("it runs").hub.clone();
    let topics = topics.into_iter().collect();
    let filter = StaffFilter { standing: actor.standing.clone(), topics };
    hub.subscribe(Filter::Staff(filter), actor.session.map(|s| s.0))
}

pub async fn heard(feed: &mut Subscription, kind: &str) -> serde_json::Value {
    let wait = async {
        while let Some(heard) = feed.next().await {
            match heard {
                Heard::Event(live) if live.event.kind == kind => return live.event.data.clone(),
                Heard::Hidden(live, _) if kind == "conversation.hidden" => return live.event.data.clone(),
                Heard::Event(_)
                | Heard::Hidden(..)
                | Heard::Mark(_)
                | Heard::Rights
                | Heard::Signal(_)
                | Heard::Lagged(_) => {}
                Heard::Revoked => break,
            }
        }
        panic!("the feed ended before {kind}");
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("{kind} was not heard"))
}

#[tokio::test]
async fn a_change_is_told_with_its_fields_and_taken_back_whole() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        let c = scene.conversation("hola").await;
        let patch = Patch {
            subject: Some(Some("Cambio roto".to_owned())),
            priority: Some(Priority::High),
            tags: Some(vec!["averia".to_owned()]),
            ..Patch::default()
        };
        let done = scene.act(c.id, Act::Patch(Box::new(patch))).await;
        let told = scene.heard("conversation.updated").await;
        let told = if told.get("changed").is_some() { told } else { scene.heard("conversation.updated").await };
        assert_eq!(told["previous"]["priority"], "normal", "{engine:?}");
        assert!(told.to_string().find("Cambio").is_none(), "no text in events: {told}");
        let undo = done.undo.expect("it changed something");
        conversations::take_back(&scene.world.ctx, scene.actor(), undo.id).await.expect("taken back");
        let now = scene.read(c.id).await;
        assert_eq!((now.subject, now.priority, now.tags), (None, Priority::Normal, Vec::new()));
        let again = conversations::take_back(&scene.world.ctx, scene.actor(), undo.id).await;
        assert!(matches!(again, Err(Error::UndoStale)), "{engine:?}");
    }
}

#[tokio::test]
async fn an_undo_goes_stale_when_something_else_was_set_and_runs_out() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, c) = (&scene.world.ctx, scene.conversation("hola").await);
        let first = scene.act(c.id, Act::Prioritise(Priority::High)).await.undo.expect("undo");
        scene.act(c.id, Act::Prioritise(Priority::Urgent)).await;
        let stale = conversations::take_back(ctx, scene.actor(), first.id).await;
        assert!(matches!(stale, Err(Error::UndoStale)), "{engine:?}: {stale:?}");
        let late = scene.act(c.id, Act::Prioritise(Priority::Low)).await.undo.expect("undo");
        let other = scene.colleague([]);
        let foreign = conversations::take_back(ctx, &other, late.id).await;
        assert!(matches!(foreign, Err(Error::NotFound)), "somebody else's undo does not exist");
        scene.world.clock.advance_ms(11 * 60_000);
        let expired = conversations::take_back(ctx, scene.actor(), late.id).await;
        assert!(matches!(expired, Err(Error::UndoExpired)), "{engine:?}: {expired:?}");
        assert_eq!(scene.read(c.id).await.priority, Priority::Low);
    }
}

#[tokio::test]
async fn a_command_that_finds_its_goal_reached_changes_nothing() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let c = scene.conversation("hola").await;
        let first = scene.act(c.id, Act::Resolve { outcome: Some("listo".to_owned()) }).await;
        let again = scene.act(c.id, Act::Resolve { outcome: Some("otra".to_owned()) }).await;
        assert!(first.undo.is_some() && again.undo.is_none(), "{engine:?}");
        assert_eq!(again.conversation.version, first.conversation.version);
        assert_eq!(again.conversation.outcome.as_deref(), Some("listo"));
    }
}

#[tokio::test]
async fn a_snooze_ends_at_its_time_and_with_the_customers_answer() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        let visitor = scene.visitor().await;
        let c = scene.write(&visitor, "hola").await.conversation;
        let until = domain::time::Micros::from(scene.world.ctx.now()).plus_ms(60_000).into();
        scene.act(c.id, Act::Snooze { until_at: Some(until), is_until_reply: false }).await;
        scene.heard("conversation.snoozed").await;
        assert_eq!(scene.list(ListKind::Snoozed).await, [c.number], "{engine:?}");
        scene.world.clock.advance_ms(61_000);
        scene.world.wake_timers().await;
        scene.heard("conversation.unsnoozed").await;
        assert!(!scene.read(c.id).await.is_snoozed());
        scene.act(c.id, Act::Snooze { until_at: None, is_until_reply: true }).await;
        scene.write(&visitor, "¿hola?").await;
        assert!(!scene.read(c.id).await.is_snoozed(), "{engine:?}: an answer wakes it");
        let past = scene.world.ctx.now();
        let late = Act::Snooze { until_at: Some(past), is_until_reply: false };
        let refused = conversations::act(&scene.world.ctx, scene.actor(), c.id, None, late).await;
        assert!(matches!(refused, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn a_snooze_survives_a_restart() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        let c = scene.conversation("hola").await;
        let until = domain::time::Micros::from(scene.world.ctx.now()).plus_ms(60_000).into();
        scene.act(c.id, Act::Snooze { until_at: Some(until), is_until_reply: false }).await;
        scene.world.clock.advance_ms(120_000);
        scene.world.crash_and_restart().await;
        let wait = async {
            while scene.read(c.id).await.is_snoozed() {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("{engine:?}: it stays asleep"));
    }
}

#[tokio::test]
async fn required_fields_come_before_the_end() {
    use app::nouns::{self, CustomField, FieldKind};
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let ctx = &scene.world.ctx;
        let field = CustomField {
            name: [("es".to_owned(), "Motivo".to_owned())].into(),
            noun: "conversation".to_owned(),
            kind: FieldKind::Choice,
            options: vec!["avería".to_owned(), "pedido".to_owned()],
            is_required_to_resolve: true,
            position: 1,
        };
        nouns::create(ctx, scene.actor(), Some("motivo".to_owned()), field).await.expect("created");
        let c = scene.conversation("hola").await;
        let refused = conversations::act(ctx, scene.actor(), c.id, None, Act::Resolve { outcome: None }).await;
        assert!(
            matches!(&refused, Err(Error::FieldsRequired { fields }) if fields == &["motivo"]),
            "{engine:?}: {refused:?}"
        );
        let fill = |value: &str| {
            let fields = serde_json::json!({ "motivo": value }).as_object().cloned();
            Act::Patch(Box::new(Patch { fields, ..Patch::default() }))
        };
        let wrong = conversations::act(ctx, scene.actor(), c.id, None, fill("otra cosa")).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))));
        scene.act(c.id, fill("avería")).await;
        let done = scene.act(c.id, Act::Resolve { outcome: None }).await;
        assert_eq!(done.conversation.status_category, StatusCategory::Resolved);
    }
}

#[tokio::test]
async fn lists_show_whose_they_are() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, me) = (&scene.world.ctx, scene.actor().standing.user.expect("a person"));
        let one = scene.conversation("uno").await;
        let two = scene.conversation("dos").await;
        scene.act(one.id, Act::Assign(scene.actor().standing.agent)).await;
        scene.act(two.id, Act::Follow(me)).await;
        let note = NoteInput { text: "mira".to_owned(), mentions: vec![me.0], ..NoteInput::default() };
        conversations::post_note(ctx, scene.actor(), two.id, note).await.expect("noted");
        assert_eq!(scene.list(ListKind::Mine).await, [one.number], "{engine:?}");
        assert_eq!(scene.list(ListKind::Unassigned).await, [two.number]);
        assert_eq!(scene.list(ListKind::Following).await, [two.number]);
        assert_eq!(scene.list(ListKind::Mentions).await, [two.number]);
        let counts = conversations::counts(ctx, scene.actor()).await.expect("counted");
        assert_eq!((counts.mine.count, counts.mine.unread_count, counts.mentions.count), (1, 1, 1));
        assert_eq!(counts.mentions.unread_count, 0, "{engine:?}: one's own note is read");
        scene.act(two.id, Act::Unfollow(me)).await;
        assert!(scene.list(ListKind::Following).await.is_empty());
    }
}

#[tokio::test]
async fn every_sort_pages_both_ways_without_gap_or_repeat() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        for n in 0..7 {
            let c = scene.conversation(&format!("mensaje {n}")).await;
            let priority = [Priority::Low, Priority::Urgent, Priority::Normal][n % 3];
            scene.act(c.id, Act::Prioritise(priority)).await;
        }
        for sort in [Sort::Activity, Sort::Due, Sort::Waiting, Sort::Priority] {
            let whole = page(&scene, sort, Span::First, 50).await;
            let whole: Vec<i64> = whole.views.iter().map(|v| v.conversation.number).collect();
            assert_eq!(whole.len(), 7, "{engine:?}");
            let (mut span, mut forth, mut last) = (Span::First, Vec::new(), None);
            loop {
                let page = page(&scene, sort, span, 3).await;
                forth.extend(page.views.iter().map(|v| v.conversation.number));
                last = page.views.last().map(|v| conversations::place(sort, &v.conversation)).or(last);
                match last.filter(|_| page.has_more) {
                    Some(place) => span = Span::After(place),
                    None => break,
                }
            }
            assert_eq!(forth, whole, "{engine:?} {sort:?}");
            let back = page(&scene, sort, Span::Before(last.expect("a last row")), 3).await;
            let back: Vec<i64> = back.views.iter().map(|v| v.conversation.number).collect();
            assert_eq!(back, whole[3..6], "{engine:?} {sort:?}");
        }
    }
}

async fn page(scene: &Scene, sort: Sort, span: Span, limit: i64) -> conversations::ListPage {
    let query = ListQuery { sort, ..ListQuery::default() };
    conversations::list(&scene.world.ctx, scene.actor(), query, span, limit).await.expect("a page")
}

#[tokio::test]
async fn whoever_is_named_in_a_note_may_read_on_and_is_told() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, c) = (&scene.world.ctx, scene.conversation("hola").await);
        let invited = app::people::invite(
            ctx,
            scene.actor(),
            app::people::Invitation {
                email: "ana@pedales.example".to_owned(),
                name: "Ana".to_owned(),
                roles: vec!["agent".to_owned()],
                teams: Vec::new(),
                language: "es".to_owned(),
            },
        )
        .await
        .expect("invited");
        let stranger = scene.colleague([]);
        let ana = Actor {
            standing: Arc::new(Standing { user: Some(invited.user.id), ..(*stranger.standing).clone() }),
            ..stranger
        };
        let hidden = conversations::find(ctx, &ana, Handle::Id(c.id)).await;
        assert!(matches!(hidden, Err(Error::NotFound)), "{engine:?}");
        let mut feed = listen(&scene.world, &ana).await;
        let note =
            NoteInput { text: "@Ana ¿lo ves?".to_owned(), mentions: vec![invited.user.id.0], ..NoteInput::default() };
        conversations::post_note(ctx, scene.actor(), c.id, note).await.expect("noted");
        heard(&mut feed, "mention.created").await;
        heard(&mut feed, "notification.created").await;
        conversations::find(ctx, &ana, Handle::Id(c.id)).await.expect("readable now");
        let unread = app::notifications::list(ctx, &ana, None, Some(true), 10).await.expect("listed");
        assert_eq!(unread.len(), 1, "{engine:?}");
        assert_eq!((unread[0].kind.as_str(), unread[0].conversation_id), ("mention", Some(c.id)));
        app::notifications::read(ctx, &ana, unread[0].id).await.expect("read");
        assert!(app::notifications::list(ctx, &ana, None, Some(true), 10).await.expect("listed").is_empty());
        let nobody = NoteInput { text: "x".to_owned(), mentions: vec![ctx.new_id()], ..NoteInput::default() };
        let refused = conversations::post_note(ctx, scene.actor(), c.id, nobody).await;
        assert!(matches!(refused, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn a_conversation_that_leaves_ones_reach_is_hidden() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, c) = (&scene.world.ctx, scene.conversation("hola").await);
        let me = scene.actor().standing.agent;
        scene.act(c.id, Act::Assign(me)).await;
        let own_only = Actor {
            standing: Arc::new(Standing {
                agent: me,
                user: Some(UserId(ctx.new_id())),
                grants: BuiltinRole::Agent.grants(),
                ..Standing::default()
            }),
            ..scene.actor().clone()
        };
        let mut feed = listen(&scene.world, &own_only).await;
        scene.act(c.id, Act::Assign(None)).await;
        heard(&mut feed, "conversation.hidden").await;
        let gone = conversations::find(ctx, &own_only, Handle::Id(c.id)).await;
        assert!(matches!(gone, Err(Error::NotFound)), "{engine:?}");
    }
}

#[tokio::test]
async fn who_holds_a_customer_reads_their_history_and_writes_only_in_reach() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let ctx = &scene.world.ctx;
        let visitor = scene.visitor().await;
        let first = scene.write(&visitor, "uno").await.conversation;
        scene.act(first.id, Act::Resolve { outcome: None }).await;
        scene.world.clock.advance_ms(8 * 86_400_000);
        let second = scene.write(&visitor, "dos").await.conversation;
        assert_ne!(first.id, second.id, "after a week it is another matter");
        let other = scene.colleague([]);
        let hidden = conversations::find(ctx, &other, Handle::Id(first.id)).await;
        assert!(matches!(hidden, Err(Error::NotFound)), "{engine:?}");
        let holder = Actor {
            standing: Arc::new(Standing { agent: scene.actor().standing.agent, ..(*other.standing).clone() }),
            ..other
        };
        scene.act(second.id, Act::Assign(scene.actor().standing.agent)).await;
        conversations::find(ctx, &holder, Handle::Id(first.id)).await.expect("history is readable");
        let write = conversations::act(ctx, &holder, first.id, None, Act::Prioritise(Priority::Low)).await;
        assert!(matches!(write, Err(Error::Denied(_))), "{engine:?}: {write:?}");
        let lines =
            app::customers::timeline(ctx, &holder, first.customer_id, Vec::new(), app::model::Before::FIRST, 50)
                .await
                .expect("a timeline");
        assert_eq!(lines.len(), 2, "{engine:?}");
    }
}

#[tokio::test]
async fn bulk_reaches_what_it_may_and_is_taken_back_as_one() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let ctx = &scene.world.ctx;
        let (one, two) = (scene.conversation("uno").await, scene.conversation("dos").await);
        let unknown = ConversationId(ctx.new_id());
        let input = BulkInput {
            ids: vec![one.id, two.id, unknown],
            query: None,
            command: Act::Tag { add: vec!["spam".to_owned()], remove: Vec::new() },
        };
        let seen = conversations::bulk(ctx, scene.actor(), input.clone(), true).await.expect("a preview");
        let BulkOutcome::Preview { affected_count, excluded } = seen else { panic!("a preview was asked for") };
        assert_eq!((affected_count, excluded[0].id, excluded[0].code), (2, unknown, "not_found"), "{engine:?}");
        assert!(scene.read(one.id).await.tags.is_empty(), "a preview changes nothing");
        let done = conversations::bulk(ctx, scene.actor(), input, false).await.expect("done");
        let BulkOutcome::Job(job) = done else { panic!("a job was asked for") };
        assert_eq!((job.state.as_str(), job.done_count), ("succeeded", 3));
        assert_eq!(scene.read(two.id).await.tags, ["spam"]);
        let undo: Uuid = job.undo.as_ref().and_then(|u| u["id"].as_str()?.parse().ok()).expect("an undo");
        conversations::take_back(ctx, scene.actor(), undo).await.expect("taken back");
        assert!(scene.read(one.id).await.tags.is_empty() && scene.read(two.id).await.tags.is_empty());
        let tagged = ListQuery {
            conditions: vec![domain::conditions::parse("status:open -tag:spam").expect("a filter")],
            ..ListQuery::default()
        };
        let by_filter = BulkInput { ids: Vec::new(), query: Some(tagged), command: Act::Resolve { outcome: None } };
        conversations::bulk(ctx, scene.actor(), by_filter, false).await.expect("done");
        assert_eq!(scene.read(two.id).await.status_category, StatusCategory::Resolved, "{engine:?}");
    }
}

#[tokio::test]
async fn merged_conversations_are_one_and_two_again() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        let visitor = scene.visitor().await;
        let first = scene.write(&visitor, "uno").await.conversation;
        scene.act(first.id, Act::Resolve { outcome: None }).await;
        scene.world.clock.advance_ms(8 * 86_400_000);
        let second = scene.write(&visitor, "dos").await.conversation;
        let stranger = scene.conversation("otra persona").await;
        let ctx = &scene.world.ctx;
        let refused = conversations::merge(ctx, scene.actor(), stranger.id, second.id).await;
        assert!(matches!(refused, Err(Error::CannotMerge(_))), "{engine:?}");
        let merged = conversations::merge(ctx, scene.actor(), first.id, second.id).await.expect("merged");
        let page = conversations::entries(ctx, scene.actor(), second.id, Around::Newest, Vec::new(), 50).await;
        let texts: Vec<String> = page.expect("entries").entries.iter().map(|e| e.text().to_owned()).collect();
        assert_eq!(texts, ["dos", "uno"], "{engine:?}");
        let write = conversations::act(ctx, scene.actor(), first.id, None, Act::Prioritise(Priority::Low)).await;
        assert!(matches!(write, Err(Error::ConversationMerged { into }) if into == second.id));
        assert!(!scene.list(ListKind::All).await.contains(&first.number));
        conversations::unmerge(ctx, scene.actor(), merged.id).await.expect("two again");
        scene.heard("conversation.unmerged").await;
        let ctx = &scene.world.ctx;
        let page = conversations::entries(ctx, scene.actor(), second.id, Around::Newest, Vec::new(), 50).await;
        assert_eq!(page.expect("entries").entries.len(), 1);
        let back = scene.read(first.id).await;
        assert_eq!((back.desk.merged_into_id, back.status_category), (None, StatusCategory::Resolved));
        assert!(scene.list(ListKind::All).await.contains(&first.number));
        let again = conversations::unmerge(ctx, scene.actor(), merged.id).await;
        assert!(matches!(again, Err(Error::UndoStale)), "{engine:?}");
    }
}

#[tokio::test]
async fn waiting_work_follows_a_merge_into_the_target() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let visitor = scene.visitor().await;
        let first = scene.write(&visitor, "uno").await.conversation;
        scene.act(first.id, Act::Resolve { outcome: None }).await;
        scene.world.clock.advance_ms(8 * 86_400_000);
        let second = scene.write(&visitor, "dos").await;
        let (ctx, work) = (&scene.world.ctx, second.work.expect("work").item.id);
        conversations::merge(ctx, scene.actor(), second.conversation.id, first.id).await.expect("merged");
        let view = conversations::find(ctx, scene.actor(), Handle::Id(first.id)).await.expect("readable");
        assert_eq!(view.work.first().map(|w| w.item.id), Some(work), "{engine:?}");
        let third = scene.write(&visitor, "tres").await.conversation;
        assert_eq!(third.id, first.id, "{engine:?}: what comes next comes to the target");
    }
}

#[tokio::test]
async fn split_entries_get_a_conversation_of_their_own() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, visitor) = (&scene.world.ctx, scene.visitor().await);
        let first = scene.write(&visitor, "la rueda").await;
        let second = scene.write(&visitor, "y la factura").await;
        let id = first.conversation.id;
        let chosen = vec![second.entry.id.0];
        let split = conversations::split(ctx, scene.actor(), id, chosen, Some("Factura".to_owned())).await;
        let new = split.expect("split").new;
        let moved = conversations::entries(ctx, scene.actor(), new.id, Around::Newest, Vec::new(), 50).await;
        let moved = moved.expect("entries").entries;
        assert_eq!((moved.len(), moved[0].seq, moved[0].text()), (1, 1, "y la factura"), "{engine:?}");
        let left = conversations::entries(ctx, scene.actor(), id, Around::Newest, Vec::new(), 50).await;
        let seqs: Vec<i64> = left.expect("entries").entries.iter().map(|e| e.seq).collect();
        assert_eq!(seqs, [2, 1], "{engine:?}: a stub keeps the place");
        let all = vec![first.entry.id.0];
        let refused = conversations::split(ctx, scene.actor(), new.id, all, None).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{engine:?}: only its own entries");
    }
}

#[tokio::test]
async fn a_split_is_taken_back_whole_until_something_is_said() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, visitor) = (&scene.world.ctx, scene.visitor().await);
        let first = scene.write(&visitor, "la rueda").await;
        let second = scene.write(&visitor, "y la factura").await;
        let id = first.conversation.id;
        let all = async |id| {
            let page = conversations::entries(ctx, scene.actor(), id, Around::Newest, Vec::new(), 50).await;
            page.map(|page| page.entries.iter().map(|e| (e.id, e.seq)).collect::<Vec<_>>())
        };
        let before = all(id).await.expect("entries");
        let split = conversations::split(ctx, scene.actor(), id, vec![second.entry.id.0], None).await.expect("split");
        let back = conversations::take_back(ctx, scene.actor(), split.undo.id).await.expect("taken back");
        assert_eq!(back.len(), 1, "{engine:?}");
        assert_eq!(all(id).await.expect("entries"), before, "{engine:?}: every entry stands where it stood");
        assert!(matches!(all(split.new.id).await, Err(Error::Erased)), "{engine:?}: the new one is gone");
        let again = conversations::split(ctx, scene.actor(), id, vec![second.entry.id.0], None).await.expect("split");
        let note = NoteInput { text: "una nota".to_owned(), ..NoteInput::default() };
        conversations::post_note(ctx, scene.actor(), again.new.id, note).await.expect("noted");
        let late = conversations::take_back(ctx, scene.actor(), again.undo.id).await;
        assert!(matches!(late, Err(Error::UndoStale)), "{engine:?}: {late:?}");
        assert_eq!(all(again.new.id).await.expect("entries").len(), 2, "{engine:?}: nothing was moved");
    }
}

#[tokio::test]
async fn entries_are_paged_around_a_place_and_by_kind() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (ctx, visitor) = (&scene.world.ctx, scene.visitor().await);
        let c = scene.write(&visitor, "1").await.conversation;
        for n in 2..=9 {
            scene.write(&visitor, &n.to_string()).await;
        }
        let note = NoteInput { text: "nota".to_owned(), ..NoteInput::default() };
        conversations::post_note(ctx, scene.actor(), c.id, note).await.expect("noted");
        let around = Around::Middle(Anchor::Seq(5));
        let page = conversations::entries(ctx, scene.actor(), c.id, around, Vec::new(), 4).await.expect("a page");
        let seqs: Vec<i64> = page.entries.iter().map(|e| e.seq).collect();
        assert_eq!((seqs, page.has_older, page.has_newer), (vec![7, 6, 5, 4], true, true), "{engine:?}");
        let kinds = vec![domain::conversation::EntryKind::Note];
        let notes = conversations::entries(ctx, scene.actor(), c.id, Around::Newest, kinds, 4).await.expect("a page");
        assert_eq!(notes.entries.len(), 1, "{engine:?}");
    }
}

#[tokio::test]
async fn ones_own_words_can_be_edited_deleted_and_masked() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let visitor = scene.visitor().await;
        let received = scene.write(&visitor, "mi DNI es 1234").await;
        let (ctx, actor, id) = (&scene.world.ctx, &scene.current.actor, received.conversation.id);
        let mut feed = listen_to(&scene.world, actor, [format!("conversation:{id}")]);
        let input = MessageInput { text: "Hola".to_owned(), ..MessageInput::default() };
        let sent = conversations::post_message(ctx, actor, id, input).await.expect("sent");
        let edited = app::entries::edit(ctx, actor, sent.id, "Hola, Lucía".to_owned()).await.expect("edited");
        assert_eq!((edited.text(), edited.marks.edits.len()), ("Hola, Lucía", 1), "{engine:?}");
        let foreign = app::entries::edit(ctx, actor, received.entry.id, "x".to_owned()).await;
        assert!(matches!(foreign, Err(Error::Denied(_))), "{engine:?}");
        let masked = app::entries::redact(ctx, actor, received.entry.id, vec![(10, 14)]).await.expect("masked");
        assert_eq!((masked.text(), masked.marks.is_redacted), ("mi DNI es ████", true));
        app::entries::delete(ctx, actor, sent.id).await.expect("deleted");
        let seen = widget::messages(ctx, &visitor.visitor, id, None, 50).await.expect("history");
        let texts: Vec<_> = seen.iter().map(app::model::Entry::text).collect();
        assert_eq!(texts, ["mi DNI es ████"], "{engine:?}: the visitor sees neither");
        let emoji = || "👍".to_owned();
        let added = app::entries::Reaction::Added;
        app::entries::react(ctx, actor, received.entry.id, emoji(), added).await.expect("reacted");
        let twice = app::entries::react(ctx, actor, received.entry.id, emoji(), added).await.expect("again");
        assert_eq!(twice.marks.reactions.len(), 1, "{engine:?}");
        heard(&mut feed, "entry.reaction_changed").await;
    }
}

#[tokio::test]
async fn an_erased_conversation_leaves_its_number_and_nothing_said() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let ctx = &scene.world.ctx;
        let received = scene.conversation("secreto").await;
        let refused = conversations::erase(ctx, &scene.colleague([]), received.id, None).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{engine:?}");
        conversations::erase(ctx, scene.actor(), received.id, None).await.expect("erased");
        conversations::erase(ctx, scene.actor(), received.id, None).await.expect("repeating it answers the same");
        let gone = conversations::find(ctx, scene.actor(), Handle::Number(received.number)).await;
        assert!(matches!(gone, Err(Error::Erased)), "{engine:?}: {gone:?}");
        assert!(scene.list(ListKind::All).await.is_empty());
        let left: Vec<String> = ctx
            .store()
            .read("test.entries", (scene.actor().organization, received.id), |tx, (org, id)| {
                Box::pin(async move {
                    let rows = store::entries::before(tx, org, id, i64::MAX, 50).await?;
                    Ok::<_, Error>(rows.iter().map(|e| e.body.to_string()).collect())
                })
            })
            .await
            .expect("reads");
        assert_eq!(left, ["{}"], "{engine:?}");
    }
}

#[tokio::test]
async fn work_comes_back_with_an_undone_resolution() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        let ctx = scene.world.ctx.clone();
        app::presence::session_opened(&ctx, &scene.current.actor).await.expect("a session");
        let change = app::presence::Change { status: "available".to_owned(), is_next: false, is_confirmed: false };
        app::presence::set_own(&ctx, &scene.current.actor, change).await.expect("available");
        let c = scene.conversation("hola").await;
        scene.heard("offer.created").await;
        let offer = app::offers::mine(&ctx, scene.actor()).await.expect("offers").remove(0);
        app::offers::accept(&ctx, scene.actor(), offer.offer.id, offer.offer.epoch).await.expect("accepted");
        let done = scene.act(c.id, Act::Resolve { outcome: None }).await;
        let undo = done.undo.expect("an undo");
        conversations::take_back(&ctx, scene.actor(), undo.id).await.expect("taken back");
        let back = conversations::find(&ctx, scene.actor(), Handle::Id(c.id)).await.expect("readable");
        assert_eq!(back.conversation.status_category, StatusCategory::Open, "{engine:?}");
        assert_eq!(back.conversation.reopened_count, 0);
        let held = conversations::work(&ctx, scene.actor()).await.expect("work");
        assert_eq!(held.len(), 1, "{engine:?}: the same agent has it again");
        assert_eq!(held[0].conversation_id, Some(c.id));
    }
}
