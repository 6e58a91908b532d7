//! The Markdown subset as a tree, for readers that make their own elements of it.
//!
//! # Invariants
//! - Elements are among `a b i code pre ul ol li p`; whatever else Markdown knows becomes words of the text.
//! - An address is `http:`, `https:` or `mailto:`; every other link is its words alone.
//! - HTML in it is text.

use comrak::nodes::{ListType, NodeValue};
use comrak::{Arena, parse_document};

/// How deep marks within marks are read; deeper ones are words.
const MAX_DEPTH: usize = 12;

/// A piece of marked-up text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rich {
    /// Words.
    Text(String),
    /// An element.
    Element {
        /// Its name.
        tag: &'static str,
        /// Where a link leads.
        href: Option<String>,
        /// What stands in it.
        kids: Vec<Rich>,
    },
}

impl Rich {
    fn element(tag: &'static str, kids: Vec<Self>) -> Self {
        Self::Element { tag, href: None, kids }
    }
}

type Ast<'a> = comrak::nodes::Node<'a>;

/// The marks of `markdown`; `None` where it has none.
pub fn read_markdown(markdown: &str) -> Option<Vec<Rich>> {
    let mut options = comrak::Options::default();
    options.extension.autolink = true;
    let arena = Arena::new();
    let document = parse_document(&arena, markdown, &options);
    let nodes = inside(document, 0);
    let nodes = joined(match nodes.as_slice() {
        // One paragraph is the text itself.
        [Rich::Element { tag: "p", kids, .. }] => kids.clone(),
        _ => nodes,
    });
    nodes.iter().any(|node| matches!(node, Rich::Element { .. })).then_some(nodes)
}

fn inside(node: Ast<'_>, depth: usize) -> Vec<Rich> {
    node.children().flat_map(|child| piece(child, depth + 1)).collect()
}

/// The words of a node, without its marks. Flat: nesting costs nothing.
fn words(node: Ast<'_>) -> Vec<Rich> {
    let word = |node: Ast<'_>| match &node.data.borrow().value {
        NodeValue::Text(text) => Some(Rich::Text(text.to_string())),
        NodeValue::Code(code) => Some(Rich::Text(code.literal.clone())),
        NodeValue::CodeBlock(code) => Some(Rich::Text(code.literal.clone())),
        NodeValue::SoftBreak | NodeValue::LineBreak => Some(Rich::Text("\n".to_owned())),
        _ => None,
    };
    node.descendants().filter_map(word).collect()
}

fn piece(node: Ast<'_>, depth: usize) -> Vec<Rich> {
    if depth > MAX_DEPTH {
        return words(node);
    }
    let kids = || inside(node, depth);
    let element = |tag| vec![Rich::element(tag, joined(kids()))];
    match &node.data.borrow().value {
        NodeValue::Text(text) => vec![Rich::Text(text.to_string())],
        NodeValue::SoftBreak | NodeValue::LineBreak => vec![Rich::Text("\n".to_owned())],
        NodeValue::Code(code) => vec![Rich::element("code", vec![Rich::Text(code.literal.clone())])],
        NodeValue::CodeBlock(code) => {
            vec![Rich::element("pre", vec![Rich::Text(code.literal.trim_end_matches('\n').to_owned())])]
        }
        NodeValue::HtmlInline(text) => vec![Rich::Text(text.clone())],
        NodeValue::HtmlBlock(html) => {
            vec![Rich::element("p", vec![Rich::Text(html.literal.trim_end_matches('\n').to_owned())])]
        }
        NodeValue::Emph => element("i"),
        NodeValue::Strong => element("b"),
        NodeValue::Heading(_) => vec![Rich::element("p", vec![Rich::element("b", joined(kids()))])],
        NodeValue::List(list) => element(if list.list_type == ListType::Ordered { "ol" } else { "ul" }),
        NodeValue::Item(_) => vec![Rich::element("li", joined(unwrapped(kids())))],
        NodeValue::Paragraph => element("p"),
        NodeValue::Link(link) => match address(&link.url) {
            Some(href) => vec![Rich::Element { tag: "a", href: Some(href), kids: joined(kids()) }],
            None => kids(),
        },
        // Of everything else the words are kept.
        _ => kids(),
    }
}

/// An item with one paragraph is that paragraph.
fn unwrapped(kids: Vec<Rich>) -> Vec<Rich> {
    let unwrap = |kid: Rich| match kid {
        Rich::Element { tag: "p", kids, .. } => kids,
        other => vec![other],
    };
    kids.into_iter().flat_map(unwrap).collect()
}

fn address(url: &str) -> Option<String> {
    let scheme = url.split_once(':')?.0.to_ascii_lowercase();
    let is_plain = !url.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_plain && ["http", "https", "mailto"].contains(&scheme.as_str())).then(|| url.to_owned())
}

/// Words that stand together as one.
fn joined(nodes: Vec<Rich>) -> Vec<Rich> {
    nodes.into_iter().fold(Vec::new(), |mut out, node| {
        match (out.last_mut(), node) {
            (Some(Rich::Text(before)), Rich::Text(text)) => before.push_str(&text),
            (_, node) => out.push(node),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As elements would be written, without escaping.
    fn shown(nodes: &[Rich]) -> String {
        nodes.iter().fold(String::new(), |out, node| match node {
            Rich::Text(text) => out + text,
            Rich::Element { tag, href, kids } => {
                let href = href.as_ref().map(|href| format!(" {href}")).unwrap_or_default();
                format!("{out}<{tag}{href}>{}</{tag}>", shown(kids))
            }
        })
    }

    #[track_caller]
    fn check(markdown: &str, expected: &str) {
        assert_eq!(shown(&read_markdown(markdown).unwrap_or_default()), expected, "{markdown}");
    }

    #[test]
    fn marks_become_elements() {
        check("Son **dos** y *uno*", "Son <b>dos</b> y <i>uno</i>");
        check("- uno\n- `dos`", "<ul><li>uno</li><li><code>dos</code></li></ul>");
        check("1. uno\n2. dos", "<ol><li>uno</li><li>dos</li></ol>");
        check(
            "[aquí](https://x.es/a?b=1&c) o https://y.es",
            "<a https://x.es/a?b=1&c>aquí</a> o <a https://y.es>https://y.es</a>",
        );
        check("```\na\n b\n```", "<pre>a\n b</pre>");
        check("uno\ndos **tres**", "uno\ndos <b>tres</b>");
        check("# Hola\nuno", "<p><b>Hola</b></p><p>uno</p>");
    }

    #[test]
    fn what_has_no_marks_stays_a_text() {
        for plain in ["", "Hola", "Hola\n¿qué tal?", "2 * 3 = 6", "+34 600 000 000", "a_b_c", "5 > 3"] {
            assert_eq!(read_markdown(plain), None, "{plain}");
        }
    }

    #[test]
    fn nothing_dangerous_becomes_an_element() {
        check("[x](javascript:alert(1)) **y**", "x <b>y</b>");
        check("[x](JaVaScRiPt:alert(1)) **y**", "x <b>y</b>");
        check("[x](data:text/html,y) **y**", "x <b>y</b>");
        assert_eq!(read_markdown("<script>alert(1)</script>"), None, "it is text");
        check("a <img src=x onerror=y> **b**", "a <img src=x onerror=y> <b>b</b>");
        check("![alt](https://x.es/p.png) **b**", "alt <b>b</b>");
    }

    #[test]
    fn depth_is_bounded() {
        fn depth(nodes: &[Rich]) -> usize {
            let of = |node: &Rich| match node {
                Rich::Text(_) => 0,
                Rich::Element { kids, .. } => 1 + depth(kids),
            };
            nodes.iter().map(of).max().unwrap_or_default()
        }
        let nested: String = (0..200).map(|n| format!("{}- x\n", "  ".repeat(n))).collect();
        assert!(depth(&read_markdown(&nested).expect("lists")) <= 3 * MAX_DEPTH);
        assert!(read_markdown(&"*".repeat(9_000)).is_none_or(|nodes| depth(&nodes) <= 3 * MAX_DEPTH));
        assert!(read_markdown(&">".repeat(9_000)).is_none());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_gives_only_elements_and_addresses_of_ours(text in "\\PC{0,200}") {
            fn is_ours(node: &Rich) -> bool {
                match node {
                    Rich::Text(_) => true,
                    Rich::Element { tag, href, kids } => {
                        ["a", "b", "i", "code", "pre", "ul", "ol", "li", "p"].contains(tag)
                            && href.as_ref().is_none_or(|href| address(href).is_some())
                            && kids.iter().all(is_ours)
                    }
                }
            }
            proptest::prop_assert!(read_markdown(&text).unwrap_or_default().iter().all(is_ours));
        }
    }
}
