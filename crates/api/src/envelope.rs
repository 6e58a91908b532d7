//! What stands around every answer: request id, headers, problem documents, panics.

use std::any::Any;
use std::sync::Arc;

use app::limits::{Limit, Limits};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use tracing::Instrument;
use uuid::Uuid;

use crate::extract::BodyLimit;
use crate::guard::Route;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// Where request ids come from.
pub type RequestIds = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// What [`wrap`] needs.
#[derive(Clone)]
pub struct Around {
    /// Where request ids come from.
    pub ids: RequestIds,
    /// For limits and figures.
    pub api: Api,
}

/// Gives the request its id, in the log too, and the answer what every answer carries; counts it.
pub async fn wrap(State(around): State<Around>, mut request: Request, next: Next) -> Response {
    let id = (around.ids)();
    request.extensions_mut().insert(BodyLimit(around.api.ctx().limits().size(Limit::JsonBodyBytes)));
    let response = match limits(around.api.ctx().limits(), &request) {
        Ok(()) => next.run(request).instrument(tracing::info_span!("request", %id)).await,
        Err(problem) => problem.into_response(),
    };
    let route = response.extensions().get::<Route>().map_or("other", |Route(route)| route.as_str());
    around.api.metrics().answered(route, response.status().as_u16());
    finish(response, id)
}

fn limits(limits: &Limits, request: &Request) -> Result<(), Problem> {
    let uri = request.uri().path_and_query().map_or(0, |text| text.as_str().len());
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let (max_uri, max_headers) = (limits.size(Limit::UriBytes), limits.size(Limit::HeaderBytes));
    if uri > max_uri {
        return Err(Problem::from(Code::UriTooLong).with("max_bytes", max_uri));
    }
    if headers > max_headers {
        return Err(Problem::from(Code::HeadersTooLarge).with("max_bytes", max_headers));
    }
    Ok(())
}

fn finish(response: Response, id: Uuid) -> Response {
    let mut response = documented(response, id);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Writes the problem document of a refusal, also of one that a layer below answered with a bare status.
fn documented(response: Response, id: Uuid) -> Response {
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || is_own_json(&response) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().unwrap_or_else(|| Code::of_status(status).into());
    parts.headers.remove(http::header::CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.retry_after_s() {
        parts.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Response::from_parts(parts, Body::from(problem.body(id).to_string()))
}

/// The answer to a request whose handler panicked; the panic itself is in the log.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    Problem::from(Code::Internal).into_response()
}

/// A refusal that speaks for itself: the answer of a readiness check.
fn is_own_json(response: &Response) -> bool {
    let media = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    media == Some(b"application/json") && response.extensions().get::<Problem>().is_none()
}
