//! A change: what is to be done to what, why, how it is taken back, who approved it, and what came of it.
//!
//! An approval is of one revision: an edit voids it, and whoever wrote any part never approves. Without a complete plan of
//! rollback nothing is approved and nothing begins, in an emergency neither; what an emergency leaves out is the wait for a second
//! person, whose review is owed. What a program reports as done already enters as finished, and is asked no questions.

use std::collections::{BTreeMap, BTreeSet};

use super::gates::Decision;
use super::proposals::{Proposal, Window};
use super::verdicts::Outcome;
use crate::words::choices::choices;
use crate::words::{ChangeId, IncidentId, Name, Refusal, RefusalKind, Result, Span, Timestamp};

choices! {
    /// On which path a change came here.
    Path: "the path of a change" at "/path" {
        /// Written down and approved before.
        Planned = "planned",
        /// In an incident, without the wait for an approval: counted, and reviewed afterwards.
        Emergency = "emergency",
        /// A program reported it when it was done.
        Observed = "observed",
    }
}

/// A person said that a revision may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub by: Name,
    pub revision: u32,
    pub at: Timestamp,
}

/// How a change stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Proposed,
    Approved {
        at: Timestamp,
    },
    Scheduled {
        window: Window,
    },
    Running {
        since: Timestamp,
    },
    Finished {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        why: String,
    },
    RollingBack {
        since: Timestamp,
    },
    /// Taken back; what it came to is known when the alerts have had their time.
    RolledBack {
        at: Timestamp,
        outcome: Option<Outcome>,
    },
    /// It was tried to take it back, and that failed: nobody knows how far it got.
    Stuck {
        at: Timestamp,
        why: String,
    },
    Cancelled {
        at: Timestamp,
        why: String,
    },
}

impl State {
    /// Every word of a state, in the order of a change's life.
    pub const WORDS: [&'static str; 10] = [
        "proposed",
        "approved",
        "scheduled",
        "running",
        "finished",
        "failed",
        "rolling-back",
        "rolled-back",
        "stuck",
        "cancelled",
    ];

    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved { .. } => "approved",
            Self::Scheduled { .. } => "scheduled",
            Self::Running { .. } => "running",
            Self::Finished { .. } => "finished",
            Self::Failed { .. } => "failed",
            Self::RollingBack { .. } => "rolling-back",
            Self::RolledBack { .. } => "rolled-back",
            Self::Stuck { .. } => "stuck",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Nothing of it was done yet.
    pub const fn is_ahead(&self) -> bool {
        matches!(self, Self::Proposed | Self::Approved { .. } | Self::Scheduled { .. })
    }
}

/// What a change waits for, so that everybody sees who is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Its authors must say more: so many things are missing.
    Authors {
        lacks: usize,
    },
    /// Somebody other than its authors approves it.
    Approval,
    /// Somebody begins it.
    Beginning,
    /// Its time.
    Window(Window),
    /// It goes on, until somebody says what came of it.
    End,
    /// Somebody who did not write it looks at it afterwards.
    Review,
    /// It is half taken back: somebody must look.
    Help,
    Nothing,
}

/// Something that was changed, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: ChangeId,
    pub path: Path,
    pub revision: u32,
    /// Everybody who wrote a part of it; nobody, if a program reported it.
    pub authors: BTreeSet<Name>,
    pub proposal: Proposal,
    /// Of this revision; those of others are void.
    pub approvals: Vec<Approval>,
    pub state: State,
    /// The incident that it is part of. An emergency has one.
    pub incident: Option<IncidentId>,
    /// Of an emergency: when it was looked at afterwards, and by whom.
    pub reviewed: Option<(Name, Timestamp)>,
}

/// What somebody wants of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Writes it anew. What was approved is void.
    Edit {
        proposal: Box<Proposal>,
    },
    /// The documents that it carries are others: by a person, who wrote a part of it then, or by the branch that it follows.
    Carry {
        proposal: Box<Proposal>,
    },
    /// Of the revision that was read, where so many are needed.
    Approve {
        revision: u32,
        needed: u8,
    },
    Schedule {
        window: Window,
    },
    /// The gate was asked before.
    Begin {
        decision: Decision,
    },
    Finish,
    Fail {
        why: String,
    },
    RollBack,
    RolledBack,
    RollbackFailed {
        why: String,
    },
    /// What the alerts said after it was taken back.
    Judge {
        outcome: Outcome,
    },
    Cancel {
        why: String,
    },
    /// An emergency is looked at afterwards.
    Review,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Nobody: a rule of this program, or another program that reports.
    pub person: Option<&'a Name>,
    /// May approve changes of these services.
    pub approves: bool,
}

/// An emergency is reviewed within this.
pub const REVIEW_WITHIN: Span = Span::hours(2 * 24);

impl Change {
    /// A new one, as somebody proposes it. It may be incomplete: what it lacks keeps it from being approved.
    pub fn propose(
        id: ChangeId,
        proposal: Proposal,
        by: &Name,
        emergency: bool,
        incident: Option<IncidentId>,
    ) -> Result<Self> {
        proposal.check()?;
        if emergency && incident.is_none() {
            return Err(Refusal::invalid("an emergency is part of an incident: declare one").at("/incident"));
        }
        let path = if emergency { Path::Emergency } else { Path::Planned };
        Ok(Self {
            id,
            path,
            revision: 1,
            authors: [by.clone()].into(),
            proposal,
            approvals: Vec::new(),
            state: State::Proposed,
            incident,
            reviewed: None,
        })
    }

    /// One that a program reports. It is done already.
    pub fn observe(id: ChangeId, proposal: Proposal, at: Timestamp) -> Result<Self> {
        proposal.check()?;
        Ok(Self {
            id,
            path: Path::Observed,
            revision: 1,
            authors: BTreeSet::new(),
            proposal,
            approvals: Vec::new(),
            state: State::Finished { at },
            incident: None,
            reviewed: None,
        })
    }

    /// Does what was asked, or says why not.
    pub fn act(&self, command: &Command, by: By<'_>, now: Timestamp) -> Result<Self> {
        let mut next = self.clone();
        match command {
            Command::Edit { proposal } => {
                let person = person(by, "writes a change anew")?;
                self.must(self.state.is_ahead(), "written anew")?;
                proposal.check()?;
                if **proposal == self.proposal {
                    return Err(Refusal::conflict("nothing in it is different"));
                }
                next.renew(proposal, Some(person));
            }
            Command::Carry { proposal } => {
                self.must(self.state.is_ahead(), "written anew")?;
                proposal.check()?;
                next.renew(proposal, by.person);
            }
            Command::Approve { revision, needed } => {
                next.approvals.push(self.approve(*revision, by, now)?);
                if next.approvals.len() >= usize::from(*needed).max(1) {
                    next.state = State::Approved { at: now };
                }
            }
            Command::Schedule { window } => {
                let ready = matches!(self.state, State::Approved { .. } | State::Scheduled { .. });
                self.must(ready, "scheduled")?;
                self.proposal.check_window(window, now)?;
                next.state = State::Scheduled { window: *window };
            }
            Command::Begin { decision } => {
                self.must(self.state.is_ahead(), "begun")?;
                decision.must_allow()?;
                self.proposal.must_be_complete()?;
                // Said here as well as at the gate, whose answer may be about something else.
                self.must(self.may_begin(), "begun before it is approved")?;
                next.state = State::Running { since: now };
            }
            Command::Finish => {
                self.must(matches!(self.state, State::Running { .. }), "finished")?;
                next.state = State::Finished { at: now };
            }
            Command::Fail { why } => {
                let done = matches!(self.state, State::Running { .. } | State::Finished { .. });
                self.must(done, "failed")?;
                next.state = State::Failed { at: now, why: reason(why, "what failed")? };
            }
            Command::RollBack => {
                let done = matches!(
                    self.state,
                    State::Running { .. } | State::Finished { .. } | State::Failed { .. } | State::Stuck { .. }
                );
                self.must(done, "taken back")?;
                next.state = State::RollingBack { since: now };
            }
            Command::RolledBack => {
                self.must(matches!(self.state, State::RollingBack { .. }), "taken back")?;
                next.state = State::RolledBack { at: now, outcome: None };
            }
            Command::RollbackFailed { why } => {
                self.must(matches!(self.state, State::RollingBack { .. }), "stuck")?;
                next.state = State::Stuck { at: now, why: reason(why, "what failed")? };
            }
            Command::Judge { outcome } => {
                let State::RolledBack { at, outcome: None } = self.state else {
                    return Err(Refusal::conflict("it waits for no verdict"));
                };
                next.state = State::RolledBack { at, outcome: Some(*outcome) };
            }
            Command::Cancel { why } => {
                self.must(self.state.is_ahead(), "cancelled")?;
                next.state = State::Cancelled { at: now, why: reason(why, "why it is not done")? };
            }
            Command::Review => {
                let person = person(by, "reviews an emergency")?;
                if !self.owes_review() {
                    return Err(Refusal::conflict("no review of it is owed"));
                }
                self.must_not_have_written(person, "reviews it")?;
                next.reviewed = Some((person.clone(), now));
            }
        }
        Ok(next)
    }

    fn renew(&mut self, proposal: &Proposal, by: Option<&Name>) {
        self.revision += 1;
        self.proposal = proposal.clone();
        self.authors.extend(by.cloned());
        self.approvals.clear();
        self.state = State::Proposed;
    }

    /// The approvals that an edit to `after` voided.
    pub fn voided<'a>(&'a self, after: &Self) -> &'a [Approval] {
        if after.revision > self.revision { &self.approvals } else { &[] }
    }

    /// It was approved as it is, or is an emergency, which does not wait for that.
    pub const fn may_begin(&self) -> bool {
        matches!(self.state, State::Approved { .. } | State::Scheduled { .. })
            || matches!((self.path, &self.state), (Path::Emergency, State::Proposed))
    }

    /// Who is next, or what.
    pub fn waits_for(&self, now: Timestamp) -> Wait {
        let lacks = self.proposal.problems().len();
        match &self.state {
            State::Proposed | State::Approved { .. } if lacks > 0 => Wait::Authors { lacks },
            State::Proposed if !self.may_begin() => Wait::Approval,
            State::Scheduled { window } if now < window.from => Wait::Window(*window),
            State::Proposed | State::Approved { .. } | State::Scheduled { .. } => Wait::Beginning,
            State::Running { .. } | State::RollingBack { .. } => Wait::End,
            State::Stuck { .. } => Wait::Help,
            _ if self.owes_review() => Wait::Review,
            _ => Wait::Nothing,
        }
    }

    /// It was done as an emergency, and nobody has looked at it since.
    pub fn owes_review(&self) -> bool {
        let dead = matches!(self.state, State::Cancelled { .. });
        self.path == Path::Emergency && self.reviewed.is_none() && !self.state.is_ahead() && !dead
    }

    /// Whoever wrote any part of it is no second person.
    pub fn must_not_have_written(&self, person: &Name, what: &str) -> Result<()> {
        if self.authors.contains(person) {
            return Err(Refusal::forbidden(format!("you wrote it, or a part of it: somebody else {what}")));
        }
        Ok(())
    }

    fn approve(&self, revision: u32, by: By<'_>, now: Timestamp) -> Result<Approval> {
        let person = person(by, "approves a change")?;
        self.must(self.state == State::Proposed, "approved")?;
        if revision != self.revision {
            let message = format!("you read revision {revision}, and it is at {}: read it anew", self.revision);
            return Err(Refusal::new(RefusalKind::Stale, message).at("/revision"));
        }
        self.must_not_have_written(person, "approves it")?;
        if !by.approves {
            return Err(Refusal::forbidden("you may not approve changes of what it touches"));
        }
        if self.approvals.iter().any(|approval| approval.by == *person) {
            return Err(Refusal::conflict("you approved it already: it needs one more person"));
        }
        self.proposal.must_be_complete()?;
        Ok(Approval { by: person.clone(), revision, at: now })
    }

    fn must(&self, may: bool, what: &str) -> Result<()> {
        if may { Ok(()) } else { Err(Refusal::conflict(format!("it is {}, and cannot be {what}", self.state.word()))) }
    }
}

/// How many changes went the way of an emergency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emergencies {
    pub emergencies: u32,
    /// Of all that people wrote down and that were begun.
    pub of: u32,
    pub unreviewed: u32,
    /// Unreviewed for longer than [`REVIEW_WITHIN`].
    pub overdue: u32,
}

/// Counts over changes, each with when it began.
pub fn emergencies<'c>(begun: impl IntoIterator<Item = (&'c Change, Timestamp)>, now: Timestamp) -> Emergencies {
    let mut count = Emergencies::default();
    for (change, began) in begun.into_iter().filter(|(change, _)| change.path != Path::Observed) {
        count.of += 1;
        count.emergencies += u32::from(change.path == Path::Emergency);
        count.unreviewed += u32::from(change.owes_review());
        count.overdue += u32::from(change.owes_review() && REVIEW_WITHIN.after(began) < now);
    }
    count
}

/// Pairs of scheduled changes that would touch the same service at the same time.
pub fn collisions(scheduled: &[(&Change, Window)]) -> BTreeMap<(ChangeId, ChangeId), BTreeSet<Name>> {
    let mut found = BTreeMap::new();
    for (place, (one, window)) in scheduled.iter().enumerate() {
        for (other, meanwhile) in &scheduled[place + 1..] {
            let both: BTreeSet<Name> =
                one.proposal.services().intersection(&other.proposal.services()).cloned().collect();
            if window.overlaps(meanwhile) && !both.is_empty() {
                found.insert((one.id.min(other.id), one.id.max(other.id)), both);
            }
        }
    }
    found
}

fn person<'a>(by: By<'a>, what: &str) -> Result<&'a Name> {
    by.person.ok_or_else(|| Refusal::forbidden(format!("only a person {what}")))
}

fn reason(why: &str, what: &str) -> Result<String> {
    let why = why.trim();
    if why.is_empty() { Err(Refusal::invalid(format!("say {what}")).at("/why")) } else { Ok(why.to_owned()) }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::change::proposals::tests::proposal;
    use crate::words::Id as _;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    pub(in super::super) fn change(bits: u128, service: &str) -> Change {
        Change::propose(ChangeId::from_bits(bits), proposal("4.2", service), &name("ana"), false, None).unwrap()
    }

    pub(in super::super) fn by(person: &Name) -> By<'_> {
        By { person: Some(person), approves: true }
    }

    fn edit(title: &str) -> Command {
        Command::Edit { proposal: Box::new(proposal(title, "shop")) }
    }

    fn window(from: i64, to: i64) -> Window {
        Window { from: at(from), to: at(to) }
    }

    const BEGIN: Command = Command::Begin { decision: Decision { reasons: Vec::new() } };
    const APPROVE: Command = Command::Approve { revision: 1, needed: 1 };

    #[test]
    fn a_change_goes_its_way() {
        let (ana, ben) = (name("ana"), name("ben"));
        let schedule = Command::Schedule { window: window(60, 90) };
        let fail = Command::Fail { why: "errors".into() };
        let stuck = Command::RollbackFailed { why: "no answer".into() };
        let judge = Command::Judge { outcome: Outcome::Resolved };
        let cancel = Command::Cancel { why: "not needed".into() };
        for (way, ends) in [
            (&[&APPROVE, &schedule, &BEGIN, &Command::Finish][..], "finished"),
            (&[&APPROVE, &BEGIN, &fail, &Command::RollBack, &Command::RolledBack, &judge], "rolled-back"),
            (&[&APPROVE, &BEGIN, &Command::Finish, &Command::RollBack, &stuck, &Command::RollBack], "rolling-back"),
            (&[&APPROVE, &schedule, &cancel], "cancelled"),
            (&[&APPROVE, &schedule, &edit("4.3")], "proposed"),
        ] {
            let end = way.iter().try_fold(change(1, "shop"), |change, command| change.act(command, by(&ben), at(0)));
            assert_eq!(end.unwrap().state.word(), ends);
        }
        let refused = |change: &Change, command: &Command, person: &Name| {
            change.act(command, by(person), at(0)).unwrap_err().to_string()
        };
        let fresh = change(1, "shop");
        for (command, says) in [
            (&schedule, "it is proposed, and cannot be scheduled"),
            (&Command::Finish, "it is proposed, and cannot be finished"),
            (&Command::RollBack, "it is proposed, and cannot be taken back"),
            (&judge, "it waits for no verdict"),
            (&Command::Review, "no review of it is owed"),
            (&Command::Cancel { why: " ".into() }, "/why: say why it is not done"),
            (&edit("4.2"), "nothing in it is different"),
            (&edit(" "), "/title: a title has 1 to 200 letters"),
            (
                &Command::Approve { revision: 2, needed: 1 },
                "/revision: you read revision 2, and it is at 1: read it anew",
            ),
        ] {
            assert_eq!(refused(&fresh, command, &ben), says);
        }
        assert_eq!(refused(&fresh, &APPROVE, &ana), "you wrote it, or a part of it: somebody else approves it");
        let rule = fresh.act(&APPROVE, By { person: None, approves: true }, at(0)).unwrap_err();
        assert_eq!(rule.kind, RefusalKind::Forbidden);
        assert!(fresh.act(&APPROVE, By { person: Some(&ben), approves: false }, at(0)).is_err());
        let approved = fresh.act(&APPROVE, by(&ben), at(0)).unwrap();
        for (wrong, at) in
            [(window(60, 60), "/window/to"), (window(-20, -1), "/window/to"), (window(60, 69), "/window/to")]
        {
            let refusal = approved.act(&Command::Schedule { window: wrong }, by(&ben), self::at(0)).unwrap_err();
            assert_eq!(refusal.at.as_deref(), Some(at));
        }
    }

    #[test]
    fn without_a_plan_nothing_is_approved_and_no_emergency_begins() {
        let bare = Proposal { rollback: None, ..proposal("4.2", "shop") };
        for incident in [None, Some(IncidentId::from_bits(1))] {
            let id = ChangeId::from_bits(1);
            let change = Change::propose(id, bare.clone(), &name("ana"), incident.is_some(), incident).unwrap();
            for command in [&APPROVE, &BEGIN] {
                let refusal = change.act(command, by(&name("ben")), at(0)).unwrap_err();
                assert_eq!((refusal.kind, refusal.at.as_deref()), (RefusalKind::Conflict, Some("/rollback")));
            }
        }
        let nothing = Change::propose(ChangeId::from_bits(1), bare, &name("ana"), true, None).unwrap_err();
        assert_eq!(nothing.at.as_deref(), Some("/incident"));
    }

    #[test]
    fn a_second_approval_is_of_a_second_person() {
        let two = Command::Approve { revision: 1, needed: 2 };
        let one = change(1, "shop").act(&two, by(&name("ben")), at(0)).unwrap();
        assert_eq!(one.state, State::Proposed);
        assert!(one.act(&two, by(&name("ben")), at(1)).is_err());
        assert_eq!(one.act(&two, by(&name("cleo")), at(1)).unwrap().state, State::Approved { at: at(1) });
    }

    #[test]
    fn an_emergency_is_counted_until_somebody_else_reviewed_it() {
        let (ana, ben) = (name("ana"), name("ben"));
        let incident = Some(IncidentId::from_bits(7));
        let made = Change::propose(ChangeId::from_bits(1), proposal("4.2", "shop"), &ana, true, incident).unwrap();
        assert!(!made.owes_review());
        let begun = made.act(&BEGIN, by(&ana), at(0)).unwrap();
        assert!(begun.owes_review());
        let planned = change(2, "shop").act(&APPROVE, by(&ben), at(0)).unwrap().act(&BEGIN, by(&ana), at(0)).unwrap();
        let seen = Change::observe(ChangeId::from_bits(3), proposal("4.2", "shop"), at(0)).unwrap();
        assert_eq!(seen.state, State::Finished { at: at(0) }, "what is reported is done");
        let count = |changes: [&Change; 3], now| emergencies(changes.map(|change| (change, at(0))), now);
        let late = Span::hours(49).after(at(0));
        let of = |unreviewed, overdue| Emergencies { emergencies: 1, of: 2, unreviewed, overdue };
        assert_eq!(count([&begun, &planned, &seen], at(0)), of(1, 0));
        assert_eq!(count([&begun, &planned, &seen], late), of(1, 1));
        assert!(begun.act(&Command::Review, by(&ana), at(1)).is_err());
        let reviewed = begun.act(&Command::Review, by(&ben), at(1)).unwrap();
        assert!(reviewed.act(&Command::Review, by(&ben), at(1)).is_err());
        assert_eq!(count([&reviewed, &planned, &seen], late), of(0, 0));
    }

    #[test]
    fn scheduled_changes_of_the_same_service_collide() {
        let (one, same, other) = (change(1, "shop"), change(2, "shop"), change(3, "mail"));
        let found = collisions(&[(&same, window(5, 15)), (&one, window(0, 10)), (&other, window(0, 10))]);
        assert_eq!(found, [((one.id, same.id), [name("shop")].into())].into());
        assert!(collisions(&[(&one, window(0, 10)), (&same, window(10, 20))]).is_empty(), "they only touch");
    }

    proptest! {
        /// Whatever is done in whatever order: an edit voids what was approved, no author is among those who approved, and
        /// nothing begins that was not approved as it is.
        #[test]
        fn an_approval_is_of_what_was_read_by_somebody_else(
            deeds in prop::collection::vec((0usize..6, 0usize..4, 0u32..4), 1..24),
        ) {
            let people = ["ana", "ben", "cleo", "dan"].map(name);
            let mut change = change(1, "shop");
            let mut wrote = BTreeSet::from([name("ana")]);
            for (step, (what, who, behind)) in deeds.into_iter().enumerate() {
                let command = match what {
                    0 => edit(&format!("version {step}")),
                    1 => Command::Approve { revision: change.revision.saturating_sub(behind), needed: 2 },
                    2 => Command::Schedule { window: window(60, 90) },
                    3 => BEGIN,
                    5 => Command::Carry { proposal: Box::new(change.proposal.clone()) },
                    _ => Command::Approve { revision: change.revision, needed: 2 },
                };
                let Ok(next) = change.act(&command, by(&people[who]), at(0)) else { continue };
                if next.revision != change.revision {
                    wrote.insert(people[who].clone());
                    prop_assert!(next.approvals.is_empty() && next.state == State::Proposed);
                    prop_assert_eq!(change.voided(&next), &change.approvals[..]);
                }
                change = next;
                let others: BTreeSet<&Name> = change.approvals.iter().map(|approval| &approval.by).collect();
                prop_assert_eq!(others.len(), change.approvals.len(), "each once");
                prop_assert!(change.approvals.iter().all(|approval| approval.revision == change.revision));
                prop_assert!(change.approvals.iter().all(|approval| !wrote.contains(&approval.by)));
                prop_assert!(change.state == State::Proposed || change.approvals.len() == 2);
            }
        }
    }
}
