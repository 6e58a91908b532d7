//! Machines are told from people before anything answers.

use mail::{Class, Context, DsnAction, Envelope, Severity};

use crate::{read, read_with};

const OWN: &str = "soporte@x.es";

#[track_caller]
fn class(headers: &str) -> (Class, bool) {
    let own = [OWN.to_owned()];
    let raw = format!("Subject: Hola\n{headers}\n\nHola\n");
    let mail = read_with(raw, &Context { own_addresses: &own, ..Context::default() });
    (mail.class, mail.may_auto_answer)
}

#[test]
fn a_person_is_a_person() {
    for headers in ["From: eva@y.es", "From: eva@y.es\nAuto-Submitted: no", "From: eva@y.es\nReturn-Path: <eva@y.es>"] {
        assert_eq!(class(headers), (Class::Person, true), "{headers}");
    }
}

#[test]
fn a_person_whose_mail_smells_of_a_machine_gets_no_automatic_answer() {
    for headers in [
        "From: eva@y.es\nX-Auto-Response-Suppress: OOF, AutoReply",
        "From: eva@y.es\nPrecedence: special-delivery",
        "Subject: x",
    ] {
        assert_eq!(class(headers), (Class::Person, false), "{headers}");
    }
    let mail = read("From: eva@y.es\nSubject: Fuera de la oficina\n\nx");
    assert_eq!((mail.class, mail.may_auto_answer), (Class::Person, false));
}

#[test]
fn automatic_mail_is_recognised_by_any_of_its_marks() {
    for headers in [
        "From: e@y.es\nAuto-Submitted: auto-replied",
        "From: e@y.es\nAuto-Submitted: auto-generated; owner-email=x",
        "From: e@y.es\nX-Autoreply: yes",
        "From: e@y.es\nX-Autorespond: x",
        "From: e@y.es\nPrecedence: auto_reply",
        "From: e@y.es\nX-Auto-Response-Suppress: All",
        "From: e@y.es\nX-Loop: other@y.es",
        "From: e@y.es\nReturn-Path: <>",
        "From: no-reply@y.es",
        "From: No_Reply@y.es",
        "From: noreply+x@y.es",
        "From: postmaster@y.es",
    ] {
        assert_eq!(class(headers), (Class::AutoReply, false), "{headers}");
    }
    let answer = read("From: e@y.es\nIn-Reply-To: <a@x.es>\nSubject: Respuesta automática: Hola\n\nx");
    assert_eq!(answer.class, Class::AutoReply);
}

#[test]
fn the_envelope_decides_about_the_null_sender() {
    let with = |sender| {
        let envelope = Some(Envelope { sender, recipients: &[] });
        read_with("From: e@y.es\nReturn-Path: <>\n\nx", &Context { envelope, ..Context::default() }).class
    };
    assert_eq!(with(""), Class::AutoReply);
    assert_eq!(with("e@y.es"), Class::Person);
}

#[test]
fn lists_and_bulk_mail_are_lists() {
    for headers in [
        "From: e@y.es\nPrecedence: bulk",
        "From: e@y.es\nPrecedence: List",
        "From: e@y.es\nPrecedence: junk",
        "From: e@y.es\nList-Id: <l.y.es>",
        "From: e@y.es\nList-Unsubscribe: <https://y.es/u>",
        "From: e@y.es\nFeedback-ID: 1:2",
    ] {
        assert_eq!(class(headers), (Class::List, false), "{headers}");
    }
}

#[test]
fn our_own_mail_coming_back_is_ours() {
    for headers in [
        "From: Soporte@X.es",
        "From: soporte+c-1@x.es",
        "From: e@y.es\nX-Loop: soporte@x.es",
        "From: soporte@x.es\nAuto-Submitted: auto-replied",
    ] {
        assert_eq!(class(headers), (Class::Own, false), "{headers}");
    }
}

const BOUNCE: &str = "From: MAILER-DAEMON@mx.y.es\nReturn-Path: <>\nAuto-Submitted: auto-replied\nSubject: Undelivered\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=d\n\n\
    --d\n\nNo se pudo entregar.\n\
    --d\nContent-Type: message/delivery-status\n\n\
    Reporting-MTA: dns; mx.y.es\nArrival-Date: Mon, 16 Nov 2026 10:02:03 +0100\n\n\
    Final-Recipient: rfc822; nadie@y.es\nOriginal-Recipient: rfc822;nadie@y.es\nAction: failed\nStatus: 5.1.1\n\
    Remote-MTA: dns; in.y.es\nDiagnostic-Code: smtp; 550 5.1.1 <nadie@y.es>:\n User unknown\n\n\
    Final-Recipient: rfc822; lento@y.es\nAction: delayed\nStatus: 4.4.1\n\n\
    Final-Recipient: rfc822; lleno@y.es\nAction: failed\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\n\
    --d\nContent-Type: text/rfc822-headers\n\nSubject: Pedido\nMessage-ID: <caso.1@x.es>\nFrom: soporte@x.es\n--d--\n";

#[test]
fn a_bounce_names_recipients_reasons_and_the_original() {
    let mail = read(BOUNCE);
    let Class::Bounce(dsn) = mail.class else { panic!("a bounce") };
    assert_eq!(dsn.original_message_id.as_deref(), Some("caso.1@x.es"));
    let [gone, slow, full] = &dsn.recipients[..] else { panic!("three recipients") };
    assert_eq!((gone.address.as_str(), gone.action, gone.status.as_str()), ("nadie@y.es", DsnAction::Failed, "5.1.1"));
    assert_eq!(gone.diagnostic, "550 5.1.1 <nadie@y.es>: User unknown");
    assert_eq!(gone.remote_mta, "in.y.es");
    assert_eq!(gone.severity(), Severity::Hard);
    assert_eq!((slow.action, slow.severity()), (DsnAction::Delayed, Severity::Soft));
    assert_eq!((full.status.as_str(), full.severity()), ("5.2.2", Severity::Refused));
    assert_eq!(mail.text, "No se pudo entregar.");
}

#[test]
fn a_bounce_may_attach_the_whole_mail_and_encode_its_status() {
    let raw = "From: <>\nContent-Type: multipart/report; boundary=d\n\n--d\n\nx\n\
        --d\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n\
        UmVwb3J0aW5nLU1UQTogZG5zOyBhCgpGaW5hbC1SZWNpcGllbnQ6IHJmYzgyMjsgYUB5LmVzCkFjdGlvbjogZmFpbGVkClN0YXR1czogNC40LjcK\n\
        --d\nContent-Type: message/rfc822\n\nMessage-ID: <caso.2@x.es>\n\nHola\n--d--\n";
    let Class::Bounce(dsn) = read(raw).class else { panic!("a bounce") };
    assert_eq!(dsn.original_message_id.as_deref(), Some("caso.2@x.es"));
    assert_eq!(dsn.recipients[0].severity(), Severity::Soft);
}

#[test]
fn a_bounce_in_prose_gives_away_what_it_can() {
    let raw = "From: MAILER-DAEMON@y.es\nReturn-Path: <>\nSubject: failure notice\n\n\
        Hi. This is the qmail-send program.\n<nadie@y.es>:\n550 5.1.1 no such user\n\n--- Below\nMessage-ID: <caso.3@x.es>\n";
    let Class::Bounce(dsn) = read(raw).class else { panic!("a bounce") };
    assert_eq!(dsn.recipients[0].address, "nadie@y.es");
    assert_eq!(dsn.recipients[0].severity(), Severity::Hard);
    assert_eq!(dsn.original_message_id.as_deref(), Some("caso.3@x.es"));
}

#[test]
fn a_person_who_attaches_a_bounce_is_a_person() {
    let raw = format!(
        "From: eva@y.es\nContent-Type: multipart/mixed; boundary=p\n\n--p\n\nmira\n--p\nContent-Type: message/rfc822\n\n{BOUNCE}\n--p--\n"
    );
    assert_eq!(read(raw).class, Class::Person);
}

#[test]
fn a_complaint_names_the_mail_and_who_complained() {
    let raw = "From: fbl@isp.es\nContent-Type: multipart/report; report-type=feedback-report; boundary=f\n\n--f\n\nspam\n\
        --f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <eva@isp.es>\n\
        --f\nContent-Type: message/rfc822\n\nMessage-ID: <caso.4@x.es>\n\nHola\n--f--\n";
    let Class::Complaint(complaint) = read(raw).class else { panic!("a complaint") };
    assert_eq!(complaint.feedback_type, "abuse");
    assert_eq!(complaint.recipient.as_deref(), Some("eva@isp.es"));
    assert_eq!(complaint.original_message_id.as_deref(), Some("caso.4@x.es"));
}

#[test]
fn a_read_receipt_names_the_mail_and_what_happened() {
    let raw = "From: eva@y.es\nContent-Type: multipart/report; report-type=disposition-notification; boundary=n\n\n--n\n\nleído\n\
        --n\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;eva@y.es\n\
        Original-Message-ID: <caso.5@x.es>\nDisposition: manual-action/MDN-sent-manually; displayed\n--n--\n";
    let Class::ReadReceipt(receipt) = read(raw).class else { panic!("a receipt") };
    assert_eq!(receipt.disposition, "displayed");
    assert_eq!(receipt.original_message_id.as_deref(), Some("caso.5@x.es"));
}
