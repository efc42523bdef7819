//! What do we keep, over the API.

pub mod action_items;
pub mod changes;
pub mod counterfactuals;
pub mod drafts;
pub mod insights;
pub mod language;
pub mod pins;
pub mod postmortems;
pub mod score_sheets;
pub mod search;
