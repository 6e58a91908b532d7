//! Signed addresses: whoever holds one may fetch one file for five minutes, without a session.

use app::Ctx;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// How long an address holds, in seconds.
const LIFE_S: i64 = 5 * 60;

/// What an address shows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Its bytes, as a download.
    Content,
    /// A small picture of it.
    Preview,
}

impl Shows {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Preview => "preview",
        }
    }
}

/// Signs and checks addresses with a key of this process.
pub struct Signer([u8; 32]);

impl Signer {
    /// A signer with a fresh key: addresses end with the process at the latest.
    #[must_use]
    pub fn new(ctx: &Ctx) -> Self {
        let mut key = [0; 32];
        ctx.entropy().fill(&mut key);
        Self(key)
    }

    fn mac(&self, id: Uuid, shows: Shows, expires: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("invariant: HMAC takes keys of any length");
        mac.update(format!("{id}/{}/{expires}", shows.as_str()).as_bytes());
        mac
    }

    /// The address of a file, good from `now` on.
    #[must_use]
    pub fn address(&self, id: Uuid, shows: Shows, now: jiff::Timestamp) -> String {
        let expires = now.as_second() + LIFE_S;
        let signature = URL_SAFE_NO_PAD.encode(self.mac(id, shows, expires).finalize().into_bytes());
        format!("/api/v1/attachments/{id}/{}?expires={expires}&signature={signature}", shows.as_str())
    }

    /// Whether an address was signed here and is still good. Compares in a time that does not tell where it differs.
    #[must_use]
    pub fn is_good(&self, id: Uuid, shows: Shows, expires: i64, signature: &str, now: jiff::Timestamp) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        now.as_second() <= expires && self.mac(id, shows, expires).verify_slice(&signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_good_for_one_file_one_view_and_five_minutes() {
        let signer = Signer([7; 32]);
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let at = |second: i64| jiff::Timestamp::from_second(1_793_534_400 + second).expect("in range");
        let address = signer.address(id, Shows::Content, at(0));
        let signature = address.rsplit_once('=').expect("a signature").1.to_owned();
        let expires = 1_793_534_400 + LIFE_S;
        let check = |id, shows, expires, now| signer.is_good(id, shows, expires, &signature, now);
        assert!(check(id, Shows::Content, expires, at(300)));
        assert!(!check(id, Shows::Content, expires, at(301)));
        assert!(!check(id, Shows::Content, expires + 600, at(301)));
        assert!(!check(id, Shows::Preview, expires, at(0)));
        assert!(!check(other, Shows::Content, expires, at(0)));
        assert!(!Signer([8; 32]).is_good(id, Shows::Content, expires, &signature, at(0)));
    }
}
