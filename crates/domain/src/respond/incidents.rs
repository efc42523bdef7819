//! An incident: its class, how far the response has come, how bad it was when, and who may see it.
//!
//! Three tracks run apart: the phase, the severity, and what the public is told. While an incident is active its analysis,
//! containment, eradication, recovery and monitoring go on side by side, as they do in real work. A command gives the next state, an event
//! for the journal and a milestone to stamp, or a refusal that says what to do instead. Words and links stay with the event.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::stamps::Milestone;
use crate::words::{EventKind, IncidentId, Name, Refusal, Result, Timestamp};

/// What kind of harm it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A breach, or the suspicion of one.
    Security,
    /// A system fails.
    System,
    /// A business process is disrupted, whatever the systems say.
    Operational,
}

/// How far the response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Somebody thinks that something is wrong.
    Reported,
    /// Declared: people respond.
    Active,
    /// The commander said that the response is over.
    Resolved,
    /// It is being learned from.
    InReview,
    /// Nothing is left but tracked actions.
    Closed,
    /// It was none.
    Cancelled,
    /// It is part of another.
    Merged,
}

/// What the responders are doing; several at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    Analysis,
    Containment,
    Eradication,
    Recovery,
    Monitoring,
}

impl Activity {
    /// What has been reached when it is done.
    pub const fn milestone(self) -> Option<Milestone> {
        match self {
            Self::Analysis => Some(Milestone::Diagnosed),
            Self::Containment => Some(Milestone::Contained),
            Self::Eradication => Some(Milestone::Eradicated),
            Self::Recovery => Some(Milestone::Recovered),
            Self::Monitoring => None,
        }
    }
}

/// Who may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody who may sign in.
    Open,
    /// Those who are named. To everybody else it is not there.
    Restricted,
}

/// An incident, as far as its rules need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub class: Class,
    pub phase: Phase,
    /// Since when it is in this phase.
    pub since: Timestamp,
    /// A level of the severity matrix: `SEV1`. What it was before stands in the journal.
    pub severity: Option<String>,
    /// What goes on, each since when.
    pub activities: BTreeMap<Activity, Timestamp>,
    pub visibility: Visibility,
    /// Who accepted command.
    pub commander: Option<Name>,
    pub merged_into: Option<IncidentId>,
    /// How often it came back.
    pub reopened: u32,
}

/// Who acts, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    Person {
        name: &'a Name,
        /// Holds the role of deputy, and has accepted it.
        deputy: bool,
        /// Holds the role of security lead, and has accepted it.
        security_lead: bool,
    },
    /// A rule of this program.
    Rule,
}

/// What somebody wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Anybody may.
    Declare,
    /// It was none.
    Cancel,
    /// Sets the severity.
    Grade {
        level: String,
    },
    Reclassify {
        class: Class,
    },
    Begin {
        activity: Activity,
    },
    End {
        activity: Activity,
        /// For the recovery: backups and artefacts were checked before they were used, and what was restored is sound.
        integrity_checked: bool,
    },
    /// Impact is back under the threshold.
    Mitigate,
    Resolve {
        /// The end criteria that are not met.
        unmet: Vec<String>,
    },
    Reopen,
    Merge {
        into: IncidentId,
    },
    Review,
    Close,
    Restrict,
    /// Everybody may see it from now on.
    Reveal,
}

/// What a command comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub incident: Incident,
    pub event: EventKind,
    /// What was reached at this moment.
    pub milestone: Option<Milestone>,
}

impl Incident {
    /// A new one, reported at `now`. Security begins restricted: whether the cause sits inside is not known yet.
    pub fn reported(class: Class, now: Timestamp) -> Self {
        Self {
            class,
            phase: Phase::Reported,
            since: now,
            severity: None,
            activities: BTreeMap::new(),
            visibility: if class == Class::Security { Visibility::Restricted } else { Visibility::Open },
            commander: None,
            merged_into: None,
            reopened: 0,
        }
    }

    /// Does what was asked, or says why not. `why` is the reason that was given in words.
    pub fn act(&self, command: &Command, by: By<'_>, why: Option<&str>, now: Timestamp) -> Result<Move> {
        let reasoned = why.is_some_and(|why| !why.trim().is_empty());
        let mut next = self.clone();
        let mut milestone = None;
        let event = match command {
            Command::Declare => {
                self.must_be(&[Phase::Reported], "declare")?;
                next.enter(Phase::Active, now);
                next.activities.insert(Activity::Analysis, now);
                milestone = Some(Milestone::Declared);
                EventKind::IncidentDeclared
            }
            Command::Cancel => {
                self.must_be(&[Phase::Reported, Phase::Active], "cancel")?;
                self.must_command(by, "say that it is no incident")?;
                need(reasoned, "say why it is no incident")?;
                next.enter(Phase::Cancelled, now);
                EventKind::IncidentCancelled
            }
            Command::Grade { level } => {
                self.must_live("grade")?;
                self.must_command(by, "set the severity")?;
                if self.severity.as_ref() == Some(level) {
                    return Err(Refusal::conflict(format!("it is {level} already")));
                }
                need(reasoned || self.severity.is_none(), "say why the severity changes")?;
                next.severity = Some(level.clone());
                EventKind::IncidentGraded
            }
            Command::Reclassify { class } => {
                self.must_live("reclassify")?;
                self.must_command(by, "change the class")?;
                if self.class == *class {
                    return Err(Refusal::conflict(format!("its class is {class} already")));
                }
                need(reasoned, "say why the class changes")?;
                next.class = *class;
                EventKind::IncidentReclassified
            }
            Command::Begin { activity } => {
                self.must_be(&[Phase::Active], "begin that")?;
                if self.activities.contains_key(activity) {
                    return Err(Refusal::conflict(format!("{activity} goes on already")));
                }
                next.activities.insert(*activity, now);
                EventKind::IncidentActivityBegan
            }
            Command::End { activity, integrity_checked } => {
                self.must_be(&[Phase::Active], "end that")?;
                if next.activities.remove(activity).is_none() {
                    return Err(Refusal::conflict(format!("{activity} does not go on")));
                }
                need(
                    *activity != Activity::Recovery || *integrity_checked || reasoned,
                    "confirm that what was restored was checked and is sound, or say why that was left out",
                )?;
                milestone = activity.milestone();
                EventKind::IncidentActivityEnded
            }
            Command::Mitigate => {
                self.must_be(&[Phase::Active], "mitigate")?;
                milestone = Some(Milestone::Mitigated);
                EventKind::IncidentMitigated
            }
            Command::Resolve { unmet } => {
                self.must_be(&[Phase::Active], "resolve")?;
                self.must_be_commander(by)?;
                if !unmet.is_empty() && !reasoned {
                    let message = format!(
                        "not everything is at its end: {}; tick it off, or say why it can stay",
                        unmet.join("; ")
                    );
                    return Err(Refusal::conflict(message));
                }
                next.enter(Phase::Resolved, now);
                milestone = Some(Milestone::Resolved);
                EventKind::IncidentResolved
            }
            Command::Reopen => {
                self.must_be(&[Phase::Resolved, Phase::InReview, Phase::Closed], "reopen")?;
                need(reasoned, "say what came back")?;
                next.enter(Phase::Active, now);
                next.activities.insert(Activity::Analysis, now);
                next.reopened += 1;
                EventKind::IncidentReopened
            }
            Command::Merge { into } => {
                self.must_be(&[Phase::Reported, Phase::Active, Phase::Resolved], "merge")?;
                self.must_command(by, "merge it into another")?;
                next.enter(Phase::Merged, now);
                next.merged_into = Some(*into);
                EventKind::IncidentMerged
            }
            Command::Review => {
                self.must_be(&[Phase::Resolved, Phase::Closed], "review")?;
                next.enter(Phase::InReview, now);
                EventKind::IncidentInReview
            }
            Command::Close => {
                self.must_be(&[Phase::Resolved, Phase::InReview], "close")?;
                next.enter(Phase::Closed, now);
                milestone = Some(Milestone::Closed);
                EventKind::IncidentClosed
            }
            Command::Restrict => {
                if self.visibility == Visibility::Restricted {
                    return Err(Refusal::conflict("it is restricted already"));
                }
                next.visibility = Visibility::Restricted;
                EventKind::IncidentRestricted
            }
            Command::Reveal => {
                if self.visibility == Visibility::Open {
                    return Err(Refusal::conflict("everybody may see it already"));
                }
                if !self.may_open(by) {
                    return Err(Refusal::forbidden("only the commander or the security lead may open it to everybody"));
                }
                need(reasoned, "say why everybody may see it")?;
                next.visibility = Visibility::Open;
                EventKind::IncidentRevealed
            }
        };
        Ok(Move { incident: next, event, milestone })
    }

    fn enter(&mut self, phase: Phase, now: Timestamp) {
        self.phase = phase;
        self.since = now;
        self.activities.clear();
    }

    fn must_be(&self, phases: &[Phase], what: &str) -> Result<()> {
        if phases.contains(&self.phase) {
            return Ok(());
        }
        Err(Refusal::conflict(format!("it is {}: there is nothing to {what}", self.phase)))
    }

    fn must_live(&self, what: &str) -> Result<()> {
        let all = [Phase::Reported, Phase::Active, Phase::Resolved, Phase::InReview, Phase::Closed];
        self.must_be(&all, what)
    }

    /// Whether somebody speaks for it: the commander and the deputy; anybody, while nobody commands.
    /// Whether somebody may let out what is restricted.
    pub fn may_open(&self, by: By<'_>) -> bool {
        matches!(by, By::Person { security_lead: true, .. }) || self.commands(by)
    }

    fn commands(&self, by: By<'_>) -> bool {
        match (by, &self.commander) {
            (By::Rule, _) | (_, None) => true,
            (By::Person { name, deputy, .. }, Some(commander)) => deputy || name == commander,
        }
    }

    fn must_command(&self, by: By<'_>, what: &str) -> Result<()> {
        match &self.commander {
            Some(commander) if !self.commands(by) => Err(Refusal::forbidden(format!(
                "{commander} commands it: only the commander and the deputy {what}; ask them, or take a role"
            ))),
            _ => Ok(()),
        }
    }

    /// That it is over is said by one person.
    fn must_be_commander(&self, by: By<'_>) -> Result<()> {
        match (by, &self.commander) {
            (By::Person { name, .. }, Some(commander)) if name != commander => {
                Err(Refusal::forbidden(format!("{commander} commands it: only the commander says that it is over")))
            }
            _ => Ok(()),
        }
    }
}

fn need(given: bool, what: &str) -> Result<()> {
    if given { Ok(()) } else { Err(Refusal::invalid(what).at("/why")) }
}

impl Class {
    pub const ALL: [Self; 3] = [Self::Security, Self::System, Self::Operational];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::System => "system",
            Self::Operational => "operational",
        }
    }
}

impl Phase {
    pub const ALL: [Self; 7] =
        [Self::Reported, Self::Active, Self::Resolved, Self::InReview, Self::Closed, Self::Cancelled, Self::Merged];

    /// As the API and the store write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Active => "active",
            Self::Resolved => "resolved",
            Self::InReview => "in-review",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Merged => "merged",
        }
    }

    /// Somebody may have to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Reported | Self::Active)
    }
}

impl Activity {
    pub const ALL: [Self; 5] = [Self::Analysis, Self::Containment, Self::Eradication, Self::Recovery, Self::Monitoring];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Containment => "containment",
            Self::Eradication => "eradication",
            Self::Recovery => "recovery",
            Self::Monitoring => "monitoring",
        }
    }
}

impl Visibility {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restricted => "restricted",
        }
    }
}

fn one_of<T: Copy, const N: usize>(word: &str, all: [T; N], text: fn(T) -> &'static str, what: &str) -> Result<T> {
    all.into_iter().find(|one| text(*one) == word).ok_or_else(|| {
        let near = crate::words::text::did_you_mean(word, all.map(text));
        Refusal::invalid(format!("there is no {what} {:?}{near}", crate::words::text::shorten(word, 40)))
    })
}

impl FromStr for Class {
    type Err = Refusal;
    fn from_str(word: &str) -> Result<Self> {
        one_of(word, Self::ALL, Self::word, "class").map_err(|refusal| refusal.at("/class"))
    }
}

impl FromStr for Phase {
    type Err = Refusal;
    fn from_str(word: &str) -> Result<Self> {
        one_of(word, Self::ALL, Self::word, "phase")
    }
}

impl FromStr for Activity {
    type Err = Refusal;
    fn from_str(word: &str) -> Result<Self> {
        one_of(word, Self::ALL, Self::word, "activity").map_err(|refusal| refusal.at("/activity"))
    }
}

impl FromStr for Visibility {
    type Err = Refusal;
    fn from_str(word: &str) -> Result<Self> {
        one_of(word, [Self::Open, Self::Restricted], Self::word, "visibility")
            .map_err(|refusal| refusal.at("/visibility"))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Phase {
    /// As people say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::InReview { "in review" } else { self.word() })
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    const ANYBODY: &str = "ben";

    /// Does one command after the other as `who`, a minute apart, with a reason.
    fn play(mut incident: Incident, who: &str, commands: &[Command]) -> Result<Incident> {
        let who = name(who);
        for (minute, command) in (1..).zip(commands) {
            let by = By::Person { name: &who, deputy: false, security_lead: false };
            incident = incident.act(command, by, Some("because"), at(minute))?.incident;
        }
        Ok(incident)
    }

    fn active(commander: Option<&str>) -> Incident {
        let declared = play(Incident::reported(Class::System, at(0)), ANYBODY, &[Command::Declare]).unwrap();
        Incident { commander: commander.map(name), ..declared }
    }

    fn told(outcome: Result<Incident>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn anybody_declares_and_work_goes_on_side_by_side() {
        let who = name(ANYBODY);
        let by = By::Person { name: &who, deputy: false, security_lead: false };
        let declared = Incident::reported(Class::System, at(0)).act(&Command::Declare, by, None, at(1)).unwrap();
        assert_eq!((declared.event, declared.milestone), (EventKind::IncidentDeclared, Some(Milestone::Declared)));
        let both = [
            Command::Begin { activity: Activity::Containment },
            Command::Begin { activity: Activity::Recovery },
            Command::End { activity: Activity::Analysis, integrity_checked: false },
        ];
        let going = play(declared.incident, ANYBODY, &both).unwrap();
        assert_eq!(going.activities, [(Activity::Containment, at(1)), (Activity::Recovery, at(2))].into());
        assert_eq!(told(play(going, ANYBODY, &both)), "containment goes on already");
        assert_eq!(told(play(active(None), ANYBODY, &[Command::Declare])), "it is active: there is nothing to declare");
    }

    #[test]
    fn one_person_says_that_it_is_over_and_says_what_is_left() {
        let over = |unmet: &[&str]| Command::Resolve { unmet: unmet.iter().map(ToString::to_string).collect() };
        let of_ana = active(Some("ana"));
        assert_eq!(
            told(play(of_ana.clone(), "ben", &[over(&[])])),
            "ana commands it: only the commander says that it is over"
        );
        let ana = name("ana");
        let by = By::Person { name: &ana, deputy: false, security_lead: false };
        let left = of_ana.act(&over(&["monitoring is green", "tasks are done"]), by, None, at(9)).unwrap_err();
        assert_eq!(
            left.message,
            "not everything is at its end: monitoring is green; tasks are done; tick it off, or say why it can stay"
        );
        let resolved = of_ana.act(&over(&["tasks are done"]), by, Some("tomorrow"), at(9)).unwrap();
        assert_eq!((resolved.incident.phase, resolved.incident.since), (Phase::Resolved, at(9)));
        assert!(resolved.incident.activities.is_empty());
        // Nobody commands: whoever is there ends it.
        assert_eq!(play(active(None), "ben", &[over(&[])]).unwrap().phase, Phase::Resolved);
    }

    #[test]
    fn commander_and_deputy_set_the_severity_and_say_why_it_changes() {
        let (ana, ben) = (name("ana"), name("ben"));
        let grade = |level: &str| Command::Grade { level: level.into() };
        let incident = active(Some("ana"));
        let by = |who, deputy| By::Person { name: who, deputy, security_lead: false };
        let first = incident.act(&grade("SEV2"), by(&ana, false), None, at(2)).unwrap().incident;
        assert_eq!(first.severity.as_deref(), Some("SEV2"));
        assert_eq!(
            first.act(&grade("SEV1"), by(&ana, false), Some(" "), at(3)).unwrap_err().to_string(),
            "/why: say why the severity changes"
        );
        assert_eq!(
            first.act(&grade("SEV1"), by(&ben, false), Some("x"), at(3)).unwrap_err().message,
            "ana commands it: only the commander and the deputy set the severity; ask them, or take a role"
        );
        assert!(first.act(&grade("SEV1"), by(&ben, true), Some("x"), at(3)).is_ok());
    }

    #[test]
    fn recovered_asks_whether_it_is_sound() {
        let end = |integrity_checked| Command::End { activity: Activity::Recovery, integrity_checked };
        let going = play(active(None), "ben", &[Command::Begin { activity: Activity::Recovery }]).unwrap();
        let ben = name("ben");
        let by = By::Person { name: &ben, deputy: false, security_lead: false };
        assert!(
            going.act(&end(false), by, None, at(5)).unwrap_err().message.starts_with("confirm that what was restored")
        );
        assert_eq!(going.act(&end(true), by, None, at(5)).unwrap().milestone, Some(Milestone::Recovered));
        assert!(going.act(&end(false), by, Some("there was nothing to restore"), at(5)).is_ok());
    }

    #[test]
    fn security_begins_restricted_and_is_opened_by_those_who_answer_for_it() {
        let breach = Incident { commander: Some(name("ana")), ..Incident::reported(Class::Security, at(0)) };
        assert_eq!(breach.visibility, Visibility::Restricted);
        assert_eq!(
            told(play(breach.clone(), "ben", &[Command::Reveal])),
            "only the commander or the security lead may open it to everybody"
        );
        let ben = name("ben");
        let lead = By::Person { name: &ben, deputy: false, security_lead: true };
        assert_eq!(
            breach.act(&Command::Reveal, lead, Some("it is known"), at(1)).unwrap().incident.visibility,
            Visibility::Open
        );
        assert!(breach.act(&Command::Reveal, lead, None, at(1)).is_err(), "with a reason");
        assert_eq!(told(play(breach, "ben", &[Command::Restrict])), "it is restricted already");
    }

    #[test]
    fn what_came_back_is_counted_under_the_same_id() {
        let over = Command::Resolve { unmet: Vec::new() };
        let back =
            play(active(None), "ben", &[over.clone(), Command::Review, Command::Close, Command::Reopen]).unwrap();
        assert_eq!((back.phase, back.reopened, back.activities.len()), (Phase::Active, 1, 1));
        assert_eq!(
            told(play(active(None), "ben", &[over, Command::Cancel])),
            "it is resolved: there is nothing to cancel"
        );
    }

    #[test]
    fn whatever_is_asked_the_states_make_sense() {
        let all = |mint: &mut Mint| {
            [
                Command::Declare,
                Command::Cancel,
                Command::Grade { level: "SEV1".into() },
                Command::Reclassify { class: Class::Operational },
                Command::Begin { activity: Activity::Recovery },
                Command::End { activity: Activity::Recovery, integrity_checked: true },
                Command::Mitigate,
                Command::Resolve { unmet: Vec::new() },
                Command::Reopen,
                Command::Merge { into: mint.id(at(0)) },
                Command::Review,
                Command::Close,
                Command::Restrict,
                Command::Reveal,
            ]
        };
        let mut mint = Mint::seeded(1);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let mut incident = Incident::reported(Class::Security, at(0));
            for minute in 1..30 {
                let commands = all(&mut mint);
                let chosen = &commands[usize::try_from(mint.chance() % commands.len() as u64).unwrap()];
                let before = incident.clone();
                match incident.act(chosen, By::Rule, Some("because"), at(minute)) {
                    Ok(done) => {
                        let something = done.incident != before || done.milestone.is_some();
                        assert!(something, "{chosen:?} changes something, or is refused");
                        incident = done.incident;
                    }
                    Err(refusal) => assert!(!refusal.message.is_empty()),
                }
                seen.insert(incident.phase);
                assert!(incident.activities.is_empty() || incident.phase == Phase::Active);
                assert_eq!(incident.merged_into.is_some(), incident.phase == Phase::Merged);
                let over = matches!(before.phase, Phase::Cancelled | Phase::Merged);
                assert!(!over || incident.phase == before.phase, "what was none, or is part of another, stays so");
            }
        }
        assert_eq!(seen.len(), 7, "{seen:?}");
    }
}
