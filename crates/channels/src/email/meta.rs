//! What mail is, as data.

use connector::{Delivery, Meta, Name, SetupKind, SetupStep};
use domain::conversation::Shape;
use domain::routing::RoutingKind;
use serde_json::{Value, json};

use super::config::MAX_UNDO_SEND_MS;

/// Bytes of the files of one mail together: what most servers take, before encoding.
const FILES_MAX_BYTES: u64 = 25 * 1024 * 1024;

pub(super) const META: Meta = Meta {
    kind: "email",
    family: "email",
    name: Name { es: "Correo electrónico", en: "Email" },
    shape: Shape::MailExchange,
    routing_kind: RoutingKind::Email,
    text_max: 100_000,
    files_max_bytes: FILES_MAX_BYTES,
    delivery: Delivery::Provider,
    has_widget: false,
    identity_kind: "email",
    has_markdown: true,
    setup: &SETUP,
};

static SETUP: [SetupStep; 5] = [
    SetupStep {
        key: "address",
        kind: SetupKind::Input,
        name: Name { es: "Su dirección", en: "Your address" },
        fields: &["/address", "/name"],
        secrets: &[],
    },
    SetupStep {
        key: "imap",
        kind: SetupKind::Input,
        name: Name { es: "Correo entrante (IMAP)", en: "Incoming mail (IMAP)" },
        fields: &["/imap/host", "/imap/port", "/imap/security", "/imap/user", "/imap/folder", "/imap/ca_pem"],
        secrets: &["imap_password"],
    },
    SetupStep {
        key: "smtp",
        kind: SetupKind::Input,
        name: Name { es: "Correo saliente (SMTP)", en: "Outgoing mail (SMTP)" },
        fields: &["/smtp/host", "/smtp/port", "/smtp/security", "/smtp/user", "/smtp/ca_pem"],
        secrets: &["smtp_password"],
    },
    SetupStep {
        key: "check",
        kind: SetupKind::CallCheck,
        name: Name { es: "Probar la conexión", en: "Try the connection" },
        fields: &[],
        secrets: &[],
    },
    SetupStep {
        key: "first_mail",
        kind: SetupKind::WaitFirstEvent,
        name: Name { es: "Primer correo recibido", en: "First mail received" },
        fields: &[],
        secrets: &[],
    },
];

/// The configuration as a form can be made of it.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["address", "imap", "smtp"],
        "properties": {
            "address": {
                "type": "string", "format": "email", "maxLength": 320, "x-step": "address",
                "title": { "es": "Dirección", "en": "Address" },
                "x-help": {
                    "es": "La dirección a la que escriben los clientes. El servidor debe aceptar «dirección+algo@dominio».",
                    "en": "The address customers write to. The server should accept “address+something@domain”."
                }
            },
            "name": {
                "type": "string", "maxLength": 200, "x-step": "address",
                "title": { "es": "Nombre del remitente", "en": "Sender name" }
            },
            "has_reply_token": {
                "type": "boolean", "default": true, "x-step": "address",
                "title": { "es": "Firmar la dirección de respuesta", "en": "Sign the address for answers" },
                "x-help": {
                    "es": "Las respuestas llegan a su conversación aunque el correo del cliente pierda las referencias.",
                    "en": "Answers find their conversation even when the customer's mail program drops the references."
                }
            },
            "authserv_ids": {
                "type": "array", "items": { "type": "string", "maxLength": 255 }, "maxItems": 10, "x-step": "imap",
                "title": { "es": "Servidores de verificación de confianza", "en": "Trusted verification servers" },
                "x-help": {
                    "es": "El nombre con el que su servidor firma «Authentication-Results».",
                    "en": "The name with which your server signs “Authentication-Results”."
                }
            },
            "undo_send_ms": {
                "type": "integer", "minimum": 0, "maximum": MAX_UNDO_SEND_MS, "x-step": "address",
                "title": { "es": "Tiempo para deshacer un envío, en ms", "en": "Time to take a message back, in ms" },
                "x-help": {
                    "es": "Sin valor vale el de la organización.",
                    "en": "Without a value the organization's holds."
                }
            },
            "shares_history": {
                "type": "boolean", "default": false, "x-step": "address",
                "title": { "es": "Mostrar en el chat de la web", "en": "Show in the web chat" },
                "x-help": {
                    "es": "Quien se identifica en el chat de la web encuentra allí sus correos.",
                    "en": "Who is identified in the web chat finds their mails there."
                }
            },
            "imap": server("imap", 993, &["tls", "starttls", "none"]),
            "smtp": server("smtp", 465, &["tls", "starttls", "none"]),
            "imap_password": secret("imap"),
            "smtp_password": secret("smtp")
        }
    })
}

fn server(step: &str, port: u16, securities: &[&str]) -> Value {
    let mut server = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["host"],
        "x-step": step,
        "properties": {
            "host": { "type": "string", "minLength": 1, "maxLength": 255, "title": { "es": "Servidor", "en": "Server" } },
            "port": { "type": "integer", "minimum": 1, "maximum": 65535, "default": port, "title": { "es": "Puerto", "en": "Port" } },
            "security": { "type": "string", "enum": securities, "default": "tls", "title": { "es": "Seguridad", "en": "Security" } },
            "user": { "type": "string", "maxLength": 320, "title": { "es": "Usuario", "en": "User" } },
            "ca_pem": {
                "type": "string", "maxLength": 65536,
                "title": { "es": "Certificado propio (PEM)", "en": "Own certificate (PEM)" },
                "x-help": {
                    "es": "Solo si el servidor usa un certificado que nadie más conoce.",
                    "en": "Only when the server uses a certificate that nobody else knows."
                }
            }
        }
    });
    if step == "imap" {
        server["properties"]["folder"] = json!({ "type": "string", "maxLength": 255, "default": "INBOX", "title": { "es": "Carpeta", "en": "Folder" } });
    }
    server
}

fn secret(step: &str) -> Value {
    json!({
        "type": "string", "maxLength": 1000, "x-secret": true, "x-step": step,
        "title": { "es": "Contraseña", "en": "Password" }
    })
}
