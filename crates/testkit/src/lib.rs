//! Ephemeral stores on both engines, a clock and chance that replay, and a small world to test in.

pub mod disk;
pub mod neighbours;
pub mod reference;
pub mod scatter;
pub mod stores;
pub mod world;
