//! What is fed, and what must hold for whatever it is fed.

use api::dto::stream::ClientFrame;
use api::dto::widget::{VisitorMessageInput, VisitorReadInput, VisitorSessionInput};
use mail::{Context, Parsed, Reason};

/// Something that reads bytes from strangers.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name; its samples stand in `fuzz/corpus/<name>`.
    pub name: &'static str,
    /// Reads an input; says what does not hold.
    pub run: fn(&[u8]) -> Result<(), String>,
}

/// Every target.
pub const TARGETS: [Target; 7] = [
    Target { name: "mail", run: mail },
    Target { name: "mail_html", run: mail_html },
    Target { name: "markdown", run: markdown },
    Target { name: "quotes", run: quotes },
    Target { name: "scripts", run: scripts },
    Target { name: "socket_frames", run: socket_frames },
    Target { name: "widget_body", run: widget_body },
];

fn must(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn mail(input: &[u8]) -> Result<(), String> {
    match mail::parse(input, &Context::default()) {
        Parsed::Mail(mail) => {
            must(mail.quote_at <= mail.text.len(), "the quote begins behind the text")?;
            must(!mail.text.contains('\0'), "the text holds U+0000")
        }
        // A panic inside the parser is caught there, but it is a bug all the same.
        Parsed::Unreadable(unreadable) => must(unreadable.reason != Reason::ParserFailed, "the parser panicked"),
    }
}

/// Nothing that runs is left.
fn is_harmless(html: &str) -> bool {
    let html = html.to_ascii_lowercase();
    !["<script", "<iframe", "<object", "<svg", "<style"].iter().any(|element| html.contains(element))
}

fn mail_html(input: &[u8]) -> Result<(), String> {
    let clean = mail::sanitise(&String::from_utf8_lossy(input));
    must(is_harmless(&clean.html), "something that runs is left")
}

fn markdown(input: &[u8]) -> Result<(), String> {
    must(is_harmless(&mail::render_markdown(&String::from_utf8_lossy(input))), "something that runs is left")
}

fn quotes(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let _ = mail::fold_quote(&text);
    drop(mail::fold_quote_html(&text));
    Ok(())
}

fn scripts(input: &[u8]) -> Result<(), String> {
    if let Ok(script) = app::simulator::script::read(&String::from_utf8_lossy(input)) {
        must(script.customer(1, 2) == script.customer(1, 2), "the same seed gives another customer")?;
    }
    Ok(())
}

fn socket_frames(input: &[u8]) -> Result<(), String> {
    drop(serde_json::from_slice::<ClientFrame>(input));
    Ok(())
}

fn widget_body(input: &[u8]) -> Result<(), String> {
    drop(serde_json::from_slice::<VisitorMessageInput>(input));
    drop(serde_json::from_slice::<VisitorSessionInput>(input));
    drop(serde_json::from_slice::<VisitorReadInput>(input));
    Ok(())
}
