//! Who may, who owns, are we ready: people, teams, services, and the documents that say so.

pub mod access;
pub mod access_rules;
pub mod addresses;
pub mod catalog;
pub mod checks;
pub mod diff;
pub mod document_changes;
pub mod documents;
pub mod drills;
pub mod fields;
mod nodes;
pub mod ownership;
pub mod people;
pub mod problems;
mod readiness;
pub mod reading;
pub mod references;
pub mod roles;
pub mod schemas;
pub mod services;
pub mod severity;
pub mod teams;
pub mod templates;
pub mod three_way;
pub mod writing;
