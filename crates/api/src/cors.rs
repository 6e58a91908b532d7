//! Which pages may use a widget: the channel's list of origins, on every call and on the socket.
//!
//! # Invariants
//! - No credentials mode and no cookies: a visitor is known by a bearer token alone.
//! - The origin is echoed only where the channel allows it.

use std::sync::Arc;

use app::model::Channel;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, UPGRADE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::state::Api;

/// The channel behind the widget key of the path, its origin rule passed.
#[derive(Clone, Debug)]
pub struct Door(pub Arc<Channel>);

impl<S: Send + Sync> FromRequestParts<S> for Door {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or(Code::NotFound.into())
    }
}

/// Lets a call through to the channel of its path if the page it comes from may.
pub async fn guard(State(api): State<Api>, params: RawPathParams, mut request: Request, next: Next) -> Response {
    let key = params.iter().find(|(name, _)| *name == "key").map(|(_, value)| value.to_owned()).unwrap_or_default();
    let channel = match app::widget::channel(api.ctx(), &key).await {
        Ok(channel) => channel,
        Err(error) => return Problem::from(error).into_response(),
    };
    let origin = request.headers().get(ORIGIN).cloned();
    if !is_allowed(&request, &channel, api.origin()) {
        return Problem::from(Code::OriginForbidden).into_response();
    }
    let is_preflight = request.method() == Method::OPTIONS;
    request.extensions_mut().insert(Door(channel));
    let mut response = if is_preflight { preflight() } else { next.run(request).await };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, x-request-id"));
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    response
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    headers
        .insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type, idempotency-key"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// A browser names the origin on everything but plain reads of its own site; only apps have none.
fn is_allowed(request: &Request, channel: &Channel, own: &str) -> bool {
    match request.headers().get(ORIGIN).map(|origin| origin.to_str()) {
        Some(Ok(origin)) => {
            origin.eq_ignore_ascii_case(own) || allowed_origins(channel).iter().any(|rule| fits(rule, origin))
        }
        Some(Err(_)) => false,
        None => channel.kind == "in_app" || is_plain_read(request.method(), request.headers()),
    }
}

fn is_plain_read(method: &Method, headers: &HeaderMap) -> bool {
    (method == Method::GET || method == Method::HEAD) && !headers.contains_key(UPGRADE)
}

/// The origins that may embed the widget of a channel.
#[must_use]
pub fn allowed_origins(channel: &Channel) -> Vec<String> {
    let listed = channel.config.get("allowed_origins").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether `rule`, an origin or `https://*.example.com`, holds for `origin`.
fn fits(rule: &str, origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    let rule = rule.to_ascii_lowercase();
    match rule.split_once("://*.") {
        Some((scheme, domain)) => {
            let host = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
            host.and_then(|host| host.strip_suffix(domain)).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'))
        }
        None => rule == origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_subdomains_only() {
        assert!(fits("https://*.example.com", "https://shop.example.com"));
        assert!(!fits("https://*.example.com", "https://example.com"));
        assert!(!fits("https://*.example.com", "https://evilexample.com"));
        assert!(!fits("https://*.example.com", "http://shop.example.com"));
        assert!(fits("https://Shop.example", "https://shop.example"));
        assert!(!fits("https://shop.example", "https://shop.example:8443"));
    }
}
