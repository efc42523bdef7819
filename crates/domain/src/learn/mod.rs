//! What do we keep: how long things took, told honestly.

pub mod changes;
pub mod drafts;
mod facts;
pub mod insights;
pub mod ledgers;
pub mod quantiles;
mod questions;
pub mod records;
mod sentences;
