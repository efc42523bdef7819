//! What do we tell others: the components that the public knows, the notices about them, who subscribes to those, whether
//! all of it is true; and which events leave the house for which program.

pub mod audits;
pub mod components;
pub mod feeds;
pub mod notices;
pub mod outgoing_webhooks;
pub mod prose;
pub mod published;
pub mod status_pages;
pub mod statuspage;
pub mod subscribers;
