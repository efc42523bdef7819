//! Pages of what we keep.

pub mod insights;
pub mod strips;
