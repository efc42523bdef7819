//! What did we change, over the API: changes and what programs report of them, the gate, suspects, and what is taken back; flags,
//! kills, environments with their keys, and switches.

pub mod changes;
pub mod document_proposals;
pub mod environments;
pub mod flags;
pub mod gates;
pub mod kills;
pub mod observations;
pub mod reflexes;
pub mod rollbacks;
pub mod suspects;
pub mod switches;
