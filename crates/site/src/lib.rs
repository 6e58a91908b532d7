//! Public pages, and the built console and widget.
//!
//! # Invariants
//! - No page carries inline script or style: every one stands a content security policy without `unsafe-inline`.
//! - Only the widget's frame page may be framed, and only by the origins its channel allows.
//! - Knows no store: what a page needs of the running system comes through [`Widgets`].

mod assets;
mod demo;
mod frame;
mod language;
mod notice;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use futures::future::BoxFuture;

pub use assets::Asset;

/// What a link in a letter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeAct {
    /// Says yes to word of answers by mail.
    Confirm,
    /// Ends it.
    Stop,
}

/// A link in a letter that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeLink {
    /// What it does.
    pub act: NoticeAct,
    /// BCP 47, of whoever asked for the letter.
    pub language: String,
}

/// What the pages need to know of the widget channels.
pub trait Widgets: Send + Sync + 'static {
    /// Public key of the web chat that the demo page embeds; `None` while there is none.
    fn demo_key(&self) -> BoxFuture<'_, Option<String>>;
    /// Origins allowed to embed the widget of `key`; `None` when no enabled channel has that key.
    fn allowed_origins<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<Vec<String>>>;
    /// What a link in a letter would do; `None` for one that is no longer good.
    fn notice<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<NoticeLink>>;
    /// Does it; `None` when it was done before and works once.
    fn follow_notice<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<NoticeLink>>;
}

/// What the site is made of. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    widgets: Arc<dyn Widgets>,
}

impl Site {
    /// A site that asks `widgets` for what it embeds.
    #[must_use]
    pub fn new(widgets: Arc<dyn Widgets>) -> Self {
        Self { widgets }
    }
}

/// Hash over all files of the built console; `None` when it was not built.
#[must_use]
pub fn console_hash() -> Option<&'static str> {
    assets::CONSOLE_HASH
}

/// Hash over all files of the built widget; `None` when it was not built.
#[must_use]
pub fn widget_hash() -> Option<&'static str> {
    assets::WIDGET_HASH
}

/// Every public page, the widget's scripts, and the console for everything else that asks for a page.
///
/// Carries the fallback: merge it with routers that have none.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/w/loader.js", get(|headers| assets::script("loader.js", headers)))
        .route("/w/widget.js", get(|headers| assets::script("widget.js", headers)))
        .route("/w/frame/{key}", get(frame::show))
        .route("/w/frame.css", get(frame::style))
        .route("/demo", get(demo::show))
        .route("/demo.css", get(demo::style))
        .route("/n/{token}", get(notice::show).post(notice::follow))
        .route("/problems/{code}", get(pages::problem))
        .fallback(pages::console)
        .with_state(site)
}
