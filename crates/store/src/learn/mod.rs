//! Reads what insights are made of: many incidents at once; and keeps the index of search.

pub mod insights;
pub mod search;
