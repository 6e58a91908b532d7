//! The API over HTTP and sockets, on a real store: the contract as a stranger meets it.

mod desk;
mod document;
mod refusals;
mod simulator;
mod sockets;
mod visitors;
