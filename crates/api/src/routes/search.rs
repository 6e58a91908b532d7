//! Finding conversations, people and what was said.

use app::search::{Group, Highlight, Hit, Kind};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::limit;
use crate::auth::Caller;
use crate::dto::search::{SearchGroup, SearchHighlight, SearchItem, SearchResource, SearchResult};
use crate::extract::{Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, Problem};

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Every word must be there, each as the beginning of a word; accents and case do not count.
    q: String,
    /// `conversations`, `customers`, `entries`, separated by commas; all of them when nothing is said.
    types: Option<String>,
    /// Per kind, 1 to 200.
    limit: Option<i64>,
}

/// Looks for words in what the caller may read. `articles` and `settings` are taken and have nothing in them yet.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchResult), (status = "default", body = ProblemBody)))]
pub async fn find(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<SearchQuery>,
) -> Answer<Json<SearchResult>> {
    let kinds = kinds(query.types.as_deref())?;
    let groups = app::search::search(api.ctx(), caller.actor(), &query.q, &kinds, limit(query.limit)?).await?;
    Ok(Json(SearchResult { groups: groups.into_iter().map(group).collect() }))
}

fn kinds(types: Option<&str>) -> Answer<Vec<Kind>> {
    let Some(types) = types else { return Ok(Kind::ALL.to_vec()) };
    let mut kinds = Vec::new();
    for word in types.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word {
            "conversations" => kinds.push(Kind::Conversations),
            "customers" => kinds.push(Kind::Customers),
            "entries" => kinds.push(Kind::Entries),
            "articles" | "settings" => {}
            _ => return Err(Problem::invalid("?types", "enum")),
        }
    }
    Ok(kinds)
}

fn group(group: Group) -> SearchGroup {
    let kind = match group.kind {
        Kind::Conversations => "conversations",
        Kind::Customers => "customers",
        Kind::Entries => "entries",
    };
    SearchGroup {
        r#type: kind.to_owned(),
        items: group.hits.into_iter().map(item).collect(),
        has_more: group.has_more,
        is_capped: group.is_capped,
    }
}

fn item(hit: Hit) -> SearchItem {
    SearchItem {
        id: hit.id,
        title: hit.title,
        highlights: hit.highlights.into_iter().map(highlight).collect(),
        resource: SearchResource { conversation_id: hit.conversation_id, seq: hit.seq },
    }
}

fn highlight(highlight: Highlight) -> SearchHighlight {
    SearchHighlight {
        field: highlight.field.to_owned(),
        ranges: highlight.passage.ranges.into_iter().map(|(from, to)| [from, to]).collect(),
        text: highlight.passage.text,
    }
}
