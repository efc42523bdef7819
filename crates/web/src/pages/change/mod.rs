//! Pages of what we change, and how it is taken back: flags and their kills, environments, switches.

pub mod environments;
pub mod flags;
pub mod switches;
