//! Handlers of detect.

pub mod alert;
pub mod alerts;
pub mod integrations;
pub mod silences;
