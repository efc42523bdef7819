//! Rows of what is prepared: documents with their revisions, who may come in, and what was answered to whom.

pub mod access;
pub mod answers;
pub mod documents;
pub mod ownership;
