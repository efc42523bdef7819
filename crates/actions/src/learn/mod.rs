//! What do we keep: insights, gathered for whoever looks.

pub mod action_items;
pub mod changes;
pub mod drafts;
pub mod insights;
pub mod item_checks;
pub mod item_reminders;
pub mod recurrences;
