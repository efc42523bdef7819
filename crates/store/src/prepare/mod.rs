//! Rows of what is prepared: documents with their revisions, and who may come in.

pub mod access;
pub mod documents;
