//! What was said, by mail.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How a transcript is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptFormat {
    /// HTML with text beside it.
    #[default]
    Html,
    /// Text alone.
    Text,
}

/// To whom a transcript goes: one of both.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TranscriptInput {
    /// A mail address of the customer's.
    pub to_identity_id: Option<Uuid>,
    /// Any address.
    pub email: Option<String>,
    /// HTML without it.
    #[serde(default)]
    pub format: TranscriptFormat,
}
