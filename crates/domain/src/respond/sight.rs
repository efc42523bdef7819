//! Who looks: what somebody may see of incidents that are restricted, and of everything that tells of them.
//!
//! There is no access that sees all of it: to an administrator who is not named a restricted incident is not there, in
//! no list, count, search, feed or stream. Whoever reads on behalf of somebody takes their sight along.

use crate::words::{Actor, Name};

/// What may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight<'a> {
    /// Everything: this program itself, and whoever works on the database at the machine.
    Whole,
    /// What is open, and what the person is named for.
    Of(&'a Name),
    /// What is open.
    Open,
}

impl<'a> Sight<'a> {
    /// What whoever acts may see.
    pub const fn of(actor: &'a Actor) -> Self {
        match actor {
            Actor::Person(name) | Actor::Token(_, name) | Actor::Chat(_, name) => Self::Of(name),
            Actor::Integration(_) => Self::Open,
            Actor::Rule(_) | Actor::Local(_) | Actor::System => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    #[test]
    fn a_token_sees_what_its_person_sees_and_a_source_what_is_open() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let now = crate::words::Timestamp::from_second(1_790_000_000).unwrap();
        let table = [
            (Actor::Person(name("ana")), Sight::Of(&name("ana"))),
            (Actor::Token(Mint::seeded(1).id(now), name("ana")), Sight::Of(&name("ana"))),
            (Actor::Integration(name("prom")), Sight::Open),
            (Actor::Rule("escalation"), Sight::Whole),
            (Actor::Local(name("root")), Sight::Whole),
        ];
        for (actor, sight) in &table {
            assert_eq!(Sight::of(actor), *sight, "{actor}");
        }
    }
}
