//! Who may, who owns, are we ready: people, teams, services, and the documents that say so.

pub mod catalog;
pub mod documents;
pub mod people;
pub mod roles;
pub mod services;
pub mod severity;
pub mod teams;
pub mod templates;
