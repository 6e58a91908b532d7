//! Who calls: session cookie or bearer token, and the two rules against forged requests.
//!
//! # Invariants
//! - With an `Authorization` header cookies are ignored.
//! - A write by cookie needs the CSRF token of its session, and the public origin where an origin is named.
//! - Tokens are never read from the query.

use std::net::{IpAddr, SocketAddr};

use app::Actor;
use app::sessions::Current;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::header::{AUTHORIZATION, ORIGIN, USER_AGENT};
use http::{Extensions, HeaderMap, Method};

use crate::admission;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// Somebody who is signed in, or an API token.
#[derive(Clone, Debug)]
pub struct Caller(pub Current);

impl Caller {
    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }
}

/// What the guard found out about the credential of a request, for everybody behind it.
#[derive(Clone, Debug)]
pub struct Identity(pub Result<Current, Problem>);

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Identity>().cloned();
        let Identity(found) = match known {
            Some(identity) => identity,
            None => Identity(identify(api, &parts.headers, &parts.extensions).await),
        };
        let current = found?;
        check_write(api, &parts.method, &parts.headers, &current)?;
        admission::admit(parts, &current.actor)?;
        Ok(Self(current))
    }
}

/// Refuses a write by cookie that another site's page made.
///
/// # Errors
/// 403 `origin_forbidden`, 403 `csrf_failed`.
pub fn check_write(api: &Api, method: &Method, headers: &HeaderMap, current: &Current) -> Result<(), Problem> {
    let is_write = method != Method::GET && method != Method::HEAD;
    if let Some(session) = current.session.as_ref().filter(|_| is_write) {
        check_origin(headers, api)?;
        check_csrf(headers, &session.csrf_token)?;
    }
    Ok(())
}

/// Who is behind the credential of a request.
///
/// # Errors
/// 401 without a good one, 400 for two, 403 for a token from an address that may not use it.
pub async fn identify(api: &Api, headers: &HeaderMap, extensions: &Extensions) -> Result<Current, Problem> {
    if let Some(secret) = bearer(headers)? {
        return by_secret(api, secret, client_ip(api, headers, extensions)).await;
    }
    let jar = CookieJar::from_headers(headers);
    let token = jar.get(api.cookie()).ok_or(Code::Unauthenticated)?.value();
    Ok(app::sessions::by_token(api.ctx(), token).await?)
}

/// Who is behind an API token.
///
/// # Errors
/// 401 for an unknown, revoked or expired one; 403 `ip_not_allowed`.
pub async fn by_secret(api: &Api, secret: &str, ip: Option<IpAddr>) -> Result<Current, Problem> {
    if !secret.starts_with(app::api_tokens::PREFIX) {
        return Err(Code::Unauthenticated.into());
    }
    Ok(app::api_tokens::authenticate(api.ctx(), secret, ip).await?)
}

/// Whether a request carries a credential at all.
#[must_use]
pub fn has_credential(api: &Api, headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || CookieJar::from_headers(headers).get(api.cookie()).is_some()
}

/// Where a request comes from: the peer, or what a trusted proxy says of it.
#[must_use]
pub fn client_ip(api: &Api, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let proxies = &api.ctx().settings().trusted_proxies;
    let is_proxy = |ip: IpAddr| proxies.iter().any(|net| net.contains(&ip.to_canonical()));
    let peer = peer.ip().to_canonical();
    if !is_proxy(peer) {
        return Some(peer);
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|text| text.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    Some(hops.into_iter().rev().find(|hop| !is_proxy(*hop)).unwrap_or(peer))
}

/// The address that limits per address count by; `None` where all callers share one because an unnamed proxy stands
/// in front.
#[must_use]
pub fn counted_ip(api: &Api, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    client_ip(api, headers, extensions).filter(|ip| !ip.is_loopback() || api.is_local())
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
        let ip = counted_ip(api, &parts.headers, &parts.extensions);
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { ip: ip.map(|ip| ip.to_string()), user_agent: agent.map(str::to_owned) })
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
