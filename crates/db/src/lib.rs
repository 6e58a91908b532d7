//! The engine layer: one SQL text on SQLite (embedded) and PostgreSQL. It knows no table.
//!
//! A transaction is a plain function of its input, so that PostgreSQL can run it again:
//!
//! ```
//! use db::{Error, Kind, Sql, SqliteOptions, Store};
//!
//! const ADD: Sql = Sql::global("doc.add", "SELECT $1 + $2", &[Kind::Int], "adds two numbers");
//!
//! # #[tokio::main] async fn main() -> Result<(), Error> {
//! # let folder = tempfile::tempdir().unwrap();
//! let store = Store::open_sqlite(&folder.path().join("doc.db"), SqliteOptions::default()).await?;
//! let sum: i64 = store.read("doc", (1, 2), |tx, (a, b): (i64, i64)| Box::pin(async move {
//!     tx.one(&ADD, &[a.into(), b.into()], |row| row.get(0)).await
//! })).await?;
//! assert_eq!(sum, 3);
//! # store.close().await; Ok(()) }
//! ```
//!
//! # Invariants
//! - A write is answered only after the commit that makes it durable.
//! - A body that fails, panics or awaits anything but the database leaves nothing behind and harms no other.
//! - Nothing here is unbounded: queues, batches, connections, retries and waits have limits in the options.
//! - The engines differ in [`dialect`] and in how values and errors are spelled, nowhere else.

mod check;
pub mod dialect;
mod error;
mod explain;
mod migrate;
mod postgres;
mod prepare_check;
mod row;
mod sql;
mod sqlite;
mod statistics;
mod store;
mod tx;
mod value;

pub use error::Error;
pub use migrate::Migration;
pub use postgres::PostgresOptions;
pub use row::{FromValue, Row};
pub use sql::{Built, Kind, Scope, Sql};
pub use sqlite::SqliteOptions;
pub use store::{Engine, Metrics, Store};
pub use tx::{Body, BoxFuture, Tx, TxError};
pub use value::Value;
