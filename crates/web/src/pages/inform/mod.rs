//! Pages of what we tell others: the public ones, and those on which it is written.

pub mod notices;
pub mod outgoing_webhooks;
pub mod status_pages;
pub mod subscribers;
