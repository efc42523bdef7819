//! Reflexes: what a rule does by itself about the first suspect of an incident, as far as the service lets it.
//!
//! A service is ramped up step by step, and beyond suggesting only by its own record: how often people came to what the rule had
//! come to. Everything must speak for it, twice where it counts down; anybody who may roll back stops it. A rule is never the
//! second person, and it writes no documents.

use super::changes::{Change, State as Stands};
use super::rollback_plans::{Missing, Way};
use super::suspects::{Finding, Ranking, Suspect, Which};
use super::verdicts::Outcome;
use crate::words::choices::choices;
use crate::words::{ChangeId, IncidentId, Name, ReflexId, Refusal, Result, RollbackId, Span, Timestamp};

choices! {
    /// How far a service lets rules take back changes of it.
    Ramp: "the ramp of automatic rollback" at "/ramp" {
        /// Nothing is done, said or kept.
        Off = "off",
        /// People are told what the rule would do.
        Suggest = "suggest",
        /// It is done unless somebody stops it in time.
        Countdown = "countdown",
        Automatic = "automatic",
    }
}

impl Ramp {
    /// What it means, in a sentence without a final full stop.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Off => "No rule takes anything back, and nothing is kept of what it would have done",
            Self::Suggest => {
                "The room is told what the rule would take back; people decide, and the record keeps whether they agreed"
            }
            Self::Countdown => "The rule takes it back after two minutes, unless somebody stops it",
            Self::Automatic => "The rule takes it back at once",
        }
    }

    /// Moves it. Down at any time; up one step at a time, and beyond suggesting only by the service's own history.
    pub fn set(self, to: Self, history: History) -> Result<Self> {
        if to == self {
            return Err(Refusal::conflict(format!("it is {to} already")).at("/ramp"));
        }
        let step = |ramp: Self| Self::ALL.iter().position(|one| *one == ramp).unwrap_or_default();
        if step(to) > step(self) + 1 {
            return Err(Refusal::conflict("one step at a time").at("/ramp"));
        }
        if to > self && to > Self::Suggest && !history.is_proven() {
            let History { suggested, agreed } = history;
            let message = format!(
                "people agreed with {agreed} of {suggested} suggestions: it takes {LEAST_SUGGESTED}, and {LEAST_AGREED} of 100"
            );
            return Err(Refusal::conflict(message).at("/ramp"));
        }
        Ok(to)
    }
}

/// What people made of what the rule would have done, where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub suggested: u32,
    pub agreed: u32,
}

/// So often the rule was right before it may do more.
pub const LEAST_SUGGESTED: u32 = 20;
pub const LEAST_AGREED: u32 = 95;

impl History {
    /// Whether people agreed, of each; those of which nobody can say count for nothing.
    pub fn of(all: impl IntoIterator<Item = Option<bool>>) -> Self {
        all.into_iter().flatten().fold(Self::default(), |History { suggested, agreed }, one| Self {
            suggested: suggested + 1,
            agreed: agreed + u32::from(one),
        })
    }

    /// How many of a hundred, rounded down.
    pub const fn agreed_of_100(self) -> Option<u32> {
        (self.agreed * 100).checked_div(self.suggested)
    }

    /// Often enough, and nearly always.
    pub const fn is_proven(self) -> bool {
        self.suggested >= LEAST_SUGGESTED && self.agreed * 100 >= self.suggested * LEAST_AGREED
    }
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reflex {
    /// Nothing, for these reasons.
    None(Vec<String>),
    /// It leaves it to people; with why, where the service would let it do more.
    Suggest(Option<String>),
    /// At that time, unless somebody stops it.
    At(Timestamp),
    Now,
}

/// So long people have to stop it.
const COUNTDOWN: Span = Span::minutes(2);
/// A change that finished longer ago is not taken back by a rule.
const WATCHED_FOR: Span = Span::minutes(60);
/// Where something was taken back, no rule takes anything back for this long.
pub const QUIET_FOR: Span = Span::hours(1);

/// What is so when a rule looks at a change: an incident began that it may have to do with.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The lowest of the services that it changed.
    pub ramp: Ramp,
    /// With the plan by which it would be taken back.
    pub change: &'a Change,
    pub ranking: &'a Ranking,
    pub missing: &'a [Missing],
    /// Why a second person is asked, if one is.
    pub second_person: Option<&'a str>,
    /// When a rule took something back last where it was changed.
    pub last_by_rule: Option<Timestamp>,
    /// It came after something was taken back there: it may be what that did.
    pub follows_rollback: bool,
    /// Something is being taken back in this incident.
    pub under_way: bool,
    /// How many alerts fire where it would be felt.
    pub alerts: usize,
}

/// What a rule does about a change. Everything must speak for it.
pub fn reflex(on: &Occasion<'_>, now: Timestamp) -> Reflex {
    let Occasion { ramp, change, ranking, .. } = *on;
    let mut against = Vec::new();
    let mut need = |so: bool, otherwise: &str| {
        if !so {
            against.push(otherwise.to_owned());
        }
    };
    need(!on.under_way, "something is being taken back already");
    for lack in on.missing.iter().filter(|one| one.blocks) {
        need(false, &lack.what);
    }
    need(ramp != Ramp::Off, "the service does not let rules take back changes");
    match change.state {
        Stands::Finished { at } => need(now <= WATCHED_FOR.after(at), "it did not finish within the last hour"),
        _ => need(false, &format!("it is {}", change.state.word())),
    }
    let plan = change.proposal.rollback.as_ref();
    match plan {
        Some(plan) => {
            need(plan.way.is_hands_free(), "taking it back needs hands");
            need(plan.is_fresh(now), "taking it back was not rehearsed lately");
        }
        None => need(false, "it has no plan by which it could be taken back"),
    }
    let first = ranking.suspects.first();
    let alone = first.is_some_and(|first| first.rank == 1 && first.tied == 1);
    let own = first.is_some_and(|first| first.candidate.which == Which::Change(change.id));
    need(own && alone, "it is not the one first suspect");
    let near = ranking.suspects.iter().filter(|suspect| suspect.is_near()).count();
    need(near == 1 && first.is_some_and(Suspect::is_near), "it is not the only change that near");
    // Whoever only says that something is wrong sets nothing off; and without alerts nobody could say what it came to.
    need(on.alerts > 0, "no alert fires where it would be felt");
    let loops = on.last_by_rule.is_some_and(|last| now < QUIET_FOR.after(last));
    need(!loops, "a rule took something back there within the last hour");
    need(!on.follows_rollback, "it came after something was taken back there: it may be what that did");
    if !against.is_empty() {
        return Reflex::None(against);
    }
    let by_people = match plan.map(|plan| &plan.way) {
        Some(Way::Documents { .. }) => Some("documents are written by people".to_owned()),
        _ => on.second_person.map(|why| format!("a second person is asked, for {why}")),
    };
    match ramp {
        Ramp::Off | Ramp::Suggest => Reflex::Suggest(None),
        Ramp::Countdown | Ramp::Automatic if by_people.is_some() => Reflex::Suggest(by_people),
        Ramp::Countdown => Reflex::At(COUNTDOWN.after(now)),
        Ramp::Automatic => Reflex::Now,
    }
}

impl Reflex {
    /// When the time to stop it is over it is looked at again. Why it is not done after all, if it is not.
    pub fn against(&self) -> Option<String> {
        match self {
            Self::None(why) => Some(why.join("; ")),
            Self::Suggest(None) => Some("the service lets rules only suggest by now".into()),
            Self::Suggest(Some(why)) => Some(why.clone()),
            Self::At(_) | Self::Now => None,
        }
    }
}

/// What a rule made of a change in an incident: once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: ReflexId,
    pub incident: IncidentId,
    pub change: ChangeId,
    /// How far the service let it go then.
    pub ramp: Ramp,
    pub at: Timestamp,
    pub state: State,
}

/// How that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was left to people; with why, where the service would have let it do more.
    Suggested {
        why: Option<String>,
    },
    Counting {
        until: Timestamp,
    },
    Stopped {
        at: Timestamp,
        by: Name,
        why: String,
    },
    Ran {
        at: Timestamp,
        rollback: RollbackId,
    },
    /// When its time came, not everything spoke for it any more.
    Lapsed {
        at: Timestamp,
        why: String,
    },
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Suggested { .. } => "suggested",
            Self::Counting { .. } => "counting",
            Self::Stopped { .. } => "stopped",
            Self::Ran { .. } => "ran",
            Self::Lapsed { .. } => "lapsed",
        }
    }
}

impl Made {
    /// Somebody moved the ramp of a service that it changed: what counts down lapses with it, where the rule may no longer
    /// do it. Nothing, if it goes on.
    pub fn moved(&self, service: &Name, to: Ramp, by: &Name, why: &str, now: Timestamp) -> Option<Self> {
        let ends = matches!(self.state, State::Counting { .. }) && to < Ramp::Countdown;
        ends.then(|| {
            let why = format!("{by} moved the ramp of {service} to {to}: {why}");
            Self { state: State::Lapsed { at: now, why }, ..self.clone() }
        })
    }

    /// Somebody stops it. Stopped by two, it is stopped by the first.
    pub fn stop(&self, by: &Name, why: &str, now: Timestamp) -> Result<Self> {
        match &self.state {
            State::Counting { .. } => {
                let state = State::Stopped { at: now, by: by.clone(), why: why.to_owned() };
                Ok(Self { state, ..self.clone() })
            }
            State::Stopped { .. } => Ok(self.clone()),
            State::Suggested { .. } => Err(Refusal::conflict("it is only suggested: nothing is done by itself")),
            State::Ran { .. } => Err(Refusal::conflict("it is too late: the rule has begun to take it back")),
            State::Lapsed { .. } => Err(Refusal::conflict("it was not done after all: there is nothing to stop")),
        }
    }
}

/// What happened afterwards in the incident, as far as it says whether people came to the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aftermath {
    /// What people found of the change.
    pub finding: Option<Finding>,
    /// They found that another one was the trigger.
    pub another_was_it: bool,
    pub stopped: bool,
    /// A person took it back.
    pub by_person: bool,
    /// What taking it back came to, whoever did.
    pub outcome: Option<Outcome>,
}

impl Aftermath {
    /// Whether people agreed, and how that is known. What people found stands above what they did, and that above nothing.
    pub const fn agreed(&self) -> (Option<bool>, &'static str) {
        match self {
            Self { finding: Some(Finding::Trigger | Finding::Contributed), .. } => {
                (Some(true), "people found that it had to do with it")
            }
            Self { finding: Some(Finding::RuledOut), .. } => (Some(false), "people ruled it out"),
            Self { another_was_it: true, .. } => (Some(false), "people found that another change was the trigger"),
            Self { outcome: Some(Outcome::NoEffect | Outcome::Worse), .. } => {
                (Some(false), "taking it back did not help")
            }
            Self { stopped: true, .. } => (Some(false), "somebody stopped it"),
            Self { by_person: true, .. } => (Some(true), "a person took it back"),
            Self { outcome: Some(Outcome::Resolved), .. } => (Some(true), "nobody stopped it, and it helped"),
            _ => (None, "nobody has said yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::change::rollbacks::tests::{at, finished, name};
    use crate::change::suspects::tests::candidate;
    use crate::change::suspects::{Case, Weights, rank};
    use crate::words::Id as _;

    #[test]
    fn a_ramp_goes_up_by_its_history_and_down_at_once() {
        let history = |suggested, agreed| History { suggested, agreed };
        for (from, to, history, may) in [
            (Ramp::Off, Ramp::Suggest, history(0, 0), true),
            (Ramp::Off, Ramp::Countdown, history(99, 99), false),
            (Ramp::Suggest, Ramp::Countdown, history(19, 19), false),
            (Ramp::Suggest, Ramp::Countdown, history(20, 18), false),
            (Ramp::Suggest, Ramp::Countdown, history(20, 19), true),
            (Ramp::Countdown, Ramp::Automatic, history(40, 38), true),
            (Ramp::Automatic, Ramp::Off, history(0, 0), true),
            (Ramp::Off, Ramp::Off, history(0, 0), false),
        ] {
            assert_eq!(from.set(to, history).is_ok(), may, "{from} to {to}");
        }
        assert_eq!(
            Ramp::Suggest.set(Ramp::Countdown, history(20, 18)).unwrap_err().message,
            "people agreed with 18 of 20 suggestions: it takes 20, and 95 of 100"
        );
    }

    #[test]
    fn a_countdown_lapses_when_its_service_is_moved_down_and_not_before() {
        let made = |state| Made {
            id: ReflexId::from_bits(1),
            incident: IncidentId::from_bits(2),
            change: ChangeId::from_bits(3),
            ramp: Ramp::Automatic,
            at: at(0),
            state,
        };
        let shop = name("shop");
        let moved =
            |state, to| made(state).moved(&shop, to, &name("ana"), "too many today", at(1)).map(|one| one.state);
        let counting = || State::Counting { until: at(2) };
        for to in [Ramp::Off, Ramp::Suggest] {
            let why = format!("ana moved the ramp of shop to {to}: too many today");
            assert_eq!(moved(counting(), to), Some(State::Lapsed { at: at(1), why }));
        }
        assert_eq!(moved(counting(), Ramp::Countdown), None, "from automatic: it goes on");
        assert_eq!(moved(State::Suggested { why: None }, Ramp::Off), None);
        assert_eq!(moved(State::Stopped { at: at(1), by: shop.clone(), why: "so".into() }, Ramp::Off), None);
    }

    proptest! {
        #[test]
        fn whatever_the_moves_a_service_gets_no_further_than_its_record(
            moves in proptest::collection::vec((0..4usize, 0..40u32, 0..40u32), 1..20)
        ) {
            let mut ramp = Ramp::Off;
            for (to, suggested, agreed) in moves {
                let (to, history) = (Ramp::ALL[to], History { suggested, agreed: agreed.min(suggested) });
                let before = ramp;
                ramp = ramp.set(to, history).unwrap_or(ramp);
                prop_assert!(ramp <= before || ramp <= Ramp::Suggest || history.is_proven());
                prop_assert!(ramp as usize <= before as usize + 1);
            }
        }
    }

    #[test]
    fn a_rule_acts_only_when_everything_speaks_for_it() {
        let graph = [(name("shop"), name("cart"))].into_iter().collect();
        let case = Case { services: [name("shop")].into(), began_at: at(5) };
        let rank = |all| rank(&case, all, &graph, Weights::default());
        let own = rank(vec![candidate(2, "cart", 0)]);
        let done = finished(2, 0);
        let sure = Occasion {
            ramp: Ramp::Automatic,
            change: &done,
            ranking: &own,
            missing: &[],
            second_person: None,
            last_by_rule: None,
            follows_rollback: false,
            under_way: false,
            alerts: 1,
        };
        let ramped = |ramp| reflex(&Occasion { ramp, ..sure }, at(6));
        assert_eq!(ramped(Ramp::Suggest), Reflex::Suggest(None));
        assert_eq!(ramped(Ramp::Countdown), Reflex::At(at(8)));
        assert_eq!(ramped(Ramp::Automatic), Reflex::Now);
        let why = |on: Occasion<'_>, minute| reflex(&on, at(minute)).against().unwrap_or_default();
        assert_eq!(why(sure, 6), "");
        assert_eq!(why(Occasion { ramp: Ramp::Suggest, ..sure }, 6), "the service lets rules only suggest by now");
        let vital = Occasion { second_person: Some("much hangs on it"), ..sure };
        assert_eq!(
            reflex(&vital, at(6)),
            Reflex::Suggest(Some("a second person is asked, for much hangs on it".into()))
        );
        assert_eq!(reflex(&Occasion { ramp: Ramp::Suggest, ..vital }, at(6)), Reflex::Suggest(None));
        let two = rank(vec![candidate(2, "cart", 0), candidate(3, "shop", -1)]);
        let none = rank(vec![]);
        let crowd = "it is not the one first suspect; it is not the only change that near";
        let mut stale = done.clone();
        stale.proposal.rollback.as_mut().unwrap().last_rehearsed = None;
        let mut by_documents = done.clone();
        by_documents.proposal.rollback.as_mut().unwrap().way = Way::Documents { changeset: 4 };
        let early = crate::change::changes::tests::change(2, "cart");
        let lacks = [Missing { blocks: true, what: "argo does not answer".into() }];
        let warns = [Missing { blocks: false, what: "it is long ago".into() }];
        for (on, minute, otherwise) in [
            (Occasion { ramp: Ramp::Off, ..sure }, 6, "the service does not let rules take back changes"),
            (Occasion { ranking: &two, ..sure }, 6, crowd),
            (Occasion { ranking: &none, ..sure }, 6, crowd),
            (
                Occasion { last_by_rule: Some(at(0)), ..sure },
                6,
                "a rule took something back there within the last hour",
            ),
            (Occasion { last_by_rule: Some(at(-60)), ..sure }, 6, ""),
            (sure, 61, "it did not finish within the last hour"),
            (Occasion { change: &early, ..sure }, 6, "it is proposed"),
            (Occasion { change: &stale, ..sure }, 6, "taking it back was not rehearsed lately"),
            (Occasion { change: &by_documents, ..sure }, 6, "documents are written by people"),
            (Occasion { missing: &lacks, ..sure }, 6, "argo does not answer"),
            (Occasion { missing: &warns, ..sure }, 6, ""),
            (Occasion { alerts: 0, ..sure }, 6, "no alert fires where it would be felt"),
            (Occasion { under_way: true, ..sure }, 6, "something is being taken back already"),
            (
                Occasion { follows_rollback: true, ..sure },
                6,
                "it came after something was taken back there: it may be what that did",
            ),
        ] {
            assert_eq!(why(on, minute), otherwise);
        }
    }

    #[test]
    fn only_what_counts_down_is_stopped_and_the_first_to_stop_it_did() {
        let made = |state| Made {
            id: ReflexId::from_bits(1),
            incident: IncidentId::from_bits(1),
            change: ChangeId::from_bits(2),
            ramp: Ramp::Countdown,
            at: at(6),
            state,
        };
        let stopped = made(State::Counting { until: at(8) }).stop(&name("ana"), "no", at(7)).unwrap();
        assert_eq!(stopped.state, State::Stopped { at: at(7), by: name("ana"), why: "no".into() });
        assert_eq!(stopped.stop(&name("ben"), "no!", at(8)).unwrap(), stopped);
        for state in [
            State::Suggested { why: None },
            State::Ran { at: at(8), rollback: RollbackId::from_bits(1) },
            State::Lapsed { at: at(8), why: "it cleared".into() },
        ] {
            assert!(made(state).stop(&name("ana"), "no", at(9)).is_err());
        }
    }

    #[test]
    fn what_people_found_stands_above_what_they_did() {
        let told = |one: Aftermath| one.agreed().0;
        let open = Aftermath::default();
        for (one, agreed) in [
            (open, None),
            (Aftermath { finding: Some(Finding::Unknown), ..open }, None),
            (Aftermath { stopped: true, ..open }, Some(false)),
            (Aftermath { stopped: true, finding: Some(Finding::Trigger), ..open }, Some(true)),
            (Aftermath { by_person: true, finding: Some(Finding::RuledOut), ..open }, Some(false)),
            (Aftermath { by_person: true, ..open }, Some(true)),
            (Aftermath { by_person: true, outcome: Some(Outcome::NoEffect), ..open }, Some(false)),
            (Aftermath { outcome: Some(Outcome::Resolved), ..open }, Some(true)),
            (Aftermath { outcome: Some(Outcome::Blind), ..open }, None),
            (Aftermath { outcome: Some(Outcome::Partial), ..open }, None),
            (Aftermath { another_was_it: true, by_person: true, ..open }, Some(false)),
        ] {
            assert_eq!(told(one), agreed, "{one:?}");
        }
        let history = History::of([Some(true), None, Some(false), Some(true)]);
        assert_eq!(history, History { suggested: 3, agreed: 2 });
        assert_eq!((history.agreed_of_100(), History::default().agreed_of_100()), (Some(66), None));
    }
}
