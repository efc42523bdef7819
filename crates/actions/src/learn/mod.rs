//! What do we keep: postmortems with those who own them, the record that they rest on, insights for whoever looks, and what is found
//! again.

pub mod changes;
pub mod drafts;
pub mod insights;
pub mod judging;
pub mod likeness;
pub mod owners;
pub mod postmortems;
pub mod search;
#[cfg(test)]
mod search_tests;
