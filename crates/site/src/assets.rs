//! Files built by the web packages, embedded at build time, and how they are sent.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Names that carry their content's hash never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The scripts that host pages embed: young enough for an update to reach them within minutes.
const MINUTES: &str = "public, max-age=300";
/// Kept, but asked for every time.
const ASK_AGAIN: &str = "no-cache";

/// One embedded file.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Below the package's `dist`, with slashes.
    pub path: &'static str,
    /// As built.
    pub bytes: &'static [u8],
    /// The same, compressed; `None` where that saves nothing.
    pub gzip: Option<&'static [u8]>,
    /// First half of its SHA-256, in hex.
    pub hash: &'static str,
    /// Value of `Content-Type`.
    pub media_type: &'static str,
}

/// The console's file at `path`, if it was built.
pub fn console(path: &str) -> Option<&'static Asset> {
    CONSOLE.iter().find(|asset| asset.path == path)
}

/// One of the widget's two scripts, loadable from any page.
pub async fn script(name: &'static str, headers: HeaderMap) -> Response {
    let Some(asset) = WIDGET.iter().find(|asset| asset.path == name) else {
        return (StatusCode::NOT_FOUND, "the widget was not built: run `make web`, then build again\n").into_response();
    };
    let mut response = send(asset, &headers, MINUTES);
    let sent = response.headers_mut();
    sent.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    sent.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

/// A file of the console; those below `assets/` carry a hash in their names.
pub fn console_file(asset: &Asset, headers: &HeaderMap) -> Response {
    send(asset, headers, if asset.path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN })
}

fn send(asset: &Asset, headers: &HeaderMap, cache: &'static str) -> Response {
    let gzip = asset.gzip.filter(|_| accepts_gzip(headers));
    let tag = if gzip.is_some() { format!("\"{}-gz\"", asset.hash) } else { format!("\"{}\"", asset.hash) };
    let mut response = if is_known(headers, asset.hash) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(gzip.unwrap_or(asset.bytes)))
    };
    let sent = response.headers_mut();
    sent.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    sent.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    sent.insert(VARY, HeaderValue::from_static("accept-encoding"));
    sent.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    if gzip.is_some() {
        sent.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        sent.insert(ETAG, tag);
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value
            .split(',')
            .map(str::trim)
            .any(|part| part == "gzip" || part.starts_with("gzip;") && !part.ends_with("q=0"))
    })
}

fn is_known(headers: &HeaderMap, hash: &str) -> bool {
    headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSET: Asset = Asset {
        path: "assets/a-1.js",
        bytes: b"let a",
        gzip: Some(b"packed"),
        hash: "abc",
        media_type: "text/javascript; charset=utf-8",
    };

    fn asked(name: HeaderName, value: &'static str) -> Response {
        console_file(&ASSET, &HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
    }

    #[test]
    fn hashed_names_are_kept_for_ever() {
        assert_eq!(asked(ACCEPT_ENCODING, "br").headers()[CACHE_CONTROL], FOR_EVER);
    }

    #[test]
    fn gzip_is_sent_only_to_who_takes_it() {
        assert_eq!(asked(ACCEPT_ENCODING, "br, gzip").headers()[CONTENT_ENCODING], "gzip");
        assert!(!asked(ACCEPT_ENCODING, "br, gzip;q=0").headers().contains_key(CONTENT_ENCODING));
    }

    #[test]
    fn a_known_hash_is_not_sent_again() {
        assert_eq!(asked(IF_NONE_MATCH, "\"abc-gz\"").status(), StatusCode::NOT_MODIFIED);
    }
}
