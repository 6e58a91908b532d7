//! «Pedales», a small shop that does not exist, with the web chat on it: the customer's side of a demonstration.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;

use crate::Site;
use crate::language::Language;
use crate::pages::{css, escape, with_policy};

/// As strict as a careful site would be: whatever the widget needs beyond this is a fault of the widget.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self' ws: wss:; img-src 'self'; \
     style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors 'none'";

/// Query of the page. Strangers' links may carry more (`utm_source`…); it is ignored.
#[derive(Default)]
struct Asked {
    lang: Option<String>,
}

impl From<Vec<(String, String)>> for Asked {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self { lang: pairs.into_iter().find(|(name, _)| name == "lang").map(|(_, value)| value) }
    }
}

struct Texts {
    title: &'static str,
    tagline: &'static str,
    lead: &'static str,
    other: &'static str,
    products: &'static str,
    items: [(&'static str, &'static str, &'static str); 3],
    questions: &'static str,
    asked: [(&'static str, &'static str); 3],
    missing: &'static str,
    footer: &'static str,
}

const ES: Texts = Texts {
    title: "Pedales · bicicletas de ciudad",
    tagline: "Bicicletas de ciudad, hechas para durar",
    lead: "Envío en 48 horas, montada y ajustada. Treinta días para devolverla. ¿Dudas con la talla o con un pedido? \
           Escríbenos en el chat: contesta una persona.",
    other: "English",
    products: "Las más queridas",
    items: [
        ("Alameda", "Tres velocidades, guardabarros y portabultos", "649 €"),
        ("Cuesta", "Eléctrica, 90 km de autonomía", "1.890 €"),
        ("Recado", "De carga, hasta 120 kg", "2.150 €"),
    ],
    questions: "Lo que más nos preguntan",
    asked: [
        ("¿Dónde está mi pedido?", "En el chat, con el número de pedido, te lo decimos al momento."),
        ("¿Qué talla necesito?", "Dinos tu altura y te orientamos."),
        ("¿Y si algo no va bien?", "Dos años de garantía y taller propio en ocho ciudades."),
    ],
    missing: "El chat todavía no está conectado: crea un canal de chat web en la consola y vuelve a cargar esta página.",
    footer: "Tienda de demostración. Nada de lo que ves se vende.",
};

const EN: Texts = Texts {
    title: "Pedales · city bicycles",
    tagline: "City bicycles, built to last",
    lead: "Delivered in 48 hours, assembled and adjusted. Thirty days to return it. Questions about a size or an order? \
           Write to us in the chat: a person answers.",
    other: "Español",
    products: "Most loved",
    items: [
        ("Alameda", "Three speeds, mudguards and a rack", "€649"),
        ("Cuesta", "Electric, range of 90 km", "€1,890"),
        ("Recado", "Cargo, up to 120 kg", "€2,150"),
    ],
    questions: "What people ask us most",
    asked: [
        ("Where is my order?", "Tell us its number in the chat and we look it up at once."),
        ("Which size do I need?", "Tell us your height and we advise you."),
        ("What if something is wrong?", "Two years of warranty, and our own workshops in eight cities."),
    ],
    missing: "The chat is not connected yet: create a web chat channel in the console and load this page again.",
    footer: "A shop for demonstration. Nothing you see is for sale.",
};

const BICYCLE: &str = "<svg viewBox=\"0 0 120 72\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\" \
     stroke-width=\"4\" stroke-linecap=\"round\" stroke-linejoin=\"round\"><circle cx=\"26\" cy=\"48\" r=\"20\"/>\
     <circle cx=\"94\" cy=\"48\" r=\"20\"/><path d=\"M26 48l18-30h34l16 30M44 18l14 30h-32M58 48l20-30M38 10h14M78 18l-4-10h12\"/></svg>";

/// `GET /demo?lang=es|en`
pub async fn show(
    State(site): State<Site>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let language = Language::pick(Asked::from(pairs).lang.as_deref(), &headers);
    let key = site.widgets.demo_key().await;
    with_policy(Html(page(language, key.as_deref())).into_response(), POLICY)
}

/// `GET /demo.css`
pub async fn style() -> Response {
    css(include_str!("../static/demo.css"))
}

fn page(language: Language, key: Option<&str>) -> String {
    let (texts, other) = match language {
        Language::Es => (&ES, Language::En),
        Language::En => (&EN, Language::Es),
    };
    let Texts { title, tagline, lead, products, questions, footer, .. } = texts;
    let (tag, other_tag, other_name) = (language.tag(), other.tag(), texts.other);
    let (chat, notice) = (chat(language, key), notice(texts, key));
    let (items, asked) = (items(texts), asked(texts));
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<link rel=\"icon\" href=\"/favicon.svg\">\n<link rel=\"stylesheet\" href=\"/demo.css\">\n{chat}</head>\n<body>\n\
         <header><a class=\"brand\" href=\"/demo?lang={tag}\">Pedales</a><a href=\"/demo?lang={other_tag}\" \
         hreflang=\"{other_tag}\" lang=\"{other_tag}\">{other_name}</a></header>\n\
         <main>\n<section class=\"hero\"><div><h1>{tagline}</h1><p>{lead}</p>{notice}</div>{BICYCLE}</section>\n\
         <section><h2>{products}</h2><ul class=\"items\">{items}</ul></section>\n\
         <section><h2>{questions}</h2><dl>{asked}</dl></section>\n</main>\n<footer>{footer}</footer>\n</body>\n</html>\n"
    )
}

fn chat(language: Language, key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| {
        format!(
            "<script async src=\"/w/loader.js\" data-key=\"{}\" data-lang=\"{}\"></script>\n",
            escape(key),
            language.tag()
        )
    })
}

fn notice(texts: &Texts, key: Option<&str>) -> String {
    if key.is_some() { String::new() } else { format!("<p class=\"notice\" role=\"status\">{}</p>", texts.missing) }
}

fn items(texts: &Texts) -> String {
    let card = |(name, about, price): &(&str, &str, &str)| {
        format!(
            "<li><div class=\"picture\">{BICYCLE}</div><h3>{name}</h3><p>{about}</p><p class=\"price\">{price}</p></li>"
        )
    };
    texts.items.iter().map(card).collect()
}

fn asked(texts: &Texts) -> String {
    texts.asked.iter().map(|(question, answer)| format!("<div><dt>{question}</dt><dd>{answer}</dd></div>")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_embeds_the_widget_of_the_channel_and_nothing_inline() {
        let page = page(Language::En, Some("k\"1"));
        assert!(page.contains("<script async src=\"/w/loader.js\" data-key=\"k&quot;1\" data-lang=\"en\"></script>"));
        let is_handler =
            |rest: &str| rest.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase()));
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.split(" on").skip(1).any(is_handler));
    }

    #[test]
    fn without_a_channel_it_says_what_to_do() {
        assert!(page(Language::Es, None).contains(ES.missing));
        assert!(!page(Language::Es, None).contains("<script"));
    }
}
