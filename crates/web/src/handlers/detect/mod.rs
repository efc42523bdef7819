//! Handlers of detect.

pub mod alert;
pub mod alerts;
