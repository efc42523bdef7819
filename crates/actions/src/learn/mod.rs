//! What do we keep: insights, gathered for whoever looks; and what is found again.

pub mod changes;
pub mod drafts;
pub mod insights;
pub mod likeness;
pub mod search;
#[cfg(test)]
mod search_tests;
