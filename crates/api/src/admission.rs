//! What each write asks for before anything else of the call is judged: who may not at all is told so, whatever the
//! body says. The use case then asks for the very thing.
//!
//! # Invariants
//! - This only ever refuses what the use case would refuse.
//! - Operations on one's own things, and those of whoever holds the work, are not listed: there the use case decides.

use app::Actor;
use axum::http::request::Parts;
use domain::permissions::{Permission, Resource};
use http::Method;

use crate::problem::Problem;

use Permission::{
    AgentsOperate, ApiTokensManage, ChannelsEdit, ConversationsAssign, ConversationsDelete, ConversationsEdit,
    ConversationsMerge, ConversationsNote, ConversationsRead, ConversationsReply, CustomersEdit, CustomersErase,
    CustomersMerge, DemoManage, EntriesRedact, OffersAnswer, OrganizationEdit, PresenceSetOwn, QueuesOperate,
    RolesEdit, RoutingEdit, RoutingPublish, SkillsEdit, UsersEdit, WorkCreate, WorkManage, WorkPull,
};

/// How far a permission must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// In the whole organization.
    Wide,
    /// Anywhere.
    Some,
}

/// First match wins: methods, path as the document writes it (with `*` any that begins so), any of these permissions.
type Row = (&'static [&'static str], &'static str, Reach, &'static [Permission]);

const ANY: &[&str] = &["POST", "PUT", "PATCH", "DELETE"];
const POST: &[&str] = &["POST"];
const PUT: &[&str] = &["PUT"];
const PATCH: &[&str] = &["PATCH"];
const DELETE: &[&str] = &["DELETE"];

const ROWS: &[Row] = &[
    (PUT, "/agents/{id}/skills", Reach::Some, &[SkillsEdit]),
    (PUT, "/agents/{id}/queues", Reach::Some, &[AgentsOperate]),
    (PUT, "/agents/{id}/presence", Reach::Some, &[AgentsOperate]),
    (POST, "/agents/{id}/force-logout", Reach::Some, &[AgentsOperate]),
    (ANY, "/agents*", Reach::Wide, &[UsersEdit]),
    (ANY, "/api-tokens*", Reach::Wide, &[ApiTokensManage]),
    (POST, "/attachments", Reach::Some, &[ConversationsReply, ConversationsNote]),
    (ANY, "/business-hours*", Reach::Wide, &[RoutingEdit]),
    (ANY, "/channels*", Reach::Wide, &[ChannelsEdit]),
    (ANY, "/companies*", Reach::Some, &[CustomersEdit]),
    (POST, "/config/apply", Reach::Wide, &[RoutingPublish]),
    (POST, "/conversation-merges/{id}/undo", Reach::Some, &[ConversationsMerge]),
    (ANY, "/conversation-statuses*", Reach::Wide, &[OrganizationEdit]),
    (POST, "/conversations", Reach::Some, &[ConversationsReply]),
    (POST, "/conversations/bulk", Reach::Some, &[ConversationsRead]),
    (DELETE, "/conversations/{conversation}", Reach::Some, &[ConversationsDelete]),
    (PATCH, "/conversations/{conversation}", Reach::Some, &[ConversationsEdit, ConversationsAssign]),
    (ANY, "/conversations/{conversation}/followers/{user}", Reach::Some, &[ConversationsRead]),
    (POST, "/conversations/{conversation}/merge", Reach::Some, &[ConversationsMerge]),
    (POST, "/conversations/{conversation}/split", Reach::Some, &[ConversationsMerge]),
    (POST, "/conversations/{conversation}/transcript", Reach::Some, &[ConversationsReply]),
    (POST, "/conversations/{conversation}/messages", Reach::Some, &[ConversationsReply]),
    (POST, "/conversations/{conversation}/notes", Reach::Some, &[ConversationsNote]),
    (POST, "/conversations/{conversation}/read", Reach::Some, &[ConversationsRead]),
    (POST, "/conversations/{conversation}/unread", Reach::Some, &[ConversationsRead]),
    (ANY, "/conversations/{conversation}/links/{other}", Reach::Some, &[ConversationsEdit]),
    (POST, "/conversations/{conversation}/reopen", Reach::Some, &[ConversationsEdit]),
    (POST, "/conversations/{conversation}/resolve", Reach::Some, &[ConversationsEdit]),
    (POST, "/conversations/{conversation}/snooze", Reach::Some, &[ConversationsEdit]),
    (POST, "/conversations/{conversation}/unsnooze", Reach::Some, &[ConversationsEdit]),
    (POST, "/customers/{id}/erase", Reach::Wide, &[CustomersErase]),
    (POST, "/customers/{id}/merge", Reach::Some, &[CustomersMerge]),
    (ANY, "/customers*", Reach::Some, &[CustomersEdit]),
    (ANY, "/dead-letters*", Reach::Wide, &[ChannelsEdit]),
    (ANY, "/decline-reasons*", Reach::Wide, &[RoutingEdit]),
    (ANY, "/demo", Reach::Wide, &[DemoManage]),
    (POST, "/entries/{id}/redact", Reach::Some, &[EntriesRedact]),
    (POST, "/entries/{id}/cancel", Reach::Some, &[ConversationsReply]),
    (POST, "/entries/{id}/retry", Reach::Some, &[ConversationsReply]),
    (PATCH, "/entries/{id}", Reach::Some, &[ConversationsReply, ConversationsNote]),
    (DELETE, "/entries/{id}", Reach::Some, &[ConversationsReply, ConversationsNote]),
    (ANY, "/fields*", Reach::Wide, &[OrganizationEdit]),
    (ANY, "/identities/*", Reach::Some, &[CustomersEdit]),
    (POST, "/invitations", Reach::Wide, &[UsersEdit]),
    (PUT, "/me/presence", Reach::Some, &[PresenceSetOwn]),
    (POST, "/merge-proposals/*", Reach::Some, &[CustomersMerge]),
    (POST, "/merges/{id}/undo", Reach::Some, &[CustomersMerge]),
    (POST, "/offers/*", Reach::Some, &[OffersAnswer]),
    (PATCH, "/organization", Reach::Wide, &[OrganizationEdit]),
    (ANY, "/presence-configs*", Reach::Wide, &[RoutingEdit]),
    (ANY, "/presence-statuses*", Reach::Wide, &[RoutingEdit]),
    (POST, "/queues/{id}/close", Reach::Some, &[QueuesOperate]),
    (POST, "/queues/{id}/open", Reach::Some, &[QueuesOperate]),
    (ANY, "/queues*", Reach::Wide, &[RoutingEdit]),
    (ANY, "/roles*", Reach::Wide, &[RolesEdit]),
    (ANY, "/routing-configs*", Reach::Wide, &[RoutingEdit]),
    (ANY, "/simulator*", Reach::Wide, &[DemoManage]),
    (ANY, "/skills*", Reach::Wide, &[RoutingEdit]),
    (ANY, "/tags*", Reach::Wide, &[OrganizationEdit]),
    (ANY, "/teams*", Reach::Wide, &[UsersEdit]),
    (ANY, "/users*", Reach::Wide, &[UsersEdit]),
    (POST, "/work-items", Reach::Some, &[WorkCreate]),
    (PATCH, "/work-items/{id}", Reach::Some, &[WorkManage]),
    (POST, "/work-items/{id}/cancel", Reach::Some, &[WorkManage]),
    (POST, "/work-items/{id}/reassign", Reach::Some, &[WorkManage]),
    (POST, "/work-items/{id}/pull", Reach::Some, &[WorkPull]),
    (POST, "/work-items/{id}/transfer", Reach::Some, &[ConversationsReply, WorkManage]),
    (ANY, "/wrap-up-codes*", Reach::Wide, &[RoutingEdit]),
];

/// Refuses a write that the actor may not make at all.
///
/// # Errors
/// 403 `forbidden` or `out_of_scope`.
pub fn admit(parts: &Parts, actor: &Actor) -> Result<(), Problem> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(());
    }
    let Some(path) = parts.extensions.get::<axum::extract::MatchedPath>() else { return Ok(()) };
    let path = path.as_str().strip_prefix("/api/v1").unwrap_or_else(|| path.as_str());
    let Some((_, _, reach, any_of)) = row(&parts.method, path) else { return Ok(()) };
    if path == "/users/{id}" && is_about(parts, actor) {
        return Ok(());
    }
    let resource = match reach {
        Reach::Wide => Resource::Organization,
        Reach::Some => Resource::Any,
    };
    let mut refused = None;
    for permission in *any_of {
        match actor.authorize(*permission, resource) {
            Ok(()) => return Ok(()),
            Err(denied) => refused = refused.or(Some(denied)),
        }
    }
    refused.map_or(Ok(()), |denied| Err(denied.into()))
}

/// One changes one's own name without a permission.
fn is_about(parts: &Parts, actor: &Actor) -> bool {
    let last = parts.uri.path().rsplit('/').next().unwrap_or_default();
    actor.standing.user.is_some_and(|user| last == user.0.to_string())
}

fn row(method: &Method, path: &str) -> Option<&'static Row> {
    ROWS.iter().find(|(methods, pattern, _, _)| methods.contains(&method.as_str()) && matches(pattern, path))
}

fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => path.starts_with(before) && path.ends_with(after),
        None => pattern == path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_fits_decides() {
        let needed = |method: Method, path: &str| row(&method, path).map(|(_, _, _, any_of)| any_of[0]);
        assert_eq!(needed(Method::PUT, "/agents/{id}/skills"), Some(SkillsEdit));
        assert_eq!(needed(Method::PATCH, "/agents/{id}"), Some(UsersEdit));
        assert_eq!(needed(Method::POST, "/queues/{id}/open"), Some(QueuesOperate));
        assert_eq!(needed(Method::POST, "/work-items/{id}/pause"), None, "whoever holds it");
        assert_eq!(needed(Method::POST, "/views"), None, "one's own");
    }

    #[test]
    fn every_row_is_about_an_operation_of_the_document() {
        let document = serde_json::to_value(crate::openapi()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        for (methods, pattern, _, _) in ROWS {
            let fits = paths.iter().any(|(path, item)| {
                matches(pattern, path) && methods.iter().any(|m| item.get(m.to_lowercase()).is_some())
            });
            assert!(fits, "{pattern} fits no operation");
        }
    }
}
