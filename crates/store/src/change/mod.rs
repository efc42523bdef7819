//! Rows of what was changed: changes and what was said of them, verdicts on suspects, runs of rollbacks; kills of flags, the keys of
//! environments, and who reads them.

pub mod changes;
pub mod environment_keys;
pub mod exposures;
pub mod flag_readers;
pub mod kills;
pub mod preflights;
pub mod rollbacks;
pub mod suspects;
