//! What do we keep: postmortems with those who own them, the record that they rest on, and insights for whoever looks.

pub mod changes;
pub mod drafts;
pub mod insights;
pub mod judging;
pub mod owners;
pub mod postmortems;
