//! What we tell others.

pub mod outgoing_webhooks;
