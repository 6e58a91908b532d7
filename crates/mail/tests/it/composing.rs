//! Building mails, and reading back what was built.

use mail::{
    Address, Attachment, Automatic, Class, ComposeError, Context, Outgoing, Token, TokenKind, compose, find_token,
    message_id, render_markdown, sign, tagged_address,
};
use uuid::Uuid;

use crate::{read, read_with};

const CONVERSATION: Uuid = Uuid::from_u128(0x0193_5d2a_7b1c_7000_8abc_0123_4567_89ff);
const ENTRY: Uuid = Uuid::from_u128(0x0193_5d2a_7b1c_7000_8abc_0123_4567_8a00);

pub(crate) fn address(name: &str, email: &str) -> Address {
    Address::new(Some(name), email).unwrap()
}

/// A plain answer, to be changed by each test.
pub(crate) fn outgoing() -> Outgoing {
    Outgoing {
        message_id: message_id(CONVERSATION, ENTRY, 7, "x.es"),
        from: address("Soporte, Tienda", "soporte@x.es"),
        reply_to: None,
        to: vec![address("Eva Muñoz", "eva@cliente.es")],
        cc: Vec::new(),
        subject: "Pedido ñ".to_owned(),
        conversation_number: None,
        in_reply_to: None,
        references: Vec::new(),
        date: "2026-11-16T09:02:03Z".parse().unwrap(),
        markdown: "Hola **Eva**,\n\n- uno\n- dos".to_owned(),
        rendered: None,
        has_marker: false,
        automatic: None,
        unsubscribe_url: None,
        attachments: Vec::new(),
    }
}

fn built(mail: &Outgoing) -> String {
    String::from_utf8(compose(mail).unwrap()).unwrap()
}

#[test]
fn what_is_built_is_read_back() {
    let mail = read(compose(&outgoing()).unwrap());
    assert_eq!(mail.message_id, message_id(CONVERSATION, ENTRY, 7, "x.es"));
    assert_eq!(mail.from, Some(outgoing().from));
    assert_eq!(mail.to, outgoing().to);
    assert_eq!(mail.subject, "Pedido ñ");
    assert_eq!(mail.date, Some(outgoing().date));
    assert_eq!(mail.text, "Hola **Eva**,\n\n- uno\n- dos\n");
    assert!(mail.html.unwrap().html.contains("Hola <strong>Eva</strong>,"));
    assert_eq!((mail.class, mail.may_auto_answer), (Class::Person, true));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let mut mail = outgoing();
    mail.attachments.push(Attachment {
        name: "a.txt".into(),
        media_type: "text/plain".into(),
        content_id: None,
        bytes: b"x".to_vec(),
    });
    assert_eq!(compose(&mail).unwrap(), compose(&mail).unwrap());
    let mut other = mail.clone();
    other.message_id = "other@x.es".to_owned();
    assert_ne!(built(&mail).find("=_"), None);
    assert_ne!(built(&mail), built(&other));
}

#[test]
fn an_answer_threads_and_keeps_at_most_twenty_references() {
    let mut mail = outgoing();
    mail.in_reply_to = Some("last@y.es".to_owned());
    mail.references = (0..30).map(|n| format!("r{n}@y.es")).collect();
    mail.conversation_number = Some(1234);
    let read = read(compose(&mail).unwrap());
    assert_eq!(read.in_reply_to, ["last@y.es"]);
    assert_eq!(read.references.len(), 20);
    assert_eq!(read.references[18..], ["r29@y.es", "last@y.es"]);
    assert_eq!(read.subject, "Re: Pedido ñ [#1234]");
    mail.subject = "RE: Pedido [#1234]".to_owned();
    assert!(built(&mail).contains("Subject: RE: Pedido [#1234]\r\n"));
}

#[test]
fn the_reply_token_comes_back_genuine() {
    let (key, customer) = ([9; 32], Uuid::from_u128(5));
    let mut mail = outgoing();
    mail.reply_to = tagged_address("soporte@x.es", &sign(&key, TokenKind::Reply, CONVERSATION, customer));
    let read = read(compose(&mail).unwrap());
    let token: Token = find_token(&read.reply_to, TokenKind::Reply).unwrap();
    assert_eq!(token.id, CONVERSATION);
    assert!(token.is_genuine(&key, customer));
}

#[test]
fn the_marker_stands_first_in_text_and_html_and_folds_when_quoted() {
    let mut mail = outgoing();
    mail.has_marker = true;
    let sent = read(compose(&mail).unwrap());
    assert!(sent.text.starts_with(mail::MARKER));
    let html = sent.html.unwrap().html;
    assert!(html.starts_with("<div class=\"centralita-marker\""), "{html}");
    let answer = mail::fold_quote_html(&mail::sanitise(&format!("<p>Gracias</p>{html}")).html).visible;
    assert_eq!(answer, "<p>Gracias</p>");
    let quoted: String = sent.text.lines().map(|line| format!("> {line}\n")).collect();
    assert_eq!(mail::fold_quote(&format!("Gracias\n\n{quoted}")).visible, "Gracias\n\n");
}

#[test]
fn automatic_mails_say_so_and_are_recognised() {
    let mut mail = outgoing();
    mail.automatic = Some(Automatic::Replied);
    let text = built(&mail);
    for header in ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: auto_reply"] {
        assert!(text.contains(&format!("\r\n{header}\r\n")), "{header}");
    }
    assert_eq!(read(&text).class, Class::AutoReply);
    let own = ["soporte@x.es".to_owned()];
    assert_eq!(read_with(&text, &Context { own_addresses: &own, ..Context::default() }).class, Class::Own);
    mail.automatic = Some(Automatic::Generated);
    assert!(built(&mail).contains("\r\nAuto-Submitted: auto-generated\r\n"));
    assert!(!built(&outgoing()).contains("Auto-Submitted"));
}

#[test]
fn proactive_mail_offers_one_click_opt_out() {
    let mut mail = outgoing();
    mail.unsubscribe_url = Some("https://x.es/baja/1".to_owned());
    let text = built(&mail);
    assert!(text.contains("\r\nList-Unsubscribe: <https://x.es/baja/1>\r\n"));
    assert!(text.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

#[test]
fn files_come_out_as_they_went_in() {
    let file = |name: &str, media_type: &str, content_id: Option<&str>, bytes: &[u8]| Attachment {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        content_id: content_id.map(str::to_owned),
        bytes: bytes.to_vec(),
    };
    let mut mail = outgoing();
    mail.markdown = "![logo](cid:logo@x)".to_owned();
    mail.attachments = vec![
        file("factura ñ; \"1\".pdf", "application/pdf", None, &[0, 1, 2, 255, 13, 10, 46]),
        file("logo.png", "image/png", Some("logo@x"), b"\x89PNG"),
        file("nota.txt", "text/plain", None, b"a\nb\r\nc\rd\n.\n"),
        file("x", "text/html\r\nBcc: z@z.es", None, b"<b>"),
    ];
    let read = read(compose(&mail).unwrap());
    assert_eq!(read.html.unwrap().content_ids, ["logo@x"]);
    let found = |name: &str| read.attachments.iter().find(|part| part.name.as_deref() == Some(name)).unwrap();
    for sent in &mail.attachments {
        assert_eq!(found(&sent.name).bytes, sent.bytes, "{}", sent.name);
    }
    assert!(found("logo.png").is_inline);
    assert_eq!(found("x").media_type, "application/octet-stream");
}

#[test]
fn no_value_can_add_a_header() {
    let evil = "x\r\nBcc: evil@evil.es\r\n\r\n<script>";
    let mut mail = outgoing();
    mail.subject = evil.to_owned();
    mail.from.name = Some(evil.to_owned());
    mail.to[0].name = Some(evil.to_owned());
    mail.references = vec![evil.to_owned()];
    mail.in_reply_to = Some("a@b\r\nBcc: evil@evil.es".to_owned());
    mail.unsubscribe_url = Some(evil.to_owned());
    mail.automatic = Some(Automatic::Generated);
    mail.attachments =
        vec![Attachment { name: evil.into(), media_type: evil.into(), content_id: Some(evil.into()), bytes: vec![] }];
    let text = built(&mail).to_lowercase();
    assert!(!text.contains("\nbcc:"), "{text}");
    // Not even encoded: some readers decode before they split.
    assert!(!text.contains("=0d") && !text.contains("%0d"), "{text}");
}

#[test]
fn malformed_addresses_and_ids_are_refused() {
    let mut mail = outgoing();
    mail.to.clear();
    assert_eq!(compose(&mail), Err(ComposeError::NoRecipient));
    for email in ["a@b\r\nBcc: x@y.es", "a", "a@b>, <c@d", "a b@c.es"] {
        let mut mail = outgoing();
        mail.to[0].email = email.to_owned();
        assert_eq!(compose(&mail), Err(ComposeError::BadAddress(email.to_owned())));
        let mut mail = outgoing();
        mail.reply_to = Some(email.to_owned());
        assert_eq!(compose(&mail), Err(ComposeError::BadAddress(email.to_owned())));
    }
    let mut mail = outgoing();
    mail.message_id = "a@b>\r\nX: y".to_owned();
    assert!(matches!(compose(&mail), Err(ComposeError::BadMessageId(_))));
}

#[test]
fn markdown_becomes_safe_html() {
    let html = render_markdown(
        "# T\n\na\nb <script>alert(1)</script> [x](javascript:alert(1)) ![p](https://t.es/p.gif) https://x.es",
    );
    assert!(html.contains("<h1>T</h1>") && html.contains("a<br>"), "{html}");
    assert!(html.contains("<a href=\"https://x.es\""), "{html}");
    assert!(!html.contains("<script") && !html.contains("javascript:") && !html.contains("p.gif"), "{html}");
}
