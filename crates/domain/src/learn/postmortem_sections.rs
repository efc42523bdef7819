//! The sections of a postmortem: what each is for, which form has it, and what must stand before it is reviewed.
//!
//! What happened comes first and how it is mended last: an action that is thought of too early ends the looking (PagerDuty,
//! Etsy). What explains is for people; what the record says stands beside it, with its sources, and is not copied.

use std::collections::BTreeMap;

use super::drafts::{PROMPTS, Prompt};
use super::postmortem_policies::Form;
use crate::words::choices::choices;
use crate::words::{Refusal, Result};

choices! {
    /// A part of a postmortem that people write.
    Section: "a section of a postmortem" at "/section" {
        Summary = "summary",
        Impact = "impact",
        Background = "background",
        Detection = "detection",
        Trigger = "trigger",
        Response = "response",
        Resolution = "resolution",
        WentWell = "went-well",
        WasHard = "was-hard",
        Lucky = "lucky",
        Surprised = "surprised",
        Learning = "learning",
    }
}

/// A section is no longer than this, in characters.
pub const TEXT_MOST: usize = 40_000;
/// A summary is read by everybody, also by customers: so many words are enough (practice: 120).
pub const SUMMARY_WORDS: usize = 120;

impl Section {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Impact => "Impact",
            Self::Background => "Background",
            Self::Detection => "Detection",
            Self::Trigger => "Trigger",
            Self::Response => "Response",
            Self::Resolution => "Mitigation and resolution",
            Self::WentWell => "What went well",
            Self::WasHard => "What was hard",
            Self::Lucky => "Where luck helped",
            Self::Surprised => "What surprised us",
            Self::Learning => "What we learned",
        }
    }

    /// What whoever writes it is asked.
    pub fn questions(self) -> &'static [&'static str] {
        match self {
            Self::Summary => {
                &["In two to four sentences that a customer can read: what did users feel, since when, how did it end?"]
            }
            Self::Impact => &[
                "Who was affected, how many, by what, from when to when; and how was that measured? Unknown is an answer.",
            ],
            Self::Detection => &["How was it noticed, and by whom? What was visible earlier, and not seen as this?"],
            Self::Resolution => {
                &["What stopped it for now, what mended it for good, and did a rollback work as it was planned?"]
            }
            Self::Learning => &["What would you tell a colleague who meets the same thing tomorrow?"],
            _ => self.prompt().map_or(&[], |prompt| prompt.questions),
        }
    }

    fn prompt(self) -> Option<&'static Prompt> {
        PROMPTS.iter().find(|prompt| prompt.name == self.word())
    }

    /// Whether a form has it.
    pub const fn is_of(self, form: Form) -> bool {
        match form {
            Form::Full => !matches!(self, Self::Learning),
            Form::Light => matches!(self, Self::Summary | Self::Impact | Self::Learning),
        }
    }

    /// Those of a form, in the order in which they are read.
    pub fn of(form: Form) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |section| section.is_of(form))
    }
}

/// What people wrote: the latest text of each section.
pub type Texts = BTreeMap<Section, String>;

/// What is missing before a postmortem can be reviewed, each in a sentence.
pub fn missing(form: Form, texts: &Texts, factors: usize) -> Vec<String> {
    let empty = |section: &Section| texts.get(section).is_none_or(|text| text.trim().is_empty());
    let mut missing: Vec<String> =
        Section::of(form).filter(empty).map(|section| format!("{} is empty", section.title())).collect();
    let least = match form {
        Form::Full => 2,
        Form::Light => 1,
    };
    if factors < least {
        let named = match least {
            1 => "name a contributing factor".to_owned(),
            _ => format!(
                "name two contributing factors or more, there {}: one cause is a place where people stopped looking",
                is(factors)
            ),
        };
        missing.push(named);
    }
    missing
}

fn is(factors: usize) -> &'static str {
    if factors == 0 { "is none" } else { "is one" }
}

/// What could be better, and holds nothing up.
pub fn advice(texts: &Texts) -> Vec<String> {
    let words = texts.get(&Section::Summary).map_or(0, |text| text.split_whitespace().count());
    let long = words > SUMMARY_WORDS;
    long.then(|| format!("The summary has {words} words; {SUMMARY_WORDS} are read by everybody")).into_iter().collect()
}

/// The text of a section, as it is kept.
pub fn text(said: &str) -> Result<String> {
    let said = said.replace("\r\n", "\n");
    let said = said.trim_end();
    if said.chars().count() > TEXT_MOST {
        return Err(Refusal::invalid(format!("a section has at most {TEXT_MOST} characters")).at("/text"));
    }
    if said.chars().any(|one| one.is_control() && one != '\n' && one != '\t') {
        return Err(Refusal::invalid("there are control characters in it").at("/text"));
    }
    Ok(said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_says_what_is_missing() {
        let mut texts = Texts::new();
        assert_eq!(
            missing(Form::Light, &texts, 0),
            ["Summary is empty", "Impact is empty", "What we learned is empty", "name a contributing factor"]
        );
        for section in Section::of(Form::Full) {
            texts.insert(section, "words".into());
        }
        let one = missing(Form::Full, &texts, 1);
        assert!(one.len() == 1 && one[0].starts_with("name two contributing factors or more, there is one"), "{one:?}");
        assert!(missing(Form::Full, &texts, 2).is_empty());
        texts.insert(Section::Lucky, "  \n".into());
        assert_eq!(missing(Form::Full, &texts, 2), ["Where luck helped is empty"]);
    }

    #[test]
    fn every_section_asks_something() {
        for section in Section::ALL {
            assert!(!section.questions().is_empty(), "{section}");
        }
    }

    #[test]
    fn a_long_summary_is_advised_on() {
        let texts = Texts::from([(Section::Summary, "word ".repeat(121))]);
        assert_eq!(advice(&texts), ["The summary has 121 words; 120 are read by everybody"]);
        assert!(advice(&Texts::new()).is_empty());
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(text("a\r\nb  \n").unwrap(), "a\nb");
        assert!(text("a\u{7}").is_err());
        assert!(text(&"x".repeat(TEXT_MOST + 1)).is_err());
    }
}
