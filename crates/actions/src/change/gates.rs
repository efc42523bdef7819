//! The gate: gathers what it must know, and asks the rule. For people, pipelines and whatever of ours changes something.
//!
//! Incidents that are restricted hold nothing: the reason would tell of them. Whoever commands one writes a freeze.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::change::changes::{Change, Path};
use domain::change::freezes::{Deed, Freeze, OpenIncident};
use domain::change::gates::{self, Decision, Exempting, Exemption, Facts, Reason, Rule};
use domain::change::proposals::Kind;
use domain::change::reach::Graph;
use domain::prepare::catalog::Catalog;
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, EventKind, IncidentId, Name, Refusal, Timestamp, text};
use serde_json::json;
use store::change::changes::{self as rows, ChangeRow};
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Tx};

use super::changes::{find, tell};
use super::document_proposals::{self, Asked};
use crate::respond::incidents::levels;
use crate::{Moment, Node};

/// What somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this change be done, or go on?
    Change(ChangeId),
    /// May something like this be done, without a change on record?
    Deed {
        kind: Kind,
        services: BTreeSet<Name>,
        environment: Option<Name>,
        /// There must be a change on record.
        needs_record: bool,
    },
}

/// The answer, and what it is about.
#[derive(Clone, Debug)]
pub struct Answer {
    pub decision: Decision,
    pub change: Option<ChangeRow>,
    pub at: Timestamp,
}

/// All that a decision rests on.
pub(super) struct Known {
    pub graph: Graph,
    catalog: Arc<Catalog>,
    pub freezes: Vec<(Name, Freeze)>,
    pub incidents: Vec<OpenIncident>,
    /// The same, as rows.
    pub open: Vec<IncidentRow>,
    running: Vec<Change>,
}

/// More open incidents than this are not looked at, nor more changes that go on.
const MOST: u32 = 500;

/// Gathers what is so now.
pub(super) fn known(tx: &mut Tx<'_>, node: &Node) -> Result<Known, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let filter = incidents::Filter { open: true, drill: Some(false), ..incidents::Filter::default() };
    let open = incidents::list(tx, &filter, Sight::Open, None, MOST)?;
    let levels = levels(&catalog);
    let freezes = |severity: Option<&String>| {
        severity.is_some_and(|name| levels.iter().any(|level| level.name == *name && level.freezes_changes))
    };
    let incidents = open
        .iter()
        .map(|row| OpenIncident {
            id: row.id,
            called: row.title.clone(),
            severity: row.state.severity.clone(),
            freezes: freezes(row.state.severity.as_ref()),
            services: row.services.iter().cloned().collect(),
        })
        .collect();
    // As of incidents: what belongs to a restricted one is not told of in a reason.
    let running = rows::in_states(tx, &["running"], Sight::Open, MOST)?;
    Ok(Known {
        graph: Graph::of(&catalog.services),
        freezes: catalog.freezes.iter().map(|(name, freeze)| (name.clone(), freeze.clone())).collect(),
        incidents,
        open,
        running: running.into_iter().map(|row| row.change).filter(|change| change.path != Path::Observed).collect(),
        catalog,
    })
}

impl Known {
    /// Decides about a deed.
    pub(super) fn decide(&self, deed: &Deed, needs_record: bool, now: Timestamp) -> Decision {
        let Self { freezes, incidents, graph, running, .. } = self;
        let facts = Facts { freezes, incidents, graph, running, exemptions: &[], needs_record };
        gates::decide(deed, None, facts, now)
    }

    /// Decides about an edit of documents: a change that goes on there does not hold it, for it may be a step of that.
    pub(super) fn of_edit(&self, deed: &Deed, now: Timestamp) -> Decision {
        let (freezes, incidents) = (&self.freezes, &self.incidents);
        let facts =
            Facts { freezes, incidents, graph: &self.graph, running: &[], exemptions: &[], needs_record: false };
        gates::decide(deed, None, facts, now)
    }

    /// Decides about a change on record.
    pub(super) fn of_change(
        &self,
        tx: &mut Tx<'_>,
        node: &Node,
        row: &ChangeRow,
        now: Timestamp,
    ) -> Result<Decision, Halt> {
        let exemptions = rows::exemptions(tx, row.change.id)?;
        let mut incidents = self.incidents.clone();
        incidents.extend(self.own_incident(tx, &row.change)?);
        let mut freezes = self.freezes.as_slice();
        // Documents are held as they are when somebody applies them without a proposal.
        let deed = match document_proposals::deed_of(tx, row, &self.catalog)? {
            Asked::Itself => gates::deed(&row.change),
            Asked::Deed(deed) => deed,
            Asked::Nothing => {
                freezes = &[];
                for open in &mut incidents {
                    open.freezes = false;
                }
                gates::deed(&row.change)
            }
        };
        let facts = Facts {
            freezes,
            incidents: &incidents,
            graph: &self.graph,
            running: &self.running,
            exemptions: &exemptions,
            needs_record: false,
        };
        let mut decision = gates::decide(&deed, Some(&row.change), facts, now);
        for reason in document_proposals::pins_against(tx, node, row, &self.catalog, now)? {
            let own = |one: &&Exemption| one.rule == reason.rule && one.revision == row.change.revision;
            decision.reasons.push(Reason { exemption: exemptions.iter().find(own).cloned(), ..reason });
        }
        Ok(decision)
    }

    /// The incident that a change is part of, if it is open and restricted: it holds nothing, but an emergency needs it.
    fn own_incident(&self, tx: &mut Tx<'_>, change: &Change) -> Result<Option<OpenIncident>, Halt> {
        let Some(id) = change.incident.filter(|id| !self.incidents.iter().any(|open| open.id == *id)) else {
            return Ok(None);
        };
        let own = incidents::get(tx, id, Sight::Whole)?.filter(|row| row.state.phase.is_open() && !row.drill);
        Ok(own.map(|row| OpenIncident {
            id,
            called: String::new(),
            severity: row.state.severity,
            freezes: false,
            services: BTreeSet::new(),
        }))
    }
}

/// Somebody who may exempt, by what they command among these.
fn exempting(open: &[IncidentRow], person: Name, access: Access) -> Exempting {
    let own = open.iter().filter(|incident| incident.state.commander.as_ref() == Some(&person));
    let commands: Vec<IncidentId> = own.map(|incident| incident.id).collect();
    Exempting { name: person, access, commands }
}

/// Who somebody is to the gate, for pages that show its forms to whoever may use them.
pub fn who(tx: &mut Tx<'_>, node: &Node, person: &Name, access: Access) -> Result<Exempting, Halt> {
    Ok(exempting(&known(tx, node)?.open, person.clone(), access))
}

/// What holds changes at this moment, and the freezes that come.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Freezes that are not over, those that hold now first.
    pub freezes: Vec<(Name, Freeze)>,
    /// Open incidents that freeze what they touch.
    pub incidents: Vec<OpenIncident>,
}

/// What holds changes now, or will.
pub fn holding(tx: &mut Tx<'_>, node: &Node, now: Timestamp) -> Result<Holding, Halt> {
    let known = known(tx, node)?;
    let mut freezes: Vec<(Name, Freeze)> = known.freezes.into_iter().filter(|(_, freeze)| freeze.to > now).collect();
    freezes.sort_by_key(|(_, freeze)| freeze.from);
    Ok(Holding { freezes, incidents: known.incidents.into_iter().filter(|open| open.freezes).collect() })
}

/// Asks the gate. It changes nothing, and may be asked any number of times.
pub fn ask(
    tx: &mut Tx<'_>,
    node: &Node,
    question: &Question,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Answer, Halt> {
    let known = known(tx, node)?;
    let (decision, change) = match question {
        Question::Change(id) => {
            let row = find(tx, *id, sight)?;
            (known.of_change(tx, node, &row, now)?, Some(row))
        }
        Question::Deed { kind, services, environment, needs_record } => {
            let catalog = node.rules(tx)?.catalog.clone();
            must_be_services(services, &catalog)?;
            let deed = Deed {
                kind: *kind,
                path: Path::Planned,
                services: services.clone(),
                environment: environment.clone(),
                incident: None,
                takes_back: false,
            };
            (known.decide(&deed, *needs_record, now), None)
        }
    };
    Ok(Answer { decision, change, at: now })
}

/// What is changed is a service that there is.
pub(super) fn must_be_services(services: &BTreeSet<Name>, catalog: &Catalog) -> Result<(), Refusal> {
    for name in services {
        if !catalog.services.contains_key(name) {
            let near = text::did_you_mean(name.as_str(), catalog.services.keys().map(Name::as_str));
            return Err(Refusal::invalid(format!("there is no service {name}{near}")).at("/services"));
        }
    }
    Ok(())
}

/// Exempts a change from a rule that speaks against it. It is kept, and counted.
pub fn exempt(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ChangeId,
    rule: &Rule,
    why: &str,
    access: Access,
) -> Result<ChangeRow, Halt> {
    let row = find(tx, id, Sight::of(&moment.actor))?;
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person exempts from a rule").into());
    };
    let known = known(tx, node)?;
    let decision = known.of_change(tx, node, &row, moment.now)?;
    let exempting = exempting(&known.open, person, access);
    let why = domain::respond::entries::text(why, "/why")?;
    let exemption = gates::exempt(&row.change, &decision, rule, &exempting, &why, moment.now)?;
    rows::add_exemption(tx, &exemption)?;
    let data = json!({ "rule": rule.word(), "about": rule.about(), "revision": exemption.revision });
    tell(tx, moment, EventKind::ChangeExempted, &row, Some(&why), data)?;
    Ok(row)
}
