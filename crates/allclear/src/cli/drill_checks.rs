//! What came out of a drill, against what its file expects. Only compares what the server says; measures nothing itself.

use domain::learn::drill_triggers::{Compared, compare};
use domain::respond::drill_files::{Derived, DrillFile, minutes};
use domain::words::Timestamp;
use serde::Serialize;
use web::api::respond::incidents::IncidentDetail;
use web::api::respond::obligations::{ObligationClock, Obligations};

use super::drills::list;
use super::screen;

/// A rule of a postmortem policy that fired, by its name, with the conditions that it met.
pub(super) type Fired = (String, Vec<String>);

/// What came out.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    incident: String,
    drill: bool,
    /// Whether every check holds.
    pub(super) holds: bool,
    checks: Vec<Check>,
    /// Why something is to be learned from it, as the file expects it.
    triggers: Vec<Trigger>,
    /// The rules of postmortem policies that fired; absent while it is not over.
    fired: Option<Vec<String>>,
    /// The clocks that run, or ran.
    clocks: Vec<Running>,
    /// What looks odd about the times.
    oddities: Vec<String>,
    /// What the file warns of, and what people should look at themselves.
    traps: Vec<String>,
    regulatory: Vec<String>,
    drill_checks: Vec<String>,
}

/// One thing that was expected.
#[derive(Debug, PartialEq, Serialize)]
struct Check {
    what: String,
    expected: String,
    /// Absent: Allclear knows nothing of it.
    found: Option<String>,
    holds: bool,
}

/// A trigger of a postmortem that was expected.
#[derive(Debug, PartialEq, Serialize)]
struct Trigger {
    says: String,
    /// The condition of the rules that it names; absent: it is for people to look at.
    condition: Option<&'static str>,
    /// The rules that fired by it.
    rules: Vec<String>,
    /// Absent: nobody can tell, or it is not over.
    holds: Option<bool>,
    /// Named as a condition: it counts as a check. In other words it is only compared, as limits are those of each house.
    strict: bool,
}

fn trigger(one: Compared, over: bool) -> Trigger {
    let holds = one.holds().filter(|_| over);
    Trigger { says: one.trigger, condition: one.condition, rules: one.rules, holds, strict: one.strict }
}

#[derive(Debug, Serialize)]
struct Running {
    pack: String,
    clock: String,
    title: String,
    standing: String,
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
}

/// Compares.
pub(super) fn report(file: &DrillFile, found: &IncidentDetail, owed: &Obligations, fired: Option<&[Fired]>) -> Report {
    let clocks: Vec<(&str, &ObligationClock)> = owed
        .regimes
        .iter()
        .flat_map(|regime| regime.clocks.iter().map(move |clock| (regime.pack.as_str(), clock)))
        .collect();
    let mut checks = vec![Check {
        what: "marked as a drill".into(),
        expected: "yes".into(),
        found: Some(if found.incident.drill { "yes" } else { "no" }.into()),
        holds: found.incident.drill,
    }];
    checks.extend(file.expected.timestamps.iter().filter_map(|(milestone, at)| {
        let expected = (*at)?;
        let stamp = found.stamps.iter().find(|stamp| stamp.counts && stamp.milestone == milestone.word());
        Some(Check {
            what: milestone.to_string(),
            expected: to_the_minute(expected),
            found: stamp.map(|stamp| to_the_minute(stamp.at)),
            holds: stamp.is_some_and(|stamp| to_the_minute(stamp.at) == to_the_minute(expected)),
        })
    }));
    checks.extend(file.expected.derived.iter().map(|derived| {
        let seconds = measured(found, derived);
        Check {
            what: derived.name.clone(),
            expected: derived.minutes.to_string(),
            found: seconds.map(|seconds| minutes(seconds).to_string()),
            holds: seconds.is_some_and(|seconds| derived.is(seconds)),
        }
    }));
    checks.extend(file.expected.clocks.iter().map(|expected| {
        let clock = clocks
            .iter()
            .find(|(pack, clock)| *pack == expected.pack.as_str() && clock.clock == expected.clock.as_str());
        let due = clock.and_then(|(_, clock)| clock.due_at);
        Check {
            what: format!("{} {} due", expected.pack, expected.clock),
            expected: screen::exactly(expected.due_at),
            found: due.map(screen::exactly),
            holds: due == Some(expected.due_at),
        }
    }));
    let triggers: Vec<Trigger> = compare(&file.expected.triggers, fired.unwrap_or_default())
        .into_iter()
        .map(|one| trigger(one, fired.is_some()))
        .collect();
    let strict = triggers.iter().all(|one| one.holds.unwrap_or(true) || !one.strict);
    Report {
        incident: found.incident.id.clone(),
        drill: found.incident.drill,
        holds: strict && checks.iter().all(|check| check.holds),
        triggers,
        fired: fired.map(|all| all.iter().map(|(rule, _)| rule.clone()).collect()),
        checks,
        clocks: clocks
            .iter()
            .map(|(pack, clock)| Running {
                pack: (*pack).to_owned(),
                clock: clock.clock.clone(),
                title: clock.title.clone(),
                standing: clock.standing.clone(),
                due_at: clock.due_at,
                waits_for: clock.waits_for.clone(),
            })
            .collect(),
        oddities: found.oddities.clone(),
        traps: file.expected.traps.clone(),
        regulatory: file.expected.regulatory.clone(),
        drill_checks: file.drill_checks.clone(),
    }
}

/// A span as the server measures it; where it has no measure of its own, between the times that count there.
fn measured(found: &IncidentDetail, derived: &Derived) -> Option<i64> {
    if let Some(measure) = derived.measure {
        return found.measures.iter().find(|one| one.measure == measure.word()).map(|one| one.seconds);
    }
    let at = |word: &str| found.stamps.iter().find(|stamp| stamp.counts && stamp.milestone == word).map(|one| one.at);
    Some(at(derived.to.word())?.duration_since(at(derived.from.word())?).as_secs())
}

fn to_the_minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

impl Report {
    pub(super) fn show(&self) {
        let rows: Vec<[String; 4]> = self
            .checks
            .iter()
            .map(|check| {
                let found = check.found.clone().unwrap_or_else(|| "unknown".into());
                let holds = if check.holds { "equal" } else { "DIFFERS" };
                [check.what.clone(), check.expected.clone(), found, holds.to_owned()]
            })
            .collect();
        screen::say_table(["CHECK", "EXPECTED", "ALLCLEAR SAYS", ""], &rows, "The file expects nothing.");
        screen::say("");
        let rows: Vec<[String; 4]> = self
            .clocks
            .iter()
            .map(|clock| {
                let due = match (&clock.waits_for, clock.due_at) {
                    (_, Some(at)) => screen::exactly(at),
                    (Some(waits), None) => format!("waits for {waits}"),
                    (None, None) => "without delay".into(),
                };
                [format!("{} {}", clock.pack, clock.clock), clock.standing.clone(), due, clock.title.clone()]
            })
            .collect();
        screen::say_table(["CLOCK", "STANDS", "DUE", "WHAT"], &rows, "No clock of an obligation runs.");
        self.show_triggers();
        list("Odd about the times", &self.oddities);
        list("Traps of this drill", &self.traps);
        list("Duties to think of", &self.regulatory);
        list("Look at yourselves", &self.drill_checks);
    }

    fn show_triggers(&self) {
        if let Some(fired) = &self.fired {
            screen::say("");
            let rules = if fired.is_empty() { "none".to_owned() } else { fired.join(", ") };
            screen::say(format!("Rules of postmortem policies that fired: {rules}"));
        }
        if self.triggers.is_empty() {
            return;
        }
        let row = |one: &Trigger| {
            let condition = one.condition.unwrap_or("none");
            let rules = if one.rules.is_empty() { "none".to_owned() } else { one.rules.join(", ") };
            let holds = match one.holds {
                Some(true) => "fires",
                Some(false) => "DOES NOT FIRE",
                None if one.condition.is_some() => "it is not over",
                None => "look yourselves",
            };
            [one.says.clone(), condition.to_owned(), rules, holds.to_owned()]
        };
        screen::say("");
        let rows: Vec<[String; 4]> = self.triggers.iter().map(row).collect();
        screen::say_table(["POSTMORTEM BECAUSE", "CONDITION", "BY THE RULES", ""], &rows, "");
    }
}
