//! An escalation policy: whom to tell first, whom next, after how long, how often; and a page on its way through it.
//!
//! A page is a state and functions from one state to the next. What is to be told comes back as data: nothing is sent
//! here, and who is on call is asked of the caller.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contacts::check_url;
use super::deliveries::Urgency;
use super::oncall::OnCall;
use crate::words::{EventKind, Name, Refusal, Span, Timestamp};

/// The spec of an `escalation-policy` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationPolicy {
    pub title: String,
    pub steps: Vec<Step>,
    /// How often the steps are gone through again when nobody answered.
    #[serde(default = "twice")]
    pub repeat: u8,
    /// An acknowledged page whose alerts still fire pages again after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_timeout: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
}

/// One step: everybody named is told at once. A step that reaches nobody is skipped at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub notify: Vec<Target>,
    /// How long to wait for an acknowledgement before the next step.
    #[serde(default = "five_minutes")]
    pub wait: Span,
}

/// Whom a step tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    Person(Name),
    /// Whoever is on call there when the step begins.
    Schedule(Name),
    /// A URL that gets a signed webhook (Standard Webhooks).
    Webhook(String),
}

fn twice() -> u8 {
    2
}

fn five_minutes() -> Span {
    Span::minutes(5)
}

const MOST_STEPS: usize = 30;
const MOST_TARGETS: usize = 50;
const MOST_REPEATS: u8 = 20;
const MOST_WAIT: Span = Span::hours(7 * 24);
const MOST_SNOOZE: Span = Span::hours(31 * 24);

impl EscalationPolicy {
    /// Everything that is wrong in it, each with a JSON pointer into the spec.
    ///
    /// Whether the people and schedules exist is a matter of the catalogue.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut refuse = |at: String, message: String| refusals.push(Refusal::invalid(message).at(at));
        if self.title.trim().is_empty() {
            refuse("/title".into(), "the title is empty".into());
        }
        if self.steps.is_empty() {
            refuse("/steps".into(), "a policy needs at least one step, or nobody is ever told".into());
        }
        if self.steps.len() > MOST_STEPS {
            refuse("/steps".into(), format!("{} steps are too many: {MOST_STEPS} at most", self.steps.len()));
        }
        if self.repeat > MOST_REPEATS {
            refuse("/repeat".into(), format!("{} repeats are too many: {MOST_REPEATS} at most", self.repeat));
        }
        if self.ack_timeout.is_some_and(Span::is_zero) {
            let message = "an acknowledgement that times out at once is none; leave `ack_timeout` out, or write 30m";
            refuse("/ack_timeout".into(), message.into());
        }
        for (i, step) in self.steps.iter().take(MOST_STEPS).enumerate() {
            if step.notify.is_empty() {
                refuse(
                    format!("/steps/{i}/notify"),
                    "this step tells nobody; name a person, schedule or webhook".into(),
                );
            }
            if step.notify.len() > MOST_TARGETS {
                let message = format!("{} are too many to tell at once: {MOST_TARGETS} at most", step.notify.len());
                refuse(format!("/steps/{i}/notify"), message);
            }
            if step.wait.is_zero() {
                let message = "no time to answer; to tell several at once, name them in one step";
                refuse(format!("/steps/{i}/wait"), message.into());
            }
            if step.wait > MOST_WAIT {
                refuse(format!("/steps/{i}/wait"), format!("{} is too long: a week at most", step.wait));
            }
            for (j, target) in step.notify.iter().take(MOST_TARGETS).enumerate() {
                if step.notify[..j].contains(target) {
                    refuse(format!("/steps/{i}/notify/{j}"), format!("{target} stands twice in this step"));
                }
                if let Target::Webhook(url) = target
                    && let Err(wrong) = check_url(url)
                {
                    refuse(format!("/steps/{i}/notify/{j}/webhook"), wrong.message);
                }
            }
        }
        refusals
    }

    /// How often the steps are gone through in all.
    pub fn rounds(&self) -> u16 {
        u16::from(self.repeat) + 1
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person {name}"),
            Self::Schedule(name) => write!(f, "schedule {name}"),
            Self::Webhook(url) => write!(f, "webhook {url}"),
        }
    }
}

/// A running escalation, as far as its rules need to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub urgency: Urgency,
    pub state: State,
}

/// Where a page stands. Steps and rounds are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// A step was told and has time to answer. Without `due_at` it waits for a person, however long (low urgency).
    Calling {
        step: u16,
        round: u16,
        since: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    },
    /// Somebody has it. With `until`, the page starts again then: the acknowledgement times out, or the snooze ends.
    Acknowledged {
        by: Name,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Where it stood when it was acknowledged.
        step: u16,
        round: u16,
    },
    Ended {
        at: Timestamp,
        why: End,
    },
}

/// Why a page is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Its alerts no longer fire.
    Resolved,
    /// Its alerts are silenced.
    Silenced,
    /// Every step of every round went by, or nobody could be reached at all.
    Unanswered,
}

impl End {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Silenced => "silenced",
            Self::Unanswered => "unanswered",
        }
    }
}

impl State {
    /// The word of the state: `calling`, `acknowledged`, `ended`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Calling { .. } => "calling",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Ended { .. } => "ended",
        }
    }

    /// When [`next`] has something to do, if nobody does anything before.
    pub const fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Calling { due_at, .. } => *due_at,
            Self::Acknowledged { until, .. } => *until,
            Self::Ended { .. } => None,
        }
    }
}

/// What a page must ask of the world.
pub trait Lookup {
    /// Who is on call; `None`: there is no such schedule.
    fn on_call(&self, schedule: &Name, at: Timestamp) -> Option<OnCall>;
    /// That the person exists, is active and has a working contact; or why not, in words that follow the name.
    fn reachable(&self, person: &Name, urgency: Urgency) -> Result<(), String>;
}

/// What follows from a command: the new state, and whom to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub state: State,
    pub notify: Vec<Notify>,
    /// Steps that reach nobody: gone over at once.
    pub skipped: Vec<Skipped>,
    /// Targets that reach nobody, of a step that reaches somebody else.
    pub missed: Vec<Skipped>,
    /// What it is in the journal; `None`: nothing changed.
    pub event: Option<EventKind>,
}

/// Somebody is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    pub to: Recipient,
    /// By this contact alone, at once: somebody tests it. Without it, by the person's ladder.
    pub contact: Option<String>,
    /// For the message and the record: `on call for payments: primary, turn 14, until Mon 09:00 Europe/Berlin`.
    pub because: String,
    pub step: u16,
    pub round: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    Person(Name),
    Webhook(String),
}

/// What reached nobody, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub step: u16,
    pub round: u16,
    pub why: String,
}

/// A page begins: the first step that reaches somebody is told.
pub fn start(policy: &EscalationPolicy, urgency: Urgency, now: Timestamp, who: &dyn Lookup) -> Move {
    let mut begun = call(policy, urgency, (1, 1), false, now, who);
    begun.event = Some(EventKind::PageStarted);
    begun
}

/// Time passed: the next step if the wait is over, from the start if an acknowledgement or snooze is; else no change.
pub fn next(policy: &EscalationPolicy, page: &Page, now: Timestamp, who: &dyn Lookup) -> Move {
    if page.state.due_at().is_none_or(|due_at| now < due_at) {
        return unchanged(page);
    }
    match &page.state {
        State::Calling { step, round, .. } => {
            call(policy, page.urgency, (step.saturating_add(1), *round), false, now, who)
        }
        State::Acknowledged { .. } => restart(policy, page.urgency, now, who),
        State::Ended { .. } => unchanged(page),
    }
}

/// Somebody has it. Late is better than never: a page that nobody answered can be acknowledged still.
pub fn acknowledge(policy: &EscalationPolicy, page: &Page, by: &Name, now: Timestamp) -> Result<Move, Refusal> {
    let (step, round) = match &page.state {
        State::Calling { step, round, .. } => (*step, *round),
        // It timed out a moment ago, or the page is just about to start again: as if nobody had it.
        State::Acknowledged { until: Some(until), step, round, .. } if *until <= now => (*step, *round),
        State::Acknowledged { by: has_it, .. } if has_it == by => return Ok(unchanged(page)),
        State::Acknowledged { by: has_it, at, .. } => {
            return Err(Refusal::conflict(format!("{has_it} has acknowledged this page already, at {}", show(*at))));
        }
        State::Ended { why: End::Unanswered, .. } => (number(policy.steps.len()), policy.rounds()),
        State::Ended { at, why } => return Err(over(*at, *why)),
    };
    let until = policy.ack_timeout.filter(|_| page.urgency == Urgency::High).map(|span| span.after(now));
    Ok(Move {
        event: Some(EventKind::PageAcknowledged),
        ..to(State::Acknowledged { by: by.clone(), at: now, until, step, round })
    })
}

/// Nobody has it after all: from the start.
pub fn unacknowledge(
    policy: &EscalationPolicy,
    page: &Page,
    now: Timestamp,
    who: &dyn Lookup,
) -> Result<Move, Refusal> {
    match &page.state {
        State::Calling { .. } => Ok(unchanged(page)),
        State::Acknowledged { .. } => Ok(restart(policy, page.urgency, now, who)),
        State::Ended { at, why } => Err(over(*at, *why)),
    }
}

/// Somebody asks for the next step now, whatever the wait; after the last comes the first again.
///
/// Refused if no step reaches anybody: the page stays as it is rather than end by a request for more help.
pub fn escalate_now(policy: &EscalationPolicy, page: &Page, now: Timestamp, who: &dyn Lookup) -> Result<Move, Refusal> {
    let from = match &page.state {
        State::Calling { step, round, .. } | State::Acknowledged { step, round, .. } => {
            (step.saturating_add(1), *round)
        }
        State::Ended { why: End::Unanswered, .. } => (1, 1),
        State::Ended { at, why } => return Err(over(*at, *why)),
    };
    let mut called = call(policy, page.urgency, from, true, now, who);
    if let State::Ended { .. } = page.state {
        called.event = Some(EventKind::PageRestarted);
    }
    if let State::Ended { .. } = called.state {
        let why: Vec<String> = called.skipped.iter().map(|one| format!("step {}: {}", one.step, one.why)).collect();
        return Err(Refusal::conflict(format!("no step reaches anybody now; {}", why.join("; "))));
    }
    Ok(called)
}

/// Nobody is told until then; if the alerts still fire then, the page starts again.
pub fn snooze(page: &Page, by: &Name, until: Timestamp, now: Timestamp) -> Result<Move, Refusal> {
    if until <= now {
        return Err(Refusal::invalid("a snooze ends in the future").at("/until"));
    }
    if Span::between(now, until) > MOST_SNOOZE {
        return Err(
            Refusal::invalid("a snooze lasts a month at most; silence what should stay quiet for longer").at("/until")
        );
    }
    let (step, round) = match &page.state {
        State::Calling { step, round, .. } | State::Acknowledged { step, round, .. } => (*step, *round),
        State::Ended { at, why } => return Err(over(*at, *why)),
    };
    let state = State::Acknowledged { by: by.clone(), at: now, until: Some(until), step, round };
    Ok(Move { event: Some(EventKind::PageAcknowledged), ..to(state) })
}

/// The alerts no longer fire, or are silenced. What has ended stays as it ended.
pub fn end(page: &Page, why: End, now: Timestamp) -> Move {
    match &page.state {
        State::Ended { .. } => unchanged(page),
        _ => Move { event: Some(EventKind::PageEnded), ..to(State::Ended { at: now, why }) },
    }
}

/// The alerts no longer fire.
pub fn resolve(page: &Page, now: Timestamp) -> Move {
    end(page, End::Resolved, now)
}

fn restart(policy: &EscalationPolicy, urgency: Urgency, now: Timestamp, who: &dyn Lookup) -> Move {
    let mut called = call(policy, urgency, (1, 1), false, now, who);
    if let State::Calling { .. } = called.state {
        called.event = Some(EventKind::PageRestarted);
    }
    called
}

/// Tells the first step from here on that reaches somebody. Each step is looked at once: if none reaches anybody, no
/// other round would either, and the page ends where people see it. `asked`: beyond the last round too.
fn call(
    policy: &EscalationPolicy,
    urgency: Urgency,
    (mut step, mut round): (u16, u16),
    asked: bool,
    now: Timestamp,
    who: &dyn Lookup,
) -> Move {
    let mut called = to(State::Ended { at: now, why: End::Unanswered });
    called.event = Some(EventKind::PageEnded);
    for _ in &policy.steps {
        if step == 0 || usize::from(step) > policy.steps.len() {
            (step, round) = (1, round.saturating_add(1));
            if round > policy.rounds() && !asked {
                break;
            }
        }
        let spec = &policy.steps[usize::from(step) - 1];
        let told = tell(spec, (step, round), urgency, now, who);
        called.notify.extend(told.notify);
        if told.waits {
            called.missed.extend(told.nobody.into_iter().map(|why| Skipped { step, round, why }));
            // Low urgency goes no further: it waits for its person.
            let due_at = (urgency == Urgency::High).then(|| spec.wait.after(now));
            called.state = State::Calling { step, round, since: now, due_at };
            called.event = Some(EventKind::PageEscalated);
            break;
        }
        called.skipped.push(Skipped { step, round, why: told.nobody.join("; ") });
        step += 1;
    }
    called
}

struct Told {
    notify: Vec<Notify>,
    /// Why targets reach nobody.
    nobody: Vec<String>,
    /// Somebody is there to answer: a person, or a webhook where the step names nothing else.
    waits: bool,
}

fn tell(spec: &Step, (step, round): (u16, u16), urgency: Urgency, now: Timestamp, who: &dyn Lookup) -> Told {
    let mut told = Told { notify: Vec::new(), nobody: Vec::new(), waits: false };
    let mut people = false;
    for target in &spec.notify {
        let (to, because) = match target {
            Target::Webhook(url) => (Recipient::Webhook(url.clone()), format!("named in step {step}")),
            Target::Person(person) => {
                people = true;
                if let Err(why) = who.reachable(person, urgency) {
                    told.nobody.push(format!("{person} {why}"));
                    continue;
                }
                (Recipient::Person(person.clone()), format!("named in step {step}"))
            }
            Target::Schedule(schedule) => {
                people = true;
                let Some(on_call) = who.on_call(schedule, now) else {
                    told.nobody.push(format!("there is no schedule {schedule}"));
                    continue;
                };
                let reason = format!("on call for {schedule}: {}", on_call.reason());
                let Some(person) = &on_call.person else {
                    told.nobody.push(reason);
                    continue;
                };
                if let Err(why) = who.reachable(person, urgency) {
                    told.nobody.push(format!("{person} {why} ({reason})"));
                    continue;
                }
                let because = format!("{reason}, {}", on_call.until_sentence());
                (Recipient::Person(person.clone()), because)
            }
        };
        if told.notify.iter().any(|earlier| earlier.to == to) {
            continue;
        }
        told.waits |= matches!(to, Recipient::Person(_));
        told.notify.push(Notify { to, contact: None, because, step, round });
    }
    told.waits |= !people && !told.notify.is_empty();
    told
}

fn to(state: State) -> Move {
    Move { state, notify: Vec::new(), skipped: Vec::new(), missed: Vec::new(), event: None }
}

fn unchanged(page: &Page) -> Move {
    to(page.state.clone())
}

fn over(at: Timestamp, why: End) -> Refusal {
    Refusal::conflict(format!("this page is over: {} at {}", why.word(), show(at)))
}

fn show(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn number(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
