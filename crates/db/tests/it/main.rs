//! What the engine layer promises, on both engines.
//!
//! SQLite runs in a temporary folder, PostgreSQL in a database of its own on the server that
//! `CENTRALITA_TEST_POSTGRES` names.

mod events;
mod migrations;
mod postgres;
mod sqlite;
mod statements;
mod support;
mod transactions;
