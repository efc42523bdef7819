//! Documents that are proposed as a change: shown, approved by somebody who may write them, and applied in one transaction.
//!
//! What is approved is exactly these documents: an edit voids it. What others changed meanwhile is merged field by field; where
//! both changed the same, the proposal waits for people. Files of a branch that are proposed are followed as long as that is open.

use std::collections::BTreeSet;

use domain::change::changes::{By, Change, Command, State};
use domain::change::document_edits::{about_both, deed, kind};
use domain::change::freezes::Deed;
use domain::change::gates::Reason;
use domain::change::proposals::{Kind, Proposal, Step, Target};
use domain::change::reviews;
use domain::change::rollback_plans::{Abort, Data, RollbackPlan, Way};
use domain::prepare::addresses::Reader;
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::Conditions;
use domain::prepare::diff::show;
use domain::prepare::documents::{Document, Kind as DocumentKind, Reference, Spec};
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::prepare::three_way::{Conflict, Merged, three_way};
use domain::respond::entries;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, EventKind, IncidentId, Name, Refusal, RefusalKind, Span, Timestamp, text};
use serde_json::json;
use store::change::change_documents::{self as carried_rows, Proposed, ProposedDocument};
use store::change::changes::{self as rows, ChangeRow};
use store::prepare::documents as document_rows;
use store::prepare::ownership::{self, Said};
use store::{Halt, Tx};

use super::changes::{self, find, must_be_open, press, tell};
use super::rollbacks::DOCUMENTS;
use crate::learn::pins;
use crate::prepare::documents::{self, Order, Outcome};
use crate::prepare::ownership::from_files;
use crate::prepare::source::{self, Files};
use crate::{Moment, Node, allow};

/// What somebody proposes.
#[derive(Clone, Debug)]
pub struct WantedDocuments {
    pub order: Order,
    pub title: String,
    pub why: String,
    /// The branch whose files they are.
    pub branch: Option<String>,
    /// In an incident, without the wait for an approval.
    pub emergency: bool,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
}

/// The documents of a change as they would come to be now.
#[derive(Clone, Debug)]
pub struct Carried {
    pub proposed: Proposed,
    /// What is to be applied: each document with what others changed since.
    pub order: Order,
    /// The same for whoever edits on: where there is a conflict, it says what is proposed.
    pub mine: Vec<Document>,
    pub conflicts: Vec<(Reference, Conflict)>,
    /// Documents that others changed since they were proposed.
    pub moved: Vec<Reference>,
}

/// A field that both sides changed, as somebody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownConflict {
    pub reference: Reference,
    /// Into the spec; nothing: the whole document.
    pub pointer: String,
    pub in_force: Option<String>,
    pub proposed: Option<String>,
}

impl Carried {
    /// The conflicts, for a reader: what holds addresses is not shown to those who may not see them.
    pub fn shown(&self, reader: &Reader) -> Vec<ShownConflict> {
        let one = |(reference, conflict): &(Reference, Conflict)| {
            let addresses = matches!(
                reference.kind,
                DocumentKind::Person | DocumentKind::EscalationPolicy | DocumentKind::OutgoingWebhook
            );
            let value = |value: &Option<serde_json::Value>| match value {
                Some(_) if addresses && !reader.sees_all() => Some("something that you may not see".to_owned()),
                other => other.as_ref().map(show),
            };
            ShownConflict {
                reference: reference.clone(),
                pointer: conflict.pointer.clone(),
                in_force: value(&conflict.in_force),
                proposed: value(&conflict.proposed),
            }
        };
        self.conflicts.iter().map(one).collect()
    }
}

/// More documents are not one change.
const MOST: usize = 500;

/// Proposes documents as one change. Files of a branch that are proposed already are the same proposal.
pub fn propose(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    wanted: &WantedDocuments,
    conditions: Conditions<'_>,
) -> Result<ChangeRow, Halt> {
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("documents are proposed by a person").into());
    };
    if let Some(branch) = &wanted.branch
        && let Some(id) = carried_rows::following(tx, branch)?
    {
        let row = rows::get(tx, id, Sight::of(&moment.actor))?;
        let row = row.ok_or_else(|| Refusal::conflict("what the branch says is proposed already"))?;
        return renew(tx, moment, row, &wanted.order, conditions).map(|(row, _)| row);
    }
    must_be_open(tx, moment, wanted.incident, wanted.emergency)?;
    let (proposed, mut proposal) = gather(tx, &wanted.order, wanted.branch.as_ref(), conditions)?;
    proposal.title = entries::text(&wanted.title, "/title")?;
    proposal.why = entries::text(&wanted.why, "/why")?;
    own(&mut proposal, &person);
    let id = moment.mint.id(moment.now);
    let change = Change::propose(id, proposal, &person, wanted.emergency, wanted.incident)?;
    let row = changes::fresh(change, moment);
    rows::save(tx, &row)?;
    carried_rows::put(tx, id, 1, &proposed)?;
    let data = json!({ "revision": 1, "emergency": wanted.emergency, "documents": names(&proposed) });
    tell(tx, moment, EventKind::ChangeProposed, &row, Some(&row.change.proposal.why), data)?;
    Ok(row)
}

/// Writes the documents of a change anew, from the revision that was read. What was approved is void.
pub fn edit(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    id: ChangeId,
    revision: u32,
    wanted: &WantedDocuments,
    conditions: Conditions<'_>,
) -> Result<ChangeRow, Halt> {
    let row = must_carry(tx, moment, id)?;
    if revision != row.change.revision {
        let message = format!("you read revision {revision}, and it is at {}: read it anew", row.change.revision);
        return Err(Refusal::new(RefusalKind::Stale, message).at("/revision").into());
    }
    let (proposed, mut proposal) = gather(tx, &wanted.order, None, conditions)?;
    proposal.title = entries::text(&wanted.title, "/title")?;
    proposal.why = entries::text(&wanted.why, "/why")?;
    let before = carried_rows::of(tx, id, row.change.revision)?;
    let same = proposal.title == row.change.proposal.title && proposal.why == row.change.proposal.why;
    if same && before.documents == proposed.documents {
        return Err(Refusal::conflict("nothing in it is different").into());
    }
    carry(tx, moment, &row, &proposed, proposal)
}

/// Takes into a proposal what others changed since, where that is no conflict. It is a new revision.
pub fn bring_up_to_date(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    id: ChangeId,
    conditions: Conditions<'_>,
) -> Result<ChangeRow, Halt> {
    let row = must_carry(tx, moment, id)?;
    let carried = carried(tx, &row)?;
    if carried.moved.is_empty() {
        return Err(Refusal::conflict("nobody changed these documents since").into());
    }
    no_conflicts(&carried)?;
    let (mut proposed, mut proposal) = gather(tx, &carried.order, carried.proposed.branch.as_ref(), conditions)?;
    for one in &mut proposed.documents {
        let before = carried.proposed.documents.iter().find(|before| before.reference == one.reference);
        one.said = before.and_then(|before| before.said.clone());
    }
    proposal.title.clone_from(&row.change.proposal.title);
    proposal.why.clone_from(&row.change.proposal.why);
    carry(tx, moment, &row, &proposed, proposal)
}

/// Applies the documents of a change: it begins, is done and finished at once, or nothing happens.
pub fn apply(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ChangeId,
    access: Access,
    conditions: Conditions<'_>,
) -> Result<ChangeRow, Halt> {
    let row = must_carry(tx, moment, id)?;
    let carried = carried(tx, &row)?;
    let person = moment.person().cloned();
    press(tx, node, moment, id, &changes::Deed::Begin, access)?;
    // Whoever approved it may write these documents, and was asked then. An emergency waits for nobody.
    if row.change.approvals.is_empty() {
        allow::order(tx, person.as_ref(), Some(access), &carried.order, conditions)?;
    }
    no_conflicts(&carried)?;
    // The reason stands in the history for everybody: of what belongs to an incident it says no more than where to look.
    let why = match row.change.incident {
        Some(_) => format!("Change {id}"),
        None => text::shorten(&format!("{} ({id})", row.change.proposal.title), 500),
    };
    let order = Order { reason: Some(why), ..carried.order.clone() };
    let changeset = match documents::apply(tx, moment, &order, conditions)? {
        Outcome::Applied { changeset, .. } => changeset,
        Outcome::Unchanged(_) => {
            return Err(Refusal::conflict("what it would change is so already: cancel it").into());
        }
        Outcome::Refused(plan) => {
            let refusal = plan.refusal().unwrap_or_else(|| Refusal::invalid("the documents were refused"));
            return Err(Refusal { kind: RefusalKind::Conflict, ..refusal }.into());
        }
    };
    for one in &carried.proposed.documents {
        if let Some(spec) = one.said.clone() {
            let (at, author) = (moment.now, moment.actor.to_string());
            ownership::put(tx, &one.reference, &Said { spec, changeset: changeset.number, at, author })?;
        }
    }
    let mut row = press(tx, node, moment, id, &changes::Deed::Finish, access)?;
    row.source = Some((DOCUMENTS.parse()?, changeset.id.to_string()));
    if let Some(plan) = &mut row.change.proposal.rollback {
        plan.way = Way::Documents { changeset: changeset.number };
    }
    rows::save(tx, &row)?;
    Ok(row)
}

/// The files of a branch are others now: the proposal that follows it becomes them. Nothing, if there is none, or nothing is new.
pub fn follow(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    files: &Files,
    conditions: Conditions<'_>,
) -> Result<Option<ChangeRow>, Halt> {
    let Some(id) = carried_rows::following(tx, &files.branch)? else { return Ok(None) };
    let (order, unread) = source::order(files);
    if !unread.is_empty() {
        return Ok(None);
    }
    let row = find(tx, id, Sight::Whole)?;
    let preview = documents::preview(tx, &order, conditions)?;
    if !preview.plan.problems.is_empty() {
        return Ok(None);
    }
    if preview.plan.differences.is_empty() {
        let why = format!("{} says what is in force", files.title());
        return press(tx, node, moment, id, &changes::Deed::Cancel { why }, Access::Viewer).map(Some);
    }
    let (row, is_new) = renew(tx, moment, row, &order, conditions)?;
    Ok(is_new.then_some(row))
}

/// A proposal that follows a branch becomes what its files say, if that is something else.
fn renew(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    row: ChangeRow,
    order: &Order,
    conditions: Conditions<'_>,
) -> Result<(ChangeRow, bool), Halt> {
    let before = carried_rows::of(tx, row.change.id, row.change.revision)?;
    let (proposed, mut proposal) = gather(tx, order, before.branch.as_ref(), conditions)?;
    let says = |one: &ProposedDocument| (one.reference.clone(), one.spec.clone(), one.said.clone());
    if before.documents.iter().map(says).eq(proposed.documents.iter().map(says)) {
        return Ok((row, false));
    }
    proposal.title.clone_from(&row.change.proposal.title);
    proposal.why = order.reason.clone().unwrap_or_else(|| row.change.proposal.why.clone());
    Ok((carry(tx, moment, &row, &proposed, proposal)?, true))
}

/// The next revision of a change, with these documents.
fn carry(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    row: &ChangeRow,
    proposed: &Proposed,
    mut proposal: Proposal,
) -> Result<ChangeRow, Halt> {
    let owner = row.change.proposal.rollback.as_ref().map(|plan| plan.owner.clone());
    if let Some(owner) = owner.or_else(|| moment.person().cloned()) {
        own(&mut proposal, &owner);
    }
    let person = moment.person().cloned();
    let by = By { person: person.as_ref(), approves: false };
    let mut after = row.clone();
    after.change = row.change.act(&Command::Carry { proposal: Box::new(proposal) }, by, moment.now)?;
    rows::save(tx, &after)?;
    carried_rows::put(tx, after.change.id, after.change.revision, proposed)?;
    let voided: Vec<&Name> = row.change.voided(&after.change).iter().map(|approval| &approval.by).collect();
    let data = json!({
        "revision": after.change.revision,
        "state": after.change.state.word(),
        "voided": voided,
        "documents": names(proposed),
    });
    tell(tx, moment, EventKind::ChangeEdited, &after, None, data)?;
    Ok(after)
}

fn names(proposed: &Proposed) -> Vec<String> {
    proposed.documents.iter().map(|one| one.reference.to_string()).collect()
}

/// The change, if it carries documents.
fn must_carry(tx: &mut Tx<'_>, moment: &Moment<'_>, id: ChangeId) -> Result<ChangeRow, Halt> {
    let row = find(tx, id, Sight::of(&moment.actor))?;
    if carried_rows::of(tx, id, row.change.revision)?.is_empty() {
        return Err(Refusal::conflict("it carries no documents").into());
    }
    Ok(row)
}

fn no_conflicts(carried: &Carried) -> Result<(), Refusal> {
    if carried.conflicts.is_empty() {
        return Ok(());
    }
    let one = |(reference, conflict): &(Reference, Conflict)| match conflict.pointer.as_str() {
        "" => reference.to_string(),
        pointer => format!("{reference}:{pointer}"),
    };
    let fields: Vec<String> = carried.conflicts.iter().take(10).map(one).collect();
    let message = format!("somebody else changed the same since it was proposed: edit it ({})", fields.join(", "));
    Err(Refusal::conflict(message).at("/documents"))
}

/// What an order would change, each document whole, and the change that this is.
fn gather(
    tx: &mut Tx<'_>,
    order: &Order,
    branch: Option<&String>,
    conditions: Conditions<'_>,
) -> Result<(Proposed, Proposal), Halt> {
    let preview = documents::preview(tx, order, conditions)?;
    if let Some(refusal) = preview.plan.refusal() {
        return Err(refusal.into());
    }
    let changed: Vec<&Reference> = preview.plan.differences.iter().map(|one| &one.reference).collect();
    if changed.is_empty() {
        return Err(Refusal::conflict("these documents say what is in force: there is nothing to propose").into());
    }
    if changed.len() > MOST {
        return Err(Refusal::invalid(format!("{MOST} documents at most; make several changes of them")).into());
    }
    let mut documents = Vec::new();
    for reference in &changed {
        let files = order.proposals.iter().rev().find(|one| one.document.reference() == **reference);
        documents.push(ProposedDocument {
            reference: (*reference).clone(),
            base: document_rows::last_number(tx, reference)?,
            spec: preview.after.get(reference),
            said: files.filter(|_| from_files(order)).map(|one| one.document.spec.clone()),
        });
    }
    documents.sort_by(|one, other| {
        (one.reference.kind.word(), &one.reference.name).cmp(&(other.reference.kind.word(), &other.reference.name))
    });
    let proposal = proposal(&preview.before, &preview.after, &changed);
    Ok((Proposed { documents, branch: branch.cloned() }, proposal))
}

/// What a change of documents says by itself.
fn proposal(before: &Catalog, after: &Catalog, changed: &[&Reference]) -> Proposal {
    let services: BTreeSet<Name> = changed.iter().flat_map(|one| about_both(before, after, one)).collect();
    let services: Vec<Name> = services.into_iter().filter(|name| after.services.contains_key(name)).collect();
    let target = |service| Target { service, environment: None, from: None, to: None };
    let (step, back) = match changed {
        [one] => (format!("Apply {one}"), format!("{one} says what it said before")),
        many => (format!("Apply {} documents", many.len()), "They say what they said before".to_owned()),
    };
    Proposal {
        // Of flags that name no service nothing is known but that documents change.
        kind: if services.is_empty() { Kind::Document } else { kind(changed.iter().copied()) },
        title: String::new(),
        why: String::new(),
        targets: services.into_iter().take(100).map(target).collect(),
        steps: vec![Step { text: step, estimate: Span::minutes(1) }],
        rollback: Some(RollbackPlan {
            way: Way::Documents { changeset: 0 },
            owner: DOCUMENTS.parse().unwrap_or_else(|_| unreachable!("it is a name")),
            estimate: Span::minutes(1),
            abort_when: vec![Abort {
                when: "an alert begins on what they are about".into(),
                lasting: Span::minutes(5),
            }],
            data: Data::Untouched,
            point_of_no_return: None,
            verification: vec![back],
            last_rehearsed: None,
            safe_until: None,
            watch: None,
        }),
        verification: vec!["No alert begins on what they are about".into()],
    }
}

fn own(proposal: &mut Proposal, owner: &Name) {
    if let Some(plan) = &mut proposal.rollback {
        plan.owner = owner.clone();
    }
}

/// The documents of a change as they would come to be now. Of one that carries none, nothing stands in it.
pub fn carried(tx: &mut Tx<'_>, row: &ChangeRow) -> Result<Carried, Halt> {
    let proposed = carried_rows::of(tx, row.change.id, row.change.revision)?;
    let mut found = Carried {
        order: Order::default().via(Via::Proposal),
        mine: Vec::new(),
        conflicts: Vec::new(),
        moved: Vec::new(),
        proposed,
    };
    for one in &found.proposed.documents {
        let (reference, last) = (&one.reference, document_rows::last_number(tx, &one.reference)?);
        let now = document_rows::head(tx, reference)?.map(|head| head.document.spec);
        let base = document_rows::at(tx, reference, one.base)?.and_then(|(_, spec)| spec);
        if last != one.base && now != base {
            found.moved.push(reference.clone());
        }
        let Merged { spec, mine, conflicts } = three_way(base.as_ref(), now.as_ref(), one.spec.as_ref());
        found.conflicts.extend(conflicts.into_iter().map(|conflict| (reference.clone(), conflict)));
        let document = |spec: Spec| Document::new(reference.name.clone(), spec);
        found.mine.extend(mine.map(document));
        match spec {
            Some(spec) => found.order.proposals.extend(Order::put([document(spec)]).proposals),
            None if now.is_some() => found.order.deletions.push(reference.clone()),
            None => {}
        }
    }
    Ok(found)
}

/// What the gate is asked about a change.
pub(super) enum Asked {
    /// It carries no documents, or is over: what its proposal says.
    Itself,
    /// Its documents act on nothing that runs.
    Nothing,
    Deed(Deed),
}

/// What the gate is asked about a change that may carry documents.
pub(super) fn deed_of(tx: &mut Tx<'_>, row: &ChangeRow, catalog: &Catalog) -> Result<Asked, Halt> {
    if !row.change.state.is_ahead() && !matches!(row.change.state, State::Running { .. }) {
        return Ok(Asked::Itself);
    }
    let carried = carried(tx, row)?;
    if carried.proposed.is_empty() {
        return Ok(Asked::Itself);
    }
    let (after, changed) = after(&carried, catalog);
    let (path, incident) = (row.change.path, row.change.incident);
    let found = deed(catalog, &after, &changed.iter().collect::<Vec<_>>());
    Ok(found.map_or(Asked::Nothing, |deed| Asked::Deed(Deed { path, incident, ..deed })))
}

/// What pins say to the documents of a change that is ahead.
pub(super) fn pins_against(
    tx: &mut Tx<'_>,
    node: &Node,
    row: &ChangeRow,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Vec<Reason>, Halt> {
    if !row.change.state.is_ahead() {
        return Ok(Vec::new());
    }
    let carried = carried(tx, row)?;
    if carried.proposed.is_empty() {
        return Ok(Vec::new());
    }
    let (after, changed) = after(&carried, catalog);
    pins::against(tx, node, catalog, &after, &changed.iter().collect::<Vec<_>>(), now)
}

/// What a change that carries documents would put in force; nothing, if it carries none or is over.
pub fn foreseen(tx: &mut Tx<'_>, node: &Node, id: ChangeId, sight: Sight<'_>) -> Result<Option<Catalog>, Halt> {
    let row = find(tx, id, sight)?;
    let carried = carried(tx, &row)?;
    if carried.proposed.is_empty() || !row.change.state.is_ahead() {
        return Ok(None);
    }
    let catalog = node.rules(tx)?.catalog.clone();
    Ok(Some(after(&carried, &catalog).0))
}

/// The catalog with its documents in force, and which of them change something.
fn after(carried: &Carried, catalog: &Catalog) -> (Catalog, Vec<Reference>) {
    let mut after = catalog.clone();
    for one in &carried.order.proposals {
        after.insert(one.document.clone());
    }
    for reference in &carried.order.deletions {
        after.remove(reference);
    }
    let all = carried.proposed.documents.iter().map(|one| one.reference.clone());
    let changed = all.filter(|one| catalog.get(one) != after.get(one)).collect();
    (after, changed)
}

/// How many people approve a change, where reviews ask for more than its risk does; and whether this person may, where it carries documents.
pub(super) fn asks(
    tx: &mut Tx<'_>,
    row: &ChangeRow,
    catalog: &Catalog,
    needed: u8,
    who: Option<(&Name, Access)>,
    conditions: Conditions<'_>,
) -> Result<(u8, Option<bool>), Halt> {
    if !row.change.state.is_ahead() {
        return Ok((needed, None));
    }
    let carried = carried(tx, row)?;
    if carried.proposed.is_empty() {
        return Ok((needed, None));
    }
    let (after, changed) = after(&carried, catalog);
    let asked = reviews::needed(catalog, &after, &changed.iter().collect::<Vec<_>>());
    let needed = asked.iter().map(|(_, review, _)| review.approvals).fold(needed, u8::max);
    let may = match who {
        Some((person, access)) => match allow::order(tx, Some(person), Some(access), &carried.order, conditions) {
            Ok(()) => true,
            Err(Halt::Refused(_)) => false,
            Err(failed) => return Err(failed),
        },
        None => false,
    };
    Ok((needed, Some(may)))
}
