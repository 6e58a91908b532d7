//! From a message to the mail that leaves.

use connector::{Account, Failure, Outbound, SendOutcome};
use mail::{Address, Attachment, Automatic, Outgoing, Rendered, TokenKind};

use super::config::Config;
use super::smtp;

/// Composes and delivers.
pub(super) async fn send(account: &Account, message: &Outbound) -> SendOutcome {
    let config = match Config::of(account) {
        Ok(config) => config,
        Err(failure) => return SendOutcome::Retry { failure, after: None, is_down: true },
    };
    match compose(account, &config, message) {
        Ok((to, bytes)) => smtp::deliver(&config, &config.address.email, &to, &bytes).await,
        Err(failure) => SendOutcome::Permanent(failure),
    }
}

/// The mail and the address it goes to. The same message gives the same bytes.
fn compose(account: &Account, config: &Config, message: &Outbound) -> Result<(String, Vec<u8>), Failure> {
    let to = Address::new(message.to.name.as_deref(), &message.to.address)
        .ok_or_else(|| Failure::new("bad_address", "the customer's address is no mail address"))?;
    let letter = message.automatic.as_ref();
    // What belongs to no conversation was written by nobody.
    let is_automatic = letter.is_some() || message.conversation_id.is_nil();
    let outgoing = Outgoing {
        message_id: message.reference.clone(),
        from: config.address.clone(),
        reply_to: reply_to(account, config, message),
        to: vec![to.clone()],
        cc: Vec::new(),
        subject: message.subject.clone(),
        // A letter goes to whoever was named; by its number or token their answer would join the conversation.
        conversation_number: u64::try_from(message.conversation_number).ok().filter(|_| !is_automatic),
        in_reply_to: message.answers.clone(),
        references: message.chain.clone(),
        date: message.at,
        markdown: message.text.clone(),
        rendered: letter.map(|letter| Rendered { text: message.text.clone(), html: letter.html.clone() }),
        has_marker: !is_automatic,
        automatic: is_automatic.then_some(Automatic::Generated),
        unsubscribe_url: letter.and_then(|letter| letter.unsubscribe_url.clone()),
        attachments: message.files.iter().map(attachment).collect(),
    };
    let bytes = mail::compose(&outgoing).map_err(|error| Failure::new("compose_failed", error.to_string()))?;
    Ok((to.email, bytes))
}

/// Our address with a token that leads back to this conversation, where it fits.
fn reply_to(account: &Account, config: &Config, message: &Outbound) -> Option<String> {
    if !config.has_reply_token || message.automatic.is_some() || message.conversation_id.is_nil() {
        return None;
    }
    let token = mail::sign(&account.signing_key.0, TokenKind::Reply, message.conversation_id, message.customer_id);
    mail::tagged_address(&config.address.email, &token)
}

fn attachment(file: &connector::File) -> Attachment {
    Attachment {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        content_id: file.content_id.clone(),
        bytes: file.bytes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector::{InboundEvent, Party, SigningKey};
    use serde_json::json;
    use uuid::Uuid;

    fn account(address: &str) -> Account {
        Account {
            channel_id: Uuid::nil(),
            name: "Soporte".to_owned(),
            config: json!({ "address": address, "imap": { "host": "h" }, "smtp": { "host": "h" } }),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            secrets: std::collections::BTreeMap::new(),
            signing_key: SigningKey([7; 32]),
        }
    }

    fn message() -> Outbound {
        Outbound {
            conversation_id: Uuid::from_u128(1),
            conversation_number: 12,
            customer_id: Uuid::from_u128(2),
            entry_id: Uuid::from_u128(3),
            reference: "ours@x.es".to_owned(),
            to: Party { address: "eva@clientes.es".to_owned(), name: Some("Eva".to_owned()) },
            author: None,
            subject: "Pedido".to_owned(),
            text: "Sale **hoy**.".to_owned(),
            answers: Some("theirs@y".to_owned()),
            chain: vec!["older@y".to_owned()],
            files: Vec::new(),
            automatic: None,
            at: "2026-11-25T10:00:00Z".parse().expect("an instant"),
        }
    }

    #[test]
    fn a_letter_is_marked_as_a_machines_and_leads_back_to_no_conversation() {
        let account = account("soporte@x.es");
        let config = Config::of(&account).expect("whole");
        let letter = connector::Automatic {
            html: Some("<p>lo <b>dicho</b></p>".to_owned()),
            unsubscribe_url: Some("https://x.es/n/stop".to_owned()),
        };
        let message = Outbound { automatic: Some(letter), text: "lo *dicho*".to_owned(), ..message() };
        let bytes = compose(&account, &config, &message).expect("a mail").1;
        let text = String::from_utf8(bytes).expect("ascii");
        for part in
            ["Auto-Submitted: auto-generated", "List-Unsubscribe: <https://x.es/n/stop>", "<b>dicho</b>", "lo *dicho*"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        for part in ["[#12]", "soporte+c-", "\r\nReply-To", "<em>"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_letter_of_text_has_one_part() {
        let account = account("soporte@x.es");
        let config = Config::of(&account).expect("whole");
        let letter = connector::Automatic { html: None, unsubscribe_url: None };
        let message = Outbound { automatic: Some(letter), ..message() };
        let text = String::from_utf8(compose(&account, &config, &message).expect("a mail").1).expect("ascii");
        assert!(text.contains("text/plain") && !text.contains("text/html") && !text.contains("multipart"), "{text}");
    }

    #[test]
    fn what_we_send_comes_back_to_its_conversation() {
        let account = account("soporte@x.es");
        let config = Config::of(&account).expect("whole");
        let (to, bytes) = compose(&account, &config, &message()).expect("a mail");
        assert_eq!(to, "eva@clientes.es");
        let text = String::from_utf8(bytes.clone()).expect("ascii");
        let again = compose(&account, &config, &message()).expect("a mail").1;
        assert_eq!(bytes, again, "every attempt sends the same bytes");
        for part in ["Message-ID: <ours@x.es>", "In-Reply-To: <theirs@y>", "<older@y>", "[#12]", "<strong>hoy</strong>"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let reply_to = text.lines().find_map(|l| l.strip_prefix("Reply-To:")).map(str::trim).unwrap_or_default();
        let address =
            text[text.find("soporte+c-").expect("a token")..].split('>').next().expect("an address").to_owned();
        assert!(!reply_to.is_empty() || text.contains("Reply-To"), "{text}");
        let answer = format!("From: eva@clientes.es\r\nTo: <{address}>\r\nMessage-ID: <b@y>\r\n\r\nGracias\r\n");
        let InboundEvent::Letter(letter) = super::super::normalise::event(&account, &[], answer.as_bytes(), true)
        else {
            panic!("a letter")
        };
        let claim = letter.claim.expect("the token");
        assert!(super::super::normalise::is_genuine(&account, &claim, Uuid::from_u128(2)));
    }

    #[test]
    fn what_belongs_to_no_conversation_leads_back_to_none() {
        let account = account("soporte@x.es");
        let config = Config::of(&account).expect("whole");
        let message = Outbound {
            conversation_id: Uuid::nil(),
            conversation_number: -1,
            answers: None,
            chain: Vec::new(),
            ..message()
        };
        let (_, bytes) = compose(&account, &config, &message).expect("a mail");
        let text = String::from_utf8(bytes).expect("ascii");
        assert!(text.contains("Auto-Submitted: auto-generated"), "{text}");
        for part in ["Reply-To", "soporte+c-", "[#"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn an_address_without_room_goes_without_a_token() {
        let account = account("atencionalcliente@x.es");
        let config = Config::of(&account).expect("whole");
        let (_, bytes) = compose(&account, &config, &message()).expect("a mail");
        assert!(!String::from_utf8_lossy(&bytes).contains("\nReply-To"));
    }
}
