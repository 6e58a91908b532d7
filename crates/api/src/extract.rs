//! Reading requests: JSON bodies, query parameters and ids of paths, each refusal with its code.
//!
//! # Invariants
//! - An unknown field or parameter is refused: a typing error must not pass for a default.
//! - No body is read beyond its limit.
//! - An id that cannot be one behaves like one that does not exist.

use axum::extract::{FromRequest, FromRequestParts, Path, RawQuery, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::problem::{Code, FieldError, Problem};

/// Largest JSON body where nothing else was chosen.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;

/// Largest JSON body, as chosen; put beside every request.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

/// The largest JSON body this request may have.
#[must_use]
pub fn json_limit(request: &Request) -> usize {
    request.extensions().get::<BodyLimit>().map_or(MAX_JSON_BYTES, |BodyLimit(bytes)| *bytes)
}

/// A JSON body in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    /// An empty body counts as `{}`: commands without arguments need none.
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let max = json_limit(&request);
        let bytes = read(request, max).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !is_json {
            return Err(Code::UnsupportedMediaType.into());
        }
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Reads a body of at most `max` bytes.
///
/// # Errors
/// 413 `body_too_large` beyond it, 400 `malformed_body` when the sender stopped halfway.
pub async fn read(request: Request, max: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::from(Code::BodyTooLarge).with("max_bytes", max);
    let announced =
        request.headers().get(http::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    axum::body::to_bytes(request.into_body(), max).await.map_err(|error| {
        let is_limit = std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("length limit"));
        if is_limit || error.to_string().contains("length limit") { too_large() } else { Code::MalformedBody.into() }
    })
}

/// Whether a body is said to be JSON.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media == "application/merge-patch+json"
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list would pass for an object: its items for the fields, in their order.
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !is_object {
        return Err(malformed(bytes).unwrap_or_else(|| Problem::invalid("", "type")));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(bytes).unwrap_or_else(|| refusal(&error)))?;
    reader.end().map_err(|error| Problem::from(Code::MalformedBody).detail(error.to_string()))?;
    refuse_nul(bytes)?;
    Ok(value)
}

/// What is no JSON is told as that, also where a field before the fault is wrong.
fn malformed(bytes: &[u8]) -> Option<Problem> {
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).err()?;
    Some(Problem::from(Code::MalformedBody).detail(error.to_string()))
}

/// U+0000 is refused wherever it stands; the engines cannot keep it.
fn refuse_nul(bytes: &[u8]) -> Result<(), Problem> {
    const ESCAPED: &[u8] = b"\\u0000";
    if !bytes.windows(ESCAPED.len()).any(|part| part == ESCAPED) {
        return Ok(());
    }
    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    match nul_at(&value, String::new()) {
        Some(pointer) => Err(Problem::invalid(pointer, "format")),
        None => Ok(()),
    }
}

fn nul_at(value: &serde_json::Value, at: String) -> Option<String> {
    use serde_json::Value;
    match value {
        Value::String(text) => text.contains('\0').then_some(at),
        Value::Array(items) => {
            (0..).zip(items).find_map(|(place, item): (usize, _)| nul_at(item, format!("{at}/{place}")))
        }
        Value::Object(fields) => fields.iter().find_map(|(key, item)| {
            let inside = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            if key.contains('\0') { Some(at.clone()) } else { nul_at(item, inside) }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.is_data() {
        field_refusal(&pointer(error.path()), &inner.to_string())
    } else {
        Problem::from(Code::MalformedBody).detail(inner.to_string())
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |text, segment| match segment {
        Segment::Seq { index } => format!("{text}/{index}"),
        Segment::Map { key } => format!("{text}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{text}/{variant}"),
        Segment::Unknown => text,
    })
}

/// Turns serde's words into ours. They name the field between back quotes.
fn field_refusal(pointer: &str, message: &str) -> Problem {
    let named = message.split('`').nth(1).unwrap_or_default();
    let inside = |name: &str| {
        if pointer.ends_with(&format!("/{name}")) { pointer.to_owned() } else { format!("{pointer}/{name}") }
    };
    if message.starts_with("unknown field") {
        return Problem::from(Code::UnknownField).with_error(FieldError::new(inside(named), "unknown_field"));
    }
    let error = if message.starts_with("missing field") {
        FieldError::new(inside(named), "required")
    } else if message.starts_with("unknown variant") {
        FieldError::new(pointer, "enum")
    } else if message.starts_with("invalid type") {
        FieldError::new(pointer, "type")
    } else {
        FieldError::new(pointer, "format")
    };
    Problem::from(Code::Invalid).with_error(error)
}

/// Query parameters; repeated ones fill a list.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, state).await.unwrap_or(RawQuery(None));
        let reader = serde_html_form::Deserializer::from_bytes(query.as_deref().unwrap_or_default().as_bytes());
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let path = pointer(error.path());
            query_refusal(path.trim_start_matches('/'), &error.inner().to_string())
        })
    }
}

fn query_refusal(path: &str, message: &str) -> Problem {
    let named = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        return Problem::from(Code::UnknownField).with_error(FieldError::new(format!("?{named}"), "unknown_field"));
    }
    if message.starts_with("missing field") {
        return Problem::invalid(format!("?{named}"), "required");
    }
    let code = if message.starts_with("unknown variant") { "enum" } else { "type" };
    Problem::invalid(format!("?{}", path.split('/').next().unwrap_or_default()), code)
}

/// An id, or several, of the path.
#[derive(Clone, Copy, Debug)]
pub struct Ids<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(ids) = Path::<T>::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        Ok(Self(ids))
    }
}

/// A present `null` told apart from an absent field: absent is `None`, `null` is `Some(None)`.
///
/// # Errors
/// Those of `T`.
pub fn present<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de>>(reader: D) -> Result<Option<T>, D::Error> {
    T::deserialize(reader).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read by serde")]
    struct Inner {
        count: u32,
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read by serde")]
    struct Body {
        name: String,
        inner: Option<Vec<Inner>>,
        #[serde(default, deserialize_with = "present")]
        owner: Option<Option<String>>,
    }

    fn check(body: &str, code: &str, pointer: Option<(&str, &str)>) {
        let problem = parse::<Body>(body.as_bytes()).expect_err("refused").body(uuid::Uuid::nil());
        assert_eq!(problem["code"], code, "{body}");
        if let Some((at, why)) = pointer {
            assert_eq!(problem["errors"][0]["pointer"], at, "{body}");
            assert_eq!(problem["errors"][0]["code"], why, "{body}");
        }
    }

    #[test]
    fn each_fault_of_a_body_has_its_code_and_place() {
        check("{", "malformed_body", None);
        check(r#"{"nmae":"#, "malformed_body", None);
        check(r#"["a"]"#, "invalid", Some(("", "type")));
        check(r#"{"name":"a"} x"#, "malformed_body", None);
        check(r#"{"name":"a","nmae":1}"#, "unknown_field", Some(("/nmae", "unknown_field")));
        check(r#"{"name":1}"#, "invalid", Some(("/name", "type")));
        check("{}", "invalid", Some(("/name", "required")));
        check(r#"{"name":"a","inner":[{"count":"x"}]}"#, "invalid", Some(("/inner/0/count", "type")));
        check(r#"{"name":"a","inner":[{"count":1,"z":2}]}"#, "unknown_field", Some(("/inner/0/z", "unknown_field")));
    }

    #[test]
    fn a_nul_is_refused_wherever_it_stands() {
        check(r#"{"name":"a\u0000"}"#, "invalid", Some(("/name", "format")));
        assert!(parse::<Body>(br#"{"name":"a\\u0000"}"#).is_ok(), "six characters that only look like one");
    }

    #[test]
    fn null_is_told_apart_from_absent() {
        let owner = |body: &str| parse::<Body>(body.as_bytes()).expect("valid").owner;
        assert_eq!(owner(r#"{"name":"a"}"#), None);
        assert_eq!(owner(r#"{"name":"a","owner":null}"#), Some(None));
    }
}
