//! Incidents over the API: declared, led, written down; who plays which role, and when what happened.

pub mod affected;
pub mod assignments;
pub mod chats;
pub mod checklists;
pub mod entries;
pub mod evidence;
pub mod exports;
pub mod incidents;
pub mod obligations;
pub mod observables;
pub mod stamps;
pub mod tasks;
pub mod techniques;
pub mod updates;
