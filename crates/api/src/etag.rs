//! Versions on the wire: `ETag` on answers, `If-Match` on writes.

use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::extract::Json;
use crate::problem::{Code, Problem};

/// The version that `If-Match` names, if it is there; `*` means whichever it is.
///
/// # Errors
/// 400 `bad_header` for what is no version.
pub fn optional(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Code::BadHeader)?.trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(Some).map_err(|_| Code::BadHeader.into())
}

/// The version that `If-Match` names; it must be there.
///
/// # Errors
/// 428 `precondition_required`, 400 `bad_header`.
pub fn required(headers: &HeaderMap) -> Result<i64, Problem> {
    match headers.get(IF_MATCH) {
        Some(_) => optional(headers)?.ok_or_else(|| Code::BadHeader.into()),
        None => Err(Code::PreconditionRequired.into()),
    }
}

/// An answer with its version.
pub fn tagged<T: Serialize>(status: StatusCode, version: i64, body: T) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Ok(value) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> Result<Option<i64>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, value.parse().expect("a header"));
        optional(&headers)
    }

    #[test]
    fn a_version_stands_between_quotes_or_alone() {
        assert_eq!(named("\"7\""), Ok(Some(7)));
        assert_eq!(named("7"), Ok(Some(7)));
        assert_eq!(named("*"), Ok(None));
        assert_eq!(named("\"x\""), Err(Code::BadHeader.into()));
        assert_eq!(required(&HeaderMap::new()), Err(Code::PreconditionRequired.into()));
    }
}
