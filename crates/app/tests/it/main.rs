//! The use cases over real stores, each case on both engines.

mod email;
mod bad_weather;
mod files;
mod main_job;
mod postbox;
