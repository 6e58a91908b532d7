//! API tokens: what they may do, from where, and until when.

use http::Method;
use http::header::{AUTHORIZATION, COOKIE};
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::id_of;
use crate::desk::Desk;

#[tokio::test]
async fn a_secret_is_shown_once_and_works_until_it_is_revoked() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let (secret, id) = desk.token(&[("users.read", "organization")]).await;
        assert!(secret.starts_with("ctk_"));
        let shown = desk.staff(Method::GET, &format!("/api-tokens/{id}"), None).await;
        assert_eq!((shown.status.as_u16(), &shown.body["secret"]), (200, &Value::Null));
        assert!(secret.starts_with(shown.body["prefix"].as_str().expect("a prefix")));
        assert_eq!(shown.body["last_used_at"], Value::Null);
        let used = desk.bearer(Method::GET, "/users", &secret, None).await;
        assert_eq!(used.status, 200, "{:?}", used.body);
        let noted = desk.staff(Method::GET, &format!("/api-tokens/{id}"), None).await.body["last_used_at"].clone();
        assert!(noted.is_string());
        desk.bearer(Method::GET, "/users", &secret, None).await;
        let again = desk.staff(Method::GET, &format!("/api-tokens/{id}"), None).await;
        assert_eq!(again.body["last_used_at"], noted, "a use is noted at most once a minute");
        assert_eq!(desk.staff(Method::DELETE, &format!("/api-tokens/{id}"), None).await.status, 204);
        assert_eq!(desk.bearer(Method::GET, "/users", &secret, None).await.code(), (401, "token_revoked"));
        assert_eq!(desk.staff(Method::GET, &format!("/api-tokens/{id}"), None).await.code(), (404, "not_found"));
        let forged = desk.bearer(Method::GET, "/users", "ctk_forged", None).await;
        assert_eq!(forged.code(), (401, "unauthenticated"));
    }
}

#[tokio::test]
async fn a_token_does_what_its_grants_say_and_no_more() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let (secret, _) = desk.token(&[("users.read", "organization")]).await;
        let team = json!({ "key": "noche", "name": "Noche" });
        let refused = desk.bearer(Method::POST, "/teams", &secret, Some(team.clone())).await;
        assert_eq!((refused.code(), &refused.body["permission"]), ((403, "forbidden"), &json!("users.edit")));
        let (secret, _) = desk.token(&[("users.edit", "organization"), ("users.read", "organization")]).await;
        let made = desk.bearer(Method::POST, "/teams", &secret, Some(team)).await;
        assert_eq!(made.status, 201, "a token needs no CSRF token: {:?}", made.body);
    }
}

#[tokio::test]
async fn nobody_grants_a_token_what_they_do_not_hold() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let role = json!({
            "key": "integrator", "name": { "en": "Integrator" },
            "grants": [
                { "permission": "api_tokens.manage", "scope": "organization" },
                { "permission": "users.read", "scope": "team" },
            ],
        });
        let role = id_of(&desk.staff(Method::POST, "/roles", Some(role)).await);
        let ines = desk.colleague("ines", &[&role]).await;
        let token = |permission: &str, scope: &str| {
            Some(json!({ "name": "x", "grants": [{ "permission": permission, "scope": scope }] }))
        };
        let wider = ines.call(&desk, Method::POST, "/api-tokens", token("users.read", "organization")).await;
        assert_eq!(wider.code(), (403, "out_of_scope"));
        let other = ines.call(&desk, Method::POST, "/api-tokens", token("roles.edit", "organization")).await;
        assert_eq!(other.code(), (403, "forbidden"));
        let same = ines.call(&desk, Method::POST, "/api-tokens", token("users.read", "team")).await;
        assert_eq!(same.status, 201, "{:?}", same.body);
        let secret = same.body["secret"].as_str().expect("a secret");
        assert_eq!(desk.bearer(Method::GET, "/users", secret, None).await.status, 200);
        let disabled = desk.staff(Method::POST, &format!("/users/{}/disable", ines.id), None).await;
        assert_eq!(disabled.status, 200, "{:?}", disabled.body);
        let orphaned = desk.bearer(Method::GET, "/users", secret, None).await;
        assert_eq!(orphaned.code(), (401, "token_revoked"), "a token reaches no further than who made it");
    }
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let now = desk.world.ctx.now();
        let at = |minutes: i64| (now + jiff::Span::new().minutes(minutes)).to_string();
        let past = json!({ "name": "x", "expires_at": at(-1) });
        let refused = desk.staff(Method::POST, "/api-tokens", Some(past)).await;
        assert_eq!((refused.code(), refused.first_error()), ((422, "invalid"), ("/expires_at", "range")));
        let grants = json!([{ "permission": "users.read", "scope": "organization" }]);
        let short = json!({ "name": "x", "grants": grants, "expires_at": at(10) });
        let made = desk.staff(Method::POST, "/api-tokens", Some(short)).await;
        let secret = made.body["secret"].as_str().expect("a secret");
        assert_eq!(desk.bearer(Method::GET, "/users", secret, None).await.status, 200);
        desk.world.clock.advance_ms(11 * 60_000);
        assert_eq!(desk.bearer(Method::GET, "/users", secret, None).await.code(), (401, "token_revoked"));
    }
}

#[tokio::test]
async fn a_token_works_from_its_networks_only() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let grants = json!([{ "permission": "users.read", "scope": "organization" }]);
        let input = json!({ "name": "x", "grants": grants, "cidrs": ["192.0.2.0/24", "2001:db8::/32"] });
        let made = desk.staff(Method::POST, "/api-tokens", Some(input)).await;
        let secret = format!("Bearer {}", made.body["secret"].as_str().expect("a secret"));
        let headers = [(AUTHORIZATION.as_str(), &*secret)];
        for (ip, status) in [("192.0.2.7", 200), ("2001:db8::7", 200), ("::ffff:192.0.2.7", 200), ("198.51.100.7", 403)]
        {
            let reply = desk.from(ip, Method::GET, "/users", &headers, Value::Null).await;
            assert_eq!(reply.status, status, "{ip}: {:?}", reply.body);
        }
        let unknown = desk.call(Method::GET, "/users", &headers, None).await;
        assert_eq!(unknown.code(), (403, "ip_not_allowed"));
        let wrong = json!({ "name": "x", "cidrs": ["192.0.2.0/24", "nowhere"] });
        let refused = desk.staff(Method::POST, "/api-tokens", Some(wrong)).await;
        assert_eq!((refused.code(), refused.first_error()), ((422, "invalid"), ("/cidrs/1", "format")));
    }
}

#[tokio::test]
async fn a_header_wins_over_the_cookie_and_the_query_never_counts() {
    let desk = Desk::new().await;
    let (secret, _) = desk.token(&[("users.read", "organization")]).await;
    let bearer = format!("Bearer {secret}");
    let both = [(AUTHORIZATION.as_str(), &*bearer), (COOKIE.as_str(), &*desk.cookie)];
    let refused = desk.call(Method::GET, "/api-tokens", &both, None).await;
    assert_eq!(refused.code(), (403, "forbidden"), "the cookie's administrator does not help the token");
    let two = [(AUTHORIZATION.as_str(), &*bearer), (AUTHORIZATION.as_str(), "Bearer ctk_x")];
    assert_eq!(desk.call(Method::GET, "/users", &two, None).await.code(), (400, "ambiguous_credentials"));
    for path in [format!("/users?token={secret}"), format!("/users?access_token={secret}")] {
        assert_eq!(desk.call(Method::GET, &path, &[], None).await.code(), (401, "unauthenticated"));
        assert_eq!(desk.staff(Method::GET, &path, None).await.code(), (422, "unknown_field"));
    }
}

#[tokio::test]
async fn tokens_come_in_pages_and_change_by_version() {
    let desk = Desk::new().await;
    for _ in 0..3 {
        desk.token(&[]).await;
    }
    let first = desk.staff(Method::GET, "/api-tokens?limit=2", None).await;
    let next = first.body["page"]["next"].as_str().expect("a cursor");
    let second = desk.staff(Method::GET, &format!("/api-tokens?limit=2&after={next}"), None).await;
    assert_eq!(
        (first.body["items"].as_array().map(Vec::len), &first.body["page"]["has_more"]),
        (Some(2), &json!(true))
    );
    assert_eq!(
        (second.body["items"].as_array().map(Vec::len), &second.body["page"]["has_more"]),
        (Some(1), &json!(false))
    );
    let foreign = desk.staff(Method::GET, &format!("/users?after={next}"), None).await;
    assert_eq!(foreign.code(), (400, "bad_cursor"));
    let path = format!("/api-tokens/{}", first.body["items"][0]["id"].as_str().expect("an id"));
    let headers = [(COOKIE.as_str(), &*desk.cookie), ("x-csrf-token", &*desk.csrf), ("if-match", "\"1\"")];
    let rename = || Some(json!({ "name": "ERP", "expires_at": null }));
    let renamed = desk.call(Method::PATCH, &path, &headers, rename()).await;
    assert_eq!((renamed.body["name"].as_str(), renamed.headers["etag"].to_str().ok()), (Some("ERP"), Some("\"2\"")));
    assert_eq!(desk.call(Method::PATCH, &path, &headers, rename()).await.code(), (412, "version_conflict"));
}
