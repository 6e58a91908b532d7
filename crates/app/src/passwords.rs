//! Forgotten passwords, and the mails about accounts: a one-use link, whoever asks.
//!
//! The link goes to the log for the operator, and a mail is asked for ([`due_mails`]); whoever sends it makes a link of
//! its own, so that none is stored.

use domain::ids::{OrganizationId, SessionId};
use jiff::{Span, Timestamp};
use serde_json::json;
use store::access::{AccountMail, Link};
use store::users::User;
use uuid::Uuid;

use crate::account_mails::GIVE_UP_AFTER;
use crate::rates::Quota;
use crate::{Ctx, Error, secrets, sessions};

const KIND: &str = "password_reset";
/// The kind of invitations, of links as of mails.
pub(crate) const INVITATION: &str = "invitation";
/// Requests of one account that are taken in an hour; further ones are answered alike and forgotten.
const PER_HOUR: Quota = Quota { name: "password_reset", count: 5, window_s: 3_600 };

/// Asks for a reset; whether the account exists is not told.
///
/// # Errors
/// What the store refuses.
pub async fn request(ctx: &Ctx, email: &str) -> Result<(), Error> {
    let account = store::users::email_key(email);
    if !ctx.rates().count(PER_HOUR, &account, ctx.now()).is_within {
        return Ok(());
    }
    let user = ctx
        .store()
        .read("passwords.user", account, |tx, account| {
            Box::pin(async move { Ok::<_, Error>(store::users::by_email(tx, &account).await?) })
        })
        .await?;
    let Some(user) = user.filter(|user| user.state == "active") else { return Ok(()) };
    let mail =
        AccountMail { id: ctx.new_id(), kind: KIND.to_owned(), user_id: user.id, created_at: ctx.now(), attempt: 0 };
    let link = make_link(ctx, &user, KIND, Some(mail)).await?;
    ctx.runtime(user.organization_id)?.outbox.wake();
    tracing::info!(user = %user.id, "a password reset was asked for; the link, good for a day: {link}");
    Ok(())
}

/// A fresh link of a kind for `user`, good for a day.
async fn make_link(ctx: &Ctx, user: &User, kind: &str, mail: Option<AccountMail>) -> Result<String, Error> {
    let token = secrets::token(ctx.entropy());
    let now = ctx.now();
    let link = Link {
        id: ctx.new_id(),
        organization_id: Some(user.organization_id),
        kind: kind.to_owned(),
        user_id: Some(user.id),
        data: json!({}),
        expires_at: now.checked_add(Span::new().hours(24)).ok(),
        used_at: None,
    };
    ctx.store()
        .write("passwords.link", (link, secrets::hash(&token), mail, now), |tx, (link, hash, mail, now)| {
            Box::pin(async move {
                store::access::insert_link(tx, &link, &hash, now).await?;
                if let Some((org, mail)) = link.organization_id.zip(mail) {
                    store::access::request_mail(tx, org, &mail).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
    let page = if kind == INVITATION { "invitation" } else { "password" };
    Ok(format!("{}/{page}?token={token}", ctx.settings().public_url))
}

/// Sets a new password by a link; every session of the user ends.
///
/// # Errors
/// [`Error::PasswordWeak`], [`Error::LinkUsed`], [`Error::LinkExpired`].
pub async fn complete(ctx: &Ctx, token: &str, password: String) -> Result<(), Error> {
    if password.chars().count() < secrets::MIN_PASSWORD_LENGTH {
        return Err(Error::PasswordWeak { min_length: secrets::MIN_PASSWORD_LENGTH });
    }
    let password_hash = secrets::hash_password(ctx.entropy(), password).await;
    let input = (secrets::hash(token), password_hash, ctx.now());
    let (user, ended) = ctx
        .store()
        .write("passwords.complete", input, |tx, (hash, password_hash, now)| {
            Box::pin(replace(tx, hash, password_hash, now))
        })
        .await?;
    ctx.sign_in_failures().succeeded(&store::users::email_key(&user.email));
    sessions::cut(ctx, user.organization_id, &ended)
}

async fn replace(
    tx: &mut db::Tx<'_>,
    hash: Vec<u8>,
    password_hash: String,
    now: Timestamp,
) -> Result<(User, Vec<SessionId>), Error> {
    let link = store::access::link_by_token(tx, &hash).await?;
    let link = link.filter(|link| link.kind == KIND && link.used_at.is_none()).ok_or(Error::LinkUsed)?;
    if link.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::LinkExpired);
    }
    store::access::use_link(tx, link.id, now).await?;
    let (org, id) = link.organization_id.zip(link.user_id).ok_or(Error::LinkUsed)?;
    let user = store::users::find(tx, org, id).await?;
    let mut user = user.filter(|user| user.state == "active").ok_or(Error::LinkUsed)?;
    user.password_hash = Some(password_hash);
    store::users::update(tx, &user, now).await?;
    store::access::drop_user_links(tx, org, id, KIND).await?;
    let ended = store::access::delete_other_sessions(tx, org, id, SessionId(Uuid::nil())).await?;
    Ok((user, ended))
}

/// Mails about accounts that are to be sent, oldest first.
///
/// # Errors
/// What the store refuses.
pub async fn due_mails(ctx: &Ctx, org: OrganizationId, limit: i64) -> Result<Vec<AccountMail>, Error> {
    let now = ctx.now();
    let since = now.checked_sub(GIVE_UP_AFTER).unwrap_or(Timestamp::MIN);
    ctx.store()
        .read("passwords.due_mails", (org, now, since, limit), |tx, (org, now, since, limit)| {
            Box::pin(async move { Ok::<_, Error>(store::access::due_mails(tx, org, now, since, limit).await?) })
        })
        .await
}

/// Takes a mail for sending: to whom, and with which link. `None` when somebody else took it or the user is gone.
///
/// # Errors
/// What the store refuses.
pub async fn take_mail(ctx: &Ctx, org: OrganizationId, mail: &AccountMail) -> Result<Option<(User, String)>, Error> {
    let user = ctx
        .store()
        .write("passwords.take_mail", (org, mail.clone(), ctx.now()), |tx, (org, mail, now)| {
            Box::pin(async move {
                if !store::access::take_mail(tx, org, mail.id, now).await? {
                    return Ok(None);
                }
                let wanted = if mail.kind == INVITATION { "invited" } else { "active" };
                Ok::<_, Error>(store::users::find(tx, org, mail.user_id).await?.filter(|user| user.state == wanted))
            })
        })
        .await?;
    let Some(user) = user else { return Ok(None) };
    let link = make_link(ctx, &user, &mail.kind, None).await?;
    Ok(Some((user, link)))
}
