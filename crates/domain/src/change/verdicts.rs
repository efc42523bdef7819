//! The verdict after a rollback: what the alerts say that fired when it began. That it was carried out is no verdict.
//!
//! Absence of data is never success: an alert that nobody would still hear is neither clear nor firing. Nothing is said before
//! the rollback had time to work, and what cleared must stay so for a while.

use std::collections::BTreeMap;

use super::rollback_plans::Watch;
use crate::words::choices::choices;
use crate::words::{AlertId, Span, Timestamp};

choices! {
    /// What a rollback came to.
    Outcome: "the outcome of a rollback" at "/outcome" {
        /// New alerts fire where it may have been felt.
        Worse = "worse",
        /// The same alerts fire as before: it was probably not this change.
        NoEffect = "no-effect",
        /// Some cleared.
        Partial = "partial",
        /// All cleared, and stayed so.
        Resolved = "resolved",
        /// Nothing can be said: what would say it is silent, or nothing fired when it began.
        Blind = "blind",
    }
}

/// How an alert stands that fired when the rollback began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    Firing,
    /// Its source said so.
    Cleared {
        at: Timestamp,
    },
    /// Nothing is heard of its source any more; an alert that was closed for its silence counts here.
    Silent,
}

/// What is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What fired when it began, in the blast radius.
    pub symptoms: BTreeMap<AlertId, Symptom>,
    /// What began to fire there since, and still does.
    pub fresh: Vec<AlertId>,
}

/// How long to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookout {
    /// When the other side said that it was done.
    pub done_at: Timestamp,
    /// It needs this long before anything can be seen of it: the time over which the alerts look, and how often.
    pub settle: Span,
    /// What cleared stays clear for so long.
    pub hold: Span,
    /// From when it has settled: what still fires after this long will not clear by it.
    pub patience: Span,
}

impl Lookout {
    /// As long as usual.
    pub const fn usual(done_at: Timestamp) -> Self {
        Self { done_at, settle: Span::minutes(2), hold: Span::minutes(5), patience: Span::minutes(15) }
    }

    /// As long as a plan says.
    pub fn of(watch: Option<Watch>, done_at: Timestamp) -> Self {
        let usual = Self::usual(done_at);
        watch.map_or(usual, |Watch { settle, hold, patience }| Self { done_at, settle, hold, patience })
    }

    /// Before then nothing is said.
    pub fn from(&self) -> Timestamp {
        self.settle.after(self.done_at)
    }

    /// By then something is.
    pub fn until(&self) -> Timestamp {
        self.patience.max(self.hold).after(self.from())
    }
}

/// The verdict, if it is time for one, with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Nothing yet: ask again, at `again_at` at the latest.
    pub outcome: Option<Outcome>,
    pub again_at: Option<Timestamp>,
    /// A sentence for people, without a final full stop.
    pub why: String,
}

/// What can be said at `now`.
pub fn judge(seen: &Seen, lookout: &Lookout, now: Timestamp) -> Verdict {
    let of = seen.symptoms.len();
    let count = |test: fn(&Symptom) -> bool| seen.symptoms.values().filter(|symptom| test(symptom)).count();
    let firing = count(|symptom| *symptom == Symptom::Firing);
    let silent = count(|symptom| *symptom == Symptom::Silent);
    let cleared = of - firing - silent;
    let said = |outcome, why: String| Verdict { outcome: Some(outcome), again_at: None, why };
    let wait = |until: Timestamp, why: String| Verdict { outcome: None, again_at: Some(until), why };

    if now < lookout.from() {
        return wait(lookout.from(), "it has not had time to work".into());
    }
    if !seen.fresh.is_empty() {
        return said(Outcome::Worse, format!("{} since it was taken back", fire(seen.fresh.len(), "began to fire")));
    }
    if of == 0 {
        return said(Outcome::Blind, "no alert fired when it began, so none can tell whether it helped".into());
    }
    let over = now >= lookout.until();
    if silent > 0 {
        let why = format!("nothing is heard any more of what would tell of {silent} of {of} alerts");
        return if over { said(Outcome::Blind, why) } else { wait(lookout.until(), why) };
    }
    if firing == 0 {
        let last = seen.symptoms.values().filter_map(|symptom| match symptom {
            Symptom::Cleared { at } => Some(*at),
            Symptom::Firing | Symptom::Silent => None,
        });
        let held = lookout.hold.after(last.max().unwrap_or(lookout.done_at));
        let why = format!("{} cleared", fire(of, "that fired"));
        return if now >= held { said(Outcome::Resolved, why) } else { wait(held, format!("{why}, and must stay so")) };
    }
    let why = match (cleared, firing) {
        (0, firing) => {
            format!("{} when it began, and still {}", fire(of, "fired"), if firing == 1 { "does" } else { "do" })
        }
        (cleared, firing) => {
            format!("{cleared} of {of} alerts cleared, {firing} still {}", if firing == 1 { "fires" } else { "fire" })
        }
    };
    match over {
        false => wait(lookout.until(), why),
        true if cleared == 0 => said(Outcome::NoEffect, why),
        true => said(Outcome::Partial, why),
    }
}

fn fire(count: usize, what: &str) -> String {
    format!("{count} alert{} {what}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::Id as _;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    const F: Symptom = Symptom::Firing;
    const S: Symptom = Symptom::Silent;

    fn seen(symptoms: &[Symptom], fresh: usize) -> Seen {
        let id = |bits: usize| AlertId::from_bits(bits as u128);
        Seen {
            symptoms: symptoms.iter().enumerate().map(|(i, symptom)| (id(i), *symptom)).collect(),
            fresh: (0..fresh).map(|i| id(100 + i)).collect(),
        }
    }

    #[test]
    fn the_verdict_is_what_the_alerts_say() {
        let clear = |minute| Symptom::Cleared { at: at(minute) };
        let lookout = Lookout::usual(at(0));
        for (symptoms, fresh, minute, outcome, why) in [
            (&[F][..], 0, 1, None, "it has not had time to work"),
            (&[F], 9, 1, None, "it has not had time to work"),
            (&[F], 1, 2, Some(Outcome::Worse), "1 alert began to fire since it was taken back"),
            (&[], 0, 2, Some(Outcome::Blind), "no alert fired when it began, so none can tell whether it helped"),
            (&[F, F], 0, 16, None, "2 alerts fired when it began, and still do"),
            (&[F, F], 0, 17, Some(Outcome::NoEffect), "2 alerts fired when it began, and still do"),
            (&[F, clear(3)], 0, 17, Some(Outcome::Partial), "1 of 2 alerts cleared, 1 still fires"),
            (&[clear(3), clear(4)], 0, 8, None, "2 alerts that fired cleared, and must stay so"),
            (&[clear(3), clear(4)], 0, 9, Some(Outcome::Resolved), "2 alerts that fired cleared"),
            (&[clear(16)], 0, 20, None, "1 alert that fired cleared, and must stay so"),
            (&[clear(3), S], 0, 9, None, "nothing is heard any more of what would tell of 1 of 2 alerts"),
            (
                &[clear(3), S],
                0,
                17,
                Some(Outcome::Blind),
                "nothing is heard any more of what would tell of 1 of 2 alerts",
            ),
            (&[S], 1, 17, Some(Outcome::Worse), "1 alert began to fire since it was taken back"),
        ] {
            let verdict = judge(&seen(symptoms, fresh), &lookout, at(minute));
            assert_eq!((verdict.outcome, verdict.why.as_str()), (outcome, why), "{symptoms:?} {fresh} {minute}");
            assert_eq!(verdict.again_at.is_none(), outcome.is_some());
            assert!(verdict.again_at.is_none_or(|again| again > at(minute)), "it is asked again later");
        }
    }

    fn symptom() -> impl Strategy<Value = Symptom> {
        prop_oneof![Just(F), Just(S), (0i64..30).prop_map(|minute| Symptom::Cleared { at: at(minute) })]
    }

    fn good(outcome: Option<Outcome>) -> Option<u8> {
        match outcome? {
            Outcome::Worse => Some(0),
            Outcome::NoEffect => Some(1),
            Outcome::Partial => Some(2),
            Outcome::Resolved => Some(3),
            Outcome::Blind => None,
        }
    }

    proptest! {
        /// What clears never makes it worse, what begins to fire never better, and silence never a success.
        #[test]
        fn the_verdict_follows_the_alerts(
            symptoms in prop::collection::vec(symptom(), 1..6), fresh in 0usize..3, place in any::<prop::sample::Index>(), minute in 40i64..60,
        ) {
            let lookout = Lookout::usual(at(0));
            let outcome = |symptoms: &[Symptom], fresh| judge(&seen(symptoms, fresh), &lookout, at(minute)).outcome;
            let before = outcome(&symptoms, fresh);
            prop_assert!(before.is_some(), "when the lookout is over something is said");
            let with = |symptom| {
                let mut other = symptoms.clone();
                other[place.index(symptoms.len())] = symptom;
                outcome(&other, fresh)
            };
            if let (Some(before), Some(after)) = (good(before), good(with(Symptom::Cleared { at: at(5) }))) {
                prop_assert!(after >= before);
            }
            if let (Some(before), Some(after)) = (good(before), good(with(F))) {
                prop_assert!(after <= before || symptoms.contains(&S));
            }
            prop_assert_eq!(outcome(&symptoms, fresh + 1), Some(Outcome::Worse));
            let silenced = with(S);
            prop_assert!(matches!(silenced, Some(Outcome::Blind | Outcome::Worse)), "{:?}", silenced);
        }
    }
}
