//! Acts on who should know: pages started, escalated, acknowledged; overrides of schedules; what messages say.

pub mod compose;
pub mod overrides;
pub mod pages;
pub mod watch;
pub mod who;
