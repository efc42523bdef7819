//! Reads what insights are made of: many incidents at once.

pub mod action_items;
pub mod insights;
