//! Mails that no person writes: what they say, to whom they go, and that they never go twice.

use std::sync::Arc;

use app::conversations::{self, Around, MessageInput, NoteInput, To};
use app::model::Entry;
use app::widget::{self, Arrival, NoticeState, Opinion, Purpose, Session, VisitorMessage};
use app::{Error, channels};
use domain::conversation::{EntryKind, Verification};
use domain::ids::{ConversationId, IdentityId};
use serde_json::json;
use testkit::stores::{BOTH, Engine};

use crate::postbox::{Postbox, Reaction};

const EVA: &str = "eva@clientes.es";
const FIVE_MINUTES_MS: i64 = 300_000;

/// A mail channel, a web chat, and a visitor with a conversation.
struct Chat {
    postbox: Postbox,
    channel: Arc<app::model::Channel>,
    session: Session,
    id: ConversationId,
}

impl Chat {
    async fn new(engine: Engine) -> Self {
        let postbox = Postbox::new(engine).await;
        let ctx = &postbox.world.ctx;
        let key = app::organization::demo_widget_key(ctx).await.expect("reads").expect("a web chat");
        let channel = widget::channel(ctx, &key).await.expect("the channel");
        let arrival = Arrival { language: "es".to_owned(), name: Some("Eva".to_owned()), ..Arrival::default() };
        let session = widget::open(ctx, &channel, arrival).await.expect("a session");
        let id = write(&postbox, &channel, &session, "¿Tenéis *tubos* <b>9/16</b>?").await;
        Self { postbox, channel, session, id }
    }

    fn ctx(&self) -> &app::Ctx {
        &self.postbox.world.ctx
    }

    async fn say(&self, text: &str) {
        write(&self.postbox, &self.channel, &self.session, text).await;
    }

    async fn answer(&self, text: &str) -> Entry {
        let input = MessageInput { text: text.to_owned(), ..MessageInput::default() };
        let actor = &self.postbox.current.actor;
        conversations::post_message(self.ctx(), actor, self.id, input).await.expect("written")
    }

    async fn ask(&self, email: &str) -> Result<Entry, Error> {
        widget::transcript(self.ctx(), &self.session.visitor, self.id, email).await
    }

    async fn notify(&self, email: &str) -> Result<NoticeState, Error> {
        widget::notify(self.ctx(), &self.session.visitor, self.id, email).await
    }

    async fn events(&self) -> Vec<Entry> {
        let (actor, kinds) = (&self.postbox.current.actor, vec![EntryKind::Event]);
        let page = conversations::entries(self.ctx(), actor, self.id, Around::Newest, kinds, 200).await;
        let mut entries = page.expect("entries").entries;
        entries.reverse();
        entries
    }

    /// Waits until `count` mails have been taken by the server, each in one piece of plain characters.
    async fn mails(&self, count: usize) -> Vec<String> {
        let wait = async {
            while self.postbox.smtp.taken().len() < count {
                tokio::task::yield_now().await;
            }
            self.postbox.smtp.taken()
        };
        let limit = std::time::Duration::from_secs(20);
        let taken = tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("{count} mails never left"));
        taken.iter().map(|mail| unfolded(mail)).collect()
    }

    /// Waits until the first event of this kind was tried and waits for its next attempt.
    async fn until_event(&self, kind: &str, state: &str) {
        let wait = async {
            loop {
                let events = self.events().await;
                let found = events.iter().find(|e| e.body["type"] == kind).and_then(|e| e.delivery.clone());
                if found.is_some_and(|d| d["state"] == state && d["attempt"] == 2) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("{kind} never was {state}"));
    }

    /// What has not left yet.
    async fn waiting(&self) -> i64 {
        let input = (self.postbox.current.actor.organization, self.postbox.channel.channel.id);
        let read = self.ctx().store().read("test", input, |tx, (org, channel)| {
            Box::pin(async move { Ok::<_, Error>(store::deliveries::waiting(tx, org, channel).await?) })
        });
        read.await.expect("counts")
    }

    async fn settle(&self) {
        // Whatever is due has left when this returns.
        while app::deliveries::run_due(self.ctx(), self.postbox.current.actor.organization).await.expect("runs") > 0 {}
    }

    async fn wait(&self, ms: i64) {
        self.postbox.world.clock.advance_ms(ms);
        self.postbox.world.wake_timers().await;
    }
}

async fn write(postbox: &Postbox, channel: &Arc<app::model::Channel>, session: &Session, text: &str) -> ConversationId {
    let message = VisitorMessage {
        client_message_id: postbox.world.ctx.new_id(),
        conversation: None,
        text: text.to_owned(),
        attachment_ids: Vec::new(),
        sent_at: None,
    };
    let received = widget::post_message(&postbox.world.ctx, channel, &session.visitor, message).await;
    received.expect("taken in").conversation.id
}

/// Quoted-printable undone, as far as these tests read it.
fn unfolded(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "");
    let bytes = joined.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let code = (bytes[at] == b'=').then(|| std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn link(mail: &str) -> String {
    let text = mail.split("/n/").nth(1).expect("a link");
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[tokio::test]
async fn a_transcript_says_what_both_sides_have_seen_and_nothing_else() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        let actor = &chat.postbox.current.actor;
        chat.answer("Sí, **quedan** dos.").await;
        let note = NoteInput { text: "ojo con esta".to_owned(), ..NoteInput::default() };
        conversations::post_note(chat.ctx(), actor, chat.id, note).await.expect("noted");
        let entry = chat.ask("Eva@clientes.es").await.expect("sent");
        let mail = chat.mails(1).await.remove(0);
        for part in [
            "To: <Eva@clientes.es>",
            "Auto-Submitted: auto-generated",
            "Tu conversación con",
            "¿Tenéis *tubos* <b>9/16</b>?",
            "&lt;b&gt;9/16&lt;/b&gt;",
            "<strong>quedan</strong>",
            "Dani Mora",
            "Tú",
        ] {
            assert!(mail.contains(part), "{engine:?} {part} in {mail}");
        }
        assert!(!mail.contains("ojo con esta"), "{engine:?}: a note");
        let events = chat.events().await;
        assert_eq!((events.len(), events[0].id, &events[0].body["type"]), (1, entry.id, &json!("transcript.sent")));
        let conversation = conversations::find(chat.ctx(), actor, conversations::Handle::Id(chat.id))
            .await
            .expect("found")
            .conversation;
        let last = conversation.last_entry.expect("an entry");
        assert_eq!(last["kind"], "note", "{engine:?}: lists show what was said last");
        let seen = widget::messages(chat.ctx(), &chat.session.visitor, chat.id, None, 50).await.expect("messages");
        assert_eq!(seen.len(), 2, "{engine:?}: the visitor sees no events");
    }
}

#[tokio::test]
async fn asking_again_sends_again_only_when_something_new_was_said() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        let first = chat.ask(EVA).await.expect("sent");
        let again = chat.ask("EVA@clientes.es").await.expect("the same");
        assert_eq!(first.id, again.id, "{engine:?}");
        chat.say("una cosa más").await;
        let second = chat.ask(EVA).await.expect("sent");
        assert_ne!(first.id, second.id, "{engine:?}");
        assert_eq!(chat.mails(2).await.len(), 2);
        assert_eq!(chat.events().await.len(), 2, "{engine:?}");
    }
}

#[tokio::test]
async fn a_typed_address_is_claimed_once_and_opens_nothing() {
    for engine in BOTH {
        let mut chat = Chat::new(engine).await;
        let from = format!("Eva <{EVA}>");
        chat.postbox.deliver(&crate::postbox::mail(&from, "a@y", "Subject: Secreto", "mi historial")).await;
        chat.ask(EVA).await.expect("sent");
        chat.say("otra vez").await;
        chat.ask(EVA).await.expect("sent");
        let customer = chat.session.visitor.customer_id;
        let view = app::customers::find(chat.ctx(), &chat.postbox.current.actor, customer).await.expect("found");
        let mails: Vec<_> = view.identities.iter().filter(|i| i.kind == "email").collect();
        assert_eq!(mails.len(), 1, "{engine:?}");
        assert_eq!(mails[0].verification, Verification::Claimed);
        let own = widget::overview(chat.ctx(), &chat.session.visitor).await.expect("an overview");
        assert_eq!(own.len(), 1, "{engine:?}: no history of whoever has the address");
        assert!(!chat.mails(2).await.concat().contains("mi historial"));
    }
}

#[tokio::test]
async fn without_a_mail_channel_nothing_is_offered_and_asking_says_so() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        let offered = widget::features(chat.ctx(), &chat.channel).await.expect("features");
        assert!(offered.transcript && offered.notify && offered.rating);
        let (actor, mail) = (&chat.postbox.current.actor, chat.postbox.channel.channel.id);
        channels::disable(chat.ctx(), actor, mail, false).await.expect("off");
        let offered = widget::features(chat.ctx(), &chat.channel).await.expect("features");
        assert!(!offered.transcript && !offered.notify, "{engine:?}");
        assert!(matches!(chat.ask(EVA).await, Err(Error::NoMailChannel)));
        assert!(matches!(chat.notify(EVA).await, Err(Error::NoMailChannel)));
        let to = To::Email(EVA.to_owned());
        let staff = conversations::transcript(chat.ctx(), actor, chat.id, to, "html").await;
        assert!(matches!(staff, Err(Error::NoMailChannel)), "{engine:?}");
        assert!(chat.events().await.is_empty());
    }
}

#[tokio::test]
async fn nobody_is_flooded_with_mail() {
    let chat = Chat::new(Engine::Sqlite).await;
    for n in 0..5 {
        chat.say(&format!("{n}")).await;
        chat.ask(EVA).await.expect("within the quota");
    }
    chat.say("otra").await;
    assert!(matches!(chat.ask(EVA).await, Err(Error::RateLimited { .. })));
    let other = Chat { session: stranger(&chat).await, ..chat };
    let id = write(&other.postbox, &other.channel, &other.session, "hola").await;
    let asked = widget::transcript(other.ctx(), &other.session.visitor, id, EVA).await;
    assert!(matches!(asked, Err(Error::RateLimited { .. })), "the address has had enough, whoever asks");
}

async fn stranger(chat: &Chat) -> Session {
    widget::open(chat.ctx(), &chat.channel, Arrival::default()).await.expect("a session")
}

#[tokio::test]
async fn nobody_else_may_ask_and_no_wrong_address_is_written_to() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        let other = stranger(&chat).await;
        let asked = widget::transcript(chat.ctx(), &other.visitor, chat.id, EVA).await;
        assert!(matches!(asked, Err(Error::NotFound)), "{engine:?}");
        let asked = widget::notify(chat.ctx(), &other.visitor, chat.id, EVA).await;
        assert!(matches!(asked, Err(Error::NotFound)), "{engine:?}");
        let rated = widget::rate(chat.ctx(), &other.visitor, chat.id, Opinion { stars: 1, comment: None }).await;
        assert!(matches!(rated, Err(Error::NotFound)), "{engine:?}");
        assert!(matches!(chat.ask("eva").await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn staff_send_a_copy_to_an_address_of_the_customers_or_any_other() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        let actor = &chat.postbox.current.actor;
        chat.answer("Aquí lo tienes.").await;
        let to = To::Email("jefa@otra.es".to_owned());
        conversations::transcript(chat.ctx(), actor, chat.id, to, "text").await.expect("sent");
        let mail = chat.mails(1).await.remove(0);
        assert!(mail.contains("To: <jefa@otra.es>") && mail.contains("Eva ·") && !mail.contains("text/html"), "{mail}");
        let unknown = To::Identity(IdentityId(chat.ctx().new_id()));
        let refused = conversations::transcript(chat.ctx(), actor, chat.id, unknown, "html").await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{engine:?}");
        let customer = app::customers::find(chat.ctx(), actor, chat.session.visitor.customer_id).await.expect("found");
        assert!(customer.identities.iter().all(|i| i.kind != "email"), "{engine:?}: a colleague's is nobody's");
    }
}

#[tokio::test]
async fn unread_answers_are_mailed_once_after_somebody_said_yes() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        assert_eq!(chat.notify(EVA).await.expect("asked"), NoticeState::Pending);
        assert_eq!(chat.notify(EVA).await.expect("the same"), NoticeState::Pending);
        let question = chat.mails(1).await.remove(0);
        chat.answer("¿Sigues ahí?").await;
        chat.wait(FIVE_MINUTES_MS + 1).await;
        chat.settle().await;
        assert_eq!(chat.postbox.smtp.taken().len(), 1, "{engine:?}: nothing before the yes");
        assert!(!question.contains("¿Sigues"), "{engine:?}");

        let token = link(&question);
        let view = widget::look_at_link(chat.ctx(), &token).await.expect("good");
        assert_eq!(view.purpose, Purpose::Confirm);
        widget::follow_link(chat.ctx(), &token).await.expect("confirmed");
        assert!(matches!(widget::follow_link(chat.ctx(), &token).await, Err(Error::LinkUsed)), "{engine:?}: once");
        chat.answer("Te lo guardo.").await;
        chat.wait(FIVE_MINUTES_MS + 1).await;
        let told = chat.mails(2).await.remove(1);
        for part in ["¿Sigues ahí?", "Te lo guardo.", "List-Unsubscribe"] {
            assert!(told.contains(part), "{engine:?} {part} in {told}");
        }
        assert!(!told.contains("9/16"), "{engine:?}: not what the visitor wrote");
        chat.wait(FIVE_MINUTES_MS + 1).await;
        chat.settle().await;
        assert_eq!(chat.postbox.smtp.taken().len(), 2, "{engine:?}: each answer once");

        let stop = link(&told);
        widget::follow_link(chat.ctx(), &stop).await.expect("stopped");
        widget::follow_link(chat.ctx(), &stop).await.expect("still stopped");
        chat.answer("¿Hola?").await;
        chat.wait(FIVE_MINUTES_MS + 1).await;
        chat.settle().await;
        assert_eq!(chat.postbox.smtp.taken().len(), 2, "{engine:?}: they want no more");
        let customer = app::customers::find(chat.ctx(), &chat.postbox.current.actor, chat.session.visitor.customer_id);
        let view = customer.await.expect("found");
        let mail = view.identities.iter().find(|i| i.kind == "email").expect("an address");
        assert_eq!(mail.verification, Verification::Claimed, "{engine:?}: a yes to mail is no proof");
    }
}

#[tokio::test]
async fn what_was_read_in_time_is_not_mailed() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        chat.notify(EVA).await.expect("asked");
        let token = link(&chat.mails(1).await[0]);
        widget::follow_link(chat.ctx(), &token).await.expect("confirmed");
        let read = chat.answer("Uno").await;
        widget::mark_read(chat.ctx(), &chat.session.visitor, chat.id, read.seq).await.expect("read");
        chat.wait(FIVE_MINUTES_MS + 1).await;
        chat.settle().await;
        assert_eq!(chat.postbox.smtp.taken().len(), 1, "{engine:?}");
        chat.answer("Dos").await;
        chat.wait(FIVE_MINUTES_MS + 1).await;
        let told = chat.mails(2).await.remove(1);
        assert!(told.contains("Dos") && !told.contains("Uno"), "{engine:?} {told}");
    }
}

#[tokio::test]
async fn a_letter_that_waited_never_takes_the_link_of_another_address_along() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        chat.postbox.smtp.react(&[Reaction::Refuse("451 4.7.1 later\r\n")]);
        chat.notify("otra@clientes.es").await.expect("asked");
        chat.until_event("notify.asked", "queued").await;
        chat.notify(EVA).await.expect("asked another");
        chat.postbox.world.clock.advance_ms(3_600_000);
        chat.settle().await;
        let mails = chat.mails(1).await;
        assert!(mails.iter().all(|mail| mail.contains(EVA)), "{engine:?}: {mails:?}");
        chat.until_event("notify.asked", "cancelled").await;
    }
}

#[tokio::test]
async fn a_question_is_open_for_a_day_and_another_address_closes_it() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        chat.notify("otra@clientes.es").await.expect("asked");
        let old = link(&chat.mails(1).await[0]);
        chat.notify(EVA).await.expect("asked");
        assert!(matches!(widget::follow_link(chat.ctx(), &old).await, Err(Error::LinkUsed)), "{engine:?}");
        let token = link(&chat.mails(2).await[1]);
        chat.postbox.world.clock.advance_ms(24 * 3_600_000);
        assert!(matches!(widget::look_at_link(chat.ctx(), &token).await, Err(Error::LinkExpired)), "{engine:?}");
        assert!(matches!(widget::look_at_link(chat.ctx(), "falso").await, Err(Error::LinkUsed)));
    }
}

#[tokio::test]
async fn an_engagement_is_rated_once_and_the_rating_may_be_changed_for_a_day() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        let visitor = &chat.session.visitor;
        let rate = |stars, comment: Option<&str>| {
            let opinion = Opinion { stars, comment: comment.map(str::to_owned) };
            widget::rate(chat.ctx(), visitor, chat.id, opinion)
        };
        assert!(matches!(rate(6, None).await, Err(Error::Invalid(_))));
        assert_eq!(rate(4, Some(" Bien ")).await.expect("rated").comment.as_deref(), Some("Bien"));
        rate(4, Some("Bien")).await.expect("the same");
        rate(5, None).await.expect("changed");
        let events = chat.events().await;
        assert_eq!(events.len(), 1, "{engine:?}: one rating, one event");
        assert_eq!(events[0].body["data"], json!({ "stars": 5, "comment": null }));
        assert_eq!(events[0].marks.edits.len(), 1);
        assert!(events[0].interaction_id.is_some());
        chat.postbox.world.clock.advance_ms(24 * 3_600_000 + 1_000);
        assert_eq!(rate(5, None).await.expect("the same").stars, 5);
        assert!(matches!(rate(1, None).await, Err(Error::NotPending)), "{engine:?}");
    }
}

#[tokio::test]
async fn what_was_erased_no_longer_leaves() {
    for engine in BOTH {
        let chat = Chat::new(engine).await;
        chat.postbox.smtp.react(&[Reaction::Refuse("451 4.7.1 later\r\n")]);
        chat.ask(EVA).await.expect("taken on");
        chat.until_event("transcript.sent", "queued").await;
        conversations::erase(chat.ctx(), &chat.postbox.current.actor, chat.id, None).await.expect("erased");
        chat.postbox.world.clock.advance_ms(3_600_000);
        let org = chat.postbox.current.actor.organization;
        let until = async {
            // The worker may have taken it up first; then it is called off all the same.
            while chat.waiting().await > 0 {
                app::deliveries::run_due(chat.ctx(), org).await.expect("runs");
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, until).await.expect("called off");
        assert!(chat.postbox.smtp.taken().is_empty(), "{engine:?}");
        assert!(matches!(chat.ask(EVA).await, Err(Error::Erased | Error::NotFound)), "{engine:?}");
    }
}
