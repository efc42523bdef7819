//! What do we keep: insights, gathered for whoever looks.

pub mod changes;
pub mod drafts;
pub mod insights;
