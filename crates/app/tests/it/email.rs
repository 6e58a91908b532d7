//! Mail: each one has its place, none is lost, none is doubled, and whoever sends one gets only what is theirs.

use app::channels::{self, Change, NewChannel};
use app::conversations::{self, MessageInput};
use app::model::Entry;
use app::{Error, deliveries};
use connector::Place;
use domain::conversation::{StatusCategory, Verification};
use domain::ids::ConversationId;
use serde_json::json;
use testkit::stores::{BOTH, Engine};
use tokio::io::AsyncReadExt;

use crate::postbox::{OURS, PASSWORD, Postbox, Reaction, dead_port, mail};

const EVA: &str = "Eva <eva@clientes.es>";
const PASS: &str = "Authentication-Results: mx.x.es; dmarc=pass header.from=clientes.es";
const FAIL: &str = "Authentication-Results: mx.x.es; dmarc=fail header.from=clientes.es";

async fn reply(postbox: &Postbox, id: ConversationId, text: &str) -> Entry {
    let input = MessageInput { text: text.to_owned(), ..MessageInput::default() };
    conversations::post_message(&postbox.world.ctx, &postbox.current.actor, id, input).await.expect("written")
}

#[tokio::test]
async fn a_mail_becomes_a_conversation_with_its_bytes_and_files() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        let raw = format!(
            "From: {EVA}\r\nTo: {OURS}\r\nSubject: Pedido\r\nMessage-ID: <a@y>\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nHola\r\n--m\r\nContent-Type: application/pdf; name=factura.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--m--\r\n"
        );
        postbox.deliver(raw.as_bytes()).await;
        let conversation = postbox.conversations().await.remove(0);
        assert_eq!(conversation.subject.as_deref(), Some("Pedido"));
        let entry = postbox.entries(conversation.id).await.remove(0);
        assert_eq!((entry.text().trim(), entry.author_name.as_deref()), ("Hola", Some("Eva")));
        assert_eq!(entry.attachment_ids.len(), 1, "{engine:?}");
        let (ctx, actor) = (&postbox.world.ctx, &postbox.current.actor);
        let mut file = conversations::raw(ctx, actor, entry.id).await.expect("the bytes");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.expect("they can be read");
        assert_eq!(bytes, raw.as_bytes(), "the raw mail is the mail");
        assert_eq!(postbox.work_count().await, 1, "{engine:?}: a mail is work");
    }
}

#[tokio::test]
async fn a_newcomers_mail_tells_of_the_customer_and_of_their_address() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "", "uno")).await;
        postbox.deliver(&mail(EVA, "b@y", "", "dos")).await;
        let (ctx, org) = (&postbox.world.ctx, postbox.current.actor.organization);
        let events = app::live::read(ctx, org, store::events::Cursor::default(), 500).await.expect("events");
        let count = |kind: &str| events.iter().filter(|live| live.event.kind == kind).count();
        assert_eq!((count("customer.created"), count("identity.added")), (1, 1), "{engine:?}");
        let told = events.iter().find(|live| live.event.kind == "identity.added").expect("told");
        assert_eq!(told.content.identity.as_ref().map(|i| i.address.as_str()), Some("eva@clientes.es"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_mail_shows_the_pictures_it_carries_and_nothing_else() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        const DOT: &str =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        let part = |id: &str, media: &str, bytes: &str| {
            format!(
                "--m\r\nContent-Type: {media}\r\nContent-ID: <{id}>\r\nContent-Disposition: inline; filename=f\r\nContent-Transfer-Encoding: base64\r\n\r\n{bytes}\r\n"
            )
        };
        let raw = format!(
            "From: {EVA}\r\nTo: {OURS}\r\nMessage-ID: <a@y>\r\nContent-Type: multipart/related; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n<p>Mira <img src=\"cid:dot@y\"><img src=\"cid:svg@y\"><img src=\"cid:none@y\"></p>\r\n{}{}--m--\r\n",
            part("dot@y", "image/png", DOT),
            part("svg@y", "image/svg+xml", "PHN2Zy8+"),
        );
        postbox.deliver(raw.as_bytes()).await;
        let conversation = postbox.conversations().await.remove(0);
        let entry = postbox.entries(conversation.id).await.remove(0);
        let (ctx, org) = (&postbox.world.ctx, postbox.current.actor.organization);
        let files = app::attachments::of_entries(ctx, org, std::slice::from_ref(&entry)).await.expect("files");
        let html = entry.body["html"].as_str().expect("HTML");
        assert!(!html.contains("src="), "{engine:?}: stored without addresses: {html}");
        let files: Vec<_> = files.iter().collect();
        let shown = app::attachments::with_pictures(html, &files, |file| format!("/files/{}", file.media_type));
        assert_eq!(shown.matches("src=").count(), 1, "{engine:?}: {shown}");
        assert!(shown.contains("src=\"/files/image/png\" data-cid=\"dot@y\""), "{engine:?}: {shown}");
    }
}

#[tokio::test]
async fn what_was_erased_is_gone_from_the_disk_at_once() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        let raw = format!(
            "From: {EVA}\r\nTo: {OURS}\r\nSubject: Pedido\r\nMessage-ID: <a@y>\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nHola\r\n--m\r\nContent-Type: application/pdf; name=factura.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--m--\r\n"
        );
        postbox.deliver(raw.as_bytes()).await;
        let conversation = postbox.conversations().await.remove(0);
        let (ctx, actor) = (&postbox.world.ctx, &postbox.current.actor);
        let keys = async || {
            let input = (actor.organization, conversation.id);
            let read = ctx.store().read("test", input, |tx, (org, id)| {
                Box::pin(async move { Ok::<_, Error>(store::erasure::files(tx, org, id).await?) })
            });
            read.await.expect("keys")
        };
        let before = keys().await;
        assert_eq!(before.len(), 2, "{engine:?}: the attachment and the mail as it came");
        for key in &before {
            ctx.files().open(actor.organization, key).await.expect("it is there");
        }
        app::customers::erase(ctx, actor, conversation.customer_id, "ERASE").await.expect("erased");
        assert!(keys().await.is_empty(), "{engine:?}: nobody refers to them");
        for key in &before {
            let gone = ctx.files().open(actor.organization, key).await;
            assert!(matches!(gone, Err(Error::NotFound)), "{engine:?}: {key} is still on the disk");
        }
    }
}

#[tokio::test]
async fn the_same_bytes_are_taken_in_once_and_the_same_id_loses_nothing() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        let first = mail(EVA, "same@y", "", "uno");
        postbox.deliver(&first).await;
        // The process died before it knew; then the mailbox was numbered anew.
        postbox.deliver_at(&first, Place { validity: 7, last: 1 }).await;
        postbox.deliver_at(&first, Place { validity: 8, last: 900 }).await;
        assert_eq!(postbox.conversations().await.len(), 1, "{engine:?}");
        postbox.deliver(&mail("otra@clientes.es", "same@y", "", "dos")).await;
        assert_eq!(postbox.conversations().await.len(), 2, "{engine:?}: another mail under the same id");
        postbox.world.crash_and_restart().await;
        postbox.deliver(&first).await;
        assert_eq!(postbox.conversations().await.len(), 2, "{engine:?}");
    }
}

#[tokio::test]
async fn an_answer_threads_by_token_reference_and_number_by_the_rules() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "Subject: Pedido", "uno")).await;
        let first = postbox.conversations().await.remove(0);
        let sent = reply(&postbox, first.id, "¿Cuál?").await;
        postbox.delivered(&sent, "sent").await;
        let ours = postbox.entries(first.id).await.remove(1).mail.expect("headers")["message_id"].clone();
        let ours = ours.as_str().expect("an id").to_owned();
        let token = postbox.smtp.taken().remove(0);
        let token = token.split("soporte+c-").nth(1).and_then(|t| t.split('@').next()).expect("a token").to_owned();
        let answers = format!("In-Reply-To: <{ours}>");

        // (from, headers, text, conversation it lands in)
        let cases = [
            (EVA, answers.as_str(), "del cliente", Some(1)),
            ("x@ajeno.es", answers.as_str(), "de un extraño", None),
            (EVA, "Subject: Re: Pedido [#1]", "por número", Some(1)),
            ("y@ajeno.es", "Subject: Re: Pedido [#1]", "número de un extraño", None),
        ];
        for (at, (from, more, text, place)) in cases.into_iter().enumerate() {
            let before = postbox.conversations().await.len();
            postbox.deliver(&mail(from, &format!("c{at}@y"), more, text)).await;
            let after = postbox.conversations().await;
            match place {
                Some(number) => {
                    assert_eq!(after.len(), before, "{engine:?} {text}");
                    let entries = postbox.entries(after[number - 1].id).await;
                    assert_eq!(entries.last().map(|e| e.text().trim()), Some(text), "{engine:?}");
                }
                None => assert_eq!(after.len(), before + 1, "{engine:?} {text}: it is another matter"),
            }
        }
        // The signed address is proof by itself, also for somebody who joins.
        let raw =
            format!("From: colega@clientes.es\r\nTo: soporte+c-{token}@x.es\r\nMessage-ID: <t@y>\r\n\r\nme uno\r\n");
        postbox.deliver(raw.as_bytes()).await;
        let joined = postbox.entries(first.id).await.pop().expect("an entry");
        assert_eq!(joined.text().trim(), "me uno", "{engine:?}");
        assert_eq!(joined.mail.as_ref().expect("headers")["is_new_participant"], true);
        assert_ne!(joined.customer_id, first.customer_id);
        let now = postbox.conversations().await.remove(0);
        assert_eq!(now.reply_identity_id, first.reply_identity_id, "who joins does not take it over");
        let forged = token.replacen(|c: char| c.is_ascii_lowercase(), "2", 1);
        let raw = format!("From: z@ajeno.es\r\nTo: soporte+c-{forged}@x.es\r\nMessage-ID: <f@y>\r\n\r\nfalso\r\n");
        let before = postbox.conversations().await.len();
        postbox.deliver(raw.as_bytes()).await;
        assert_eq!(postbox.conversations().await.len(), before + 1, "{engine:?}: a forged token is none");
    }
}

#[tokio::test]
async fn who_pretends_to_be_somebody_gets_a_customer_of_their_own() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", PASS, "soy yo")).await;
        let genuine = postbox.conversations().await.remove(0);
        postbox
            .deliver(&mail(EVA, "b@y", &format!("{FAIL}\r\nIn-Reply-To: <a@y>\r\nSubject: [#1]"), "soy yo también"))
            .await;
        postbox.deliver(&mail(EVA, "c@y", &format!("{FAIL}\r\nSubject: otra vez"), "otra vez yo")).await;
        let all = postbox.conversations().await;
        assert!(all.len() >= 2, "{engine:?}");
        let fakes: Vec<_> = all[1..].iter().map(|c| c.customer_id).collect();
        assert!(fakes.iter().all(|c| *c != genuine.customer_id), "{engine:?}");
        let (ctx, actor) = (&postbox.world.ctx, &postbox.current.actor);
        let view = app::customers::find(ctx, actor, genuine.customer_id).await.expect("the customer");
        assert_eq!(view.identities[0].verification, Verification::Observed);
        assert!(view.identities[0].is_authenticated);
        let fake = app::customers::find(ctx, actor, fakes[0]).await.expect("the other");
        assert_eq!(fake.identities[0].verification, Verification::Failed, "{engine:?}");
        let again = app::customers::find(ctx, actor, *fakes.last().expect("one")).await.expect("the other");
        assert_eq!(again.customer.id, fake.customer.id, "the same pretender is one customer");
    }
}

#[tokio::test]
async fn machines_open_and_reopen_nothing() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "", "hola")).await;
        let first = postbox.conversations().await.remove(0);
        let (ctx, actor) = (postbox.world.ctx.clone(), postbox.current.actor.clone());
        conversations::resolve(&ctx, &actor, first.id, None).await.expect("resolved");
        let automatic = "Auto-Submitted: auto-replied\r\nIn-Reply-To: <a@y>";
        postbox.deliver(&mail(EVA, "b@y", automatic, "estoy fuera")).await;
        let after = postbox.conversations().await.remove(0);
        assert_eq!(after.status_category, StatusCategory::Resolved, "{engine:?}");
        assert_eq!(postbox.entries(first.id).await.len(), 2, "{engine:?}: but it can be read");
        assert_eq!(postbox.work_count().await, 0, "{engine:?}");
        postbox.deliver(&mail(EVA, "c@y", "Auto-Submitted: auto-replied", "fuera, sin hilo")).await;
        postbox.deliver(&mail("news@y.es", "d@y", "List-Id: <l.y.es>", "boletín")).await;
        postbox.deliver(&mail(OURS, "e@y", "", "eco")).await;
        assert_eq!(postbox.dead_letters().await, ["auto_reply", "list_mail", "loop"], "{engine:?}");
        assert_eq!(postbox.conversations().await.len(), 1);
        // A person may decide otherwise.
        let list = channels::dead_letters(&ctx, &actor, None, None, 10).await.expect("dead letters");
        let list_mail = list.iter().find(|v| v.letter.reason == "list_mail").expect("the bulletin").letter.id;
        channels::retry(&ctx, &actor, list_mail).await.expect("taken in");
        assert_eq!(postbox.conversations().await.len(), 2, "{engine:?}");
        assert!(matches!(channels::retry(&ctx, &actor, list_mail).await, Err(Error::NotPending)));
        let echo = list.iter().find(|v| v.letter.reason == "loop").expect("the echo").letter.id;
        channels::discard(&ctx, &actor, echo).await.expect("discarded");
        assert_eq!(postbox.dead_letters().await, ["auto_reply"]);
        // A person's answer reopens.
        postbox.deliver(&mail(EVA, "f@y", "In-Reply-To: <a@y>", "sigue roto")).await;
        assert_eq!(postbox.conversations().await[0].status_category, StatusCategory::Open, "{engine:?}");
    }
}

#[tokio::test]
async fn a_bounce_marks_the_message_and_the_address() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "", "hola")).await;
        let first = postbox.conversations().await.remove(0);
        let sent = reply(&postbox, first.id, "adiós").await;
        let sent = postbox.delivered(&sent, "sent").await;
        let id = sent.mail.as_ref().expect("headers")["message_id"].as_str().expect("an id").to_owned();
        let bounce = format!(
            "From: MAILER-DAEMON@y.es\r\nReturn-Path: <>\r\nMessage-ID: <dsn@y>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=d\r\n\r\n--d\r\n\r\nNo existe\r\n--d\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; y.es\r\n\r\nFinal-Recipient: rfc822; eva@clientes.es\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--d\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{id}>\r\n\r\nx\r\n--d--\r\n"
        );
        postbox.deliver(bounce.as_bytes()).await;
        let entries = postbox.entries(first.id).await;
        let delivery = entries[1].delivery.clone().expect("a delivery");
        assert_eq!((&delivery["state"], &delivery["error"]["code"]), (&json!("failed"), &json!("recipient_unknown")));
        assert_eq!(entries[2].mail.as_ref().expect("headers")["is_report"], true, "{engine:?}: the report can be read");
        let (ctx, actor) = (&postbox.world.ctx, &postbox.current.actor);
        let view = app::customers::find(ctx, actor, first.customer_id).await.expect("the customer");
        assert_eq!(view.identities[0].reachability, "hard_bounce", "{engine:?}");
        let routes = conversations::composer(ctx, actor, first.id).await.expect("routes");
        assert_eq!(routes[0].why_not, Some("hard_bounce"));
        let input = MessageInput { text: "¿?".to_owned(), ..MessageInput::default() };
        let refused = conversations::post_message(ctx, actor, first.id, input).await;
        assert!(matches!(refused, Err(Error::NoReplyRoute)), "{engine:?}");
        postbox.deliver(bounce.replace(&id, "nobody@knows").replace("dsn@y", "dsn2@y").as_bytes()).await;
        assert_eq!(postbox.dead_letters().await, ["report_unknown"], "{engine:?}");
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_and_its_whole_stands_beside_it() {
    let mut postbox = Postbox::new(Engine::Sqlite).await;
    let long = "ñandú ".repeat(20_000);
    let head = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit";
    postbox.deliver(&mail(EVA, "a@y", head, &long)).await;
    let conversation = postbox.conversations().await.remove(0);
    let entry = postbox.entries(conversation.id).await.remove(0);
    assert_eq!(entry.text().chars().count(), 100_000);
    assert!(entry.is_truncated);
    assert_eq!(entry.attachment_ids.len(), 1);
}

#[tokio::test]
async fn whatever_arrives_is_an_entry_or_a_dead_letter_with_its_bytes() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        let deep = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(60);
        let huge_header = format!("X: {}", "y".repeat(300_000));
        let nul = "Subject: a\0b\r\nX: \0";
        let samples: Vec<Vec<u8>> = vec![
            Vec::new(),
            b"\0\0\0".to_vec(),
            vec![0xff; 4_096],
            b"no header at all".to_vec(),
            mail(EVA, "a@y", "", "bien"),
            mail(EVA, "b@y", nul, "con \0 nulos"),
            format!("From: {EVA}\r\n{deep}").into_bytes(),
            format!("From: {EVA}\r\n{huge_header}\r\n\r\nx").into_bytes(),
            b"From: \r\nTo: nobody\r\nSubject: =?utf-8?B?////?=\r\n\r\nx".to_vec(),
            b"From: eva@clientes.es\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+AAA-x".to_vec(),
        ];
        for sample in &samples {
            postbox.deliver(sample).await;
        }
        let mut count = postbox.dead_letters().await.len();
        for conversation in postbox.conversations().await {
            count += postbox.entries(conversation.id).await.len();
        }
        assert_eq!(count, samples.len(), "{engine:?}: {:?}", postbox.dead_letters().await);
    }
}

#[tokio::test]
async fn what_the_provider_answers_decides_what_becomes_of_a_message() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "Subject: Pedido\r\nReferences: <z@y>", "hola")).await;
        let id = postbox.conversations().await.remove(0).id;
        let (ctx, actor) = (postbox.world.ctx.clone(), postbox.current.actor.clone());

        let taken = reply(&postbox, id, "Sale **hoy**").await;
        let taken = postbox.delivered(&taken, "sent").await;
        assert!(matches!(deliveries::retry(&ctx, &actor, taken.id).await, Err(Error::NotPending)), "{engine:?}");
        let wire = postbox.smtp.taken().remove(0);
        for part in
            ["In-Reply-To: <a@y>", "<z@y>", "Re: Pedido [#1]", "<strong>hoy</strong>", "To: \"Eva\" <eva@clientes.es>"]
        {
            assert!(wire.contains(part), "{part} in {wire}");
        }

        postbox.smtp.react(&[Reaction::Refuse("451 4.3.0 later\r\n")]);
        let later = reply(&postbox, id, "luego").await;
        let later = loop {
            let later = postbox.delivered(&later, "queued").await;
            if later.delivery.as_ref().is_some_and(|d| d["attempt"] == 2) {
                break later;
            }
            deliveries::run_due(&ctx, actor.organization).await.expect("the outbox");
        };
        assert_eq!(later.delivery.as_ref().expect("one")["error"]["class"], "retry", "{engine:?}");
        postbox.world.clock.advance_ms(10_000);
        deliveries::run_due(&ctx, actor.organization).await.expect("the outbox");
        let sent = postbox.delivered(&later, "sent").await;
        assert_eq!(sent.delivery.as_ref().expect("one")["attempt"], 2);

        postbox.smtp.react(&[Reaction::Refuse("550 5.7.1 never\r\n")]);
        let never = reply(&postbox, id, "jamás").await;
        let never = postbox.delivered(&never, "failed").await;
        assert_eq!(never.delivery.as_ref().expect("one")["error"]["provider_code"], "550", "{engine:?}");
        assert_eq!(postbox.dead_letters().await.len(), 1);

        postbox.smtp.react(&[Reaction::HangUpAfterData]);
        let unknown = reply(&postbox, id, "quizás").await;
        let unknown = postbox.delivered(&unknown, "unknown").await;
        let count = postbox.smtp.taken().len();
        postbox.world.clock.advance_ms(48 * 3_600_000);
        deliveries::run_due(&ctx, actor.organization).await.expect("the outbox");
        assert_eq!(postbox.smtp.taken().len(), count, "{engine:?}: never sent again blindly");
        deliveries::retry(&ctx, &actor, unknown.id).await.expect("by a person");
        postbox.delivered(&unknown, "sent").await;
        let texts = postbox.smtp.taken();
        let id_of = |wire: &String| wire.lines().find(|l| l.starts_with("Message-ID:")).map(str::to_owned);
        assert_eq!(id_of(&texts[count - 1]), id_of(&texts[count]), "every attempt carries the same id");
        deliveries::retry(&ctx, &actor, never.id).await.expect("by a person");
        postbox.delivered(&never, "sent").await;
        assert!(postbox.dead_letters().await.is_empty(), "{engine:?}: it is settled");
    }
}

#[tokio::test]
async fn a_message_that_was_leaving_when_the_process_died_is_unknown_and_stays_so() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "", "hola")).await;
        let id = postbox.conversations().await.remove(0).id;
        postbox.smtp.react(&[Reaction::Hang]);
        let written = reply(&postbox, id, "¿salió?").await;
        postbox.delivered(&written, "sending").await;
        while postbox.smtp.taken().is_empty() {
            tokio::task::yield_now().await;
        }
        postbox.world.crash_and_restart().await;
        postbox.feed = crate::postbox::feed(&postbox.world, &postbox.current);
        let unknown = postbox.delivered(&written, "unknown").await;
        assert_eq!(unknown.delivery.as_ref().expect("one")["error"]["code"], "interrupted", "{engine:?}");
        let ctx = postbox.world.ctx.clone();
        postbox.world.clock.advance_ms(3_600_000);
        deliveries::run_due(&ctx, postbox.current.actor.organization).await.expect("the outbox");
        assert_eq!(postbox.smtp.taken().len(), 1, "{engine:?}: it left at most once");
    }
}

#[tokio::test]
async fn a_dead_server_is_seen_on_the_channel_and_a_waiting_message_can_be_called_off() {
    for engine in BOTH {
        let mut postbox = Postbox::new(engine).await;
        postbox.deliver(&mail(EVA, "a@y", "", "hola")).await;
        let id = postbox.conversations().await.remove(0).id;
        let (ctx, actor) = (postbox.world.ctx.clone(), postbox.current.actor.clone());
        let channel = channels::find(&ctx, &actor, postbox.channel.channel.id).await.expect("the channel").channel;
        let dead = json!({ "smtp": { "port": dead_port().await } });
        let change = Change { config: Some(dead), ..Change::default() };
        channels::update(&ctx, &actor, channel.id, channel.version, change).await.expect("changed");
        let written = reply(&postbox, id, "¿llega?").await;
        let waiting = loop {
            let found = postbox.delivered(&written, "queued").await;
            if found.delivery.as_ref().is_some_and(|d| d["attempt"] == 2) {
                break found;
            }
            deliveries::run_due(&ctx, actor.organization).await.expect("the outbox");
        };
        let error = &waiting.delivery.as_ref().expect("one")["error"];
        assert_eq!(error["code"], "connection_refused", "{engine:?}");
        let health = channels::find(&ctx, &actor, channel.id).await.expect("the channel").channel.health;
        assert_eq!(health["state"], "down");
        assert!(health["error"]["text"]["es"].as_str().is_some_and(|t| !t.is_empty()), "{health}");
        let cancelled = deliveries::cancel(&ctx, &actor, written.id).await.expect("called off");
        assert_eq!(cancelled.delivery.expect("one")["state"], "cancelled");
        postbox.world.clock.advance_ms(3_600_000);
        assert_eq!(deliveries::run_due(&ctx, actor.organization).await.expect("the outbox"), 0, "{engine:?}");
        assert!(matches!(deliveries::retry(&ctx, &actor, written.id).await, Err(Error::NotPending)));
    }
}

#[tokio::test]
async fn secrets_are_nowhere_in_the_clear() {
    let postbox = Postbox::new(Engine::Sqlite).await;
    let (ctx, actor) = (&postbox.world.ctx, &postbox.current.actor);
    let view = channels::find(ctx, actor, postbox.channel.channel.id).await.expect("the channel");
    assert_eq!(view.secrets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["imap_password"]);
    assert!(!format!("{view:?}").contains(PASSWORD));
    for entry in std::fs::read_dir(postbox.world.ephemeral.folder.path()).expect("the folder") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("its bytes");
            let found = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
            assert!(!found, "{} holds the password", path.display());
        }
    }
}

#[tokio::test]
async fn a_change_of_one_channel_restarts_that_one_alone() {
    let world = testkit::world::World::new(Engine::Sqlite).await;
    let current = world.set_up().await;
    let (ctx, actor) = (&world.ctx, &current.actor);
    let mut servers = Vec::new();
    for name in ["uno", "dos"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = json!({ "host": "127.0.0.1", "port": port, "security": "none" });
        let config = json!({ "address": format!("{name}@x.es"), "imap": server, "smtp": server });
        let (kind, name) = ("email".to_owned(), name.to_owned());
        let input = NewChannel { kind, name, config: Some(config), ..NewChannel::default() };
        let id = channels::create(ctx, actor, input).await.expect("a channel").channel.id;
        let refused = channels::enable(ctx, actor, id).await;
        assert!(matches!(refused, Err(Error::ConfigInvalid(_))), "without a password");
        let secrets = vec![("imap_password".to_owned(), Some("x".to_owned()))];
        channels::set_secrets(ctx, actor, id, None, secrets, std::time::Duration::ZERO).await.expect("secrets");
        channels::enable(ctx, actor, id).await.expect("enabled");
        let (connection, _) = listener.accept().await.expect("it connects");
        servers.push((id, listener, connection));
    }
    let secrets = vec![("imap_password".to_owned(), Some("y".to_owned()))];
    channels::set_secrets(ctx, actor, servers[0].0, None, secrets, std::time::Duration::ZERO).await.expect("secrets");
    let (_again, _) = servers[0].1.accept().await.expect("it connects anew");
    let mut byte = [0];
    let (ended, _) = (servers[0].2.read(&mut byte).await, ());
    assert!(matches!(ended, Ok(0) | Err(_)), "the old connection ended");
    assert!(
        servers[1].2.try_read(&mut byte).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock),
        "the other goes on"
    );
    channels::disable(ctx, actor, servers[1].0, false).await.expect("disabled");
    let running = ctx.runtime(actor.organization).expect("it runs").links.running().await;
    assert_eq!(running, [servers[0].0]);
}

/// The link in the next mail that leaves, and to whom it goes.
async fn mailed_link(postbox: &Postbox, after: usize) -> (String, String) {
    let wait = async {
        while postbox.smtp.taken().len() <= after {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("a mail leaves");
    let bytes = postbox.smtp.taken().remove(after);
    let mail::Parsed::Mail(read) = mail::parse(bytes.as_bytes(), &mail::Context::default()) else { panic!("a mail") };
    let text = read.text;
    let token = text.split("token=").nth(1).unwrap_or_else(|| panic!("a link in {text}"));
    (token.split_whitespace().next().expect("a token").to_owned(), bytes)
}

/// Waits until a mail about an account that could not leave waits for its next try.
async fn until_put_back(postbox: &Postbox) {
    let (ctx, org) = (&postbox.world.ctx, postbox.current.actor.organization);
    let is_back = async || {
        let later = jiff::Timestamp::MAX;
        let read = ctx.store().read("test", (org, later), |tx, (org, later)| {
            Box::pin(async move {
                Ok::<_, Error>(store::access::due_mails(tx, org, later, jiff::Timestamp::UNIX_EPOCH, 10).await?)
            })
        });
        read.await.expect("mails").iter().any(|mail| mail.attempt == 1)
    };
    let wait = async {
        while !is_back().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("it is put back");
}

#[tokio::test]
async fn mails_about_accounts_leave_by_the_mail_channel() {
    for engine in BOTH {
        let postbox = Postbox::new(engine).await;
        let (ctx, actor) = (&postbox.world.ctx, &postbox.current.actor);
        // The server refuses the first try for now: it leaves later, with a link that works.
        postbox.smtp.react(&[Reaction::Refuse("451 4.3.0 later\r\n")]);
        app::passwords::request(ctx, "dani@pedales.example").await.expect("asked");
        let due = async || app::passwords::due_mails(ctx, actor.organization, 10).await.expect("reads").len();
        until_put_back(&postbox).await;
        postbox.world.clock.advance_ms(31_000);
        ctx.runtime(actor.organization).expect("it runs").outbox.wake();
        let (token, mail) = mailed_link(&postbox, 0).await;
        assert!(mail.contains("To: ") && mail.contains("dani@pedales.example"), "{engine:?}: {mail}");
        app::passwords::complete(ctx, &token, "una clave nueva".to_owned()).await.expect("the link works");
        assert_eq!(due().await, 0, "{engine:?}: it was sent once");
        let invitation = app::people::Invitation {
            email: "eva@pedales.example".to_owned(),
            name: "Eva".to_owned(),
            roles: vec!["agent".to_owned()],
            language: "es".to_owned(),
            ..Default::default()
        };
        app::people::invite(ctx, actor, invitation).await.expect("invited");
        let (token, mail) = mailed_link(&postbox, 1).await;
        assert!(mail.contains("eva@pedales.example") && !mail.contains("soporte+c-"), "{engine:?}: {mail}");
        let acceptance =
            app::people::Acceptance { token, password: "otra clave larga".to_owned(), ..Default::default() };
        let signed_in = app::people::accept(ctx, acceptance).await.expect("the link works");
        assert_eq!(signed_in.user.email, "eva@pedales.example", "{engine:?}");
    }
}
