//! Content-Transfer-Encoding and RFC 2047 encoded words, read leniently.
//!
//! Decoders here never refuse: what is not part of the encoding is skipped (base64) or kept
//! literally (quoted-printable), because a damaged part is still worth showing.

use crate::charset;

/// Undoes a Content-Transfer-Encoding; unknown encodings leave the bytes as they are.
pub fn decode_transfer(bytes: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(bytes),
        "quoted-printable" => quoted_printable(bytes),
        _ => bytes.to_vec(),
    }
}

/// Decodes base64, skipping foreign characters; padding ends a group, not the text.
pub fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut group, mut bits) = (0u32, 0u32);
    for &byte in bytes {
        match sextet(byte) {
            Some(value) => {
                group = (group << 6) | value;
                bits += 6;
                if bits >= 8 {
                    bits -= 8;
                    out.push((group >> bits) as u8);
                    group &= (1 << bits) - 1;
                }
            }
            None if byte == b'=' => (group, bits) = (0, 0),
            None => {}
        }
    }
    out
}

fn sextet(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Decodes quoted-printable; a broken escape stays as it is written.
pub fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let (content, ending) = split_ending(line);
        let trimmed = content.trim_ascii_end();
        let is_soft_break = trimmed.ends_with(b"=");
        let content = if is_soft_break { &trimmed[..trimmed.len() - 1] } else { content };
        unescape(content, b'=', &mut out);
        if !is_soft_break {
            out.extend_from_slice(ending);
        }
    }
    out
}

fn split_ending(line: &[u8]) -> (&[u8], &[u8]) {
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    line.split_at(content.len())
}

/// Appends `bytes` with `escape` followed by two hex digits replaced by that byte.
pub(crate) fn unescape(bytes: &[u8], escape: u8, out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        match tail {
            [high, low, after @ ..] if first == escape => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                    continue;
                }
                _ => out.push(first),
            },
            _ => out.push(first),
        }
        rest = tail;
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// One `=?charset?B|Q?text?=`, its text already out of base64 or Q.
struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
}

/// Longest encoded word read, in bytes; the standard allows 75.
const MAX_WORD_BYTES: usize = 4_096;

/// Replaces encoded words in `text`, wherever they stand, by what they say.
///
/// Neighbouring words of one charset are joined before decoding, so that a character split
/// between two of them survives. `wrap` turns each decoded run into its replacement; it is told
/// whether the run stands inside double quotes.
pub fn replace_words(text: &str, wrap: impl Fn(&str, bool) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_quoted = false;
    while let Some(start) = rest.find("=?") {
        let (before, candidate) = rest.split_at(start);
        out.push_str(before);
        is_quoted ^= toggles_quotes(before);
        match take_run(candidate) {
            Some((decoded, after)) => {
                out.push_str(&wrap(&decoded, is_quoted));
                rest = after;
            }
            None => {
                out.push_str("=?");
                rest = &candidate[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether `text` holds an odd number of unescaped double quotes.
fn toggles_quotes(text: &str) -> bool {
    let (mut is_odd, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        is_odd ^= byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
    }
    is_odd
}

/// Decodes the encoded words of an unstructured header.
pub fn decode_words(text: &str) -> String {
    replace_words(text, |decoded, _| decoded.to_owned())
}

/// Takes as many encoded words as follow each other; only white space may stand between.
fn take_run(text: &str) -> Option<(String, &str)> {
    let (first, mut rest) = take_word(text)?;
    let (mut decoded, mut pending) = (String::new(), first);
    while let Some((word, after)) = take_word(rest.trim_start()) {
        rest = after;
        if word.charset.eq_ignore_ascii_case(pending.charset) {
            pending.bytes.extend_from_slice(&word.bytes);
        } else {
            decoded += &charset::decode(&pending.bytes, Some(pending.charset));
            pending = word;
        }
    }
    decoded += &charset::decode(&pending.bytes, Some(pending.charset));
    Some((decoded.replace(['\r', '\n'], " "), rest))
}

fn take_word(text: &str) -> Option<(Word<'_>, &str)> {
    let mut limit = text.len().min(MAX_WORD_BYTES);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let window = &text[..limit];
    let (charset, rest) = window.strip_prefix("=?")?.split_once('?')?;
    let is_token = !charset.is_empty() && charset.len() < 80 && !charset.contains(char::is_whitespace);
    let (encoding, rest) = rest.split_once('?').filter(|_| is_token)?;
    let (encoded, after) = rest.split_once("?=").filter(|(text, _)| !text.contains(['\r', '\n']))?;
    let bytes = match encoding {
        "B" | "b" => base64(encoded.as_bytes()),
        "Q" | "q" => q_decode(encoded),
        _ => return None,
    };
    Some((Word { charset, bytes }, &text[limit - after.len()..]))
}

fn q_decode(encoded: &str) -> Vec<u8> {
    let spaced = encoded.replace('_', " ");
    let mut out = Vec::with_capacity(spaced.len());
    unescape(spaced.as_bytes(), b'=', &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(encoded: &str, expected: &str) {
        assert_eq!(decode_words(encoded), expected);
    }

    #[test]
    fn plain_words_of_both_kinds_are_decoded() {
        check("=?utf-8?Q?Ma=C3=B1ana_temprano?=", "Mañana temprano");
        check("=?UTF-8?B?TWHDsWFuYQ==?= y hoy", "Mañana y hoy");
        check("a =?iso-8859-1?q?=F1?= b", "a ñ b");
    }

    #[test]
    fn space_between_two_words_vanishes_and_other_space_stays() {
        check("=?utf-8?Q?a?= =?utf-8?Q?b?= c", "ab c");
        check("=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b");
    }

    #[test]
    fn a_character_split_between_two_words_survives() {
        check("=?utf-8?B?TWHD?= =?utf-8?B?sWFuYQ==?=", "Mañana");
        check("=?utf-8?Q?Ma=C3?=\t=?UTF-8?Q?=B1ana?=", "Mañana");
        check("=?gb18030?B?xA==?= =?gb18030?B?47rD?=", "你好");
    }

    #[test]
    fn words_of_two_charsets_follow_each_other() {
        check("=?iso-8859-1?Q?=F1?= =?utf-8?Q?=C3=B1?=", "ññ");
    }

    #[test]
    fn broken_words_stay_as_written() {
        check("=?utf-8?X?abc?=", "=?utf-8?X?abc?=");
        check("=?utf-8?Q?abc", "=?utf-8?Q?abc");
        check("a =? b", "a =? b");
        check("=?utf-8?Q?100=?=", "100=");
    }

    #[test]
    fn decoded_line_breaks_cannot_start_a_new_header() {
        check("=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x");
    }

    #[test]
    fn base64_survives_junk_and_inner_padding() {
        assert_eq!(base64(b"aG9s\r\nYQ==\r\n***aG9sYQ"), b"holahola");
        assert_eq!(base64(b""), b"");
        assert_eq!(base64(b"a"), b"");
        assert_eq!(base64(b"Y2Fm-w6k="), "café".as_bytes());
    }

    #[test]
    fn quoted_printable_keeps_what_it_does_not_understand() {
        assert_eq!(quoted_printable(b"a=20b=\r\nc=ZZ =4"), b"a bc=ZZ =4");
        assert_eq!(quoted_printable(b"a= \r\nb\r\n"), b"ab\r\n");
    }
}
