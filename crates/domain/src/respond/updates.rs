//! What people are told meanwhile, inside and in public, and the promise in each update: the time of the next one.
//!
//! The promise is what counts, not the number of updates. Who owes one is reminded before it is due, and a promise that
//! was missed is kept on record with a reason. What is said in public waits for a second person, where the severity asks
//! for one.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::inform::notices::{Effects, State as Told};
use crate::words::{EventKind, Name, Refusal, Result, Span, Timestamp, UpdateId, text};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Those who may see the incident.
    Internal,
    /// Everybody.
    Public,
}

/// What the public is told of how far it is. In any order: real histories go back, and begin at their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
}

macro_rules! words {
    ($type:ident, $what:literal, [$($name:ident = $word:literal),*]) => {
        impl $type {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $type {
            type Err = Refusal;

            fn from_str(word: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word).ok_or_else(|| {
                    let near = text::did_you_mean(word, Self::ALL.iter().map(|one| one.word()));
                    Refusal::invalid(format!(concat!("there is no ", $what, " {:?}{}"), text::shorten(word, 40), near))
                })
            }
        }
    };
}

words!(Audience, "audience", [Internal = "internal", Public = "public"]);
words!(
    Stage,
    "stage",
    [Investigating = "investigating", Identified = "identified", Monitoring = "monitoring", Resolved = "resolved"]
);

impl Stage {
    /// The same in a notice on the status page.
    pub const fn told(self) -> Told {
        match self {
            Self::Investigating => Told::Investigating,
            Self::Identified => Told::Identified,
            Self::Monitoring => Told::Monitoring,
            Self::Resolved => Told::Resolved,
        }
    }
}

/// An update: what is said to whom, and by when the next one comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub id: UpdateId,
    pub audience: Audience,
    /// Of a public one.
    pub stage: Option<Stage>,
    pub text: String,
    /// Of a public one: what the notice is called that it opens, and how components are from then on.
    pub title: Option<String>,
    pub components: Effects,
    /// The next one is promised by then.
    pub next_by: Option<Timestamp>,
    /// Nobody, if a rule of this program wrote it.
    pub author: Option<Name>,
    pub written_at: Timestamp,
    /// Why the promise before was missed, if it was.
    pub late_because: Option<String>,
    pub state: State,
}

/// How an update stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for a second person.
    Draft,
    Posted {
        at: Timestamp,
        approved_by: Option<Name>,
    },
    Withdrawn {
        at: Timestamp,
        by: Option<Name>,
    },
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Posted { .. } => "posted",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

impl Update {
    /// When it was said, if it was.
    pub const fn posted_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Posted { at, .. } => Some(at),
            State::Draft | State::Withdrawn { .. } => None,
        }
    }

    /// Whoever wrote it says it; in public only where no second person is asked for.
    pub fn say(self, second_person: bool, now: Timestamp) -> (Self, EventKind) {
        if self.audience == Audience::Public && second_person {
            return (Self { state: State::Draft, ..self }, EventKind::UpdateDrafted);
        }
        (Self { state: State::Posted { at: now, approved_by: None }, ..self }, EventKind::UpdatePosted)
    }

    /// A second person approves it. `leads`: they command, or are deputy. What the commander wrote anybody else may
    /// approve (`author_leads`).
    pub fn approve(&self, by: Option<&Name>, leads: bool, author_leads: bool, now: Timestamp) -> Result<Self> {
        self.must_wait()?;
        let Some(by) = by else { return Err(Refusal::forbidden("only a person approves what is said in public")) };
        if self.author.as_ref() == Some(by) {
            return Err(Refusal::forbidden("you wrote it: a second person approves what is said in public"));
        }
        if !leads && !author_leads {
            return Err(Refusal::forbidden("the commander or the deputy approves what is said in public"));
        }
        if self.next_by.is_some_and(|next| next <= now) {
            let message = "the time that it promises for the next update is over: withdraw it, and write it anew";
            return Err(Refusal::conflict(message));
        }
        Ok(Self { state: State::Posted { at: now, approved_by: Some(by.clone()) }, ..self.clone() })
    }

    /// It will not be said.
    pub fn withdraw(&self, by: Option<&Name>, leads: bool, now: Timestamp) -> Result<Self> {
        self.must_wait()?;
        if self.author.as_ref() != by && !leads {
            return Err(Refusal::forbidden("whoever wrote it withdraws it, or the commander or the deputy"));
        }
        Ok(Self { state: State::Withdrawn { at: now, by: by.cloned() }, ..self.clone() })
    }

    fn must_wait(&self) -> Result<()> {
        match self.state {
            State::Draft => Ok(()),
            _ => Err(Refusal::conflict(format!("it is {} already", self.state.word()))),
        }
    }
}

/// A next update is promised this far ahead at most: what takes longer is said anew.
pub const PROMISE_MOST: Span = Span::hours(7 * 24);

/// The time of the next update, as it may be promised at `now`.
pub fn promised(next_by: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(by) = next_by else { return Ok(None) };
    if by <= now {
        return Err(Refusal::invalid("the next update is promised for a time to come").at("/next_by"));
    }
    if by > PROMISE_MOST.after(now) {
        return Err(Refusal::invalid("the next update comes within a week: say more then").at("/next_by"));
    }
    Ok(Some(by))
}

/// What was promised to an audience: an update by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    pub audience: Audience,
    /// When it was given: with the last update, or when the severity asked for it.
    pub given_at: Timestamp,
    pub by: Timestamp,
    pub fate: Fate,
}

/// What became of a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Open,
    /// An update came.
    Answered {
        at: Timestamp,
        why: Option<String>,
    },
    /// The incident was over before.
    Over {
        at: Timestamp,
    },
}

impl Promise {
    /// When to remind whoever owes it: a quarter of the time is left, but at least two minutes and at most fifteen.
    pub fn remind_at(&self) -> Timestamp {
        let quarter = Span::seconds(Span::between(self.given_at, self.by).as_millis() / 4000);
        let ahead = quarter.clamp(Span::minutes(2), Span::minutes(15));
        ahead.before(self.by).max(self.given_at)
    }

    /// Whether its time went by without an update.
    pub fn is_missed(&self, now: Timestamp) -> bool {
        let end = match self.fate {
            Fate::Open => now,
            Fate::Answered { at, .. } | Fate::Over { at } => at,
        };
        end > self.by
    }

    /// As it stands after an update at `at`. One that comes late says why.
    pub fn answer(&self, why: Option<&str>, at: Timestamp) -> Result<Self> {
        let why = why.map(str::trim).filter(|why| !why.is_empty());
        if self.is_missed(at) && why.is_none() {
            let by = self.by.strftime("%H:%M UTC");
            let message = format!("an update was promised by {by} and did not come: say why");
            return Err(Refusal::conflict(message).at("/late_because"));
        }
        let why = why.filter(|_| self.is_missed(at)).map(str::to_owned);
        Ok(Self { fate: Fate::Answered { at, why }, ..self.clone() })
    }
}

/// How many promises were kept, of those that were due by `now` or answered before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub kept: u32,
    pub of: u32,
}

/// Counts over promises. One whose incident was over before it was due counts for nothing.
pub fn kept<'p>(promises: impl Iterator<Item = &'p Promise>, now: Timestamp) -> Kept {
    promises.fold(Kept::default(), |count, promise| {
        let missed = promise.is_missed(now);
        let counts = missed || matches!(promise.fate, Fate::Answered { .. });
        Kept { kept: count.kept + u32::from(counts && !missed), of: count.of + u32::from(counts) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Mint, RefusalKind};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn promise(given: i64, by: i64, fate: Fate) -> Promise {
        Promise { audience: Audience::Internal, given_at: at(given), by: at(by), fate }
    }

    fn update(audience: Audience, author: &str) -> Update {
        Update {
            id: Mint::seeded(1).id(at(0)),
            audience,
            stage: None,
            text: "we look".into(),
            title: None,
            components: Effects::new(),
            next_by: Some(at(30)),
            author: Some(name(author)),
            written_at: at(0),
            late_because: None,
            state: State::Draft,
        }
    }

    #[test]
    fn the_public_word_waits_for_a_second_person_where_one_is_asked_for() {
        for (audience, second, event) in [
            (Audience::Internal, true, EventKind::UpdatePosted),
            (Audience::Public, false, EventKind::UpdatePosted),
            (Audience::Public, true, EventKind::UpdateDrafted),
        ] {
            assert_eq!(update(audience, "ana").say(second, at(1)).1, event, "{audience} {second}");
        }
        let (draft, _) = update(Audience::Public, "ana").say(true, at(1));
        for (by, leads, author_leads, allowed, why) in [
            (Some("ana"), true, true, false, "nobody approves their own"),
            (Some("ben"), true, false, true, "the commander does"),
            (Some("cleo"), false, false, false, "not just anybody"),
            (Some("cleo"), false, true, true, "anybody but the commander, if they wrote it"),
            (None, true, true, false, "no rule does"),
        ] {
            let by = by.map(name);
            assert_eq!(draft.approve(by.as_ref(), leads, author_leads, at(2)).is_ok(), allowed, "{why}");
        }
        let late = draft.approve(Some(&name("ben")), true, false, at(30)).unwrap_err();
        assert_eq!(late.kind, RefusalKind::Conflict, "it would promise what is over");
        let posted = draft.approve(Some(&name("ben")), true, false, at(2)).unwrap();
        assert_eq!(posted.posted_at(), Some(at(2)));
        assert!(posted.withdraw(Some(&name("ana")), true, at(3)).is_err());
        assert!(draft.withdraw(Some(&name("cleo")), false, at(3)).is_err());
        assert_eq!(draft.withdraw(Some(&name("ana")), false, at(3)).unwrap().state.word(), "withdrawn");
    }

    #[test]
    fn a_reminder_comes_while_there_is_time() {
        for (given, by, remind) in [(0, 20, 15), (0, 30, 22), (0, 4, 2), (0, 120, 105), (0, 1, 0)] {
            let expected = if (given, by) == (0, 30) {
                Timestamp::from_second(at(22).as_second() + 30).unwrap()
            } else {
                at(remind)
            };
            assert_eq!(promise(given, by, Fate::Open).remind_at(), expected, "{given} to {by}");
        }
    }

    #[test]
    fn a_promise_that_was_missed_asks_why() {
        let open = promise(0, 20, Fate::Open);
        assert_eq!(open.answer(None, at(20)).unwrap().fate, Fate::Answered { at: at(20), why: None });
        assert_eq!(open.answer(Some("not late"), at(20)).unwrap().fate, Fate::Answered { at: at(20), why: None });
        for nothing in [None, Some("  ")] {
            assert_eq!(open.answer(nothing, at(21)).unwrap_err().at.as_deref(), Some("/late_because"));
        }
        let late = open.answer(Some("the writer was paged away"), at(21)).unwrap();
        assert!(late.is_missed(at(99)));
    }

    #[test]
    fn promises_kept_are_counted_of_those_that_were_due() {
        let answered = |given, by, when| promise(given, by, Fate::Answered { at: at(when), why: None });
        let all = [
            answered(0, 20, 10),
            answered(10, 30, 31),
            promise(31, 50, Fate::Over { at: at(40) }),
            promise(60, 80, Fate::Open),
        ];
        assert_eq!(kept(all.iter(), at(70)), Kept { kept: 1, of: 2 });
        assert_eq!(kept(all.iter(), at(81)), Kept { kept: 1, of: 3 });
        assert_eq!(kept([].iter(), at(81)), Kept::default());
    }

    #[test]
    fn only_a_time_to_come_is_promised() {
        assert_eq!(promised(None, at(0)), Ok(None));
        assert_eq!(promised(Some(at(1)), at(0)), Ok(Some(at(1))));
        for wrong in [at(0), at(-1), at(7 * 24 * 60 + 1)] {
            assert_eq!(promised(Some(wrong), at(0)).unwrap_err().at.as_deref(), Some("/next_by"));
        }
        assert_eq!("public".parse(), Ok(Audience::Public));
        assert!("monitering".parse::<Stage>().unwrap_err().message.contains("did you mean \"monitoring\""));
    }
}
