//! The use cases over real stores, each case on both engines.

mod files;
mod bad_weather;
mod main_job;
