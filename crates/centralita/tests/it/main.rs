//! The built program from outside: its command line.

mod copies;
mod folder;
