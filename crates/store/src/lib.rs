//! Remembers. SQL, written once, on two engines: embedded SQLite, or PostgreSQL.
//!
//! Knows what the domain means, never what it decides: rows go in and out, rules stay downstairs.
//! Every function takes `tx: &mut Tx`, so that one act is one transaction.

pub mod detect;
pub mod door;
pub mod engage;
pub mod prepare;
pub mod schema;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use door::{Breach, Error, ErrorKind, Halt, Place, Row, Store, Tx, Value};
