//! What a person reads in a mail, and what is attached to it.
//!
//! # Invariants
//! - Every leaf ends up either in the text or among the attachments.
//! - Attached messages stay whole, as one attachment.

use crate::{Part, address::is_direction_mark, charset, encoding, flowed, html, markup, mime::Node};

/// Longest file name kept, in characters.
const MAX_NAME_CHARS: usize = 200;
/// HTML beyond this, over all parts, is attached instead of shown, in bytes.
const MAX_HTML_BYTES: usize = 4 * 1024 * 1024;

/// Text, safe HTML and attachments of one mail.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) text: String,
    pub(crate) html: Option<html::Html>,
    pub(crate) attachments: Vec<Part>,
}

/// One stretch of the body; at least one of the two is there.
#[derive(Debug, Default)]
struct Section {
    plain: Option<String>,
    html: Option<html::Html>,
}

/// Reads the tree.
pub(crate) fn read(root: &Node<'_>) -> Body {
    let mut reader = Reader { attachments: Vec::new(), html_budget: MAX_HTML_BYTES };
    let sections = reader.sections(root, true);
    let texts: Vec<String> = sections.iter().map(section_text).filter(|text| !text.trim().is_empty()).collect();
    Body { text: texts.join("\n\n"), html: join_html(sections), attachments: reader.attachments }
}

fn section_text(section: &Section) -> String {
    let plain = section.plain.as_deref().filter(|plain| !plain.trim().is_empty());
    match (plain, &section.html) {
        (Some(plain), _) => plain.to_owned(),
        (None, Some(html)) => html.to_text(),
        (None, None) => String::new(),
    }
}

/// `None` when no section has HTML; plain sections are then shown as they are.
fn join_html(sections: Vec<Section>) -> Option<html::Html> {
    if sections.iter().all(|section| section.html.is_none()) {
        return None;
    }
    let mut whole = html::Html::default();
    for section in sections {
        let part = section.html.unwrap_or_else(|| preformatted(&section.plain.unwrap_or_default()));
        whole.html += &part.html;
        whole.remote_image_count += part.remote_image_count;
        for id in part.content_ids {
            if !whole.content_ids.contains(&id) {
                whole.content_ids.push(id);
            }
        }
    }
    Some(whole)
}

fn preformatted(text: &str) -> html::Html {
    html::Html { html: format!("<pre>{}</pre>", markup::escape(text)), ..html::Html::default() }
}

/// Walks the tree, setting attachments aside.
struct Reader {
    attachments: Vec<Part>,
    html_budget: usize,
}

impl Reader {
    fn sections(&mut self, node: &Node<'_>, is_root: bool) -> Vec<Section> {
        if node.children.is_empty() {
            return self.leaf(node, is_root).into_iter().collect();
        }
        let children: Vec<Vec<Section>> = node.children.iter().map(|child| self.sections(child, false)).collect();
        match node.media_type() {
            "multipart/alternative" => alternative(children).into_iter().collect(),
            _ => children.into_iter().flatten().collect(),
        }
    }

    fn leaf(&mut self, node: &Node<'_>, is_root: bool) -> Option<Section> {
        let disposition = node.headers.parameterised("content-disposition").unwrap_or_default();
        let is_file = disposition.value == "attachment" || (!is_root && file_name(node).is_some());
        let section = match node.media_type() {
            _ if is_file => None,
            "text/plain" => Some(Section { plain: Some(plain_text(node)), html: None }),
            "text/html" => self.html_section(node),
            // A multipart whose parts cannot be found: better its source than nothing.
            media_type if media_type.starts_with("multipart/") => {
                Some(Section { plain: Some(charset::decode(node.body, None)), html: None })
            }
            _ => None,
        };
        if section.is_none() {
            self.attachments.push(attachment(node, &disposition.value));
        }
        section
    }

    fn html_section(&mut self, node: &Node<'_>) -> Option<Section> {
        let bytes = decoded(node);
        self.html_budget = self.html_budget.checked_sub(bytes.len())?;
        let declared = node.content_type.parameter("charset").map(str::to_owned).or_else(|| meta_charset(&bytes));
        let source = charset::decode(&bytes, declared.as_deref());
        Some(Section { plain: None, html: Some(html::sanitise(&source)) })
    }
}

/// One section of several renderings: the first plain text and the last, richest HTML.
fn alternative(children: Vec<Vec<Section>>) -> Option<Section> {
    let mut merged = Section::default();
    for sections in children.into_iter().filter(|sections| !sections.is_empty()) {
        if sections.iter().any(|section| section.html.is_some()) {
            merged.html = join_html(sections);
        } else if merged.plain.is_none() {
            let texts: Vec<String> = sections.iter().map(section_text).collect();
            merged.plain = Some(texts.join("\n\n"));
        }
    }
    (merged.plain.is_some() || merged.html.is_some()).then_some(merged)
}

fn plain_text(node: &Node<'_>) -> String {
    let text = normalise_lines(&charset::decode(&decoded(node), node.content_type.parameter("charset")));
    let is = |name: &str, value: &str| {
        node.content_type.parameter(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    if is("format", "flowed") { flowed::unflow(&text, is("delsp", "yes")) } else { text }
}

/// The charset named in the first kilobyte of an HTML document.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let (_, value) = head.split_once("charset=")?;
    let value = value.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(value.len());
    (end > 0).then(|| value[..end].to_owned())
}

/// The bytes of a leaf with its transfer encoding undone.
pub(crate) fn decoded(node: &Node<'_>) -> Vec<u8> {
    let encoding = node.headers.plain("content-transfer-encoding").unwrap_or_default();
    encoding::decode_transfer(node.body, &encoding)
}

fn normalise_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn attachment(node: &Node<'_>, disposition: &str) -> Part {
    let content_id = node.headers.ids("content-id").into_iter().next();
    Part {
        name: file_name(node),
        media_type: node.media_type().to_owned(),
        is_inline: disposition != "attachment" && (content_id.is_some() || disposition == "inline"),
        content_id,
        bytes: decoded(node),
    }
}

fn file_name(node: &Node<'_>) -> Option<String> {
    let disposition = node.headers.parameterised("content-disposition").unwrap_or_default();
    let name = disposition.parameter("filename").or_else(|| node.content_type.parameter("name"))?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = name.chars().filter(|c| !c.is_control() && !is_direction_mark(*c));
    let kept: String = kept.take(MAX_NAME_CHARS).collect();
    let kept = kept.trim().trim_start_matches('.');
    (!kept.is_empty()).then(|| kept.to_owned())
}
