//! What links in letters lead to: one page that says what it does, one button that does it.
//!
//! # Invariants
//! - Looking changes nothing: programs that check mail open every link.
//! - The token never leaves by a referrer, and nobody keeps the page.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::language::Language;
use crate::pages::{escape, with_policy};
use crate::{NoticeAct, NoticeLink, Site};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What the link would do, with the button that does it.
pub async fn show(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    answer(site.widgets.notice(&token).await, &headers, Stage::Before)
}

/// Does it. Also what a mail program calls for `List-Unsubscribe-Post`.
pub async fn follow(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    answer(site.widgets.follow_notice(&token).await, &headers, Stage::After)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Before,
    After,
}

fn answer(link: Option<NoticeLink>, headers: &HeaderMap, stage: Stage) -> Response {
    let (status, language) = match &link {
        Some(link) => (StatusCode::OK, Language::pick(Some(&link.language), headers)),
        None => (StatusCode::GONE, Language::pick(None, headers)),
    };
    let page = page(language, link.map(|link| link.act), stage);
    let mut response = with_policy((status, Html(page)).into_response(), POLICY);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Title, text, and the words of the button where there is something left to do.
fn words(
    language: Language,
    act: Option<NoticeAct>,
    stage: Stage,
) -> (&'static str, &'static str, Option<&'static str>) {
    use {Language as L, NoticeAct as A, Stage as S};
    match (language, act, stage) {
        (L::Es, Some(A::Confirm), S::Before) => (
            "Respuestas por correo",
            "Te enviaremos aquí las respuestas del chat que no hayas leído.",
            Some("Confirmar"),
        ),
        (L::En, Some(A::Confirm), S::Before) => {
            ("Answers by mail", "We will send you the answers from the chat that you have not read.", Some("Confirm"))
        }
        (L::Es, Some(A::Confirm), S::After) => {
            ("Confirmado", "Recibirás por correo las respuestas que no hayas leído.", None)
        }
        (L::En, Some(A::Confirm), S::After) => {
            ("Confirmed", "You will get the answers you have not read by mail.", None)
        }
        (L::Es, Some(A::Stop), S::Before) => (
            "Sin más correos",
            "Dejaremos de enviarte las respuestas de esta conversación.",
            Some("No quiero más correos"),
        ),
        (L::En, Some(A::Stop), S::Before) => {
            ("No more mails", "We will stop sending you the answers of this conversation.", Some("Stop the mails"))
        }
        (L::Es, Some(A::Stop), S::After) => ("Hecho", "No te enviaremos más correos de esta conversación.", None),
        (L::En, Some(A::Stop), S::After) => ("Done", "We will send you no more mails about this conversation.", None),
        (L::Es, None, S::Before | S::After) => {
            ("Este enlace ya no sirve", "Se usó antes, o ha pasado más de un día. Pídelo otra vez en el chat.", None)
        }
        (L::En, None, S::Before | S::After) => {
            ("This link no longer works", "It was used before, or is older than a day. Ask again in the chat.", None)
        }
    }
}

fn page(language: Language, act: Option<NoticeAct>, stage: Stage) -> String {
    let (title, text, button) = words(language, act, stage);
    let form = button.map(|words| format!("<form method=\"post\"><button>{}</button></form>", escape(words)));
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><link rel=\"icon\" href=\"/favicon.svg\"><link rel=\"stylesheet\" href=\"/demo.css\"><main><h1>{title}</h1><p>{text}</p>{}</main>",
        language.tag(),
        form.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_that_can_be_followed_has_a_button() {
        for (act, stage, has_button) in [
            (Some(NoticeAct::Confirm), Stage::Before, true),
            (Some(NoticeAct::Stop), Stage::Before, true),
            (Some(NoticeAct::Confirm), Stage::After, false),
            (Some(NoticeAct::Stop), Stage::After, false),
            (None, Stage::Before, false),
        ] {
            for language in [Language::Es, Language::En] {
                assert_eq!(page(language, act, stage).contains("<button>"), has_button, "{act:?} {stage:?}");
            }
        }
    }

    #[test]
    fn a_link_that_is_no_longer_good_is_gone_and_nothing_is_kept() {
        let response = answer(None, &HeaderMap::new(), Stage::Before);
        assert_eq!(response.status(), StatusCode::GONE);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[REFERRER_POLICY], "no-referrer");
    }
}
