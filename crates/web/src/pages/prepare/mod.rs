//! Who may, who owns, are we ready: first run, sign-in, people, services, documents, tokens.

pub mod document_changes;
pub mod documents;
pub mod ownership;
pub mod people;
pub mod services;
pub mod sign_in;
pub mod source;
pub mod tokens;
pub mod welcome;
pub mod what_if;
