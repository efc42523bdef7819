//! Who should know, now: schedules, contacts, escalation policies, pages.

pub mod deliveries;
pub mod escalations;
pub mod links;
pub mod oncall;
#[cfg(test)]
mod proofs;
pub mod rotations;
pub mod schedules;
mod windows;
