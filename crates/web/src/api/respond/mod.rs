//! Incidents over the API: declared, led, written down; who plays which role, and when what happened.

pub mod assignments;
pub mod entries;
pub mod incidents;
pub mod stamps;
pub mod tasks;
pub mod updates;
