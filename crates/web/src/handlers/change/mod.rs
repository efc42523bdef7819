//! Handlers of what we changed, and of what may be changed now.

pub mod calendars;
pub mod changes;
pub mod proposals;
pub(crate) mod told;
