//! What an operator asks of a store that may be ill: looked at, never changed.

use deadpool_postgres::Object;
use rusqlite::Connection;

use crate::Error;

/// Faults named at most.
const FAULTS_MAX: usize = 10;

/// What the engine finds wrong in its file; empty when all is well.
pub(crate) fn sqlite(connection: &mut Connection) -> Result<Vec<String>, Error> {
    let failed = |error| Error::sqlite("integrity_check", &error);
    let ask = |text: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(text)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.take(FAULTS_MAX).collect()
    };
    let mut faults = ask("PRAGMA integrity_check(10)").map_err(failed)?;
    faults.retain(|fault| fault != "ok");
    let strays = ask("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check()").map_err(failed)?;
    faults.extend(strays.into_iter().map(|table| format!("rows of {table} refer to rows that are not there")));
    Ok(faults)
}

/// PostgreSQL keeps its own pages; that it answers, and takes writes, is what can be asked.
pub(crate) async fn postgres(connection: &Object) -> Result<Vec<String>, Error> {
    let failed = |error| Error::postgres("integrity_check", &error);
    let row = connection.query_one("SELECT pg_is_in_recovery()", &[]).await.map_err(failed)?;
    let is_replica: bool = row.try_get(0).map_err(failed)?;
    Ok(is_replica.then(|| "the database is a read-only replica".to_owned()).into_iter().collect())
}
