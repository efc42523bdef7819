//! What those who were there say of a review meeting: three questions and a sentence, counted, never told by person.
//!
//! Who answered is kept, so that each answers once; what they answered is kept apart from it, as counts. Counts are shown from three
//! answers up, and three more at a time: whoever compared before and after one more answer would know what its author said.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::review_meetings::{ReviewMeeting, State};
use crate::respond::entries::line;
use crate::words::{Name, Refusal, Result};

/// What is asked: its name, and what somebody agrees with, from 1 (not at all) to 5 (fully).
pub const QUESTIONS: [(&str, &str); 3] = [
    ("learned", "I learned something new"),
    ("blameless", "Nobody was blamed"),
    ("actions", "What is to be done will prevent it, or shorten it"),
];

/// So many answers are shown together.
pub const TOGETHER: u32 = 3;
const SAID_MOST: usize = 500;

/// What somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// In the order of the questions.
    pub marks: [u32; 3],
    /// A sentence; or nothing.
    pub said: String,
}

/// Some answers, as far as they are known: how often each mark was given to each question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub answers: u32,
    pub counts: [[u32; 5]; 3],
    /// In their alphabet: their order tells of nobody.
    pub said: BTreeSet<String>,
}

/// What was said of one meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewSurvey {
    pub answered: BTreeSet<Name>,
    /// What anybody may read who sees the meeting.
    pub shown: Tally,
    /// Those that wait for company.
    pub waiting: Tally,
}

impl ReviewSurvey {
    /// How many answered.
    pub const fn answers(&self) -> u32 {
        self.shown.answers + self.waiting.answers
    }

    /// Whether somebody is asked now.
    pub fn asks(&self, meeting: &ReviewMeeting, person: &Name) -> bool {
        meeting.state == State::Held && is_asked(meeting, person) && !self.answered.contains(person)
    }

    /// Somebody answers, once.
    pub fn answer(&self, meeting: &ReviewMeeting, by: &Name, answer: &Answer) -> Result<Self> {
        if meeting.state != State::Held {
            return Err(Refusal::conflict("it did not take place yet: what it was good for is asked afterwards"));
        }
        if !is_asked(meeting, by) {
            return Err(Refusal::forbidden("only those answer who were asked to come, or were there"));
        }
        if self.answered.contains(by) {
            let message = "you answered already; nobody knows which answer is yours, so it stays as it is";
            return Err(Refusal::conflict(message));
        }
        for ((name, _), mark) in QUESTIONS.iter().zip(answer.marks) {
            if !(1..=5).contains(&mark) {
                return Err(Refusal::invalid("answer with a number from 1 to 5").at(format!("/{name}")));
            }
        }
        let mut next = self.clone();
        next.answered.insert(by.clone());
        next.waiting.answers += 1;
        for (counts, mark) in next.waiting.counts.iter_mut().zip(answer.marks) {
            counts[mark as usize - 1] += 1;
        }
        if !answer.said.trim().is_empty() {
            next.waiting.said.insert(line(&answer.said, SAID_MOST, "/said")?);
        }
        if next.waiting.answers >= TOGETHER {
            let waited = std::mem::take(&mut next.waiting);
            next.shown.add(waited);
        }
        Ok(next)
    }
}

fn is_asked(meeting: &ReviewMeeting, person: &Name) -> bool {
    meeting.attended.contains(person) || meeting.invitees.iter().any(|one| one.person == *person)
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        for (mine, theirs) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *mine += theirs;
        }
        self.said.extend(other.said);
    }
}

#[cfg(test)]
mod tests {
    use super::super::review_meetings::Invitee;
    use super::*;
    use crate::words::{Mint, RefusalKind, Timestamp};

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn held() -> ReviewMeeting {
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let invited = |person: &str| Invitee { person: name(person), why: "is invited".into() };
        ReviewMeeting {
            incident: Mint::seeded(1).id(at),
            revision: 2,
            state: State::Held,
            starts_at: at,
            minutes: 60,
            place: String::new(),
            facilitator: name("dai"),
            sequence: 0,
            invitees: ["ana", "ben", "carla", "dai"].map(invited).into(),
            notes: vec![],
            decisions: vec![],
            attended: ["ana", "eva", "fay"].map(name).into(),
        }
    }

    fn said(marks: [u32; 3], said: &str) -> Answer {
        Answer { marks, said: said.into() }
    }

    #[test]
    fn three_answers_are_shown_together_and_one_more_never_alone() {
        let (meeting, mut survey) = (held(), ReviewSurvey::default());
        let mut shown = Vec::new();
        for (by, marks, words) in [
            ("ana", [5, 5, 1], "Thank you"),
            ("ben", [4, 5, 1], " "),
            ("carla", [1, 2, 1], "Less of the timeline"),
            ("dai", [3, 3, 3], "And again"),
            ("eva", [3, 3, 3], ""),
            ("fay", [5, 5, 5], ""),
        ] {
            assert!(survey.asks(&meeting, &name(by)));
            survey = survey.answer(&meeting, &name(by), &said(marks, words)).unwrap();
            assert!(!survey.asks(&meeting, &name(by)));
            shown.push((survey.shown.answers, survey.shown.said.len(), survey.answers()));
        }
        assert_eq!(shown, [(0, 0, 1), (0, 0, 2), (3, 2, 3), (3, 2, 4), (3, 2, 5), (6, 3, 6)]);
        assert_eq!(survey.shown.counts, [[1, 0, 2, 1, 2], [0, 1, 2, 0, 3], [3, 0, 2, 0, 1]]);
        assert_eq!(survey.waiting, Tally::default());
    }

    #[test]
    fn each_answers_once_after_it_took_place_who_was_asked_or_there() {
        let (meeting, survey) = (held(), ReviewSurvey::default());
        let planned = ReviewMeeting { state: State::Planned, ..meeting.clone() };
        let good = said([3, 3, 3], "");
        let refused = |meeting: &ReviewMeeting, survey: &ReviewSurvey, by: &str, answer: &Answer| {
            let refusal = survey.answer(meeting, &name(by), answer).unwrap_err();
            (refusal.kind, refusal.at.unwrap_or_default())
        };
        assert_eq!(refused(&planned, &survey, "ana", &good).0, RefusalKind::Conflict);
        assert!(!survey.asks(&planned, &name("ana")) && !survey.asks(&meeting, &name("gus")));
        assert_eq!(refused(&meeting, &survey, "gus", &good).0, RefusalKind::Forbidden);
        for (marks, words, place) in
            [([0, 3, 3], "", "/learned"), ([3, 6, 3], "", "/blameless"), ([3, 3, 3], "a\nb", "/said")]
        {
            assert_eq!(
                refused(&meeting, &survey, "ana", &said(marks, words)),
                (RefusalKind::Invalid, place.to_owned())
            );
        }
        let once = survey.answer(&meeting, &name("ana"), &good).unwrap();
        assert_eq!(refused(&meeting, &once, "ana", &good).0, RefusalKind::Conflict);
    }
}
