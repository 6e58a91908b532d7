//! The API over HTTP and sockets, on a real store: the contract as a stranger meets it.

mod attachments;
mod desk;
mod document;
mod refusals;
mod search;
mod sockets;
mod visitors;
