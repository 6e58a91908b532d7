//! The use cases over real stores, each case on both engines.

mod main_job;
