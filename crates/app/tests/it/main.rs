//! The use cases over real stores, each case on both engines.

mod config;
mod main_job;
mod routing_scene;
mod work;
