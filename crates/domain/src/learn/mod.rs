//! What do we keep: how long things took, told honestly; and a report that tells what the system let happen.

pub mod changes;
pub mod drafts;
pub mod factor_taxonomies;
pub mod factors;
mod facts;
pub mod imported;
pub mod insights;
pub mod language;
pub mod ledgers;
mod lexicon;
pub mod likeness;
pub mod postmortem_facts;
pub mod postmortem_policies;
pub mod postmortem_sections;
pub mod postmortems;
mod prose;
pub mod quantiles;
pub mod queries;
mod questions;
pub mod records;
pub mod search;
mod sentences;
mod subjects;
pub mod terms;
