//! What did we change, and may it be changed now, over the API.

pub mod changes;
pub mod gates;
