//! What every channel type is
