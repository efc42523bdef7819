//! The pages: one struct each, whose fields are exactly what its template shows. A page asks nothing, counts
//! nothing and knows no clock: handlers fill it in. Same noun, same address as on the other floors.

pub mod bare;
pub mod change;
pub mod detect;
pub mod engage;
pub mod filters;
pub mod inform;
pub mod learn;
pub mod markdown;
pub mod mentions;
pub mod parts;
pub mod prepare;
pub mod respond;
pub mod shell;
pub mod time;

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod samples;

pub use parts::{Badge, Grade, Link, PersonTag, Severity, State, Tone};
pub use shell::{Notice, OnCallChip, Section, Shell, Theme, Toast, Undo, Viewer};
pub use time::{Viewpoint, When};
