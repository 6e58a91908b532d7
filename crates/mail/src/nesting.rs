//! Whether HTML from outside is of a shape the tree builder handles in reasonable time.
//!
//! Deep nesting, misplaced table content and long runs of entities take it quadratic time;
//! formatting elements left open are opened again in every paragraph that follows, so that a
//! small mail becomes gigabytes.
//! The estimate errs on the side of refusing; real mail stays far below the limits.

use std::collections::HashMap;

/// Deepest nesting accepted; the sanitiser needs about 20 ms for ten times as much.
const MAX_DEPTH: usize = 1_000;
/// Most elements that reopened formatting may produce.
const MAX_REOPENED: usize = 2_000_000;
/// Most attributes of one element; their names are compared with each other.
const MAX_ATTRIBUTES: usize = 2_000;
/// Most tags inside a table and outside its cells; each is moved out past all its siblings.
const MAX_MISPLACED: usize = 10_000;
/// Most entities between two tags.
const MAX_RUN_ENTITIES: usize = 10_000;

/// Whether the tree builder should be spared `html`.
pub(crate) fn is_hostile(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    let has_foreign = lower.contains("<svg") || lower.contains("<math");
    let mut shape = Shape { has_foreign, ..Shape::default() };
    has_entity_run(html)
        || memchr::memchr_iter(b'<', html.as_bytes()).any(|start| {
            shape.tag(html, start + 1);
            shape.is_over_limits()
        })
}

/// Whether one text holds so many entities that appending them one by one takes long.
fn has_entity_run(html: &str) -> bool {
    html.split('<').any(|run| run.len() > MAX_RUN_ENTITIES && run.matches('&').count() > MAX_RUN_ENTITIES)
}

#[derive(Default)]
struct Shape<'a> {
    has_foreign: bool,
    open: HashMap<&'a str, usize>,
    depth: usize,
    formatting: usize,
    tags: usize,
    max_formatting: usize,
    max_attributes: usize,
    /// Per open table, whether a cell is open.
    tables: Vec<bool>,
    misplaced: usize,
    /// Up to where attributes were counted, so that unclosed tags are not read twice.
    counted_to: usize,
}

impl<'a> Shape<'a> {
    /// Takes in the tag whose `<` lies just before `at`.
    fn tag(&mut self, html: &'a str, at: usize) {
        let rest = &html[at..];
        let (is_close, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let name_len = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = &rest[..name_len];
        if at >= self.counted_to {
            self.counted_to = at + self.count_attributes(rest);
        }
        self.track_table(name, is_close);
        if name.is_empty() || (!self.has_foreign && closes_by_itself(name)) {
            self.tags += 1;
            return;
        }
        match is_close {
            true => self.close(name),
            false => self.open(name),
        }
    }

    fn open(&mut self, name: &'a str) {
        self.tags += 1;
        self.depth += 1;
        *self.open.entry(name).or_default() += 1;
        self.formatting += usize::from(is_formatting(name));
        self.max_formatting = self.max_formatting.max(self.formatting);
    }

    fn track_table(&mut self, name: &str, is_close: bool) {
        let is = |names: &[&str]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        if is(&["table"]) {
            match is_close {
                true => self.tables.truncate(self.tables.len().saturating_sub(1)),
                false => self.tables.push(false),
            }
            return;
        }
        let Some(in_cell) = self.tables.last_mut() else { return };
        if is(&["td", "th", "caption"]) {
            *in_cell = !is_close;
        } else if is(&["tr", "tbody", "thead", "tfoot", "col", "colgroup"]) {
            *in_cell = false;
        } else {
            self.misplaced += usize::from(!*in_cell);
        }
    }

    /// Counts what separates attributes and returns how far it read.
    fn count_attributes(&mut self, rest: &str) -> usize {
        let end = memchr::memchr(b'>', rest.as_bytes()).unwrap_or(rest.len());
        let separators = rest.as_bytes()[..end].iter().filter(|b| b.is_ascii_whitespace() || **b == b'/');
        self.max_attributes = self.max_attributes.max(separators.count());
        end
    }

    fn close(&mut self, name: &'a str) {
        if let Some(count) = self.open.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
            self.depth -= 1;
            self.formatting -= usize::from(is_formatting(name));
        }
    }

    fn is_over_limits(&self) -> bool {
        self.depth > MAX_DEPTH
            || self.misplaced > MAX_MISPLACED
            || self.max_attributes > MAX_ATTRIBUTES
            || self.max_formatting.saturating_mul(self.tags) > MAX_REOPENED
    }
}

fn is_formatting(name: &str) -> bool {
    const NAMES: [&str; 14] =
        ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    NAMES.iter().any(|formatting| formatting.eq_ignore_ascii_case(name))
}

/// Void elements, and those whose end tag people leave out.
fn closes_by_itself(name: &str) -> bool {
    const NAMES: [&str; 24] = [
        "p", "li", "td", "th", "tr", "dt", "dd", "br", "hr", "img", "col", "wbr", "input", "meta", "link", "area",
        "base", "embed", "param", "source", "track", "option", "html", "body",
    ];
    NAMES.iter().any(|closing| closing.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::is_hostile;

    #[test]
    fn real_mail_passes() {
        assert!(!is_hostile(&"<div><p>hola<b>x</b><br><img src=x></div>".repeat(20_000)));
        assert!(!is_hostile(&"<table><tr><td>".repeat(100)));
        assert!(!is_hostile(&format!("<table>{}", "<tr><td><b>x</b><p><td>y</tr>".repeat(20_000))));
        assert!(!is_hostile(&"<p><li>sin cerrar".repeat(20_000)));
    }

    #[test]
    fn shapes_that_stall_the_tree_builder_are_recognised() {
        assert!(is_hostile(&"<div>".repeat(1_001)));
        assert!(is_hostile(&"<div></b>".repeat(1_001)));
        assert!(is_hostile(&format!("<svg>{}", "<li>".repeat(1_001))));
        let open_formatting: String = (0..500).map(|n| format!("<b id={n}>")).collect();
        assert!(is_hostile(&format!("{open_formatting}{}", "<p>x".repeat(20_000))));
        assert!(is_hostile(&format!("<table>{}", "a<p>".repeat(10_001))));
        assert!(is_hostile(&"&".repeat(10_001)));
        let attributes: String = (0..2_001).map(|n| format!(" a{n}=x")).collect();
        assert!(is_hostile(&format!("<p><div{attributes}>")));
    }
}
