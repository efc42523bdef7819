//! What a drill's file expects of postmortem policies, against the rules that fired.
//!
//! A trigger names a condition of the rules, as documents have it (`data_lost`), or says it in the words of the field; what names none
//! is for people to look at. A policy's limits are those of its house, so only what names a condition itself can fail.

use super::drill_evidence::spaced;

/// What is said in the field for each condition; the longest that stands in a trigger counts.
const PHRASES: [(&str, &[&str]); 17] = [
    ("data_lost", &["data loss", "data lost", "loss of data", "data corruption"]),
    ("felt_longer", &["downtime", "outage", "user visible", "felt longer"]),
    ("took_longer", &["resolution time", "time to resolve", "took longer"]),
    ("taken_back", &["rollback", "rolled back", "kill switch", "taken back"]),
    ("taking_back_failed", &["rollback failed", "failed rollback", "taking back failed"]),
    ("by_hand", &["manual recovery", "manual failover", "failed over", "traffic rerouted", "by hand"]),
    ("recovery_failed", &["restore failed", "failed restore", "runbook failed", "runbook did not match"]),
    ("tool_unavailable", &["tool unavailable", "tools unavailable", "tooling unavailable"]),
    ("intrusion", &["intrusion", "compromise", "data exposed", "breach"]),
    ("obligation", &["obligation", "notification due"]),
    ("clock_missed", &["clock missed", "notification late"]),
    ("recurred_within", &["recurrence", "recurred"]),
    ("promises_missed", &["promise missed", "promises missed"]),
    ("noticed_by", &["monitoring failure", "noticed by people", "reported by customers", "detected by customers"]),
    ("paged_at_night", &["paged at night", "paged outside hours"]),
    ("near_miss", &["near miss"]),
    ("severities", &["severity", "sev1", "sev2"]),
];

/// A trigger, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    pub trigger: String,
    /// The condition that it names; nothing: it is for people to look at.
    pub condition: Option<&'static str>,
    /// It is the name of the condition itself.
    pub strict: bool,
    /// The rules that fired by it.
    pub rules: Vec<String>,
}

impl Compared {
    /// Whether it is as expected; nothing, if nobody can tell.
    pub fn holds(&self) -> Option<bool> {
        self.condition.map(|_| !self.rules.is_empty())
    }
}

/// Compares triggers with the rules that fired: each by its name and the conditions that it met.
pub fn compare(triggers: &[String], fired: &[(String, Vec<String>)]) -> Vec<Compared> {
    let one = |trigger: &String| {
        let named = PHRASES.iter().map(|(condition, _)| *condition).find(|condition| condition == trigger);
        let condition = named.or_else(|| in_words(trigger));
        let by = |conditions: &[String]| condition.is_some_and(|one| conditions.iter().any(|met| met == one));
        let rules = fired.iter().filter(|(_, conditions)| by(conditions)).map(|(rule, _)| rule.clone()).collect();
        Compared { trigger: trigger.clone(), condition, strict: named.is_some(), rules }
    };
    triggers.iter().map(one).collect()
}

fn in_words(trigger: &str) -> Option<&'static str> {
    let said = spaced(trigger);
    let all = PHRASES.iter().flat_map(|(condition, phrases)| phrases.iter().map(move |phrase| (*condition, *phrase)));
    let found = all.filter(|(_, phrase)| said.contains(&spaced(phrase)));
    found.max_by_key(|(_, phrase)| phrase.len()).map(|(condition, _)| condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_names_a_condition_or_is_for_people() {
        let fired = [
            ("default/data-lost".to_owned(), vec!["data_lost".to_owned()]),
            ("default/night".to_owned(), vec!["severities".to_owned(), "paged_at_night".to_owned()]),
        ];
        let table = [
            ("data_lost", Some("data_lost"), true, Some(true)),
            ("taken_back", Some("taken_back"), true, Some(false)),
            ("some data loss", Some("data_lost"), false, Some(true)),
            ("a failed rollback", Some("taking_back_failed"), false, Some(false)),
            ("somebody was paged at night", Some("paged_at_night"), false, Some(true)),
            ("it was a SEV1", Some("severities"), false, Some(true)),
            ("everybody was surprised", None, false, None),
            ("databreaches", None, false, None),
        ];
        for (trigger, condition, strict, holds) in table {
            let found = compare(&[trigger.to_owned()], &fired).remove(0);
            assert_eq!((found.condition, found.strict, found.holds()), (condition, strict, holds), "{trigger}");
        }
        assert_eq!(compare(&["severities".to_owned()], &fired)[0].rules, ["default/night"]);
    }

    #[test]
    fn every_condition_is_one_of_the_rules() {
        let when = serde_json::to_value(schemars::schema_for!(super::super::postmortem_policies::When)).unwrap();
        for (condition, _) in PHRASES {
            assert!(when["properties"][condition].is_object(), "{condition}");
        }
    }
}
