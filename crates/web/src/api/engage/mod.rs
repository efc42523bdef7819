//! Who is told, over the API: pages and deliveries, who is on call, overrides, escalation policies, the proof.

pub mod escalations;
pub mod overrides;
pub mod pages;
pub mod schedules;
pub mod watch;
