//! Who should know, now: pages and their deliveries, schedules, escalation policies.

pub mod pages;
