//! A notice: the public word about an incident or a maintenance, in posts that may come in any order of states.
//!
//! Real histories begin with Resolved, go back from Monitoring to Investigating, are written afterwards and corrected; so
//! no order is asked for, and what a post says holds from its own time on. Nothing of an incident is copied here: whoever
//! writes for the public writes for the public.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::prose;
use crate::words::text::did_you_mean;
use crate::words::{IncidentId, Name, NoticeId, PostId, Refusal, Result, Span, Timestamp};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$inner:meta])* $variant:ident = $word:literal, $title:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// As the public reads it.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.word()) }
        }

        impl FromStr for $name {
            type Err = Refusal;

            fn from_str(word: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word).ok_or_else(|| {
                    let near = did_you_mean(word, Self::ALL.iter().map(|one| one.word()));
                    let all: Vec<&str> = Self::ALL.iter().map(|one| one.word()).collect();
                    Refusal::invalid(format!(concat!($what, " is one of {}{}"), all.join(", "), near))
                })
            }
        }
    )*};
}

words! {
    /// What a notice is about.
    Sort, "a notice" {
        Incident = "incident", "Incident";
        /// Planned, with a begin and an end.
        Maintenance = "maintenance", "Maintenance";
    }

    /// Where it stands, as the public is told.
    State, "the state of a notice" {
        Investigating = "investigating", "Investigating";
        Identified = "identified", "Identified";
        Monitoring = "monitoring", "Monitoring";
        Resolved = "resolved", "Resolved";
        Scheduled = "scheduled", "Scheduled";
        InProgress = "in-progress", "In progress";
        Verifying = "verifying", "Verifying";
        Completed = "completed", "Completed";
        /// What was learnt, after it was over.
        Postmortem = "postmortem", "Postmortem";
    }

    /// How a component is. The later, the worse.
    Status, "the status of a component" {
        Operational = "operational", "Operational";
        Maintenance = "maintenance", "Under maintenance";
        Degraded = "degraded", "Degraded performance";
        PartialOutage = "partial-outage", "Partial outage";
        MajorOutage = "major-outage", "Major outage";
    }
}

impl State {
    /// Nothing is expected after it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Completed | Self::Postmortem)
    }

    pub const fn fits(self, sort: Sort) -> bool {
        match self {
            Self::Postmortem => true,
            Self::Investigating | Self::Identified | Self::Monitoring | Self::Resolved => {
                matches!(sort, Sort::Incident)
            }
            Self::Scheduled | Self::InProgress | Self::Verifying | Self::Completed => {
                matches!(sort, Sort::Maintenance)
            }
        }
    }

    /// Before anything was said.
    const fn first(sort: Sort) -> Self {
        match sort {
            Sort::Incident => Self::Investigating,
            Sort::Maintenance => Self::Scheduled,
        }
    }

    /// Those that a notice of this sort may have, in the order in which most have them.
    pub fn of(sort: Sort) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |state| state.fits(sort))
    }
}

/// When a maintenance is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Components and how they are.
pub type Effects = BTreeMap<Name, Status>;

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    /// `None`: an update that changes no state.
    pub state: Option<State>,
    pub text: String,
    /// When it holds from, and when it was written down.
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    /// Who wrote it, as the journal names them. Never shown outside.
    pub by: String,
    /// How components are from then on; those that are not named stay as they were.
    pub effects: Effects,
    /// More is promised by then.
    pub next_update_by: Option<Timestamp>,
    /// How often it was corrected, and when last.
    pub revision: u32,
    pub corrected_at: Option<Timestamp>,
}

/// What the public is told of one incident or maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: NoticeId,
    pub title: String,
    pub sort: Sort,
    /// Of a maintenance.
    pub window: Option<Window>,
    /// What it is about inside. Never shown outside.
    pub incident: Option<IncidentId>,
    pub created_at: Timestamp,
    /// When anything of it was said, corrected or described last.
    pub changed_at: Timestamp,
    /// In the order of when they hold from.
    pub posts: Vec<Post>,
}

/// What somebody wants to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub state: Option<State>,
    pub text: String,
    pub effects: Effects,
    pub next_update_by: Option<Timestamp>,
    /// When it holds from: now, if absent.
    pub at: Option<Timestamp>,
}

/// Letters of a text.
pub const TEXT_MOST: usize = 10_000;
/// Letters of a title.
pub const TITLE_MOST: usize = 200;
/// Posts of a notice.
pub const POSTS_MOST: usize = 500;
/// Clocks differ a little.
const AHEAD_MOST: Span = Span::minutes(2);
/// A maintenance is at most this long: what takes longer is a state of affairs.
const WINDOW_MOST: Span = Span::hours(24 * 31);

impl Notice {
    /// Where it stands: what the latest post that names a state says.
    pub fn state(&self) -> State {
        self.state_after(self.posts.len())
    }

    /// Whether more is to be expected.
    pub fn is_open(&self) -> bool {
        !self.state().is_over()
    }

    /// When it began, as the public is told: the time of its first post, or of the maintenance.
    pub fn began_at(&self) -> Timestamp {
        let first = self.posts.first().map_or(self.created_at, |post| post.at);
        self.window.map_or(first, |window| window.from)
    }

    /// Since when it is over: the first post of those that say so and that nothing open follows.
    pub fn over_at(&self) -> Option<Timestamp> {
        let mut over = None;
        for post in &self.posts {
            match post.state {
                Some(state) if state.is_over() => over = over.or(Some(post.at)),
                Some(_) => over = None,
                None => {}
            }
        }
        over
    }

    /// When it came to a state first.
    pub fn reached(&self, state: State) -> Option<Timestamp> {
        self.posts.iter().find(|post| post.state == Some(state)).map(|post| post.at)
    }

    /// Where it stood once this post was made.
    pub fn state_after(&self, place: usize) -> State {
        let said = self.posts.iter().take(place + 1).filter_map(|post| post.state).next_back();
        said.unwrap_or(State::first(self.sort))
    }

    /// How components are by it now.
    pub fn effects(&self) -> Effects {
        self.stretches().pop().map_or_else(Effects::new, |(_, effects)| effects)
    }

    /// How components are by it, from each of its posts on until the next. What is over, or planned and not begun, touches
    /// nothing.
    pub fn stretches(&self) -> Vec<(Timestamp, Effects)> {
        let mut named = Effects::new();
        let mut state = State::first(self.sort);
        let mut found: Vec<(Timestamp, Effects)> = Vec::new();
        for post in &self.posts {
            state = post.state.unwrap_or(state);
            named.extend(post.effects.iter().map(|(name, status)| (name.clone(), *status)));
            let felt = if state.is_over() || state == State::Scheduled { Effects::new() } else { named.clone() };
            match found.last_mut() {
                Some(last) if last.0 == post.at => last.1 = felt,
                _ => found.push((post.at, felt)),
            }
            if state.is_over() {
                // Whoever opens it again says anew what is touched.
                for status in named.values_mut() {
                    *status = Status::Operational;
                }
            }
        }
        found
    }

    /// Every component that it was ever about, with the worst that it said of it.
    pub fn touched(&self) -> Effects {
        let mut worst = Effects::new();
        for (name, status) in self.posts.iter().flat_map(|post| &post.effects) {
            let kept = worst.entry(name.clone()).or_insert(*status);
            *kept = (*kept).max(*status);
        }
        worst
    }

    /// The worst that it ever said of anything.
    pub fn worst(&self) -> Status {
        self.touched().into_values().max().unwrap_or(Status::Operational)
    }

    /// The promise that stands: of the latest post, while it is open.
    pub fn promised(&self) -> Option<Timestamp> {
        self.posts.last().filter(|_| self.is_open()).and_then(|post| post.next_update_by)
    }

    /// When it goes on by the clock: a maintenance begins and ends when it was said.
    pub fn due_at(&self) -> Option<Timestamp> {
        let window = self.window?;
        match self.state() {
            State::Scheduled => Some(window.from),
            State::InProgress | State::Verifying => Some(window.until),
            _ => None,
        }
    }

    /// What the clock says when that time has come, as of that time.
    pub fn by_the_clock(&self, now: Timestamp) -> Option<Draft> {
        let due = self.due_at().filter(|due| *due <= now)?;
        // Never before what was said last: what a person said later stands.
        let at = self.posts.last().map_or(due, |post| post.at.max(due));
        let begins = self.state() == State::Scheduled;
        let effects = if begins {
            let named = self.touched().into_iter();
            named
                .map(|(name, status)| (name, if status == Status::Operational { Status::Maintenance } else { status }))
                .collect()
        } else {
            Effects::new()
        };
        Some(Draft {
            state: Some(if begins { State::InProgress } else { State::Completed }),
            text: if begins { "The maintenance has begun." } else { "The maintenance is over." }.into(),
            effects,
            next_update_by: None,
            at: Some(at),
        })
    }

    /// Puts a post where its time says; of the same time, after those that were there.
    pub fn add(&mut self, post: Post) {
        let place = self.posts.partition_point(|other| (other.at, other.id) <= (post.at, post.id));
        self.posts.insert(place, post);
    }
}

impl Draft {
    /// As it is kept; or what is wrong with it.
    ///
    /// `knows` says whether there is such a component.
    pub fn checked(self, sort: Sort, knows: &dyn Fn(&Name) -> Result<()>, now: Timestamp) -> Result<Self> {
        let text = prose::clean(&self.text);
        let wrong = |message: &str, place: &str| Err(Refusal::invalid(message).at(place));
        if text.is_empty() {
            return wrong("write what the public is to read", "/text");
        }
        if text.chars().count() > TEXT_MOST {
            return wrong(&format!("a text has at most {TEXT_MOST} letters"), "/text");
        }
        if let Some(state) = self.state.filter(|state| !state.fits(sort)) {
            let all: Vec<&str> = State::of(sort).map(State::word).collect();
            return wrong(&format!("a notice of this kind is not {state}: it is {}", all.join(", ")), "/state");
        }
        for name in self.effects.keys() {
            knows(name)?;
        }
        let at = self.at.unwrap_or(now);
        if at > AHEAD_MOST.after(now) {
            return wrong("that is in the future: a post tells of what is, or was", "/at");
        }
        if let Some(by) = self.next_update_by {
            if self.state.is_some_and(State::is_over) {
                return wrong("what is over promises no more", "/next_update_by");
            }
            if by <= at {
                return wrong("the next update comes after this one", "/next_update_by");
            }
        }
        Ok(Self { text, at: Some(at), ..self })
    }
}

/// A title as it is kept; or what is wrong with it.
pub fn title(said: &str) -> Result<String> {
    let title = prose::clean(said);
    if title.is_empty() || title.contains(['\n', '\t']) || title.chars().count() > TITLE_MOST {
        let message = format!("a title is one line of at most {TITLE_MOST} letters, and not empty");
        return Err(Refusal::invalid(message).at("/title"));
    }
    Ok(title)
}

/// Whether this may be the time of such a notice.
pub fn check_window(sort: Sort, window: Option<Window>) -> Result<()> {
    let wrong = |message: &str, place: &str| Err(Refusal::invalid(message).at(place));
    match (sort, window) {
        (Sort::Incident, None) => Ok(()),
        (Sort::Incident, Some(_)) => wrong("only a maintenance has a time that is planned", "/scheduled_for"),
        (Sort::Maintenance, None) => wrong("say when the maintenance begins and ends", "/scheduled_for"),
        (Sort::Maintenance, Some(window)) if window.until <= window.from => {
            wrong("a maintenance ends after it begins", "/scheduled_until")
        }
        (Sort::Maintenance, Some(window)) if Span::between(window.from, window.until) > WINDOW_MOST => {
            wrong("a maintenance takes 31 days at most", "/scheduled_until")
        }
        (Sort::Maintenance, Some(_)) => Ok(()),
    }
}

/// How each component is: the worst that open notices say of it.
pub fn standing<'n>(notices: impl IntoIterator<Item = &'n Notice>) -> Effects {
    let mut worst = Effects::new();
    for (name, status) in notices.into_iter().flat_map(Notice::effects) {
        let kept = worst.entry(name).or_insert(status);
        *kept = (*kept).max(status);
    }
    worst
}

#[cfg(test)]
#[path = "notices_tests.rs"]
pub(super) mod tests;
