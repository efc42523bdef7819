//! Flags, kills, environments with their keys, and switches over the API.

pub mod environments;
pub mod flags;
pub mod kills;
pub mod switches;
