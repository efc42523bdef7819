//! What do we keep: insights, gathered for whoever looks.

pub mod insights;
