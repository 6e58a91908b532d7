//! What an administrator sets up of a web chat, checked.

use std::collections::{BTreeMap, BTreeSet};

use connector::ConfigError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Largest file a channel may take, in bytes.
const MAX_FILE_BYTES: u64 = 25 * 1024 * 1024;
/// Most origins, prechat fields, keys and the like.
const MAX_ITEMS: usize = 50;
/// Most code points of a text.
const MAX_TEXT: usize = 2_000;

/// A text by language: `{"es": "…", "en": "…"}`.
pub type Localized = BTreeMap<String, String>;

/// The configuration of a web chat. An absent field has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Exact origins, or `https://*.example.com`; the installation's own is always allowed.
    pub allowed_origins: Vec<String>,
    /// How the chat calls itself; the channel's name without it.
    pub brand_name: Option<String>,
    /// `#rrggbb`.
    pub brand_colour: Option<String>,
    /// A picture, by https.
    pub logo_url: Option<String>,
    /// Greetings and the like by language.
    pub texts: BTreeMap<String, Texts>,
    /// Questions before the first message.
    pub prechat: Option<Prechat>,
    /// Shown before anything is stored on the device.
    pub consent_notice: Option<Localized>,
    /// Files that visitors send.
    pub uploads: Uploads,
    /// Visitors may have what was said sent to them by mail.
    pub has_transcript: Option<bool>,
    /// Visitors are asked what they think of a chat that has ended.
    pub has_rating: Option<bool>,
    /// How the site says who its visitors are.
    pub identity: Option<Identity>,
    /// On other web chats, people whom their site has identified find what was said here.
    pub shares_history: bool,
}

/// Texts in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// Before the first message.
    pub greeting: Option<String>,
    /// While nobody is there.
    pub outside_hours: Option<String>,
}

/// The questions before the first message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prechat {
    /// In order.
    pub fields: Vec<PrechatField>,
}

/// What kind of answer a question has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrechatType {
    /// A line of text.
    Text,
    /// An e-mail address; it is claimed, never proven.
    Email,
    /// A phone number; it is claimed, never proven.
    Phone,
    /// One of the options.
    Choice,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrechatField {
    /// `name`, `email` and `phone` become the customer's; every other is a field of theirs.
    pub key: String,
    /// What kind of answer.
    pub r#type: PrechatType,
    /// The question.
    pub label: Localized,
    /// Nobody begins without an answer.
    #[serde(default)]
    pub is_required: bool,
    /// For `choice`.
    #[serde(default)]
    pub options: Vec<PrechatOption>,
}

/// One answer to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrechatOption {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: Localized,
}

/// Files that visitors send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Uploads {
    /// They may.
    pub is_enabled: bool,
    /// Largest file in bytes.
    pub max_bytes: u64,
    /// Types taken, `image/png` or `image/*`; what a file is, its bytes say.
    pub media_types: Vec<String>,
}

impl Default for Uploads {
    fn default() -> Self {
        let types = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"];
        Self { is_enabled: true, max_bytes: 10 * 1024 * 1024, media_types: types.map(str::to_owned).to_vec() }
    }
}

impl Uploads {
    /// Whether a file of this type is taken.
    #[must_use]
    pub fn takes(&self, media_type: &str) -> bool {
        self.media_types.iter().any(|rule| match rule.strip_suffix("/*") {
            Some(family) => media_type.split('/').next() == Some(family),
            None => rule == media_type,
        })
    }
}

/// How identity tokens are signed; pinned, so that a token cannot choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256; the secrets are the channel's `identity_secret`.
    HS256,
    /// RSA with SHA-256.
    RS256,
    /// ECDSA on P-256.
    ES256,
    /// Ed25519.
    #[allow(clippy::upper_case_acronyms, reason = "the word of RFC 8037")]
    EdDSA,
}

/// How the site says who its visitors are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The one algorithm.
    pub algorithm: Algorithm,
    /// Public keys, each in PEM or as a JWK, for everything but HS256; several while rotating.
    #[serde(default)]
    pub public_keys: Vec<PublicKey>,
    /// Nobody comes in without a token.
    #[serde(default)]
    pub is_required: bool,
}

/// A public key: PEM, or a JWK (RFC 7517) as an object or as its JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PublicKey {
    /// PEM, or the text of a JWK.
    Text(String),
    /// A JWK.
    Jwk(serde_json::Map<String, Value>),
}

impl PublicKey {
    /// The JWK, if it is one.
    #[must_use]
    pub fn jwk(&self) -> Option<serde_json::Map<String, Value>> {
        match self {
            Self::Jwk(jwk) => Some(jwk.clone()),
            Self::Text(text) if text.trim_start().starts_with('{') => serde_json::from_str(text).ok(),
            Self::Text(_) => None,
        }
    }

    /// The PEM, if it is one.
    #[must_use]
    pub fn pem(&self) -> Option<&str> {
        match self {
            Self::Text(text) if text.trim_start().starts_with("-----BEGIN PUBLIC KEY-----") => Some(text),
            Self::Text(_) | Self::Jwk(_) => None,
        }
    }

    /// Whether it can be a public key of this algorithm. A JWK with a private part is none.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let Some(jwk) = self.jwk() else { return self.pem().is_some() };
        let is = |name: &str, word: &str| jwk.get(name).and_then(Value::as_str) == Some(word);
        let has = |name: &str| jwk.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let is_kind = match algorithm {
            Algorithm::RS256 => is("kty", "RSA") && has("n") && has("e"),
            Algorithm::ES256 => is("kty", "EC") && is("crv", "P-256") && has("x") && has("y"),
            Algorithm::EdDSA => is("kty", "OKP") && is("crv", "Ed25519") && has("x"),
            Algorithm::HS256 => false,
        };
        is_kind && !jwk.contains_key("d") && !jwk.contains_key("k")
    }
}

fn fault(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> ConfigError {
    ConfigError { pointer: pointer.into(), code, detail: detail.into() }
}

impl Config {
    /// Reads a configuration as stored; what cannot be read has its default, so that a chat never stands still.
    #[must_use]
    pub fn lenient(value: &Value) -> Self {
        serde_json::from_value(value.clone()).unwrap_or_else(|_| {
            let origins = value.get("allowed_origins").cloned().unwrap_or_default();
            Self { allowed_origins: serde_json::from_value(origins).unwrap_or_default(), ..Self::default() }
        })
    }

    /// Reads a configuration that somebody wants to store.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn checked(value: &Value) -> Result<Self, Vec<ConfigError>> {
        let config: Self = serde_json::from_value(value.clone()).map_err(|error| {
            let text = error.to_string();
            let code = if text.starts_with("unknown field") { "unknown_field" } else { "type" };
            let field = text.split('`').nth(1).filter(|_| code == "unknown_field");
            vec![fault(field.map_or_else(String::new, |field| format!("/{field}")), code, text.clone())]
        })?;
        let faults = config.faults();
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        for (at, origin) in self.allowed_origins.iter().enumerate() {
            if !is_origin(origin) {
                faults.push(fault(format!("/allowed_origins/{at}"), "format", "scheme://host[:port], no path"));
            }
        }
        if self.allowed_origins.len() > MAX_ITEMS {
            faults.push(fault("/allowed_origins", "length", "at most 50"));
        }
        if self.brand_colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
            faults.push(fault("/brand_colour", "format", "#rrggbb"));
        }
        if self.logo_url.as_deref().is_some_and(|url| !url.starts_with("https://")) {
            faults.push(fault("/logo_url", "format", "an https address"));
        }
        self.text_faults(&mut faults);
        self.prechat_faults(&mut faults);
        if !(1..=MAX_FILE_BYTES).contains(&self.uploads.max_bytes) {
            faults.push(fault("/uploads/max_bytes", "range", "1 to 26214400"));
        }
        self.identity_faults(&mut faults);
        faults
    }

    fn text_faults(&self, faults: &mut Vec<ConfigError>) {
        for (language, texts) in &self.texts {
            for (name, text) in [("greeting", &texts.greeting), ("outside_hours", &texts.outside_hours)] {
                if text.as_deref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
                    faults.push(fault(format!("/texts/{language}/{name}"), "length", "at most 2000 characters"));
                }
            }
        }
    }

    fn prechat_faults(&self, faults: &mut Vec<ConfigError>) {
        let fields = self.prechat.as_ref().map_or(&[][..], |prechat| &prechat.fields);
        if fields.len() > MAX_ITEMS {
            faults.push(fault("/prechat/fields", "length", "at most 50"));
        }
        let mut keys = BTreeSet::new();
        for (at, field) in fields.iter().enumerate() {
            let pointer = |name: &str| format!("/prechat/fields/{at}/{name}");
            if !is_key(&field.key) {
                faults.push(fault(pointer("key"), "pattern", "[a-z0-9_-]{1,64}"));
            }
            if !keys.insert(&field.key) {
                faults.push(fault(pointer("key"), "duplicate", "each key once"));
            }
            if field.r#type == PrechatType::Choice && field.options.is_empty() {
                faults.push(fault(pointer("options"), "required", "a choice needs options"));
            }
        }
    }

    fn identity_faults(&self, faults: &mut Vec<ConfigError>) {
        let Some(identity) = &self.identity else { return };
        let is_symmetric = identity.algorithm == Algorithm::HS256;
        if is_symmetric && !identity.public_keys.is_empty() {
            faults.push(fault("/identity/public_keys", "length", "HS256 has secrets, no public keys"));
        }
        if !is_symmetric && !(1..=5).contains(&identity.public_keys.len()) {
            faults.push(fault("/identity/public_keys", "length", "1 to 5 keys"));
        }
        for (at, key) in identity.public_keys.iter().enumerate() {
            if !key.fits(identity.algorithm) {
                let detail = "a public key in PEM or as a JWK, of the kind the algorithm has";
                faults.push(fault(format!("/identity/public_keys/{at}"), "format", detail));
            }
        }
    }
}

/// `scheme://host[:port]`, or `https://*.host`.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let host = if scheme == "https" { host.strip_prefix("*.").unwrap_or(host) } else { host };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(fits)
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_key(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// The configuration as JSON Schema, for the administrator's form.
pub const SCHEMA: &str = include_str!("config.schema.json");

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, pointer: &str, code: &str) {
        let faults = Config::checked(&value).expect_err("it is wrong");
        assert_eq!((faults[0].pointer.as_str(), faults[0].code), (pointer, code), "{faults:?}");
    }

    #[test]
    fn each_fault_has_its_place() {
        check(json!({ "colour": "red" }), "/colour", "unknown_field");
        check(json!({ "allowed_origins": "x" }), "", "type");
        check(json!({ "allowed_origins": ["https://a.example/path"] }), "/allowed_origins/0", "format");
        check(json!({ "allowed_origins": ["http://*.a.example"] }), "/allowed_origins/0", "format");
        check(json!({ "allowed_origins": ["*"] }), "/allowed_origins/0", "format");
        check(json!({ "brand_colour": "red" }), "/brand_colour", "format");
        check(json!({ "logo_url": "javascript:alert(1)" }), "/logo_url", "format");
        check(json!({ "uploads": { "max_bytes": 30_000_000 } }), "/uploads/max_bytes", "range");
        check(json!({ "identity": { "algorithm": "RS256" } }), "/identity/public_keys", "length");
        check(
            json!({ "identity": { "algorithm": "ES256", "public_keys": ["x"] } }),
            "/identity/public_keys/0",
            "format",
        );
        check(json!({ "identity": { "algorithm": "none" } }), "", "type");
        let field = |key: &str, kind: &str| json!({ "key": key, "type": kind, "label": { "es": "?" } });
        check(json!({ "prechat": { "fields": [field("a", "choice")] } }), "/prechat/fields/0/options", "required");
        check(json!({ "prechat": { "fields": [field("A b", "text")] } }), "/prechat/fields/0/key", "pattern");
        let twice = json!({ "prechat": { "fields": [field("a", "text"), field("a", "text")] } });
        check(twice, "/prechat/fields/1/key", "duplicate");
    }

    #[test]
    fn what_a_new_channel_has_is_right() {
        let begun = json!({ "allowed_origins": [], "brand_colour": "#15614a" });
        let config = Config::checked(&begun).expect("right");
        assert!(config.uploads.takes("image/png") && !config.uploads.takes("image/svg+xml"));
        let origins = json!({ "allowed_origins": ["https://*.shop.example", "http://localhost:3000"] });
        assert_eq!(Config::checked(&origins).map(|config| config.allowed_origins.len()).ok(), Some(2));
    }

    #[test]
    fn a_configuration_nobody_can_read_still_guards_its_origins() {
        let broken = json!({ "allowed_origins": ["https://a.example"], "prechat": 7 });
        assert_eq!(Config::lenient(&broken).allowed_origins, ["https://a.example"]);
    }

    #[test]
    fn a_family_of_types_is_named_with_a_star() {
        let uploads = Uploads { media_types: vec!["image/*".to_owned()], ..Uploads::default() };
        assert!(uploads.takes("image/png") && !uploads.takes("imagery/x") && !uploads.takes("text/plain"));
    }

    #[test]
    fn a_public_key_is_a_pem_or_a_jwk_of_its_algorithm_without_a_private_part() {
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let with = |name: &str| {
            let mut key = okp.clone();
            key[name] = json!("secret");
            key
        };
        let is_right = |algorithm: &str, key: Value| {
            Config::checked(&json!({ "identity": { "algorithm": algorithm, "public_keys": [key] } })).is_ok()
        };
        assert!(is_right("EdDSA", okp.clone()) && is_right("EdDSA", json!(okp.to_string())));
        assert!(!is_right("ES256", okp.clone()) && !is_right("RS256", okp.clone()));
        assert!(!is_right("EdDSA", with("d")), "a private key");
        assert!(!is_right("EdDSA", json!("{")) && !is_right("EdDSA", json!({})) && !is_right("EdDSA", json!(7)));
        assert!(is_right("ES256", json!({ "kty": "EC", "crv": "P-256", "x": "a", "y": "b" })));
        assert!(is_right("RS256", json!({ "kty": "RSA", "n": "a", "e": "AQAB" })));
    }

    #[test]
    fn the_schema_names_every_field() {
        let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
        let properties = schema["properties"].as_object().expect("properties");
        let named: BTreeSet<&String> =
            properties.iter().filter(|(_, field)| field["x-secret"] != true).map(|(name, _)| name).collect();
        let written = serde_json::to_value(Config::default()).expect("JSON");
        let fields: BTreeSet<&String> = written.as_object().expect("fields").keys().collect();
        assert_eq!(named, fields);
    }
}
