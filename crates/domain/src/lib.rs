//! Decides. Rules and types of incident response, in the order of an incident's life.
//!
//! Pure: reads no clock, draws no random number, opens nothing and never waits. Time comes in as
//! `now: Timestamp`, chance as a seeded [`words::ids::Mint`].

pub mod change;
pub mod detect;
pub mod engage;
pub mod inform;
pub mod learn;
pub mod prepare;
pub mod respond;
pub mod seals;
pub mod words;
