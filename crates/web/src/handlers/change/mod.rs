//! Handlers of what was changed, of what may be changed now, of what stands under suspicion, and of taking it back; flags.

pub mod calendars;
pub mod changes;
pub mod document_proposals;
pub mod environments;
pub mod flags;
pub mod proposals;
pub mod reflexes;
pub mod rollbacks;
pub mod suspects;
pub mod switches;
pub(crate) mod told;
