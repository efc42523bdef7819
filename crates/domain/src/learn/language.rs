//! The language aid: advice on sentences that judge people, where a report should tell what the system let happen.
//!
//! It looks at who does what in a clause, not at words alone, and it asks a question; it never rewrites, never blocks and
//! never counts by author. It calls itself an aid, no proof: a text without findings may still blame.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::lexicon::PHRASES;
use super::prose::{Part, Prose, Sentence};
pub use super::subjects::Directory;
use super::subjects::{Word, words};
use crate::words::choices::choices;
use crate::words::{Refusal, RefusalKind, Result};

/// The longest text that is looked at, in bytes.
pub const TEXT_MOST: usize = 200_000;

choices! {
    /// How sure it is.
    Severity: "the severity of a finding" at "/severity" {
        // Worth a thought; often fine as it is.
        Nudge = "nudge",
        // Nearly always better said otherwise.
        Flag = "flag",
    }
}

choices! {
    /// What kind of sentence it is.
    Group: "the group of a finding" at "/group" {
        Counterfactual = "counterfactual",
        Hindsight = "hindsight",
        Omission = "omission",
        HumanError = "human-error",
        Judgement = "judgement",
        Character = "character",
        PersonAsCause = "person-as-cause",
        Deficit = "deficit",
        Sanction = "sanction",
        Interrogation = "interrogation",
        Identifying = "identifying",
        PublicText = "public-text",
    }
}

impl Group {
    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Counterfactual => "What did not happen",
            Self::Hindsight => "Hindsight",
            Self::Omission => "What was left out",
            Self::HumanError => "Human error",
            Self::Judgement => "A verdict",
            Self::Character => "Character",
            Self::PersonAsCause => "A person as the cause",
            Self::Deficit => "A lack",
            Self::Sanction => "Vigilance or sanction",
            Self::Interrogation => "A why to a person",
            Self::Identifying => "Who it was",
            Self::PublicText => "Without a number",
        }
    }

    /// Why it is pointed out.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Counterfactual => "This tells of something that did not happen. It explains nothing of what did.",
            Self::Hindsight => "Whoever was there did not know how it would end.",
            Self::Omission => "People are always doing something. What they did says more than what they left out.",
            Self::HumanError => "This label ends the search where it should begin.",
            Self::Judgement => "This measures people by the outcome. The mechanism stays in the dark.",
            Self::Character => "A trait cannot be mended by a change to the system, and it is seldom the reason.",
            Self::PersonAsCause => "A person is no cause. Somebody else could have stood there.",
            Self::Deficit => "There is a lack of everything that is absent. What was there instead can be changed.",
            Self::Sanction => "Attention cannot be verified, and who fears a sanction tells less.",
            Self::Interrogation => "Asked why, people justify themselves. Asked what and how, they tell.",
            Self::Identifying => {
                "A role is enough to understand it, and a single person is easily taken for the reason."
            }
            Self::PublicText => "Readers have met this phrase too often to believe it.",
        }
    }
}

/// A place in a text that may be worth another look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// In bytes.
    pub range: Range<usize>,
    /// The sentence around it, in bytes.
    pub sentence: Range<usize>,
    pub group: Group,
    pub severity: Severity,
    pub why: String,
    /// A question whose answer would be a better sentence.
    pub ask: String,
}

/// Beside these a thought is only wondered about.
static WONDERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:whether|reflect|wonder(?:ed|ing)?|discuss if)\b").expect("a pattern"));

/// Looks at a text in Markdown. In the order of the text, at most one finding of each group in a sentence.
///
/// # Errors
///
/// A text that is too long.
pub fn findings(text: &str, directory: &Directory) -> Result<Vec<Finding>> {
    if text.len() > TEXT_MOST {
        let message = format!("the text has {} bytes; at most {TEXT_MOST} are looked at", text.len());
        return Err(Refusal::new(RefusalKind::TooLarge, message).at("/text"));
    }
    let prose = Prose::read(text);
    let mut found = Vec::new();
    for sentence in prose.sentences() {
        let original = &text[sentence.at..sentence.at + sentence.text.len()];
        let words = words(sentence.text, original, directory);
        look(&sentence, &words, &mut found);
    }
    Ok(found)
}

fn look(sentence: &Sentence<'_>, words: &[Word<'_>], into: &mut Vec<Finding>) {
    let mut own: Vec<Finding> = Vec::new();
    let end = sentence.at + sentence.text.trim_end().len();
    let begin = sentence.at + sentence.text.len() - sentence.text.trim_start().len();
    let finding = |range: Range<usize>, group: Group, severity, ask: &str| Finding {
        range: sentence.at + range.start..sentence.at + range.end,
        sentence: begin..end,
        group,
        severity,
        why: group.why().to_owned(),
        ask: ask.to_owned(),
    };
    for phrase in PHRASES.iter().filter(|phrase| is_asked(phrase.group, sentence.part)) {
        for found in phrase.pattern.find_iter(sentence.text) {
            if phrase.unless.as_ref().is_some_and(|unless| unless.is_match(sentence.text)) {
                break;
            }
            // What stands before a phrase in its pattern is no part of it: the subject is looked for before the first word.
            let at = found.start() + found.as_str().find(|sign: char| sign.is_alphanumeric()).unwrap_or(0);
            let Some(mut severity) = phrase.by.severity(words, at, found.end()) else { continue };
            if phrase.group == Group::Counterfactual && WONDERS.is_match(&sentence.text[..at]) {
                severity = Severity::Nudge;
            }
            own.push(finding(at..found.end(), phrase.group, severity, phrase.ask));
        }
    }
    if sentence.part == Part::Factors {
        let name = words.iter().find(|word| word.is_name());
        own.extend(name.map(|name| {
            finding(
                name.at..name.at + name.text.len(),
                Group::Identifying,
                Severity::Nudge,
                "Which role was it, and which condition did it meet?",
            )
        }));
    }
    into.extend(calm(own));
}

/// Whether sentences of this part are asked about this.
fn is_asked(group: Group, part: Part) -> bool {
    match part {
        Part::Actions => group != Group::Counterfactual,
        Part::Heading => !matches!(group, Group::Hindsight | Group::Identifying),
        Part::People => group != Group::Identifying,
        Part::Factors | Part::Other => true,
    }
}

/// The most severe of each place and of each group, then the longest, in the order of the text.
fn calm(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|one| (std::cmp::Reverse((one.severity, one.range.len())), one.range.start));
    let mut kept: Vec<Finding> = Vec::new();
    for one in found {
        let overlaps = |other: &Finding| other.range.start < one.range.end && one.range.start < other.range.end;
        if !kept.iter().any(|other| other.group == one.group || overlaps(other)) {
            kept.push(one);
        }
    }
    kept.sort_by_key(|one| one.range.start);
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn directory() -> Directory {
        Directory::new(["Ana Sousa", "ben"].into_iter(), ["checkout", "operator-portal"].into_iter())
    }

    fn told(text: &str) -> Vec<(Severity, Group, &str)> {
        let found = findings(text, &directory()).unwrap();
        found.into_iter().map(|one| (one.severity, one.group, &text[one.range])).collect()
    }

    #[test]
    fn the_subject_decides() {
        use Group::{Judgement, Omission};
        use Severity::{Flag, Nudge};
        for (text, expected) in [
            ("The developer failed to read the alert.", vec![(Flag, Omission, "failed to read")]),
            ("Ana failed to read the alert.", vec![(Flag, Omission, "failed to read")]),
            ("We failed to read the alert.", vec![(Nudge, Omission, "failed to read")]),
            ("The pods failed to start.", vec![]),
            ("checkout failed to start.", vec![]),
            ("Customers did not notice.", vec![]),
            ("The bucket was inadvertently emptied.", vec![(Nudge, Judgement, "inadvertently")]),
            ("The job inadvertently emptied the bucket.", vec![]),
            ("The table was mistakenly dropped by an operator.", vec![(Flag, Judgement, "mistakenly")]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn each_group_has_a_sentence() {
        for (text, group) in [
            ("The rollout should have been tested on one node first.", Group::Counterfactual),
            ("This outage was preventable.", Group::Hindsight),
            ("Nobody noticed the lag.", Group::Omission),
            ("The cause was human error.", Group::HumanError),
            ("It was a bad decision.", Group::Judgement),
            ("That was careless.", Group::Character),
            ("An engineer took down the region.", Group::PersonAsCause),
            ("There was a lack of training.", Group::Deficit),
            ("Remind everyone to look twice.", Group::Sanction),
            ("Why did nobody look?", Group::Interrogation),
            ("He ran the command.", Group::Identifying),
            ("We take your trust very seriously.", Group::PublicText),
        ] {
            let found = told(text);
            assert!(found.iter().any(|one| one.1 == group), "{text}: {found:?}");
        }
    }

    #[test]
    fn plain_telling_and_requirements_are_left_alone() {
        for text in [
            "The developer ran the suite in a terminal that still pointed at production.",
            "Each service should have an owner.",
            "This address should not have public access.",
            "The queue should have been drained automatically.",
            "It could have been worse.",
            "Had we not been watching, the second node would have stopped, too.",
            "We assumed a user error at the time.",
            "The culprit was an Ingress object.",
            "Use lazy loading, a sloppy quorum and git blame; a page fault is no fault domain.",
            "The employee was removed from the group.",
            "Poor performance of the disk made it slow.",
            "> The engineer was careless.\n\n```\nhuman error\n```\n",
            "The connection pool was exhausted.",
            "## Roles\n\nShe wrote the updates.",
            "## Action items\n\n- The alert should have been tested",
        ] {
            assert_eq!(told(text), vec![], "{text}");
        }
    }

    #[test]
    fn a_name_is_no_factor() {
        let text = "# Contributing factors\n\n- Ana was on call\n\n# Roles\n\n- Ana commanded";
        assert_eq!(told(text), [(Severity::Nudge, Group::Identifying, "Ana")]);
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let refusal = findings(&"a".repeat(TEXT_MOST + 1), &directory()).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::TooLarge);
        let long = "we failed to see and ".repeat(TEXT_MOST / 21);
        assert!(findings(&long, &directory()).unwrap().len() > 10);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(text in "(?s).{0,80}|((we|ana|the pod|was|failed to|should have|been|tested|\n|, |\\. |# |\"|`|é) ?){0,30}") {
            for one in findings(&text, &directory()).unwrap() {
                prop_assert!(text.get(one.range.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(one.sentence.start <= one.range.start && one.range.end <= one.sentence.end);
            }
        }
    }
}
