//! The meeting in which a postmortem is read together: who is invited and why, what is talked about for how long, what was decided.
//!
//! It is led by somebody who was not involved. The agenda is made from what the record does not say, never typed; what is to be
//! done comes last, so that the looking does not end too early. A calendar is told by an invitation (iTIP, RFC 5546).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::drafts::Prompt;
use crate::change::calendars::{self, Event};
use crate::respond::entries::{line, text};
use crate::words::choices::choices;
use crate::words::{EventKind, IncidentId, Name, Refusal, Result, Span, Timestamp};

choices! {
    /// How far a meeting is.
    State: "the state of a meeting" at "/state" {
        Planned = "planned",
        Held = "held",
        Cancelled = "cancelled",
    }
}

impl State {
    /// As people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Planned => "Planned",
            Self::Held => "Held",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// Somebody who is asked to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitee {
    pub person: Name,
    /// `commanded`, `wrote entries`: from the record, or what whoever invited them says.
    pub why: String,
}

/// Something that was decided there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub text: String,
    pub by: Name,
    pub at: Timestamp,
}

/// What was said to a topic of the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The topic, by its name.
    pub topic: String,
    pub text: String,
    pub by: Name,
    pub at: Timestamp,
}

/// A meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewMeeting {
    pub incident: IncidentId,
    /// How often anything of it was saved.
    pub revision: u32,
    pub state: State,
    pub starts_at: Timestamp,
    pub minutes: u32,
    /// A room, or an address of a call.
    pub place: String,
    pub facilitator: Name,
    /// How often invitations were sent anew: calendars go by it.
    pub sequence: u32,
    pub invitees: Vec<Invitee>,
    pub notes: Vec<Note>,
    pub decisions: Vec<Decision>,
    pub attended: BTreeSet<Name>,
}

/// What somebody plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub starts_at: Timestamp,
    pub minutes: u32,
    pub place: String,
    pub facilitator: Name,
    pub invitees: Vec<Invitee>,
}

/// Somebody whom the record names, in the order in which they are thought of, with each reason once.
pub fn invitees(from_record: impl IntoIterator<Item = (Name, String)>) -> Vec<Invitee> {
    let mut all: Vec<(Name, Vec<String>)> = Vec::new();
    for (person, why) in from_record {
        match all.iter_mut().find(|(known, _)| *known == person) {
            Some((_, whys)) if whys.contains(&why) => {}
            Some((_, whys)) => whys.push(why),
            None => all.push((person, vec![why])),
        }
    }
    all.into_iter().map(|(person, whys)| Invitee { person, why: whys.join(", ") }).collect()
}

const MINUTES: std::ops::RangeInclusive<u32> = 15..=240;
const INVITEES_MOST: usize = 60;
const DECISIONS_MOST: usize = 100;
/// More moments than this nobody walks through in one meeting.
const MOMENTS_MOST: usize = 8;

/// What is asked at each moment of the timeline.
pub const AT_EACH_MOMENT: [&str; 3] =
    ["What did you know at this point, and from where?", "What did you expect to happen next?", "What did you see?"];

/// One topic of an agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Notes are kept under it: `walk`, `surprised`.
    pub name: &'static str,
    pub title: &'static str,
    pub minutes: u32,
    pub asks: Vec<String>,
}

/// What is talked about, from the open questions and prompts of a draft; the minutes add up to those of the meeting.
pub fn agenda(questions: &[String], prompts: &[Prompt], minutes: u32) -> Vec<Topic> {
    let asked = |name: &str| {
        let found = prompts.iter().find(|prompt| prompt.name == name);
        found.map_or_else(Vec::new, |prompt| prompt.questions.iter().map(|&ask| ask.to_owned()).collect())
    };
    let texts = |all: &[&str]| all.iter().map(|&ask| ask.to_owned()).collect::<Vec<String>>();
    let walk = AT_EACH_MOMENT.iter().map(|&ask| ask.to_owned());
    let walk = walk.chain(asked("response")).collect();
    let gaps: Vec<String> = questions.iter().take(MOMENTS_MOST).cloned().collect();
    // Shares of the time, in hundredths.
    let topics: [(&'static str, &'static str, u32, Vec<String>); 8] = [
        ("opening", "Why we are here", 5, texts(&["We look for what made sense at the time; nobody is judged."])),
        ("walk", "Through the timeline", 30, walk),
        ("gaps", "What the record does not say", if gaps.is_empty() { 0 } else { 15 }, gaps),
        ("factors", "Which conditions came together", 15, asked("factors")),
        ("surprised", "What surprised us", 10, asked("surprised")),
        ("lucky", "Where luck helped, and what went well", 10, [asked("lucky"), asked("went-well")].concat()),
        ("parked", "Parking lot", 0, texts(&["What came up, and belongs elsewhere?"])),
        (
            "actions",
            "What is to be done",
            15,
            texts(&["Which of it would have changed something? Who sees to it, and how is it proven?"]),
        ),
    ];
    let topics: Vec<_> = topics.into_iter().filter(|(name, _, share, _)| *share > 0 || *name == "parked").collect();
    let shares: u32 = topics.iter().map(|(_, _, share, _)| share).sum();
    let mut spent = 0;
    let mut all: Vec<Topic> = topics
        .into_iter()
        .map(|(name, title, share, asks)| {
            let minutes = minutes * share / shares;
            spent += minutes;
            Topic { name, title, minutes, asks }
        })
        .collect();
    // What is left over belongs to the timeline.
    if let Some(walk) = all.iter_mut().find(|topic| topic.name == "walk") {
        walk.minutes += minutes - spent;
    }
    all
}

/// Names under which notes are kept.
pub const TOPICS: [&str; 8] = ["opening", "walk", "gaps", "factors", "surprised", "lucky", "parked", "actions"];

/// What becomes of a meeting, what the journal says, and what invitations are sent.
pub type Move = (ReviewMeeting, EventKind, Vec<(Name, Method)>);

/// What a calendar is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Request,
    Cancel,
}

impl Method {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

impl Wanted {
    /// As it is kept; or what is wrong with it. `involved`: who had a part in the incident.
    pub fn checked(&self, involved: &BTreeSet<Name>, now: Timestamp) -> Result<Self> {
        if self.starts_at <= now {
            return Err(Refusal::invalid("a meeting is planned for a time to come").at("/starts_at"));
        }
        if !MINUTES.contains(&self.minutes) {
            let message = format!("a meeting takes {} to {} minutes", MINUTES.start(), MINUTES.end());
            return Err(Refusal::invalid(message).at("/minutes"));
        }
        if involved.contains(&self.facilitator) {
            let message = format!(
                "{} was involved: whoever leads the meeting was not, and asks as somebody who does not know",
                self.facilitator
            );
            return Err(Refusal::conflict(message).at("/facilitator"));
        }
        if self.invitees.is_empty() || self.invitees.len() > INVITEES_MOST {
            return Err(Refusal::invalid(format!("invite 1 to {INVITEES_MOST} people")).at("/invitees"));
        }
        let mut invitees: Vec<Invitee> = Vec::new();
        for (place, one) in self.invitees.iter().enumerate() {
            if invitees.iter().any(|known| known.person == one.person) {
                continue;
            }
            let why = if one.why.trim().is_empty() { "is invited" } else { one.why.as_str() };
            let why = line(why, 200, &format!("/invitees/{place}/why"))?;
            invitees.push(Invitee { person: one.person.clone(), why });
        }
        if !invitees.iter().any(|one| one.person == self.facilitator) {
            invitees.push(Invitee { person: self.facilitator.clone(), why: "leads the meeting".into() });
        }
        let place = if self.place.trim().is_empty() { String::new() } else { line(&self.place, 500, "/place")? };
        Ok(Self { place, invitees, ..self.clone() })
    }
}

impl ReviewMeeting {
    /// Plans a meeting, or another after one that was cancelled. `wanted` was checked.
    pub fn plan(before: Option<&Self>, incident: IncidentId, wanted: Wanted) -> Result<Move> {
        if let Some(before) = before.filter(|before| before.state != State::Cancelled) {
            return Err(Refusal::conflict(format!("there is a meeting already: it is {}", before.state)));
        }
        let Wanted { starts_at, minutes, place, facilitator, invitees } = wanted;
        let told = invitees.iter().map(|one| (one.person.clone(), Method::Request)).collect();
        let one = Self {
            incident,
            revision: before.map_or(1, |before| before.revision + 1),
            state: State::Planned,
            starts_at,
            minutes,
            place,
            facilitator,
            sequence: before.map_or(0, |before| before.sequence + 1),
            invitees,
            notes: Vec::new(),
            decisions: Vec::new(),
            attended: BTreeSet::new(),
        };
        Ok((one, EventKind::ReviewMeetingPlanned, told))
    }

    /// Moves it, or asks others: everybody is told, also those who are no longer asked to come.
    pub fn change(&self, wanted: Wanted, revision: u32) -> Result<Move> {
        self.must_be_seen(revision)?;
        self.must_be_planned("change")?;
        let Wanted { starts_at, minutes, place, facilitator, invitees } = wanted;
        let gone = self.invitees.iter().filter(|one| !invitees.iter().any(|now| now.person == one.person));
        let told = gone.map(|one| (one.person.clone(), Method::Cancel));
        let told = told.chain(invitees.iter().map(|one| (one.person.clone(), Method::Request))).collect();
        let next = Self {
            revision: self.revision + 1,
            sequence: self.sequence + 1,
            starts_at,
            minutes,
            place,
            facilitator,
            invitees,
            ..self.clone()
        };
        if (Self { revision: self.revision, sequence: self.sequence, ..next.clone() }) == *self {
            return Err(Refusal::conflict("nothing of it changes"));
        }
        Ok((next, EventKind::ReviewMeetingMoved, told))
    }

    /// It does not take place.
    pub fn cancel(&self, why: &str) -> Result<Move> {
        self.must_be_planned("cancel")?;
        line(why, 500, "/why")?;
        let told = self.invitees.iter().map(|one| (one.person.clone(), Method::Cancel)).collect();
        let next =
            Self { revision: self.revision + 1, sequence: self.sequence + 1, state: State::Cancelled, ..self.clone() };
        Ok((next, EventKind::ReviewMeetingCancelled, told))
    }

    /// What was said to a topic; the last note stands.
    pub fn note(&self, topic: &str, said: &str, by: &Name, now: Timestamp) -> Result<Self> {
        self.must_be_there("noted")?;
        if !TOPICS.contains(&topic) {
            let near = crate::words::text::did_you_mean(topic, TOPICS);
            return Err(Refusal::invalid(format!("the agenda has no topic {topic}{near}")).at("/topic"));
        }
        let said = text(said, "/text")?;
        let mut next = Self { revision: self.revision + 1, ..self.clone() };
        next.notes.retain(|one| one.topic != topic);
        next.notes.push(Note { topic: topic.to_owned(), text: said, by: by.clone(), at: now });
        Ok(next)
    }

    /// Something was decided.
    pub fn decide(&self, said: &str, by: &Name, now: Timestamp) -> Result<Move> {
        self.must_be_there("decided")?;
        if self.decisions.len() >= DECISIONS_MOST {
            return Err(Refusal::conflict(format!("a meeting decides {DECISIONS_MOST} things at most")));
        }
        let said = text(said, "/text")?;
        let mut next = Self { revision: self.revision + 1, ..self.clone() };
        next.decisions.push(Decision { text: said, by: by.clone(), at: now });
        Ok((next, EventKind::ReviewMeetingDecided, Vec::new()))
    }

    /// It took place, and these were there.
    pub fn hold(&self, attended: BTreeSet<Name>, now: Timestamp) -> Result<Move> {
        self.must_be_there("held")?;
        if now < self.starts_at {
            return Err(Refusal::conflict("it has not begun: move it, if it was earlier"));
        }
        if attended.is_empty() {
            return Err(Refusal::invalid("say who was there").at("/attended"));
        }
        let next = Self { revision: self.revision + 1, state: State::Held, attended, ..self.clone() };
        Ok((next, EventKind::ReviewMeetingHeld, Vec::new()))
    }

    fn must_be_seen(&self, revision: u32) -> Result<()> {
        if revision == self.revision {
            return Ok(());
        }
        let message =
            format!("it was changed since you looked: this is revision {}, yours is {revision}", self.revision);
        Err(Refusal::conflict(message).at("/revision"))
    }

    fn must_be_planned(&self, what: &str) -> Result<()> {
        if self.state == State::Planned {
            return Ok(());
        }
        Err(Refusal::conflict(format!("it is {}: there is nothing to {what}", self.state)))
    }

    fn must_be_there(&self, what: &str) -> Result<()> {
        if self.state != State::Cancelled {
            return Ok(());
        }
        Err(Refusal::conflict(format!("it was cancelled: nothing is {what} there")))
    }

    /// `Tuesday, 24 November 2026, 15:00 CET`, in a zone by its name.
    pub fn starts_in(&self, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        self.starts_at.to_zoned(zone).strftime("%A, %-d %B %Y, %H:%M %Z").to_string()
    }

    pub fn ends_at(&self) -> Timestamp {
        Span::minutes(i64::from(self.minutes)).after(self.starts_at)
    }
}

/// What stands in an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation<'a> {
    pub meeting: &'a ReviewMeeting,
    pub method: Method,
    /// `Review: Payments fail`.
    pub summary: String,
    pub description: String,
    /// Where the meeting is on this server.
    pub url: String,
    /// Name and address of whoever asks.
    pub organizer: (String, String),
    /// Names and addresses of those who are asked.
    pub attendees: Vec<(String, String)>,
}

/// The invitation, as a calendar program reads it.
pub fn invitation(one: &Invitation<'_>, host: &str, now: Timestamp) -> String {
    let meeting = one.meeting;
    let event = Event {
        uid: format!("review-{}@{host}", meeting.incident),
        summary: one.summary.clone(),
        description: one.description.clone(),
        url: one.url.clone(),
        from: meeting.starts_at,
        to: meeting.ends_at(),
    };
    let status = match one.method {
        Method::Request => "CONFIRMED",
        Method::Cancel => "CANCELLED",
    };
    let mut lines = vec![format!("SEQUENCE:{}", meeting.sequence), format!("STATUS:{status}")];
    if !meeting.place.is_empty() {
        lines.push(format!("LOCATION:{}", calendars::escape(&meeting.place)));
    }
    let party = |(name, address): &(String, String)| format!("CN=\"{}\":mailto:{}", parameter(name), mailto(address));
    lines.push(format!("ORGANIZER;{}", party(&one.organizer)));
    for attendee in &one.attendees {
        lines.push(format!("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;{}", party(attendee)));
    }
    calendars::message("Reviews", one.method.word(), &event, &lines, now)
}

/// A value of a parameter in quotes: it knows no escape.
fn parameter(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '"').collect()
}

/// An address within a `mailto:`: what is no letter of an address is spelt out.
fn mailto(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_alphanumeric() || b"@.-_+~!$&'*=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
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

    fn invited(person: &str) -> Invitee {
        Invitee { person: name(person), why: "wrote entries".into() }
    }

    fn wanted() -> Wanted {
        Wanted {
            starts_at: at(60),
            minutes: 60,
            place: "https://meet.example.org/a;b".into(),
            facilitator: name("dai"),
            invitees: vec![invited("ana"), invited("ben")],
        }
    }

    fn planned() -> ReviewMeeting {
        let wanted = wanted().checked(&BTreeSet::from([name("ana")]), at(0)).unwrap();
        ReviewMeeting::plan(None, Mint::seeded(1).id(at(0)), wanted).unwrap().0
    }

    #[test]
    fn whoever_was_involved_does_not_lead_and_who_leads_is_invited() {
        let refused = Wanted { facilitator: name("ana"), ..wanted() };
        let refusal = refused.checked(&BTreeSet::from([name("ana")]), at(0)).unwrap_err();
        assert_eq!((refusal.kind, refusal.at.as_deref()), (RefusalKind::Conflict, Some("/facilitator")));
        assert_eq!(planned().invitees.last().unwrap().person, name("dai"));
        for (wanted, place) in [
            (Wanted { starts_at: at(0), ..wanted() }, "/starts_at"),
            (Wanted { minutes: 5, ..wanted() }, "/minutes"),
            (Wanted { invitees: vec![], ..wanted() }, "/invitees"),
            (Wanted { place: "a\nb".into(), ..wanted() }, "/place"),
        ] {
            assert_eq!(wanted.checked(&BTreeSet::new(), at(0)).unwrap_err().at.as_deref(), Some(place));
        }
    }

    #[test]
    fn minutes_add_up_and_what_is_to_be_done_comes_last() {
        let prompts = super::super::drafts::PROMPTS;
        for minutes in [15, 47, 60, 240] {
            for questions in [vec![], vec!["Who decided it?".to_owned()]] {
                let all = agenda(&questions, prompts, minutes);
                assert_eq!(all.iter().map(|topic| topic.minutes).sum::<u32>(), minutes);
                assert_eq!(all.last().unwrap().name, "actions");
                assert!(all.iter().all(|topic| TOPICS.contains(&topic.name) && !topic.asks.is_empty()));
                assert_eq!(all.iter().any(|topic| topic.name == "gaps"), !questions.is_empty());
            }
        }
    }

    #[test]
    fn everybody_is_told_of_a_move_also_who_is_not_asked_any_more() {
        let one = planned();
        let other = Wanted { starts_at: at(90), invitees: vec![invited("ana"), invited("dai")], ..wanted() };
        assert_eq!(one.change(other.clone(), 0).unwrap_err().kind, RefusalKind::Conflict);
        let (moved, _, told) = one.change(other, 1).unwrap();
        assert_eq!((moved.sequence, moved.revision), (1, 2));
        let told: Vec<(&str, Method)> = told.iter().map(|(person, method)| (person.as_str(), *method)).collect();
        assert_eq!(told, [("ben", Method::Cancel), ("ana", Method::Request), ("dai", Method::Request)]);
        let (gone, _, told) = moved.cancel("nobody can").unwrap();
        assert_eq!((gone.state, gone.sequence, told.len()), (State::Cancelled, 2, 2));
        assert_eq!(gone.cancel("again").unwrap_err().kind, RefusalKind::Conflict);
        assert_eq!(gone.decide("x", &name("ana"), at(1)).unwrap_err().kind, RefusalKind::Conflict);
        let again = ReviewMeeting::plan(Some(&gone), gone.incident, wanted()).unwrap().0;
        assert_eq!((again.sequence, again.state), (3, State::Planned));
        assert_eq!(ReviewMeeting::plan(Some(&again), gone.incident, wanted()).unwrap_err().kind, RefusalKind::Conflict);
    }

    #[test]
    fn it_is_held_when_it_has_begun_with_those_who_were_there() {
        let one = planned();
        let there = BTreeSet::from([name("ana")]);
        assert_eq!(one.hold(there.clone(), at(59)).unwrap_err().kind, RefusalKind::Conflict);
        assert_eq!(one.hold(BTreeSet::new(), at(60)).unwrap_err().at.as_deref(), Some("/attended"));
        let held = one.hold(there, at(60)).unwrap().0;
        assert_eq!(held.cancel("x").unwrap_err().kind, RefusalKind::Conflict);
        let noted = held.note("walk", "We saw the graph.", &name("ana"), at(61)).unwrap();
        let noted = noted.note("walk", "We saw both graphs.", &name("ana"), at(62)).unwrap();
        assert_eq!(noted.notes.len(), 1);
        assert_eq!(noted.note("wlak", "x", &name("ana"), at(62)).unwrap_err().at.as_deref(), Some("/topic"));
        assert_eq!(noted.decide("Limit the pool.", &name("ana"), at(63)).unwrap().0.decisions.len(), 1);
    }

    #[test]
    fn an_invitation_is_what_calendars_read() {
        let meeting = planned();
        let text = invitation(
            &Invitation {
                meeting: &meeting,
                method: Method::Request,
                summary: "Review: Payments fail, twice".into(),
                description: "one\ntwo".into(),
                url: "https://a.example/incidents/x/review".into(),
                organizer: ("Dai \"D\" Lewis".into(), "dai@example.org".into()),
                attendees: vec![("Ana;Silva\r\nX".into(), "ana%x@example.org".into())],
            },
            "a.example",
            at(0),
        );
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        let whole = text.replace("\r\n ", "");
        for line in [
            "METHOD:REQUEST",
            "SEQUENCE:0",
            "STATUS:CONFIRMED",
            "SUMMARY:Review: Payments fail\\, twice",
            "LOCATION:https://meet.example.org/a\\;b",
            "ORGANIZER;CN=\"Dai D Lewis\":mailto:dai@example.org",
            "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=\"Ana;SilvaX\":mailto:ana%25x@example.org",
        ] {
            assert!(whole.contains(&format!("\r\n{line}\r\n")), "{line}\n{whole}");
        }
        assert!(!whole.contains("X-WR-CALNAME") && whole.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
    }
}
