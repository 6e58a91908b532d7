//! The MIME tree of a message, cut at its boundaries.
//!
//! Attached messages (`message/rfc822`) are leaves: nothing inside them is opened, so nesting
//! them costs nothing. `mail-parser` opens every one of them, without a limit on depth, and
//! drops the result recursively; that is why the tree is cut here and not there.
//!
//! # Invariants
//! - At most `max_parts` parts and `max_depth` nested multiparts; recursion is bounded by the latter.
//! - A multipart without a usable boundary is shown as text rather than lost.

use crate::{Limits, Reason, header::Headers, parameter::Parameterised};

/// One part; `children` is empty for leaves.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) headers: Headers<'a>,
    pub(crate) content_type: Parameterised,
    pub(crate) body: &'a [u8],
    pub(crate) children: Vec<Node<'a>>,
}

impl Node<'_> {
    pub(crate) fn media_type(&self) -> &str {
        &self.content_type.value
    }
}

/// Cuts `raw` into its parts.
///
/// # Errors
/// [`Reason::TooManyParts`], [`Reason::TooDeep`] or [`Reason::HeadersTooLarge`] when over `limits`.
pub(crate) fn tree<'a>(raw: &'a [u8], limits: &Limits) -> Result<Node<'a>, Reason> {
    let mut cutter = Cutter { limits, parts: 0 };
    cutter.node(raw, "text/plain", 0)
}

struct Cutter<'l> {
    limits: &'l Limits,
    parts: usize,
}

impl Cutter<'_> {
    fn node<'a>(&mut self, raw: &'a [u8], default_type: &str, depth: usize) -> Result<Node<'a>, Reason> {
        self.parts += 1;
        if self.parts > self.limits.max_parts {
            return Err(Reason::TooManyParts);
        }
        let (headers, body) = if depth == 0 { Headers::split_mail(raw) } else { Headers::split(raw) };
        if raw.len() - body.len() > self.limits.max_header_bytes {
            return Err(Reason::HeadersTooLarge);
        }
        let content_type = content_type(&headers, default_type);
        let children = self.children(&content_type, body, depth)?;
        Ok(Node { headers, content_type, body, children })
    }

    fn children<'a>(&mut self, of: &Parameterised, body: &'a [u8], depth: usize) -> Result<Vec<Node<'a>>, Reason> {
        if !of.value.starts_with("multipart/") {
            return Ok(Vec::new());
        }
        if depth >= self.limits.max_depth {
            return Err(Reason::TooDeep);
        }
        let default_type = if of.value == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let budget = self.limits.max_parts - self.parts + 1;
        parts(body, of.parameter("boundary"), budget)
            .into_iter()
            .map(|part| self.node(part, default_type, depth + 1))
            .collect()
    }
}

/// The parts by the declared boundary or, when that is missing or wrong, by the first line that
/// looks like one.
fn parts<'a>(body: &'a [u8], declared: Option<&str>, budget: usize) -> Vec<&'a [u8]> {
    let declared = declared.map(str::trim_end).filter(|boundary| !boundary.is_empty());
    let parts = declared.map(|boundary| split(body, boundary.as_bytes(), budget)).unwrap_or_default();
    match guessed_boundary(body) {
        Some(guessed) if parts.is_empty() => split(body, guessed, budget),
        _ => parts,
    }
}

/// What follows the two dashes the body begins with.
fn guessed_boundary(body: &[u8]) -> Option<&[u8]> {
    let line = body.trim_ascii_start().split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    line.strip_prefix(b"--").filter(|boundary| (1..=200).contains(&boundary.len()))
}

fn content_type(headers: &Headers<'_>, default_type: &str) -> Parameterised {
    let declared = headers.parameterised("content-type").filter(|found| found.value.contains('/'));
    declared.unwrap_or_else(|| Parameterised { value: default_type.to_owned(), ..Default::default() })
}

/// The parts between the boundary lines, at most `budget`; without a closing line the last
/// part runs to the end.
fn split<'a>(body: &'a [u8], boundary: &[u8], budget: usize) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    while at < body.len() && parts.len() < budget {
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |offset| at + offset + 1);
        if let Some(kind) = boundary_line(&body[at..end], boundary) {
            parts.extend(start.map(|start| part(body, start, at)));
            start = Some(end);
            if kind == Boundary::Close {
                return parts;
            }
        }
        at = end;
    }
    if parts.len() < budget {
        parts.extend(start.filter(|start| *start < body.len()).map(|start| &body[start..]));
    }
    parts
}

/// The line break before a boundary belongs to the boundary.
fn part(body: &[u8], start: usize, boundary_at: usize) -> &[u8] {
    let part = &body[start..boundary_at.max(start)];
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[derive(PartialEq, Eq)]
enum Boundary {
    Open,
    Close,
}

fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<Boundary> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(Boundary::Open),
        b"--" => Some(Boundary::Close),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(raw: &str) -> Result<Vec<String>, Reason> {
        let node = tree(raw.as_bytes(), &Limits::default())?;
        let body = |child: &Node<'_>| String::from_utf8_lossy(child.body).into_owned();
        Ok(node.children.iter().map(body).collect())
    }

    const HEAD: &str = "Content-Type: multipart/mixed; boundary=\"b\"\n\n";

    #[test]
    fn parts_lie_between_boundaries_and_lose_the_last_line_break() {
        let raw = format!("{HEAD}preamble\n--b\n\nuno\n--b \r\n\r\ndos\r\n--b--\nepilogue");
        assert_eq!(cut(&raw).expect("tree"), ["uno", "dos"]);
    }

    #[test]
    fn a_missing_closing_boundary_loses_nothing() {
        assert_eq!(cut(&format!("{HEAD}--b\n\nuno\n--b\n\ndos")).expect("tree"), ["uno", "dos"]);
    }

    #[test]
    fn a_longer_boundary_is_not_taken_for_a_shorter_one() {
        assert_eq!(cut(&format!("{HEAD}--b\n\nuno\n--bc\ndos\n--b--")).expect("tree"), ["uno\n--bc\ndos"]);
    }

    #[test]
    fn a_wrong_or_missing_boundary_is_guessed_from_the_first_line() {
        let body = "--b\n\nuno\n--b\n\ndos\n--b--";
        for head in ["multipart/mixed; boundary=x", "multipart/mixed", "multipart/mixed; boundary=\"\""] {
            assert_eq!(cut(&format!("Content-Type: {head}\n\n{body}")).expect("tree"), ["uno", "dos"]);
        }
    }

    #[test]
    fn more_parts_than_allowed_are_refused() {
        let many = |count| format!("{HEAD}{}", "--b\n\nx\n".repeat(count));
        assert_eq!(cut(&many(499)).expect("499 and the root are 500").len(), 499);
        assert_eq!(cut(&many(500)), Err(Reason::TooManyParts));
        assert_eq!(cut(&many(100_000)), Err(Reason::TooManyParts));
    }

    #[test]
    fn deeper_nesting_than_allowed_is_refused() {
        let nested = |depth: usize| -> String {
            (0..depth).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect()
        };
        assert!(cut(&nested(32)).is_ok());
        assert_eq!(cut(&nested(33)), Err(Reason::TooDeep));
    }

    #[test]
    fn attached_messages_are_never_opened() {
        let raw = "Content-Type: message/rfc822\n\n".repeat(100_000);
        assert!(cut(&raw).is_ok());
    }

    #[test]
    fn a_large_header_block_is_refused() {
        let raw = format!("X: {}\n\nbody", "a".repeat(256 * 1024));
        assert_eq!(cut(&raw), Err(Reason::HeadersTooLarge));
    }
}
