//! What was found.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a hit was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchHighlight {
    /// `number`, `subject`, `outcome`, `tags`, `name`, `address`, `text` or `file`.
    pub field: String,
    /// The passage around the first hit.
    pub text: String,
    /// Hits in `text`: first code point and the one after the last.
    pub ranges: Vec<[usize; 2]>,
}

/// Where a found thing opens.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SearchResource {
    /// The conversation, for conversations and entries.
    pub conversation_id: Option<Uuid>,
    /// Its line, for entries.
    pub seq: Option<i64>,
}

/// Something found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct SearchItem {
    pub id: Uuid,
    pub title: String,
    pub highlights: Vec<SearchHighlight>,
    pub resource: SearchResource,
}

/// What was found of one kind, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchGroup {
    /// `conversations`, `customers` or `entries`.
    pub r#type: String,
    /// The first of them.
    pub items: Vec<SearchItem>,
    /// There are more than `limit`.
    pub has_more: bool,
    /// More matched than is looked at: older ones may be missing.
    pub is_capped: bool,
}

/// `GET /search`
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchResult {
    /// One for each kind that was asked for and may be read.
    pub groups: Vec<SearchGroup>,
}
