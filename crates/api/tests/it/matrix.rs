//! Who may call what: every operation of the document against every role.
//!
//! A new operation needs its row here; the test names those that have none.

use http::Method;
use http::header::{COOKIE, ORIGIN};

use crate::desk::{Desk, OWN_ORIGIN, Reply};
use crate::generated::{Operation, operations};

/// Needs no credential.
const OPEN: &str = "open";
/// Needs a visitor's token.
const VISITOR: &str = "visitor";

/// Per operation: agent, supervisor, administrator, a token without grants. `+` may call it, `-` may not; what only
/// colleagues with work in common may see counts as `+`, since its scope is tested with the thing itself.
const ROWS: &[(&str, &str)] = &[
    ("GET /agents", "+++-"),
    ("POST /agents", "--+-"),
    ("DELETE /agents/{id}", "--+-"),
    ("GET /agents/{id}", "+++-"),
    ("PATCH /agents/{id}", "--+-"),
    ("POST /agents/{id}/force-logout", "-++-"),
    ("PUT /agents/{id}/presence", "-++-"),
    ("PUT /agents/{id}/queues", "-++-"),
    ("PUT /agents/{id}/skills", "-++-"),
    ("GET /api-tokens", "--+-"),
    ("POST /api-tokens", "--+-"),
    ("DELETE /api-tokens/{id}", "--+-"),
    ("GET /api-tokens/{id}", "--+-"),
    ("PATCH /api-tokens/{id}", "--+-"),
    ("POST /attachments", "+++-"),
    ("GET /attachments/{id}", "++++"),
    ("GET /attachments/{id}/content", "++++"),
    ("GET /attachments/{id}/preview", "++++"),
    ("GET /audit-records", "-++-"),
    ("GET /audit-records/verify", "--+-"),
    ("GET /bootstrap", "++++"),
    ("GET /business-hours", "+++-"),
    ("POST /business-hours", "--+-"),
    ("DELETE /business-hours/{id}", "--+-"),
    ("GET /business-hours/{id}", "+++-"),
    ("PATCH /business-hours/{id}", "--+-"),
    ("GET /channel-types", "+++-"),
    ("GET /channel-types/{kind}", "+++-"),
    ("GET /channels", "+++-"),
    ("POST /channels", "--+-"),
    ("DELETE /channels/{id}", "--+-"),
    ("GET /channels/{id}", "+++-"),
    ("PATCH /channels/{id}", "--+-"),
    ("POST /channels/{id}/check", "--+-"),
    ("POST /channels/{id}/disable", "--+-"),
    ("POST /channels/{id}/enable", "--+-"),
    ("PUT /channels/{id}/secrets", "--+-"),
    ("GET /channels/{id}/setup", "--+-"),
    ("POST /channels/{id}/setup/{step}", "--+-"),
    ("GET /companies", "+++-"),
    ("POST /companies", "+++-"),
    ("DELETE /companies/{id}", "+++-"),
    ("GET /companies/{id}", "+++-"),
    ("PATCH /companies/{id}", "+++-"),
    ("GET /config", "--+-"),
    ("POST /config/apply", "--+-"),
    ("POST /conversation-merges/{id}/undo", "+++-"),
    ("GET /conversation-statuses", "++++"),
    ("POST /conversation-statuses", "--+-"),
    ("DELETE /conversation-statuses/{id}", "--+-"),
    ("GET /conversation-statuses/{id}", "++++"),
    ("PATCH /conversation-statuses/{id}", "--+-"),
    ("GET /conversations", "+++-"),
    ("POST /conversations", "+++-"),
    ("POST /conversations/bulk", "+++-"),
    ("DELETE /conversations/{conversation}", "--+-"),
    ("GET /conversations/{conversation}", "++++"),
    ("PATCH /conversations/{conversation}", "+++-"),
    ("GET /conversations/{conversation}/composer", "++++"),
    ("DELETE /conversations/{conversation}/drafts/{mode}", "++++"),
    ("GET /conversations/{conversation}/drafts/{mode}", "++++"),
    ("PUT /conversations/{conversation}/drafts/{mode}", "++++"),
    ("GET /conversations/{conversation}/entries", "++++"),
    ("GET /conversations/{conversation}/events", "++++"),
    ("DELETE /conversations/{conversation}/followers/{user}", "+++-"),
    ("PUT /conversations/{conversation}/followers/{user}", "+++-"),
    ("GET /conversations/{conversation}/interactions", "++++"),
    ("DELETE /conversations/{conversation}/links/{other}", "+++-"),
    ("PUT /conversations/{conversation}/links/{other}", "+++-"),
    ("POST /conversations/{conversation}/merge", "+++-"),
    ("POST /conversations/{conversation}/messages", "+++-"),
    ("POST /conversations/{conversation}/notes", "+++-"),
    ("POST /conversations/{conversation}/read", "+++-"),
    ("POST /conversations/{conversation}/reopen", "+++-"),
    ("POST /conversations/{conversation}/resolve", "+++-"),
    ("POST /conversations/{conversation}/snooze", "+++-"),
    ("POST /conversations/{conversation}/split", "+++-"),
    ("POST /conversations/{conversation}/transcript", "+++-"),
    ("POST /conversations/{conversation}/unread", "+++-"),
    ("POST /conversations/{conversation}/unsnooze", "+++-"),
    ("GET /conversations/{conversation}/work-items", "++++"),
    ("GET /customers", "+++-"),
    ("POST /customers", "+++-"),
    ("GET /customers/{id}", "+++-"),
    ("PATCH /customers/{id}", "+++-"),
    ("POST /customers/{id}/erase", "--+-"),
    ("POST /customers/{id}/identities", "+++-"),
    ("POST /customers/{id}/merge", "+++-"),
    ("GET /customers/{id}/record", "--+-"),
    ("GET /customers/{id}/timeline", "+++-"),
    ("GET /dead-letters", "--+-"),
    ("POST /dead-letters/{id}/discard", "--+-"),
    ("GET /dead-letters/{id}/raw", "--+-"),
    ("POST /dead-letters/{id}/retry", "--+-"),
    ("GET /decline-reasons", "+++-"),
    ("POST /decline-reasons", "--+-"),
    ("DELETE /decline-reasons/{id}", "--+-"),
    ("GET /decline-reasons/{id}", "+++-"),
    ("PATCH /decline-reasons/{id}", "--+-"),
    ("DELETE /demo", "--+-"),
    ("POST /demo", "--+-"),
    ("GET /drafts", "++++"),
    ("DELETE /entries/{id}", "+++-"),
    ("GET /entries/{id}", "++++"),
    ("PATCH /entries/{id}", "+++-"),
    ("POST /entries/{id}/cancel", "+++-"),
    ("GET /entries/{id}/raw", "+++-"),
    ("DELETE /entries/{id}/reactions/{emoji}", "++++"),
    ("PUT /entries/{id}/reactions/{emoji}", "++++"),
    ("POST /entries/{id}/redact", "-++-"),
    ("POST /entries/{id}/retry", "+++-"),
    ("GET /fields", "++++"),
    ("POST /fields", "--+-"),
    ("DELETE /fields/{id}", "--+-"),
    ("GET /fields/{id}", "++++"),
    ("PATCH /fields/{id}", "--+-"),
    ("POST /filters/parse", "++++"),
    ("DELETE /identities/{id}", "+++-"),
    ("PATCH /identities/{id}", "+++-"),
    ("POST /identities/{id}/move", "+++-"),
    ("POST /identities/{id}/verify", "+++-"),
    ("GET /inbox/counts", "+++-"),
    ("POST /invitations", "--+-"),
    ("POST /invitations/accept", "open"),
    ("GET /jobs", "++++"),
    ("GET /jobs/{id}", "++++"),
    ("GET /limits", "open"),
    ("GET /me/offers", "++++"),
    ("GET /me/presence", "++++"),
    ("PUT /me/presence", "+++-"),
    ("GET /merge-proposals", "+++-"),
    ("POST /merge-proposals/{id}/accept", "+++-"),
    ("POST /merge-proposals/{id}/dismiss", "+++-"),
    ("GET /merges", "+++-"),
    ("POST /merges/{id}/undo", "+++-"),
    ("GET /notifications", "++++"),
    ("POST /notifications/read", "++++"),
    ("GET /offers/{id}", "++++"),
    ("POST /offers/{id}/accept", "+++-"),
    ("POST /offers/{id}/decline", "+++-"),
    ("GET /organization", "++++"),
    ("PATCH /organization", "--+-"),
    ("POST /password-resets", "open"),
    ("POST /password-resets/complete", "open"),
    ("GET /presence-configs", "-++-"),
    ("POST /presence-configs", "--+-"),
    ("DELETE /presence-configs/{id}", "--+-"),
    ("GET /presence-configs/{id}", "-++-"),
    ("PATCH /presence-configs/{id}", "--+-"),
    ("GET /presence-statuses", "+++-"),
    ("POST /presence-statuses", "--+-"),
    ("DELETE /presence-statuses/{id}", "--+-"),
    ("GET /presence-statuses/{id}", "+++-"),
    ("PATCH /presence-statuses/{id}", "--+-"),
    ("GET /queues", "+++-"),
    ("POST /queues", "--+-"),
    ("DELETE /queues/{id}", "--+-"),
    ("GET /queues/{id}", "+++-"),
    ("PATCH /queues/{id}", "--+-"),
    ("POST /queues/{id}/close", "-++-"),
    ("POST /queues/{id}/open", "-++-"),
    ("GET /roles", "+++-"),
    ("POST /roles", "--+-"),
    ("DELETE /roles/{id}", "--+-"),
    ("GET /roles/{id}", "+++-"),
    ("PATCH /roles/{id}", "--+-"),
    ("GET /routing-configs", "-++-"),
    ("POST /routing-configs", "--+-"),
    ("DELETE /routing-configs/{id}", "--+-"),
    ("GET /routing-configs/{id}", "-++-"),
    ("PATCH /routing-configs/{id}", "--+-"),
    ("GET /search", "++++"),
    ("DELETE /session", "++++"),
    ("GET /session", "++++"),
    ("POST /session", "open"),
    ("POST /session/link", "open"),
    ("POST /session/organization", "++++"),
    ("DELETE /sessions", "++++"),
    ("GET /sessions", "++++"),
    ("DELETE /sessions/{id}", "++++"),
    ("GET /setup", "open"),
    ("POST /setup", "open"),
    ("GET /simulator/runs", "--+-"),
    ("POST /simulator/runs", "--+-"),
    ("DELETE /simulator/runs/{id}", "--+-"),
    ("GET /simulator/scripts", "--+-"),
    ("GET /skills", "+++-"),
    ("POST /skills", "--+-"),
    ("DELETE /skills/{id}", "--+-"),
    ("GET /skills/{id}", "+++-"),
    ("PATCH /skills/{id}", "--+-"),
    ("GET /tags", "++++"),
    ("POST /tags", "--+-"),
    ("DELETE /tags/{id}", "--+-"),
    ("GET /tags/{id}", "++++"),
    ("PATCH /tags/{id}", "--+-"),
    ("GET /teams", "+++-"),
    ("POST /teams", "--+-"),
    ("DELETE /teams/{id}", "--+-"),
    ("GET /teams/{id}", "+++-"),
    ("PATCH /teams/{id}", "--+-"),
    ("POST /undos/{id}", "++++"),
    ("GET /users", "+++-"),
    ("POST /users", "--+-"),
    ("DELETE /users/{id}", "--+-"),
    ("GET /users/{id}", "+++-"),
    ("PATCH /users/{id}", "--+-"),
    ("POST /users/{id}/disable", "--+-"),
    ("POST /users/{id}/enable", "--+-"),
    ("GET /version", "open"),
    ("GET /views", "++++"),
    ("POST /views", "++++"),
    ("DELETE /views/{id}", "++++"),
    ("GET /views/{id}", "++++"),
    ("PATCH /views/{id}", "++++"),
    ("GET /views/{id}/count", "+++-"),
    ("POST /widget/{key}/attachments", "visitor"),
    ("GET /widget/{key}/attachments/{id}", "visitor"),
    ("GET /widget/{key}/config", "open"),
    ("GET /widget/{key}/conversations", "visitor"),
    ("POST /widget/{key}/conversations/{id}/end", "visitor"),
    ("GET /widget/{key}/conversations/{id}/messages", "visitor"),
    ("PUT /widget/{key}/conversations/{id}/notify", "visitor"),
    ("POST /widget/{key}/conversations/{id}/rating", "visitor"),
    ("PUT /widget/{key}/conversations/{id}/read", "visitor"),
    ("POST /widget/{key}/conversations/{id}/transcript", "visitor"),
    ("POST /widget/{key}/events", "visitor"),
    ("POST /widget/{key}/identify", "visitor"),
    ("POST /widget/{key}/messages", "visitor"),
    ("POST /widget/{key}/sessions", "open"),
    ("POST /widget/{key}/sign-out", "visitor"),
    ("GET /work-items", "+++-"),
    ("POST /work-items", "-++-"),
    ("GET /work-items/{id}", "++++"),
    ("PATCH /work-items/{id}", "-++-"),
    ("POST /work-items/{id}/cancel", "-++-"),
    ("POST /work-items/{id}/complete", "++++"),
    ("GET /work-items/{id}/disposition", "++++"),
    ("PUT /work-items/{id}/disposition", "++++"),
    ("GET /work-items/{id}/explain", "++++"),
    ("GET /work-items/{id}/history", "++++"),
    ("POST /work-items/{id}/pause", "++++"),
    ("POST /work-items/{id}/pull", "+++-"),
    ("POST /work-items/{id}/reassign", "-++-"),
    ("POST /work-items/{id}/resume", "++++"),
    ("POST /work-items/{id}/transfer", "+++-"),
    ("POST /work-items/{id}/wrap-up/extend", "++++"),
    ("POST /work-items/{id}/wrap-up/finish", "++++"),
    ("GET /wrap-up-codes", "+++-"),
    ("POST /wrap-up-codes", "--+-"),
    ("DELETE /wrap-up-codes/{id}", "--+-"),
    ("GET /wrap-up-codes/{id}", "+++-"),
    ("PATCH /wrap-up-codes/{id}", "--+-"),
];

fn row(operation: &Operation) -> Option<&'static str> {
    let name = operation.name();
    ROWS.iter().find(|(known, _)| *known == name).map(|(_, row)| *row)
}

/// Whether an operation needs no credential.
pub fn is_open(operation: &Operation) -> bool {
    row(operation) == Some(OPEN)
}

/// Writes that only administrators may make.
pub fn administrative_writes() -> impl Iterator<Item = &'static str> {
    let there: Vec<String> = operations().iter().map(Operation::name).collect();
    let is_write = |name: &str| !name.starts_with("GET ") && there.iter().any(|known| known == name);
    let rows: Vec<_> = ROWS.iter().filter(|(name, row)| *row == "--+-" && is_write(name)).collect();
    rows.into_iter().map(|(name, _)| *name)
}

const ID: &str = "00000000-0000-7000-8000-000000000007";

#[tokio::test]
async fn every_operation_has_a_row() {
    let all = operations();
    let missing: Vec<String> = all.iter().filter(|operation| row(operation).is_none()).map(Operation::name).collect();
    assert!(missing.is_empty(), "operations without a row in the matrix:\n{}", missing.join("\n"));
}

#[tokio::test]
async fn strangers_may_call_what_is_open_and_nothing_else() {
    let desk = Desk::new().await;
    for operation in operations() {
        let path = operation.at(ID, &desk.widget);
        let headers = [(ORIGIN.as_str(), OWN_ORIGIN)];
        let reply = desk.call(operation.method.clone(), &path, &headers, operation.filled()).await;
        let is_refused = reply.code() == (401, "unauthenticated");
        assert_eq!(is_refused, !is_open(&operation), "{}: {:?}", operation.name(), reply.body);
    }
}

/// Whether an answer says that the caller may not.
fn is_denied(reply: &Reply) -> bool {
    reply.status == 403 || reply.status == 401
}

#[tokio::test]
async fn each_role_may_call_what_its_row_says() {
    let desk = Desk::new().await;
    let roles = ["agent", "supervisor", "admin"];
    let mut people = Vec::new();
    for role in roles {
        people.push(desk.colleague(role, &[role]).await);
    }
    let (bare, _) = desk.token(&[]).await;
    let bare = format!("Bearer {bare}");
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|o| !o.is_of_visitors() && !is_open(o) && keeps_everybody(o)) {
        let path = operation.at(ID, &desk.widget);
        let (mut found, mut told) = (String::new(), Vec::new());
        for person in &people {
            let headers = [
                (COOKIE.as_str(), &*person.cookie),
                ("x-csrf-token", &*person.csrf),
                (ORIGIN.as_str(), OWN_ORIGIN),
                ("if-match", "\"1\""),
            ];
            let reply = desk.call(operation.method.clone(), &path, &headers, operation.filled()).await;
            found.push(if is_denied(&reply) { '-' } else { '+' });
            told.push(format!("{:?}", reply.code()));
        }
        let headers = [("authorization", &*bare), ("if-match", "\"1\"")];
        let reply = desk.call(operation.method.clone(), &path, &headers, operation.filled()).await;
        found.push(if is_denied(&reply) { '-' } else { '+' });
        told.push(format!("{:?}", reply.code()));
        if row(operation) != Some(&*found) {
            let told = told.join(" ");
            wrong.push(format!("(\"{}\", \"{found}\"), // row: {:?}, {told}", operation.name(), row(operation)));
        }
    }
    assert!(wrong.is_empty(), "found instead of the rows:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn who_may_not_write_is_told_so_whatever_the_body() {
    let desk = Desk::new().await;
    let mut people = Vec::new();
    for role in ["agent", "supervisor", "admin"] {
        people.push(desk.colleague(role, &[role]).await);
    }
    let (bare, _) = desk.token(&[]).await;
    let bare = format!("Bearer {bare}");
    let wrong_body = || Some(serde_json::json!({ "no_such_field": { "at": "all" } }));
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|o| o.method != Method::GET && !o.is_of_visitors() && !is_open(o)) {
        let (path, row) = (operation.at(ID, &desk.widget), row(operation).expect("a row"));
        for (place, _) in row.char_indices().filter(|(_, may)| *may == '-') {
            let reply = match people.get(place) {
                Some(person) => person.call(&desk, operation.method.clone(), &path, wrong_body()).await,
                None => {
                    let headers = [("authorization", &*bare)];
                    desk.call(operation.method.clone(), &path, &headers, wrong_body()).await
                }
            };
            if reply.status != 403 {
                wrong.push(format!("{} by {place}: {:?}", operation.name(), reply.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "told something else first:\n{}", wrong.join("\n"));
}

/// Calls that would sign the callers out are left to tests of their own.
fn keeps_everybody(operation: &Operation) -> bool {
    !(operation.method == Method::DELETE && ["/session", "/sessions"].contains(&operation.path.as_str()))
}

#[test]
fn rows_are_well_formed() {
    for (name, row) in ROWS {
        let is_four = row.len() == 4 && row.chars().all(|c| c == '+' || c == '-');
        assert!([OPEN, VISITOR].contains(row) || is_four, "{name}: {row}");
    }
}
