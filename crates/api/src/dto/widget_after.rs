//! What a visitor may ask for beside the conversation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ts;

/// `POST /conversations/{id}/transcript`
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitorTranscriptInput)]
pub struct TranscriptInput {
    /// Where it goes.
    pub email: String,
}

/// `PUT /conversations/{id}/notify`: one of both.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct NotifyInput {
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotifyState {
    /// `pending` until the link in the mail was followed, then `confirmed`.
    pub state: String,
}

/// `POST /conversations/{id}/rating`
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingInput {
    /// 1 to 5.
    pub stars: i64,
    /// At most 2000 characters.
    pub comment: Option<String>,
}

/// A rating as the visitor gave it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitorRating {
    pub stars: i64,
    pub comment: Option<String>,
    pub updated_at: Ts,
}
