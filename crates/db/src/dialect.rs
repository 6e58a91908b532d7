//! The one place where the engines differ: placeholders of statements and type words of migrations.
//!
//! In statements (outside quotes and comments):
//!
//! | placeholder | SQLite | PostgreSQL |
//! |---|---|---|
//! | `$1` | `?1`, since rusqlite numbers `$1` by first appearance | `$1` |
//! | `x {any_uuid $1}` | `x IN (SELECT unhex(value) FROM json_each(?1))` | `x = ANY($1)` |
//! | `x {any_text $1}`, `x {any_int $1}` | `x IN (SELECT value FROM json_each(?1))` | `x = ANY($1)` |
//! | `{cast $1 uuid}` (also text, int, bool, real, json, time, blob) | `?1` | `$1::uuid` |
//! | `{for_update}` `{skip_locked}` `{lock_share}` | nothing: there is one writer | `FOR UPDATE` … |
//! | `{xid}` | `0` | `xid::text::bigint` |
//! | `{horizon}` | `1=1` | `xid < pg_snapshot_xmin(pg_current_snapshot())` |
//! | `{after $1 $2}` | `position > ?2` | `(xid, position) > ($1, $2)` |
//! | `{event_order}` | `position` | `xid, position` |
//! | `{event_order_desc}` | `position DESC` | `xid DESC, position DESC` |
//! | `{found_in index $1}` | `position IN` the newest 1001 rows of the FTS5 table `index` that match `?1` | `words @@ $1::text::tsquery` |
//! | `{unindexed column}` | `+column`, which no index serves | `column` |
//!
//! A cast is needed on PostgreSQL where nothing else gives a parameter its type: `{cast $1 uuid} IS NULL`.
//!
//! In migrations: `{uuid} {json} {time} {int} {bool} {real} {text} {blob} {strict} {xid_column} {position}`, and sections
//! for one engine between a line `-- @sqlite` or `-- @postgres` and a line `-- @end`.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::{Engine, Error, Sql};

/// A statement in the words of one engine.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub text: String,
    /// How many parameters it takes: the highest `$n`.
    pub parameters: usize,
}

/// Rendered statements by engine and place of their text: a `'static` text never changes.
type Cache = RwLock<HashMap<(Engine, usize, usize), Arc<Rendered>>>;

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// The statement in the words of `engine`, rendered once per process.
pub(crate) fn statement(engine: Engine, sql: &Sql) -> Result<Arc<Rendered>, Error> {
    let key = (engine, sql.text.as_ptr().addr(), sql.text.len());
    if let Some(rendered) = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(rendered.clone());
    }
    let text_error = |message| Error::Text { statement: sql.name, message };
    let rendered = Arc::new(render(engine, sql.text).map_err(text_error)?);
    CACHE.write().unwrap_or_else(PoisonError::into_inner).insert(key, rendered.clone());
    Ok(rendered)
}

/// A statement that was put together at run time, in the words of `engine`; never remembered.
pub(crate) fn built(engine: Engine, name: &'static str, text: &str) -> Result<Rendered, Error> {
    render(engine, text).map_err(|message| Error::Text { statement: name, message })
}

fn render(engine: Engine, text: &str) -> Result<Rendered, String> {
    let mut numbers = BTreeSet::new();
    let mut out = String::with_capacity(text.len() + 32);
    for token in tokens(text) {
        match token {
            Token::Plain(plain) => out.push_str(plain),
            Token::Parameter(name) => out.push_str(&parameter(engine, name, &mut numbers)?),
            Token::Placeholder(inner) => out.push_str(&placeholder(engine, inner, &mut numbers)?),
        }
    }
    let parameters = numbers.len();
    match numbers.last() {
        Some(&highest) if highest != parameters => Err(format!("uses ${highest} but only {parameters} parameters")),
        Some(_) | None => Ok(Rendered { text: out, parameters }),
    }
}

/// `$n` in the engine's way of writing it.
fn parameter(engine: Engine, name: &str, numbers: &mut BTreeSet<usize>) -> Result<String, String> {
    let number = name.strip_prefix('$').and_then(|digits| digits.parse().ok()).filter(|number| *number > 0);
    let number: usize = number.ok_or_else(|| format!("{name} is not a parameter"))?;
    numbers.insert(number);
    Ok(match engine {
        Engine::Sqlite => format!("?{number}"),
        Engine::Postgres => format!("${number}"),
    })
}

fn placeholder(engine: Engine, inner: &str, numbers: &mut BTreeSet<usize>) -> Result<String, String> {
    let words: Vec<_> = inner.split_whitespace().collect();
    let mut bind = |name: &str| parameter(engine, name, numbers);
    let (sqlite, postgres) = match words.as_slice() {
        ["any_uuid", list] => {
            let list = bind(list)?;
            (format!("IN (SELECT unhex(value) FROM json_each({list}))"), format!("= ANY({list})"))
        }
        ["any_text" | "any_int", list] => {
            let list = bind(list)?;
            (format!("IN (SELECT value FROM json_each({list}))"), format!("= ANY({list})"))
        }
        ["cast", value, kind] => {
            let value = bind(value)?;
            (value.clone(), format!("{value}::{}", postgres_type(kind).ok_or_else(|| unknown(inner))?))
        }
        ["after", xid, position] => {
            let (xid, position) = (bind(xid)?, bind(position)?);
            (format!("position > {position}"), format!("(xid, position) > ({xid}, {position})"))
        }
        ["found_in", index, query] => {
            let query = bind(query)?;
            (
                format!(
                    "position IN (SELECT rowid FROM {index} WHERE {index} MATCH {query} ORDER BY rowid DESC LIMIT 1001)"
                ),
                format!("words @@ {query}::text::tsquery"),
            )
        }
        ["unindexed", column] => (format!("+{column}"), (*column).to_owned()),
        ["event_order"] => ("position".into(), "xid, position".into()),
        ["event_order_desc"] => ("position DESC".into(), "xid DESC, position DESC".into()),
        ["xid"] => ("0".into(), "xid::text::bigint".into()),
        ["horizon"] => ("1=1".into(), "xid < pg_snapshot_xmin(pg_current_snapshot())".into()),
        ["for_update"] => (String::new(), "FOR UPDATE".into()),
        ["skip_locked"] => (String::new(), "FOR UPDATE SKIP LOCKED".into()),
        ["lock_share"] => (String::new(), "FOR SHARE".into()),
        _ => return Err(unknown(inner)),
    };
    Ok(match engine {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    })
}

fn unknown(inner: &str) -> String {
    format!("unknown placeholder {{{inner}}}")
}

/// The PostgreSQL type of a type word.
fn postgres_type(word: &str) -> Option<&'static str> {
    Some(match word {
        "uuid" => "uuid",
        "json" => "jsonb",
        "time" => "timestamptz",
        "int" => "bigint",
        "bool" => "boolean",
        "real" => "double precision",
        "text" => "text",
        "blob" => "bytea",
        _ => return None,
    })
}

/// The SQLite type of a type word; the words of `STRICT` tables.
fn sqlite_type(word: &str) -> Option<&'static str> {
    Some(match word {
        "int" | "bool" | "time" => "INTEGER",
        "real" => "REAL",
        "text" | "json" => "TEXT",
        "uuid" | "blob" => "BLOB",
        _ => return None,
    })
}

fn migration_word(engine: Engine, word: &str) -> Option<&'static str> {
    match (engine, word) {
        (Engine::Sqlite, "strict") => Some("STRICT"),
        (Engine::Postgres, "strict") | (Engine::Sqlite, "xid_column") => Some(""),
        (Engine::Postgres, "xid_column") => Some("xid xid8 NOT NULL DEFAULT pg_current_xact_id(),"),
        (Engine::Sqlite, "position") => Some("position INTEGER PRIMARY KEY"),
        (Engine::Postgres, "position") => Some("position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
        (Engine::Sqlite, word) => sqlite_type(word),
        (Engine::Postgres, word) => postgres_type(word),
    }
}

/// The text of a migration in the words of `engine`.
///
/// # Errors
/// What is wrong with the text: an unknown word or an unclosed section.
pub(crate) fn migration(engine: Engine, text: &str) -> Result<String, String> {
    let text = section_of(engine, text)?;
    let mut out = String::with_capacity(text.len() + 256);
    for token in tokens(&text) {
        match token {
            Token::Plain(plain) | Token::Parameter(plain) => out.push_str(plain),
            Token::Placeholder(word) => out.push_str(migration_word(engine, word).ok_or_else(|| unknown(word))?),
        }
    }
    Ok(out)
}

/// Leaves out the sections of the other engine.
fn section_of(engine: Engine, text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut section = None;
    for line in text.lines() {
        match (line.trim(), section) {
            ("-- @sqlite", None) => section = Some(Engine::Sqlite),
            ("-- @postgres", None) => section = Some(Engine::Postgres),
            ("-- @end", Some(_)) => section = None,
            (marker @ ("-- @sqlite" | "-- @postgres" | "-- @end"), _) => {
                return Err(format!("misplaced section mark {marker}"));
            }
            (_, Some(other)) if other != engine => {}
            (_, Some(_) | None) => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    if section.is_some() { Err("a section lacks its -- @end".into()) } else { Ok(out) }
}

/// A piece of SQL.
enum Token<'a> {
    /// Passed through.
    Plain(&'a str),
    /// `$n`.
    Parameter(&'a str),
    /// What stands between `{` and `}`.
    Placeholder(&'a str),
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (token, length) = next_token(rest)?;
        rest = &rest[length..];
        Some(token)
    })
}

/// The first token of `rest` and its length in bytes; `None` at the end.
fn next_token(rest: &str) -> Option<(Token<'_>, usize)> {
    let first = rest.chars().next()?;
    let plain = |length: usize| Some((Token::Plain(&rest[..length]), length));
    match first {
        '\'' | '"' => plain(quoted(rest, first)),
        '-' if rest.starts_with("--") => plain(rest.find('\n').unwrap_or(rest.len())),
        '$' => match digits(&rest[1..]) {
            0 => plain(1),
            length => Some((Token::Parameter(&rest[..=length]), length + 1)),
        },
        '{' => match rest.find('}') {
            Some(end) if is_placeholder(&rest[1..end]) => Some((Token::Placeholder(&rest[1..end]), end + 1)),
            Some(_) | None => plain(1),
        },
        other => {
            let skip = other.len_utf8();
            plain(rest[skip..].find(['\'', '"', '-', '$', '{']).map_or(rest.len(), |at| at + skip))
        }
    }
}

/// Length of the quoted text that `rest` begins with. A doubled quote reads as two neighbours, to the same effect.
fn quoted(rest: &str, quote: char) -> usize {
    rest[1..].find(quote).map_or(rest.len(), |end| end + 2)
}

fn digits(rest: &str) -> usize {
    rest.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_placeholder(inner: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b' ' | b'$');
    inner.starts_with(|first: char| first.is_ascii_lowercase()) && inner.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, sqlite: &str, postgres: &str) {
        let words = |engine| render(engine, text).map(|rendered| rendered.text);
        assert_eq!(words(Engine::Sqlite).as_deref(), Ok(sqlite));
        assert_eq!(words(Engine::Postgres).as_deref(), Ok(postgres));
    }

    #[test]
    fn parameters_are_numbered_on_both_engines() {
        check("a = $2 AND b = $1", "a = ?2 AND b = ?1", "a = $2 AND b = $1");
    }

    #[test]
    fn lists_casts_locks_and_events_are_written_in_each_engines_words() {
        check("x {any_uuid $1}", "x IN (SELECT unhex(value) FROM json_each(?1))", "x = ANY($1)");
        check("x {any_int $1}", "x IN (SELECT value FROM json_each(?1))", "x = ANY($1)");
        check("{cast $1 time} IS NULL", "?1 IS NULL", "$1::timestamptz IS NULL");
        check("a {skip_locked}", "a ", "a FOR UPDATE SKIP LOCKED");
        check("a {for_update}{lock_share}", "a ", "a FOR UPDATEFOR SHARE");
        check("{after $1 $2}", "position > ?2", "(xid, position) > ($1, $2)");
        check("{xid}, {event_order}", "0, position", "xid::text::bigint, xid, position");
        check(
            "{found_in i $1}",
            "position IN (SELECT rowid FROM i WHERE i MATCH ?1 ORDER BY rowid DESC LIMIT 1001)",
            "words @@ $1::text::tsquery",
        );
        check("{unindexed kind} = $1", "+kind = ?1", "kind = $1");
        check("{event_order_desc}", "position DESC", "xid DESC, position DESC");
    }

    #[test]
    fn quotes_comments_and_json_are_left_alone() {
        let text = "SELECT '{any $1} it''s', \"$3\", a->>'$.x' -- {nope} $9\n, '{}', $1, {}, {1}, {\"a\":1}";
        check(text, &text.replace(", $1,", ", ?1,"), text);
        check("año = '{é}' AND ñ = $1", "año = '{é}' AND ñ = ?1", "año = '{é}' AND ñ = $1");
    }

    #[test]
    fn unknown_placeholders_and_missing_parameters_are_refused() {
        for text in ["{nope}", "{any_uuid}", "{any_uuid 1}", "{cast $1 money}", "a = $2", "a = $0"] {
            assert!(render(Engine::Sqlite, text).is_err(), "{text}");
            assert!(render(Engine::Postgres, text).is_err(), "{text}");
        }
    }

    #[test]
    fn migrations_have_type_words_and_sections() {
        let text = "CREATE TABLE a ({position}, {xid_column} id {uuid}) {strict};\n-- @sqlite\nA\n-- @end\n-- @postgres\nB\n-- @end\n";
        assert_eq!(
            migration(Engine::Sqlite, text).as_deref(),
            Ok("CREATE TABLE a (position INTEGER PRIMARY KEY,  id BLOB) STRICT;\nA\n")
        );
        assert_eq!(
            migration(Engine::Postgres, text).as_deref(),
            Ok("CREATE TABLE a (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                xid xid8 NOT NULL DEFAULT pg_current_xact_id(), id uuid) ;\nB\n")
        );
        for text in ["{nope}", "-- @sqlite\n", "-- @end\n", "-- @sqlite\n-- @postgres\n-- @end\n"] {
            assert!(migration(Engine::Sqlite, text).is_err(), "{text}");
        }
    }
}
