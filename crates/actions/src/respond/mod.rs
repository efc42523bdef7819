//! What are we doing: incidents declared, led and resolved; what is written down, claimed and taken on meanwhile.

pub mod affected;
pub mod assignments;
pub mod chat_commands;
pub mod chats;
pub mod checklists;
pub mod command;
#[cfg(test)]
pub(crate) mod desk;
pub mod entries;
pub mod evidence;
pub mod exports;
pub mod incidents;
pub mod links;
pub mod obligations;
pub mod observables;
pub mod owed;
pub mod record;
pub mod reminders;
pub mod room;
pub mod runbooks;
pub mod stamps;
pub mod tasks;
pub mod techniques;
pub mod updates;
