//! What is set, over the API: documents and their history, tokens, who one is.

pub mod access;
pub mod addresses;
pub mod checks;
pub mod documents;
pub mod ownership;
pub mod source;
