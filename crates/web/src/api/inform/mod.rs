//! What we tell others, for programs. What the public reads is in `handlers/inform`.

pub mod notices;
pub mod outgoing_webhooks;
pub mod subscribers;
