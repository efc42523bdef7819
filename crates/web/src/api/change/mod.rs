//! Changes over the API: what stands under suspicion in an incident, and what is taken back.

pub mod rollbacks;
pub mod suspects;
