//! Acts of preparing: documents and their revisions, the defaults, who may come in.

pub mod catalog;
