//! The widget on a page of its own, for sites and native apps that embed it in a frame.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::Site;
use crate::pages::{css, escape, with_policy};

const STYLE: &str = "html,body{height:100%;margin:0;background:transparent}\n";

/// `GET /w/frame/{key}`: framed only by the origins that the channel allows.
pub async fn show(State(site): State<Site>, Path(key): Path<String>) -> Response {
    let Some(origins) = site.widgets.allowed_origins(&key).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let page = format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>Chat</title><link rel=\"stylesheet\" \
         href=\"/w/frame.css\"><script async src=\"/w/loader.js\" data-key=\"{}\" data-frame></script></head><body></body></html>",
        escape(&key)
    );
    with_policy(Html(page).into_response(), &policy(&origins))
}

fn policy(origins: &[String]) -> String {
    let allowed: Vec<&str> = origins.iter().map(String::as_str).filter(|origin| is_origin(origin)).collect();
    let ancestors = if allowed.is_empty() { "'self'".to_owned() } else { format!("'self' {}", allowed.join(" ")) };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self' ws: wss:; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors {ancestors}"
    )
}

/// Whether it can stand in a policy: anything else could end the directive.
fn is_origin(text: &str) -> bool {
    text.starts_with("http") && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'\''))
}

/// `GET /w/frame.css`
pub async fn style() -> Response {
    css(STYLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_origins_may_frame() {
        let text = policy(&["https://shop.example".into(), "https://x; script-src *".into()]);
        assert!(text.ends_with("frame-ancestors 'self' https://shop.example"), "{text}");
    }
}
