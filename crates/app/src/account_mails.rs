//! Mails about accounts: invitations and forgotten passwords, by the first enabled mail channel of the organization.
//!
//! # Invariants
//! - A mail is taken before it is sent: two workers never send it twice, and one that may have left is never sent again.
//! - The link is made by whoever sends it and only its hash is stored; a mail that did not leave gets another one.
//! - What could not be sent within a day is given up: its link would have ended.

use std::time::Duration;

use connector::{Failure, Outbound, Party, SendOutcome};
use domain::conversation::Shape;
use domain::ids::OrganizationId;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::access::AccountMail;
use store::channels::Channel;
use store::users::User;
use uuid::Uuid;

use crate::channels::account_of;
use crate::{Ctx, Error, passwords};

/// How long the provider may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a mail is tried.
pub(crate) const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Waits between tries: the first, doubled each time, at most the second; in seconds.
const BACK_OFF_S: (i64, i64) = (30, 3_600);

/// A mail that was taken, with all that is needed to send it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    mail: AccountMail,
    user: User,
    link: String,
    channel: Channel,
    sealed: Value,
}

/// Takes the mails that are due, at most `room`; none while no mail channel is enabled.
///
/// # Errors
/// What the store refuses.
pub(crate) async fn take(ctx: &Ctx, org: OrganizationId, room: usize) -> Result<Vec<Letter>, Error> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let due = passwords::due_mails(ctx, org, i64::try_from(room).unwrap_or(1)).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let Some((channel, sealed)) = sender(ctx, org).await? else { return Ok(Vec::new()) };
    let mut letters = Vec::with_capacity(due.len());
    for mail in due {
        if let Some((user, link)) = passwords::take_mail(ctx, org, &mail).await? {
            letters.push(Letter { mail, user, link, channel: channel.clone(), sealed: sealed.clone() });
        }
    }
    Ok(letters)
}

/// The first enabled mail channel, with its sealed secrets.
async fn sender(ctx: &Ctx, org: OrganizationId) -> Result<Option<(Channel, Value)>, Error> {
    ctx.store()
        .read("account_mails.sender", org, |tx, org| {
            Box::pin(async move {
                let all = store::channels::list(tx, org).await?;
                let Some(channel) = all.into_iter().find(|c| c.state == "enabled" && is_mail(&c.kind)) else {
                    return Ok::<_, Error>(None);
                };
                let sealed = store::channels::secrets_of(tx, org, channel.id).await?.unwrap_or_default();
                Ok(Some((channel, sealed)))
            })
        })
        .await
}

fn is_mail(kind: &str) -> bool {
    channels::find(kind).is_some_and(|kind| kind.meta().shape == Shape::MailExchange)
}

/// Sends a letter. One that surely did not leave comes back later.
pub(crate) async fn carry_out(ctx: Ctx, letter: Letter) {
    let (org, id) = (letter.channel.organization_id, letter.mail.id);
    match send(&ctx, &letter).await {
        SendOutcome::Accepted { .. } => {}
        SendOutcome::Retry { failure, .. } => {
            tracing::warn!(mail = %id, code = failure.code, "a mail about an account could not be sent; trying again");
            put_back(&ctx, org, &letter.mail).await;
        }
        SendOutcome::Permanent(failure) | SendOutcome::Unknown(failure) => {
            tracing::warn!(mail = %id, code = failure.code, "a mail about an account may not have arrived");
        }
    }
}

async fn send(ctx: &Ctx, letter: &Letter) -> SendOutcome {
    let down = |failure| SendOutcome::Retry { failure, after: None, is_down: true };
    let account = match account_of(ctx, &letter.channel, &letter.sealed) {
        Ok(account) => account,
        Err(locked) => return down(Failure::new("secrets_locked", locked.to_string())),
    };
    let Some(kind) = channels::find(&letter.channel.kind) else {
        return SendOutcome::Permanent(Failure::new("unsupported", "the channel type is unknown"));
    };
    let mut message = outbound(letter);
    message.reference = kind.reference(&account, Uuid::nil(), letter.mail.id, 0).unwrap_or_default();
    match tokio::time::timeout(SEND_TIMEOUT, kind.send(&account, &message)).await {
        Ok(outcome) => outcome,
        Err(_) => SendOutcome::Unknown(Failure::new("timeout", "the provider took too long")),
    }
}

/// A message of no conversation: it carries neither a number nor a token that would lead back to one.
fn outbound(letter: &Letter) -> Outbound {
    let (subject, text) = words(&letter.mail.kind, &letter.user, &letter.link);
    Outbound {
        automatic: None,
        conversation_id: Uuid::nil(),
        conversation_number: -1,
        customer_id: Uuid::nil(),
        entry_id: letter.mail.id,
        reference: String::new(),
        to: Party { address: letter.user.email.clone(), name: Some(letter.user.name.clone()) },
        author: None,
        subject,
        text,
        answers: None,
        chain: Vec::new(),
        files: Vec::new(),
        at: letter.mail.created_at,
    }
}

/// Subject and text in the language of whoever gets it.
fn words(kind: &str, user: &User, link: &str) -> (String, String) {
    let (subject, before, after) = match (kind, user.language.as_str()) {
        ("invitation", "en") => (
            "You have been invited to Centralita",
            "you have been invited. Choose your password here, within a day:",
            "If you did not expect this, do nothing.",
        ),
        ("invitation", _) => (
            "Te han invitado a Centralita",
            "te han invitado. Elige tu contraseña aquí, antes de un día:",
            "Si no lo esperabas, no hagas nada.",
        ),
        (_, "en") => (
            "A new password for Centralita",
            "somebody asked for a new password for you. Choose it here, within a day:",
            "If it was not you, do nothing: the old one stays.",
        ),
        (_, _) => (
            "Una contraseña nueva para Centralita",
            "alguien ha pedido una contraseña nueva para ti. Elígela aquí, antes de un día:",
            "Si no has sido tú, no hagas nada: la de antes sigue valiendo.",
        ),
    };
    (subject.to_owned(), format!("{}, {before}\n\n{link}\n\n{after}", user.name))
}

async fn put_back(ctx: &Ctx, org: OrganizationId, mail: &AccountMail) {
    let (first, most) = BACK_OFF_S;
    let doubled = first.checked_shl(u32::try_from(mail.attempt).unwrap_or(u32::MAX)).unwrap_or(most);
    let wait = SignedDuration::from_secs(doubled.clamp(first, most));
    let next = ctx.now().checked_add(wait).unwrap_or(Timestamp::MAX);
    let back = ctx
        .store()
        .write("account_mails.put_back", (org, mail.id, next), |tx, (org, id, next)| {
            Box::pin(async move { Ok::<_, Error>(store::access::put_mail_back(tx, org, id, next).await?) })
        })
        .await;
    if let Err(error) = back {
        tracing::error!(%error, "a mail about an account is lost; it has to be asked for again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(language: &str) -> User {
        User {
            id: Uuid::nil().into(),
            organization_id: Uuid::nil().into(),
            email: "eva@x.es".to_owned(),
            name: "Eva".to_owned(),
            language: language.to_owned(),
            time_zone: "UTC".to_owned(),
            roles: Vec::new(),
            state: "active".to_owned(),
            password_hash: None,
            preferences: serde_json::json!({}),
            last_sign_in_at: None,
            is_demo: false,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn each_kind_says_something_else_in_both_languages_and_carries_the_link() {
        let mut subjects = std::collections::BTreeSet::new();
        for kind in ["invitation", "password_reset"] {
            for language in ["es", "en"] {
                let (subject, text) = words(kind, &user(language), "https://x.es/l?token=1");
                assert!(text.contains("\n\nhttps://x.es/l?token=1\n\n") && text.starts_with("Eva, "), "{text}");
                subjects.insert(subject);
            }
        }
        assert_eq!(subjects.len(), 4);
    }
}
