//! Which of our languages a page speaks.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language of the public pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Spanish, the default.
    Es,
    /// English.
    En,
}

impl Language {
    /// The value of `lang` in the query, else the first known one of `Accept-Language`, else Spanish.
    pub fn pick(asked: Option<&str>, headers: &HeaderMap) -> Self {
        asked
            .and_then(Self::parse)
            .or_else(|| {
                let accepted = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
                accepted.split(',').find_map(|tag| Self::parse(tag.trim()))
            })
            .unwrap_or(Self::Es)
    }

    fn parse(tag: &str) -> Option<Self> {
        match tag.get(..2)?.to_ascii_lowercase().as_str() {
            "es" => Some(Self::Es),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_goes_before_the_browser() {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, "en-GB,en;q=0.9".parse().expect("a header"))]);
        assert_eq!(Language::pick(Some("es-MX"), &headers), Language::Es);
        assert_eq!(Language::pick(None, &headers), Language::En);
        assert_eq!(Language::pick(Some("fr"), &HeaderMap::new()), Language::Es);
    }
}
