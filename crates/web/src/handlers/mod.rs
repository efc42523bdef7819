//! Handlers of the pages: ask what the page shows, fill in its struct; or do what a form asks for, and lead on.
//!
//! They hold no rule: what may be done and what follows is decided below. Same noun, same address as the page.

pub mod change;
pub mod detect;
pub mod engage;
pub mod errors;
pub mod fields;
pub mod filters;
pub mod frame;
pub mod inform;
pub mod learn;
pub mod prepare;
pub mod respond;
pub mod search;
