//! What is learned: postmortems with their words, reads of many incidents at once, of which insights are made, and the index of search.

pub mod action_items;
pub mod comments;
pub mod customer_postmortems;
pub mod digests;
pub mod insights;
pub mod memories;
pub mod paging;
pub mod pins;
pub mod postmortems;
pub mod review_meetings;
pub mod review_surveys;
pub mod search;
pub mod shared_texts;
pub mod trackers;
