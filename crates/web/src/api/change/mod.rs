//! Changes over the API: what programs report, what stands under suspicion in an incident, and what is taken back.

pub mod observations;
pub mod rollbacks;
pub mod suspects;
