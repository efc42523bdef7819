//! Handlers of prepare.

pub mod sign_in;
pub mod theme;
pub mod welcome;
