//! The API for programs: `/api/v1`. What goes over the wire stands beside the handler of each noun, as public types
//! that the command line uses too. A handler holds no rule.

pub mod body;
pub mod change;
pub mod detect;
pub mod downloads;
pub mod engage;
pub mod inform;
pub mod journal;
pub mod learn;
pub mod listing;
pub mod once;
pub mod openapi;
pub mod prepare;
pub mod respond;
pub mod seals;
pub(crate) mod table;

pub use body::{Body, Search};
pub use listing::Listing;
