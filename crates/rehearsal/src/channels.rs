//! Channels that play a part: what becomes of a message is told by the story, not by a provider.
//!
//! The last word on a channel and a person counts; without one, everything is sent at once.

use domain::engage::deliveries::Outcome;
use domain::words::{Name, Span, Timestamp};

/// How a channel treats a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    Works,
    /// It does not arrive; try again later.
    Later(String),
    /// It does not arrive and never will.
    Never(String),
    /// It arrives, but the answer never comes.
    TimesOut,
    /// It arrives at once, the answer after so long.
    Slow(Span),
}

/// What a channel does with one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    pub arrives: bool,
    pub outcome: Outcome,
    /// How long the answer takes.
    pub takes: Span,
}

/// How each channel treats each person's messages.
#[derive(Clone, Debug, Default)]
pub struct Channels(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    /// All, if absent.
    channel: Option<String>,
    person: Option<Name>,
    manner: Manner,
}

impl Channels {
    /// From now on.
    pub fn set(&mut self, channel: Option<&str>, person: Option<&Name>, manner: Manner) {
        let covered = |rule: &Rule| {
            (channel.is_none() || rule.channel.as_deref() == channel)
                && (person.is_none() || rule.person.as_ref() == person)
        };
        self.0.retain(|rule| !covered(rule));
        self.0.push(Rule { channel: channel.map(str::to_owned), person: person.cloned(), manner });
    }

    /// What becomes of a message that is sent now.
    pub fn treat(&self, channel: &str, person: Option<&Name>) -> Treatment {
        let fits = |rule: &&Rule| {
            rule.channel.as_deref().is_none_or(|word| word == channel)
                && rule.person.as_ref().is_none_or(|name| Some(name) == person)
        };
        let manner = self.0.iter().rev().find(fits).map_or(&Manner::Works, |rule| &rule.manner);
        let sent = Outcome::Sent { receipt: Some("accepted".into()) };
        let later = |why: &str| Outcome::Later { at: None::<Timestamp>, why: why.to_owned() };
        match manner {
            Manner::Works => Treatment { arrives: true, outcome: sent, takes: Span::ZERO },
            Manner::Later(why) => Treatment { arrives: false, outcome: later(why), takes: Span::ZERO },
            Manner::Never(why) => {
                Treatment { arrives: false, outcome: Outcome::Never { why: why.clone() }, takes: Span::ZERO }
            }
            Manner::TimesOut => {
                Treatment { arrives: true, outcome: later("no answer within 10s"), takes: Span::seconds(10) }
            }
            Manner::Slow(takes) => Treatment { arrives: true, outcome: sent, takes: *takes },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_channel_and_a_person_counts() {
        let (ana, ben): (Name, Name) = ("ana".parse().unwrap(), "ben".parse().unwrap());
        let mut channels = Channels::default();
        channels.set(Some("email"), Some(&ana), Manner::Never("550".into()));
        channels.set(Some("ntfy"), None, Manner::TimesOut);
        assert!(!channels.treat("email", Some(&ana)).arrives);
        assert!(channels.treat("email", Some(&ben)).arrives);
        assert!(matches!(channels.treat("ntfy", Some(&ben)).outcome, Outcome::Later { .. }));
        channels.set(Some("email"), None, Manner::Works);
        assert!(channels.treat("email", Some(&ana)).arrives);
    }
}
