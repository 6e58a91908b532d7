//! Links in letters: each names a notice and what it does to it, and nobody can make one.
//!
//! Organization, conversation and nonce of the notice, 16 bytes each, and 128 bits of HMAC-SHA256 over them and the
//! purpose, in base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ConversationId, OrganizationId};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use store::notices::Notice;
use uuid::Uuid;

use crate::Ctx;

const ID_BYTES: usize = 16;

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Says yes.
    Confirm,
    /// Ends the mails.
    Stop,
}

impl Purpose {
    const fn context(self) -> &'static [u8] {
        match self {
            Self::Confirm => b"centralita notice confirm v1",
            Self::Stop => b"centralita notice stop v1",
        }
    }
}

/// A link whose signature fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) organization: OrganizationId,
    pub(super) conversation: ConversationId,
    pub(super) nonce: Uuid,
    pub(super) purpose: Purpose,
}

/// The address of the page that does it.
pub(crate) fn url(ctx: &Ctx, notice: &Notice, purpose: Purpose) -> String {
    let named = Named {
        organization: notice.organization_id,
        conversation: notice.conversation_id,
        nonce: notice.nonce,
        purpose,
    };
    let key = ctx.keyring().signing_key(named.organization);
    format!("{}/n/{}", ctx.settings().public_url.trim_end_matches('/'), written(&named, &key.0))
}

/// Reads a link; `None` for one that nobody here has made.
pub(super) fn read(ctx: &Ctx, token: &str) -> Option<Named> {
    parsed(token, |organization| ctx.keyring().signing_key(organization).0)
}

fn mac(named: &Named, key: &[u8; 32]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("invariant: HMAC takes keys of any length");
    mac.update(named.purpose.context());
    for id in [named.organization.0, named.conversation.0, named.nonce] {
        mac.update(id.as_bytes());
    }
    mac
}

fn written(named: &Named, key: &[u8; 32]) -> String {
    let ids = [named.organization.0, named.conversation.0, named.nonce];
    let signature = mac(named, key).finalize().into_bytes();
    let bytes: Vec<u8> =
        ids.iter().flat_map(|id| *id.as_bytes()).chain(signature[..ID_BYTES].iter().copied()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

fn parsed(token: &str, key: impl Fn(OrganizationId) -> [u8; 32]) -> Option<Named> {
    let bytes: [u8; 4 * ID_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let id = |at: usize| Uuid::from_slice(&bytes[at * ID_BYTES..(at + 1) * ID_BYTES]).ok();
    let (organization, conversation, nonce) = (OrganizationId(id(0)?), ConversationId(id(1)?), id(2)?);
    let key = key(organization);
    [Purpose::Confirm, Purpose::Stop].into_iter().find_map(|purpose| {
        let named = Named { organization, conversation, nonce, purpose };
        mac(&named, &key).verify_truncated_left(&bytes[3 * ID_BYTES..]).ok().map(|()| named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn named(purpose: Purpose) -> Named {
        Named {
            organization: OrganizationId(Uuid::from_u128(1)),
            conversation: ConversationId(Uuid::from_u128(2)),
            nonce: Uuid::from_u128(3),
            purpose,
        }
    }

    #[test]
    fn a_link_says_what_was_written_into_it() {
        for purpose in [Purpose::Confirm, Purpose::Stop] {
            let link = written(&named(purpose), &KEY);
            assert_eq!(parsed(&link, |_| KEY), Some(named(purpose)));
        }
    }

    #[test]
    fn no_changed_link_and_no_link_of_another_key_is_read() {
        let link = written(&named(Purpose::Confirm), &KEY);
        assert_eq!(parsed(&link, |_| [8; 32]), None);
        let bytes = URL_SAFE_NO_PAD.decode(&link).expect("base64");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(parsed(&URL_SAFE_NO_PAD.encode(changed), |_| KEY), None, "byte {at}");
        }
        for other in ["", "x", &link[1..], &format!("{link}AAAA")] {
            assert_eq!(parsed(other, |_| KEY), None, "{other}");
        }
    }
}
