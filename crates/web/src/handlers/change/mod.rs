//! Handlers of what was changed: suspects of an incident, and taking them back.

pub mod rollbacks;
pub mod suspects;
