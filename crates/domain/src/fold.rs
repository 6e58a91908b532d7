//! Folding: how texts are compared without case and accents, the same on every engine.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` without case, accents and superfluous space: `"  Lucía  GARCÍA "` becomes `"lucia garcia"`.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_accents_and_space_do_not_count() {
        assert_eq!(fold("  Lucía  GARCÍA "), "lucia garcia");
        assert_eq!(fold("Ñandú ﬁn"), "nandu fin");
        assert_eq!(fold("漢字"), "漢字");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["İstanbul", "ÀÉ", "straße", "  "] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }
}
