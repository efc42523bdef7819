//! Rows of what was changed: changes, what was said of them and the documents that they carry, verdicts on suspects, runs of
//! rollbacks, what rules made of suspects; kills of flags, the keys of environments, and who reads them.

pub mod change_documents;
pub mod changes;
pub mod environment_keys;
pub mod exposures;
pub mod flag_readers;
pub mod kills;
pub mod preflights;
pub mod reflexes;
pub mod rollbacks;
pub mod suspects;
