//! Addresses that visitors type: kept as claimed, and never written to more often than a person would ask.
//!
//! # Invariants
//! - A typed address opens nothing and matches nobody.
//! - However many visitors name it, an address gets few mails in an hour.

use domain::conversation::Verification;
use domain::ids::{ConversationId, IdentityId};
use jiff::Timestamp;
use serde_json::json;
use store::customers::{Identity, key};
use store::visitors::Visitor;
use uuid::Uuid;

use crate::events::event;
use crate::identity_tokens::is_email;
use crate::rates::Quota;
use crate::{Ctx, Error};

/// Mails that one visitor may ask for.
const PER_VISITOR: Quota = Quota { name: "visitor_mails", count: 10, window_s: 3_600 };
/// Mails that may be asked for in one conversation.
const PER_CONVERSATION: Quota = Quota { name: "conversation_mails", count: 5, window_s: 3_600 };
/// Mails that visitors may have sent to one address.
const PER_ADDRESS: Quota = Quota { name: "address_mails", count: 5, window_s: 3_600 };
/// Mails that the visitors of one channel may ask for.
const PER_CHANNEL: Quota = Quota { name: "channel_mails", count: 300, window_s: 3_600 };

/// The address, if it is one.
pub(super) fn checked(email: &str) -> Result<String, Error> {
    let email = email.trim();
    let is_plain = email.is_ascii() && email.len() <= 254 && is_email(email);
    if is_plain { Ok(email.to_owned()) } else { Err(Error::field("/email", "format", "an e-mail address")) }
}

/// Counts a mail before it is asked for.
pub(super) fn count(ctx: &Ctx, visitor: &Visitor, conversation: ConversationId, email: &str) -> Result<(), Error> {
    let org = visitor.organization_id.0;
    let counted = [
        (PER_CONVERSATION, conversation.0.to_string()),
        (PER_VISITOR, visitor.id.0.to_string()),
        (PER_ADDRESS, format!("{org} {}", key(email))),
        (PER_CHANNEL, visitor.channel_id.0.to_string()),
    ];
    for (quota, key) in counted {
        let standing = ctx.rates().count(quota, &key, ctx.now());
        if !standing.is_within {
            return Err(Error::RateLimited { retry_after_ms: standing.reset_ms });
        }
    }
    Ok(())
}

/// The visitor's identity with this address; a claimed one is added when there is none. `ids`: of the identity and of
/// its event.
pub(super) async fn claim(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    email: &str,
    ids: [Uuid; 2],
    now: Timestamp,
) -> Result<IdentityId, Error> {
    let (org, customer) = (visitor.organization_id, visitor.customer_id);
    let held = store::customers::identities(tx, org, customer).await?;
    let same =
        |i: &&Identity| i.kind == "email" && i.verification != Verification::Revoked && key(&i.address) == key(email);
    if let Some(known) = held.iter().find(same) {
        return Ok(known.id);
    }
    let identity = Identity {
        id: IdentityId(ids[0]),
        organization_id: org,
        customer_id: customer,
        kind: "email".to_owned(),
        address: email.to_owned(),
        display: None,
        channel_id: None,
        verification: Verification::Claimed,
        is_authenticated: false,
        is_primary: false,
        reachability: "ok".to_owned(),
        verified_at: None,
        created_at: now,
        version: 1,
        is_shared: false,
        verified_by: None,
    };
    store::customers::insert_identity(tx, &identity).await?;
    let data = json!({ "identity_id": identity.id, "customer_id": customer });
    let actor = json!({ "type": "customer", "id": customer });
    store::events::insert(tx, &event(ids[1], org, "identity.added", now, actor, data)).await?;
    Ok(identity.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_written_to() {
        assert_eq!(checked(" eva@example.com ").ok().as_deref(), Some("eva@example.com"));
        for wrong in ["", "eva", "eva@", "a b@c.d", "eva@x.y, marta@x.y", "eva@x.y\nBcc: z@x.y", "ñ@x.y"] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }
}
