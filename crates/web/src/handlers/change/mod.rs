//! Handlers of what was changed, of what may be changed now, of what stands under suspicion, and of taking it back.

pub mod calendars;
pub mod changes;
pub mod proposals;
pub mod rollbacks;
pub mod suspects;
pub(crate) mod told;
