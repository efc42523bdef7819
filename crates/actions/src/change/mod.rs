//! What did we change, can we take it back: flags as they are served, kills above them, and the keys of those who ask.

pub mod environment_keys;
pub mod flags;
pub mod kills;
pub mod switches;
