//! What somebody might reach who should not: by a place left open, a block gone round, a person forgotten.

use app::Error;
use app::config::{self, Noun};
use app::conversations::{OpenInput, Who, open};
use app::live::{Filter, Heard, VisitorFilter};
use domain::conversation::Priority;
use domain::ids::QueueId;
use serde_json::Map;
use testkit::stores::BOTH;

use crate::desk::Scene;

#[tokio::test]
async fn a_conversation_is_opened_only_in_queues_of_ones_own() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let session = scene.visitor().await;
        let made = scene.write(&session, "hola").await;
        let channel = scene.channel().await;
        let stranger = scene.colleague([QueueId(scene.world.ctx.new_id())]);
        let input = |queue, channel| OpenInput {
            who: Who::Customer(session.customer.id),
            channel,
            queue,
            subject: None,
            priority: Priority::Normal,
            fields: Map::new(),
            message: None,
        };
        let by_channel = open(&scene.world.ctx, &stranger, input(None, Some(channel.id))).await;
        assert!(matches!(by_channel, Err(Error::Denied(_))), "{engine:?}: {by_channel:?}");
        let by_queue = open(&scene.world.ctx, &stranger, input(made.conversation.queue_id, None)).await;
        assert!(matches!(by_queue, Err(Error::Denied(_))), "{engine:?}: {by_queue:?}");
        let colleague = scene.colleague(made.conversation.queue_id);
        open(&scene.world.ctx, &colleague, input(None, Some(channel.id))).await.expect("their own queue");
    }
}

#[tokio::test]
async fn a_visitor_of_an_erased_customer_is_nobody() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let session = scene.visitor().await;
        let made = scene.write(&session, "hola").await;
        let (ctx, channel) = (&scene.world.ctx, scene.channel().await);
        let hub = ctx.runtime(made.conversation.organization_id).expect("it runs").hub.clone();
        let filter = VisitorFilter { customer: session.customer.id, channel: channel.id, queue: None, waits_in: None };
        let mut feed = hub.subscribe(Filter::Visitor(filter), Some(session.visitor.id.0));
        app::customers::erase(ctx, scene.actor(), session.customer.id, "ERASE").await.expect("erased");
        let refused = app::widget::by_token(ctx, &channel, &session.token).await;
        assert!(matches!(refused, Err(Error::Unauthenticated)), "{engine:?}: {refused:?}");
        while let Some(heard) = feed.next().await {
            assert!(!matches!(heard, Heard::Lagged(_)), "the feed ends");
        }
    }
}

#[tokio::test]
async fn an_open_socket_hears_that_its_queues_changed() {
    for engine in BOTH {
        let mut scene = Scene::new(engine).await;
        let (ctx, agent) = (scene.world.ctx.clone(), scene.actor().agent().expect("an agent"));
        let row = config::find(&ctx, scene.actor(), Noun::Agent, agent.0).await.expect("found");
        let none = serde_json::json!([]);
        config::set_agent_queues(&ctx, scene.actor(), agent, Some(row.version()), none).await.expect("taken out");
        let told = async {
            while let Some(heard) = scene.feed.next().await {
                if matches!(heard, Heard::Rights) {
                    return true;
                }
            }
            false
        };
        let told = tokio::time::timeout(std::time::Duration::from_secs(20), told).await;
        assert_eq!(told.ok(), Some(true), "{engine:?}: it asks again what may be read");
    }
}
