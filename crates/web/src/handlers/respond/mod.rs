//! Handlers of incidents: the list, the declaration, the room, the entries of a timeline.

pub mod chats;
pub mod checklists;
pub mod entries;
pub mod evidence;
pub mod handovers;
pub mod incidents;
pub mod lines;
pub mod obligations;
pub mod record;
pub mod room;
pub mod runbooks;
pub mod updates;
