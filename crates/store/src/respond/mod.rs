//! Rows of what we are doing: incidents, who sees them, what was claimed, written, taken on and promised.

pub mod affected;
pub mod assignments;
pub mod chats;
pub mod checklists;
pub mod entries;
pub mod evidence;
pub mod incidents;
pub mod obligations;
pub mod observables;
pub mod sight;
pub mod stamps;
pub mod tasks;
pub mod techniques;
pub mod updates;
