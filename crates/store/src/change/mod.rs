//! What did we change, can we take it back: kills of flags, the keys of environments, and who reads them.

pub mod environment_keys;
pub mod flag_readers;
pub mod kills;
