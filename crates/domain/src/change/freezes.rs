//! Freezes: when nothing is changed, and why. Those that were written down, and those that a bad incident makes.
//!
//! While a SEV1 or SEV2 is open, whatever touches the same services waits, except what is part of that incident. Taking something
//! back is never frozen: it is the way out.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::changes::Path;
use super::proposals::Kind;
use super::reach::Graph;
use crate::words::{IncidentId, Name, Refusal, Timestamp};

/// The spec of a `freeze` document: a stretch of time in which nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// What people call it: `Black Friday`.
    pub title: String,
    /// Why nothing is changed then.
    pub why: String,
    /// The first instant of it.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// The first instant after it.
    #[schemars(with = "String")]
    pub to: Timestamp,
    /// Services that it is about, with all that they need. Empty: all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<Name>,
    /// Environments that it is about. Empty: all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub environments: BTreeSet<Name>,
    /// Kinds of change that go on nevertheless.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub except: Vec<Kind>,
    /// Emergencies alone go on, and only an administrator exempts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hard: bool,
}

/// An open incident, as far as a freeze needs to know it. Of a restricted one the caller gives the codename, or leaves it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIncident {
    pub id: IncidentId,
    /// What it may be called before everybody who reads the reason.
    pub called: String,
    pub severity: Option<String>,
    /// At its severity nothing else is changed where it may be felt.
    pub freezes: bool,
    pub services: BTreeSet<Name>,
}

/// What is to be done, as far as freezes and the gate need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub kind: Kind,
    pub path: Path,
    /// None: nobody knows what it touches, so it may touch everything.
    pub services: BTreeSet<Name>,
    pub environment: Option<Name>,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
    /// It takes something back, or switches something off.
    pub takes_back: bool,
}

impl Freeze {
    /// What is wrong in the document.
    pub fn problems(&self) -> Vec<Refusal> {
        let mut problems = Vec::new();
        if self.to <= self.from {
            problems.push(Refusal::invalid("a freeze ends after it begins").at("/to"));
        }
        for (text, at) in [(&self.title, "/title"), (&self.why, "/why")] {
            if text.trim().is_empty() {
                problems.push(Refusal::invalid("say it in a few words").at(at));
            }
        }
        problems
    }

    /// Whether it keeps this from being done at `now`.
    pub fn holds(&self, deed: &Deed, graph: &Graph, now: Timestamp) -> bool {
        let here =
            deed.environment.as_ref().is_none_or(|it| self.environments.is_empty() || self.environments.contains(it));
        let on_time = self.from <= now && now < self.to;
        let excepted = deed.takes_back || self.except.contains(&deed.kind) || deed.path == Path::Emergency;
        on_time && here && !excepted && self.covers(&deed.services, graph)
    }

    /// What a service needs is frozen with it.
    fn covers(&self, services: &BTreeSet<Name>, graph: &Graph) -> bool {
        let all = self.services.is_empty() || services.is_empty();
        all || graph.blast_radius(services).keys().any(|hit| self.services.contains(hit))
    }
}

impl OpenIncident {
    /// Whether it keeps this from being done as long as it is open. An incident that names no service may be about all.
    pub fn holds(&self, deed: &Deed, graph: &Graph) -> bool {
        let part = deed.takes_back || deed.incident == Some(self.id);
        let unknown = self.services.is_empty() || deed.services.is_empty();
        self.freezes && !part && (unknown || graph.touch(&deed.services, &self.services))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::words::Id as _;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn graph() -> Graph {
        [("shop", "cart"), ("cart", "db"), ("shop", "search")].into_iter().map(|(a, b)| (name(a), name(b))).collect()
    }

    fn deed(services: &[&str]) -> Deed {
        Deed {
            kind: Kind::Deploy,
            path: Path::Planned,
            services: services.iter().map(|one| name(one)).collect(),
            environment: Some(name("live")),
            incident: None,
            takes_back: false,
        }
    }

    #[test]
    fn a_freeze_holds_what_it_is_about_while_it_lasts() {
        let freeze = Freeze {
            title: "Sale".into(),
            why: "most money is made".into(),
            from: at(0),
            to: at(10),
            services: [name("cart")].into(),
            environments: [name("live")].into(),
            except: vec![Kind::Certificate],
            hard: false,
        };
        assert_eq!(freeze.problems(), []);
        let edges = [(-1, false), (0, true), (9, true), (10, false)];
        for (hour, holds) in edges {
            assert_eq!(freeze.holds(&deed(&["cart"]), &graph(), at(hour)), holds, "{hour}");
        }
        for (deed, holds, why) in [
            (deed(&["db"]), true, "what it needs"),
            (deed(&["shop"]), false, "what needs it"),
            (deed(&[]), true, "nobody knows what it touches"),
            (Deed { environment: Some(name("test")), ..deed(&["cart"]) }, false, "elsewhere"),
            (Deed { environment: None, ..deed(&["cart"]) }, true, "nobody said where"),
            (Deed { kind: Kind::Certificate, ..deed(&["cart"]) }, false, "an exception"),
            (Deed { takes_back: true, ..deed(&["cart"]) }, false, "the way out"),
            (Deed { path: Path::Emergency, ..deed(&["cart"]) }, false, "an emergency"),
        ] {
            assert_eq!(freeze.holds(&deed, &graph(), at(5)), holds, "{why}");
        }
        let wrong = Freeze { to: at(0), why: " ".into(), ..freeze };
        let places: Vec<_> = wrong.problems().into_iter().filter_map(|problem| problem.at).collect();
        assert_eq!(places, ["/to", "/why"]);
    }

    #[test]
    fn a_bad_incident_holds_what_touches_it() {
        let own = IncidentId::from_bits(1);
        let open = |severity: Option<&str>, services: &[&str]| OpenIncident {
            id: own,
            called: "inc".into(),
            severity: severity.map(Into::into),
            freezes: severity.is_some_and(|level| level < "SEV3"),
            services: services.iter().map(|one| name(one)).collect(),
        };
        for (incident, deed, holds, why) in [
            (open(Some("SEV1"), &["cart"]), deed(&["cart"]), true, "the same"),
            (open(Some("SEV2"), &["cart"]), deed(&["db"]), true, "below"),
            (open(Some("SEV2"), &["cart"]), deed(&["shop"]), true, "above"),
            (open(Some("SEV2"), &["cart"]), deed(&["search"]), false, "beside"),
            (open(Some("SEV3"), &["cart"]), deed(&["cart"]), false, "not bad enough"),
            (open(None, &["cart"]), deed(&["cart"]), false, "not graded"),
            (open(Some("SEV1"), &[]), deed(&["search"]), true, "about everything"),
            (open(Some("SEV1"), &["cart"]), deed(&[]), true, "may touch everything"),
            (open(Some("SEV1"), &["cart"]), Deed { incident: Some(own), ..deed(&["cart"]) }, false, "part of it"),
            (open(Some("SEV1"), &["cart"]), Deed { takes_back: true, ..deed(&["cart"]) }, false, "the way out"),
            (
                open(Some("SEV1"), &["cart"]),
                Deed { path: Path::Emergency, ..deed(&["cart"]) },
                true,
                "of another incident",
            ),
        ] {
            assert_eq!(incident.holds(&deed, &graph()), holds, "{why}");
        }
    }
}
