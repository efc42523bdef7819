//! Acts of preparing: documents and their revisions, the defaults, who may come in.

pub mod access;
pub mod catalog;
pub mod defaults;
pub mod document_changes;
pub mod documents;
pub mod drills;
pub mod mirror;
pub mod ownership;
pub mod passwords;
pub mod source;
