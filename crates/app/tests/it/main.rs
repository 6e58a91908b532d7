//! The use cases over real stores, each case on both engines.

mod desk;
mod main_job;
