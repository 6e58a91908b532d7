//! People and programs around the desk: colleagues with a role, tokens with grants.

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;

use crate::desk::{Desk, OWN_ORIGIN, Reply};

/// A colleague who is signed in.
pub struct Colleague {
    pub id: String,
    pub cookie: String,
    pub csrf: String,
}

impl Colleague {
    pub async fn call(&self, desk: &Desk, method: Method, path: &str, body: Option<Value>) -> Reply {
        let headers = [(COOKIE.as_str(), &*self.cookie), ("x-csrf-token", &*self.csrf), (ORIGIN.as_str(), OWN_ORIGIN)];
        desk.call(method, path, &headers, body).await
    }
}

/// The session cookie of an answer.
pub fn cookie_of(reply: &Reply) -> Option<String> {
    let cookie = reply.headers.get(SET_COOKIE)?.to_str().expect("text");
    Some(cookie.split(';').next().expect("a pair").to_owned())
}

pub fn id_of(reply: &Reply) -> String {
    reply.body["id"].as_str().unwrap_or_else(|| panic!("an id in {:?}", reply.body)).to_owned()
}

impl Desk {
    /// Somebody with these roles, invited and signed in.
    pub async fn colleague(&self, name: &str, roles: &[&str]) -> Colleague {
        let email = format!("{name}@pedales.example");
        let invitation = json!({ "email": email, "name": name, "role_ids": roles, "team_ids": [] });
        let invited = self.staff(Method::POST, "/invitations", Some(invitation)).await;
        assert_eq!(invited.status, StatusCode::CREATED, "{:?}", invited.body);
        let link = invited.body["link"].as_str().expect("a link");
        let token = link.split_once("token=").expect("a token").1;
        let answer = json!({ "token": token, "password": "otra clave larga" });
        let reply = self.call(Method::POST, "/invitations/accept", &[], Some(answer)).await;
        assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.body);
        Colleague {
            id: invited.body["user"]["id"].as_str().expect("an id").to_owned(),
            cookie: cookie_of(&reply).expect("a cookie"),
            csrf: reply.body["csrf_token"].as_str().expect("a token").to_owned(),
        }
    }

    /// The secret of a token with these grants, and its id.
    pub async fn token(&self, grants: &[(&str, &str)]) -> (String, String) {
        let grants: Vec<Value> =
            grants.iter().map(|(permission, scope)| json!({ "permission": permission, "scope": scope })).collect();
        let reply = self.staff(Method::POST, "/api-tokens", Some(json!({ "name": "CRM", "grants": grants }))).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
        (reply.body["secret"].as_str().expect("a secret").to_owned(), id_of(&reply))
    }

    /// Calls with a bearer token.
    pub async fn bearer(&self, method: Method, path: &str, secret: &str, body: Option<Value>) -> Reply {
        self.call(method, path, &[(AUTHORIZATION.as_str(), &format!("Bearer {secret}"))], body).await
    }

    /// Calls from an address.
    pub async fn from(&self, ip: &str, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request
            .header(CONTENT_TYPE, "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .expect("a request");
        let peer = SocketAddr::new(ip.parse().expect("an address"), 50_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        self.send(request).await
    }
}
