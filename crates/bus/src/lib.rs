//! Wakes tasks when events are committed: in-process
