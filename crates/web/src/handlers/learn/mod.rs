//! Handlers of what we keep.

pub mod action_items;
pub mod changes;
pub mod customer_postmortems;
pub mod digests;
pub mod drafts;
pub mod insights;
pub mod language;
pub mod mentions;
pub mod paging;
pub mod pins;
pub mod postmortem_sections;
pub mod postmortems;
pub mod review_meetings;
pub mod score_sheets;
pub mod shared_texts;
