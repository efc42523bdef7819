//! What do we keep, over the API.

pub mod insights;
