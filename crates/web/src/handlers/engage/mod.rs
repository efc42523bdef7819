//! Handlers of engage.

pub mod escalation_policies;
pub mod links;
pub mod pages;
pub mod schedules;
