//! Remembers. SQL, written once, on two engines: embedded SQLite, or PostgreSQL.
//!
//! Knows what the domain means, never what it decides: rows go in and out, rules stay downstairs.
//! Every function takes `tx: &mut Tx`, so that one act is one transaction.

pub mod blobs;
pub mod change;
pub mod detect;
pub mod door;
pub mod engage;
pub mod inform;
pub mod journal;
pub mod keeping;
pub mod learn;
pub mod leases;
pub mod outbox;
pub mod prepare;
pub mod readers;
pub mod respond;
pub mod schema;
pub mod seals;
pub mod settings;
pub mod signals;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use blobs::Blobs;
pub use door::{Breach, Error, ErrorKind, Halt, Pending, Place, Row, Store, Tx, Value};
