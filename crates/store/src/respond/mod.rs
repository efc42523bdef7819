//! Rows of what we are doing: incidents, who sees them, what was claimed, written, taken on and promised.

pub mod assignments;
pub mod entries;
pub mod incidents;
pub mod sight;
pub mod stamps;
pub mod tasks;
pub mod updates;
