//! End criteria: what should be so before somebody says that the response is over. One that is not met is no wall: the
//! commander may say why it can stay, and the journal keeps that.

use super::incidents::{Activity, Class, Incident};
use super::stamps::{Milestone, Standing};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// `its alerts have cleared`.
    pub says: String,
    pub met: bool,
}

/// What is known of an incident besides its own state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Groups of alerts that belong to it, and how many of them still fire.
    pub groups: usize,
    pub firing: usize,
    /// Tasks that nobody has finished or dropped.
    pub open_tasks: usize,
}

/// What should be so, in the order in which it comes about.
pub fn criteria(incident: &Incident, standing: &Standing<'_>, facts: Facts) -> Vec<Criterion> {
    let reached = |milestone: Milestone| standing.contains_key(&milestone);
    let at_rest = |activity: Activity| !incident.activities.contains_key(&activity);
    let mut all = Vec::new();
    let mut need = |says: &str, met: bool| all.push(Criterion { says: says.to_owned(), met });
    need("impact is back under the threshold", reached(Milestone::Mitigated) || reached(Milestone::Recovered));
    if incident.class == Class::Security {
        need("further harm is stopped", reached(Milestone::Contained) && at_rest(Activity::Containment));
        need("what the attacker left is gone", reached(Milestone::Eradicated) && at_rest(Activity::Eradication));
        need(
            "what was restored was checked and is sound",
            reached(Milestone::Recovered) && at_rest(Activity::Recovery),
        );
    } else {
        need("nobody still contains or restores", at_rest(Activity::Containment) && at_rest(Activity::Recovery));
    }
    if facts.open_tasks > 0 {
        need("every task is done or dropped", false);
    }
    if facts.groups > 0 {
        need("its alerts have cleared", facts.firing == 0);
    }
    all
}

/// Those that are not met, in words.
pub fn unmet(all: &[Criterion]) -> Vec<String> {
    all.iter().filter(|one| !one.met).map(|one| one.says.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::stamps::{Source, Stamp, When, standing};
    use super::*;
    use crate::words::{Mint, Timestamp};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn reached(milestones: &[Milestone]) -> Vec<Stamp> {
        let mut mint = Mint::seeded(1);
        let stamp = |milestone: &Milestone| Stamp {
            id: mint.id(at(0)),
            milestone: *milestone,
            when: When::exactly(at(0)),
            source: Source::Human,
            by: "person:ana".into(),
            entered_at: at(0),
            evidence: None,
            note: None,
            supersedes: None,
        };
        milestones.iter().map(stamp).collect()
    }

    #[test]
    fn a_failure_is_over_when_nobody_suffers_and_nothing_fires() {
        let mut incident = Incident::reported(Class::System, at(0));
        let facts = Facts { groups: 2, firing: 1, open_tasks: 0 };
        let says = |incident: &Incident, stamps: &[Stamp], facts| unmet(&criteria(incident, &standing(stamps), facts));
        assert_eq!(says(&incident, &[], facts), ["impact is back under the threshold", "its alerts have cleared"]);
        let mitigated = reached(&[Milestone::Mitigated]);
        assert_eq!(says(&incident, &mitigated, Facts { groups: 2, ..Facts::default() }), [""; 0]);
        let busy = Facts { open_tasks: 1, ..Facts::default() };
        assert_eq!(says(&incident, &mitigated, busy), ["every task is done or dropped"]);
        assert_eq!(says(&incident, &mitigated, Facts::default()), [""; 0], "without alerts there are none to clear");
        incident.activities.insert(Activity::Recovery, at(1));
        assert_eq!(says(&incident, &mitigated, Facts::default()), ["nobody still contains or restores"]);
    }

    #[test]
    fn a_breach_is_contained_eradicated_and_recovered_from() {
        let incident = Incident::reported(Class::Security, at(0));
        let says = |milestones: &[Milestone]| {
            let stamps = reached(milestones);
            unmet(&criteria(&incident, &standing(&stamps), Facts::default()))
        };
        assert_eq!(says(&[]).len(), 4);
        assert_eq!(
            says(&[Milestone::Mitigated, Milestone::Contained]),
            ["what the attacker left is gone", "what was restored was checked and is sound"]
        );
        assert_eq!(says(&[Milestone::Contained, Milestone::Eradicated, Milestone::Recovered]), [""; 0]);
    }
}
