//! What did we change, over the API.

pub mod observations;
