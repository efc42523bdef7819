//! A postmortem: due because rules say so, owned by one person, written by many, reviewed by somebody else, published once and for
//! all; or waived, by name and with a reason.
//!
//! There is one for each incident. Who owns it is whoever holds the role `postmortem-owner` in the incident: an owner sees that
//! it is written, and need not write or mend anything. A command gives the next state and an event for the journal, or a refusal.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::postmortem_facts::Request;
use super::postmortem_policies::{Due, Effect, Form, Judgement};
use super::postmortem_sections::{Texts, missing};
use crate::prepare::catalog::Catalog;
use crate::prepare::people::Access;
use crate::respond::entries::line;
use crate::words::choices::choices;
use crate::words::{EventKind, IncidentId, Name, Refusal, Result, Span, Timestamp};

/// The role of whoever sees that it is written.
pub const OWNER: &str = "postmortem-owner";
/// A waiver says at least so much.
pub const WAIVER_LEAST: usize = 40;

choices! {
    /// How far it is.
    State: "the state of a postmortem" at "/state" {
        /// No rule asks for one; or one that only recommends it.
        NotDue = "not-due",
        /// Nobody has begun to write.
        Due = "due",
        Draft = "draft",
        InReview = "in-review",
        Published = "published",
        Waived = "waived",
    }
}

impl State {
    /// Whether somebody has still to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::Draft | Self::InReview)
    }

    /// As people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotDue => "Not due",
            Self::Due => "Due",
            Self::Draft => "Draft",
            Self::InReview => "In review",
            Self::Published => "Published",
            Self::Waived => "Waived",
        }
    }
}

/// That none is written, though rules ask for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waiver {
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
}

/// A postmortem, without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postmortem {
    pub incident: IncidentId,
    pub state: State,
    pub since: Timestamp,
    pub judgement: Judgement,
    pub judged_at: Timestamp,
    /// When the response was over: dates count from here.
    pub over_at: Timestamp,
    /// Nothing where none is required.
    pub due: Option<Due>,
    /// Who was asked to own it and did not accept, in this round.
    pub asked: Vec<Name>,
    /// Until then whoever was asked accepts.
    pub accept_by: Option<Timestamp>,
    pub requests: Vec<Request>,
    pub waiver: Option<Waiver>,
    /// Who published the last version, having read it.
    pub reviewer: Option<Name>,
    /// How often it was published.
    pub versions: u32,
}

/// What becomes of it, and what the journal says; nothing, if that is not worth an entry.
pub type Move = (Postmortem, Option<EventKind>);

/// What is new when an incident is judged.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub judgement: Judgement,
    pub over_at: Timestamp,
    pub due: Option<Due>,
}

impl Postmortem {
    /// Takes a verdict up: the first one when the response is over, others when something is corrected.
    pub fn judged(before: Option<&Self>, incident: IncidentId, verdict: Verdict, now: Timestamp) -> Move {
        let Verdict { judgement, over_at, due } = verdict;
        let required = judgement.effect == Some(Effect::Required);
        let Some(before) = before else {
            let state = if required { State::Due } else { State::NotDue };
            let told = judgement.effect.map(|_| EventKind::PostmortemJudged);
            let new = Self {
                incident,
                state,
                since: now,
                judged_at: now,
                over_at,
                due: due.filter(|_| required),
                judgement,
                asked: Vec::new(),
                accept_by: None,
                requests: Vec::new(),
                waiver: None,
                reviewer: None,
                versions: 0,
            };
            return (new, told);
        };
        let came_back = over_at > before.over_at;
        let mut next = before.clone();
        let state = match before.state {
            State::NotDue if required => State::Due,
            State::Due if !required => State::NotDue,
            // What nobody may waive was not known when somebody did.
            State::Waived if judgement.binding().next().is_some() => State::Due,
            // It tells of an end that was none.
            State::Published if came_back && required => State::Draft,
            State::Waived if came_back && required => State::Due,
            same => same,
        };
        if state != before.state {
            next.since = now;
        }
        if state != State::Waived {
            next.waiver = None;
        }
        if state == State::NotDue {
            (next.asked, next.accept_by) = (Vec::new(), None);
        }
        let told = !judgement.is_alike(&before.judgement) || state != before.state;
        next.state = state;
        next.due = due.filter(|_| required);
        (next.judgement, next.judged_at, next.over_at) = (judgement, now, over_at);
        (next, told.then_some(EventKind::PostmortemJudged))
    }

    pub fn form(&self) -> Form {
        self.judgement.form()
    }

    fn enter(&self, state: State, now: Timestamp) -> Self {
        Self { state, since: now, ..self.clone() }
    }

    /// Somebody writes: it is a draft from then on, if it was not.
    pub fn write(&self, now: Timestamp) -> Result<Move> {
        match self.state {
            State::NotDue | State::Due => Ok((self.enter(State::Draft, now), Some(EventKind::PostmortemBegun))),
            State::Draft | State::InReview => Ok((self.clone(), None)),
            State::Published => {
                Err(Refusal::conflict("it is published, and what is published stays: write a correction below it"))
            }
            State::Waived => Err(Refusal::conflict("it was waived: ask for it anew, and say why")),
        }
    }

    /// It is ready to be read by somebody else.
    pub fn submit(&self, texts: &Texts, factors: usize, now: Timestamp) -> Result<Move> {
        self.must_be(State::Draft, "hand over for review")?;
        let missing = missing(self.form(), texts, factors);
        if !missing.is_empty() {
            return Err(Refusal::conflict(format!("it is not complete: {}", missing.join("; "))));
        }
        Ok((self.enter(State::InReview, now), Some(EventKind::PostmortemSubmitted)))
    }

    /// Whoever reviews it wants something changed, and says what.
    pub fn send_back(&self, why: &str, now: Timestamp) -> Result<Move> {
        self.must_be(State::InReview, "send back")?;
        if why.trim().is_empty() {
            return Err(Refusal::invalid("say what is to be changed").at("/why"));
        }
        Ok((self.enter(State::Draft, now), Some(EventKind::PostmortemSentBack)))
    }

    /// Somebody who wrote none of it has read it, and lets everybody read it.
    pub fn publish(&self, by: &Name, wrote: &BTreeSet<Name>, owner: Option<&Name>, now: Timestamp) -> Result<Move> {
        self.must_be(State::InReview, "publish")?;
        if wrote.contains(by) {
            return Err(Refusal::forbidden("you wrote in it: somebody who did not reviews it and publishes it"));
        }
        if owner == Some(by) {
            return Err(Refusal::forbidden("you own it: somebody else reviews it and publishes it"));
        }
        let mut next = self.enter(State::Published, now);
        (next.reviewer, next.versions) = (Some(by.clone()), self.versions + 1);
        (next.asked, next.accept_by) = (Vec::new(), None);
        Ok((next, Some(EventKind::PostmortemPublished)))
    }

    /// Something in what was published is not so. The text stays; the correction stands below it.
    pub fn correct(&self) -> Result<Move> {
        self.must_be(State::Published, "correct")?;
        Ok((Self { versions: self.versions + 1, ..self.clone() }, Some(EventKind::PostmortemCorrected)))
    }

    /// None is written, and one person answers for that: somebody who manages, and does not own it.
    pub fn waive(&self, by: &Name, access: Access, owner: Option<&Name>, why: &str, now: Timestamp) -> Result<Move> {
        match self.state {
            State::Due | State::Draft | State::InReview => {}
            state => return Err(Refusal::conflict(format!("it is {state}: there is nothing to waive"))),
        }
        if access < Access::Manager {
            return Err(Refusal::forbidden("only somebody who manages waives a postmortem"));
        }
        if owner == Some(by) {
            return Err(Refusal::forbidden("you own it: somebody else who manages waives it"));
        }
        if let Some(reason) = self.judgement.binding().next() {
            let message = format!("nobody waives it, because of the rule {}: {}", reason.rule, reason.because);
            return Err(Refusal::conflict(message));
        }
        let why = line(why, 2000, "/why")?;
        let length = why.chars().count();
        if length < WAIVER_LEAST {
            let message =
                format!("say in {WAIVER_LEAST} letters or more why nothing is to be learned here; these are {length}");
            return Err(Refusal::invalid(message).at("/why"));
        }
        let mut next = self.enter(State::Waived, now);
        next.waiver = Some(Waiver { by: by.clone(), why, at: now });
        (next.asked, next.accept_by) = (Vec::new(), None);
        Ok((next, Some(EventKind::PostmortemWaived)))
    }

    /// Anybody may ask for one, with a reason. Judging it follows.
    pub fn request(&self, by: &Name, why: &str, now: Timestamp) -> Result<Move> {
        if matches!(self.state, State::Published | State::InReview | State::Draft) {
            return Err(Refusal::conflict(format!("there is one already: it is {}", self.state)));
        }
        let why = line(why, 500, "/why")?;
        let mut next = self.clone();
        next.requests.push(Request { by: by.clone(), why, at: now });
        if self.state == State::Waived {
            (next.state, next.since, next.waiver) = (State::Due, now, None);
        }
        Ok((next, Some(EventKind::PostmortemRequested)))
    }

    fn must_be(&self, state: State, what: &str) -> Result<()> {
        if self.state == state {
            return Ok(());
        }
        Err(Refusal::conflict(format!("it is {}: there is nothing to {what}", self.state)))
    }

    /// When somebody is reminded next, after `after`: a day before it is to be drafted and then; two days before it is to be
    /// published, then, and each week that follows.
    pub fn remind_at(&self, after: Timestamp) -> Option<Timestamp> {
        let due = self.due.filter(|_| self.state.is_open())?;
        let drafting = [DAY.before(due.draft), due.draft].into_iter().filter(|_| self.state == State::Due);
        let publishing = [DAYS.before(due.publish), due.publish];
        let next = drafting.chain(publishing).filter(|at| *at > after).min();
        next.or_else(|| {
            let weeks = Span::between(due.publish, after).as_millis() / WEEK.as_millis() + 1;
            Some(Span::millis(weeks * WEEK.as_millis()).after(due.publish))
        })
    }

    /// `Fri 13 Nov 2026`: the last day on which something is in time, where the policy that asks for it counts its days.
    pub fn last_day(&self, catalog: &Catalog, due: Timestamp) -> String {
        let policy = self.judgement.reasons.first().and_then(|reason| catalog.postmortem_policies.get(&reason.policy));
        let zone = policy.map_or(TimeZone::UTC, |policy| policy.calendar.calendar().zone);
        // What ends with a day is in time on that day.
        Span::seconds(1).before(due).to_zoned(zone).strftime("%a %-d %b %Y").to_string()
    }

    /// What is late, in words, and when it was due.
    pub fn late(&self, now: Timestamp) -> Option<(&'static str, Timestamp)> {
        let due = self.due.filter(|_| self.state.is_open())?;
        if now >= due.publish {
            return Some(("it was to be published", due.publish));
        }
        (self.state == State::Due && now >= due.draft).then_some(("it was to be drafted", due.draft))
    }
}

const DAY: Span = Span::hours(24);
const DAYS: Span = Span::hours(48);
const WEEK: Span = Span::hours(168);

#[cfg(test)]
#[path = "postmortems_tests.rs"]
mod tests;
