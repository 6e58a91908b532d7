//! Who a visitor is: what the site signs opens a history, what a visitor types never does. Each attack is tried.

use std::sync::Arc;

use app::Error;
use app::identity_tokens::Reason;
use app::model::{Channel, Customer, Identity};
use app::sessions::Current;
use app::widget::{self, Arrival, Session, VisitorMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::conversation::Verification;
use domain::ids::{CustomerId, IdentityId};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use testkit::stores::{BOTH, Engine};
use testkit::world::World;

/// The first key pair of RFC 8032, which everybody knows.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
pub const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
const SET_CONFIG: db::Sql = db::Sql::global(
    "test.set_config",
    "UPDATE channels SET config = $2 WHERE id = $1",
    &[],
    "a test sets a channel up",
);
const BLOCK: db::Sql = db::Sql::global(
    "test.block",
    "UPDATE customers SET is_blocked = TRUE WHERE id = $1",
    &[],
    "a test blocks somebody",
);

struct Scene {
    world: World,
    current: Current,
    channel: Arc<Channel>,
}

impl Scene {
    async fn new(engine: Engine) -> Self {
        Self::with(engine, json!({ "identity": { "algorithm": "EdDSA", "public_keys": [PUBLIC] } })).await
    }

    async fn with(engine: Engine, config: Value) -> Self {
        let world = World::new(engine).await;
        let current = world.set_up().await;
        let key = app::organization::demo_widget_key(&world.ctx).await.expect("reads").expect("a web chat");
        let set = world.ctx.store().write("test", (key.clone(), config), |tx, (key, config)| {
            Box::pin(async move {
                let channel = store::channels::by_public_key(tx, &key).await?.ok_or(Error::NotFound)?;
                Ok::<_, Error>(tx.exec_one(&SET_CONFIG, &[channel.id.0.into(), config.into()]).await?)
            })
        });
        set.await.expect("set");
        let channel = widget::channel(&world.ctx, &key).await.expect("the channel");
        Self { world, current, channel }
    }

    fn claims(&self, subject: &str) -> Value {
        let now = self.world.ctx.now().as_second();
        json!({ "sub": subject, "aud": self.channel.public_key, "iat": now, "exp": now + 300 })
    }

    fn token(&self, subject: &str, more: Value) -> String {
        let mut claims = self.claims(subject);
        claims.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        sign(&claims)
    }

    async fn open(&self, arrival: Arrival) -> Result<Session, Error> {
        widget::open(&self.world.ctx, &self.channel, Arrival { language: "es".to_owned(), ..arrival }).await
    }

    async fn anonymous(&self) -> Session {
        self.open(Arrival::default()).await.expect("a session")
    }

    async fn identified(&self, subject: &str) -> Session {
        let identity_token = Some(self.token(subject, json!({})));
        self.open(Arrival { identity_token, ..Arrival::default() }).await.expect("a session")
    }

    async fn identify(&self, session: &Session, token: &str) -> Result<Session, Error> {
        widget::identify(&self.world.ctx, &self.channel, &session.visitor, &session.token, token).await
    }

    async fn write(&self, session: &Session, text: &str) {
        let visitor = widget::by_token(&self.world.ctx, &self.channel, &session.token).await.expect("good");
        let message = VisitorMessage {
            client_message_id: self.world.ctx.new_id(),
            conversation: None,
            text: text.to_owned(),
            attachment_ids: Vec::new(),
            sent_at: None,
        };
        widget::post_message(&self.world.ctx, &self.channel, &visitor, message).await.expect("taken in");
    }

    /// What the last message of each of the session's conversations says.
    async fn sees(&self, session: &Session) -> Vec<String> {
        let visitor = widget::by_token(&self.world.ctx, &self.channel, &session.token).await.expect("good");
        let own = widget::overview(&self.world.ctx, &visitor).await.expect("an overview");
        own.into_iter().map(|own| own.last.expect("a message").text().to_owned()).collect()
    }

    /// Somebody known by a mail address that was proven, with a conversation nobody else may see.
    async fn known(&self, address: &str) -> CustomerId {
        let session = self.anonymous().await;
        self.write(&session, "mi historial").await;
        let identity = Identity {
            id: IdentityId(self.world.ctx.new_id()),
            organization_id: self.channel.organization_id,
            customer_id: session.customer.id,
            kind: "email".to_owned(),
            address: address.to_owned(),
            display: None,
            channel_id: None,
            verification: Verification::Observed,
            is_authenticated: true,
            is_primary: false,
            reachability: "ok".to_owned(),
            verified_at: None,
            created_at: self.world.ctx.now(),
            version: 1,
            is_shared: false,
            verified_by: None,
        };
        let insert = self.world.ctx.store().write("test", identity, |tx, identity| {
            Box::pin(async move { Ok::<_, Error>(store::customers::insert_identity(tx, &identity).await?) })
        });
        insert.await.expect("inserted");
        session.customer.id
    }

    async fn identities(&self, id: CustomerId) -> Vec<(String, String, Verification)> {
        let view = app::customers::find(&self.world.ctx, &self.current.actor, id).await.expect("readable");
        view.identities.into_iter().map(|i| (i.kind, i.address, i.verification)).collect()
    }

    async fn customer(&self, id: CustomerId) -> Customer {
        app::customers::find(&self.world.ctx, &self.current.actor, id).await.expect("readable").customer
    }
}

pub fn sign(claims: &Value) -> String {
    let seed = (0..SEED.len()).step_by(2).map(|at| u8::from_str_radix(&SEED[at..at + 2], 16).expect("hex"));
    let prefix = STANDARD.decode("MC4CAQAwBQYDK2VwBCIEIA==").expect("base64");
    let der: Vec<u8> = prefix.into_iter().chain(seed).collect();
    encode(&Header::new(Algorithm::EdDSA), claims, &EncodingKey::from_ed_der(&der)).expect("signs")
}

fn refused(outcome: Result<Session, Error>) -> Reason {
    match outcome {
        Err(Error::IdentityToken(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_said_before_signing_in_joins_the_person() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let before = scene.anonymous().await;
        scene.write(&before, "anónimo").await;
        let more =
            json!({ "name": "Eva", "email": "eva@example.com", "email_verified": true, "phone": "+34600000000" });
        let after = scene.identify(&before, &scene.token("u-1", more)).await.expect("believed");
        assert_eq!((&after.token, after.was_reset), (&before.token, false));
        assert_eq!(after.visitor.subject.as_deref(), Some("u-1"));
        assert_eq!(scene.sees(&after).await, ["anónimo"], "{engine:?}");
        let identities = scene.identities(after.customer.id).await;
        let has = |kind: &str, address: &str, state| identities.contains(&(kind.to_owned(), address.to_owned(), state));
        assert!(has("external_user", "u-1", Verification::Verified));
        assert!(has("email", "eva@example.com", Verification::Verified));
        assert!(has("phone", "+34600000000", Verification::Claimed), "unmarked is only claimed");
        assert_eq!(scene.customer(after.customer.id).await.name.as_deref(), Some("Eva"));
    }
}

#[tokio::test]
async fn a_second_device_sees_the_person_and_brings_its_own() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let first = scene.identified("u-1").await;
        scene.write(&first, "desde el móvil").await;
        scene.world.clock.advance_ms(8 * 24 * 60 * 60 * 1_000);
        let second = scene.anonymous().await;
        scene.write(&second, "desde casa").await;
        assert_eq!(scene.sees(&second).await, ["desde casa"]);
        let second = scene.identify(&second, &scene.token("u-1", json!({}))).await.expect("believed");
        assert_eq!(second.customer.id, first.customer.id, "{engine:?}");
        assert_eq!(scene.sees(&second).await, ["desde casa", "desde el móvil"]);
        assert_eq!(scene.sees(&first).await.len(), 2);
        scene.write(&second, "y sigo").await;
        assert_eq!(scene.sees(&first).await[0], "y sigo", "what comes later is the person's too");
    }
}

#[tokio::test]
async fn another_account_on_the_same_device_gets_nothing_of_the_first() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let first = scene.identified("u-1").await;
        scene.write(&first, "privado").await;
        let other = scene.identify(&first, &scene.token("u-2", json!({}))).await.expect("believed");
        assert!(other.was_reset && other.token != first.token, "{engine:?}");
        assert_ne!(other.customer.id, first.customer.id);
        assert!(scene.sees(&other).await.is_empty());
        let arrival = Arrival {
            token: Some(first.token.clone()),
            identity_token: Some(scene.token("u-3", json!({}))),
            ..Arrival::default()
        };
        let third = scene.open(arrival).await.expect("believed");
        assert!(third.was_reset && scene.sees(&third).await.is_empty());
        assert_eq!(scene.sees(&first).await, ["privado"]);
    }
}

#[tokio::test]
async fn typing_somebodys_address_shows_nothing_of_theirs() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let victim = scene.known("victima@example.com").await;
        let thief = Arrival { email: Some("Victima@Example.com".to_owned()), ..Arrival::default() };
        let thief = scene.open(thief).await.expect("a session");
        assert_ne!(thief.customer.id, victim);
        scene.write(&thief, "soy yo, de verdad").await;
        assert_eq!(scene.sees(&thief).await, ["soy yo, de verdad"], "{engine:?}");
        let identities = scene.identities(thief.customer.id).await;
        assert!(identities.iter().any(|(kind, _, state)| kind == "email" && *state == Verification::Claimed));
    }
}

#[tokio::test]
async fn an_address_the_site_did_not_prove_shows_nothing_either() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let victim = scene.known("victima@example.com").await;
        let before = scene.anonymous().await;
        for marked in [json!({}), json!({ "email_verified": false }), json!({ "email_verified": "true" })] {
            let mut more = json!({ "email": "victima@example.com" });
            more.as_object_mut().expect("an object").extend(marked.as_object().expect("an object").clone());
            let after = scene.identify(&before, &scene.token("u-9", more)).await.expect("believed");
            assert_ne!(after.customer.id, victim, "{engine:?}");
            assert!(scene.sees(&after).await.is_empty());
        }
    }
}

#[tokio::test]
async fn a_proven_address_leads_to_its_person_but_never_joins_two_accounts() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let person = scene.known("eva@example.com").await;
        let more = json!({ "email": "eva@example.com", "email_verified": true });
        let first =
            scene.identify(&scene.anonymous().await, &scene.token("u-1", more.clone())).await.expect("believed");
        assert_eq!(first.customer.id, person, "{engine:?}");
        assert_eq!(scene.sees(&first).await, ["mi historial"]);
        let second = scene.identify(&scene.anonymous().await, &scene.token("u-2", more)).await.expect("believed");
        assert_ne!(second.customer.id, person, "an address that changed hands opens nothing");
        assert!(scene.sees(&second).await.is_empty());
    }
}

#[tokio::test]
async fn account_names_are_compared_letter_by_letter() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let lower = scene.identified("admin").await;
        scene.write(&lower, "privado").await;
        for name in ["Admin", "admin ", "ADMIN"] {
            let other = scene.identified(name).await;
            assert!(scene.sees(&other).await.is_empty(), "{engine:?} {name:?}");
        }
        assert_eq!(scene.sees(&scene.identified("admin").await).await, ["privado"]);
    }
}

#[tokio::test]
async fn a_token_that_names_itself_works_once() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let session = scene.anonymous().await;
        let token = scene.token("u-1", json!({ "jti": "one" }));
        scene.identify(&session, &token).await.expect("the first time");
        assert_eq!(refused(scene.identify(&session, &token).await), Reason::Replayed, "{engine:?}");
        let thief = scene.anonymous().await;
        assert_eq!(refused(scene.identify(&thief, &token).await), Reason::Replayed);
        assert!(scene.sees(&thief).await.is_empty(), "nothing happened");
        let arrival = Arrival { identity_token: Some(token), ..Arrival::default() };
        assert_eq!(refused(scene.open(arrival).await), Reason::Replayed);
        let again = scene.token("u-1", json!({ "jti": "two" }));
        scene.identify(&session, &again).await.expect("another token of the same person");
    }
}

#[tokio::test]
async fn a_token_for_another_widget_an_old_one_or_none_of_ours_is_refused() {
    let scene = Scene::new(Engine::Sqlite).await;
    let session = scene.anonymous().await;
    let other = scene.token("u-1", json!({ "aud": "another-widget" }));
    assert_eq!(refused(scene.identify(&session, &other).await), Reason::Audience);
    let old = scene.token("u-1", json!({}));
    scene.world.clock.advance_ms(361_000);
    assert_eq!(refused(scene.identify(&session, &old).await), Reason::Expired);
    assert_eq!(refused(scene.identify(&session, "a.b.c").await), Reason::Signature);
    let bare = Scene::with(Engine::Sqlite, json!({})).await;
    let token = bare.token("u-1", json!({}));
    assert_eq!(refused(bare.identify(&bare.anonymous().await, &token).await), Reason::Signature, "no keys, no fit");
}

#[tokio::test]
async fn where_identity_is_required_nobody_comes_in_without() {
    let identity = json!({ "algorithm": "EdDSA", "public_keys": [PUBLIC], "is_required": true });
    let scene = Scene::with(Engine::Sqlite, json!({ "identity": identity })).await;
    assert_eq!(refused(scene.open(Arrival::default()).await), Reason::Claims);
    let session = scene.identified("u-1").await;
    let arrival = Arrival { token: Some(session.token.clone()), ..Arrival::default() };
    assert_eq!(scene.open(arrival).await.expect("resumes").visitor.id, session.visitor.id);
}

#[tokio::test]
async fn who_is_blocked_stays_out_on_every_device() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let session = scene.identified("u-1").await;
        let block = scene.world.ctx.store().write("test", session.customer.id, |tx, id| {
            Box::pin(async move { Ok::<_, Error>(tx.exec_one(&BLOCK, &[id.0.into()]).await?) })
        });
        block.await.expect("blocked");
        let by_token = widget::by_token(&scene.world.ctx, &scene.channel, &session.token).await;
        assert!(matches!(by_token, Err(Error::VisitorBlocked)), "{engine:?}");
        let identity_token = Some(scene.token("u-1", json!({})));
        let again = scene.open(Arrival { identity_token, ..Arrival::default() }).await;
        assert!(matches!(again, Err(Error::VisitorBlocked)), "{engine:?}");
    }
}

#[tokio::test]
async fn two_devices_at_the_same_moment_become_one_person() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let (first, second) = (scene.anonymous().await, scene.anonymous().await);
        let (a, b) = (scene.token("u-1", json!({})), scene.token("u-1", json!({})));
        let (a, b) = tokio::join!(scene.identify(&first, &a), scene.identify(&second, &b));
        let (a, b) = (a.expect("believed"), b.expect("believed"));
        assert_eq!(a.customer.id, b.customer.id, "{engine:?}");
    }
}

#[tokio::test]
async fn unread_counts_follow_the_person() {
    for engine in BOTH {
        let scene = Scene::new(engine).await;
        let session = scene.anonymous().await;
        scene.write(&session, "hola").await;
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let own = widget::overview(ctx, &session.visitor).await.expect("an overview").remove(0);
        assert_eq!(own.unread_count, 0, "one's own message is read");
        let id = own.conversation.id;
        for text in ["uno", "dos"] {
            let input = app::conversations::MessageInput { text: text.to_owned(), ..Default::default() };
            app::conversations::post_message(ctx, actor, id, input).await.expect("sent");
        }
        let count =
            async |session: &Session| widget::own(ctx, &session.visitor, id).await.expect("theirs").unread_count;
        assert_eq!(count(&session).await, 2, "{engine:?}");
        widget::mark_read(ctx, &session.visitor, id, 2).await.expect("read");
        assert_eq!(count(&session).await, 1);
        let after = scene.identify(&session, &scene.token("u-1", json!({}))).await.expect("believed");
        assert_eq!(count(&after).await, 1, "what the device has read, the person has read");
    }
}

#[tokio::test]
async fn a_shared_secret_signs_as_soon_as_an_administrator_sets_it() {
    for engine in BOTH {
        let scene = Scene::with(engine, json!({ "identity": { "algorithm": "HS256" } })).await;
        let secret = "a secret of at least thirty-two bytes";
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = encode(&Header::default(), &scene.claims("u-1"), &key).expect("signs");
        let session = scene.anonymous().await;
        assert_eq!(refused(scene.identify(&session, &token).await), Reason::Signature, "{engine:?}: no secret yet");
        let (ctx, actor) = (&scene.world.ctx, &scene.current.actor);
        let values = vec![("identity_secret".to_owned(), Some(secret.to_owned()))];
        app::channels::set_secrets(ctx, actor, scene.channel.id, None, values, std::time::Duration::ZERO)
            .await
            .expect("set");
        let after = scene.identify(&session, &token).await.expect("believed");
        assert_eq!(after.visitor.subject.as_deref(), Some("u-1"), "{engine:?}");
        let public = scene.token("u-1", json!({}));
        assert_eq!(
            refused(scene.identify(&session, &public).await),
            Reason::Algorithm,
            "the channel chose, not the token"
        );
    }
}

#[tokio::test]
async fn what_a_secret_was_is_believed_until_the_overlap_ends() {
    for engine in BOTH {
        let scene = Scene::with(engine, json!({ "identity": { "algorithm": "HS256" } })).await;
        let (ctx, actor, id) = (&scene.world.ctx, &scene.current.actor, scene.channel.id);
        let names = ["an older secret of thirty-two bytes", "a newer secret of thirty-two bytes!"];
        let set = async |secret: &str, overlap_s: u64| {
            let values = vec![("identity_secret".to_owned(), Some(secret.to_owned()))];
            let overlap = std::time::Duration::from_secs(overlap_s);
            app::channels::set_secrets(ctx, actor, id, None, values, overlap).await
        };
        let by = |secret: &str| {
            let key = EncodingKey::from_secret(secret.as_bytes());
            encode(&Header::default(), &scene.claims("u-1"), &key).expect("signs")
        };
        set(names[0], 0).await.expect("set");
        set(names[1], 60).await.expect("set");
        for name in names {
            let session = scene.anonymous().await;
            scene.identify(&session, &by(name)).await.unwrap_or_else(|error| panic!("{engine:?} {name}: {error}"));
        }
        scene.world.clock.advance_ms(61_000);
        let session = scene.anonymous().await;
        assert_eq!(refused(scene.identify(&session, &by(names[0])).await), Reason::Signature, "{engine:?}: it is over");
        scene.identify(&session, &by(names[1])).await.expect("the present one is believed");
        let long = set(names[0], 8 * 24 * 3_600).await;
        assert!(matches!(long, Err(app::Error::Invalid(_))), "{engine:?}: at most seven days");
        set(names[0], 0).await.expect("set");
        let refusal = refused(scene.identify(&scene.anonymous().await, &by(names[1])).await);
        assert_eq!(refusal, Reason::Signature, "{engine:?}: without an overlap the one before ends at once");
    }
}

#[tokio::test]
async fn a_key_may_be_given_as_a_jwk() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    for engine in BOTH {
        for key in [jwk.clone(), json!(jwk.to_string())] {
            let config = json!({ "identity": { "algorithm": "EdDSA", "public_keys": [key] } });
            let scene = Scene::with(engine, config).await;
            assert_eq!(scene.identified("u-1").await.visitor.subject.as_deref(), Some("u-1"), "{engine:?}");
        }
        let other = json!({ "kty": "OKP", "crv": "Ed25519", "x": "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw" });
        let config = json!({ "identity": { "algorithm": "EdDSA", "public_keys": [other] } });
        let scene = Scene::with(engine, config).await;
        let session = scene.anonymous().await;
        let token = scene.token("u-1", json!({}));
        assert_eq!(refused(scene.identify(&session, &token).await), Reason::Signature, "{engine:?}");
    }
}
