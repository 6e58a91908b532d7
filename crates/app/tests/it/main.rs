//! The use cases over real stores, each case on both engines.

mod bad_weather;
mod files;
mod identity;
mod main_job;
mod search;
