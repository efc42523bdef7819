//! The program's URLs, in process: who may call what, what is answered, what the API says of itself.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::unnested_or_patterns,
    reason = "helpers of tests fail by panicking, and their texts are small"
)]

mod access;
mod action_items;
mod addresses;
mod changes;
mod chats;
mod coming_in;
mod comments;
mod customer_postmortems;
mod deploys;
mod digests;
mod document_proposals;
mod documents;
mod downloads;
mod drafts;
mod drills;
mod exports;
mod flags;
mod flows;
mod incidents;
mod insights;
mod language;
mod listen;
mod mcp;
mod mentions;
mod once;
mod openapi;
mod outgoing_webhooks;
mod paging;
mod pins;
mod postmortems;
mod record;
mod reflexes;
mod restricted;
mod review_meetings;
mod rollback_adapters;
mod search;
mod shapes;
mod source;
mod status;
mod subscribers;
mod support;
mod trackers;
mod v2;
