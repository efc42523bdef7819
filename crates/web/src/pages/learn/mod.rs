//! Pages of what we keep.

pub mod action_items;
pub mod axes;
pub mod changes;
pub mod drafts;
pub mod insights;
pub mod language;
pub mod postmortem_sections;
pub mod postmortems;
pub mod search;
pub mod strips;
pub mod survival;
