//! From bytes in some charset to text, whatever the label claims.
//!
//! Knows nothing of MIME structure. Never fails: what cannot be decoded becomes U+FFFD.
//!
//! # Invariants
//! - The result never contains U+0000, which the store refuses.
//! - Linear in the input; no label makes it allocate more than a small multiple of the bytes.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Names seen in mail that are missing from the WHATWG list `encoding_rs` follows.
const ALIASES: [(&str, &str); 10] = [
    ("cp932", "shift_jis"),
    ("cp936", "gb18030"),
    ("ms936", "gb18030"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("cp65001", "utf-8"),
    ("unicode-1-1-utf-8", "utf-8"),
    ("latin-1", "iso-8859-1"),
    ("8859_1", "iso-8859-1"),
    ("iso8859-15", "iso-8859-15"),
];

/// Decodes `bytes` labelled `label`; without a usable label the charset is detected.
///
/// Wrong labels are corrected where the bytes prove them wrong: UTF-8 labelled latin-1 or
/// ASCII is UTF-8, latin-1 is always read as windows-1252, and a UTF-8 label on bytes that
/// are not UTF-8 falls back to detection.
pub fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(normalise_label).unwrap_or_default();
    let text = decode_labelled(bytes, &label).unwrap_or_else(|| detect(bytes));
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

fn normalise_label(label: &str) -> String {
    let label = label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    let label = label.split('*').next().unwrap_or_default().to_ascii_lowercase();
    // `charset=3Dutf-8`: a quoted-printable header nobody decoded.
    let label = label.strip_prefix("3d").unwrap_or(&label).trim_matches('"');
    let alias = ALIASES.iter().find(|(from, _)| *from == label);
    alias.map_or_else(|| label.to_owned(), |(_, to)| (*to).to_owned())
}

/// `None` when the label is unknown or the bytes contradict it.
fn decode_labelled(bytes: &[u8], label: &str) -> Option<String> {
    if label.is_empty() {
        return None;
    }
    if label == "utf-16" {
        return Some(decode_utf16(bytes));
    }
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => decode_utf8(bytes),
        Some(encoding) if encoding == WINDOWS_1252 => Some(decode_western(bytes)),
        Some(encoding) => Some(encoding.decode(bytes).0.into_owned()),
        None => charset_decoder(label.as_bytes()).map(|decoder| decoder(bytes)),
    }
}

fn decode_utf8(bytes: &[u8]) -> Option<String> {
    let (text, had_errors) = UTF_8.decode_with_bom_removal(bytes);
    let damage = text.chars().filter(|c| *c == '\u{fffd}').count();
    let intact = text.chars().filter(|c| !c.is_ascii()).count() - damage;
    // Whole UTF-8 characters hardly occur in other charsets: then it is only a damaged text.
    let is_utf8 = !had_errors || (intact > 0 && intact * 4 >= damage);
    is_utf8.then(|| text.into_owned())
}

fn decode_western(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// UTF-16 by its byte-order mark, else by which half of the pairs holds the zeros.
fn decode_utf16(bytes: &[u8]) -> String {
    let zeros_at = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let fallback = if zeros_at(1) > zeros_at(0) { UTF_16LE } else { UTF_16BE };
    let encoding = Encoding::for_bom(bytes).map_or(fallback, |(encoding, _)| encoding);
    encoding.decode(bytes).0.into_owned()
}

/// Decodes bytes of which nothing is known.
fn detect(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if memchr::memmem::find(bytes, b"\x1b$").is_some() {
        return ISO_2022_JP.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow).decode(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[track_caller]
    fn check(bytes: &[u8], label: &str, expected: &str) {
        let label = (!label.is_empty()).then_some(label);
        assert_eq!(decode(bytes, label), expected);
    }

    #[test]
    fn latin1_that_is_really_cp1252_keeps_its_quotes_and_euro() {
        check(b"\x93Ma\xf1ana\x94 \x80 5", "iso-8859-1", "“Mañana” € 5");
    }

    #[test]
    fn utf8_labelled_ascii_or_latin1_is_utf8() {
        check("Mañana".as_bytes(), "us-ascii", "Mañana");
        check("Mañana".as_bytes(), "iso-8859-1", "Mañana");
    }

    #[test]
    fn latin1_labelled_utf8_is_detected() {
        check("Se\u{f1}or Mu\u{f1}oz".chars().map(|c| c as u8).collect::<Vec<_>>().as_slice(), "utf-8", "Señor Muñoz");
    }

    #[test]
    fn damaged_utf8_stays_utf8() {
        check(b"y\xc3\xb6t\xc3\xa4 \x8a\x9d", "utf-8", "yötä \u{fffd}\u{fffd}");
    }

    #[test]
    fn eight_bit_text_without_a_charset_is_detected() {
        check(b"La direcci\xf3n de env\xedo est\xe1 mal", "", "La dirección de envío está mal");
        check("日本語のメール".as_bytes(), "", "日本語のメール");
        check(b"\x1b$B$3$s\x1b(B", "", "こん");
    }

    #[test]
    fn multi_byte_charsets_are_read() {
        check(b"\xc4\xe3\xba\xc3", "gb2312", "你好");
        check(b"\x81\x30\x81\x30\xc4\xe3", "GB18030", "\u{80}你");
        check(b"\x82\xb1\x82\xf1", "Shift_JIS", "こん");
        check(b"\x82\xb1\x82\xf1", "cp932", "こん");
        check(b"\xa4\xb3\xa4\xf3", "euc-jp", "こん");
        check(b"Ma+APE-ana", "utf-7", "Mañana");
        check(b"\xcd\xcf", "koi8-r", "мо");
    }

    #[test]
    fn utf16_is_read_with_and_without_a_byte_order_mark() {
        check(b"\xff\xfeh\0i\0", "utf-16", "hi");
        check(b"\xfe\xff\0h\0i", "utf-16", "hi");
        check(b"h\0i\0", "utf-16", "hi");
        check(b"\0h\0i", "utf-16", "hi");
        check(b"\0h\0i", "utf-16be", "hi");
    }

    #[test]
    fn garbage_labels_do_not_stop_the_text() {
        check("Mañana".as_bytes(), "3D\"utf-8\"", "Mañana");
        check("Mañana".as_bytes(), "x-unknown", "Mañana");
        check(b"a\0b", "utf-8", "ab");
    }
}
