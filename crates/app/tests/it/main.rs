//! The use cases over real stores, each case on both engines.

mod bad_weather;
mod config;
mod files;
mod identity;
mod main_job;
mod routing_scene;
mod search;
mod work;
