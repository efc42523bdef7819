//! Is something wrong: alerts, silences, integrations.

pub mod alert;
pub mod alerts;
pub mod integrations;
pub mod silences;
