//! The built program from outside: its command line.

mod copies;
mod doctor;
mod folder;
mod socket_memory;
