//! What bytes are, found by looking at them, and small safe pictures of pictures. Pure but for the time it takes.
//!
//! # Invariants
//! - Neither the name nor what the sender says decides the type.
//! - A picture is decoded only within [`MAX_PIXELS`]; what leaves here was drawn anew, pixel by pixel.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};

/// Most pixels of a picture that is looked at.
const MAX_PIXELS: u64 = 40_000_000;
/// Most memory one picture may take while it is decoded, in bytes.
const MAX_DECODING_BYTES: u64 = 256 * 1024 * 1024;
/// Longest side of a preview, in pixels.
const PREVIEW_SIDE: u32 = 800;
/// Bytes at the beginning of a file that tell its type.
pub const HEAD_BYTES: usize = 8 * 1024;

/// The type of a file by its first [`HEAD_BYTES`].
#[must_use]
pub fn media_type(head: &[u8]) -> &'static str {
    let found = infer::get(head).map(|found| found.mime_type());
    if let Some(binary) = found.filter(|media_type| !media_type.starts_with("text/")) {
        return binary;
    }
    if is_markup(head, "<svg") {
        return "image/svg+xml";
    }
    if let Some(text) = found {
        return text;
    }
    if is_markup(head, "<html") || is_markup(head, "<script") {
        return "text/html";
    }
    if is_text(head) { "text/plain" } else { "application/octet-stream" }
}

fn is_markup(head: &[u8], tag: &str) -> bool {
    String::from_utf8_lossy(head).to_ascii_lowercase().contains(tag)
}

/// UTF-8 without control characters; the last character may be cut off.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

fn format(media_type: &str) -> Option<ImageFormat> {
    match media_type {
        "image/gif" => Some(ImageFormat::Gif),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Whether a preview may be asked for.
#[must_use]
pub fn has_preview(media_type: &str) -> bool {
    format(media_type).is_some()
}

/// Width and height in pixels; `None` for what is no picture, or one too large to look at.
#[must_use]
pub fn dimensions(media_type: &str, bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = ImageReader::with_format(Cursor::new(bytes), format(media_type)?);
    let (width, height) = reader.into_dimensions().ok()?;
    (u64::from(width) * u64::from(height) <= MAX_PIXELS).then_some((width, height))
}

/// A PNG of at most [`PREVIEW_SIDE`] pixels; `None` for what cannot be drawn within the limits.
#[must_use]
pub fn preview(media_type: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    dimensions(media_type, bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format(media_type)?);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODING_BYTES);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let picture = if picture.width().max(picture.height()) > PREVIEW_SIDE {
        picture.thumbnail(PREVIEW_SIDE, PREVIEW_SIDE)
    } else {
        picture
    };
    let mut png = Vec::new();
    picture.to_rgba8().write_to(&mut Cursor::new(&mut png), ImageFormat::Png).ok()?;
    Some(png)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbaImage;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        RgbaImage::new(width, height).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).expect("encodes");
        bytes
    }

    #[test]
    fn the_bytes_say_what_a_file_is() {
        let check = |bytes: &[u8], expected| assert_eq!(media_type(bytes), expected);
        check(&png(1, 1), "image/png");
        check(b"%PDF-1.7\n", "application/pdf");
        check(b"hola, \xc3\xb1and\xc3\xba\n", "text/plain");
        check(b"cortado \xc3", "text/plain");
        check(b"<!DOCTYPE html><html><script>alert(1)</script>", "text/html");
        check(b"<?xml version=\"1.0\"?><!-- x --><SVG onload=alert(1)>", "image/svg+xml");
        check(b"\x00\x01\x02", "application/octet-stream");
        check(b"", "application/octet-stream");
    }

    #[test]
    fn a_preview_is_a_small_picture_of_its_own() {
        let bytes = preview("image/png", &png(1_600, 400)).expect("a picture");
        assert_eq!(dimensions("image/png", &bytes), Some((800, 200)));
        assert_eq!(preview("image/svg+xml", b"<svg/>"), None);
        assert_eq!(preview("image/png", b"\x89PNG\r\n\x1a\nbroken"), None);
    }

    #[test]
    fn a_picture_of_more_pixels_than_anybody_needs_is_not_decoded() {
        let mut bomb = png(1, 1);
        let side = 60_000_u32.to_be_bytes();
        bomb[16..20].copy_from_slice(&side);
        bomb[20..24].copy_from_slice(&side);
        assert_eq!(preview("image/png", &bomb), None);
    }
}
