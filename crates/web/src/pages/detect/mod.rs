//! Is something wrong: alerts, silences, integrations.

pub mod alert;
pub mod alerts;
