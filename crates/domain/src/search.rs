//! Finding text: how words are folded so that both engines and the highlighter agree on them.
//!
//! A folded text is words of letters and digits, lower case, without accents, one space between them. `Año NUEVO`
//! becomes `ano nuevo`, and `ano` finds it. Ideographs are words of their own.
//!
//! # Invariants
//! - What is stored, what is asked and what is marked goes through [`words`]: nothing is found that cannot be marked.
//! - A folded word holds neither space, quote nor sign: it stands in any engine's query language.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most words of a query; further ones are left out.
pub const MAX_TERMS: usize = 12;
/// Most code points of a word; the rest of a longer one is left out.
const MAX_WORD: usize = 64;
/// Most code points of a text that are looked at.
const MAX_TEXT: usize = 100_000;
/// Code points of a passage around the first hit.
const PASSAGE: usize = 160;

/// A word of a text: folded, and where it stands in code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is compared.
    pub folded: String,
    /// First code point.
    pub from: usize,
    /// After the last code point.
    pub to: usize,
}

/// The words of a text in order.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    let chars = text.chars().take(MAX_TEXT).enumerate();
    let mut pieces = chars.flat_map(|(at, c)| pieces(c).map(move |piece| (at, piece))).peekable();
    std::iter::from_fn(move || {
        let mut word: Option<Word> = None;
        while let Some(&(at, piece)) = pieces.peek() {
            match (piece, &mut word) {
                (Piece::Gap, Some(_)) => break,
                (Piece::Gap | Piece::Mark, None) => {}
                (Piece::Mark, Some(current)) => current.to = at + 1,
                (Piece::Part(c), Some(_)) if is_ideograph(c) => break,
                (Piece::Part(c), found) => {
                    let current = found.get_or_insert(Word { folded: String::new(), from: at, to: at });
                    if current.folded.chars().count() < MAX_WORD {
                        current.folded.push(c);
                    }
                    current.to = at + 1;
                    if is_ideograph(c) {
                        pieces.next();
                        break;
                    }
                }
            }
            pieces.next();
        }
        word
    })
}

/// A text as it is stored for finding.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::new();
    for word in words(text) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.folded);
    }
    folded
}

/// What a character is to a word.
#[derive(Clone, Copy)]
enum Piece {
    /// A letter or digit of it, folded.
    Part(char),
    /// Belongs to the letter before it and says nothing of its own.
    Mark,
    /// Ends it.
    Gap,
}

/// What a character comes apart into: `ﬁ` into two letters, `½` into two digits and the sign between them.
fn pieces(c: char) -> impl Iterator<Item = Piece> {
    let (simple, other) = if c.is_ascii() { (Some(c.to_ascii_lowercase()), None) } else { (None, Some(c)) };
    let plain = other.into_iter().nfkd().flat_map(char::to_lowercase);
    simple.into_iter().chain(plain.flat_map(unaccented)).map(|c| match c {
        c if is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}' | '\u{ad}') => Piece::Mark,
        c if c.is_alphanumeric() => Piece::Part(c),
        _ => Piece::Gap,
    })
}

/// Letters that Unicode does not take apart, as people type them.
fn unaccented(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// A character that is a word: Chinese, Japanese kana, Thai has none of these and stays in runs.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// What somebody looks for: all terms must be there, each as the beginning of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<String>,
}

impl Query {
    /// The query of a text as it was typed. Without words it finds nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut terms: Vec<String> = Vec::new();
        for word in words(text) {
            if terms.len() < MAX_TERMS && !terms.contains(&word.folded) {
                terms.push(word.folded);
            }
        }
        Self { terms }
    }

    /// The folded terms.
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a text has every term.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let words: Vec<Word> = words(text).collect();
        !self.is_empty() && self.terms.iter().all(|term| words.iter().any(|word| word.folded.starts_with(term)))
    }

    /// The passage around the first hit, and where the hits stand in it, in code points; `None` without a hit.
    #[must_use]
    pub fn passage(&self, text: &str) -> Option<Passage> {
        let mut hits: Vec<(usize, usize)> = words(text)
            .filter(|word| self.terms.iter().any(|term| word.folded.starts_with(term)))
            .map(|word| (word.from, word.to))
            .collect();
        // Words of one character that came apart are marked once.
        hits.dedup();
        let first = hits.first()?.0;
        let begin = beginning(text, first);
        let passage: String = text.chars().skip(begin).take(PASSAGE).collect();
        let length = passage.chars().count();
        let inside =
            hits.into_iter().filter(|(_, to)| *to <= begin + length).map(|(from, to)| (from - begin, to - begin));
        Some(Passage { ranges: inside.collect(), text: passage })
    }
}

/// Where a passage begins: at the text's beginning if the hit is near, else at a word a little before it.
fn beginning(text: &str, hit: usize) -> usize {
    if hit < PASSAGE / 2 {
        return 0;
    }
    let earliest = hit - PASSAGE / 4;
    words(text).map(|word| word.from).find(|from| *from >= earliest).map_or(hit, |from| from.min(hit))
}

/// A piece of a text with its hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The piece.
    pub text: String,
    /// Hits in it: first code point and the one after the last.
    pub ranges: Vec<(usize, usize)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accents_case_and_signs_are_folded() {
        for (text, folded) in [
            ("Año NUEVO, ¿qué tal?", "ano nuevo que tal"),
            ("PIÑA piña pin\u{303}a", "pina pina pina"),
            ("Straße Ærø ﬁn", "strasse aero fin"),
            ("pedido #A-1042/b", "pedido a 1042 b"),
            ("eva.gómez@example.com", "eva gomez example com"),
            ("don't can’t", "don t can t"),
            ("İstanbul ııı", "istanbul iii"),
            ("½ km² 北京 です", "1 2 km2 北 京 て す"),
            ("", ""),
            ("¡¿…!?", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn every_term_must_begin_a_word() {
        let finds = |query: &str, text: &str| Query::parse(query).matches(text);
        assert!(finds("envio", "¿Cuándo llega mi ENVÍO?"));
        assert!(finds("ENVÍO cuando", "¿cuándo llega el envio?"));
        assert!(finds("env", "envíos gratis"));
        assert!(!finds("vio", "envío"), "not inside a word");
        assert!(!finds("envio urgente", "envío normal"));
        assert!(!finds("", "envío") && !finds("¿?", "envío"));
    }

    #[test]
    fn hits_are_counted_in_code_points() {
        let passage = Query::parse("envio").passage("🚲 Mi envío y tus envíos").expect("a hit");
        assert_eq!(passage.ranges, [(5, 10), (17, 23)]);
        let decomposed = Query::parse("piña").passage("la pin\u{303}a").expect("a hit");
        assert_eq!(decomposed.ranges, [(3, 8)]);
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_hit() {
        let text = format!("{}aguja {}", "paja ".repeat(200), "heno ".repeat(200));
        let passage = Query::parse("aguja").passage(&text).expect("a hit");
        assert!(passage.text.chars().count() <= PASSAGE);
        let (from, to) = passage.ranges[0];
        assert_eq!(passage.text.chars().skip(from).take(to - from).collect::<String>(), "aguja");
    }

    #[test]
    fn a_query_has_a_limit() {
        let many: Vec<String> = (0..50).map(|n| format!("w{n}")).collect();
        assert_eq!(Query::parse(&many.join(" ")).terms().len(), MAX_TERMS);
        assert_eq!(Query::parse(&"x".repeat(500)).terms()[0].len(), MAX_WORD);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_folded_text_has_only_words_and_single_spaces(text in "\\PC{0,60}") {
            let folded = fold(&text);
            prop_assert!(folded.split(' ').all(|word| word.chars().all(char::is_alphanumeric)));
            prop_assert!(folded.is_empty() || folded.split(' ').all(|word| !word.is_empty()));
        }

        #[test]
        fn what_is_found_can_be_marked(text in "\\PC{0,200}", at in 0_usize..20) {
            let all: Vec<Word> = words(&text).collect();
            if let Some(word) = all.get(at) {
                let query = Query::parse(&word.folded);
                if query.terms().len() == 1 {
                    prop_assert!(query.matches(&text));
                    let passage = query.passage(&text).expect("a hit");
                    prop_assert!(passage.ranges.iter().all(|(from, to)| from < to && *to <= passage.text.chars().count()));
                }
            }
        }
    }
}
