//! Tests of the routing engine through its border: scripts per table row, and a seeded model test.

mod conditions;
mod customers;
mod figures;
mod hours;
mod model;
mod presence;
mod ranking;
#[path = "../../../testkit/src/reference.rs"]
mod reference;
mod restart;
mod rows;
mod script;
mod store;
mod world;
