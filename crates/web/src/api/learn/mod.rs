//! What do we keep, over the API.

pub mod action_items;
pub mod changes;
pub mod comments;
pub mod drafts;
pub mod insights;
pub mod language;
pub mod postmortems;
pub mod search;
