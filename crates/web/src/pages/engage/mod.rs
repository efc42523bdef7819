//! Who should know, now: pages and their deliveries, schedules, escalation policies.

pub mod chart;
pub mod escalation_policies;
pub mod pages;
pub mod schedules;
