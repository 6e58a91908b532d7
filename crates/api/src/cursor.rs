//! Opaque cursors: places in the event stream and in lists.
//!
//! # Invariants
//! - A cursor names its noun; another list's cursor is refused.

use app::model::{Before, Cursor};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

use crate::problem::{Code, Problem};

fn seal(noun: &str, parts: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{noun}:{parts}"))
}

fn open(noun: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= 200)?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix(noun)?.strip_prefix(':').map(str::to_owned)
}

/// A place in the event stream.
#[must_use]
pub fn of_stream(at: Cursor) -> String {
    seal("s", &format!("{}.{}", at.xid, at.position))
}

/// The place in the stream; `None` when it is none.
#[must_use]
pub fn stream(cursor: &str) -> Option<Cursor> {
    let text = open("s", cursor)?;
    let (xid, position) = text.split_once('.')?;
    Some(Cursor { xid: xid.parse().ok()?, position: position.parse().ok()? })
}

/// A place in a list by time, newest first.
#[must_use]
pub fn of_time(noun: &str, at: Timestamp, id: Uuid) -> String {
    seal(noun, &format!("{}.{id}", at.as_microsecond()))
}

/// The place in a list of `noun`; the first page without a cursor.
///
/// # Errors
/// 400 `bad_cursor`.
pub fn time(noun: &str, cursor: Option<&str>) -> Result<Before, Problem> {
    let Some(cursor) = cursor else { return Ok(Before::FIRST) };
    let place = open(noun, cursor).and_then(|text| {
        let (at, id) = text.split_once('.')?;
        Some(Before { at: Timestamp::from_microsecond(at.parse().ok()?).ok()?, id: id.parse().ok()? })
    });
    place.ok_or(Code::BadCursor.into())
}

/// A place in a list by a number and an id.
#[must_use]
pub fn of_place(noun: &str, key: i64, id: Uuid) -> String {
    seal(noun, &format!("{key}.{id}"))
}

/// The place in a list of `noun`; `None` without a cursor.
///
/// # Errors
/// 400 `bad_cursor`.
pub fn place(noun: &str, cursor: Option<&str>) -> Result<Option<(i64, Uuid)>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = open(noun, cursor).and_then(|text| {
        let (key, id) = text.split_once('.')?;
        Some((key.parse().ok()?, id.parse().ok()?))
    });
    place.map(Some).ok_or(Code::BadCursor.into())
}

/// A noun with the filters of its list: a cursor of other filters is refused.
#[must_use]
pub fn filtered(noun: &str, filters: &impl serde::Serialize) -> String {
    use sha2::Digest as _;
    let text = serde_json::to_string(filters).unwrap_or_default();
    let digest = sha2::Sha256::digest(text.as_bytes());
    format!("{noun}/{}", URL_SAFE_NO_PAD.encode(&digest[..9]))
}

/// For fields of a list's query that say where and how much, not what: they are no part of its filters.
pub const fn is_no_filter<T>(_: &T) -> bool {
    true
}

/// A place in a list by id, newest first.
#[must_use]
pub fn of_id(noun: &str, id: Uuid) -> String {
    seal(noun, &id.to_string())
}

/// The id a page of `noun` goes on from.
///
/// # Errors
/// 400 `bad_cursor`.
pub fn id(noun: &str, cursor: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    open(noun, cursor).and_then(|text| text.parse().ok()).map(Some).ok_or(Code::BadCursor.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let at = Cursor { xid: 7, position: 42 };
        assert_eq!(stream(&of_stream(at)), Some(at));
        let uuid = Uuid::from_u128(9);
        let before = time("c", Some(&of_time("c", Timestamp::UNIX_EPOCH, uuid))).expect("valid");
        assert_eq!((before.at, before.id), (Timestamp::UNIX_EPOCH, uuid));
    }

    #[test]
    fn another_lists_cursor_is_refused() {
        let foreign = of_id("customers", Uuid::from_u128(9));
        assert_eq!(id("conversations", Some(&foreign)), Err(Code::BadCursor.into()));
        assert!(stream("not a cursor").is_none());
    }
}
