//! Pages of what we are doing: the incidents, the room of one, and an entry of its timeline.

pub mod chats;
pub mod checklists;
pub mod entries;
pub mod handovers;
pub mod incidents;
pub mod obligations;
pub mod record;
pub mod room;
pub mod runbooks;
pub mod updates;
