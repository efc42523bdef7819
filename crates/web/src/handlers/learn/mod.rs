//! Handlers of what we keep.

pub mod insights;
