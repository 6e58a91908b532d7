//! The API over HTTP and sockets, on a real store: the contract as a stranger meets it.

mod desk;
mod desk_calls;
mod document;
mod refusals;
mod sockets;
mod visitors;
