//! What are we doing: incidents, who plays which role, when what happened, what was written down, what was promised,
//! what is owed to whom, and who may see it.

pub mod assignments;
pub mod codenames;
pub mod command;
pub mod criteria;
pub mod entries;
pub mod incidents;
pub mod obligations;
pub mod sight;
pub mod stamps;
pub mod tasks;
pub mod update_templates;
pub mod updates;
