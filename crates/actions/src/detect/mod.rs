//! Acts on what is wrong: signals received; alerts acknowledged, snoozed, resolved; silences; heartbeats.

pub mod alerts;
pub mod heartbeats;
pub mod intake;
pub mod lists;
pub mod rejections;
pub mod signals;
pub mod silences;
pub mod views;
