//! What is learned: postmortems with their words, and reads of many incidents at once, of which insights are made.

pub mod insights;
pub mod postmortems;
