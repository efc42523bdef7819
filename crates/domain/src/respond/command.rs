//! Command: an incident that people respond to has somebody who leads it, or somebody is called until it has.
//!
//! The role says whom to page, the severity how long the response may go on without a commander. Of an incident that nobody
//! has graded yet the worst is taken.

use super::incidents::{Incident, Phase};
use crate::prepare::severity::Level;
use crate::words::{Span, Timestamp};

/// When to page for a commander, if nobody has accepted by then.
///
/// `levels` is the matrix, the worst first; `calls` whether the role names an escalation policy; `after_the_fact` whether
/// the incident is written down when it was over.
pub fn page_at(incident: &Incident, levels: &[Level], calls: bool, after_the_fact: bool) -> Option<Timestamp> {
    let wanted = calls && !after_the_fact && incident.phase == Phase::Active && incident.commander.is_none();
    let within = if wanted { within(incident, levels) } else { None };
    within.map(|within| within.after(incident.since))
}

/// How long the response may go on without a commander.
fn within(incident: &Incident, levels: &[Level]) -> Option<Span> {
    let named = |name: &String| levels.iter().find(|level| level.name == *name);
    match &incident.severity {
        Some(name) => named(name)?.commander_within,
        None => levels.first()?.commander_within,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::incidents::{By, Class, Command};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn level(name: &str, minutes: Option<i64>) -> Level {
        Level { name: name.into(), commander_within: minutes.map(Span::minutes), ..Level::default() }
    }

    #[test]
    fn a_commander_is_called_by_how_bad_it_is() {
        let levels = [level("SEV1", Some(2)), level("SEV2", Some(5)), level("SEV3", None)];
        let reported = Incident::reported(Class::System, at(0));
        assert_eq!(page_at(&reported, &levels, true, false), None, "nobody was called together yet");
        let active = reported.act(&Command::Declare, By::Rule, None, at(10)).unwrap().incident;
        let graded = |level: &str| Incident { severity: Some(level.into()), ..active.clone() };
        let led = Incident { commander: Some("ana".parse().unwrap()), ..graded("SEV1") };
        for (incident, calls, after_the_fact, expected, why) in [
            (active.clone(), true, false, Some(at(12)), "not graded: as the worst"),
            (graded("SEV2"), true, false, Some(at(15)), "as its level says"),
            (graded("SEV3"), true, false, None, "a commander is optional"),
            (graded("SEV9"), true, false, None, "a level that is gone"),
            (graded("SEV1"), false, false, None, "the role calls nobody"),
            (graded("SEV1"), true, true, None, "it is over"),
            (led, true, false, None, "somebody leads"),
        ] {
            assert_eq!(page_at(&incident, &levels, calls, after_the_fact), expected, "{why}");
        }
        assert_eq!(page_at(&active, &[], true, false), None);
    }
}
