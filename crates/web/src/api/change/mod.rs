//! What did we change, over the API: changes and what programs report of them, the gate, suspects, and what is taken back.

pub mod changes;
pub mod gates;
pub mod observations;
pub mod rollbacks;
pub mod suspects;
