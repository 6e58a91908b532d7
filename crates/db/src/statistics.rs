//! What SQLite's planner is told of the tables, instead of counting them.
//!
//! Every index begins with `organization_id`, and an installation often holds one organization: that column then
//! narrows nothing. Without figures the planner believes that any equality narrows to ten rows, and walks a whole
//! organization for a list of ids. Counting (`ANALYZE`) is no way out either: it takes long on a large store and says
//! nothing true on a new one. So the same figures are written for every store, with each migration:
//! a table has a million rows, all of one organization, and the next column of an index narrows to ten.
//!
//! PostgreSQL counts by itself.

use rusqlite::{Connection, params};

/// Rows of a table.
const ROWS: i64 = 1_000_000;
/// Rows of an index over a part of a table.
const PARTIAL_ROWS: i64 = 1_000;
/// Rows that the first column after the organization narrows to.
const NARROWED_ROWS: i64 = 10;

const WHOLE: &str = "organization_id";

const INDEXES: &str = "SELECT s.tbl_name, s.name, l.\"unique\", l.partial
    FROM sqlite_schema s JOIN pragma_index_list(s.tbl_name) l ON l.name = s.name WHERE s.type = 'index'";
const COLUMNS: &str = "SELECT coalesce(name, '') FROM pragma_index_info(?1) ORDER BY seqno";
const INSERT: &str = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)";
const IS_THERE: &str = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'";

struct Index {
    table: String,
    name: String,
    is_unique: bool,
    is_partial: bool,
}

/// Writes the figures of every index, in the transaction that changed the schema.
pub(crate) fn write(connection: &Connection) -> rusqlite::Result<()> {
    // Analysing something small makes the table; only the engine may.
    connection.execute_batch("ANALYZE schema_migrations; DELETE FROM sqlite_stat1")?;
    for index in indexes(connection)? {
        let stat = figures(&index, &columns(connection, &index.name)?);
        connection.execute(INSERT, params![index.table, index.name, stat])?;
    }
    connection.execute_batch("ANALYZE sqlite_schema")
}

/// Whether a store has figures: one of an older program has none.
pub(crate) fn are_there(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(IS_THERE, [], |row| row.get::<_, i64>(0)).map(|count| count > 0)
}

fn indexes(connection: &Connection) -> rusqlite::Result<Vec<Index>> {
    let mut statement = connection.prepare(INDEXES)?;
    let rows = statement.query_map([], |row| {
        Ok(Index { table: row.get(0)?, name: row.get(1)?, is_unique: row.get(2)?, is_partial: row.get(3)? })
    })?;
    rows.collect()
}

fn columns(connection: &Connection, index: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(COLUMNS)?;
    let rows = statement.query_map([index], |row| row.get(0))?;
    rows.collect()
}

/// Rows of the index, then rows per value of its first column, of its first two, and so on.
fn figures(index: &Index, columns: &[String]) -> String {
    let rows = if index.is_partial { PARTIAL_ROWS } else { ROWS };
    let mut figures = vec![rows];
    let mut left = rows;
    for (place, column) in columns.iter().enumerate() {
        if column != WHOLE {
            left = if left > NARROWED_ROWS { NARROWED_ROWS } else { (left / 2).max(1) };
        }
        let is_whole_key = index.is_unique && place + 1 == columns.len();
        figures.push(if is_whole_key { 1 } else { left });
    }
    figures.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_unique: bool, is_partial: bool, columns: &[&str], expected: &str) {
        let index = Index { table: "t".into(), name: "i".into(), is_unique, is_partial };
        let columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
        assert_eq!(figures(&index, &columns), expected);
    }

    #[test]
    fn an_organization_narrows_nothing_and_a_key_narrows_to_one() {
        check(true, false, &["id"], "1000000 1");
        check(false, false, &["organization_id", "customer_id", "last_activity_at"], "1000000 1000000 10 5");
        check(true, false, &["organization_id", "number"], "1000000 1000000 1");
        check(false, true, &["organization_id", "state", "queue_id"], "1000 1000 10 5");
    }
}
