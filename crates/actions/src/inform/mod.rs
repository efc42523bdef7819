//! What do we tell others: notices posted and corrected, the page made of them, subscribers told, the truth audit; and
//! other programs that are told of events.

pub mod audits;
pub mod notices;
pub mod outgoing_webhooks;
pub mod status_pages;
pub mod subscribers;
