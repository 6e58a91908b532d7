//! Finds where a reply ends and the quoted history begins.
//!
//! Nothing is ever removed: the text is cut in two at most once, and where it is not clear that
//! only history follows, it is not cut at all. Hiding what the customer wrote is worse than
//! showing a quote.
//!
//! # Invariants
//! - `visible` followed by `quoted` is the whole input (for HTML: the same text, tags balanced).
//! - `visible` is never blank unless the input is.
//! - Linear in the input.

use crate::markup::{self, Token};

/// What Centralita writes above its answers, so that replies can be told apart.
pub const MARKER: &str = "Escriba por encima de esta línea / Write above this line";

/// The parts of [`MARKER`] a client may have kept or wrapped apart.
const MARKER_PARTS: [&str; 2] = ["escriba por encima de esta línea", "write above this line"];

/// Longer texts are not folded; no exchange of letters is that long.
const MAX_FOLDED_BYTES: usize = 1024 * 1024;

/// A text cut in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded<'a> {
    /// What the person wrote now.
    pub visible: &'a str,
    /// The history below it; may be empty.
    pub quoted: &'a str,
}

/// HTML cut in two, each half balanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedHtml {
    /// What the person wrote now.
    pub visible: String,
    /// The history below it; `None` when there is none to fold.
    pub quoted: Option<String>,
}

/// Cuts plain text where the quoted history begins.
pub fn fold_quote(text: &str) -> Folded<'_> {
    let (visible, quoted) = text.split_at(quote_start(text));
    Folded { visible, quoted }
}

/// Byte offset of the history in `text`; its length when there is none.
pub(crate) fn quote_start(text: &str) -> usize {
    if text.len() > MAX_FOLDED_BYTES {
        return text.len();
    }
    let lines = lines(text);
    let cut = lines_until_quote(&lines).map_or(text.len(), |index| lines[index].0);
    if text[..cut].trim().is_empty() { text.len() } else { cut }
}

/// Start offset and content, without its ending, of every line.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let with_offset = |line: &'_ str| {
        let start = at;
        at += line.len();
        start
    };
    let starts: Vec<usize> = text.split_inclusive('\n').map(with_offset).collect();
    starts.into_iter().zip(text.split('\n').map(|line| line.trim_end_matches('\r'))).collect()
}

fn lines_until_quote(lines: &[(usize, &str)]) -> Option<usize> {
    let last_own = lines.iter().rposition(|(_, line)| !line.trim().is_empty() && !is_quoted(line));
    let has_own_below = |index: usize| last_own.is_some_and(|own| own > index);
    let is_start = |index: &usize| {
        let is_history = starts_history(lines, *index) && !(is_quoted(lines[*index].1) && has_own_below(*index));
        is_history || starts_attributed_quote(lines, *index, has_own_below)
    };
    let cut = (0..lines.len()).find(is_start).or_else(|| trailing_quote(lines, last_own))?;
    Some(with_lead_in(lines, cut))
}

/// Whether everything from this line on is history by its nature.
fn starts_history(lines: &[(usize, &str)], index: usize) -> bool {
    let line = lines[index].1;
    has_marker(line) || is_separator(line) || starts_header_block(lines, index, 6)
}

fn has_marker(line: &str) -> bool {
    line.len() < 400 && {
        let lower = line.to_lowercase();
        MARKER_PARTS.iter().any(|part| lower.contains(part))
    }
}

/// `-----Mensaje original-----` and its relatives; a forwarded message is content, not history.
fn is_separator(line: &str) -> bool {
    const TITLES: [&str; 9] = [
        "mensaje original",
        "original message",
        "ursprüngliche nachricht",
        "message d'origine",
        "mensagem original",
        "messaggio originale",
        "original appointment",
        "missatge original",
        "jatorrizko mezua",
    ];
    let line = line.trim();
    if line.len() > 120 || !line.starts_with(['-', '_', '=']) {
        return false;
    }
    let title = line.trim_matches(['-', '_', '=', ' ']).to_lowercase();
    TITLES.contains(&title.as_str())
}

/// The labels of a header block: sender first, then two of the others within `reach` lines.
fn starts_header_block(lines: &[(usize, &str)], index: usize, reach: usize) -> bool {
    const SENDER: [&str; 6] = ["de", "from", "von", "da", "remitente", "desde"];
    const OTHERS: [&str; 22] = [
        "enviado",
        "enviado el",
        "enviada",
        "enviada em",
        "fecha",
        "para",
        "asunto",
        "cc",
        "sent",
        "to",
        "subject",
        "date",
        "gesendet",
        "an",
        "betreff",
        "datum",
        "envoyé",
        "objet",
        "à",
        "assunto",
        "inviato",
        "oggetto",
    ];
    if !SENDER.iter().any(|label| has_label(lines[index].1, label)) {
        return false;
    }
    let following = lines[index + 1..].iter().take(reach);
    let matched = following.filter(|(_, line)| OTHERS.iter().any(|label| has_label(line, label)));
    matched.count() >= 2
}

/// Whether the line is `label: …`, perhaps quoted or in Markdown bold.
fn has_label(line: &str, label: &str) -> bool {
    let line = line.trim_start_matches(['>', ' ', '*', '\u{a0}']);
    let Some(colon) = line.find(':').filter(|colon| *colon <= 16) else { return false };
    let found = line[..colon].trim_end_matches(['*', ' ', '\u{a0}']);
    found.to_lowercase() == label
}

/// "El lun, 16 nov 2026 a las 10:02, X escribió:" over one to three lines, with the quote below.
fn starts_attributed_quote(lines: &[(usize, &str)], index: usize, has_own_below: impl Fn(usize) -> bool) -> bool {
    let Some(last) = attribution_end(lines, index) else { return false };
    let after = &lines[last + 1..];
    let is_prefixed = after.iter().find(|(_, line)| !line.trim().is_empty()).is_some_and(|(_, line)| is_quoted(line));
    if is_prefixed { !has_own_below(last) } else { is_dated(lines, index, last) }
}

/// Last line of an attribution that begins at `index`.
fn attribution_end(lines: &[(usize, &str)], index: usize) -> Option<usize> {
    const OPENINGS: [&str; 10] = ["el ", "on ", "am ", "le ", "em ", "il ", "op ", "no dia ", "a las ", "en "];
    const VERBS: [&str; 12] = [
        "escribió:",
        "escribio:",
        "wrote:",
        "schrieb:",
        "a écrit :",
        "a écrit:",
        "escreveu:",
        "ha scritto:",
        "va escriure:",
        "schreef:",
        "idatzi du:",
        "escribiu:",
    ];
    let first = lines[index].1.trim_start_matches(['>', ' ']).to_lowercase();
    if !OPENINGS.iter().any(|opening| first.starts_with(opening)) {
        return None;
    }
    let candidates = index..(index + 3).min(lines.len());
    candidates
        .take_while(|at| *at == index || !lines[*at].1.trim().is_empty())
        .find(|at| ends_with_any(lines[*at].1, &VERBS))
}

fn ends_with_any(line: &str, verbs: &[&str]) -> bool {
    let line = line.trim_end().trim_end_matches(['*', '_', '\u{a0}']);
    let start = line.char_indices().rev().nth(24).map_or(0, |(index, _)| index);
    let tail = line[start..].to_lowercase();
    verbs.iter().any(|verb| tail.ends_with(verb))
}

/// Whether the attribution holds a year and a time or an address: prose does not.
fn is_dated(lines: &[(usize, &str)], first: usize, last: usize) -> bool {
    let text: String = lines[first..=last].iter().map(|(_, line)| format!("{line} ")).collect();
    let has_year = text.split(|c: char| !c.is_ascii_digit()).any(|word| word.len() == 4);
    let has_time = text.split_whitespace().any(|word| {
        word.split_once(':').is_some_and(|(hour, rest)| {
            hour.ends_with(|c: char| c.is_ascii_digit()) && rest.starts_with(|c: char| c.is_ascii_digit())
        })
    });
    has_year && (has_time || text.contains('@'))
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// The run of `>` lines the text ends with.
fn trailing_quote(lines: &[(usize, &str)], last_own: Option<usize>) -> Option<usize> {
    let start = last_own.map_or(0, |index| index + 1);
    (start..lines.len()).find(|index| is_quoted(lines[*index].1))
}

/// Takes rules and attributions right above the cut along; they belong to the history.
fn with_lead_in(lines: &[(usize, &str)], cut: usize) -> usize {
    let above = |from: usize| lines[..from].iter().rposition(|(_, line)| !line.trim().is_empty());
    let mut cut = cut;
    while let Some(line) = above(cut) {
        let is_rule = lines[line].1.trim().len() >= 5 && lines[line].1.trim().chars().all(|c| "_-=*".contains(c));
        let attribution = (line.saturating_sub(2)..=line).find(|first| attribution_end(lines, *first) == Some(line));
        cut = match attribution {
            Some(first) => first,
            None if is_rule || is_quoted(lines[line].1) => line,
            None => break,
        };
    }
    cut
}

/// Cuts sanitised HTML where the quoted history begins.
///
/// Expects the output of [`crate::sanitise`], which keeps the class names and ids that mark quotes.
pub fn fold_quote_html(html: &str) -> FoldedHtml {
    html_cut(html)
        .map(|at| split_balanced(html, at))
        .filter(|folded| has_content(&folded.visible))
        .unwrap_or_else(|| FoldedHtml { visible: html.to_owned(), quoted: None })
}

fn has_content(html: &str) -> bool {
    html.contains("<img ") || !markup::to_text(html).is_empty()
}

/// Cuts at `at`, closing in the first half and opening again in the second what was open there.
fn split_balanced(html: &str, at: usize) -> FoldedHtml {
    let open = open_elements(&html[..at]);
    let closing: String = open.iter().rev().map(|(name, _)| format!("</{name}>")).collect();
    let opening = open.iter().map(|(name, attributes)| match attributes.is_empty() {
        true => format!("<{name}>"),
        false => format!("<{name} {attributes}>"),
    });
    let quoted = opening.collect::<String>() + &html[at..];
    FoldedHtml { visible: html[..at].to_owned() + &closing, quoted: Some(quoted) }
}

/// Names and attributes of the elements left open at the end of `html`.
fn open_elements(html: &str) -> Vec<(&str, &str)> {
    let mut open: Vec<(&str, &str)> = Vec::new();
    for (_, token) in markup::tokens(html) {
        match token {
            Token::Open { name, attributes } if !markup::is_void(name) => open.push((name, attributes)),
            Token::Close { name } => {
                let index = open.iter().rposition(|(other, _)| *other == name);
                open.truncate(index.unwrap_or(open.len()));
            }
            Token::Open { .. } | Token::Text(_) => {}
        }
    }
    open
}

/// How an element marks history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// From here to the end.
    ToEnd,
    /// This element; a person may have written below it.
    Element,
    No,
}

fn mark(name: &str, attributes: &str) -> Mark {
    let class = markup::attribute(attributes, "class").unwrap_or_default();
    let id = markup::attribute(attributes, "id").unwrap_or_default();
    let has_class = |wanted: &[&str]| class.split_whitespace().any(|found| wanted.contains(&found));
    if ["divRplyFwdMsg", "stopSpelling", "appendonsend"].contains(&id)
        || has_class(&["OutlookMessageHeader", "centralita-marker"])
    {
        return Mark::ToEnd;
    }
    let is_cite = name == "blockquote" && markup::attribute(attributes, "type").is_some();
    if is_cite || has_class(&["gmail_quote", "yahoo_quoted", "moz-cite-prefix", "gmail_attr"]) {
        return Mark::Element;
    }
    Mark::No
}

/// Where the history begins in `html`.
fn html_cut(html: &str) -> Option<usize> {
    let header_block_at = header_block(html);
    let mut walk = Walk { header_block_at, ..Walk::default() };
    for (at, token) in markup::tokens(html) {
        match token {
            Token::Open { name, attributes } => walk.open(at, name, attributes),
            Token::Close { name } => walk.close(at, name),
            Token::Text(text) => walk.text(at, text),
        }
        if walk.is_to_end {
            break;
        }
    }
    walk.cut
}

/// Offset of the text that begins a header block such as Outlook writes, without any mark.
fn header_block(html: &str) -> Option<usize> {
    let texts: Vec<(usize, String)> = markup::tokens(html)
        .filter_map(|(at, token)| match token {
            Token::Text(text) if !text.trim().is_empty() => Some((at, markup::unescape(text.trim()))),
            Token::Text(_) | Token::Open { .. } | Token::Close { .. } => None,
        })
        .collect();
    let lines: Vec<(usize, &str)> = texts.iter().map(|(at, text)| (*at, text.as_str())).collect();
    // A label and its value are two texts in HTML, hence twice as many lines as in plain text.
    let is_start = |index: &usize| starts_header_block(&lines, *index, 12);
    (0..lines.len()).find(is_start).map(|index| lines[index].0)
}

#[derive(Default)]
struct Walk<'a> {
    open: Vec<&'a str>,
    /// Where the current line began.
    line_at: usize,
    has_text_on_line: bool,
    header_block_at: Option<usize>,
    cut: Option<usize>,
    /// Depth of `open` inside which everything is quoted.
    quote_depth: Option<usize>,
    is_to_end: bool,
}

impl<'a> Walk<'a> {
    fn open(&mut self, at: usize, name: &'a str, attributes: &'a str) {
        let mark = mark(name, attributes);
        if mark != Mark::No && self.quote_depth.is_none() {
            self.cut.get_or_insert(at);
            self.quote_depth = Some(self.open.len());
        }
        // A quote that holds its own end marker goes on to the end anyway.
        self.is_to_end |= mark == Mark::ToEnd && self.quote_depth == Some(self.open.len());
        if markup::breaks_line(name) {
            self.start_line(at);
        }
        if !markup::is_void(name) {
            self.open.push(name);
        }
    }

    fn start_line(&mut self, at: usize) {
        if self.has_text_on_line {
            self.line_at = at;
            self.has_text_on_line = false;
        }
    }

    fn close(&mut self, at: usize, name: &str) {
        if let Some(index) = self.open.iter().rposition(|open| *open == name) {
            self.open.truncate(index);
        }
        if self.quote_depth.is_some_and(|depth| self.open.len() <= depth) {
            self.quote_depth = None;
        }
        if markup::breaks_line(name) {
            self.start_line(at + name.len() + "</>".len());
        }
    }

    fn text(&mut self, at: usize, text: &'a str) {
        if self.quote_depth.is_some() || text.trim().is_empty() {
            return;
        }
        if has_marker(text) || self.header_block_at == Some(at) {
            self.cut_at_line();
        } else if text.chars().any(char::is_alphanumeric) {
            // Somebody wrote below the quote: then nothing above may be folded.
            self.cut = None;
        }
        self.has_text_on_line = true;
    }

    fn cut_at_line(&mut self) {
        self.cut.get_or_insert(self.line_at);
        self.is_to_end = true;
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
