//! Is something wrong: signals come in, alerts come of them, routes say who cares.

pub mod alerts;
pub mod board;
pub mod groups;
pub mod heartbeats;
pub mod index;
pub mod integrations;
pub mod mapping;
mod order;
pub mod pipeline;
pub mod routes;
pub mod rules;
pub mod signals;
pub mod silences;
