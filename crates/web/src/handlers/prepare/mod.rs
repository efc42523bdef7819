//! Handlers of prepare.

pub mod document_changes;
pub mod documents;
pub mod ladders;
pub mod me;
pub mod ownership;
pub mod people;
pub mod services;
pub mod sign_in;
pub mod source;
pub mod theme;
pub mod tokens;
pub mod welcome;
