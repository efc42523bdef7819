//! Acts. One act is one transaction: load, ask the domain, save, write the journal, queue what is to be said.
//!
//! Synchronous; reads no clock; sends nothing. Every act may be run again: a retried transaction, a repeated request
//! or a second node change nothing more.

pub mod allow;
pub mod announce;
pub mod board;
pub mod change;
pub mod clockwork;
pub mod courier;
pub mod detect;
pub mod engage;
pub mod housekeeping;
pub mod inform;
pub mod learn;
pub mod moment;
pub mod node;
pub mod prepare;
pub mod respond;
pub mod seals;

pub use moment::Moment;
pub use node::Node;
pub use store::Halt;
