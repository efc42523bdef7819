//! Rows of who should know: pages, and overrides of schedules.

pub mod overrides;
pub mod pages;
