//! What do we tell others: which of what happens leaves the house, and to whom.

pub mod outgoing_webhooks;
