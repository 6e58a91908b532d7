//! The use cases over real stores, each case on both engines.

mod bad_weather;
mod config;
mod desk;
mod files;
mod main_job;
mod routing_scene;
mod work;
