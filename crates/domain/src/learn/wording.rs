//! The wording of action items: refuses what nobody can do, advises on what is weak, and names how strong a measure is.
//!
//! It goes by words alone, keeps nothing, and says what to write instead. Only what can never be done is refused; all else is
//! advice that somebody may leave where it is.

use std::sync::LazyLock;

use regex::Regex;

use crate::words::choices::choices;
use crate::words::{Refusal, Result};

choices! {
    /// How strong a measure is, from what removes the hazard to what asks people to remember it. After the hierarchy of RCA².
    Strength: "the strength of a measure" at "/strength" {
        /// The hazard is gone.
        Eliminate = "eliminate",
        /// It cannot be done by accident.
        Guard = "guard",
        /// A machine does what people did.
        Automate = "automate",
        /// It is seen sooner.
        Alert = "alert",
        /// It is written down.
        Document = "document",
        /// People are told, or practise.
        Train = "train",
    }
}

/// What can be said of the wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// As its verbs have it; nothing, where none is known.
    pub strength: Option<Strength>,
    /// Sentences with a final full stop.
    pub notes: Vec<String>,
}

/// Wordings that nobody can do, each with what to write instead.
static REFUSED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let all = [
        (
            r"\b(be|being) (more |extra |very )?(careful|cautious|vigilant|attentive)\b|\b(take|taking) (more|better|extra) care\b|\bpay (more|closer|better) attention\b",
            "nobody can be checked for being careful: say what makes the slip impossible, or shows it at once",
        ),
        (
            r"^remind\b|\bremind (the |our )?(team|everyone|everybody|people|all|engineers|developers|staff|users)\b",
            "a reminder is forgotten: say what the system does instead, such as a check before it is merged",
        ),
        (
            r"^(improve|better|enhance|strengthen|increase)( the| our)? (monitoring|alerting|alerts|observability|logging|visibility)\W*$",
            "name what is to be seen: \"Alert when this service answers more than 1 % of requests with an error\"",
        ),
        (
            r"^(fix|solve|resolve|repair|address)( the| this| that)? (issue|bug|problem|incident|outage|error|it|root cause)\W*$",
            "name what is to be changed, so that somebody who was not there can do it: \"Handle an invalid postal code without a crash\"",
        ),
    ];
    all.into_iter().filter_map(|(text, why)| Some((Regex::new(&format!("(?i){text}")).ok()?, why))).collect()
});

/// Looking into something is a way, not an end.
static LOOKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(investigate|look into|look at|analy[sz]e|research|explore|find out|understand|study|check if|check whether|consider)\b").ok()
});

/// What comes out of it: then it is bounded.
static OUTPUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(report|document(ed)?|write|written|writes|decision|decided|decide|list(ed)?|runbook|test(s|ed)?|ticket|number|measured?|measurement|graph|published?|recommendation|proposal|reproduc\w+|merged|answer(ed)?|page)\b").ok()
});

/// Verbs, by how strong what they say is. The first that stands in a title counts.
const VERBS: [(Strength, &[&str]); 6] = [
    (
        Strength::Eliminate,
        &[
            "remove",
            "delete",
            "eliminate",
            "drop",
            "retire",
            "replace",
            "disable",
            "decommission",
            "separate",
            "stop",
            "isolate",
        ],
    ),
    (
        Strength::Guard,
        &[
            "limit",
            "block",
            "validate",
            "require",
            "enforce",
            "refuse",
            "reject",
            "restrict",
            "cap",
            "guard",
            "protect",
            "prevent",
            "handle",
            "test",
            "verify",
            "throttle",
            "lock",
            "forbid",
            "fail",
            "bound",
            "quota",
            "presubmit",
        ],
    ),
    (
        Strength::Automate,
        &[
            "automate",
            "script",
            "generate",
            "schedule",
            "rotate",
            "scale",
            "retry",
            "restore",
            "back",
            "roll",
            "automatically",
        ],
    ),
    (
        Strength::Alert,
        &["alert", "page", "detect", "monitor", "measure", "graph", "log", "notify", "alarm", "alerting"],
    ),
    (Strength::Document, &["document", "write", "describe", "record", "runbook", "checklist", "publish", "update"]),
    (
        Strength::Train,
        &[
            "train", "teach", "exercise", "practise", "practice", "drill", "present", "share", "tell", "review",
            "discuss",
        ],
    ),
];

/// Verbs after which nobody knows whether it is done.
const WEAK: [&str; 12] = [
    "investigate",
    "consider",
    "improve",
    "look",
    "explore",
    "try",
    "evaluate",
    "discuss",
    "think",
    "ensure",
    "review",
    "research",
];

/// Verbs that say nothing of strength but begin a title well.
const PLAIN: [&str; 16] = [
    "add", "make", "move", "set", "change", "use", "build", "create", "fix", "give", "keep", "show", "split", "turn",
    "raise", "lower",
];

/// Refuses what cannot be done as it is written.
pub fn refuse(title: &str, bound: &str) -> Result<()> {
    let title = title.trim();
    if let Some((_, why)) = REFUSED.iter().find(|(wording, _)| wording.is_match(title)) {
        return Err(Refusal::invalid(format!("{title:?} cannot be done as it is written: {why}")).at("/title"));
    }
    let matches = |pattern: &LazyLock<Option<Regex>>, text: &str| {
        LazyLock::force(pattern).as_ref().is_some_and(|pattern| pattern.is_match(text))
    };
    if matches(&LOOKS, title) && !matches(&OUTPUT, bound) && !matches(&OUTPUT, title) {
        let why = "looking into something has no end: say what comes out of it, such as a report, a decision or a test";
        return Err(Refusal::invalid(format!("{title:?} cannot be done as it is written: {why}")).at("/bound"));
    }
    Ok(())
}

/// What may be better; nothing of it must be.
pub fn advise(title: &str, bound: &str) -> Advice {
    let words: Vec<String> = title
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let first = words.first().map_or("", String::as_str);
    let of = |word: &str| VERBS.iter().find(|(_, verbs)| verbs.contains(&word)).map(|(strength, _)| *strength);
    let strength = words.iter().find_map(|word| of(word));
    let mut notes = Vec::new();
    if WEAK.contains(&first) {
        notes.push(format!(
            "{first:?} can go on for ever: begin with what will be otherwise, such as add, remove, limit or alert."
        ));
    } else if of(first).is_none() && !PLAIN.contains(&first) {
        notes.push(
            "Begin with a verb that says what will be otherwise, such as add, remove, limit, test or alert.".into(),
        );
    }
    if bound.trim().eq_ignore_ascii_case(title.trim()) {
        notes.push("Done says the same as the title: say how somebody who was not there can tell.".into());
    } else if bound.split_whitespace().count() < 3 {
        notes.push("Say more of when it is done: a number, a test that passes, a page that shows it.".into());
    }
    match strength {
        Some(Strength::Train) => notes.push(
            "Telling people helps those who were told, for a while: is there something that the system could refuse or do by itself?"
                .into(),
        ),
        Some(Strength::Document) => {
            notes.push("What is written must be found and read at night: could a machine do it, or refuse the slip?".into());
        }
        _ => {}
    }
    Advice { strength, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_do_is_refused_with_what_to_write_instead() {
        for title in [
            "Be more careful with deploys",
            "be careful",
            "Take more care on Fridays",
            "Remind the team of the checklist",
            "Remind everybody",
            "Improve monitoring",
            "improve our alerting.",
            "Fix the issue",
            "Fix it",
            "Resolve the root cause",
        ] {
            let refused = refuse(title, "it is so when it is so").unwrap_err();
            assert_eq!(refused.at.as_deref(), Some("/title"), "{title}");
            assert!(refused.message.len() > title.len() + 40, "{refused}");
        }
        for title in ["Investigate the slow queries", "Look into the cache", "Analyse why it happened"] {
            assert_eq!(refuse(title, "when we know").unwrap_err().at.as_deref(), Some("/bound"), "{title}");
        }
    }

    #[test]
    fn what_can_be_done_is_not_refused() {
        for (title, bound) in [
            ("Alert when the shop answers more than 1 % with errors", "the alert fires in a replay"),
            ("Handle an invalid postal code safely", "a test posts one and gets 400"),
            ("Add a presubmit check for schema changes", "a change without it is not merged"),
            ("Investigate the slow queries", "a report names the three slowest and what each needs"),
            ("Fix the issue with the postal code in the parser", "the test passes"),
            ("Improve monitoring of the queue: page at 1000 waiting", "the alert is there"),
            ("Make careless pushes impossible: protect the branch", "a push is refused"),
            ("Send a reminder mail before certificates end", "it came"),
        ] {
            assert_eq!(refuse(title, bound), Ok(()), "{title}");
        }
    }

    #[test]
    fn a_measure_is_as_strong_as_its_first_verb() {
        for (title, strength) in [
            ("Remove the old endpoint", Some(Strength::Eliminate)),
            ("Add a limit to the queue", Some(Strength::Guard)),
            ("Automate the failover", Some(Strength::Automate)),
            ("Alert on a full disk", Some(Strength::Alert)),
            ("Write a runbook for the failover", Some(Strength::Document)),
            ("Train everybody in the failover", Some(Strength::Train)),
            ("Make it blue", None),
        ] {
            assert_eq!(advise(title, "a test shows that").strength, strength, "{title}");
        }
    }

    #[test]
    fn advice_is_for_what_is_weak() {
        assert_eq!(advise("Limit the queue to 1000", "a test with 1001 is refused").notes, Vec::<String>::new());
        for (title, bound, notes) in [
            ("Improve the limits of the queue", "a test with 1001 is refused", 1),
            ("The queue", "a test with 1001 is refused", 1),
            ("Limit the queue", "Limit the queue", 1),
            ("Limit the queue", "limited", 1),
            ("Train everybody", "all were there once", 1),
        ] {
            assert_eq!(advise(title, bound).notes.len(), notes, "{title}: {:?}", advise(title, bound).notes);
        }
    }

    #[test]
    fn every_pattern_of_ours_reads() {
        assert_eq!(REFUSED.len(), 4);
        assert!(LOOKS.is_some() && OUTPUT.is_some());
    }
}
