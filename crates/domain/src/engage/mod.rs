//! Who should know, now: schedules, contacts, escalation policies, pages.

pub mod contacts;
pub mod coverage;
pub mod coverage_changes;
pub mod deliveries;
#[cfg(test)]
mod escalation_proofs;
pub mod escalations;
pub mod links;
pub mod oncall;
pub mod pages;
pub mod rotations;
#[cfg(test)]
mod schedule_proofs;
pub mod schedules;
pub mod watch;
mod windows;
