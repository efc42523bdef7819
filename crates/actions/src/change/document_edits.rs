//! Edits of documents, as the gate sees them: one way in for pages, the API, the command line and a branch in git.
//!
//! What is held is not applied, unless somebody who may lets it through and says why: that is kept as an exemption, and counted.
//! Taking back is free, and so are kills.

use domain::change::document_edits::deed;
use domain::change::gates::{Decision, Exemption, Rule, override_all};
use domain::change::observations::Stage;
use domain::change::reviews;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::Reference;
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::respond::entries;
use domain::words::{EventKind, Name, Refusal, Timestamp};
use serde_json::json;
use store::change::changes as rows;
use store::prepare::documents::Changeset;
use store::{Halt, Tx};

use super::changes::tell;
use super::{gates, rollbacks};
use crate::learn::pins;
use crate::prepare::documents::{self, Order, Outcome, Preview};
use crate::{Moment, Node, allow};

/// Who applies, and what the documents are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Editor<'a> {
    pub person: Option<&'a Name>,
    pub access: Option<Access>,
    pub conditions: Conditions<'a>,
}

/// What speaks against applying now what a preview shows.
pub fn held(tx: &mut Tx<'_>, node: &Node, preview: &Preview, now: Timestamp) -> Result<Decision, Halt> {
    let Preview { plan, before, after } = preview;
    let changed: Vec<&Reference> = plan.differences.iter().map(|one| &one.reference).collect();
    let mut decision = match deed(before, after, &changed) {
        Some(deed) => gates::known(tx, node)?.of_edit(&deed, now),
        None => Decision::default(),
    };
    decision.reasons.extend(reviews::against(before, after, &changed));
    // What cannot be applied at all is not played.
    if plan.problems.is_empty() {
        decision.reasons.extend(pins::against(tx, node, before, after, &changed, now)?);
    }
    Ok(decision)
}

/// Applies an order, if whoever wants it may and nothing holds it.
pub fn apply(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    order: &Order,
    editor: Editor<'_>,
) -> Result<Outcome, Halt> {
    let Editor { person, access, conditions, .. } = editor;
    allow::order(tx, person, access, order, conditions)?;
    let adopts = allow::adoptable(tx, person, access, order)?;
    let order = Order { adopts, ..order.clone() };
    let overridden = let_through(tx, node, moment, &order, editor)?;
    let outcome = documents::apply(tx, moment, &order, conditions)?;
    if let (Outcome::Applied { changeset, .. }, Some((rules, why))) = (&outcome, overridden) {
        keep(tx, node, moment, changeset, &rules, &why)?;
    }
    Ok(outcome)
}

/// Nothing, or what is let through and why; a refusal with every reason, if something holds it.
fn let_through(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &Moment<'_>,
    order: &Order,
    editor: Editor<'_>,
) -> Result<Option<(Vec<Rule>, String)>, Halt> {
    if order.via == Via::Rollback {
        return Ok(None);
    }
    let preview = documents::preview(tx, order, editor.conditions)?;
    // What is wrong with them is said first.
    if !preview.plan.problems.is_empty() {
        return Ok(None);
    }
    let decision = held(tx, node, &preview, moment.now)?;
    if decision.allows() {
        return Ok(None);
    }
    let why = order.override_why.as_deref().filter(|why| !why.trim().is_empty());
    let (Some(why), Some((person, access))) = (why, editor.person.zip(editor.access)) else {
        decision.must_allow()?;
        return Ok(None);
    };
    let why = entries::text(why, "/override")?;
    let who = gates::who(tx, node, person, access)?;
    Ok(Some((override_all(&decision, &who)?, why)))
}

/// An edit that went through in spite of something is kept as a change of its own, with what it was exempted from.
fn keep(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    changeset: &Changeset,
    rules: &[Rule],
    why: &str,
) -> Result<(), Halt> {
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person exempts from a rule").into());
    };
    let catalog = node.rules(tx)?.catalog.clone();
    let id = moment.mint.id(moment.now);
    let row = rollbacks::standing_for(tx, &catalog, changeset.clone(), id, moment.now)?;
    rows::save(tx, &row)?;
    rows::add_stage(tx, id, changeset.at, Stage::Finished, "")?;
    for rule in rules {
        let (by, why) = (person.clone(), why.to_owned());
        let exemption =
            Exemption { rule: rule.clone(), change: id, revision: row.change.revision, by, why, at: moment.now };
        rows::add_exemption(tx, &exemption)?;
        let data = json!({ "rule": rule.word(), "about": rule.about(), "revision": exemption.revision });
        tell(tx, moment, EventKind::ChangeExempted, &row, Some(&exemption.why), data)?;
    }
    Ok(())
}
