//! What we tell others, over the API.

pub mod outgoing_webhooks;
