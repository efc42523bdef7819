//! Rows of what is wrong: alerts, groups, silences, heartbeats, rejected calls.

pub mod alerts;
pub mod births;
pub mod boards;
pub mod groups;
pub mod heartbeats;
pub mod rejections;
pub mod silences;
