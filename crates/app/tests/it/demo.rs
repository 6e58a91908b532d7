//! The demonstration: brought along whole, taken away whole, and nothing else with it.

use app::Error;
use app::conversations::{self, Handle, ListQuery, Span};
use app::demo;
use app::widget::{self, Arrival, VisitorMessage};
use testkit::stores::BOTH;
use testkit::world::World;

async fn conversations_of(world: &World, actor: &app::Actor) -> Vec<i64> {
    let page = conversations::list(&world.ctx, actor, ListQuery::default(), Span::First, 200).await.expect("a page");
    page.views.iter().map(|view| view.conversation.number).collect()
}

#[tokio::test]
async fn what_is_brought_along_is_taken_away_and_the_rest_stays() {
    for engine in BOTH {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        let (ctx, actor) = (&world.ctx, &current.actor);
        let key = app::organization::demo_widget_key(ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(ctx, &key).await.expect("the channel");
        let arrival = Arrival { language: "es".to_owned(), name: Some("De verdad".to_owned()), ..Arrival::default() };
        let session = widget::open(ctx, &channel, arrival).await.expect("a session");
        let message = VisitorMessage {
            client_message_id: ctx.new_id(),
            conversation: None,
            text: "hola".to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        let real = widget::post_message(ctx, &channel, &session.visitor, message).await.expect("taken in");

        let seeded = demo::seed(ctx, actor).await.expect("brought along");
        assert_eq!(seeded.colleagues.len(), 3);
        assert_eq!(conversations_of(&world, actor).await.len(), seeded.conversation_count + 1, "{engine:?}");
        let past = conversations::list(ctx, actor, ListQuery::default(), Span::First, 1).await.expect("a page");
        let past = past.views.first().expect("one").conversation.id;
        conversations::composer(ctx, actor, past).await.expect("an old conversation opens");
        let ana = &seeded.colleagues[0];
        app::sessions::sign_in(ctx, &ana.email, &ana.password, None, None).await.expect("the password is hers");
        let again = demo::seed(ctx, actor).await;
        assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");

        let cleared = demo::clear(ctx, actor).await.expect("taken away");
        assert_eq!((cleared.conversation_count, cleared.user_count), (seeded.conversation_count, 3));
        assert_eq!(conversations_of(&world, actor).await, [real.conversation.number], "{engine:?}");
        conversations::find(ctx, actor, Handle::Number(real.conversation.number)).await.expect("the real one stays");
        let gone = app::sessions::sign_in(ctx, &ana.email, &ana.password, None, None).await;
        assert!(matches!(gone, Err(Error::InvalidCredentials)), "{gone:?}");
        assert_eq!(demo::clear(ctx, actor).await.expect("a repeat"), demo::Cleared::default());
        demo::seed(ctx, actor).await.expect("it may be brought along again");
    }
}
