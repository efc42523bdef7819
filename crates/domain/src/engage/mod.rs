//! Who should know, now: schedules, contacts, escalation policies, pages.

pub mod deliveries;
pub mod escalations;
pub mod schedules;
