//! Ephemeral stores on both engines, a clock and chance that replay, and a small world to test in.

pub mod disk;
pub mod reference;
pub mod stores;
pub mod world;
