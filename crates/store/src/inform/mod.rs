//! What the public is told, and who is told of it; and which programs are told of events.

pub mod notices;
pub mod outgoing_webhooks;
pub mod subscribers;
