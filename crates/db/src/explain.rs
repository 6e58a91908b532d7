//! How an engine would carry out a statement: for tests of plans, never for running it.

use rusqlite::params_from_iter;

use crate::tx::Connected;
use crate::{Error, Sql, Tx, Value, dialect};

impl Tx<'_> {
    /// The engine's plan for a statement with these parameters, a line per step.
    ///
    /// # Errors
    /// What the engine refuses.
    pub async fn explain(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<String>, Error> {
        let text = &dialect::statement(self.engine(), sql)?.text;
        match self.connected() {
            Connected::Sqlite(connection, _) => {
                let failed = |error| Error::sqlite(sql.name, &error);
                let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).map_err(failed)?;
                let steps = plan.query_map(params_from_iter(params), |row| row.get(3)).map_err(failed)?;
                steps.collect::<Result<_, _>>().map_err(failed)
            }
            Connected::Postgres(transaction) => {
                let failed = |error| Error::postgres(sql.name, &error);
                let params: Vec<_> =
                    params.iter().map(|value| value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
                let rows = transaction.query(&format!("EXPLAIN {text}"), &params).await.map_err(failed)?;
                rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
            }
        }
    }
}
