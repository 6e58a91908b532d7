//! The audit trail: every administrative write leaves a record, and the chain tells when one was touched.

use http::Method;
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::id_of;
use crate::desk::Desk;

impl Desk {
    /// Actions recorded so far, newest first.
    async fn recorded(&self) -> Vec<String> {
        let reply = self.staff(Method::GET, "/audit-records?limit=200", None).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        let rows = reply.body["items"].as_array().expect("rows");
        rows.iter().filter_map(|row| row["action"].as_str().map(str::to_owned)).collect()
    }

    async fn sealed(&self) {
        let org = app::setup::organizations(&self.world.ctx).await.expect("reads")[0];
        // The job of the installation may be at it too; then one of the two does the work.
        while app::audit::seal(&self.world.ctx, org).await.is_err() {}
    }
}

#[tokio::test]
async fn every_administrative_write_is_recorded() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let eva = desk.colleague("eva", &["agent"]).await;
        let token = json!({ "name": "x" });
        let token = id_of(&desk.staff(Method::POST, "/api-tokens", Some(token)).await);
        let team = id_of(&desk.staff(Method::POST, "/teams", Some(json!({ "key": "t", "name": "T" }))).await);
        let role = json!({ "key": "r", "name": { "en": "R" } });
        let role = id_of(&desk.staff(Method::POST, "/roles", Some(role)).await);
        let draft = json!({ "email": "z@pedales.example", "name": "z", "role_ids": ["agent"] });
        let user = id_of(&desk.staff(Method::POST, "/users", Some(draft)).await);
        let session = desk.staff(Method::GET, &format!("/sessions?user_id={}", eva.id), None).await;
        let session = session.body["items"][0]["id"].as_str().expect("an id").to_owned();
        let eva_path = format!("/users/{}", eva.id);
        let name = || Some(json!({ "name": "N" }));
        let writes: [(Method, String, Option<Value>, &str); 13] = [
            (Method::PATCH, format!("/api-tokens/{token}"), name(), "api_token.updated"),
            (Method::DELETE, format!("/api-tokens/{token}"), None, "api_token.revoked"),
            (Method::PATCH, format!("/teams/{team}"), name(), "team.updated"),
            (Method::DELETE, format!("/teams/{team}"), None, "team.deleted"),
            (Method::PATCH, format!("/roles/{role}"), Some(json!({ "name": { "en": "N" } })), "role.updated"),
            (Method::DELETE, format!("/roles/{role}"), None, "role.deleted"),
            (Method::PATCH, eva_path.clone(), name(), "user.updated"),
            (Method::DELETE, format!("/sessions/{session}"), None, "session.revoked"),
            (Method::DELETE, format!("/sessions?user_id={}", eva.id), None, "session.revoked_others"),
            (Method::POST, format!("{eva_path}/disable"), None, "user.disabled"),
            (Method::POST, format!("{eva_path}/enable"), None, "user.enabled"),
            (Method::DELETE, format!("/users/{user}"), None, "user.deleted"),
            (Method::PATCH, "/organization".to_owned(), name(), "organization.updated"),
        ];
        for created in ["user.invited", "api_token.created", "team.created", "role.created"] {
            assert!(desk.recorded().await.iter().any(|action| action == created), "{created}");
        }
        for (method, path, body, action) in writes {
            let before = desk.recorded().await.len();
            let version = if method == Method::DELETE && path.starts_with("/roles/") { "\"2\"" } else { "*" };
            let version = if path.starts_with("/roles/") && method == Method::PATCH { "\"1\"" } else { version };
            let version = if path == "/organization" { "\"1\"" } else { version };
            let reply = desk.versioned(method, &path, version, body).await;
            assert!(reply.status.is_success(), "{path}: {:?}", reply.body);
            let after = desk.recorded().await;
            assert_eq!((after.len(), after[0].as_str()), (before + 1, action), "{path}");
        }
    }
}

#[tokio::test]
async fn a_refused_write_records_nothing_and_secrets_never_stand_in_a_record() {
    let desk = Desk::new().await;
    let (secret, _) = desk.token(&[]).await;
    desk.staff(Method::POST, "/teams", Some(json!({ "key": "T", "name": "" }))).await;
    let reply = desk.staff(Method::GET, "/audit-records", None).await;
    assert_eq!(reply.body["items"].as_array().map(Vec::len), Some(1));
    assert!(!reply.body.to_string().contains(&secret));
    assert!(reply.body["items"][0]["session_id"].is_string());
}

#[tokio::test]
async fn records_are_found_by_what_and_who_and_when() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let team = id_of(&desk.staff(Method::POST, "/teams", Some(json!({ "key": "t", "name": "T" }))).await);
        desk.token(&[]).await;
        let me =
            desk.staff(Method::GET, "/session", None).await.body["agent"]["id"].as_str().expect("an id").to_owned();
        let found = async |query: &str| {
            let reply = desk.staff(Method::GET, &format!("/audit-records?{query}"), None).await;
            assert_eq!(reply.status, 200, "{query}: {:?}", reply.body);
            reply.body["items"].as_array().expect("rows").len()
        };
        assert_eq!(found("action=team.created").await, 1);
        assert_eq!(found("resource=team").await, 1);
        assert_eq!(found(&format!("resource=team:{team}")).await, 1);
        assert_eq!(found(&format!("actor={me}")).await, 2);
        assert_eq!(found(&format!("actor={team}")).await, 0);
        assert_eq!(found("from_at=2099-01-01T00:00:00Z").await, 0);
        assert_eq!(found("to_at=2099-01-01T00:00:00Z&limit=1").await, 1);
        let wrong = desk.staff(Method::GET, "/audit-records?resource=team:x", None).await;
        assert_eq!((wrong.code(), wrong.first_error()), ((422, "invalid"), ("?resource", "format")));
        let eva = desk.colleague("eva", &["supervisor"]).await;
        let narrow = eva.call(&desk, Method::GET, "/audit-records", None).await;
        assert_eq!(narrow.body["items"], json!([]), "a supervisor sees live operations only");
        assert_eq!(eva.call(&desk, Method::GET, "/audit-records/verify", None).await.code(), (403, "out_of_scope"));
    }
}

#[tokio::test]
async fn the_chain_is_shown_and_verified() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        desk.token(&[]).await;
        desk.token(&[]).await;
        desk.sealed().await;
        let verdict = desk.staff(Method::GET, "/audit-records/verify", None).await;
        assert_eq!(verdict.body["is_intact"], true, "{:?}", verdict.body);
        assert_eq!((&verdict.body["sealed_count"], &verdict.body["unsealed_count"]), (&json!(2), &json!(0)));
        let rows = desk.staff(Method::GET, "/audit-records", None).await.body["items"].clone();
        assert_eq!(rows[0]["hash"], verdict.body["last_hash"]);
        assert_eq!(rows[0]["prev_hash"], rows[1]["hash"]);
    }
}
