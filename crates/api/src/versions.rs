//! Versions on the wire: `ETag` of what is read, `If-Match` of what is changed (api.md §1.7).

use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::problem::{Code, Problem};

/// An answer with its version.
#[derive(Clone, Copy, Debug)]
pub struct Versioned<T> {
    /// 200 or 201.
    pub status: StatusCode,
    /// What is answered.
    pub body: T,
    /// Its version.
    pub version: i64,
}

impl<T> Versioned<T> {
    /// 200.
    pub fn ok(body: T, version: i64) -> Self {
        Self { status: StatusCode::OK, body, version }
    }

    /// 201.
    pub fn created(body: T, version: i64) -> Self {
        Self { status: StatusCode::CREATED, body, version }
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", self.version)) {
            response.headers_mut().insert(ETAG, value);
        }
        response
    }
}

/// The version `If-Match` names, where one is named; `*` names any.
///
/// # Errors
/// 400 `bad_header`.
pub fn wanted(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Code::BadHeader)?.trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_start_matches("W/").trim_matches('"').parse();
    version.map(Some).map_err(|_| Code::BadHeader.into())
}

/// The version `If-Match` must name.
///
/// # Errors
/// 428 `precondition_required`, 400 `bad_header`.
pub fn required(headers: &HeaderMap) -> Result<i64, Problem> {
    wanted(headers)?.ok_or_else(|| Code::PreconditionRequired.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_a_version() {
        let mut headers = HeaderMap::new();
        assert_eq!(required(&headers), Err(Code::PreconditionRequired.into()));
        headers.insert(IF_MATCH, HeaderValue::from_static("\"7\""));
        assert_eq!(required(&headers), Ok(7));
        headers.insert(IF_MATCH, HeaderValue::from_static("seven"));
        assert_eq!(wanted(&headers), Err(Code::BadHeader.into()));
    }
}
