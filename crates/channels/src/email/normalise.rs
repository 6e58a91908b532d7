//! From the bytes of a mail to what it means.

use connector::{Account, Claim, Failing, Fate, File, InboundEvent, Kept, Letter, Notice, Origin, Party, Verdict};
use mail::{Address, Class, Context, DsnRecipient, Limits, Mail, Parsed, Part, Severity, TokenKind, Unreadable};
use serde_json::Value;
use uuid::Uuid;

/// Reads a mail; never panics, whatever the bytes.
pub(super) fn event(account: &Account, own: &[String], raw: &[u8], is_whole: bool) -> InboundEvent {
    let ids = account.config.get("authserv_ids").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<String> = ids.filter_map(Value::as_str).map(str::to_owned).collect();
    let context = Context { limits: Limits::default(), own_addresses: own, authserv_ids: &ids, envelope: None };
    match mail::parse(raw, &context) {
        Parsed::Mail(mail) if is_whole => read(*mail),
        Parsed::Mail(mail) => unopened(headers_of(*mail), "too_large"),
        Parsed::Unreadable(unreadable) => {
            let reason = if is_whole { reason(unreadable.reason) } else { "too_large" };
            unopened(*unreadable, reason)
        }
    }
}

/// Whether the token in the claim was signed for a conversation of this customer.
pub(super) fn is_genuine(account: &Account, claim: &Claim, customer: Uuid) -> bool {
    let address = Address::new(None, &claim.text);
    let token = address.and_then(|a| mail::find_token(&[a], TokenKind::Reply));
    token.is_some_and(|token| token.id == claim.id && token.is_genuine(&account.signing_key.0, customer))
}

const fn reason(reason: mail::Reason) -> &'static str {
    match reason {
        mail::Reason::TooManyParts => "too_many_parts",
        mail::Reason::TooDeep => "too_deep",
        mail::Reason::HeadersTooLarge => "headers_too_large",
        mail::Reason::NoHeaders => "no_headers",
        mail::Reason::ParserFailed => "parser_failed",
    }
}

/// What the beginning of a mail says about the whole.
fn headers_of(mail: Mail) -> Unreadable {
    Unreadable {
        reason: mail::Reason::ParserFailed,
        message_id: mail.message_id,
        subject: mail.subject,
        from: mail.from,
        token_recipients: mail.token_recipients,
    }
}

/// A mail that is kept as it came. With a sender it still is a message that somebody must see.
fn unopened(mail: Unreadable, reason: &'static str) -> InboundEvent {
    let subject = clean(&mail.subject);
    let Some(from) = mail.from.as_ref().map(party) else {
        return InboundEvent::Unreadable(Kept { reason, from: None, subject, reference: clean(&mail.message_id) });
    };
    InboundEvent::Letter(Box::new(Letter {
        from: Some(from),
        reference: clean(&mail.message_id),
        claim: claim(&mail.token_recipients),
        number: number(&subject),
        text: if subject.is_empty() { "✉".to_owned() } else { subject.clone() },
        subject,
        notes: vec![("unreadable", reason.to_owned())],
        ..Letter::default()
    }))
}

fn read(mail: Mail) -> InboundEvent {
    let class = mail.class.clone();
    let letter = letter(mail);
    let notice = |about: Option<String>, recipients| {
        InboundEvent::Notice(Box::new(Notice { letter: letter.clone(), about: about.map(|a| clean(&a)), recipients }))
    };
    match class {
        Class::Person => InboundEvent::Letter(Box::new(Letter { origin: Origin::Person, ..letter })),
        Class::AutoReply => InboundEvent::Letter(Box::new(Letter { origin: Origin::AutoReply, ..letter })),
        Class::List => InboundEvent::Letter(Box::new(Letter { origin: Origin::List, ..letter })),
        Class::Own => InboundEvent::Letter(Box::new(Letter { origin: Origin::Own, ..letter })),
        Class::Bounce(dsn) => {
            let recipients = dsn.recipients.iter().map(failing).collect();
            notice(dsn.original_message_id, recipients)
        }
        Class::Complaint(complaint) => {
            let fate = if complaint.feedback_type == "not-spam" { Fate::Nothing } else { Fate::Complaint };
            let address = clean(&complaint.recipient.unwrap_or_default());
            notice(complaint.original_message_id, vec![failing_as(address, fate, complaint.feedback_type)])
        }
        Class::ReadReceipt(receipt) => {
            let fate = if receipt.disposition == "displayed" { Fate::Read } else { Fate::Nothing };
            notice(receipt.original_message_id, vec![failing_as(String::new(), fate, receipt.disposition)])
        }
    }
}

fn failing_as(address: String, fate: Fate, text: String) -> Failing {
    Failing { address, fate, status: String::new(), text: clean(&text) }
}

fn failing(recipient: &DsnRecipient) -> Failing {
    let fate = match recipient.severity() {
        Severity::Hard => Fate::Hard,
        Severity::Soft => Fate::Soft,
        Severity::Refused => Fate::Refused,
        Severity::None if recipient.action == mail::DsnAction::Delivered => Fate::Delivered,
        Severity::None => Fate::Nothing,
    };
    Failing {
        address: clean(&recipient.address),
        fate,
        status: clean(&recipient.status),
        text: clean(&recipient.diagnostic),
    }
}

fn letter(mail: Mail) -> Letter {
    let text = clean(&mail.text);
    let quoted_from = (mail.quote_at < mail.text.len())
        .then(|| i64::try_from(mail.text[..mail.quote_at].chars().count()).unwrap_or(i64::MAX));
    let subject = clean(&mail.subject);
    Letter {
        from: mail.from.as_ref().map(party),
        verdict: verdict(mail.authentication.dmarc),
        origin: Origin::Person,
        claim: claim(&mail.token_recipients),
        answers: mail.lookup_order().iter().map(|id| clean(id)).collect(),
        chain: chain(&mail),
        number: number(&subject),
        to: mail.to.iter().map(|a| clean(&a.to_string())).collect(),
        cc: mail.cc.iter().map(|a| clean(&a.to_string())).collect(),
        quoted_from,
        html: mail.html.as_ref().map(|html| clean(&html.html)),
        files: mail.attachments.into_iter().enumerate().map(|(at, part)| file(at, part)).collect(),
        language: mail.languages.first().map(|l| clean(l)),
        written_at: mail.date,
        notes: notes(
            &mail.authentication,
            [
                ("is_signed", mail.is_signed),
                ("is_encrypted", mail.is_encrypted),
                ("may_auto_answer", mail.may_auto_answer),
            ],
        ),
        reference: clean(&mail.message_id),
        subject,
        text,
    }
}

/// The references an answer to this mail carries: those it has, and what it answers itself.
fn chain(mail: &Mail) -> Vec<String> {
    let mut chain: Vec<String> = mail.references.iter().map(|id| clean(id)).collect();
    for id in mail.in_reply_to.iter().take(1) {
        if !chain.contains(id) {
            chain.push(clean(id));
        }
    }
    chain.drain(..chain.len().saturating_sub(mail::MAX_REFERENCES));
    chain
}

fn notes(authentication: &mail::Authentication, flags: [(&'static str, bool); 3]) -> Vec<(&'static str, String)> {
    let verdicts = [("spf", authentication.spf), ("dkim", authentication.dkim), ("dmarc", authentication.dmarc)];
    let words = verdicts.into_iter().map(|(name, v)| (name, verdict(v).as_str().to_owned()));
    words.chain(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (name, "true".to_owned()))).collect()
}

const fn verdict(verdict: mail::Verdict) -> Verdict {
    match verdict {
        mail::Verdict::Pass => Verdict::Pass,
        mail::Verdict::Fail => Verdict::Fail,
        mail::Verdict::None => Verdict::None,
        mail::Verdict::Unknown => Verdict::Unknown,
    }
}

fn party(address: &Address) -> Party {
    Party { address: clean(&address.email), name: address.name.as_deref().map(clean) }
}

fn claim(recipients: &[Address]) -> Option<Claim> {
    recipients.iter().find_map(|address| {
        let token = mail::find_token(std::slice::from_ref(address), TokenKind::Reply)?;
        Some(Claim { id: token.id, text: address.email.clone() })
    })
}

fn number(subject: &str) -> Option<i64> {
    mail::conversation_number(subject).and_then(|n| i64::try_from(n).ok())
}

/// The store takes no U+0000.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn file(at: usize, part: Part) -> File {
    let extension = match part.media_type.as_str() {
        "message/rfc822" => ".eml",
        "text/calendar" => ".ics",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "application/pdf" => ".pdf",
        _ => "",
    };
    let name = part.name.map(|n| clean(&n)).filter(|n| !n.trim().is_empty());
    File {
        name: name.unwrap_or_else(|| format!("{}{extension}", at + 1)),
        media_type: clean(&part.media_type),
        content_id: part.content_id.map(|id| clean(&id)),
        bytes: part.bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector::SigningKey;
    use serde_json::json;

    fn account() -> Account {
        Account {
            channel_id: Uuid::nil(),
            name: "Soporte".to_owned(),
            config: json!({ "address": "soporte@x.es", "authserv_ids": ["mx.x.es"] }),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            secrets: std::collections::BTreeMap::new(),
            signing_key: SigningKey([7; 32]),
        }
    }

    fn read(raw: &str) -> InboundEvent {
        event(&account(), &["soporte@x.es".to_owned()], raw.as_bytes(), true)
    }

    fn letter_of(raw: &str) -> Letter {
        match read(raw) {
            InboundEvent::Letter(letter) => *letter,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_letter_says_who_wrote_what_and_what_it_answers() {
        let letter = letter_of(
            "Authentication-Results: mx.x.es; dmarc=pass header.from=clientes.es\r\nFrom: Eva <eva@clientes.es>\r\nTo: soporte@x.es\r\nSubject: Re: Pedido [#12]\r\nMessage-ID: <b@y>\r\nIn-Reply-To: <a@x>\r\nReferences: <z@x>\r\n\r\nHola\r\n\r\n> antes\r\n",
        );
        assert_eq!(letter.from.as_ref().map(|p| p.address.as_str()), Some("eva@clientes.es"));
        assert_eq!((letter.verdict, letter.number, letter.reference.as_str()), (Verdict::Pass, Some(12), "b@y"));
        assert_eq!(letter.answers, ["a@x", "z@x"]);
        assert_eq!(letter.chain, ["z@x", "a@x"]);
        assert_eq!(letter.quoted_from, Some(6), "{:?}", letter.text);
    }

    #[test]
    fn a_token_is_genuine_for_its_customer_alone() {
        let (conversation, customer) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let token = mail::sign(&[7; 32], TokenKind::Reply, conversation, customer);
        let to = mail::tagged_address("s@x.es", &token).expect("it fits");
        let letter = letter_of(&format!("From: eva@clientes.es\r\nTo: {to}\r\nMessage-ID: <b@y>\r\n\r\nHola\r\n"));
        let claim = letter.claim.expect("a claim");
        assert_eq!(claim.id, conversation);
        assert!(is_genuine(&account(), &claim, customer));
        assert!(!is_genuine(&account(), &claim, Uuid::from_u128(3)));
    }

    #[test]
    fn nothing_that_arrives_holds_a_nul() {
        let letter = letter_of("From: eva@clientes.es\r\nSubject: a\0b\r\nMessage-ID: <b@y>\r\n\r\nho\0la\r\n");
        assert!(!letter.text.contains('\0') && !letter.subject.contains('\0'), "{letter:?}");
    }

    #[test]
    fn what_cannot_be_opened_is_still_a_message_of_its_sender() {
        let raw = "From: eva@clientes.es\r\nSubject: enorme\r\nMessage-ID: <b@y>\r\n\r\nho";
        let InboundEvent::Letter(letter) = event(&account(), &[], raw.as_bytes(), false) else { panic!("a letter") };
        assert_eq!(letter.text, "enorme");
        assert_eq!(letter.notes, [("unreadable", "too_large".to_owned())]);
        let InboundEvent::Unreadable(kept) = read("\u{1}\u{2} no mail at all") else { panic!("unreadable") };
        assert_eq!(kept.reason, "no_headers");
    }

    #[test]
    fn machines_are_told_from_people() {
        let auto =
            letter_of("From: eva@clientes.es\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <b@y>\r\n\r\nfuera\r\n");
        assert_eq!(auto.origin, Origin::AutoReply);
        let own = letter_of("From: soporte@x.es\r\nMessage-ID: <b@y>\r\n\r\neco\r\n");
        assert_eq!(own.origin, Origin::Own);
    }
}
