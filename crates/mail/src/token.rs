//! The signed plus-token that says which conversation an answer belongs to.
//!
//! `soporte+c-<conversation>.<mac>@example.com`: the conversation's UUID and 128 bits of
//! HMAC-SHA256 over it and its customer, both in lower-case base32, 55 bytes. An outsider can
//! neither guess a token nor move one to another customer's conversation.
//!
//! # Invariants
//! - Letter case never matters: relays change it.
//! - Comparing takes the same time whatever differs.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::Address;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Base32 characters of 16 bytes.
const ENCODED_LEN: usize = 26;
/// Longest local part a mail server must accept (RFC 5321, 4.5.3.1.1), in bytes.
const MAX_LOCAL_BYTES: usize = 64;

/// What a token stands for; a token of one kind never verifies as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// In Reply-To: `c-`, an answer to a conversation; bound to its customer.
    Reply,
    /// In the envelope sender: `b-`, a bounce of one entry; bound to its conversation.
    Bounce,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Reply => "c-",
            Self::Bounce => "b-",
        }
    }

    fn context(self) -> &'static [u8] {
        match self {
            Self::Reply => b"centralita reply token v1",
            Self::Bounce => b"centralita bounce token v1",
        }
    }
}

/// A well-formed token found in an address; worth nothing before [`Token::is_genuine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it claims to be.
    pub kind: TokenKind,
    /// The conversation (or, for a bounce, the entry) it claims to belong to.
    pub id: Uuid,
    mac: [u8; 16],
}

impl Token {
    /// Whether the token was signed with `key` for its id and `bound_to`, in constant time.
    ///
    /// `bound_to` is the customer of the conversation as stored, or the conversation of the entry.
    pub fn is_genuine(&self, key: &[u8; 32], bound_to: Uuid) -> bool {
        hmac(key, self.kind, self.id, bound_to).verify_truncated_left(&self.mac).is_ok()
    }
}

/// Makes the token for `id`, bound to `bound_to`: 55 bytes of `[a-z2-7.-]`.
pub fn sign(key: &[u8; 32], kind: TokenKind, id: Uuid, bound_to: Uuid) -> String {
    let mac = hmac(key, kind, id, bound_to).finalize().into_bytes();
    format!("{}{}.{}", kind.prefix(), encode(id.as_bytes()), encode(&mac[..16]))
}

/// `soporte@example.com` with `token` as plus-suffix; `None` when the local part gets too long.
pub fn tagged_address(mailbox: &str, token: &str) -> Option<String> {
    let (local, domain) = mailbox.rsplit_once('@')?;
    let tagged = format!("{local}+{token}");
    (tagged.len() <= MAX_LOCAL_BYTES).then(|| format!("{tagged}@{domain}"))
}

/// The first well-formed token of that kind in `addresses`, in their order.
pub fn find_token(addresses: &[Address], kind: TokenKind) -> Option<Token> {
    addresses.iter().find_map(|address| read_token(address.local(), kind))
}

fn read_token(local: &str, kind: TokenKind) -> Option<Token> {
    let local = local.to_ascii_lowercase();
    let (_, suffix) = local.split_once('+')?;
    let (id, mac) = suffix.strip_prefix(kind.prefix())?.split_once('.')?;
    Some(Token { kind, id: Uuid::from_bytes(decode(id)?), mac: decode(mac)? })
}

fn hmac(key: &[u8; 32], kind: TokenKind, id: Uuid, bound_to: Uuid) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("invariant: HMAC takes keys of any length");
    mac.update(kind.context());
    mac.update(id.as_bytes());
    mac.update(bound_to.as_bytes());
    mac
}

fn encode(bytes: &[u8]) -> String {
    let (mut out, mut buffer, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    out
}

/// `None` unless `text` is exactly what [`encode`] makes of 16 bytes.
fn decode(text: &str) -> Option<[u8; 16]> {
    if text.len() != ENCODED_LEN {
        return None;
    }
    let mut value = 0_u128;
    for (index, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)? as u128;
        if index + 1 < ENCODED_LEN {
            value = value << 5 | digit;
        } else {
            // 25 letters carry 125 bits; the last one carries 3 and two zeros.
            value = (digit & 3 == 0).then_some(value << 3 | digit >> 2)?;
        }
    }
    Some(value.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const CONVERSATION: Uuid = Uuid::from_u128(0x0193_5d2a_7b1c_7000_8abc_0123_4567_89ff);
    const CUSTOMER: Uuid = Uuid::from_u128(42);

    fn found(address: &str, kind: TokenKind) -> Option<Token> {
        find_token(&[Address::new(None, address)?], kind)
    }

    fn signed() -> String {
        tagged_address("soporte@x.es", &sign(&KEY, TokenKind::Reply, CONVERSATION, CUSTOMER)).expect("fits")
    }

    #[test]
    fn a_signed_token_comes_back_and_is_genuine_in_any_case() {
        for address in [signed(), signed().to_uppercase()] {
            let token = found(&address, TokenKind::Reply).expect("well-formed");
            assert_eq!(token.id, CONVERSATION);
            assert!(token.is_genuine(&KEY, CUSTOMER));
        }
    }

    #[test]
    fn the_token_is_fixed_and_fits_a_local_part() {
        let token = sign(&KEY, TokenKind::Reply, CONVERSATION, CUSTOMER);
        assert_eq!(token.len(), 55);
        assert_eq!(token, sign(&KEY, TokenKind::Reply, CONVERSATION, CUSTOMER));
        assert!(token.bytes().all(|b| ALPHABET.contains(&b) || b == b'.' || b == b'-'));
        assert_eq!(tagged_address("atencionalcliente@x.es", &token), None);
        assert_eq!(tagged_address("no-address", &token), None);
    }

    #[test]
    fn another_customer_key_or_kind_is_not_genuine() {
        let token = found(&signed(), TokenKind::Reply).expect("well-formed");
        assert!(!token.is_genuine(&KEY, Uuid::from_u128(43)));
        assert!(!token.is_genuine(&[8; 32], CUSTOMER));
        assert_eq!(found(&signed(), TokenKind::Bounce), None);
        let as_bounce = signed().replace("+c-", "+b-");
        assert!(!found(&as_bounce, TokenKind::Bounce).expect("well-formed").is_genuine(&KEY, CUSTOMER));
    }

    #[test]
    fn every_changed_letter_makes_the_token_worthless() {
        let address = signed();
        let start = address.find("+c-").expect("token") + 3;
        for index in (start..start + 53).filter(|index| address.as_bytes()[*index] != b'.') {
            for letter in ['a', 'b', '7'] {
                let mut forged = address.clone();
                forged.replace_range(index..=index, &letter.to_string());
                let is_same = forged == address;
                let genuine = found(&forged, TokenKind::Reply).is_some_and(|token| token.is_genuine(&KEY, CUSTOMER));
                assert_eq!(genuine, is_same, "{forged}");
            }
        }
    }

    #[test]
    fn a_hundred_thousand_guesses_find_nothing() {
        let conversation = encode(CONVERSATION.as_bytes());
        let mut state = 1_u128;
        for _ in 0..100_000 {
            state = state.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
            let guess = format!("s+c-{conversation}.{}@x.es", encode(&state.to_be_bytes()));
            let token = found(&guess, TokenKind::Reply).expect("well-formed");
            assert!(!token.is_genuine(&KEY, CUSTOMER));
        }
    }

    #[test]
    fn malformed_tokens_are_not_found() {
        for local in ["soporte", "soporte+c-", "soporte+c-a.b", "soporte+ventas", "soporte+c-1.2.3", "+c-"] {
            assert_eq!(found(&format!("{local}@x.es"), TokenKind::Reply), None, "{local}");
        }
    }
}
