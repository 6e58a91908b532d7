//! `type; name=value` headers with RFC 2231 continuations and charsets.
//!
//! `mail-parser` decodes each continuation on its own and so loses a character that is split
//! between two of them; here the bytes are joined first.

use std::collections::BTreeMap;

use crate::{charset, encoding};

/// A media type or disposition with its parameters; names and the value are lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameterised {
    pub(crate) value: String,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Parameterised {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a header value; never fails, what makes no sense is left out.
pub(crate) fn parse(header: &str) -> Parameterised {
    let mut pieces = split(header).into_iter();
    let value: String = pieces.next().unwrap_or_default().split_whitespace().collect();
    let mut parameters = Vec::new();
    let mut extended: BTreeMap<String, Extended> = BTreeMap::new();
    for piece in pieces {
        let Some((name, value)) = piece.split_once('=') else { continue };
        let name = name.trim().to_ascii_lowercase();
        match name.split_once('*') {
            Some((base, section)) => extended.entry(base.to_owned()).or_default().add(section, unquote(value)),
            None => parameters.push((name, unquote(value))),
        }
    }
    // The extended form says more than the plain one that stands beside it for old readers.
    parameters.splice(0..0, extended.into_iter().map(|(name, parts)| (name, parts.decode())));
    Parameterised { value: value.to_ascii_lowercase(), parameters }
}

/// The sections of one parameter by number, and whether each is percent-encoded.
#[derive(Default)]
struct Extended {
    sections: BTreeMap<u32, (bool, String)>,
}

impl Extended {
    /// `section` is what follows the first `*`: empty, `N` or `N*`.
    fn add(&mut self, section: &str, value: String) {
        let is_encoded = section.is_empty() || section.ends_with('*');
        let number = section.trim_end_matches('*').parse().unwrap_or(0);
        self.sections.entry(number).or_insert((is_encoded, value));
    }

    fn decode(self) -> String {
        let mut label = None;
        let mut bytes = Vec::new();
        for (index, (is_encoded, value)) in self.sections.into_values().enumerate() {
            let value = match split_charset(&value).filter(|_| index == 0 && is_encoded) {
                Some((charset, rest)) => {
                    label = Some(charset.to_owned());
                    rest.to_owned()
                }
                None => value,
            };
            if is_encoded {
                encoding::unescape(value.as_bytes(), b'%', &mut bytes);
            } else {
                bytes.extend_from_slice(value.as_bytes());
            }
        }
        charset::decode(&bytes, label.as_deref())
    }
}

/// `charset'language'text`.
fn split_charset(value: &str) -> Option<(&str, &str)> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    Some((charset, text))
}

/// Cuts at semicolons outside quotes and leaves out comments.
fn split(header: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut is_quoted, mut is_escaped, mut comment_depth) = (false, false, 0_u32);
    for c in header.chars() {
        let is_plain = !is_escaped && !is_quoted;
        match c {
            '(' if is_plain && !in_value(&pieces) => comment_depth += 1,
            ')' if is_plain && comment_depth > 0 => comment_depth -= 1,
            ';' if is_plain && comment_depth == 0 => pieces.push(String::new()),
            _ if comment_depth > 0 => {}
            _ => {
                is_quoted ^= c == '"' && !is_escaped;
                pieces.last_mut().expect("invariant: starts with one piece").push(c);
            }
        }
        is_escaped = c == '\\' && is_quoted && !is_escaped;
    }
    pieces
}

/// Whether a value has begun: `name=report(1).pdf` is no comment, though it should be quoted.
fn in_value(pieces: &[String]) -> bool {
    let value = pieces.last().and_then(|piece| piece.split_once('='));
    value.is_some_and(|(_, value)| !value.is_empty() && !value.ends_with([' ', '\t', '"']))
}

fn unquote(value: &str) -> String {
    let value = value.trim();
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        // Windows paths come unescaped; only quotes and backslashes are escapes.
        let is_escape = c == '\\' && chars.peek().is_some_and(|next| matches!(next, '"' | '\\'));
        out.extend(if is_escape { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_value_and_plain_parameters_are_read() {
        let found = parse("Text/Plain (comment; x=y) ; Charset=\"utf-8\"; format = flowed");
        assert_eq!(found.value, "text/plain");
        assert_eq!(found.parameter("charset"), Some("utf-8"));
        assert_eq!(found.parameter("format"), Some("flowed"));
        assert_eq!(found.parameter("x"), None);
    }

    #[test]
    fn quotes_hide_semicolons_and_escapes() {
        let found = parse("a/b; name=\"x; \\\"y\\\".pdf\"; other=z");
        assert_eq!(found.parameter("name"), Some("x; \"y\".pdf"));
        assert_eq!(found.parameter("other"), Some("z"));
        assert_eq!(parse("a/b; name=report(1).pdf").parameter("name"), Some("report(1).pdf"));
        assert_eq!(parse("a/b; name=\"report (1).pdf\"").parameter("name"), Some("report (1).pdf"));
    }

    #[test]
    fn sections_are_joined_in_order_whatever_order_they_come_in() {
        let found = parse("a/b; n*1=\"c\"; n*0*=utf-8'es'%C3%B1; n=plain");
        assert_eq!(found.parameter("n"), Some("ñc"));
    }
}
