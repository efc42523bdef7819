//! What is learned: postmortems with their words, reads of many incidents at once, of which insights are made, and the index of search.

pub mod action_items;
pub mod comments;
pub mod insights;
pub mod postmortems;
pub mod search;
pub mod shared_texts;
