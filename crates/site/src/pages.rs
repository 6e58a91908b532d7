//! The console for every path that is nobody else's, and the small pages beside it.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::assets;

/// What the console may load: itself, pictures it made, and its own server.
const CONSOLE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; media-src 'self' blob:; connect-src 'self' ws: wss:; frame-src 'self'; manifest-src 'self'; \
     worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What a page of text may load: nothing.
const BARE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Centralita</title>\
    <h1>The console was not built</h1><p>This binary was compiled without it. Run <code>make web</code> (it needs \
    Node 20.19 or newer), then compile again; <code>make run</code> does both.</p>\
    <h1 lang=\"es\">La consola no está compilada</h1><p lang=\"es\">Este binario se compiló sin ella. Ejecuta \
    <code>make web</code> (necesita Node 20.19 o posterior) y vuelve a compilar; <code>make run</code> hace ambas cosas.</p>";

/// A file of the console, else its start page: the paths of the console are its own.
pub async fn console(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(asset) = assets::console(path).filter(|asset| asset.path != "index.html") {
        return assets::console_file(asset, &headers);
    }
    if is_page(path, &headers) { start_page(&headers) } else { missing() }
}

fn start_page(headers: &HeaderMap) -> Response {
    match assets::console("index.html") {
        Some(index) => with_policy(assets::console_file(index, headers), CONSOLE_POLICY),
        None => with_policy(Html(NOT_BUILT).into_response(), BARE_POLICY),
    }
}

/// Whether someone asks for a page: not for the API, nor for a file by name.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let is_ours = ["api", "in", "w"].contains(&path.split('/').next().unwrap_or_default());
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let accept = headers.get(ACCEPT).map_or(Ok("*/*"), HeaderValue::to_str).unwrap_or_default();
    !is_ours && !is_file && (accept.contains("text/html") || accept.contains("*/*"))
}

fn missing() -> Response {
    let mut response = (StatusCode::NOT_FOUND, "not found\n").into_response();
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Sends `page` under a content security policy, never kept by caches in between.
pub fn with_policy(mut page: Response, policy: &str) -> Response {
    let sent = page.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        sent.insert(CONTENT_SECURITY_POLICY, policy);
    }
    sent.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    sent.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    sent.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    page
}

/// A style sheet of ours.
pub fn css(text: &'static str) -> Response {
    let mut response = text.into_response();
    let sent = response.headers_mut();
    sent.insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    sent.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    sent.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The page behind `type` of an error, for people who follow it.
pub async fn problem(Path(code): Path<String>) -> Response {
    let is_code = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !is_code {
        return missing();
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{code}</title><h1>{code}</h1>\
         <p>An error code of the Centralita API. The answer that carried it says in <code>detail</code> and \
         <code>errors</code> what to change, and in <code>request_id</code> what to look for in the log.</p>"
    );
    with_policy(Html(page).into_response(), BARE_POLICY)
}

/// `text` with the characters that mean something in HTML replaced.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_pages_get_the_console() {
        assert!(is_page("inbox/mine", &accepting("text/html,*/*;q=0.8")));
        assert!(is_page("", &HeaderMap::new()));
        assert!(!is_page("api/v1/nothing", &accepting("text/html")));
        assert!(!is_page("assets/gone-123.js", &accepting("*/*")));
        assert!(!is_page("inbox", &accepting("application/json")));
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
    }
}
