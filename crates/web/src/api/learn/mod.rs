//! What do we keep, over the API.

pub mod changes;
pub mod insights;
pub mod language;
