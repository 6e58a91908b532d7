//! Files over HTTP: bodies streamed in, files streamed out as downloads.
//!
//! # Invariants
//! - What leaves here is never shown by a browser as part of our pages: a download, unsniffed, without rights.
//! - Only pictures that were drawn anew here are sent inline.

use std::time::Duration;

use app::Error;
use app::files::Upload;
use app::model::Attachment;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
};
use http::{HeaderValue, StatusCode};
use tokio_util::io::ReaderStream;

use crate::Answer;
use crate::problem::{Code, Problem};

/// How long the next bytes of a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Streams a body into a file.
///
/// # Errors
/// 413 `attachment_too_large`, as early as the length is known; 507 `storage_full`; 400 when the sender stops.
pub async fn take_in(request: Request, upload: &mut Upload) -> Answer<()> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > upload.max_bytes()) {
        return Err(Error::AttachmentTooLarge { max_bytes: upload.max_bytes() }.into());
    }
    let mut stream = request.into_body().into_data_stream();
    loop {
        match tokio::time::timeout(PATIENCE, stream.next()).await {
            Ok(Some(Ok(chunk))) => upload.write(&chunk).await?,
            Ok(None) => return Ok(()),
            Ok(Some(Err(_))) | Err(_) => return Err(Problem::from(Code::MalformedBody).detail("the body broke off")),
        }
    }
}

/// A file as a download.
#[must_use]
pub fn download(attachment: &Attachment, file: tokio::fs::File) -> Response {
    let mut response = Body::from_stream(ReaderStream::with_capacity(file, 64 * 1024)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(attachment.size_bytes));
    headers.insert(CONTENT_TYPE, media_type(&attachment.media_type));
    if let Ok(value) = HeaderValue::try_from(disposition(&attachment.name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    harmless(response)
}

/// A picture that was drawn here.
#[must_use]
pub fn picture(png: Vec<u8>) -> Response {
    let mut response = (StatusCode::OK, png).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    harmless(response)
}

/// Takes every right from what a stranger may have made. `nosniff` stands on every answer.
fn harmless(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

/// The type on the wire: markup that a browser would run is only bytes.
fn media_type(found: &str) -> HeaderValue {
    let is_markup = found.contains("html") || found.contains("xml") || found.contains("script");
    let fallback = HeaderValue::from_static("application/octet-stream");
    if is_markup { fallback } else { HeaderValue::from_str(found).unwrap_or(fallback) }
}

/// A name for every browser: plain for the old, whole by RFC 8187.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' }).collect();
    let whole = name.bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            text + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            format!("{text}%{byte:02X}")
        }
    });
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(
            disposition("año \"x\";\r\n.png"),
            "attachment; filename=\"a_o _x____.png\"; filename*=UTF-8''a%C3%B1o%20%22x%22%3B%0D%0A.png"
        );
    }

    #[test]
    fn what_a_browser_would_run_is_sent_as_bytes() {
        for found in ["text/html", "image/svg+xml", "text/xml", "text/x-shellscript", "a\nb"] {
            assert_eq!(media_type(found), "application/octet-stream", "{found}");
        }
        assert_eq!(media_type("image/png"), "image/png");
    }
}
