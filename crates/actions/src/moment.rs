//! A moment: all that an act may know of the outside.

use domain::words::{Actor, Mint, Name, Timestamp};

/// When, who, and a source of ids.
#[derive(Debug)]
pub struct Moment<'a> {
    pub now: Timestamp,
    pub actor: Actor,
    pub mint: &'a mut Mint,
}

impl<'a> Moment<'a> {
    pub fn new(now: Timestamp, actor: Actor, mint: &'a mut Mint) -> Self {
        Self { now, actor, mint }
    }

    /// The same moment, for an act within an act.
    pub fn again(&mut self) -> Moment<'_> {
        Moment { now: self.now, actor: self.actor.clone(), mint: self.mint }
    }

    /// The same moment, but it is a rule that acts.
    pub fn by_rule(&mut self, rule: &'static str) -> Moment<'_> {
        Moment { now: self.now, actor: Actor::Rule(rule), mint: self.mint }
    }

    /// The person behind the act, if there is one.
    pub fn person(&self) -> Option<&Name> {
        match &self.actor {
            Actor::Person(name) | Actor::Token(_, name) | Actor::Chat(_, name) => Some(name),
            _ => None,
        }
    }
}
