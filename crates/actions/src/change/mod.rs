//! What did we change: changes written down, approved, begun and reported; the gate; suspects; what is taken back.

pub mod calendars;
pub mod changes;
#[cfg(test)]
mod changes_tests;
pub mod gates;
pub mod observations;
pub mod preflights;
pub mod rollbacks;
#[cfg(test)]
mod rollbacks_tests;
pub mod suspects;
