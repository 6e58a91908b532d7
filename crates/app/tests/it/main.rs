//! The use cases over real stores, each case on both engines.

mod email;
mod bad_weather;
mod config;
mod files;
mod main_job;
mod postbox;
mod routing_scene;
mod work;
