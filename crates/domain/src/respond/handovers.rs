//! A hand-over: what whoever takes over a role must know, after ICS form 201.

use super::entries;
use crate::words::Result;

/// What is said when a role goes from one to another. What is left to do stands beside it by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handover {
    /// How things stand.
    pub situation: String,
    /// What is to be reached next.
    pub objectives: String,
    /// Fatigue, shift, complexity; may be empty.
    pub reason: String,
}

impl Handover {
    /// As it is kept: without how things stand and what is next, nobody takes over.
    pub fn read(&self) -> Result<Self> {
        Ok(Self {
            situation: entries::text(&self.situation, "/situation")?,
            objectives: entries::text(&self.objectives, "/objectives")?,
            reason: self.reason.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_takes_over_is_told_how_it_stands_and_what_is_next() {
        let said = |situation: &str, objectives: &str| {
            let read =
                Handover { situation: situation.into(), objectives: objectives.into(), reason: " tired ".into() };
            read.read().map(|read| read.reason).map_err(|refusal| refusal.at.unwrap_or_default())
        };
        assert_eq!(said("Errors are down", "Find the cause"), Ok("tired".to_owned()));
        assert_eq!(said(" ", "Find the cause"), Err("/situation".to_owned()));
        assert_eq!(said("Errors are down", ""), Err("/objectives".to_owned()));
    }
}
