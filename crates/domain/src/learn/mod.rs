//! What do we keep: how long things took, told honestly.

pub mod changes;
pub mod insights;
pub mod quantiles;
