//! Pages of what was changed: what stands under suspicion in an incident, and what taking it back would do.

pub mod rollbacks;
pub mod suspects;
