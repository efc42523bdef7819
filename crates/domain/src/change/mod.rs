//! What do we change, and how do we switch it back: flags, which turn something off without a deployment.

pub mod flag_checks;
pub mod flags;
pub mod fractional;
pub mod kills;
mod operators;
mod reckoning;
pub mod targeting;
pub mod values;
pub mod versions;
