//! Rehearses. A world of real store, acts, clockwork and courier, with a clock that jumps, channels and people that
//! play a part, and nodes that may die; stories that tell what shall happen in it, and seeds that make stories up.
//!
//! One thread, no waiting, no outside: the same story gives the same answer on every machine.

pub mod adapters;
mod change_checks;
mod change_words;
mod changers;
pub mod channels;
pub mod checks;
pub mod chronicle;
pub mod company;
pub mod demo;
pub mod differences;
mod document_changers;
mod duties;
mod incident_checks;
mod incident_words;
pub mod item_replays;
mod item_words;
mod items;
mod learner_words;
mod learners;
mod learning_checks;
mod learning_walk;
pub mod pin_replays;
mod pinners;
pub mod play;
mod recorders;
pub mod replay;
mod responders;
pub mod story;
mod switch_checks;
mod switch_walk;
mod switch_words;
mod switchers;
pub mod trackers;
pub mod trouble;
pub mod what_if;
pub mod world;
pub mod worlds;

pub use trouble::Trouble;
