//! A flat reader for HTML that already went through the sanitiser.
//!
//! Only canonical output of the serialiser is read: closed quotes, escaped text, no comments.
//! Flat on purpose: no tree, no recursion, so nesting costs nothing.

/// One piece of markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Text(&'a str),
    Open { name: &'a str, attributes: &'a str },
    Close { name: &'a str },
}

/// Tokens with the byte offset each starts at.
pub(crate) struct Tokens<'a> {
    html: &'a str,
    at: usize,
}

/// Reads `html` piece by piece.
pub(crate) fn tokens(html: &str) -> Tokens<'_> {
    Tokens { html, at: 0 }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, Token<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = &self.html[start..];
        let len = match rest.as_bytes().first()? {
            b'<' => tag_len(rest),
            _ => memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len()),
        };
        self.at = start + len;
        Some((start, token(&rest[..len])))
    }
}

/// Length up to and with the `>` that is not inside quotes.
fn tag_len(tag: &str) -> usize {
    let mut is_quoted = false;
    for (index, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return index + 1,
            _ => {}
        }
    }
    tag.len()
}

fn token(piece: &str) -> Token<'_> {
    let Some(inner) = piece.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
        return Token::Text(piece);
    };
    if let Some(name) = inner.strip_prefix('/') {
        return Token::Close { name };
    }
    let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
    Token::Open { name, attributes }
}

/// Elements without content or closing tag.
pub(crate) fn is_void(name: &str) -> bool {
    matches!(name, "area" | "br" | "col" | "hr" | "img" | "wbr")
}

/// Whether text before and after the tag stands on different lines.
pub(crate) fn breaks_line(name: &str) -> bool {
    matches!(name, "br" | "hr" | "blockquote" | "pre" | "td" | "th") || block_breaks(name) > 0
}

/// Names and still-escaped values in `attributes`, in order.
pub(crate) fn attributes(attributes: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = attributes;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        rest = after.trim_start();
        Some((name.trim(), value))
    })
}

/// The still-escaped value of one attribute.
pub(crate) fn attribute<'a>(of: &'a str, name: &str) -> Option<&'a str> {
    attributes(of).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Undoes the escapes the serialiser writes.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&nbsp;", "\u{a0}")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// Escapes `text` for an attribute value or element content.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text of sanitised HTML: blocks on their own lines, quotes marked with `> `.
pub(crate) fn to_text(html: &str) -> String {
    let mut writer = TextWriter::default();
    for (_, token) in tokens(html) {
        match token {
            Token::Text(text) => writer.text(&unescape(text)),
            Token::Open { name, attributes } => writer.open(name, attributes),
            Token::Close { name } => writer.close(name),
        }
    }
    writer.out.trim_matches('\n').trim_end().to_owned()
}

#[derive(Default)]
struct TextWriter {
    out: String,
    quote_depth: usize,
    /// Quote depth of the line last written.
    line_depth: usize,
    pre_depth: usize,
    /// Line breaks owed before the next text; written late, so that empty blocks leave none.
    breaks: usize,
    has_space: bool,
}

/// Deeper quotes are not marked further: the marks would outgrow the text.
const MAX_QUOTE_MARKS: usize = 8;

impl TextWriter {
    fn text(&mut self, text: &str) {
        if self.pre_depth > 0 {
            for (index, line) in text.split('\n').enumerate() {
                self.breaks += usize::from(index > 0);
                self.word(line);
            }
            return;
        }
        for piece in text.split_inclusive([' ', '\t', '\n', '\r', '\u{a0}']) {
            let word = piece.trim_end_matches([' ', '\t', '\n', '\r', '\u{a0}']);
            self.word(word);
            self.has_space |= word.len() < piece.len();
        }
    }

    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        let is_line_start = self.out.is_empty() || self.breaks > 0;
        if is_line_start {
            self.start_line();
        } else if self.has_space {
            self.out.push(' ');
        }
        self.has_space = false;
        self.out.push_str(word);
    }

    fn start_line(&mut self) {
        let marks = |depth: usize| "> ".repeat(depth.min(MAX_QUOTE_MARKS));
        let breaks = if self.out.is_empty() { 0 } else { self.breaks.min(2) };
        for index in 0..breaks {
            self.out.push('\n');
            if index + 1 < breaks {
                self.out.push_str(marks(self.quote_depth.min(self.line_depth)).trim_end());
            }
        }
        self.out.push_str(&marks(self.quote_depth));
        self.line_depth = self.quote_depth;
        self.breaks = 0;
    }

    fn open(&mut self, name: &str, attributes: &str) {
        match name {
            "br" => self.breaks += 1,
            "hr" => self.block(1),
            "blockquote" => {
                self.block(2);
                self.quote_depth += 1;
            }
            "pre" => {
                self.block(2);
                self.pre_depth += 1;
            }
            "li" => {
                self.block(1);
                self.word("-");
                self.has_space = true;
            }
            "img" => self.text(&unescape(attribute(attributes, "alt").unwrap_or_default())),
            _ => self.block(block_breaks(name)),
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "blockquote" => {
                self.block(2);
                self.quote_depth = self.quote_depth.saturating_sub(1);
            }
            "pre" => {
                self.block(2);
                self.pre_depth = self.pre_depth.saturating_sub(1);
            }
            "td" | "th" => self.has_space = true,
            _ => self.block(block_breaks(name)),
        }
    }

    fn block(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }
}

/// Line breaks around an element: 2 leaves an empty line, 0 is inline.
fn block_breaks(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" => 2,
        "div" | "tr" | "table" | "center" | "dt" | "dd" | "li" | "address" | "article" | "section" | "header"
        | "footer" | "caption" | "figure" | "details" | "summary" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(to_text(html), expected);
    }

    #[test]
    fn blocks_become_lines_and_inline_does_not() {
        check("<div>uno <b>dos</b></div><div>tres</div>", "uno dos\ntres");
        check("<p>uno</p><p>dos</p>", "uno\n\ndos");
        check("a<br>b<br><br>c", "a\nb\n\nc");
        check("  a\n   b  ", "a b");
    }

    #[test]
    fn quotes_lists_tables_and_pre_keep_their_shape() {
        check("a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n>\n> > d\n\ne");
        check("<ul><li>uno</li><li>dos</li></ul>", "- uno\n- dos");
        check("<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>", "a b\nc");
        check("<pre>a  b\nc</pre>", "a  b\nc");
    }

    #[test]
    fn escapes_are_undone_once() {
        check("a &lt;b&gt; &amp;lt; &nbsp;c", "a <b> &lt; c");
    }

    #[test]
    fn a_greater_sign_inside_a_value_does_not_end_the_tag() {
        let html = "<a href=\"x>y\" title=\"t\">z</a>";
        let all: Vec<_> = tokens(html).map(|(_, token)| token).collect();
        assert_eq!(all[0], Token::Open { name: "a", attributes: "href=\"x>y\" title=\"t\"" });
        assert_eq!(attribute("href=\"x>y\" title=\"t\"", "title"), Some("t"));
    }
}
