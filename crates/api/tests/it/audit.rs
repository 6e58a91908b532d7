//! The audit trail: every administrative write leaves a record, and the chain tells when one was touched.

use http::Method;
use serde_json::{Value, json};
use testkit::stores::BOTH;

use crate::cast::id_of;
use crate::desk::{Desk, Reply};

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

/// Administrative writes that the walk below leaves out, each with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("POST /conversation-statuses", "a noun of the desk: tested there"),
    ("PATCH /conversation-statuses/{id}", "a noun of the desk: tested there"),
    ("DELETE /conversation-statuses/{id}", "a noun of the desk: tested there"),
    ("POST /fields", "a noun of the desk: tested there"),
    ("PATCH /fields/{id}", "a noun of the desk: tested there"),
    ("DELETE /fields/{id}", "a noun of the desk: tested there"),
    ("POST /tags", "a noun of the desk: tested there"),
    ("PATCH /tags/{id}", "a noun of the desk: tested there"),
    ("DELETE /tags/{id}", "a noun of the desk: tested there"),
    ("POST /customers/{id}/erase", "erases for good: tested with the desk"),
    ("DELETE /conversations/{conversation}", "erases for good: tested with the desk"),
    ("POST /demo", "makes demo data and nothing else: tested there"),
    ("DELETE /demo", "removes demo data and nothing else: tested there"),
    ("POST /simulator/runs", "plays customers: tested there"),
    ("DELETE /simulator/runs/{id}", "plays customers: tested there"),
    ("DELETE /agents/{id}", "one change set with the nouns below: tested with routing"),
    ("PATCH /agents/{id}", "one change set with the nouns below: tested with routing"),
    ("POST /agents", "one change set with the nouns below: tested with routing"),
    ("POST /config/apply", "one change set of many nouns: tested with routing"),
    ("POST /channels/{id}/check", "asks the provider and changes nothing of the channel"),
    ("POST /channels/{id}/setup/{step}", "needs a provider: tested with the channel type"),
    ("PUT /channels/{id}/secrets", "a web chat has none: tested with mail"),
    ("POST /dead-letters/{id}/discard", "needs a dead letter: tested with mail"),
    ("POST /dead-letters/{id}/retry", "needs a dead letter: tested with mail"),
];

/// One administrative write: the operation's name, its path, the version it is for, its body.
type Write = (&'static str, String, &'static str, Option<Value>);

/// The ids that the walk changes.
struct Things {
    token: String,
    team: String,
    role: String,
    user: String,
    eva: String,
    session: String,
}

impl Things {
    async fn of(desk: &Desk) -> Self {
        let eva = desk.colleague("eva", &["agent"]).await.id;
        let made = async |path: &str, body: Value| id_of(&desk.staff(Method::POST, path, Some(body)).await);
        let first = async |path: &str| {
            let reply = desk.staff(Method::GET, path, None).await;
            reply.body["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{:?}", reply.body)).to_owned()
        };
        let user = json!({ "email": "y@pedales.example", "name": "y", "role_ids": ["agent"] });
        Self {
            token: made("/api-tokens", json!({ "name": "x" })).await,
            team: made("/teams", json!({ "key": "t", "name": "T" })).await,
            role: made("/roles", json!({ "key": "r", "name": { "en": "R" } })).await,
            user: made("/users", user).await,
            session: first(&format!("/sessions?user_id={eva}")).await,
            eva,
        }
    }

    /// Every administrative write but those of channels, in an order in which all succeed.
    fn writes(&self) -> Vec<Write> {
        let Self { token, team, role, user, eva, session } = self;
        let name = || Some(json!({ "name": "N" }));
        let person = |email: &str| Some(json!({ "email": email, "name": "z", "role_ids": ["agent"] }));
        let names = || Some(json!({ "key": "n", "name": { "en": "N" } }));
        vec![
            ("POST /invitations", "/invitations".to_owned(), "*", person("z@pedales.example")),
            ("POST /users", "/users".to_owned(), "*", person("w@pedales.example")),
            ("POST /api-tokens", "/api-tokens".to_owned(), "*", name()),
            ("PATCH /api-tokens/{id}", format!("/api-tokens/{token}"), "1", name()),
            ("DELETE /api-tokens/{id}", format!("/api-tokens/{token}"), "2", None),
            ("POST /teams", "/teams".to_owned(), "*", Some(json!({ "key": "n", "name": "N" }))),
            ("PATCH /teams/{id}", format!("/teams/{team}"), "1", name()),
            ("DELETE /teams/{id}", format!("/teams/{team}"), "2", None),
            ("POST /roles", "/roles".to_owned(), "*", names()),
            ("PATCH /roles/{id}", format!("/roles/{role}"), "1", Some(json!({ "name": { "en": "N" } }))),
            ("DELETE /roles/{id}", format!("/roles/{role}"), "2", None),
            ("PATCH /users/{id}", format!("/users/{eva}"), "*", name()),
            ("DELETE /sessions/{id}", format!("/sessions/{session}"), "*", None),
            ("DELETE /sessions", format!("/sessions?user_id={eva}"), "*", None),
            ("POST /users/{id}/disable", format!("/users/{eva}/disable"), "*", None),
            ("POST /users/{id}/enable", format!("/users/{eva}/enable"), "*", None),
            ("DELETE /users/{id}", format!("/users/{user}"), "*", None),
            ("PATCH /organization", "/organization".to_owned(), "1", name()),
        ]
    }
}

/// A noun of the routing configuration.
struct ConfigNoun {
    path: &'static str,
    operations: [&'static str; 3],
}

macro_rules! config_noun {
    ($path:literal) => {
        ConfigNoun {
            path: $path,
            operations: [
                concat!("POST ", $path),
                concat!("PATCH ", $path, "/{id}"),
                concat!("DELETE ", $path, "/{id}"),
            ],
        }
    };
}

/// Each noun of the routing configuration with a row to make and a change of it.
fn nouns() -> Vec<(ConfigNoun, Value, Value)> {
    let named = |key: &str| json!({ "key": key, "name": { "es": "N" } });
    let rename = || json!({ "name": { "es": "M" } });
    let week: [Vec<Value>; 7] = Default::default();
    vec![
        (config_noun!("/skills"), named("walk"), rename()),
        (config_noun!("/wrap-up-codes"), named("walk"), rename()),
        (config_noun!("/decline-reasons"), named("walk"), rename()),
        (config_noun!("/presence-statuses"), json!({ "key": "walk", "name": { "es": "N" }, "kind": "busy" }), rename()),
        (config_noun!("/presence-configs"), json!({ "key": "walk" }), json!({ "cap_primary_milli": 4000 })),
        (
            config_noun!("/business-hours"),
            json!({ "key": "walk", "time_zone": "Europe/Madrid", "weekly": week }),
            json!({ "time_zone": "UTC" }),
        ),
        (config_noun!("/routing-configs"), json!({ "key": "walk" }), json!({ "units_milli": 500 })),
        (
            config_noun!("/queues"),
            json!({ "key": "walk", "name": { "es": "N" }, "routing_config_id": "chat" }),
            rename(),
        ),
    ]
}

/// The life of a channel.
fn writes_of_channel(id: &str) -> Vec<Write> {
    vec![
        ("POST /channels/{id}/enable", format!("/channels/{id}/enable"), "*", None),
        ("POST /channels/{id}/disable", format!("/channels/{id}/disable"), "*", None),
        ("PATCH /channels/{id}", format!("/channels/{id}"), "3", Some(json!({ "name": "N" }))),
        ("DELETE /channels/{id}", format!("/channels/{id}"), "4", None),
    ]
}

impl Desk {
    /// Makes a write and sees that it left one record more.
    async fn recorded_write(&self, (name, path, version, body): Write) -> Reply {
        let before = self.recorded().await.len();
        let method = name.split(' ').next().expect("a method").parse().expect("a method");
        let reply = self.versioned(method, &path, version, body).await;
        assert!(reply.status.is_success(), "{name}: {:?}", reply.body);
        assert!(self.recorded().await.len() > before, "{name} leaves a record");
        reply
    }
}

#[tokio::test]
async fn every_administrative_write_is_recorded() {
    for engine in BOTH {
        let desk = Desk::on(engine).await;
        let mut walked = Vec::new();
        for write in Things::of(&desk).await.writes() {
            walked.push(write.0);
            desk.recorded_write(write).await;
        }
        let channel = Some(json!({ "type": "web_chat", "name": "W" }));
        for (noun, body, change) in nouns() {
            let [create, update, remove] = noun.operations;
            let made = desk.recorded_write((create, noun.path.to_owned(), "*", Some(body))).await;
            let path = format!("{}/{}", noun.path, id_of(&made));
            desk.recorded_write((update, path.clone(), "1", Some(change))).await;
            desk.recorded_write((remove, path, "2", None)).await;
            walked.extend([create, update, remove]);
        }
        let made = desk.recorded_write(("POST /channels", "/channels".to_owned(), "*", channel)).await;
        walked.push("POST /channels");
        for write in writes_of_channel(&id_of(&made)) {
            walked.push(write.0);
            desk.recorded_write(write).await;
        }
        let exempt = |name: &str| ELSEWHERE.iter().any(|(known, _)| *known == name);
        let missing: Vec<_> =
            crate::matrix::administrative_writes().filter(|name| !walked.contains(name) && !exempt(name)).collect();
        assert!(missing.is_empty(), "administrative writes that no test sees recorded: {missing:?}");
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
        desk.world.clock.advance_ms(10);
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
