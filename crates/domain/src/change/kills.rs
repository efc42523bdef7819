//! A kill: a flag is switched to one variant, or off, above its definition, until it expires or somebody lifts it.
//!
//! An event, not a document: no `apply`, no import and no rollout undoes it, as none undoes a silence. It has an end,
//! and it nags before: a kill that is forgotten becomes a definition nobody can read.

use hashbrown::HashMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::flag_sets::{FlagSet, State};
use crate::words::{IncidentId, Refusal, Result, Span};

/// A kill. What it does never changes; its end may be put off, or it is lifted.
#[derive(Clone, Debug, PartialEq)]
pub struct Kill {
    pub flag: String,
    pub to: KillTo,
    /// A person's name.
    pub by: String,
    pub why: String,
    /// The incident that it contains.
    pub incident: Option<IncidentId>,
    pub at: Timestamp,
    pub expires_at: Timestamp,
    pub lifted: Option<Lifted>,
}

/// What the flag is, as long as it is killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KillTo {
    /// Everybody gets this variant.
    Variant(String),
    /// Everybody takes their own default.
    Disabled,
}

/// Who lifted a kill, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    pub by: String,
    pub at: Timestamp,
}

/// Where a kill is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    InForce,
    Expired,
    Lifted,
}

/// The longest kill: a quarter. What is off for longer is a change of the definition.
const MOST: Span = Span::hours(24 * 92);
/// How long before its end a kill nags; each time only if it lasts longer than that.
const NAGS: &[Span] = &[Span::hours(24 * 7), Span::hours(24), Span::hours(1)];

impl Kill {
    pub fn phase(&self, now: Timestamp) -> Phase {
        match &self.lifted {
            Some(lifted) if lifted.at <= now => Phase::Lifted,
            _ if self.expires_at <= now => Phase::Expired,
            _ => Phase::InForce,
        }
    }

    /// It holds as soon as it is known: the clock of who made it may be ahead of the one that is looked at.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.phase(now) == Phase::InForce
    }

    /// May the flag be killed so? `variants` are the names it has, or none if there is no such flag.
    pub fn checked(self, variants: Option<&[&str]>, now: Timestamp) -> Result<Self> {
        let Some(variants) = variants else {
            return Err(Refusal::not_found(format_args!("flag {:?}", self.flag)).at("/flag"));
        };
        if let KillTo::Variant(name) = &self.to
            && !variants.contains(&name.as_str())
        {
            let near = crate::words::text::did_you_mean(name, variants.iter().copied());
            return Err(Refusal::invalid(format!("the flag has no variant {name:?}{near}")).at("/to/variant"));
        }
        if self.why.trim().is_empty() {
            return Err(Refusal::invalid("say why, so that others know").at("/why"));
        }
        if self.why.len() > 4096 {
            return Err(Refusal::invalid("too long: 4096 bytes at most").at("/why"));
        }
        self.until(now)
    }

    /// The same kill with another end.
    pub fn put_off(self, expires_at: Timestamp, now: Timestamp) -> Result<Self> {
        if self.phase(now) != Phase::InForce {
            return Err(Refusal::conflict("the kill is over"));
        }
        Self { expires_at, ..self }.until(now)
    }

    /// The flag is again what its definition says.
    pub fn lift(self, by: &str, now: Timestamp) -> Result<Self> {
        if self.phase(now) != Phase::InForce {
            return Err(Refusal::conflict("the kill is over"));
        }
        Ok(Self { lifted: Some(Lifted { by: by.to_owned(), at: now }), ..self })
    }

    fn until(self, now: Timestamp) -> Result<Self> {
        if self.expires_at <= now {
            return Err(Refusal::invalid("it expires in the past").at("/expires_at"));
        }
        if self.expires_at > MOST.after(now) {
            let why = "a kill lasts 92 days at most; what is off for longer is a change of the definition";
            return Err(Refusal::invalid(why).at("/expires_at"));
        }
        Ok(self)
    }

    /// When whoever killed it is next reminded that it ends; none once it is over.
    pub fn next_nag(&self, after: Timestamp) -> Option<Timestamp> {
        if self.lifted.is_some() {
            return None;
        }
        NAGS.iter().map(|before| before.before(self.expires_at)).find(|nag| *nag > self.at && *nag > after)
    }
}

/// The kills that stand above a set of flags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay(HashMap<Box<str>, Vec<Kill>, foldhash::fast::FixedState>);

impl Overlay {
    /// Nothing is killed.
    pub fn none() -> Self {
        Self::default()
    }

    /// All of them, flag by flag, in no order of flags.
    pub fn iter(&self) -> impl Iterator<Item = &Kill> {
        self.0.values().flatten()
    }

    /// The kill that decides a flag now: of several, the one that was last.
    pub fn in_force(&self, flag: &str, now: Timestamp) -> Option<&Kill> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(flag)?.iter().rev().find(|kill| kill.is_in_force(now))
    }

    /// The set as it is with the kills in force, for those who evaluate it themselves: what is killed has no rule.
    pub fn applied(&self, set: &FlagSet, now: Timestamp) -> FlagSet {
        let mut set = set.clone();
        for (key, flag) in &mut set.flags {
            let Some(kill) = self.in_force(key, now) else { continue };
            flag.targeting = None;
            match &kill.to {
                KillTo::Variant(name) if flag.variants.contains_key(name) => {
                    flag.state = State::Enabled;
                    flag.default_variant = Some(name.clone());
                }
                KillTo::Variant(_) | KillTo::Disabled => flag.state = State::Disabled,
            }
        }
        set
    }
}

impl FromIterator<Kill> for Overlay {
    fn from_iter<I: IntoIterator<Item = Kill>>(kills: I) -> Self {
        let mut overlay = Self::default();
        for kill in kills {
            overlay.0.entry(kill.flag.as_str().into()).or_default().push(kill);
        }
        overlay.0.values_mut().for_each(|kills| kills.sort_by_key(|kill| kill.at));
        overlay
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn kill(to: KillTo, from: i64, until: i64) -> Kill {
        Kill {
            flag: "checkout".into(),
            to,
            by: "ana".into(),
            why: "orders twice".into(),
            incident: None,
            at: at(from),
            expires_at: at(until),
            lifted: None,
        }
    }

    #[test]
    fn a_kill_is_in_force_until_it_expires_or_is_lifted() {
        let kill = kill(KillTo::Disabled, 0, 60);
        let told = |kill: &Kill, minute| (kill.phase(at(minute)), kill.is_in_force(at(minute)));
        assert!(kill.is_in_force(at(-1)), "made by a clock that is ahead");
        assert_eq!(told(&kill, 59), (Phase::InForce, true));
        assert_eq!(told(&kill, 60), (Phase::Expired, false));
        let lifted = kill.clone().lift("ben", at(30)).unwrap();
        assert_eq!((told(&lifted, 29), told(&lifted, 30)), ((Phase::InForce, true), (Phase::Lifted, false)));
        assert!(lifted.clone().lift("ben", at(31)).is_err() && lifted.put_off(at(90), at(31)).is_err());
        assert_eq!(kill.clone().put_off(at(90), at(59)).unwrap().expires_at, at(90));
        assert!(kill.put_off(at(90), at(60)).is_err());
    }

    #[test]
    fn a_kill_is_refused_with_its_place() {
        let good = kill(KillTo::Variant("off".into()), 0, 60);
        let variants = Some(&["on", "off"][..]);
        good.clone().checked(variants, at(0)).unwrap();
        for (wrong, variants, place) in [
            (good.clone(), None, "/flag"),
            (kill(KillTo::Variant("of".into()), 0, 60), variants, "/to/variant"),
            (Kill { why: " ".into(), ..good.clone() }, variants, "/why"),
            (kill(KillTo::Disabled, 0, 0), variants, "/expires_at"),
            (kill(KillTo::Disabled, 0, 93 * 24 * 60), variants, "/expires_at"),
        ] {
            assert_eq!(wrong.checked(variants, at(0)).unwrap_err().at.as_deref(), Some(place));
        }
    }

    #[test]
    fn of_several_kills_the_last_one_in_force_decides() {
        let first = kill(KillTo::Disabled, 0, 60);
        let second = kill(KillTo::Variant("off".into()), 10, 20);
        let overlay: Overlay = [second, first].into_iter().collect();
        let told = |minute| overlay.in_force("checkout", at(minute)).map(|kill| kill.to.clone());
        assert_eq!(told(5), Some(KillTo::Variant("off".into())), "also by a clock that is behind");
        assert_eq!(told(15), Some(KillTo::Variant("off".into())));
        assert_eq!(told(25), Some(KillTo::Disabled));
        assert_eq!(told(60), None);
        assert!(overlay.in_force("search", at(5)).is_none());
    }

    #[test]
    fn a_kill_nags_a_week_a_day_and_an_hour_before_its_end() {
        let (hour, day) = (60, 24 * 60);
        let long = kill(KillTo::Disabled, 0, 30 * day);
        let mut nags = Vec::new();
        let mut now = at(0);
        while let Some(nag) = long.next_nag(now) {
            nags.push(nag);
            now = nag;
        }
        assert_eq!(nags, [at(23 * day), at(29 * day), at(30 * day - hour)]);
        let short = kill(KillTo::Disabled, 0, 2 * hour);
        assert_eq!(short.next_nag(at(0)), Some(at(hour)));
        assert_eq!(short.lift("ben", at(1)).unwrap().next_nag(at(1)), None);
    }

    proptest! {
        #[test]
        fn what_is_in_force_covers_now(now in -100_i64..200, kills in prop::collection::vec((-50_i64..100, 1_i64..100), 0..6)) {
            let overlay: Overlay = kills.iter().map(|(from, long)| kill(KillTo::Disabled, *from, from + long)).collect();
            let covered = kills.iter().any(|(from, long)| now < from + long);
            prop_assert_eq!(overlay.in_force("checkout", at(now)).is_some(), covered);
        }
    }
}
