//! What do we keep: how long things took, told honestly.

pub mod insights;
pub mod quantiles;
