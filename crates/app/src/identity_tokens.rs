//! Identity tokens: a site says who its visitor is, in a JWT it signed (api.md §5). Pure: time comes in.
//!
//! # Invariants
//! - The algorithm is the channel's: what the token's header says must be the same word, and `none` never is.
//! - Nothing of a token is believed before its signature fits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use channels::web_chat::config::{Algorithm, Identity, PublicKey};
use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value};

/// Longest token in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// Longest life of a token, in seconds.
const MAX_LIFE_S: i64 = 600;
/// How far clocks may differ, in seconds.
const SKEW_S: i64 = 60;
/// Shortest secret of HS256, in bytes.
pub const MIN_SECRET_BYTES: usize = 32;
/// Most bytes of `fields`.
const MAX_FIELDS_BYTES: usize = 4 * 1024;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Reason {
    Signature,
    Expired,
    Algorithm,
    Audience,
    Claims,
    Replayed,
}

impl Reason {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::Algorithm => "algorithm",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Replayed => "replayed",
        }
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the claims of api.md §5")]
pub struct Claims {
    pub subject: String,
    /// Single use, where there is one.
    pub token_id: Option<String>,
    /// When it may be forgotten that the token was used.
    pub expires_at: Timestamp,
    pub email: Option<Address>,
    pub phone: Option<Address>,
    pub name: Option<String>,
    pub locale: Option<String>,
    pub fields: Map<String, Value>,
}

/// An address the site names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As the site writes it.
    pub text: String,
    /// The site says that it was proven.
    pub is_verified: bool,
}

/// The keys of a channel.
pub struct Keys {
    algorithm: Algorithm,
    keys: Vec<DecodingKey>,
}

impl Keys {
    /// The keys of a channel: public ones from its configuration, or its secrets for HS256. Keys that cannot be used,
    /// a secret that is too short for one, are left out: then no signature fits.
    #[must_use]
    pub fn new(identity: &Identity, secrets: &[Vec<u8>]) -> Self {
        let pem = |read: fn(&[u8]) -> jsonwebtoken::errors::Result<DecodingKey>| {
            identity.public_keys.iter().filter_map(|key| public(key, read)).collect()
        };
        let keys = match identity.algorithm {
            Algorithm::HS256 => {
                let long = secrets.iter().filter(|secret| secret.len() >= MIN_SECRET_BYTES);
                long.map(|secret| DecodingKey::from_secret(secret)).collect()
            }
            Algorithm::RS256 => pem(DecodingKey::from_rsa_pem),
            Algorithm::ES256 => pem(DecodingKey::from_ec_pem),
            Algorithm::EdDSA => pem(DecodingKey::from_ed_pem),
        };
        Self { algorithm: identity.algorithm, keys }
    }

    /// What `token` says to the widget `audience`.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn verify(&self, token: &str, audience: &str, now: Timestamp) -> Result<Claims, Reason> {
        if token.len() > MAX_BYTES {
            return Err(Reason::Claims);
        }
        let (word, algorithm) = words(self.algorithm);
        if !has_algorithm(token, word)? {
            return Err(Reason::Algorithm);
        }
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        let signed = self.keys.iter().find_map(|key| jsonwebtoken::decode::<Value>(token, key, &validation).ok());
        let claims = signed.ok_or(Reason::Signature)?.claims;
        read(&claims, audience, now.as_second()).ok_or(Reason::Claims)?
    }
}

/// A public key; a JWK says itself of which kind it is, and the algorithm stays the channel's all the same.
fn public(key: &PublicKey, read: fn(&[u8]) -> jsonwebtoken::errors::Result<DecodingKey>) -> Option<DecodingKey> {
    let Some(jwk) = key.jwk() else { return read(key.pem()?.as_bytes()).ok() };
    let jwk: Jwk = serde_json::from_value(Value::Object(jwk)).ok()?;
    DecodingKey::from_jwk(&jwk).ok()
}

fn words(algorithm: Algorithm) -> (&'static str, jsonwebtoken::Algorithm) {
    match algorithm {
        Algorithm::HS256 => ("HS256", jsonwebtoken::Algorithm::HS256),
        Algorithm::RS256 => ("RS256", jsonwebtoken::Algorithm::RS256),
        Algorithm::ES256 => ("ES256", jsonwebtoken::Algorithm::ES256),
        Algorithm::EdDSA => ("EdDSA", jsonwebtoken::Algorithm::EdDSA),
    }
}

/// Whether the header names exactly this algorithm, and nothing critical that nobody here understands.
fn has_algorithm(token: &str, word: &str) -> Result<bool, Reason> {
    let header = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(header).map_err(|_| Reason::Signature)?;
    let header: Value = serde_json::from_slice(&bytes).map_err(|_| Reason::Signature)?;
    Ok(header.get("alg").and_then(Value::as_str) == Some(word) && header.get("crit").is_none())
}

/// The claims; `None` when one that is needed is missing or none of its kind.
fn read(claims: &Value, audience: &str, now: i64) -> Option<Result<Claims, Reason>> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let seconds = |name: &str| {
        let value = claims.get(name)?;
        #[allow(clippy::cast_possible_truncation, reason = "a second is a second; `as` saturates")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    };
    let subject = claims.get("sub")?.as_str().filter(|sub| (1..=255).contains(&sub.chars().count()))?;
    let (issued, expires) = (seconds("iat")?, seconds("exp")?);
    let life = expires.checked_sub(issued)?;
    if !has_audience(claims.get("aud")?, audience) {
        return Some(Err(Reason::Audience));
    }
    if expires.checked_add(SKEW_S)? <= now {
        return Some(Err(Reason::Expired));
    }
    let is_early = |from: i64| from > now + SKEW_S;
    if !(0..=MAX_LIFE_S).contains(&life) || is_early(issued) || seconds("nbf").is_some_and(is_early) {
        return None;
    }
    let token_id = match claims.get("jti") {
        Some(id) => Some(id.as_str().filter(|id| (1..=255).contains(&id.len()))?.to_owned()),
        None => None,
    };
    let is_marked = |name: &str| claims.get(name).and_then(Value::as_bool) == Some(true);
    let address = |name: &str, marked: &str, fits: fn(&str) -> bool| {
        let text = text(name).filter(|text| fits(text))?;
        Some(Address { text: text.to_owned(), is_verified: is_marked(marked) })
    };
    let fields = claims.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    if serde_json::to_vec(&fields).map_or(0, |bytes| bytes.len()) > MAX_FIELDS_BYTES {
        return None;
    }
    let is_clean = |text: &str| !text.contains('\0');
    if !is_clean(subject) || claims.to_string().contains("\\u0000") {
        return None;
    }
    Some(Ok(Claims {
        subject: subject.to_owned(),
        token_id,
        expires_at: Timestamp::from_second(expires + SKEW_S).ok()?,
        email: address("email", "email_verified", is_email),
        phone: address("phone", "phone_verified", is_phone),
        name: text("name").map(|name| name.chars().take(200).collect()),
        locale: text("locale").map(|locale| locale.chars().take(35).collect()),
        fields,
    }))
}

fn has_audience(claim: &Value, audience: &str) -> bool {
    match claim {
        Value::String(one) => one == audience,
        Value::Array(many) => many.iter().any(|one| one.as_str() == Some(audience)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Whether this can be a mail address at all.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let (name, host) = text.rsplit_once('@').unwrap_or_default();
    let is_free = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'));
    !name.is_empty() && host.len() > 1 && is_free && text.chars().count() <= 320
}

/// Whether this can be a phone number at all: `+` and 7 to 15 digits, with the usual spaces and signs between.
#[must_use]
pub fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.starts_with('+')
        && (7..=15).contains(&digits)
        && text.chars().skip(1).all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const NOW: i64 = 1_793_534_400;

    fn hs256() -> Identity {
        Identity { algorithm: Algorithm::HS256, public_keys: Vec::new(), is_required: false }
    }

    fn claims() -> Value {
        json!({ "sub": "u-1", "aud": "widget", "iat": NOW, "exp": NOW + 300 })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove(name);
        claims
    }

    fn signed(claims: &Value, secret: &[u8]) -> String {
        encode(&Header::default(), claims, &EncodingKey::from_secret(secret)).expect("signs")
    }

    fn verify(token: &str) -> Result<Claims, Reason> {
        let now = Timestamp::from_second(NOW).expect("in range");
        Keys::new(&hs256(), &[b"an older secret of thirty-two by".to_vec(), SECRET.to_vec()])
            .verify(token, "widget", now)
    }

    #[track_caller]
    fn check(claims: &Value, expected: Reason) {
        assert_eq!(verify(&signed(claims, SECRET)), Err(expected), "{claims}");
    }

    #[test]
    fn a_token_of_the_site_is_believed() {
        let mut token = claims();
        for (name, value) in [
            ("email", json!("Eva@Example.com")),
            ("email_verified", json!(true)),
            ("phone", json!("+34 600 000 000")),
            ("name", json!(" Eva ")),
            ("fields", json!({ "plan": "pro" })),
            ("unknown", json!([1])),
        ] {
            token[name] = value;
        }
        let claims = verify(&signed(&token, SECRET)).expect("believed");
        assert_eq!((claims.subject.as_str(), claims.name.as_deref()), ("u-1", Some("Eva")));
        assert_eq!(claims.email, Some(Address { text: "Eva@Example.com".to_owned(), is_verified: true }));
        assert_eq!(claims.phone.map(|phone| phone.is_verified), Some(false), "unmarked is not verified");
    }

    #[test]
    fn each_wrong_claim_has_its_reason() {
        check(&with("aud", json!("another")), Reason::Audience);
        check(&with("aud", json!(["a", "b"])), Reason::Audience);
        check(&without("aud"), Reason::Claims);
        check(&with("exp", json!(NOW - 60)), Reason::Expired);
        check(&without("exp"), Reason::Claims);
        check(&without("iat"), Reason::Claims);
        check(&with("exp", json!(NOW + 601)), Reason::Claims);
        check(&with("exp", json!(i64::MAX)), Reason::Claims);
        check(&with("iat", json!(NOW + 61)), Reason::Claims);
        check(&with("nbf", json!(NOW + 61)), Reason::Claims);
        check(&with("sub", json!("")), Reason::Claims);
        check(&with("sub", json!(7)), Reason::Claims);
        check(&with("sub", json!("x".repeat(256))), Reason::Claims);
        check(&with("sub", json!("a\0b")), Reason::Claims);
        check(&with("jti", json!(7)), Reason::Claims);
        check(&with("fields", json!({ "x": "y".repeat(5_000) })), Reason::Claims);
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let late = json!({ "sub": "u", "aud": "widget", "iat": NOW - 600, "exp": NOW - 59 });
        assert!(verify(&signed(&late, SECRET)).is_ok());
        assert!(verify(&signed(&with("iat", json!(NOW + 60)), SECRET)).is_ok());
    }

    #[test]
    fn another_signature_is_refused() {
        assert_eq!(verify(&signed(&claims(), b"another secret of thirty-two byt")), Err(Reason::Signature));
        let token = signed(&claims(), SECRET);
        let (head, signature) = token.rsplit_once('.').expect("three parts");
        let other = signed(&with("sub", json!("u-2")), SECRET);
        let payload = other.split('.').nth(1).expect("three parts");
        let header = head.split('.').next().expect("three parts");
        assert_eq!(verify(&format!("{header}.{payload}.{signature}")), Err(Reason::Signature));
        for token in ["", "x", "a.b.c", &"x".repeat(MAX_BYTES + 1)] {
            assert!(verify(token).is_err());
        }
    }

    #[test]
    fn a_token_cannot_choose_its_algorithm() {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        for alg in ["none", "None", "HS512", "RS256", "hs256"] {
            let token = format!("{}.{}.", part(&json!({ "alg": alg, "typ": "JWT" })), part(&claims()));
            assert_eq!(verify(&token), Err(Reason::Algorithm), "{alg}");
        }
        let critical = format!("{}.{}.x", part(&json!({ "alg": "HS256", "crit": ["b64"] })), part(&claims()));
        assert_eq!(verify(&critical), Err(Reason::Algorithm));
    }

    #[test]
    fn a_public_key_is_not_a_secret() {
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let identity = Identity {
            algorithm: Algorithm::EdDSA,
            public_keys: vec![PublicKey::Text(pem.to_owned())],
            is_required: false,
        };
        let keys = Keys::new(&identity, &[]);
        assert_eq!(keys.keys.len(), 1, "the key can be read");
        let forged = signed(&claims(), pem.as_bytes());
        let now = Timestamp::from_second(NOW).expect("in range");
        assert_eq!(keys.verify(&forged, "widget", now), Err(Reason::Algorithm));
    }

    #[test]
    fn a_short_secret_signs_nothing() {
        let keys = Keys::new(&hs256(), &[b"short".to_vec()]);
        let now = Timestamp::from_second(NOW).expect("in range");
        assert_eq!(keys.verify(&signed(&claims(), b"short"), "widget", now), Err(Reason::Signature));
    }

    #[test]
    fn addresses_are_looked_at_before_they_are_kept() {
        assert!(is_email("eva@example.com") && !is_email("eva") && !is_email("a b@c.d") && !is_email("@x.y"));
        assert!(is_phone("+34 600-000-000") && !is_phone("600000000") && !is_phone("+12") && !is_phone("+34x00000000"));
    }
}
