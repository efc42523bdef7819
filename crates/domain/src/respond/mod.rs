//! What are we doing: incidents, who plays which role, when what happened, what was written down, what was promised,
//! what is owed to whom, who may see it, where it is spoken of; and the record of a breach: evidence, observables, what is affected, techniques.

pub mod affected;
pub mod assignments;
pub mod chat_commands;
pub mod chats;
pub mod checklists;
pub mod codenames;
pub mod command;
pub mod confirmations;
pub mod criteria;
pub mod drill_files;
pub mod drill_reading;
pub mod entries;
pub mod entry_facts;
pub mod evidence;
pub mod exports;
pub mod handovers;
pub mod incidents;
pub mod obligation_packs;
pub mod obligations;
pub mod observables;
pub mod runbooks;
pub mod sight;
pub mod stamps;
pub mod stix;
pub mod tasks;
pub mod techniques;
pub mod tlp;
pub mod update_templates;
pub mod updates;
pub mod veris;
