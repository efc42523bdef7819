//! What do we keep: postmortems with those who own them, the record that they rest on, action items with what proves them, insights for
//! whoever looks, and what is found again.

pub mod action_items;
pub mod changes;
pub mod comments;
pub mod counterfactuals;
pub mod customer_postmortems;
pub mod digests;
pub mod drafts;
pub mod insights;
pub mod item_checks;
pub mod item_reminders;
pub mod likeness;
pub mod memories;
pub mod mentions;
pub mod paging;
pub mod pins;
pub mod postmortem_owners;
pub mod postmortem_policies;
pub mod postmortems;
pub mod recurrences;
pub mod review_meetings;
pub mod score_sheets;
pub mod search;
#[cfg(test)]
mod search_tests;
pub mod shared_texts;
pub mod trackers;
