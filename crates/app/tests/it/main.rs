//! The use cases over real stores, each case on both engines.

mod files;
mod main_job;
