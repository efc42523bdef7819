//! Handlers of what we tell others.

pub mod notices;
pub mod outgoing_webhooks;
pub mod published;
pub mod status_pages;
pub mod subscribers;
