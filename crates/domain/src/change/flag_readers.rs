//! Who has fetched the flags of an environment, and whether they know of a kill.
//!
//! One who has not fetched since goes on with what was killed. Who has not been heard of for an hour before is taken to
//! be gone, not behind.

use jiff::Timestamp;

use crate::words::{EnvironmentKeyId, Name, Span};

/// A program, as far as it can be told from others: by its key, and for those on servers by address and agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagReader {
    pub environment: Name,
    pub key: EnvironmentKeyId,
    /// Where it asks from; nothing for keys that are with users, of whom nothing is kept.
    pub address: String,
    pub agent: String,
    /// When it last fetched.
    pub fetched_at: Timestamp,
    /// What it got: the version of the environment, and up to when that knew of kills.
    pub version: String,
    pub knows_until: Timestamp,
}

/// For so long somebody may be silent and still be there.
const THERE: Span = Span::hours(1);

/// How far a kill has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Propagation<'r> {
    /// Those who have fetched since.
    pub reached: Vec<&'r FlagReader>,
    /// Those who were there, and have not.
    pub behind: Vec<&'r FlagReader>,
}

/// Who knows of what happened to the kills of an environment at an instant.
pub fn propagation(readers: &[FlagReader], at: Timestamp) -> Propagation<'_> {
    let there = readers.iter().filter(|reader| reader.fetched_at >= THERE.before(at));
    let (reached, behind) = there.partition(|reader| reader.knows_until >= at);
    Propagation { reached, behind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    #[test]
    fn who_has_fetched_since_knows_and_who_was_not_there_does_not_count() {
        let at = |minute: i64| Timestamp::from_second(1_790_000_000 + minute * 60).unwrap();
        let reader = |agent: &str, fetched_at, knows_until| FlagReader {
            environment: "production".parse().unwrap(),
            key: Mint::seeded(1).id(at(0)),
            address: "10.0.0.7".into(),
            agent: agent.into(),
            fetched_at,
            version: "v".into(),
            knows_until,
        };
        let readers = [
            reader("since", at(1), at(0)),
            reader("before", at(-1), at(-90)),
            reader("at the same time, from what was before", at(0), at(-90)),
            reader("gone", at(-61), at(-90)),
        ];
        let told = propagation(&readers, at(0));
        let names = |readers: &[&FlagReader]| readers.iter().map(|one| one.agent.clone()).collect::<Vec<_>>();
        assert_eq!(names(&told.reached), ["since"]);
        assert_eq!(names(&told.behind), ["before", "at the same time, from what was before"]);
    }
}
