//! What do we keep: how long things took, told honestly; and a report that tells what the system let happen.

pub mod action_items;
pub mod changes;
pub mod drafts;
mod facts;
pub mod imported;
pub mod insights;
pub mod item_checks;
pub mod language;
pub mod ledgers;
mod lexicon;
mod prose;
pub mod quantiles;
mod questions;
pub mod records;
mod sentences;
mod subjects;
pub mod survival;
pub mod wording;
