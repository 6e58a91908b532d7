//! Who calls: session cookie or bearer token, and the two rules against forged requests.
//!
//! # Invariants
//! - With an `Authorization` header cookies are ignored.
//! - A write by cookie needs the CSRF token of its session, and the public origin where an origin is named.
//! - Tokens are never read from the query.

use std::net::SocketAddr;

use app::Actor;
use app::sessions::Current;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::header::{AUTHORIZATION, ORIGIN, USER_AGENT};
use http::{HeaderMap, Method};

use crate::problem::{Code, Problem};
use crate::state::Api;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Caller(pub Current);

impl Caller {
    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if bearer(&parts.headers)?.is_some() {
            return Err(Code::Unauthenticated.into());
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let token = jar.get(api.cookie()).ok_or(Code::Unauthenticated)?.value();
        let current = app::sessions::by_token(api.ctx(), token).await?;
        if parts.method != Method::GET && parts.method != Method::HEAD {
            check_origin(&parts.headers, api)?;
            check_csrf(&parts.headers, &current.session.csrf_token)?;
        }
        Ok(Self(current))
    }
}

/// A call without a session yet, from our own pages or from no page at all.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Where from, if known.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
}

impl FromRequestParts<Api> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        check_origin(&parts.headers, api)?;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { ip: peer.map(|ConnectInfo(address)| address.ip().to_string()), user_agent: agent.map(str::to_owned) })
    }
}

/// The bearer token, if one was sent.
///
/// # Errors
/// 400 `ambiguous_credentials` for two headers, 401 for another scheme.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Code::AmbiguousCredentials.into());
    }
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        Some(_) | None => Err(Code::Unauthenticated.into()),
    }
}

/// Refuses calls that another site's page makes.
///
/// # Errors
/// 403 `origin_forbidden`.
pub fn check_origin(headers: &HeaderMap, api: &Api) -> Result<(), Problem> {
    match headers.get(ORIGIN) {
        Some(origin) if !origin.as_bytes().eq_ignore_ascii_case(api.origin().as_bytes()) => {
            Err(Code::OriginForbidden.into())
        }
        Some(_) | None => Ok(()),
    }
}

fn check_csrf(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let sent = headers.get("x-csrf-token").map(http::HeaderValue::as_bytes).unwrap_or_default();
    if is_same(sent, expected.as_bytes()) { Ok(()) } else { Err(Code::CsrfFailed.into()) }
}

/// Compares in a time that does not tell where they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// The session cookie; it ends with the browser's session, at the latest when the server says so.
#[must_use]
pub fn cookie(api: &Api, token: String) -> Cookie<'static> {
    Cookie::build((api.cookie(), token))
        .path("/")
        .http_only(true)
        .secure(api.cookie().starts_with("__Host-"))
        .same_site(SameSite::Lax)
        .build()
}
