//! Handlers of what we change, and how it is taken back.

pub mod environments;
pub mod flags;
pub mod switches;
