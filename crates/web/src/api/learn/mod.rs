//! What do we keep, over the API.

pub mod action_items;
pub mod changes;
pub mod comments;
pub mod counterfactuals;
pub mod customer_postmortems;
pub mod digests;
pub mod drafts;
pub mod insights;
pub mod language;
pub mod mentions;
pub mod paging;
pub mod pins;
pub mod postmortems;
pub mod review_meetings;
pub mod score_sheets;
pub mod search;
