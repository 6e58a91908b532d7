//! The API over HTTP and sockets, on a real store: the contract as a stranger meets it.

mod attachments;
mod audit;
mod cast;
mod channels;
mod desk;
mod desk_calls;
mod desk_more;
mod document;
mod generated;
mod hostile;
mod matrix;
mod people;
mod rails;
mod refusals;
mod routing;
mod scopes;
mod search;
mod sessions;
mod sight;
mod simulator;
mod socket_access;
mod sockets;
mod tokens;
mod visitor_after;
mod visitors;
