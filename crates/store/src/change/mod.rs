//! Rows of what was changed: changes and what was said of them, verdicts on suspects, runs of rollbacks.

pub mod changes;
pub mod findings;
pub mod preflights;
pub mod rollbacks;
