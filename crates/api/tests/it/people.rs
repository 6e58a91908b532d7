//! Users, teams and roles.

use http::Method;
use http::header::{COOKIE, ORIGIN};
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::id_of;
use crate::desk::{Desk, OWN_ORIGIN, Reply};

impl Desk {
    /// Calls as the console does, for the version that was read.
    pub async fn versioned(&self, method: Method, path: &str, version: &str, body: Option<Value>) -> Reply {
        let headers = [
            (COOKIE.as_str(), &*self.cookie),
            ("x-csrf-token", &*self.csrf),
            (ORIGIN.as_str(), OWN_ORIGIN),
            ("if-match", version),
        ];
        self.call(method, path, &headers, body).await
    }

    async fn role(&self, key: &str, grants: Value) -> String {
        let role = json!({ "key": key, "name": { "es": key }, "grants": grants });
        let reply = self.staff(Method::POST, "/roles", Some(role)).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        id_of(&reply)
    }
}

#[tokio::test]
async fn builtin_roles_are_shown_and_stay_as_they_are() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let roles = desk.staff(Method::GET, "/roles", None).await;
        let keys: Vec<_> = roles.body["items"].as_array().expect("roles").iter().map(|role| &role["key"]).collect();
        assert_eq!(keys, ["agent", "supervisor", "admin"]);
        let admin = &roles.body["items"][2];
        assert!(admin["grants"].as_array().expect("grants").len() > 30);
        let path = format!("/roles/{}", admin["id"].as_str().expect("an id"));
        assert_eq!(desk.staff(Method::GET, &path, None).await.body["key"], "admin");
        let edit = desk.versioned(Method::PATCH, &path, "\"1\"", Some(json!({ "grants": [] }))).await;
        assert_eq!(edit.code(), (422, "invalid"));
        assert_eq!(desk.versioned(Method::DELETE, &path, "\"1\"", None).await.code(), (422, "invalid"));
        let me = desk.staff(Method::GET, "/session", None).await;
        assert!(me.body["user"]["role_ids"].as_array().expect("ids").contains(&admin["id"]));
    }
}

#[tokio::test]
async fn a_role_of_ones_own_grants_what_it_says() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let grants = json!([{ "permission": "audit.read", "scope": "organization" }, { "permission": "queues.read", "scope": "organization" }]);
        let role = desk.role("auditor", grants).await;
        let eva = desk.colleague("eva", &[&role]).await;
        assert_eq!(eva.call(&desk, Method::GET, "/audit-records", None).await.status, 200);
        assert_eq!(eva.call(&desk, Method::GET, "/users", None).await.code(), (403, "forbidden"));
        let path = format!("/roles/{role}");
        let narrow = json!({ "grants": [{ "permission": "queues.read", "scope": "organization" }] });
        assert_eq!(desk.staff(Method::PATCH, &path, Some(narrow.clone())).await.code(), (428, "precondition_required"));
        assert_eq!(
            desk.versioned(Method::PATCH, &path, "\"7\"", Some(narrow.clone())).await.code(),
            (412, "version_conflict")
        );
        assert_eq!(desk.versioned(Method::PATCH, &path, "\"1\"", Some(narrow)).await.status, 200);
        assert_eq!(eva.call(&desk, Method::GET, "/audit-records", None).await.code(), (403, "forbidden"), "at once");
        assert_eq!(desk.versioned(Method::DELETE, &path, "\"2\"", None).await.code(), (409, "in_use"));
        let back = json!({ "role_ids": ["agent"] });
        assert_eq!(desk.staff(Method::PATCH, &format!("/users/{}", eva.id), Some(back)).await.status, 200);
        assert_eq!(desk.versioned(Method::DELETE, &path, "\"2\"", None).await.status, 204);
    }
}

#[tokio::test]
async fn wrong_roles_are_refused_with_their_place() {
    let desk = Desk::new().await;
    let role = |key: &str, permission: &str| {
        Some(json!({ "key": key, "name": { "es": "x" }, "grants": [{ "permission": permission, "scope": "own" }] }))
    };
    let key = desk.staff(Method::POST, "/roles", role("Con Espacios", "audit.read")).await;
    assert_eq!((key.code(), key.first_error()), ((422, "invalid"), ("/key", "pattern")));
    let permission = desk.staff(Method::POST, "/roles", role("x", "everything")).await;
    assert_eq!((permission.code(), permission.first_error()), ((422, "invalid"), ("/grants/0/permission", "enum")));
    let taken = desk.staff(Method::POST, "/roles", role("admin", "audit.read")).await;
    assert_eq!(taken.code(), (409, "already_exists"));
    assert!(taken.body["existing_id"].is_string());
    let unknown = json!({ "email": "x@pedales.example", "name": "x", "role_ids": ["agent", "boss"] });
    let unknown = desk.staff(Method::POST, "/invitations", Some(unknown)).await;
    assert_eq!((unknown.code(), unknown.first_error()), ((422, "invalid"), ("/role_ids/1", "unknown_reference")));
}

#[tokio::test]
async fn nobody_hands_out_rights_beyond_their_own() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let grants = json!([
            { "permission": "users.edit", "scope": "organization" }, { "permission": "users.read", "scope": "organization" },
        ]);
        let role = desk.role("office", grants).await;
        let eva = desk.colleague("eva", &[&role]).await;
        let invite = |role: &str| Some(json!({ "email": "z@pedales.example", "name": "z", "role_ids": [role] }));
        assert_eq!(eva.call(&desk, Method::POST, "/users", invite("admin")).await.status, 403);
        let own =
            eva.call(&desk, Method::PATCH, &format!("/users/{}", eva.id), Some(json!({ "role_ids": ["admin"] }))).await;
        assert_eq!(own.status, 403, "{:?}", own.body);
        assert_eq!(eva.call(&desk, Method::POST, "/users", invite(&role)).await.status, 201);
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let me = desk.staff(Method::GET, "/session", None).await.body["user"]["id"].as_str().expect("an id").to_owned();
        let path = format!("/users/{me}");
        let step_down = || Some(json!({ "role_ids": ["agent"] }));
        assert_eq!(desk.staff(Method::PATCH, &path, step_down()).await.code(), (409, "last_admin"));
        assert_eq!(desk.staff(Method::POST, &format!("{path}/disable"), None).await.code(), (409, "last_admin"));
        desk.colleague("eva", &["admin"]).await;
        assert_eq!(desk.staff(Method::PATCH, &path, step_down()).await.status, 200);
    }
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_their_address_stays_taken() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let eva = desk.colleague("eva", &["agent"]).await;
        assert_eq!(eva.call(&desk, Method::GET, "/session", None).await.status, 200);
        let disabled = desk.staff(Method::POST, &format!("/users/{}/disable", eva.id), Some(json!({}))).await;
        assert_eq!((disabled.status.as_u16(), disabled.body["state"].as_str()), (200, Some("disabled")));
        assert_eq!(eva.call(&desk, Method::GET, "/session", None).await.code(), (401, "unauthenticated"));
        let sign_in = json!({ "email": "eva@pedales.example", "password": "otra clave larga" });
        assert_eq!(desk.call(Method::POST, "/session", &[], Some(sign_in)).await.code(), (401, "invalid_credentials"));
        let again = json!({ "email": "EVA@pedales.example", "name": "x", "role_ids": ["agent"] });
        assert_eq!(desk.staff(Method::POST, "/invitations", Some(again)).await.code(), (409, "already_exists"));
        assert_eq!(desk.staff(Method::DELETE, &format!("/users/{}", eva.id), None).await.code(), (409, "in_use"));
    }
}

#[tokio::test]
async fn an_agent_who_holds_work_is_disabled_only_when_forced_and_the_work_goes_back() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let eva = desk.colleague("eva", &["agent"]).await;
        let token = desk.visitor_token().await;
        desk.write(&token, "hola").await;
        let list = desk.staff(Method::GET, "/conversations?list=all", None).await;
        let item = &list.body["items"][0]["work"][0]["work_item_id"];
        let item = item.as_str().unwrap_or_else(|| panic!("{:?}", list.body)).to_owned();
        let pulled = eva.call(&desk, Method::POST, &format!("/work-items/{item}/pull"), None).await;
        assert_eq!(pulled.status, 200, "{:?}", pulled.body);
        let path = format!("/users/{}/disable", eva.id);
        let refused = desk.staff(Method::POST, &path, None).await;
        assert_eq!((refused.code(), &refused.body["count"]), ((409, "agent_has_work"), &json!(1)));
        let forced = desk.staff(Method::POST, &path, Some(json!({ "is_forced": true }))).await;
        assert_eq!(forced.status, 200, "{:?}", forced.body);
        let item = desk.staff(Method::GET, &format!("/work-items/{item}"), None).await;
        assert_eq!((&item.body["state"], &item.body["agent_id"]), (&json!("queued"), &Value::Null));
    }
}

#[tokio::test]
async fn one_changes_ones_own_name_and_nobody_elses() {
    let desk = Desk::new().await;
    let eva = desk.colleague("eva", &["agent"]).await;
    let name = || Some(json!({ "name": "Eva Sanz", "preferences": { "sound": false } }));
    let own = eva.call(&desk, Method::PATCH, &format!("/users/{}", eva.id), name()).await;
    assert_eq!((own.status.as_u16(), own.body["name"].as_str()), (200, Some("Eva Sanz")));
    let me = desk.staff(Method::GET, "/session", None).await.body["user"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(eva.call(&desk, Method::PATCH, &format!("/users/{me}"), name()).await.code(), (403, "forbidden"));
    let zone = desk.staff(Method::PATCH, &format!("/users/{me}"), Some(json!({ "time_zone": "Mars/Base" }))).await;
    assert_eq!((zone.code(), zone.first_error()), ((422, "invalid"), ("/time_zone", "format")));
}

#[tokio::test]
async fn a_team_shows_its_members_and_colleagues_see_each_other() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let (eva, ivo, ada) = (
            desk.colleague("eva", &["supervisor"]).await,
            desk.colleague("ivo", &["agent"]).await,
            desk.colleague("ada", &["agent"]).await,
        );
        let team = json!({ "key": "noche", "name": "Noche", "user_ids": [ivo.id], "lead_ids": [eva.id] });
        let made = desk.staff(Method::POST, "/teams", Some(team)).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        assert_eq!(made.body["lead_ids"], json!([eva.id]));
        let seen = eva.call(&desk, Method::GET, "/users", None).await;
        let ids: Vec<&str> =
            seen.body["items"].as_array().expect("users").iter().filter_map(|u| u["id"].as_str()).collect();
        assert!(ids.contains(&&*ivo.id) && ids.contains(&&*eva.id) && !ids.contains(&&*ada.id), "{ids:?}");
        assert_eq!(eva.call(&desk, Method::GET, &format!("/users/{}", ada.id), None).await.code(), (404, "not_found"));
        let path = format!("/teams/{}", id_of(&made));
        let wider = desk.staff(Method::PATCH, &path, Some(json!({ "user_ids": [ivo.id, ada.id, eva.id] }))).await;
        assert_eq!(wider.body["user_ids"].as_array().map(Vec::len), Some(3), "{:?}", wider.body);
        assert_eq!(wider.body["lead_ids"], json!([eva.id]), "whoever leads goes on");
        assert_eq!(eva.call(&desk, Method::GET, &format!("/users/{}", ada.id), None).await.status, 200);
        let nobody = json!({ "user_ids": [desk.world.ctx.new_id()] });
        let refused = desk.staff(Method::PATCH, &path, Some(nobody)).await;
        assert_eq!((refused.code(), refused.first_error()), ((422, "invalid"), ("/user_ids/0", "unknown_reference")));
        assert_eq!(desk.staff(Method::DELETE, &path, None).await.status, 204);
        assert_eq!(desk.staff(Method::GET, &path, None).await.code(), (404, "not_found"));
    }
}

#[tokio::test]
async fn the_organization_changes_by_version() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let read = desk.staff(Method::GET, "/organization", None).await;
        assert_eq!(read.headers["etag"], "\"1\"");
        let change = || Some(json!({ "name": "Pedales S. L.", "undo_send_ms": 5000 }));
        let blind = desk.staff(Method::PATCH, "/organization", change()).await;
        assert_eq!(blind.code(), (428, "precondition_required"));
        let changed = desk.versioned(Method::PATCH, "/organization", "\"1\"", change()).await;
        assert_eq!(
            (changed.body["name"].as_str(), changed.body["undo_send_ms"].as_i64()),
            (Some("Pedales S. L."), Some(5_000))
        );
        assert_eq!(
            desk.versioned(Method::PATCH, "/organization", "\"1\"", change()).await.code(),
            (412, "version_conflict")
        );
        let eva = desk.colleague("eva", &["supervisor"]).await;
        assert_eq!(eva.call(&desk, Method::PATCH, "/organization", change()).await.code(), (403, "forbidden"));
    }
}
