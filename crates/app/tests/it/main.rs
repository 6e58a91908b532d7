//! The use cases over real stores, each case on both engines.

mod audit;
mod bad_weather;
mod config;
mod demo;
mod desk;
mod email;
mod files;
mod idempotency;
mod identity;
mod letters;
mod main_job;
mod postbox;
mod routing_scene;
mod search;
mod shared_history;
mod trespass;
mod work;
