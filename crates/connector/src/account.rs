//! One configured account of a channel type, and what is known of its state.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::Name;

/// A secret in the clear. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the provider alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A channel as its type sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Which channel.
    pub channel_id: Uuid,
    /// How the channel is called.
    pub name: String,
    /// As its schema describes.
    pub config: Value,
    /// What arrived before is history and stays where it is.
    pub created_at: Timestamp,
    /// Its secrets by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Signs what must come back unforged, one per organization.
    pub signing_key: SigningKey,
}

/// A key that cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigningKey(pub [u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// One wrong value of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// JSON Pointer into the configuration.
    pub pointer: String,
    /// `required`, `type`, `format`, `range`, `enum` or `unknown_field`.
    pub code: &'static str,
    /// For developers.
    pub detail: String,
}

/// Something that went wrong, with a stable code and words without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable.
    pub code: &'static str,
    /// The provider's own code, if it gave one.
    pub provider_code: Option<String>,
    /// What happened, for people who look after the channel; may quote the provider.
    pub text: String,
}

impl Failure {
    /// Most characters of a text that quotes somebody.
    const MAX_TEXT: usize = 500;

    /// A failure without a provider's code.
    #[must_use]
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        let text: String = text.into();
        let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(Self::MAX_TEXT).collect();
        Self { code, provider_code: None, text: clean }
    }

    /// The code as people are told of it.
    #[must_use]
    pub fn words(&self) -> Name {
        WORDS.iter().find(|(code, _)| *code == self.code).map_or(OTHERWISE, |(_, name)| *name)
    }
}

const OTHERWISE: Name = Name { es: "El canal no funciona", en: "The channel does not work" };
const WORDS: &[(&str, Name)] = &[
    (
        "auth_failed",
        Name { es: "El servidor rechaza el usuario o la contraseña", en: "The server refuses user or password" },
    ),
    ("connection_refused", Name { es: "El servidor no responde", en: "The server does not answer" }),
    (
        "connection_lost",
        Name { es: "Se cortó la conexión con el servidor", en: "The connection to the server was lost" },
    ),
    ("host_unknown", Name { es: "No se encuentra el servidor", en: "The server cannot be found" }),
    ("timeout", Name { es: "El servidor tarda demasiado", en: "The server takes too long" }),
    ("tls_failed", Name { es: "La conexión segura falló", en: "The secure connection failed" }),
    ("mailbox_missing", Name { es: "No existe la carpeta del buzón", en: "The folder of the mailbox does not exist" }),
    ("protocol", Name { es: "El servidor contesta algo inesperado", en: "The server answers something unexpected" }),
    ("storage", Name { es: "No se pudo guardar el mensaje recibido", en: "What was received could not be stored" }),
    (
        "secrets_locked",
        Name {
            es: "Las contraseñas no se pueden abrir con esta clave",
            en: "The passwords cannot be opened with this key",
        },
    ),
];

/// Whether an account works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Ok,
    /// It does not.
    Down(Failure),
}

/// What a check found on each side of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Checked {
    pub incoming: Health,
    pub outgoing: Health,
}

/// What a step of set-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupKind {
    /// Values.
    Input,
    /// Nothing: the account is checked.
    CallCheck,
    /// Nothing: done as soon as something arrived.
    WaitFirstEvent,
}

impl SetupKind {
    /// Its word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CallCheck => "call_check",
            Self::WaitFirstEvent => "wait_first_event",
        }
    }
}

/// One step of set-up.
#[derive(Clone, Copy, Debug)]
pub struct SetupStep {
    /// Its key.
    pub key: &'static str,
    /// What it asks for.
    pub kind: SetupKind,
    /// How it is called.
    pub name: Name,
    /// JSON Pointers of the configuration it fills.
    pub fields: &'static [&'static str],
    /// Secrets it fills.
    pub secrets: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new("hunter2".to_owned());
        assert!(!format!("{secret:?} {:?}", SigningKey([7; 32])).contains("hunter2"));
    }

    #[test]
    fn a_failure_never_breaks_a_line_and_is_bounded() {
        let failure = Failure::new("protocol", format!("a\r\nb{}", "x".repeat(9_000)));
        assert!(!failure.text.contains('\n') && failure.text.chars().count() == Failure::MAX_TEXT);
        assert_eq!(failure.words().en, "The server answers something unexpected");
    }
}
