//! What fires, over the API: alerts and their groups, silences, heartbeats, integrations.

pub mod alerts;
pub mod groups;
pub mod heartbeats;
pub mod integrations;
pub mod silences;
