//! Counts for operators; each reads an index and nothing else.

use db::Kind::{Int, Text};
use db::{Error, Sql, Tx};
use domain::ids::OrganizationId;

use crate::cols::Cols;

const DELIVERIES: Sql = Sql::new(
    "figures.deliveries",
    "SELECT state, COUNT(*) FROM deliveries WHERE organization_id = $1 AND state IN ('queued', 'sending')
     GROUP BY state",
    &[Text, Int],
);

pub(crate) const ALL: &[&Sql] = &[&DELIVERIES];

/// Deliveries on their way, by state.
pub async fn deliveries(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<(String, i64)>, Error> {
    tx.all(&DELIVERIES, &[org.0.into()], |row| {
        let mut c = Cols::new(row);
        Ok((c.get()?, c.get()?))
    })
    .await
}
