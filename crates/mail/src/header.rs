//! The header block of a message or part: fields in order, by name, decoded on demand.
//!
//! Field grammar (addresses, dates, message ids) is read by `mail-parser`; this
//! module brings the bytes into a shape it reads well: unfolded, UTF-8, encoded words undone.
//!
//! # Invariants
//! - Splitting loses nothing: what is not a header field starts the body.
//! - Values handed out contain no CR, LF or NUL.

use mail_parser::{DateTime, HeaderValue, parsers::MessageStream};

use crate::{
    Address, charset, encoding,
    parameter::{self, Parameterised},
};

/// One field as it stands in the block; the value may still be folded.
#[derive(Debug, Clone, Copy)]
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// The fields of one block, topmost first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Headers<'a> {
    /// Splits `raw` into its header fields and the body behind them.
    pub(crate) fn split(raw: &'a [u8]) -> (Self, &'a [u8]) {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let end = line_end(raw, at);
            let line = trim_ending(&raw[at..end]);
            if line.is_empty() {
                return (Self { fields }, &raw[end..]);
            }
            match continue_or_start(raw, at, end, &mut fields) {
                Line::Taken => at = end,
                Line::NotHeader => return (Self { fields }, &raw[at..]),
            }
        }
        (Self { fields }, &raw[raw.len()..])
    }

    /// Like [`Headers::split`] for a whole mail: lines of garbage before the first header that
    /// mail usually has are passed over.
    pub(crate) fn split_mail(raw: &'a [u8]) -> (Self, &'a [u8]) {
        let (headers, body) = Self::split(raw);
        match headers.is_empty().then(|| first_known_field(raw)).flatten() {
            Some(at) => Self::split(&raw[at..]),
            None => (headers, body),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn raw_values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        let named = move |field: &&Field<'a>| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(named).map(|field| field.value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw_values(name).next().is_some()
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.raw_values(name).count()
    }

    /// The topmost field of that name, unfolded and trimmed, encoded words left alone.
    pub(crate) fn plain(&self, name: &str) -> Option<String> {
        self.raw_values(name).next().map(unfold)
    }

    /// The topmost field of that name as text for people.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.plain(name).map(|value| encoding::decode_words(&value).trim().to_owned())
    }

    /// Message ids of the topmost field of that name, without angle brackets.
    pub(crate) fn ids(&self, name: &str) -> Vec<String> {
        self.plain(name).map(|value| parse_ids(&value)).unwrap_or_default()
    }

    /// The addresses of every field of that name, in order.
    pub(crate) fn addresses(&self, name: &str) -> Vec<Address> {
        self.raw_values(name).flat_map(|value| parse_addresses(&unfold(value))).collect()
    }

    pub(crate) fn date(&self, name: &str) -> Option<jiff::Timestamp> {
        let value = self.plain(name)? + "\n";
        match MessageStream::new(value.as_bytes()).parse_date() {
            HeaderValue::DateTime(date) => timestamp(&date),
            _ => None,
        }
    }

    /// Content-Type or Content-Disposition; `None` when absent.
    pub(crate) fn parameterised(&self, name: &str) -> Option<Parameterised> {
        self.plain(name).map(|value| parameter::parse(&quote_words(&value)))
    }
}

enum Line {
    Taken,
    NotHeader,
}

/// Takes the line `raw[at..end]` into `fields`, as a continuation or as a new field.
fn continue_or_start<'a>(raw: &'a [u8], at: usize, end: usize, fields: &mut Vec<Field<'a>>) -> Line {
    let line = &raw[at..end];
    if matches!(line.first(), Some(b' ' | b'\t')) {
        let Some(last) = fields.last_mut() else { return Line::NotHeader };
        last.value = &raw[at - last.value.len()..end];
        return Line::Taken;
    }
    // The separator line of mbox files.
    if at == 0 && (line.starts_with(b"From ") || line.starts_with(b">From ")) {
        return Line::Taken;
    }
    match split_field(line) {
        Some(field) => {
            fields.push(field);
            Line::Taken
        }
        None => Line::NotHeader,
    }
}

fn split_field(line: &[u8]) -> Option<Field<'_>> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(|byte| *byte > b' ' && *byte != 0x7f);
    is_name.then_some(Field { name, value: &line[colon + 1..] })
}

/// Where a usual header begins within the first lines of `raw`, before any empty line.
fn first_known_field(raw: &[u8]) -> Option<usize> {
    const KNOWN: [&str; 8] = ["from", "to", "subject", "date", "message-id", "received", "return-path", "mime-version"];
    const MAX_GARBAGE_LINES: usize = 5;
    let mut at = 0;
    for _ in 0..=MAX_GARBAGE_LINES {
        let line = raw.get(at..line_end(raw, at.min(raw.len())))?;
        if trim_ending(line).is_empty() {
            return None;
        }
        let is_known = |field: Field<'_>| KNOWN.iter().any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()));
        if split_field(line).is_some_and(is_known) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

fn line_end(raw: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |offset| at + offset + 1)
}

fn trim_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Removes line breaks and decodes 8-bit bytes nobody labelled.
fn unfold(value: &[u8]) -> String {
    let text = charset::decode(value, None);
    let unfolded: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    unfolded.trim().to_owned()
}

fn parse_ids(value: &str) -> Vec<String> {
    let line = value.to_owned() + "\n";
    let found = match MessageStream::new(line.as_bytes()).parse_id() {
        HeaderValue::Text(id) => vec![id.into_owned()],
        HeaderValue::TextList(ids) => ids.into_iter().map(|id| id.into_owned()).collect(),
        _ => bare_ids(value),
    };
    found.iter().filter_map(|id| clean_id(id)).collect()
}

/// Ids without angle brackets, as some systems write them.
fn bare_ids(value: &str) -> Vec<String> {
    value.split_whitespace().filter(|word| word.contains('@')).map(str::to_owned).collect()
}

fn clean_id(id: &str) -> Option<String> {
    let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let id = id.trim_matches(['<', '>']);
    (!id.is_empty() && id.len() <= 998).then(|| id.to_owned())
}

pub(crate) fn parse_addresses(value: &str) -> Vec<Address> {
    let line = quote_words(value) + "\n";
    match MessageStream::new(line.as_bytes()).parse_address() {
        HeaderValue::Address(list) => list.iter().filter_map(address).collect(),
        _ => Vec::new(),
    }
}

fn address(found: &mail_parser::Addr<'_>) -> Option<Address> {
    let name = found.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    Address::new(name, found.address.as_deref()?)
}

/// Replaces encoded words by quoted UTF-8, so that what they say cannot act as syntax.
fn quote_words(value: &str) -> String {
    encoding::replace_words(value, |decoded, is_quoted| {
        let escaped = decoded.replace('\\', "\\\\").replace('"', "\\\"");
        if is_quoted { escaped } else { format!("\"{escaped}\"") }
    })
}

fn timestamp(date: &DateTime) -> Option<jiff::Timestamp> {
    if !date.is_valid() {
        return None;
    }
    jiff::Timestamp::from_second(date.to_timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> Headers<'_> {
        Headers::split(raw.as_bytes()).0
    }

    #[test]
    fn fields_are_unfolded_and_names_compare_without_case() {
        let headers = of("SUBJECT: uno\r\n dos\r\n\ttres\r\nX: y\r\n\r\nbody");
        assert_eq!(headers.text("subject").as_deref(), Some("uno dos\ttres"));
    }

    #[test]
    fn a_line_that_is_no_header_starts_the_body() {
        let (headers, body) = Headers::split(b"Subject: a\nHola, no hay linea en blanco\nfin");
        assert_eq!(headers.count("subject"), 1);
        assert_eq!(body, b"Hola, no hay linea en blanco\nfin");
        assert_eq!(Headers::split(b"  x\n").1, b"  x\n");
    }

    #[test]
    fn garbage_before_the_first_header_of_a_mail_is_passed_over() {
        let split = |raw: &'static str| Headers::split_mail(raw.as_bytes()).0.text("subject");
        assert_eq!(split("garbage\n more\nSubject: a\n\nb").as_deref(), Some("a"));
        assert_eq!(split("just text\n\nSubject: a\n\nb"), None);
        assert_eq!(split("\u{89}PNG"), None);
    }

    #[test]
    fn addresses_with_encoded_words_inside_and_outside_quotes_are_read() {
        let headers = of("From: =?utf-8?Q?Garc=C3=ADa=2C_Jos=C3=A9?= <jose@EXAMPLE.com>\n\
             To: \"=?utf-8?B?TWHDsWFuYQ==?=\" <a@b.es>, c@d.es\n\n");
        let from = headers.addresses("from");
        assert_eq!(from.len(), 1);
        assert_eq!(from[0].name.as_deref(), Some("García, José"));
        assert_eq!(from[0].email, "jose@example.com");
        let to = headers.addresses("to");
        assert_eq!(to[0].name.as_deref(), Some("Mañana"));
        assert_eq!(to[1].email, "c@d.es");
    }

    #[test]
    fn an_encoded_word_cannot_smuggle_another_address() {
        let headers = of("From: =?utf-8?Q?=22_=3Cceo=40bank.com=3E=2C_=22?= <evil@x.es>\n\n");
        let from = headers.addresses("from");
        assert_eq!(from.len(), 1);
        assert_eq!(from[0].email, "evil@x.es");
    }

    #[test]
    fn file_names_in_every_spelling_are_read() {
        let name = |value: &str| {
            let raw = format!("Content-Disposition: attachment; {value}\n\n");
            let found = of(&raw).parameterised("content-disposition").expect("readable");
            found.parameter("filename").map(str::to_owned)
        };
        let expected = Some("añejo.pdf".to_owned());
        assert_eq!(name("filename*=utf-8''a%C3%B1ejo.pdf"), expected);
        assert_eq!(name("filename*0*=utf-8''a%C3%B1;\n filename*1=ejo.pdf"), expected);
        assert_eq!(name("filename*0*=utf-8''a%C3;\n filename*1*=%B1ejo.pdf"), expected);
        assert_eq!(name("filename*=iso-8859-1'es'a%F1ejo.pdf"), expected);
        assert_eq!(name("filename=\"=?utf-8?Q?a=C3=B1ejo.pdf?=\""), expected);
        assert_eq!(name("filename==?utf-8?Q?a=C3=B1ejo.pdf?="), expected);
        assert_eq!(name("filename=\"añejo.pdf\""), expected);
    }

    #[test]
    fn ids_are_read_with_and_without_brackets() {
        let headers = of("References: <a@b>\n <c@d> junk\nIn-Reply-To: e@f\n\n");
        assert_eq!(headers.ids("references"), ["a@b", "c@d"]);
        assert_eq!(headers.ids("in-reply-to"), ["e@f"]);
        assert_eq!(headers.ids("message-id"), Vec::<String>::new());
    }

    #[test]
    fn dates_are_read_and_nonsense_is_no_date() {
        let headers = of("Date: Mon, 16 Nov 2026 10:02:03 +0100\nX: never\n\n");
        assert_eq!(headers.date("date").expect("date").to_string(), "2026-11-16T09:02:03Z");
        assert_eq!(headers.date("x"), None);
    }
}
