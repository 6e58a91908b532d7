//! What stands before every operation of staff and integrations: who calls, how often, with which parameters, and
//! whether the same call was made before.
//!
//! # Invariants
//! - A credential is looked up once per request; everybody behind reads what was found.
//! - A call beyond its rate reaches no operation.
//! - A call with an Idempotency-Key takes effect once, also when its caller goes away meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

use app::idempotency::{self, Begun, Call, Claim};
use app::limits::Limit;
use app::rates::{Quota, Standing};
use app::sessions::Current;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tracing::Instrument;
use uuid::Uuid;

use crate::auth::{self, Identity};
use crate::cors::Door;
use crate::extract::{MAX_JSON_BYTES, is_json, json_limit, read};
use crate::problem::{Code, FieldError, Problem};
use crate::state::Api;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The query parameters of each operation, by method and path.
static PARAMETERS: LazyLock<BTreeMap<(String, String), BTreeSet<String>>> = LazyLock::new(parameters);

fn parameters() -> BTreeMap<(String, String), BTreeSet<String>> {
    let document = serde_json::to_value(crate::openapi()).unwrap_or_default();
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let mut all = BTreeMap::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let listed = operation["parameters"].as_array().into_iter().flatten();
            let names = listed.filter(|parameter| parameter["in"] == "query").filter_map(|p| p["name"].as_str());
            all.insert((method.to_uppercase(), path.clone()), names.map(str::to_owned).collect());
        }
    }
    all
}

/// The route of an answer, for the figures.
#[derive(Clone, Debug)]
pub struct Route(pub String);

/// Guards the operations of staff and integrations.
pub async fn staff(State(api): State<Api>, matched: MatchedPath, mut request: Request, next: Next) -> Response {
    let path = short(&matched);
    let route = Route(format!("{} {path}", request.method()));
    let (headers, extensions) = (request.headers(), request.extensions());
    let identity = auth::identify(&api, headers, extensions).await;
    let ip = auth::counted_ip(&api, headers, extensions);
    let standing = count(&api, identity.as_ref().ok(), ip);
    request.extensions_mut().insert(Identity(identity.clone()));
    let mut response = match admit(&request, path, standing.as_ref(), identity.as_ref().ok()) {
        Ok(()) => once(&api, request, next, identity.as_ref().ok()).await,
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(route);
    if let (Some(standing), Ok(_)) = (&standing, &identity) {
        announce(response.headers_mut(), standing);
    }
    if let Some(token) = identity.ok().and_then(|current| current.rotated) {
        renew(&api, response.headers_mut(), token);
    }
    response
}

/// The path as the document writes it.
fn short(matched: &MatchedPath) -> &str {
    matched.as_str().strip_prefix("/api/v1").unwrap_or_else(|| matched.as_str())
}

/// Who is counted: session, token, or the address of somebody without either.
fn count(api: &Api, current: Option<&Current>, ip: Option<IpAddr>) -> Option<Standing> {
    let (ctx, limits) = (api.ctx(), api.ctx().limits());
    let per_min = |name, limit| Quota { name, count: limits.get(limit), window_s: 60 };
    let (quota, key) = match current {
        Some(current) => {
            let quota = match current.session {
                Some(_) => per_min("session", Limit::SessionCallsPerMin),
                None => per_min("token", Limit::TokenCallsPerMin),
            };
            (quota, current.actor.session?.to_string())
        }
        None => (per_min("guest", Limit::GuestCallsPerMin), ip?.to_string()),
    };
    Some(ctx.rates().count(quota, &key, ctx.now()))
}

fn admit(request: &Request, path: &str, rate: Option<&Standing>, current: Option<&Current>) -> Result<(), Problem> {
    within(rate)?;
    let known = PARAMETERS.get(&(request.method().as_str().to_owned(), path.to_owned()));
    match known {
        Some(known) if current.is_some() || !auth_is_needed(path) => check_parameters(request, known),
        Some(_) | None => Ok(()),
    }
}

fn within(rate: Option<&Standing>) -> Result<(), Problem> {
    match rate {
        Some(standing) if !standing.is_within => {
            Err(Problem::from(Code::RateLimited).retry_after_ms(u64::try_from(standing.reset_ms).unwrap_or_default()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether an operation tells strangers nothing, not even which parameters it knows.
fn auth_is_needed(path: &str) -> bool {
    !["/setup", "/session", "/session/link", "/invitations/accept", "/limits", "/version"].contains(&path)
        && !path.starts_with("/password-resets")
}

fn check_parameters(request: &Request, known: &BTreeSet<String>) -> Result<(), Problem> {
    let query = request.uri().query().unwrap_or_default();
    if query.is_empty() {
        return Ok(());
    }
    let sent: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    match sent.into_iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => {
            let error = FieldError::new(format!("?{name}"), "unknown_field");
            Err(Problem::from(Code::UnknownField).with_error(error))
        }
        None => Ok(()),
    }
}

fn announce(headers: &mut HeaderMap, standing: &Standing) {
    let Standing { quota, remaining, reset_ms, .. } = standing;
    let policy = format!("\"{}\";q={};w={}", quota.name, quota.count, quota.window_s);
    let rate = format!("\"{}\";r={remaining};t={}", quota.name, (reset_ms + 999) / 1_000);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", rate)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Hands over the fresh token of a session whose rights changed.
fn renew(api: &Api, headers: &mut HeaderMap, token: String) {
    if headers.contains_key(SET_COOKIE) {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(auth::cookie(api, token).to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

/// Runs a call once, if it carries a key.
async fn once(api: &Api, request: Request, next: Next, current: Option<&Current>) -> Response {
    let key = request.headers().get(KEY).cloned();
    let (Some(key), Some(current), &Method::POST) = (key, current, request.method()) else {
        return next.run(request).await;
    };
    if !is_json(request.headers()) && request.headers().contains_key(CONTENT_TYPE) {
        return next.run(request).await;
    }
    match keyed(api, request, next, current, &key).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn keyed(
    api: &Api,
    request: Request,
    next: Next,
    current: &Current,
    key: &HeaderValue,
) -> Result<Response, Problem> {
    auth::check_write(api, request.method(), request.headers(), current)?;
    let call = call(&request, current, key)?;
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let max = json_limit(&request);
    let bytes = read(request, max).await?;
    let hash = Sha256::digest(&bytes).to_vec();
    let claim = match idempotency::begin(api.ctx(), call, hash).await? {
        Begun::Run(claim) => claim,
        Begun::Answered { status, body } => return Ok(replayed(status, &body)),
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    // A task of its own: the call goes on, and its answer is noted, when its caller hangs up.
    let running = tokio::spawn(run(api.clone(), claim, request, next).in_current_span());
    running.await.map_err(|_| Code::Internal.into())
}

fn call(request: &Request, current: &Current, key: &HeaderValue) -> Result<Call, Problem> {
    let key =
        key.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let actor = &current.actor;
    let token = actor.session.map(|token| token.0);
    Ok(Call {
        organization: actor.organization,
        owner: actor.standing.user.map(|user| user.0).or(token).unwrap_or(Uuid::nil()),
        operation: format!("{} {}", request.method(), request.uri().path()),
        key: key.ok_or(Code::BadHeader)?.to_owned(),
    })
}

async fn run(api: Api, claim: std::sync::Arc<Claim>, request: Request, next: Next) -> Response {
    let response = idempotency::scope(std::sync::Arc::clone(&claim), next.run(request)).await;
    if claim.is_lost() {
        return Problem::from(app::Error::IdempotencyInProgress).into_response();
    }
    let status = response.status();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, MAX_JSON_BYTES * 8).await.unwrap_or_default();
    let answer = noted(status, &bytes, parts.extensions.get::<ShownOnce>());
    // A failure of ours says nothing about what was written: the key stays as it is.
    if !status.is_server_error()
        && let Err(error) = idempotency::finish(api.ctx(), &claim, answer).await
    {
        tracing::warn!(%error, "an answer could not be noted for its Idempotency-Key");
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn noted(status: StatusCode, bytes: &[u8], shown_once: Option<&ShownOnce>) -> Option<(u16, Value)> {
    if !status.is_success() {
        return None;
    }
    let body = match shown_once {
        Some(ShownOnce(body)) => body.clone(),
        None => serde_json::from_slice(bytes).unwrap_or(Value::Null),
    };
    Some((status.as_u16(), body))
}

/// What may be repeated of an answer that holds a secret.
#[derive(Clone, Debug)]
pub struct ShownOnce(pub Value);

fn replayed(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = if body.is_null() { status.into_response() } else { (status, axum::Json(body)).into_response() };
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

/// Guards the operations of visitors: how often, per visitor and per address.
pub async fn visitors(State(api): State<Api>, matched: MatchedPath, request: Request, next: Next) -> Response {
    let path = short(&matched).to_owned();
    let method = request.method().clone();
    let rates = visitor_rates(&api, &path, &request);
    let over = rates.iter().find(|standing| !standing.is_within);
    let outcome = within(over).and_then(|()| visitor_parameters(&path, &request));
    let mut response = match outcome {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(standing) = over.or(rates.last()) {
        announce(response.headers_mut(), standing);
    }
    response.extensions_mut().insert(Route(format!("{method} {path}")));
    response
}

fn visitor_parameters(path: &str, request: &Request) -> Result<(), Problem> {
    if request.uri().query().is_none_or(str::is_empty) {
        return Ok(());
    }
    match PARAMETERS.get(&(request.method().as_str().to_owned(), path.to_owned())) {
        Some(known) => check_parameters(request, known),
        None => Ok(()),
    }
}

/// Counts a visitor's call; for a new session by its address and by its network.
fn visitor_rates(api: &Api, path: &str, request: &Request) -> Vec<Standing> {
    let method = request.method();
    let ip = auth::counted_ip(api, request.headers(), request.extensions());
    let channel = request.extensions().get::<Door>().map(|Door(channel)| channel.id);
    let count = |(name, limit, window_s), key: Counted| {
        let quota = Quota { name, count: api.ctx().limits().get(limit), window_s };
        api.ctx().rates().count(quota, (channel, key), api.ctx().now())
    };
    let rest = path.strip_prefix("/widget/{key}").unwrap_or(path);
    if (method, rest) == (&Method::POST, "/sessions") {
        let Some(ip) = ip else { return Vec::new() };
        let by_network = ("visitor_networks", Limit::VisitorSessionsPerNetworkPerMin, 60);
        let by_address = ("visitor_sessions", Limit::VisitorSessionsPerMin, 60);
        return vec![count(by_network, Counted::Network(network(ip))), count(by_address, Counted::Address(ip))];
    }
    let visitor = request.headers().get(AUTHORIZATION).map(|value| Counted::Visitor(value.as_bytes()));
    let visitor = visitor.or(ip.map(Counted::Address));
    visitor.map(|visitor| count(visitor_quota(method, rest), visitor)).into_iter().collect()
}

/// Who is counted among visitors.
#[derive(Hash)]
enum Counted<'a> {
    Network(String),
    Address(IpAddr),
    /// By the token.
    Visitor(&'a [u8]),
}

/// What a visitor's call counts against.
fn visitor_quota(method: &Method, rest: &str) -> (&'static str, Limit, i64) {
    match (method.as_str(), rest) {
        ("POST", "/messages") => ("visitor_messages", Limit::VisitorMessagesPerMin, 60),
        ("POST", "/attachments") => ("visitor_uploads", Limit::VisitorUploadsPer10Min, 600),
        ("GET", "/articles") => ("visitor_searches", Limit::VisitorSearchesPerMin, 60),
        ("POST", "/identify") => ("visitor_identify", Limit::VisitorIdentificationsPerMin, 60),
        ("POST", "/events") => ("visitor_events", Limit::VisitorEventsPerMin, 60),
        _ => ("visitor_calls", Limit::VisitorCallsPerMin, 60),
    }
}

/// The /24 of an IPv4 address, the /48 of an IPv6 one.
fn network(ip: IpAddr) -> String {
    let prefix = if ip.is_ipv4() { 24 } else { 48 };
    app::Network::new(ip, prefix).map_or_else(|_| ip.to_string(), |net| net.trunc().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_knows_its_parameters() {
        assert!(PARAMETERS[&("GET".to_owned(), "/conversations".to_owned())].contains("limit"));
        assert!(PARAMETERS[&("GET".to_owned(), "/session".to_owned())].is_empty());
    }

    #[test]
    fn neighbours_share_a_network() {
        let network = |ip: &str| super::network(ip.parse().expect("an address"));
        assert_eq!(network("192.0.2.7"), network("192.0.2.200"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("2001:db8:1::7"), network("2001:db8:1:ffff::7"));
    }
}
