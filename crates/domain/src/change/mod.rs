//! What did we change, and can we take it back: changes and their plans of rollback, freezes and the gate, suspects and
//! what a rollback came to.

pub mod changes;
pub mod freezes;
pub mod gates;
pub mod proposals;
pub mod reach;
pub mod risks;
pub mod rollback_plans;
pub mod rollbacks;
pub mod suspects;
pub mod verdicts;
