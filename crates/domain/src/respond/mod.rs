//! What are we doing: incidents, who plays which role, when what happened, what was promised, what is owed to whom.

pub mod assignments;
pub mod incidents;
pub mod obligations;
pub mod stamps;
pub mod updates;
