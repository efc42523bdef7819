//! What did we change, can we take it back: changes written down, approved and reported; the gate; suspects; what is taken back;
//! flags as they are served, kills above them, and the keys of those who ask.

pub mod calendars;
pub mod changes;
#[cfg(test)]
mod changes_tests;
pub mod document_edits;
pub mod document_proposals;
#[cfg(test)]
mod document_proposals_tests;
pub mod environment_keys;
pub mod flags;
pub mod gates;
pub mod kept_flags;
pub mod kills;
pub mod observations;
pub mod preflights;
pub mod reflexes;
#[cfg(test)]
mod reflexes_tests;
pub mod rollbacks;
#[cfg(test)]
mod rollbacks_tests;
pub mod suspects;
pub mod switches;
