//! A rollback: one run of a plan, from the preview to the word of the other side, and who may set it off.
//!
//! It is run once: its id goes along as the key, and what became of a call that timed out is looked up, never guessed and never tried
//! again blindly. That it ran says nothing about whether it helped: that is the verdict. When a rule runs one is in `reflexes.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{Change, State as Stands};
use super::reach::Graph;
use super::rollback_plans::{Data, Missing, Preflight, RollbackPlan};
use crate::words::{ChangeId, Name, Refusal, Result, RollbackId, Span, Timestamp};

/// What would happen, shown before anybody says yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What is hit if it goes wrong, with steps.
    pub blast_radius: BTreeMap<Name, u32>,
    /// Changes of the same targets that came later: they are undone, too.
    pub undoes_also: Vec<ChangeId>,
    pub missing: Vec<Missing>,
    pub estimate: Span,
    /// Why a second person is asked, if one is.
    pub second_person: Option<&'static str>,
}

/// Shows what taking a change back would do. `vital` are services of tier 1.
pub fn preview(
    change: &Change,
    others: &[Change],
    graph: &Graph,
    facts: &Preflight,
    vital: &BTreeSet<Name>,
    now: Timestamp,
) -> Result<Preview> {
    let plan = plan_of(change)?;
    let services = change.proposal.services();
    let places = |change: &Change| -> BTreeSet<_> {
        change.proposal.targets.iter().map(|target| (target.service.clone(), target.environment.clone())).collect()
    };
    let own = places(change);
    let later = |other: &&Change| other.id > change.id && !other.state.is_ahead() && !own.is_disjoint(&places(other));
    Ok(Preview {
        undoes_also: others.iter().filter(later).map(|other| other.id).collect(),
        missing: plan.missing(facts, now),
        estimate: plan.estimate,
        second_person: second_person(plan, &services, vital),
        blast_radius: graph.blast_radius(&services),
    })
}

/// Why a second person is asked before a plan runs, if one is.
fn second_person(plan: &RollbackPlan, services: &BTreeSet<Name>, vital: &BTreeSet<Name>) -> Option<&'static str> {
    if !services.is_disjoint(vital) {
        Some("the business stops without what it touches")
    } else if matches!(plan.data, Data::ForwardOnly | Data::RestoreNeeded) {
        Some("data is not read back")
    } else {
        None
    }
}

fn plan_of(change: &Change) -> Result<&RollbackPlan> {
    change.proposal.rollback.as_ref().ok_or_else(|| Refusal::conflict("it has no plan by which it could be taken back"))
}

/// How a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for a second person.
    Asked,
    Running {
        since: Timestamp,
        deadline: Timestamp,
    },
    /// Its time is over, and nobody knows what became of it.
    Unknown {
        since: Timestamp,
    },
    Succeeded {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        why: String,
    },
    /// Nobody wanted it after all.
    CalledOff {
        at: Timestamp,
    },
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Running { .. } => "running",
            Self::Unknown { .. } => "unknown",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::CalledOff { .. } => "called-off",
        }
    }
}

/// One run of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// Also the key that goes along, so that a call that comes twice is done once.
    pub id: RollbackId,
    pub change: ChangeId,
    /// The revision of the change whose plan is run.
    pub revision: u32,
    pub estimate: Span,
    /// Nobody: a rule.
    pub asked_by: Option<Name>,
    pub asked_at: Timestamp,
    pub confirmed_by: Option<Name>,
    /// A second person was asked for, and the commander went ahead alone.
    pub alone: bool,
    pub state: State,
}

/// What the other side says of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Running,
    Succeeded,
    Failed {
        why: String,
    },
    /// It does not answer, or does not know the key.
    Nothing,
}

impl Rollback {
    /// Asks for it. It runs at once, where no second person is asked for; `commands`: they command a SEV1, and go ahead alone.
    pub fn ask(
        id: RollbackId,
        change: &Change,
        preview: &Preview,
        by: Option<&Name>,
        commands: bool,
        now: Timestamp,
    ) -> Result<Self> {
        let done = matches!(
            change.state,
            Stands::Running { .. } | Stands::Finished { .. } | Stands::Failed { .. } | Stands::Stuck { .. }
        );
        if !done {
            return Err(Refusal::conflict(format!("it is {}: there is nothing to take back", change.state.word())));
        }
        must_be_able(&preview.missing)?;
        let waits = preview.second_person.is_some() && !commands;
        let asked = Self {
            id,
            change: change.id,
            revision: change.revision,
            estimate: preview.estimate,
            asked_by: by.cloned(),
            asked_at: now,
            confirmed_by: None,
            alone: preview.second_person.is_some() && commands,
            state: State::Asked,
        };
        Ok(if waits { asked } else { asked.run(now) })
    }

    /// A second person says yes, to what is still so at `now`.
    pub fn confirm(&self, by: &Name, missing: &[Missing], now: Timestamp) -> Result<Self> {
        self.must_wait()?;
        if self.asked_by.as_ref() == Some(by) {
            return Err(Refusal::forbidden("you asked for it: a second person confirms it"));
        }
        must_be_able(missing)?;
        Ok(Self { confirmed_by: Some(by.clone()), ..self.clone() }.run(now))
    }

    pub fn call_off(&self, now: Timestamp) -> Result<Self> {
        self.must_wait()?;
        Ok(Self { state: State::CalledOff { at: now }, ..self.clone() })
    }

    /// As it stands after the other side was asked. A late word still counts; a run that has ended stays as it ended.
    pub fn heard(&self, word: &Word, now: Timestamp) -> Self {
        let state = match (&self.state, word) {
            (State::Running { .. } | State::Unknown { .. }, Word::Succeeded) => State::Succeeded { at: now },
            (State::Running { .. } | State::Unknown { .. }, Word::Failed { why }) => {
                State::Failed { at: now, why: why.clone() }
            }
            (State::Running { deadline, .. }, Word::Running | Word::Nothing) if now >= *deadline => {
                State::Unknown { since: now }
            }
            (state, _) => state.clone(),
        };
        Self { state, ..self.clone() }
    }

    /// Something may be happening: nobody starts another one of the same target.
    pub const fn is_under_way(&self) -> bool {
        matches!(self.state, State::Asked | State::Running { .. } | State::Unknown { .. })
    }

    fn run(self, now: Timestamp) -> Self {
        let deadline = Span::millis(self.estimate.as_millis().saturating_mul(2)).after(now);
        Self { state: State::Running { since: now, deadline }, ..self }
    }

    fn must_wait(&self) -> Result<()> {
        if self.state == State::Asked { Ok(()) } else { Err(Refusal::conflict("it waits for nobody")) }
    }
}

fn must_be_able(missing: &[Missing]) -> Result<()> {
    let blocks: Vec<&str> = missing.iter().filter(|one| one.blocks).map(|one| one.what.as_str()).collect();
    if blocks.is_empty() { Ok(()) } else { Err(Refusal::conflict(blocks.join("; "))) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::change::changes::Command;
    use crate::change::changes::tests::{by, change};
    use crate::change::gates::Decision;
    use crate::change::rollback_plans::Answer;
    use crate::words::{Id as _, RefusalKind};

    pub(in crate::change) fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    pub(in crate::change) fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn ready() -> Preflight {
        Preflight { adapters: [(name("argo"), Answer::Ready)].into(), owner_on_duty: true, ..Preflight::default() }
    }

    pub(in crate::change) fn finished(bits: u128, minute: i64) -> Change {
        let ben = name("ben");
        let commands = [
            Command::Approve { revision: 1, needed: 1 },
            Command::Begin { decision: Decision::default() },
            Command::Finish,
        ];
        commands.iter().fold(change(bits, "cart"), |change, command| change.act(command, by(&ben), at(minute)).unwrap())
    }

    fn shown(change: &Change, vital: &[&str], facts: &Preflight) -> Preview {
        let graph = [(name("shop"), name("cart"))].into_iter().collect();
        let others = [finished(1, 0), finished(3, 0), self::change(4, "cart"), self::change(5, "mail")];
        let vital = vital.iter().map(|one| name(one)).collect();
        preview(change, &others, &graph, facts, &vital, at(1)).unwrap()
    }

    #[test]
    fn a_preview_shows_what_else_is_undone() {
        let preview = shown(&finished(2, 0), &[], &ready());
        assert_eq!(preview.undoes_also, [ChangeId::from_bits(3)], "what came later, and was done");
        assert_eq!(preview.blast_radius, [(name("cart"), 0), (name("shop"), 1)].into());
        assert_eq!((preview.missing, preview.second_person), (vec![], None));
        let mut bare = finished(2, 0);
        bare.proposal.rollback = None;
        assert!(super::preview(&bare, &[], &Graph::default(), &ready(), &BTreeSet::new(), at(1)).is_err());
    }

    #[test]
    fn a_second_person_says_yes_where_much_hangs_on_it() {
        let (ana, ben) = (name("ana"), name("ben"));
        let done = finished(2, 0);
        let ask = |preview: &Preview, commands| {
            Rollback::ask(RollbackId::from_bits(1), &done, preview, Some(&ana), commands, at(1))
        };
        let simple = ask(&shown(&done, &[], &ready()), false).unwrap();
        assert_eq!(simple.state, State::Running { since: at(1), deadline: at(11) });
        let vital = shown(&done, &["cart"], &ready());
        let waits = ask(&vital, false).unwrap();
        assert_eq!(waits.state, State::Asked);
        assert_eq!(waits.confirm(&ana, &[], at(2)).unwrap_err().kind, RefusalKind::Forbidden);
        let denied = [(name("argo"), Answer::Denied("no right".into()))].into();
        let denied = Preflight { adapters: denied, ..Preflight::default() };
        let lost = shown(&done, &["cart"], &denied).missing;
        assert_eq!(waits.confirm(&ben, &lost, at(2)).unwrap_err().kind, RefusalKind::Conflict);
        let runs = waits.confirm(&ben, &[], at(2)).unwrap();
        assert_eq!(runs.state, State::Running { since: at(2), deadline: at(12) });
        assert!(runs.confirm(&ben, &[], at(2)).is_err() && runs.call_off(at(2)).is_err());
        assert!(!waits.call_off(at(2)).unwrap().is_under_way());
        let alone = ask(&vital, true).unwrap();
        assert!(alone.alone && matches!(alone.state, State::Running { .. }), "on record that they were alone");
        assert!(ask(&shown(&done, &[], &denied), true).is_err(), "what cannot run is not begun");
        let ahead = change(2, "cart");
        let early = Rollback::ask(RollbackId::from_bits(1), &ahead, &vital, None, false, at(1)).unwrap_err();
        assert_eq!(early.message, "it is proposed: there is nothing to take back");
    }

    #[test]
    fn a_run_that_timed_out_is_looked_up_and_never_guessed() {
        let done = finished(2, 0);
        let preview = shown(&done, &[], &ready());
        let run = Rollback::ask(RollbackId::from_bits(1), &done, &preview, None, false, at(0)).unwrap();
        let failed = Word::Failed { why: "no".into() };
        assert_eq!(run.heard(&Word::Nothing, at(9)).state, run.state);
        let lost = run.heard(&Word::Nothing, at(10));
        assert_eq!(lost.state, State::Unknown { since: at(10) });
        assert!(lost.is_under_way(), "nobody starts another");
        for from in [&run, &lost] {
            assert_eq!(from.heard(&Word::Succeeded, at(12)).state, State::Succeeded { at: at(12) });
            assert_eq!(from.heard(&failed, at(12)).state, State::Failed { at: at(12), why: "no".into() });
        }
        let over = run.heard(&Word::Succeeded, at(3));
        assert_eq!(over.heard(&failed, at(4)), over, "what ended stays");
    }
}
