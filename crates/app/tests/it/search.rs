//! Finding things, on both engines with the same answers.

use std::sync::Arc;

use app::conversations::{self, NoteInput};
use app::search::{Group, Kind, search};
use app::sessions::Current;
use app::widget::{self, Arrival, VisitorMessage};
use app::{Actor, Error};
use db::Sql;
use domain::ids::{ConversationId, OrganizationId};
use domain::permissions::{BuiltinRole, Standing};
use domain::search::Query;
use testkit::stores::{BOTH, Engine};
use testkit::world::World;

struct Scene {
    world: World,
    current: Current,
}

impl Scene {
    async fn new(engine: Engine) -> Self {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        Self { world, current }
    }

    /// A visitor called `name` writes; their conversation.
    async fn write(&self, name: &str, email: Option<&str>, text: &str) -> ConversationId {
        let ctx = &self.world.ctx;
        let key = app::organization::demo_widget_key(ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(ctx, &key).await.expect("the channel");
        let arrival = Arrival {
            language: "es".to_owned(),
            name: Some(name.to_owned()),
            email: email.map(str::to_owned),
            ..Arrival::default()
        };
        let session = widget::open(ctx, &channel, arrival).await.expect("a session");
        let message = VisitorMessage {
            client_message_id: ctx.new_id(),
            conversation: None,
            text: text.to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        widget::post_message(ctx, &channel, &session.visitor, message).await.expect("taken in").conversation.id
    }

    async fn find(&self, text: &str) -> Vec<Group> {
        search(&self.world.ctx, &self.current.actor, text, &Kind::ALL, 10).await.expect("a search")
    }

    /// What the entries say that were found.
    async fn entries(&self, text: &str) -> Vec<String> {
        let groups = self.find(text).await;
        let group = groups.into_iter().find(|group| group.kind == Kind::Entries).expect("a group");
        group.hits.into_iter().map(|hit| hit.highlights[0].passage.text.clone()).collect()
    }
}

#[tokio::test]
async fn accents_case_and_endings_do_not_count() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.write("Íñigo", None, "¿Cuándo llega mi ENVÍO a A Coruña?").await;
        scene.write("Ana", None, "Feliz año nuevo").await;
        for query in ["envio", "ENVÍOS".trim_end_matches('S'), "cuan", "coruna", "Coruña envío", "llega cuándo"] {
            assert_eq!(scene.entries(query).await, ["¿Cuándo llega mi ENVÍO a A Coruña?"], "{engine:?} {query}");
        }
        assert_eq!(scene.entries("ANO").await, ["Feliz año nuevo"], "{engine:?}");
        assert!(scene.entries("vio").await.is_empty(), "{engine:?}: not inside a word");
        assert!(scene.entries("envio nuevo").await.is_empty(), "{engine:?}: every word must be there");
        for hostile in ["\"", "' OR 1=1 --", "folded : *", "NEAR(a b)", "a:*", "()", "\\", "*"] {
            scene.find(hostile).await;
        }
    }
}

#[tokio::test]
async fn hits_say_where_they_are() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let id = scene.write("Íñigo Peña", Some("inigo@example.com"), "hola").await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let note = NoteInput { text: "pide el reembolso".to_owned(), ..NoteInput::default() };
        conversations::post_note(ctx, actor, id, note).await.expect("noted");
        conversations::resolve(ctx, actor, id, Some("Reembolsado".to_owned())).await.expect("resolved");
        let groups = scene.find("reembols").await;
        let of = |kind| groups.iter().find(|group| group.kind == kind).expect("a group");
        let outcome = &of(Kind::Conversations).hits[0];
        assert_eq!((outcome.id, outcome.highlights[0].field), (id.0, "outcome"), "{engine:?}");
        assert_eq!(outcome.highlights[0].passage.ranges, [(0, 11)]);
        let note = &of(Kind::Entries).hits[0];
        assert_eq!((note.conversation_id, note.seq), (Some(id.0), Some(2)));
        let groups = scene.find("pena inig").await;
        let person = &groups.iter().find(|group| group.kind == Kind::Customers).expect("a group").hits[0];
        assert_eq!(person.title, "Íñigo Peña");
        let groups = scene.find("example.com").await;
        assert_eq!(groups[1].hits[0].highlights[0].field, "address");
        assert_eq!(scene.find("#1").await[0].hits[0].id, id.0, "by number");
    }
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_read() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.write("Ana", None, "secreto").await;
        let outsider = Actor {
            standing: Arc::new(Standing { grants: BuiltinRole::Agent.grants(), ..Standing::default() }),
            ..scene.current.actor.clone()
        };
        let groups = search(&scene.world.ctx, &outsider, "secreto", &Kind::ALL, 10).await.expect("a search");
        let hits = |kind| groups.iter().find(|group| group.kind == kind).map(|group| group.hits.len());
        assert_eq!((hits(Kind::Entries), hits(Kind::Conversations)), (Some(0), Some(0)), "{engine:?}");
        let stranger = Actor { organization: OrganizationId(scene.world.ctx.new_id()), ..scene.current.actor.clone() };
        let groups = search(&scene.world.ctx, &stranger, "secreto", &Kind::ALL, 10).await.expect("a search");
        assert!(groups.iter().all(|group| group.hits.is_empty()), "{engine:?}: another organization");
        let nobody = Actor { standing: Arc::new(Standing::default()), ..scene.current.actor.clone() };
        let groups = search(&scene.world.ctx, &nobody, "secreto", &Kind::ALL, 10).await.expect("a search");
        assert!(groups.is_empty(), "{engine:?}: without a permission there is no group");
    }
}

#[tokio::test]
async fn what_was_removed_is_not_found_and_leaves_no_words() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let id = scene.write("Ana", None, "palabrasecreta").await;
        assert_eq!(scene.entries("palabrasecreta").await.len(), 1);
        let org = scene.current.actor.organization;
        let remove = scene.world.ctx.store().write("test", (org, id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::search::remove_conversation(tx, org, id).await?) })
        });
        remove.await.expect("removed");
        assert!(scene.entries("palabrasecreta").await.is_empty(), "{engine:?}");
        if engine == Engine::Sqlite {
            scene.world.ctx.clone().stop().await;
            let path = scene.world.ephemeral.folder.path().join("centralita.db");
            let bytes = std::fs::read(path).expect("the file");
            let holds = |word: &[u8]| bytes.windows(word.len()).filter(|window| *window == word).count();
            let (entry, key) = (holds(b"\"text\":\"palabrasecreta"), holds(b"[][][]palabrasecreta"));
            // The entry, and its conversation's newest text with the key that lists filter by; no word of the index.
            assert_eq!((entry, key, holds(b"palabrasecreta")), (2, 1, 3), "only the entry itself is left");
        }
    }
}

/// Documents that all say `comun`, one in ten thousand also `raro`.
const FILL_SQLITE: Sql = Sql::new(
    "test.fill_sqlite",
    "INSERT INTO search_documents (organization_id, kind, id, conversation_id, scope, folded)
     WITH RECURSIVE n (i) AS (SELECT $3 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4)
     SELECT $1, 'entry', randomblob(16), $2, $5, CASE WHEN i % 10000 = 0 THEN 'comun raro w' ELSE 'comun w' END || i
     FROM n",
    &[],
);
const FILL_POSTGRES: Sql = Sql::new(
    "test.fill_postgres",
    "INSERT INTO search_documents (organization_id, kind, id, conversation_id, scope, folded)
     SELECT $1, 'entry', gen_random_uuid(), $2, $5, CASE WHEN i % 10000 = 0 THEN 'comun raro w' ELSE 'comun w' END || i
     FROM generate_series({cast $3 int}, {cast $4 int} - 1) AS n (i)",
    &[],
);
const ANALYZE: Sql = Sql::global("test.analyze", "ANALYZE search_documents", &[], "statistics are of everybody");

async fn fill(scene: &Scene, about: ConversationId, from: i64, until: i64) {
    let input = (scene.current.actor.organization, about, from, until);
    let fill = scene.world.ctx.store().write("test", input, |tx, (org, about, from, until)| {
        Box::pin(async move {
            let scope = format!("{}entry", org.0.simple());
            let params = [org.0.into(), about.0.into(), from.into(), until.into(), scope.into()];
            let sql = if tx.engine() == db::Engine::Sqlite { &FILL_SQLITE } else { &FILL_POSTGRES };
            tx.exec(sql, &params).await?;
            store::search::catch_up(tx, 1_000_000).await?;
            tx.exec(&ANALYZE, &[]).await.map(drop)
        })
    });
    fill.await.expect("filled");
}

async fn found(scene: &Scene, text: &str) -> store::search::Found {
    let reach = scene.current.actor.reach(domain::permissions::Permission::ConversationsRead).expect("held");
    let input = (scene.current.actor.organization, reach, Query::parse(text));
    let find = scene.world.ctx.store().read("test", input, |tx, (org, reach, query)| {
        Box::pin(async move { Ok::<_, Error>(store::search::entries(tx, org, &reach.into(), &query, 2_000).await?) })
    });
    find.await.expect("a search")
}

/// How many documents the index of words lacks.
async fn lacking(scene: &Scene) -> Option<i64> {
    let read =
        scene.world.ctx.store().read("test", (), |tx, ()| {
            Box::pin(async move { Ok::<_, Error>(store::search::pending(tx, 10_000).await?) })
        });
    read.await.expect("a figure")
}

#[tokio::test]
async fn the_index_of_words_gains_and_loses_documents_however_late_it_is() {
    let scene = Scene::new(Engine::Sqlite).await;
    let org = scene.current.actor.organization;
    let about = scene.write("Ana", None, "albaricoque").await;
    fill(&scene, about, 0, 5).await;
    assert_eq!(found(&scene, "albaricoque").await.ids.len(), 1);
    let erase = scene.world.ctx.store().write("test", (org, about), |tx, (org, about)| {
        Box::pin(async move { Ok::<_, Error>(store::search::remove_conversation(tx, org, about).await?) })
    });
    erase.await.expect("gone");
    assert!(found(&scene, "albaricoque").await.ids.is_empty(), "what was in the index is out of it");
    // The positions of the newest documents are given again.
    fill(&scene, about, 0, 5).await;
    assert_eq!(found(&scene, "comun").await.ids.len(), 5);
    scene.write("Ana", None, "melocotón").await;
    let groups = app::search::search(&scene.world.ctx, &scene.current.actor, "melocoton", &app::search::Kind::ALL, 10);
    let hits: usize = groups.await.expect("a search").iter().map(|group| group.hits.len()).sum();
    assert_eq!(hits, 1, "whoever searches finds what was just said");
    assert_eq!(lacking(&scene).await, None);
}

#[tokio::test]
async fn a_common_word_costs_as_much_in_a_hundred_thousand_as_in_ten_thousand() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let about = scene.write("Ana", None, "hola").await;
        fill(&scene, about, 0, 10_000).await;
        let few = found(&scene, "comun").await;
        fill(&scene, about, 10_000, 100_000).await;
        let many = found(&scene, "comun").await;
        assert_eq!((few.ids.len(), few.is_capped), (1_000, true), "{engine:?}");
        assert_eq!((many.ids.len(), many.is_capped), (1_000, true), "{engine:?}");
        assert_ne!(few.ids, many.ids, "the newest are read");
        assert_eq!(found(&scene, "raro").await.ids.len(), 10, "{engine:?}: a rare word is found however old");
        assert_eq!(found(&scene, "comun w7").await.ids.len(), 1_000);
        assert_eq!(found(&scene, "w99999").await.ids.len(), 1);
        plan(&scene, engine).await;
    }
}

/// The plan reads candidates by the index of words, or back from the newest, and never every document.
async fn plan(scene: &Scene, engine: Engine) {
    let reach = scene.current.actor.reach(domain::permissions::Permission::ConversationsRead).expect("held");
    let input = (scene.current.actor.organization, reach, Query::parse("raro"));
    let explain = scene.world.ctx.store().read("test", input, |tx, (org, reach, query)| {
        Box::pin(async move { Ok::<_, Error>(store::search::plan_of_entries(tx, org, &reach.into(), &query).await?) })
    });
    let text = explain.await.expect("a plan").join("\n");
    match engine {
        Engine::Sqlite => {
            assert!(text.contains("search_index VIRTUAL TABLE INDEX"), "{text}");
            assert!(text.contains("SEARCH d USING INTEGER PRIMARY KEY"), "{text}");
            assert!(!text.contains("SCAN d\n") && !text.contains("SCAN conversations"), "{text}");
        }
        Engine::Postgres => assert!(!text.contains("Seq Scan on search_documents"), "{text}"),
    }
}
