//! HTML from strangers, made safe to store and to show in a sandboxed frame.
//!
//! # Invariants
//! - Nothing that runs, loads, submits or navigates by itself survives: no script, handler,
//!   form, frame, style sheet, `url()`, SVG or MathML; link targets are http, https, mailto, tel.
//! - Showing the result makes no request: remote images keep their address in `data-remote-src`,
//!   attached ones in `data-cid`, and neither has a `src` until someone decides so.
//! - The class names and ids that mark quotes survive, because folding needs them.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

use crate::{
    markup::{self, Token},
    nesting,
};

/// Sanitised HTML and what was found in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html {
    /// Safe, balanced markup; see the module's invariants.
    pub html: String,
    /// Content-IDs of the attached images it shows, without `cid:`, in order, each once.
    pub content_ids: Vec<String>,
    /// Remote images that were disabled (tracking pixels are dropped and not counted).
    pub remote_image_count: usize,
}

impl Html {
    /// The text a reader sees.
    pub fn to_text(&self) -> String {
        markup::to_text(&self.html)
    }
}

/// Most attached images listed.
const MAX_CONTENT_IDS: usize = 1_000;

const STYLE_PROPERTIES: [&str; 22] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-left",
    "border-right",
    "border-top",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "line-height",
    "list-style-type",
    "padding",
    "padding-left",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
];

/// Elements whose content goes with them.
const DROPPED_WITH_CONTENT: [&str; 12] = [
    "applet", "iframe", "math", "noembed", "noframes", "object", "script", "select", "style", "svg", "template",
    "title",
];

const QUOTE_CLASSES: [&str; 6] =
    ["gmail_quote", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "OutlookMessageHeader", "centralita-marker"];
const QUOTE_IDS: [&str; 3] = ["divRplyFwdMsg", "stopSpelling", "appendonsend"];

static MAIL_POLICY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = Builder::default();
    policy
        .rm_tags(["area", "map"])
        .add_tags(["font"])
        .clean_content_tags(HashSet::from(DROPPED_WITH_CONTENT))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_values(HashMap::from([("a", HashMap::from([("target", "_blank")]))]))
        .add_tag_attributes("font", ["color", "face", "size"])
        .add_tag_attributes("table", ["border", "cellpadding", "cellspacing", "width", "bgcolor"])
        .add_tag_attributes("td", ["width", "height", "valign", "bgcolor"])
        .add_tag_attributes("blockquote", ["type"])
        .add_tag_attributes("div", ["id", "align", "dir"])
        .add_tag_attributes("p", ["align", "dir"])
        .add_tag_attributes("hr", ["id"])
        .add_generic_attributes(["style"])
        .filter_style_properties(HashSet::from(STYLE_PROPERTIES))
        .allowed_classes(quote_classes())
        .attribute_filter(filter_attribute);
    policy
});

/// For HTML we render ourselves: the same rules, except that attached images keep their address.
static OWN_POLICY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = Builder::default();
    policy
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(filter_own_attribute);
    policy
});

fn filter_own_attribute<'u>(element: &str, attribute: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let is_allowed = match (element, attribute) {
        ("img", "src") => has_scheme(value, "cid:"),
        (_, "href") => is_link(value),
        _ => true,
    };
    is_allowed.then_some(Cow::Borrowed(value))
}

/// Cleans what the Markdown renderer made of an agent's text.
pub(crate) fn clean_own(html: &str) -> String {
    OWN_POLICY.clean(html).to_string()
}

fn quote_classes() -> HashMap<&'static str, HashSet<&'static str>> {
    let classes = HashSet::from(QUOTE_CLASSES);
    ["blockquote", "div", "table"].into_iter().map(|tag| (tag, classes.clone())).collect()
}

/// Makes mail HTML safe; see the module's invariants.
///
/// Markup of a shape that would take minutes or gigabytes to build is reduced to its text.
pub fn sanitise(html: &str) -> Html {
    if nesting::is_hostile(html) {
        return Html { html: format!("<pre>{}</pre>", markup::escape(&strip_tags(html))), ..Html::default() };
    }
    rewrite_images(&MAIL_POLICY.clean(html).to_string())
}

/// Gives attached images the address `resolve` knows for their Content-ID; others stay hidden.
pub fn resolve_content_ids(html: &str, resolve: impl Fn(&str) -> Option<String>) -> String {
    map_images(html, |attributes| {
        let address = markup::attribute(attributes, "data-cid").and_then(|cid| resolve(&markup::unescape(cid)));
        match address {
            Some(address) => format!("<img src=\"{}\" {attributes}>", markup::escape(&address)),
            None => format!("<img {attributes}>"),
        }
    })
}

/// What is left when everything between angle brackets goes.
fn strip_tags(html: &str) -> String {
    let mut pieces = html.split('<');
    let first = pieces.next().unwrap_or_default();
    let texts = pieces.map(|piece| piece.split_once('>').map_or("", |(_, text)| text));
    std::iter::once(first).chain(texts).collect()
}

fn filter_attribute<'u>(element: &str, attribute: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let is_allowed = match (element, attribute) {
        ("img", "src") => is_image_address(value),
        (_, "href") => is_link(value),
        (_, "cite") => false,
        ("blockquote", "type") => value.eq_ignore_ascii_case("cite"),
        (_, "id") => QUOTE_IDS.contains(&value),
        (_, "style") => is_harmless_style(value),
        _ => true,
    };
    is_allowed.then_some(Cow::Borrowed(value))
}

fn has_scheme(value: &str, scheme: &str) -> bool {
    value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn is_link(value: &str) -> bool {
    ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| has_scheme(value.trim(), scheme))
}

fn is_image_address(value: &str) -> bool {
    let value = value.trim();
    let is_raster = ["png", "gif", "jpeg", "jpg", "webp"]
        .iter()
        .any(|kind| has_scheme(value, &format!("data:image/{kind};base64,")));
    is_raster || is_remote(value) || has_scheme(value, "cid:")
}

fn is_remote(value: &str) -> bool {
    has_scheme(value, "http://") || has_scheme(value, "https://")
}

/// Refuses whatever could load, run or hide its meaning behind an escape.
fn is_harmless_style(value: &str) -> bool {
    const FORBIDDEN: [&str; 9] =
        ["url", "expression", "import", "image", "var(", "attr(", "javascript", "binding", "behavior"];
    let lower = value.to_ascii_lowercase();
    !lower.contains(['\\', '@', '<']) && !lower.contains("/*") && !FORBIDDEN.iter().any(|word| lower.contains(word))
}

/// Replaces every image tag by what `replace` makes of its attributes.
fn map_images(html: &str, mut replace: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(html.len());
    let mut copied = 0;
    for (start, token) in markup::tokens(html) {
        if let Token::Open { name: "img", attributes } = token {
            out.push_str(&html[copied..start]);
            out.push_str(&replace(attributes));
            copied = start + "<img>".len() + attributes.len() + usize::from(!attributes.is_empty());
        }
    }
    out.push_str(&html[copied.min(html.len())..]);
    out
}

fn rewrite_images(html: &str) -> Html {
    let mut found = Html::default();
    let rewritten = map_images(html, |attributes| match markup::attribute(attributes, "src") {
        Some(src) if is_remote(src) => {
            if is_pixel(attributes) {
                return String::new();
            }
            found.remote_image_count += 1;
            moved_source(attributes, "data-remote-src", src)
        }
        Some(src) if has_scheme(src, "cid:") => {
            let id = markup::unescape(&src[4..]);
            if found.content_ids.len() < MAX_CONTENT_IDS && !found.content_ids.contains(&id) {
                found.content_ids.push(id);
            }
            moved_source(attributes, "data-cid", &src[4..])
        }
        Some(_) => format!("<img {attributes}>"),
        None => String::new(),
    });
    Html { html: rewritten, ..found }
}

/// The same image with its address under another name, so that nothing is requested.
fn moved_source(attributes: &str, name: &str, value: &str) -> String {
    let kept = markup::attributes(attributes).filter(|(key, _)| *key != "src");
    let kept: String = kept.map(|(key, value)| format!(" {key}=\"{value}\"")).collect();
    format!("<img {name}=\"{value}\"{kept}>")
}

/// Whether the image is at most one pixel wide or high: it exists to report the reader.
fn is_pixel(attributes: &str) -> bool {
    let is_tiny = |value: &str| {
        let number = value.trim().trim_end_matches("px").trim();
        number.parse::<f32>().is_ok_and(|size| size <= 1.0)
    };
    let style = markup::attribute(attributes, "style").unwrap_or_default();
    let is_tiny_style = style.split(';').filter_map(|declaration| declaration.split_once(':')).any(|(name, value)| {
        let value = value.trim().trim_end_matches("!important");
        matches!(name.trim(), "width" | "height") && is_tiny(value)
    });
    let is_tiny_attribute = |name| markup::attribute(attributes, name).is_some_and(is_tiny);
    is_tiny_style || is_tiny_attribute("width") || is_tiny_attribute("height")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(sanitise(html).html, expected);
    }

    #[test]
    fn remote_images_are_disabled_and_keep_their_address() {
        check(
            "<img src=\"https://a.es/x.png\" alt=\"x\" width=\"200\">",
            "<img data-remote-src=\"https://a.es/x.png\" alt=\"x\" width=\"200\">",
        );
        assert_eq!(sanitise("<img src=http://a/b><img src=HTTPS://a/c>").remote_image_count, 2);
    }

    #[test]
    fn attached_images_become_placeholders_that_can_be_resolved() {
        let html = sanitise("<img src=\"cid:a&amp;b@c\"><img src='CID:a&amp;b@c'>");
        assert_eq!(html.content_ids, ["a&b@c"]);
        assert!(!html.html.contains(" src="), "{}", html.html);
        let shown = resolve_content_ids(&html.html, |cid| (cid == "a&b@c").then(|| "/a/1".to_owned()));
        assert_eq!(shown.matches("<img src=\"/a/1\" data-cid=\"a&amp;b@c\">").count(), 2);
    }

    #[test]
    fn tracking_pixels_are_dropped() {
        for pixel in ["width=1 height=1", "width=\"0\"", "style=\"width:1px;height:1px\"", "style='height: 0px'"] {
            check(&format!("a<img src=\"https://t.es/o.gif\" {pixel}>b"), "ab");
        }
    }

    #[test]
    fn links_open_elsewhere_without_telling_where_from() {
        check(
            "<a href=\"https://a.es/\" onclick=\"x()\">a</a>",
            "<a href=\"https://a.es/\" target=\"_blank\" rel=\"noopener noreferrer\">a</a>",
        );
        check("<a href=\"/x\">a</a>", "<a target=\"_blank\" rel=\"noopener noreferrer\">a</a>");
    }

    #[test]
    fn quote_markers_survive_and_other_names_do_not() {
        check("<div class=\"gmail_quote x\" id=\"y\">a</div>", "<div class=\"gmail_quote\">a</div>");
        check("<div id=\"divRplyFwdMsg\">a</div>", "<div id=\"divRplyFwdMsg\">a</div>");
        check("<blockquote type=\"cite\" cite=\"mid:x\">a</blockquote>", "<blockquote type=\"cite\">a</blockquote>");
    }

    #[test]
    fn raster_images_in_the_mail_itself_stay() {
        check("<img src=\"data:image/png;base64,AAAA\">", "<img src=\"data:image/png;base64,AAAA\">");
        check("<img src=\"data:image/svg+xml;base64,AAAA\">", "");
    }

    #[test]
    fn harmless_style_stays_and_loading_style_goes() {
        check("<p style=\"color: red; position: fixed\">a</p>", "<p style=\"color:red\">a</p>");
        check("<p style=\"background-color: url(//x)\">a</p>", "<p>a</p>");
    }

    #[test]
    fn hostile_nesting_is_reduced_to_its_text() {
        let html = sanitise(&format!("{}fin<script>", "<div>".repeat(200_000)));
        assert_eq!(html.html, "<pre>fin</pre>");
        assert_eq!(html.to_text(), "fin");
    }
}
