//! What was said by mail, in the web chat: only for whom the site has signed for, and only where a channel shares it.

use std::sync::Arc;

use app::Error;
use app::channels::{self, Change};
use app::model::Channel;
use app::widget::{self, Arrival, Session, VisitorMessage};
use domain::ids::ConversationId;
use serde_json::{Value, json};
use testkit::stores::{BOTH, Engine};

use crate::identity::{PUBLIC, sign};
use crate::postbox::{Postbox, mail};

const EVA: &str = "Eva <eva@clientes.es>";
const PASS: &str = "Subject: Factura\r\nAuthentication-Results: mx.x.es; dmarc=pass header.from=clientes.es";

struct Scene {
    postbox: Postbox,
    chat: Arc<Channel>,
    /// The conversation by mail.
    letter: ConversationId,
}

impl Scene {
    async fn new(engine: Engine) -> Self {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", PASS, "mi factura")).await;
        let letter = postbox.conversations().await.remove(0).id;
        let ctx = &postbox.world.ctx;
        let key = app::organization::demo_widget_key(ctx).await.expect("reads").expect("a web chat");
        let chat = widget::channel(ctx, &key).await.expect("the channel");
        let mut scene = Self { postbox, chat, letter };
        let identity = json!({ "identity": { "algorithm": "EdDSA", "public_keys": [PUBLIC] } });
        scene.chat = Arc::new(scene.configure(&scene.chat, identity).await);
        scene
    }

    async fn configure(&self, channel: &Channel, config: Value) -> Channel {
        let (ctx, actor) = (&self.postbox.world.ctx, &self.postbox.current.actor);
        let now = channels::find(ctx, actor, channel.id).await.expect("found").channel;
        let change = Change { config: Some(config), ..Change::default() };
        channels::update(ctx, actor, channel.id, now.version, change).await.expect("changed").channel
    }

    async fn share(&self, is_shared: bool) {
        self.configure(&self.postbox.channel.channel, json!({ "shares_history": is_shared })).await;
    }

    /// Somebody whose site says that the address is theirs, proven or not.
    async fn identified(&self, is_verified: bool) -> Session {
        let ctx = &self.postbox.world.ctx;
        let now = ctx.now().as_second();
        let token = sign(&json!({
            "sub": format!("eva-{is_verified}"), "aud": self.chat.public_key, "iat": now, "exp": now + 300,
            "email": "eva@clientes.es", "email_verified": is_verified,
        }));
        let arrival = Arrival { identity_token: Some(token), language: "es".to_owned(), ..Arrival::default() };
        widget::open(ctx, &self.chat, arrival).await.expect("a session")
    }

    async fn sees(&self, session: &Session) -> Vec<ConversationId> {
        let own = widget::overview(&self.postbox.world.ctx, &session.visitor).await.expect("an overview");
        own.into_iter().map(|own| own.conversation.id).collect()
    }

    async fn reads(&self, session: &Session) -> Result<usize, Error> {
        let read = widget::messages(&self.postbox.world.ctx, &session.visitor, self.letter, None, 50).await;
        read.map(|entries| entries.len())
    }
}

#[tokio::test]
async fn a_signed_person_finds_their_mail_where_the_channel_shares_it() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let eva = scene.identified(true).await;
        assert!(scene.sees(&eva).await.is_empty(), "{engine:?}: nothing is shared by itself");
        assert!(matches!(scene.reads(&eva).await, Err(Error::NotFound)));
        scene.share(true).await;
        assert_eq!(scene.sees(&eva).await, [scene.letter], "{engine:?}");
        assert_eq!(scene.reads(&eva).await.expect("read"), 1);
        let own = widget::own(&scene.postbox.world.ctx, &eva.visitor, scene.letter).await.expect("theirs");
        assert!(own.is_going_on && own.last.is_some_and(|entry| entry.text().contains("mi factura")));
        scene.share(false).await;
        assert!(scene.sees(&eva).await.is_empty(), "{engine:?}: no longer");
    }
}

#[tokio::test]
async fn who_is_not_signed_for_never_sees_it_whatever_they_type() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.share(true).await;
        let ctx = &scene.postbox.world.ctx;
        let typed = Arrival { email: Some("eva@clientes.es".to_owned()), ..Arrival::default() };
        let typed = widget::open(ctx, &scene.chat, typed).await.expect("a session");
        let unproven = scene.identified(false).await;
        for session in [&typed, &unproven] {
            assert!(scene.sees(session).await.is_empty(), "{engine:?}");
            assert!(matches!(scene.reads(session).await, Err(Error::NotFound)), "{engine:?}");
        }
    }
}

#[tokio::test]
async fn in_a_shared_conversation_they_may_write_but_end_nothing() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        scene.share(true).await;
        let eva = scene.identified(true).await;
        let ctx = &scene.postbox.world.ctx;
        assert!(matches!(widget::end(ctx, &eva.visitor, scene.letter).await, Err(Error::NotFound)), "{engine:?}");
        let message = VisitorMessage {
            client_message_id: ctx.new_id(),
            conversation: Some(scene.letter),
            text: "sigo aquí".to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        let received = widget::post_message(ctx, &scene.chat, &eva.visitor, message).await.expect("taken in");
        assert_eq!(received.conversation.id, scene.letter, "{engine:?}");
        assert_eq!(scene.reads(&eva).await.expect("read"), 2, "{engine:?}: both channels");
    }
}
