//! What was said, by mail to an address that a colleague chooses.

use domain::conversation::Verification;
use domain::ids::{ConversationId, IdentityId};
use domain::permissions::Permission;
use serde_json::json;
use store::entries::Entry;
use store::letters::LetterKind;

use super::{By, changeable};
use crate::identity_tokens::is_email;
use crate::letters::{self, Post};
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// To whom it goes.
#[derive(Clone, Debug)]
pub enum To {
    /// An address of the customer's.
    Identity(IdentityId),
    /// Any other.
    Email(String),
}

/// Mails what was said in a conversation, on every channel, without notes and events. Leaves an audit record.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Invalid`], [`Error::NoMailChannel`],
/// [`Error::ConversationMerged`].
pub async fn transcript(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    to: To,
    format: &'static str,
) -> Result<Entry, Error> {
    let input = (Pen::new(ctx, actor), id, to, format);
    let entry = ctx
        .store()
        .write("conversations.transcript", input, |tx, (pen, id, to, format)| Box::pin(send(tx, pen, id, to, format)))
        .await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    runtime.outbox.wake();
    Ok(entry)
}

async fn send(
    tx: &mut db::Tx<'_>,
    mut pen: Pen,
    id: ConversationId,
    to: To,
    format: &'static str,
) -> Result<Entry, Error> {
    let mut conversation = changeable(tx, &pen.actor, id, Permission::ConversationsReply).await?;
    let org = conversation.organization_id;
    let (identity, address) = addressed(tx, &conversation, to).await?;
    let organization = store::organizations::find(tx, org).await?.ok_or(Error::NotFound)?;
    let language = conversation.language.clone().unwrap_or(organization.default_language);
    let span = (0, conversation.last_entry_seq);
    let (by, now) = (By::staff(&pen.actor), pen.now);
    let ids = [pen.id(), pen.id(), pen.id()];
    let post = Post {
        kind: LetterKind::Copy,
        format,
        about: None,
        identity,
        address: &address,
        language: &language,
        span,
        by,
        ids,
        now,
    };
    let entry = letters::post(tx, &mut conversation, post).await?;
    let what = json!({ "entry_id": entry.id, "identity_id": identity, "format": format });
    pen.audit(tx, "conversation.transcript_sent", ("conversation", id.0), None, Some(what)).await?;
    Ok(entry)
}

/// The address, and whose it is if it is the customer's.
async fn addressed(
    tx: &mut db::Tx<'_>,
    conversation: &store::conversations::Conversation,
    to: To,
) -> Result<(Option<IdentityId>, String), Error> {
    let org = conversation.organization_id;
    let group = store::customer_merges::group(tx, org, vec![conversation.effective_customer().0]).await?;
    let customers = group.iter().map(|customer| customer.id.0).collect();
    let known = store::customers::identities_of(tx, org, customers).await?;
    let mut mails = known.into_iter().filter(|i| i.kind == "email" && i.verification != Verification::Revoked);
    match to {
        To::Identity(id) => {
            let found = mails.find(|i| i.id == id);
            let found = found.ok_or_else(|| Error::field("/to_identity_id", "unknown_reference", "a mail address"))?;
            Ok((Some(found.id), found.address))
        }
        To::Email(email) => {
            let email = email.trim().to_owned();
            if !email.is_ascii() || email.len() > 254 || !is_email(&email) {
                return Err(Error::field("/email", "format", "an e-mail address"));
            }
            let own = mails.find(|i| store::customers::key(&i.address) == store::customers::key(&email));
            Ok((own.map(|i| i.id), email))
        }
    }
}
