//! Handlers of engage.

pub mod links;
pub mod pages;
