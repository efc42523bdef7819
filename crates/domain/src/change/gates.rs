//! The gate: may this be done now. The one place that decides, for changes, switches, documents of ours and pipelines alike.
//!
//! It answers with every reason, and with who may exempt from each. An exemption is of one revision, by somebody who may and who
//! did not write the change, with a reason; it is kept. What cannot be exempted is the plan and the second person: for haste there
//! is the path of an emergency.

use std::fmt;

use super::changes::{Change, Path, State};
use super::freezes::{Deed, Freeze, OpenIncident};
use super::reach::Graph;
use crate::prepare::people::Access;
use crate::words::{ChangeId, IncidentId, Name, PinId, Refusal, Result, Timestamp};

/// What keeps a change from being done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// There is no change on record.
    Record,
    /// It is over, or under way.
    State,
    /// Not enough people approved this revision.
    Approval,
    /// Its plan of rollback is not complete.
    Plan,
    /// It is not its time.
    Window,
    Freeze(Name),
    Incident(IncidentId),
    /// An emergency outside of an open incident.
    Emergency,
    /// Another change of the same service goes on.
    Collision(ChangeId),
    /// Documents that are proposed and approved first.
    Review(Name),
    /// The signals of an earlier incident would not reach whom they must.
    Pin(PinId),
}

impl Rule {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::State => "state",
            Self::Approval => "approval",
            Self::Plan => "plan",
            Self::Window => "window",
            Self::Freeze(_) => "freeze",
            Self::Incident(_) => "incident",
            Self::Emergency => "emergency",
            Self::Collision(_) => "collision",
            Self::Review(_) => "review",
            Self::Pin(_) => "pin",
        }
    }

    /// What it is about beyond its word: a freeze, an incident, another change; mostly nothing.
    pub fn about(&self) -> String {
        match self {
            Self::Freeze(name) | Self::Review(name) => name.to_string(),
            Self::Incident(id) => id.to_string(),
            Self::Collision(id) => id.to_string(),
            Self::Pin(id) => id.to_string(),
            _ => String::new(),
        }
    }

    /// The rule of that word, about that.
    pub fn read(word: &str, about: &str) -> Result<Self> {
        let wrong = || Refusal::invalid("no rule is called so: read the answer of the gate").at("/rule");
        let rule = match word {
            "record" => Self::Record,
            "state" => Self::State,
            "approval" => Self::Approval,
            "plan" => Self::Plan,
            "window" => Self::Window,
            "emergency" => Self::Emergency,
            "freeze" => Self::Freeze(about.parse().map_err(|_| wrong())?),
            "review" => Self::Review(about.parse().map_err(|_| wrong())?),
            "incident" => Self::Incident(about.parse().map_err(|_| wrong())?),
            "collision" => Self::Collision(about.parse().map_err(|_| wrong())?),
            "pin" => Self::Pin(about.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        if rule.about() == about { Ok(rule) } else { Err(wrong()) }
    }
}

/// Who may exempt from a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempter {
    Nobody,
    /// Somebody with this access, or more.
    Access(Access),
    /// Who commands the incident.
    Commander(IncidentId),
}

impl Exempter {
    /// Whether they are one of those who may.
    pub fn admits(&self, by: &Exempting) -> bool {
        match self {
            Self::Nobody => false,
            Self::Access(access) => by.access >= *access,
            Self::Commander(incident) => by.commands.contains(incident),
        }
    }
}

impl fmt::Display for Exempter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Access(Access::Administrator) => f.write_str("an administrator"),
            Self::Access(access) => write!(f, "a {}", access.word()),
            Self::Commander(_) => f.write_str("the commander of the incident"),
        }
    }
}

/// Somebody who exempts, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempting {
    pub name: Name,
    pub access: Access,
    /// The incidents that they command.
    pub commands: Vec<IncidentId>,
}

/// A change was exempted from a rule. It is kept, and counts for this revision alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    pub rule: Rule,
    pub change: ChangeId,
    pub revision: u32,
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
}

/// One thing that speaks against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub rule: Rule,
    /// A sentence for people, without a final full stop.
    pub message: String,
    pub exempter: Exempter,
    pub exemption: Option<Exemption>,
}

/// The answer, with everything that speaks against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Whether it may be done: whatever speaks against it was exempted.
    pub fn allows(&self) -> bool {
        self.reasons.iter().all(|reason| reason.exemption.is_some())
    }

    /// Nothing, or a refusal with every reason and who may exempt.
    pub fn must_allow(&self) -> Result<()> {
        let against: Vec<String> = self
            .reasons
            .iter()
            .filter(|reason| reason.exemption.is_none())
            .map(|reason| match &reason.exempter {
                Exempter::Nobody => reason.message.clone(),
                exempter => format!("{} ({exempter} may exempt)", reason.message),
            })
            .collect();
        if against.is_empty() { Ok(()) } else { Err(Refusal::conflict(against.join("; "))) }
    }
}

/// What the gate must know.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub freezes: &'a [(Name, Freeze)],
    /// All that are open, whatever their severity.
    pub incidents: &'a [OpenIncident],
    pub graph: &'a Graph,
    /// Other changes that go on.
    pub running: &'a [Change],
    pub exemptions: &'a [Exemption],
    /// Whether there must be a record of what is done.
    pub needs_record: bool,
}

/// What a change would do.
pub fn deed(change: &Change) -> Deed {
    let mut environments = change.proposal.targets.iter().map(|target| target.environment.clone());
    let first = environments.next().flatten();
    Deed {
        kind: change.proposal.kind,
        path: change.path,
        services: change.proposal.services(),
        // Of several the freezes of all count: as if nobody had said where.
        environment: first.filter(|first| environments.all(|other| other.as_ref() == Some(first))),
        incident: change.incident,
        takes_back: false,
    }
}

/// May this be done now? `change` is the record of it, if there is one.
pub fn decide(deed: &Deed, change: Option<&Change>, facts: Facts<'_>, now: Timestamp) -> Decision {
    let mut reasons = Vec::new();
    let mut against = |rule: Rule, message: String, exempter: Exempter| {
        let exemption = change.and_then(|change| {
            let fits =
                |one: &&Exemption| one.rule == rule && one.change == change.id && one.revision == change.revision;
            facts.exemptions.iter().find(fits).filter(|_| exempter != Exempter::Nobody).cloned()
        });
        reasons.push(Reason { rule, message, exempter, exemption });
    };

    match change {
        None if facts.needs_record && !deed.takes_back => {
            against(Rule::Record, "there is no change on record for it".into(), Exempter::Nobody);
        }
        None => {}
        // What is under way is let through again: a pipeline asks before each of its stages.
        Some(change)
            if !change.state.is_ahead() && !matches!(change.state, State::Running { .. }) && !deed.takes_back =>
        {
            against(Rule::State, format!("the change is {}", change.state.word()), Exempter::Nobody);
        }
        Some(change) => of_change(change, deed, now, &mut against),
    }
    if deed.path == Path::Emergency && !facts.incidents.iter().any(|open| Some(open.id) == deed.incident) {
        against(
            Rule::Emergency,
            "an emergency is part of an open incident, and there is none".into(),
            Exempter::Nobody,
        );
    }
    for (name, freeze) in facts.freezes.iter().filter(|(_, freeze)| freeze.holds(deed, facts.graph, now)) {
        let until = freeze.to.strftime("%Y-%m-%d %H:%M UTC");
        let message = format!("{} until {until}: {}", freeze.title, freeze.why);
        let access = if freeze.hard { Access::Administrator } else { Access::Manager };
        against(Rule::Freeze(name.clone()), message, Exempter::Access(access));
    }
    for open in facts.incidents.iter().filter(|open| open.holds(deed, facts.graph)) {
        let severity = open.severity.as_deref().unwrap_or_default();
        let message = format!("{} is open ({severity}) and touches the same services", open.called);
        against(Rule::Incident(open.id), message, Exempter::Commander(open.id));
    }
    let own = change.map(|change| change.id);
    // An emergency waits for no planned change: what goes on may be what broke it. Two emergencies would not see each other's work.
    let waits_for = |other: &&Change| deed.path != Path::Emergency || other.path == Path::Emergency;
    for other in facts.running.iter().filter(|other| Some(other.id) != own && !deed.takes_back).filter(waits_for) {
        let services = other.proposal.services();
        let mut both = services.intersection(&deed.services);
        if let Some(service) = both.next() {
            let message = format!("another change of {service} goes on: {}", other.proposal.title);
            against(Rule::Collision(other.id), message, Exempter::Access(Access::Manager));
        }
    }
    Decision { reasons }
}

fn of_change(change: &Change, deed: &Deed, now: Timestamp, against: &mut impl FnMut(Rule, String, Exempter)) {
    if deed.takes_back {
        return;
    }
    if let Some(problem) = change.proposal.problems().first() {
        against(Rule::Plan, format!("it is not complete: {}", problem.message), Exempter::Nobody);
    }
    match &change.state {
        State::Proposed if !change.may_begin() => {
            let message = format!("revision {} of it is not approved", change.revision);
            against(Rule::Approval, message, Exempter::Nobody);
        }
        State::Scheduled { window } if !window.contains(now) => {
            let minute = "%Y-%m-%d %H:%M";
            let (from, to) = (window.from.strftime(minute), window.to.strftime("%Y-%m-%d %H:%M UTC"));
            let message = format!("its time is from {from} to {to}");
            against(Rule::Window, message, Exempter::Access(Access::Manager));
        }
        _ => {}
    }
}

/// Exempts a change from one reason of a decision, or says why not.
pub fn exempt(
    change: &Change,
    decision: &Decision,
    rule: &Rule,
    by: &Exempting,
    why: &str,
    now: Timestamp,
) -> Result<Exemption> {
    let Some(reason) = decision.reasons.iter().find(|reason| reason.rule == *rule) else {
        return Err(Refusal::conflict("that does not speak against it").at("/rule"));
    };
    if reason.exemption.is_some() {
        return Err(Refusal::conflict("it is exempted from that already").at("/rule"));
    }
    if why.trim().is_empty() {
        return Err(Refusal::invalid("say why it cannot wait").at("/why"));
    }
    if reason.exempter == Exempter::Nobody {
        let message = format!("nobody exempts from that: {}", reason.message);
        return Err(Refusal::conflict(message).at("/rule"));
    }
    if !reason.exempter.admits(by) {
        return Err(Refusal::forbidden(format!("{} may exempt from that", reason.exempter)).at("/rule"));
    }
    change.must_not_have_written(&by.name, "exempts it")?;
    Ok(Exemption {
        rule: rule.clone(),
        change: change.id,
        revision: change.revision,
        by: by.name.clone(),
        why: why.trim().to_owned(),
        at: now,
    })
}

/// Goes through in spite of every reason, or says which they may not exempt from. For edits of documents, which their own writer
/// lets through: what they wrote is kept with why.
pub fn override_all(decision: &Decision, by: &Exempting) -> Result<Vec<Rule>> {
    let against = decision.reasons.iter().filter(|reason| reason.exemption.is_none());
    against
        .map(|reason| {
            if reason.exempter.admits(by) {
                return Ok(reason.rule.clone());
            }
            let message = format!("{}; only {} may override that", reason.message, reason.exempter);
            Err(Refusal::forbidden(message).at("/override"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::change::changes::Command;
    use crate::change::changes::tests::{by, change};
    use crate::change::proposals::{Kind, Window};
    use crate::words::Id as _;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn graph() -> Graph {
        [("shop", "cart"), ("shop", "search")].into_iter().map(|(a, b)| (name(a), name(b))).collect()
    }

    fn freeze(hard: bool) -> Freeze {
        Freeze {
            title: "Sale".into(),
            why: "most money is made".into(),
            from: at(0),
            to: at(60),
            services: [name("cart")].into(),
            environments: [].into(),
            except: vec![Kind::Certificate],
            hard,
        }
    }

    fn sev(severity: &str, services: &[&str]) -> OpenIncident {
        OpenIncident {
            id: IncidentId::from_bits(7),
            called: "inc-7".into(),
            severity: Some(severity.into()),
            freezes: severity < "SEV3",
            services: services.iter().map(|one| name(one)).collect(),
        }
    }

    fn facts<'a>(graph: &'a Graph, freezes: &'a [(Name, Freeze)], incidents: &'a [OpenIncident]) -> Facts<'a> {
        Facts { freezes, incidents, graph, running: &[], exemptions: &[], needs_record: true }
    }

    fn approved(bits: u128, service: &str) -> Change {
        change(bits, service).act(&Command::Approve { revision: 1, needed: 1 }, by(&name("ben")), at(0)).unwrap()
    }

    fn person(text: &str, access: Access, commands: &[IncidentId]) -> Exempting {
        Exempting { name: name(text), access, commands: commands.to_vec() }
    }

    fn says(decision: &Decision) -> Vec<String> {
        let one = |reason: &Reason| format!("{}: {} [{}]", reason.rule.word(), reason.message, reason.exempter);
        decision.reasons.iter().map(one).collect()
    }

    #[test]
    fn the_answer_has_every_reason_and_who_may_exempt() {
        let graph = graph();
        let freezes = [(name("sale"), freeze(false)), (name("hard"), freeze(true))];
        let incidents = [sev("SEV1", &["shop"])];
        let all = facts(&graph, &freezes, &incidents);
        let fresh = change(1, "cart");
        assert_eq!(
            says(&decide(&deed(&fresh), Some(&fresh), all, at(1))),
            [
                "approval: revision 1 of it is not approved [nobody]",
                "freeze: Sale until 2026-09-21 15:13 UTC: most money is made [a manager]",
                "freeze: Sale until 2026-09-21 15:13 UTC: most money is made [an administrator]",
                "incident: inc-7 is open (SEV1) and touches the same services [the commander of the incident]",
            ]
        );
        let quiet = facts(&graph, &[], &[]);
        let go = approved(1, "cart");
        assert!(decide(&deed(&go), Some(&go), quiet, at(1)).allows());
        assert_eq!(
            says(&decide(&deed(&go), None, quiet, at(1))),
            ["record: there is no change on record for it [nobody]"]
        );
        assert!(decide(&deed(&go), None, Facts { needs_record: false, ..quiet }, at(1)).allows());
        let back = Deed { takes_back: true, ..deed(&go) };
        assert!(decide(&back, Some(&go), all, at(1)).allows(), "the way out is open");
        let other = [approved(2, "cart"), approved(3, "search")];
        assert_eq!(
            says(&decide(&deed(&go), Some(&go), Facts { running: &other, ..quiet }, at(1))),
            ["collision: another change of cart goes on: 4.2 [a manager]"]
        );
        let window = Window { from: at(60), to: at(90) };
        let later = go.act(&Command::Schedule { window }, by(&name("ben")), at(0)).unwrap();
        let early = decide(&deed(&later), Some(&later), quiet, at(1));
        assert_eq!(says(&early), ["window: its time is from 2026-09-21 15:13 to 2026-09-21 15:43 UTC [a manager]"]);
        assert!(decide(&deed(&later), Some(&later), quiet, at(60)).allows());
        let begun = later.act(&Command::Begin { decision: Decision::default() }, by(&name("ana")), at(60)).unwrap();
        assert!(decide(&deed(&begun), Some(&begun), quiet, at(61)).allows(), "asked again before each stage");
        let done = begun.act(&Command::Finish, by(&name("ana")), at(70)).unwrap();
        assert_eq!(says(&decide(&deed(&done), Some(&done), quiet, at(71))), ["state: the change is finished [nobody]"]);
        let refusal = later.act(&Command::Begin { decision: early }, by(&name("ana")), at(1)).unwrap_err();
        assert!(refusal.message.ends_with("(a manager may exempt)"), "{refusal}");
    }

    #[test]
    fn an_emergency_needs_its_incident_and_passes_freezes() {
        let graph = graph();
        let freezes = [(name("hard"), freeze(true))];
        let incidents = [sev("SEV1", &["shop"])];
        let id = ChangeId::from_bits(1);
        let proposal = change(1, "cart").proposal;
        let urgent = Change::propose(id, proposal, &name("ana"), true, Some(incidents[0].id)).unwrap();
        assert!(decide(&deed(&urgent), Some(&urgent), facts(&graph, &freezes, &incidents), at(1)).allows());
        let planned = [approved(2, "cart")];
        let beside = Facts { running: &planned, ..facts(&graph, &freezes, &incidents) };
        assert!(decide(&deed(&urgent), Some(&urgent), beside, at(1)).allows(), "what goes on may be what broke it");
        let urgent_too = [Change { path: Path::Emergency, ..approved(3, "cart") }];
        let beside = Facts { running: &urgent_too, ..beside };
        assert_eq!(
            says(&decide(&deed(&urgent), Some(&urgent), beside, at(1))),
            ["collision: another change of cart goes on: 4.2 [a manager]"]
        );
        let over = decide(&deed(&urgent), Some(&urgent), facts(&graph, &freezes, &[]), at(1));
        assert_eq!(says(&over), ["emergency: an emergency is part of an open incident, and there is none [nobody]"]);
    }

    #[test]
    fn only_who_may_exempts_and_not_their_own_change() {
        let graph = graph();
        let freezes = [(name("sale"), freeze(false)), (name("hard"), freeze(true))];
        let incidents = [sev("SEV2", &["cart"])];
        let go = approved(1, "cart");
        let decision = decide(&deed(&go), Some(&go), facts(&graph, &freezes, &incidents), at(1));
        let own = incidents[0].id;
        let (soft, hard, open) = (Rule::Freeze(name("sale")), Rule::Freeze(name("hard")), Rule::Incident(own));
        for (rule, who, may) in [
            (&soft, person("mo", Access::Manager, &[]), true),
            (&soft, person("mo", Access::Responder, &[own]), false),
            (&hard, person("mo", Access::Manager, &[]), false),
            (&hard, person("mo", Access::Administrator, &[]), true),
            (&hard, person("ana", Access::Administrator, &[]), false),
            (&open, person("mo", Access::Administrator, &[]), false),
            (&open, person("mo", Access::Responder, &[own]), true),
            (&Rule::Approval, person("mo", Access::Administrator, &[own]), false),
        ] {
            assert_eq!(
                exempt(&go, &decision, rule, &who, "the fix cannot wait", at(1)).is_ok(),
                may,
                "{rule:?} {who:?}"
            );
        }
        let fresh = change(1, "cart");
        let decision = decide(&deed(&fresh), Some(&fresh), facts(&graph, &[], &[]), at(1));
        let boss = person("mo", Access::Administrator, &[]);
        let refusal = exempt(&fresh, &decision, &Rule::Approval, &boss, "haste", at(1)).unwrap_err();
        assert_eq!(refusal.message, "nobody exempts from that: revision 1 of it is not approved");
    }

    proptest! {
        /// What a freeze or an incident holds is let through only by an exemption of this rule, change and revision, and every
        /// exemption that is needed must be there.
        #[test]
        fn the_gate_is_shut_while_anything_holds(
            service in prop::sample::select(vec!["shop", "cart", "search", "mail"]), hit in prop::sample::select(vec!["shop", "cart", "mail"]),
            severity in prop::sample::select(vec!["SEV1", "SEV2", "SEV3"]), hard in any::<bool>(), minute in -5i64..70,
            exempted in prop::sample::subsequence(vec![0usize, 1], 0..=2), stale in any::<bool>(), edited in any::<bool>(),
        ) {
            let graph = graph();
            let freezes = [(name("sale"), freeze(hard))];
            let incidents = [sev(severity, &[hit])];
            let go = approved(1, service);
            let rules = [Rule::Freeze(name("sale")), Rule::Incident(incidents[0].id)];
            let exemptions: Vec<Exemption> = exempted.iter().map(|place| Exemption {
                rule: rules[*place].clone(),
                change: if stale { ChangeId::from_bits(9) } else { go.id },
                revision: if edited { go.revision + 1 } else { go.revision },
                by: name("mo"),
                why: "it cannot wait".into(),
                at: at(0),
            }).collect();
            let facts = Facts { exemptions: &exemptions, ..facts(&graph, &freezes, &incidents) };
            let decision = decide(&deed(&go), Some(&go), facts, at(minute));
            let held = [freezes[0].1.holds(&deed(&go), &graph, at(minute)), incidents[0].holds(&deed(&go), &graph)];
            let lifted = |place: usize| exempted.contains(&place) && !stale && !edited;
            prop_assert_eq!(decision.allows(), (0..2).all(|place| !held[place] || lifted(place)));
            prop_assert_eq!(decision.must_allow().is_ok(), decision.allows());
            prop_assert_eq!(decision.reasons.len(), held.iter().filter(|held| **held).count());
        }
    }
}
