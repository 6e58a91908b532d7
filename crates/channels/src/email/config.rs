//! The configuration of a mail channel, read and checked.

use connector::{Account, ConfigError, Failure, Secret};
use mail::Address;
use serde_json::{Map, Value};

/// Longest window in which a message can be called off, in ms.
pub(super) const MAX_UNDO_SEND_MS: i64 = 120_000;

/// How a connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// Plain until both agree on TLS; refused when the server does not offer it.
    StartTls,
    /// Plain.
    None,
}

/// A server and who we are there.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// A certificate to trust beside the public ones.
    pub ca_pem: Option<String>,
}

/// A whole configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub address: Address,
    pub has_reply_token: bool,
    pub imap: Server,
    pub folder: String,
    pub smtp: Server,
}

impl Config {
    /// Reads a configuration that [`check`] found whole.
    pub fn of(account: &Account) -> Result<Self, Failure> {
        let config = &account.config;
        if let Some(error) = check(config, true).into_iter().next() {
            return Err(Failure::new("config_invalid", format!("{} {}", error.pointer, error.detail)));
        }
        let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let name = text("/name").filter(|n| !n.trim().is_empty()).unwrap_or_else(|| account.name.clone());
        let address = Address::new(Some(&name), &text("/address").unwrap_or_default());
        Ok(Self {
            address: address.ok_or_else(|| Failure::new("config_invalid", "/address is no mail address"))?,
            has_reply_token: config.get("has_reply_token").and_then(Value::as_bool).unwrap_or(true),
            imap: server(account, "imap", [993, 143]),
            folder: text("/imap/folder").filter(|f| !f.is_empty()).unwrap_or_else(|| "INBOX".to_owned()),
            smtp: server(account, "smtp", [465, 587]),
        })
    }

    /// The domain of the address, for Message-IDs.
    pub fn domain(&self) -> &str {
        self.address.domain()
    }
}

fn server(account: &Account, kind: &str, ports: [u16; 2]) -> Server {
    let at = |name: &str| account.config.get(kind).and_then(|s| s.get(name));
    let text = |name: &str| at(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let security = match at("security").and_then(Value::as_str) {
        Some("none") => Security::None,
        Some("starttls") => Security::StartTls,
        Some(_) | None => Security::Tls,
    };
    let default_port = if security == Security::Tls { ports[0] } else { ports[1] };
    let port = at("port").and_then(Value::as_u64).and_then(|p| u16::try_from(p).ok()).unwrap_or(default_port);
    let password = account.secrets.get(&format!("{kind}_password")).cloned();
    // Incoming mail always needs a user; most servers take the address.
    let address = || account.config.get("address").and_then(Value::as_str).map(str::to_owned);
    let user = text("user").or_else(|| password.as_ref().and_then(|_| address()));
    Server { host: text("host").unwrap_or_default(), port, security, user, password, ca_pem: text("ca_pem") }
}

/// Incoming mail always signs in; outgoing mail does when a user is named.
pub(super) fn required_secrets(config: &Value) -> Vec<&'static str> {
    let has_user = config.pointer("/smtp/user").and_then(Value::as_str).is_some_and(|u| !u.is_empty());
    if has_user { vec!["imap_password", "smtp_password"] } else { vec!["imap_password"] }
}

struct Check {
    is_whole: bool,
    errors: Vec<ConfigError>,
}

/// Every field there is.
const NAMES: [&str; 8] =
    ["address", "name", "has_reply_token", "authserv_ids", "undo_send_ms", "shares_history", "imap", "smtp"];

/// What is wrong with a configuration; missing values count only when `is_whole`.
pub(super) fn check(config: &Value, is_whole: bool) -> Vec<ConfigError> {
    let mut check = Check { is_whole, errors: Vec::new() };
    let Some(fields) = check.object("", config) else { return check.errors };
    check.known("", fields, &NAMES);
    check.text("", fields, "address", 320, true);
    check.text("", fields, "name", 200, false);
    if let Some(address) = fields.get("address").and_then(Value::as_str)
        && Address::new(None, address).is_none()
    {
        check.wrong("/address".to_owned(), "format", "a mail address");
    }
    for name in ["has_reply_token", "shares_history"] {
        if fields.get(name).is_some_and(|v| !v.is_boolean()) {
            check.wrong(format!("/{name}"), "type", "true or false");
        }
    }
    let is_window = |v: &Value| v.as_i64().is_some_and(|ms| (0..=MAX_UNDO_SEND_MS).contains(&ms));
    if fields.get("undo_send_ms").is_some_and(|v| !is_window(v)) {
        check.wrong("/undo_send_ms".to_owned(), "range", "0 to 120000");
    }
    check.ids(fields);
    check.server(fields, "imap", &["host", "port", "security", "user", "ca_pem", "folder"]);
    check.server(fields, "smtp", &["host", "port", "security", "user", "ca_pem"]);
    check.errors
}

impl Check {
    fn wrong(&mut self, pointer: String, code: &'static str, detail: &str) {
        self.errors.push(ConfigError { pointer, code, detail: detail.to_owned() });
    }

    fn object<'a>(&mut self, pointer: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
        if value.as_object().is_none() {
            self.wrong(pointer.to_owned(), "type", "an object");
        }
        value.as_object()
    }

    fn known(&mut self, at: &str, fields: &Map<String, Value>, names: &[&str]) {
        for name in fields.keys().filter(|name| !names.contains(&name.as_str())) {
            self.wrong(format!("{at}/{name}"), "unknown_field", "is not known");
        }
    }

    fn text(&mut self, at: &str, fields: &Map<String, Value>, name: &str, max: usize, is_required: bool) {
        let pointer = format!("{at}/{name}");
        match fields.get(name) {
            None | Some(Value::Null) if is_required && self.is_whole => self.wrong(pointer, "required", "is missing"),
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.contains(|c: char| c == '\0' || (c.is_control() && name != "ca_pem")) => {
                self.wrong(pointer, "format", "no control characters");
            }
            Some(Value::String(text)) if is_required && self.is_whole && text.trim().is_empty() => {
                self.wrong(pointer, "required", "is empty");
            }
            Some(Value::String(text)) if text.chars().count() > max => self.wrong(pointer, "length", "is too long"),
            Some(Value::String(_)) => {}
            Some(_) => self.wrong(pointer, "type", "a text"),
        }
    }

    fn ids(&mut self, fields: &Map<String, Value>) {
        let is_list = |v: &Value| v.as_array().is_some_and(|a| a.len() <= 10 && a.iter().all(Value::is_string));
        if fields.get("authserv_ids").is_some_and(|v| !is_list(v)) {
            self.wrong("/authserv_ids".to_owned(), "type", "a list of at most 10 texts");
        }
    }

    fn server(&mut self, fields: &Map<String, Value>, kind: &str, names: &[&str]) {
        let at = format!("/{kind}");
        let Some(value) = fields.get(kind) else {
            if self.is_whole {
                self.wrong(at, "required", "is missing");
            }
            return;
        };
        let Some(server) = self.object(&at, value) else { return };
        self.known(&at, server, names);
        self.text(&at, server, "host", 255, true);
        self.text(&at, server, "user", 320, false);
        self.text(&at, server, "ca_pem", 65_536, false);
        self.text(&at, server, "folder", 255, false);
        let is_port = |v: &Value| v.as_u64().is_some_and(|p| (1..=65_535).contains(&p));
        if server.get("port").is_some_and(|v| !is_port(v)) {
            self.wrong(format!("{at}/port"), "range", "1 to 65535");
        }
        let is_security = |v: &Value| matches!(v.as_str(), Some("tls" | "starttls" | "none"));
        if server.get("security").is_some_and(|v| !is_security(v)) {
            self.wrong(format!("{at}/security"), "enum", "tls, starttls or none");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(config: &Value, is_whole: bool) -> Vec<(String, &'static str)> {
        check(config, is_whole).into_iter().map(|e| (e.pointer, e.code)).collect()
    }

    #[test]
    fn a_whole_configuration_passes_and_defaults_are_filled() {
        let config = json!({ "address": "soporte@x.es", "imap": { "host": "imap.x.es" }, "smtp": { "host": "s", "security": "starttls" } });
        assert_eq!(codes(&config, true), []);
        let account = Account {
            channel_id: uuid::Uuid::nil(),
            name: "Soporte".to_owned(),
            config,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            secrets: [("imap_password".to_owned(), Secret::new("x".to_owned()))].into(),
            signing_key: connector::SigningKey([0; 32]),
        };
        let read = Config::of(&account).expect("whole");
        assert_eq!((read.imap.port, read.smtp.port, read.folder.as_str()), (993, 587, "INBOX"));
        assert_eq!(read.imap.user.as_deref(), Some("soporte@x.es"), "the address signs in when no user is named");
        assert_eq!(read.smtp.user, None);
        assert_eq!(read.address.name.as_deref(), Some("Soporte"));
    }

    #[test]
    fn each_wrong_value_has_its_place_and_code() {
        let config = json!({ "address": "x", "imap": { "host": "a\nb", "port": 0, "security": "ssl", "zip": 1 }, "smtp": 4, "pop": {} });
        let found = codes(&config, false);
        for expected in [
            ("/address", "format"),
            ("/imap/host", "format"),
            ("/imap/port", "range"),
            ("/imap/security", "enum"),
            ("/imap/zip", "unknown_field"),
            ("/smtp", "type"),
            ("/pop", "unknown_field"),
        ] {
            assert!(found.iter().any(|(p, c)| (p.as_str(), *c) == expected), "{expected:?} in {found:?}");
        }
    }

    #[test]
    fn a_draft_may_be_incomplete_but_not_enabled() {
        assert_eq!(codes(&json!({}), false), []);
        let missing = codes(&json!({}), true);
        assert_eq!(missing.len(), 3, "{missing:?}");
    }
}
