//! Reading: fields, text, attachments, limits.

use mail::{Context, Envelope, Reason};

use crate::{read, read_with, refuse};

#[test]
fn an_ordinary_mail_is_read_whole() {
    let mail = read(
        "Return-Path: <eva@cliente.es>\r\nDelivered-To: soporte+c-1@x.es\r\n\
         Message-ID: <abc@cliente.es>\r\nFrom: =?utf-8?Q?Eva_Mu=C3=B1oz?= <Eva@Cliente.ES>\r\n\
         Reply-To: eva.casa@cliente.es\r\nTo: Soporte <soporte@x.es>, otro@x.es\r\nCc: jefe@x.es\r\n\
         Subject: =?utf-8?B?wr9Nb3RpdsOz?=\r\nDate: Mon, 16 Nov 2026 10:02:03 +0100\r\n\
         In-Reply-To: <b@x.es>\r\nReferences: <a@x.es> <b@x.es>\r\nContent-Language: es-ES, en;q=0.5\r\n\
         \r\nHola\r\n\r\n> cita\r\n",
    );
    assert_eq!(mail.message_id, "abc@cliente.es");
    assert!(!mail.is_message_id_synthesised);
    let from = mail.from.as_ref().unwrap();
    assert_eq!((from.name.as_deref(), from.email.as_str()), (Some("Eva Muñoz"), "Eva@cliente.es"));
    assert_eq!(mail.reply_to[0].email, "eva.casa@cliente.es");
    assert_eq!(mail.to.len(), 2);
    assert_eq!(mail.cc[0].email, "jefe@x.es");
    assert_eq!(mail.subject, "¿Motivó");
    assert_eq!(mail.date.unwrap().to_string(), "2026-11-16T09:02:03Z");
    assert_eq!(mail.lookup_order(), ["b@x.es", "a@x.es"]);
    assert_eq!(mail.visible_text(), "Hola\n\n");
    assert_eq!(mail.quoted_text(), "> cita\n");
    assert_eq!(mail.languages, ["es-ES", "en"]);
    assert_eq!(mail.html, None);
    assert!(mail.may_auto_answer);
}

#[test]
fn a_missing_message_id_is_made_from_the_bytes() {
    let one = read("Subject: a\n\nb");
    assert!(one.is_message_id_synthesised);
    assert!(one.message_id.starts_with("sha256-") && one.message_id.ends_with("@centralita.invalid"));
    assert_eq!(one.message_id, read("Subject: a\n\nb").message_id);
    assert_ne!(one.message_id, read("Subject: a\n\nc").message_id);
}

#[test]
fn recipients_that_may_hold_a_token_come_most_trusted_first() {
    let raw = "Cc: f@x.es\nTo: e@x.es\nEnvelope-To: d@x.es\nX-Original-To: c@x.es\nDelivered-To: b@x.es\n\n";
    let recipients = ["a@x.es".to_owned()];
    let envelope = Some(Envelope { sender: "s@y.es", recipients: &recipients });
    let mail = read_with(raw, &Context { envelope, ..Context::default() });
    let order: Vec<&str> = mail.token_recipients.iter().map(|address| &address.email[..1]).collect();
    assert_eq!(order, ["a", "b", "c", "d", "e", "f"]);
}

const ALTERNATIVE: &str = "Subject: x\nContent-Type: multipart/mixed; boundary=m\n\n\
    --m\nContent-Type: multipart/related; boundary=r\n\n\
    --r\nContent-Type: multipart/alternative; boundary=a\n\n\
    --a\nContent-Type: text/plain; charset=utf-8\n\nHola\n\
    --a\nContent-Type: text/html; charset=utf-8\n\n<p>Hola <img src=\"cid:logo@x\"></p>\n--a--\n\
    --r\nContent-Type: image/png; name=logo.png\nContent-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\niVBORw0=\n--r--\n\
    --m\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"../../etc/fac\\\"tura.pdf\"\n\n%PDF\n--m--\n";

#[test]
fn nested_multiparts_give_one_text_one_html_and_the_attachments() {
    let mail = read(ALTERNATIVE);
    assert_eq!(mail.text, "Hola");
    let html = mail.html.unwrap();
    assert_eq!(html.html, "<p>Hola <img data-cid=\"logo@x\"></p>");
    assert_eq!(html.content_ids, ["logo@x"]);
    let [logo, invoice] = &mail.attachments[..] else { panic!("two attachments") };
    assert_eq!((logo.name.as_deref(), logo.is_inline), (Some("logo.png"), true));
    assert_eq!(logo.bytes, b"\x89PNG\r");
    assert_eq!(logo.content_id.as_deref(), Some("logo@x"));
    assert_eq!((invoice.name.as_deref(), invoice.is_inline), (Some("fac\"tura.pdf"), false));
    assert_eq!((invoice.media_type.as_str(), &invoice.bytes[..]), ("application/pdf", &b"%PDF"[..]));
}

#[test]
fn html_alone_or_beside_an_empty_text_gives_the_text() {
    let html = "Content-Type: text/html; charset=utf-8\n\n<div>Hola&nbsp;<b>Eva</b></div><script>x</script>";
    assert_eq!(read(html).text, "Hola Eva");
    let empty = "Content-Type: multipart/alternative; boundary=a\n\n--a\n\n \n--a\nContent-Type: text/html\n\n<p>Hola</p>\n--a--";
    assert_eq!(read(empty).text, "Hola");
}

#[test]
fn text_after_an_attachment_is_not_lost() {
    let raw =
        "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nuno\n--m\nContent-Type: image/png\n\nx\n--m\n\ndos\n--m--";
    let mail = read(raw);
    assert_eq!(mail.text, "uno\n\ndos");
    assert_eq!(mail.attachments.len(), 1);
}

#[test]
fn a_multipart_without_its_boundary_shows_its_source() {
    assert_eq!(read("Content-Type: multipart/mixed\n\nHola").text, "Hola");
    assert_eq!(read("Content-Type: multipart/mixed; boundary=x\n\nHola").text, "Hola");
}

#[test]
fn an_attached_mail_stays_one_attachment() {
    let raw = "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nmira\n--m\nContent-Type: message/rfc822\n\nSubject: otro\nContent-Type: text/html\n\n<b>x</b>\n--m--";
    let mail = read(raw);
    assert_eq!(mail.text, "mira");
    assert!(mail.attachments[0].bytes.starts_with(b"Subject: otro"));
}

#[test]
fn charsets_of_the_body_are_read() {
    let with = |charset: &str, body: &[u8]| {
        let mut raw = format!("Subject: x\nContent-Type: text/plain; charset={charset}\n\n").into_bytes();
        raw.extend_from_slice(body);
        read(raw).text
    };
    assert_eq!(with("iso-8859-1", b"\x93a\x94 \x80"), "“a” €");
    assert_eq!(with("\"GB18030\"", b"\xc4\xe3\xba\xc3"), "你好");
    assert_eq!(with("shift_jis", b"\x82\xb1\x82\xf1"), "こん");
    assert_eq!(with("utf-7", b"Ma+APE-ana"), "Mañana");
    assert_eq!(with("utf-16le", b"h\0i\0"), "hi");
    assert_eq!(with("3Dutf-8", "ñ".as_bytes()), "ñ");
    assert_eq!(read(b"Subject: x\n\nDirecci\xf3n de env\xedo").text, "Dirección de envío");
    let meta = b"Content-Type: text/html\n\n<meta charset=\"shift_jis\"><p>\x82\xb1\x82\xf1</p>";
    assert_eq!(read(meta).text, "こん");
}

#[test]
fn subjects_with_bare_bytes_are_read() {
    assert_eq!(read(b"Subject: Ma\xf1ana\n\n").subject, "Mañana");
    assert_eq!(read("Subject: Mañana\n\n").subject, "Mañana");
    assert_eq!(read("Subject: \"=?utf-8?Q?Ma=C3?= =?utf-8?Q?=B1ana?=\"\n\n").subject, "\"Mañana\"");
}

#[test]
fn flowed_text_is_joined() {
    let raw = "Content-Type: text/plain; format=flowed; delsp=no\n\nuna línea \nsola\n> cita \n> junta\n";
    assert_eq!(read(raw).text, "una línea sola\n> cita junta\n");
}

#[test]
fn signed_and_encrypted_mails_keep_their_bytes_and_say_so() {
    let signed = "Content-Type: multipart/signed; boundary=s; protocol=\"application/pkcs7-signature\"\n\n--s\n\nHola\n--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nMII\n--s--";
    let mail = read(signed);
    assert!(mail.is_signed && !mail.is_encrypted);
    assert_eq!((mail.text.as_str(), mail.attachments[0].name.as_deref()), ("Hola", Some("smime.p7s")));
    let sealed = read("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nMII");
    assert!(sealed.is_encrypted && !sealed.is_signed);
    assert_eq!(sealed.attachments.len(), 1);
    let opaque = read("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nMII");
    assert!(opaque.is_signed && !opaque.is_encrypted);
    assert!(read("Content-Type: multipart/encrypted; boundary=e\n\n--e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--e--").is_encrypted);
    assert!(read("Subject: x\n\n-----BEGIN PGP MESSAGE-----\n").is_encrypted);
}

#[test]
fn an_empty_body_with_a_tnef_file_is_a_mail() {
    let mail = read("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+\n");
    assert_eq!(mail.text, "");
    assert_eq!(mail.attachments[0].name.as_deref(), Some("winmail.dat"));
}

#[test]
fn mails_over_a_limit_are_unreadable_and_still_say_who_and_what() {
    let head = "From: eva@x.es\nSubject: Muchas partes\nTo: s+c-1@x.es\nMessage-ID: <m@x.es>\nContent-Type: multipart/mixed; boundary=b\n\n";
    let mail = refuse(format!("{head}{}", "--b\n\nx\n".repeat(501)));
    assert_eq!(mail.reason, Reason::TooManyParts);
    assert_eq!((mail.subject.as_str(), mail.from.unwrap().email.as_str()), ("Muchas partes", "eva@x.es"));
    assert_eq!((mail.message_id.as_str(), mail.token_recipients.len()), ("m@x.es", 1));
    let deep: String = (0..40).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    assert_eq!(refuse(format!("Subject: x\n{deep}")).reason, Reason::TooDeep);
    let large = refuse(format!("Subject: grande\nX: {}\n\nb", "a".repeat(300_000)));
    assert_eq!((large.reason, large.subject.as_str()), (Reason::HeadersTooLarge, "grande"));
}

#[test]
fn html_beyond_the_limit_is_attached() {
    let part = format!("--b\nContent-Type: text/html\n\n{}\n", "<p>hola".repeat(400_000));
    let mail = read(format!("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{part}{part}"));
    assert!(mail.html.is_some());
    assert_eq!(mail.attachments.len(), 1);
    assert_eq!(mail.attachments[0].media_type, "text/html");
}

#[test]
fn bytes_without_a_header_are_unreadable() {
    for raw in [&b""[..], b"\n\n", b"\x89PNG\r\n\x1a\n\0\0", b"just text\nmore"] {
        assert_eq!(refuse(raw).reason, Reason::NoHeaders);
    }
}

/// Two attached mails, the second in the place of the first one's last boundary: debug builds of
/// `mail-parser` 0.11 stop with "Invalid part ID, could not find multipart" on this shape.
#[test]
fn attached_mails_that_run_into_each_other_do_not_stop_the_parser() {
    let raw = "z\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: message/rfc822\n\n\
               z\nContent-Type: message/rfc822\n\n\n--q--\n";
    let reason = refuse(raw).reason;
    assert_eq!(reason, Reason::NoHeaders);
    let with_header = format!("Subject: {raw}");
    assert_eq!(read(with_header).attachments.len(), 1);
}
