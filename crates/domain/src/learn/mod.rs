//! What do we keep: how long things took, told honestly; and a report that tells what the system let happen.

pub mod changes;
pub mod imported;
pub mod insights;
pub mod language;
mod lexicon;
pub mod quantiles;
mod sentences;
mod subjects;
