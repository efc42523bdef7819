//! Pages of what we tell others.

pub mod outgoing_webhooks;
