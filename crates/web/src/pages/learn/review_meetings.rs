//! The meeting in which a postmortem is read together: planned with those whom the record names, and led from a phone.
//!
//! `GET /incidents/ID/review`; `POST` there with `act` (`plan`, `change`, `cancel`, `note`, `decide`, `hold`, `answer`) and what that needs.

use askama::Template;

use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// That of an incident.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/review_meeting.html")]
pub struct ReviewMeetingPage {
    pub shell: Shell,
    pub incident: Link,
    pub postmortem: String,
    pub restricted: Option<String>,
    pub drill: bool,
    pub meeting: Option<MeetingView>,
    pub may: May,
    pub topics: Vec<TopicView>,
    pub survey: Option<SurveyView>,
    pub form: MeetingForm,
    /// Why what was asked last was refused, and in which form.
    pub error: Option<(String, String)>,
}

impl ReviewMeetingPage {
    pub fn wrong(&self, form: &str) -> Option<&str> {
        self.error.as_ref().filter(|(of, _)| of == form).map(|(_, said)| said.as_str())
    }
}

/// What whoever looks may do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
pub struct May {
    pub plan: bool,
    pub change: bool,
    /// Notes and decisions.
    pub write: bool,
    pub hold: bool,
    /// What it was good for.
    pub answer: bool,
}

/// A meeting that was planned.
#[derive(Clone, Debug)]
pub struct MeetingView {
    pub state: Badge,
    pub is_planned: bool,
    pub revision: u32,
    pub when: When,
    /// `Tue 24 Nov 2026, 15:00 to 16:00`, in the zone of whoever looks.
    pub says: String,
    pub place: String,
    /// The place as an address, if it is one.
    pub call: Option<String>,
    pub facilitator: PersonTag,
    /// With the name, why, and whether they were there.
    pub invitees: Vec<(PersonTag, String, String, bool)>,
    /// Who was there without being asked.
    pub others: Vec<PersonTag>,
    pub decisions: Vec<(String, PersonTag)>,
    pub calendar: String,
}

/// What those who were there say of it.
#[derive(Clone, Debug)]
pub struct SurveyView {
    pub answers: u32,
    /// So many of them are counted here.
    pub shown: u32,
    pub questions: Vec<QuestionView>,
    pub said: Vec<String>,
    /// The sentence that was typed.
    pub typed: String,
}

/// A question, with how often each mark was given.
#[derive(Clone, Debug)]
pub struct QuestionView {
    pub name: &'static str,
    pub title: &'static str,
    /// The mark, how often, how much of all in quarters, and whether it was chosen in the form.
    pub marks: Vec<(usize, u32, u32, bool)>,
}

impl QuestionView {
    /// How much of all that is, in quarters, rounded up: what was said once is seen.
    pub fn share(count: u32, all: u32) -> u32 {
        (count * 4).div_ceil(all.max(1))
    }
}

/// A topic, with what was said to it.
#[derive(Clone, Debug)]
pub struct TopicView {
    pub name: &'static str,
    pub title: &'static str,
    pub minutes: u32,
    /// Minutes from the begin at which it begins.
    pub from: u32,
    pub asks: Vec<String>,
    pub note: String,
    pub by: Option<PersonTag>,
}

/// The form of a plan: what is kept, or what was typed.
#[derive(Clone, Debug, Default)]
pub struct MeetingForm {
    /// As the field of the browser has it, in the zone of whoever looks.
    pub at: String,
    pub zone: String,
    pub minutes: String,
    pub place: String,
    /// Name, full name, whether they lead it: nobody who was involved.
    pub leaders: Vec<(String, String, bool)>,
    /// Name, full name, why, whether they are asked.
    pub people: Vec<(String, String, String, bool)>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl ReviewMeetingPage {
        pub(crate) fn sample() -> Self {
            let person = |name: &str, full: &str| PersonTag::new(name, full);
            let topic = |name, title, minutes, from, asks: &[&str], note: &str| TopicView {
                name,
                title,
                minutes,
                from,
                asks: asks.iter().map(|&ask| ask.to_owned()).collect(),
                note: note.into(),
                by: (!note.is_empty()).then(|| PersonTag::new("dai", "Dai Lewis")),
            };
            Self {
                shell: Shell::sample(Section::Postmortems, "/incidents/inc_06f1k2m9qv7x3t1a/review"),
                incident: Link::new("Checkout fails for half of all customers", "/incidents/inc_06f1k2m9qv7x3t1a"),
                postmortem: "/incidents/inc_06f1k2m9qv7x3t1a/postmortem".into(),
                restricted: None,
                drill: false,
                meeting: Some(MeetingView {
                    state: Badge::new(Tone::Info, "Planned"),
                    is_planned: true,
                    revision: 2,
                    when: viewpoint().when(minutes_ago(-90)),
                    says: "Tue 24 Nov 2026, 15:00 to 16:00".into(),
                    place: "https://meet.example.org/review".into(),
                    call: Some("https://meet.example.org/review".into()),
                    facilitator: person("dai", "Dai Lewis"),
                    invitees: vec![
                        (
                            person("ana", "Ana Silva"),
                            "ana".into(),
                            "was incident commander, wrote entries".into(),
                            false,
                        ),
                        (
                            person("ben", "Ben Okafor"),
                            "ben".into(),
                            "leads Payments, which owns Card payments".into(),
                            false,
                        ),
                    ],
                    others: vec![],
                    decisions: vec![("The pool gets a limit.".into(), person("dai", "Dai Lewis"))],
                    calendar: "/api/v1/incidents/inc_06f1k2m9qv7x3t1a/review.ics".into(),
                }),
                may: May { plan: false, change: true, write: true, hold: true, answer: false },
                topics: vec![
                    topic(
                        "opening",
                        "Why we are here",
                        3,
                        0,
                        &["We look for what made sense at the time; nobody is judged."],
                        "",
                    ),
                    topic(
                        "walk",
                        "Through the timeline",
                        30,
                        3,
                        &[
                            "What did you know at this point, and from where?",
                            "What did you expect to happen next?",
                            "What did you see?",
                        ],
                        "Two dashboards disagreed.",
                    ),
                    topic("parked", "Parking lot", 0, 33, &["What came up, and belongs elsewhere?"], ""),
                    topic("actions", "What is to be done", 10, 33, &["Who sees to it, and how is it proven?"], ""),
                ],
                survey: None,
                form: MeetingForm {
                    at: "2026-11-24T15:00".into(),
                    zone: "Europe/Berlin".into(),
                    minutes: "60".into(),
                    place: "https://meet.example.org/review".into(),
                    leaders: vec![("dai".into(), "Dai Lewis".into(), true)],
                    people: vec![
                        ("ana".into(), "Ana Silva".into(), "was incident commander".into(), true),
                        ("eva".into(), "Eva Blum".into(), String::new(), false),
                    ],
                },
                error: None,
            }
        }

        /// It took place, and three of four say what it was good for.
        pub(crate) fn sample_held() -> Self {
            let question = |name, title, counts: [u32; 5]| QuestionView {
                name,
                title,
                marks: counts
                    .iter()
                    .enumerate()
                    .map(|(at, count)| (at + 1, *count, QuestionView::share(*count, 3), false))
                    .collect(),
            };
            let mut page = Self::sample();
            if let Some(meeting) = &mut page.meeting {
                (meeting.state, meeting.is_planned) = (Badge::new(Tone::Good, "Held"), false);
                for one in &mut meeting.invitees {
                    one.3 = true;
                }
            }
            let survey = SurveyView {
                answers: 4,
                shown: 3,
                questions: vec![
                    question("learned", "I learned something new", [0, 0, 0, 1, 2]),
                    question("blameless", "Nobody was blamed", [0, 0, 1, 0, 2]),
                    question("actions", "What is to be done will prevent it, or shorten it", [1, 0, 2, 0, 0]),
                ],
                said: vec!["Less of the timeline, more of the alerts.".into()],
                typed: String::new(),
            };
            Self { survey: Some(survey), may: May { write: true, answer: true, ..May::default() }, ..page }
        }

        pub(crate) fn sample_new() -> Self {
            Self { meeting: None, may: May { plan: true, ..May::default() }, ..Self::sample() }
        }
    }
}
