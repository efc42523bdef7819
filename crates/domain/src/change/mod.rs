//! What did we change, and can we take it back: changes and their plans of rollback, freezes and the gate, suspects and
//! what a rollback came to; and flags, which turn something off without a deployment.

pub mod calendars;
pub mod changes;
pub mod deploy_events;
pub mod document_edits;
pub mod environment_keys;
pub mod environments;
pub mod exposures;
pub mod flag_checks;
pub mod flag_readers;
pub mod flag_sets;
pub mod flag_words;
pub mod flags;
pub mod fractional;
pub mod freezes;
pub mod gates;
pub mod kills;
pub mod observations;
pub mod ofrep;
mod operators;
pub mod proposals;
pub mod reach;
mod reckoning;
pub mod reflexes;
pub mod reviews;
pub mod risks;
pub mod rollback_adapters;
pub mod rollback_plans;
pub mod rollbacks;
pub mod suspects;
pub mod switches;
pub mod targeting;
pub mod values;
pub mod verdicts;
pub mod versions;
