//! Statements as constants: a name, one text for both engines, the column types, and whose rows it may see.

use crate::Error;

/// One statement. Write it as a `const`, so that its scope is checked while compiling.
///
/// The text uses `$1`, `$2`, … and the placeholders of [`crate::dialect`].
#[derive(Debug)]
pub struct Sql {
    /// Unique dotted name, `"conversations.find"`: what logs and errors say.
    pub name: &'static str,
    /// One text for both engines.
    pub text: &'static str,
    /// Type of each result column, in order; empty when the statement returns no rows.
    pub returns: &'static [Kind],
    /// Whose rows the statement touches.
    pub scope: Scope,
}

/// Whose rows a statement touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One organization's: the text pins `organization_id`.
    Organization,
    /// Everyone's, with the reason why that is right.
    Global(&'static str),
}

/// The type of a result column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `INTEGER` 0 or 1 / `boolean`.
    Bool,
    /// `INTEGER` / `bigint`.
    Int,
    /// `REAL` / `double precision`.
    Real,
    /// `TEXT` / `text`.
    Text,
    /// `BLOB` / `bytea`.
    Blob,
    /// `BLOB` of 16 bytes / `uuid`.
    Uuid,
    /// `TEXT` / `jsonb`.
    Json,
    /// `INTEGER` microseconds since 1970 UTC / `timestamptz`.
    Time,
}

impl Sql {
    /// A statement over one organization's rows.
    ///
    /// # Panics
    /// While compiling, when the text neither pins `organization_id = $n` nor inserts into that column.
    pub const fn new(name: &'static str, text: &'static str, returns: &'static [Kind]) -> Self {
        assert!(
            pins_organization(text),
            "the statement must say `organization_id = $n`, or be Sql::global with a reason"
        );
        Self { name, text, returns, scope: Scope::Organization }
    }

    /// A statement over everyone's rows; `reason` says why no organization can be named.
    pub const fn global(
        name: &'static str,
        text: &'static str,
        returns: &'static [Kind],
        reason: &'static str,
    ) -> Self {
        Self { name, text, returns, scope: Scope::Global(reason) }
    }
}

/// A statement put together at run time from constant parts: a list whose filters somebody chose.
///
/// Values are always parameters; only the shape varies. It is prepared anew each time, since shapes have no end.
#[derive(Clone, Debug)]
pub struct Built {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

impl Built {
    /// A statement over one organization's rows.
    ///
    /// # Errors
    /// [`Error::Text`] when the text does not pin `organization_id = $n`.
    pub fn new(name: &'static str, text: String) -> Result<Self, Error> {
        if pins_organization(&text) {
            return Ok(Self { name, text });
        }
        Err(Error::Text { statement: name, message: "must say `organization_id = $n`".to_owned() })
    }
}

/// Whether `text` names the organization it works for.
pub(crate) const fn pins_organization(text: &str) -> bool {
    contains(text, "organization_id = $")
        || contains(text, "organization_id = {cast $")
        || (contains(text, "INSERT INTO") && contains(text, "organization_id"))
}

const fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let mut start = 0;
    while start + part.len() <= text.len() {
        if starts_at(text, part, start) {
            return true;
        }
        start += 1;
    }
    false
}

const fn starts_at(text: &[u8], part: &[u8], start: usize) -> bool {
    let mut index = 0;
    while index < part.len() {
        if text[start + index] != part[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Built, pins_organization};

    #[test]
    fn a_statement_must_pin_the_organization() {
        for (text, pinned) in [
            ("SELECT id FROM a WHERE organization_id = $1", true),
            ("SELECT id FROM a x WHERE x.organization_id = $12 AND id = $1", true),
            ("SELECT id FROM a WHERE organization_id = {cast $1 uuid}", true),
            ("INSERT INTO a (organization_id, id) VALUES ($1, $2)", true),
            ("SELECT organization_id FROM a", false),
            ("INSERT INTO a (id) VALUES ($1)", false),
            ("", false),
        ] {
            assert_eq!(pins_organization(text), pinned, "{text}");
        }
    }

    #[test]
    fn a_built_statement_must_pin_it_too() {
        assert!(Built::new("a", "SELECT id FROM a WHERE organization_id = $1".to_owned()).is_ok());
        assert!(Built::new("a", "SELECT id FROM a".to_owned()).is_err());
    }
}
