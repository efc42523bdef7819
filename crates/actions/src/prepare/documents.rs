//! Plan and apply documents: all of a set or nothing, checked together with what is in force.
//!
//! A rollback is a new revision that says what an old one said. Overrides, silences and acknowledgements are no
//! documents, so nothing here can undo them. Who may do this is asked before.

use std::collections::{BTreeMap, BTreeSet};

use domain::prepare::addresses::Reader;
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::{self, Conditions};
use domain::prepare::diff::{self, Difference, Verb};
use domain::prepare::documents::{Document, Kind, Reference, Spec};
use domain::prepare::ownership::{Field, Via};
use domain::prepare::problems::Problem;
use domain::prepare::reading::{Proposal, Reading, from_yaml};
use domain::prepare::writing;
use domain::words::{EventKind, Refusal, RefusalKind, Timestamp, text};
use serde_json::json;
use store::prepare::access;
use store::prepare::documents::{self as rows, Changeset, Revision};
use store::{Error, Halt, Tx};

use super::ownership::{self, Differing, Merged};
use crate::respond::obligations;
use crate::{Moment, announce};

const REASON_MOST: usize = 2000;
/// Problems told in one refusal; the plan has them all.
const PROBLEMS_TOLD: usize = 10;

/// What somebody wants.
#[derive(Clone, Debug)]
pub struct Order {
    pub proposals: Vec<Proposal>,
    pub deletions: Vec<Reference>,
    /// Documents of the kinds in the set that the set does not have are deleted. Other kinds are left alone.
    pub prune: bool,
    /// The changeset that the writer saw: what was changed after it is not overwritten.
    pub base: Option<i64>,
    /// The revision of a document that the writer saw; 0: there was none.
    pub expected: BTreeMap<Reference, i64>,
    /// How it comes. What comes from files keeps what was set by hand.
    pub via: Via,
    pub reason: Option<String>,
    /// Fields that files take, though they were set by hand.
    pub take: Vec<Field>,
    /// All of them.
    pub take_all: bool,
    /// Why it is let through, though the gate holds it. Kept, and counted.
    pub override_why: Option<String>,
    /// Whose fields become the files' by saying what is so already: those that whoever applies may change. Absent: all.
    pub adopts: Option<BTreeSet<Reference>>,
}

impl Default for Order {
    /// Nothing, over the API.
    fn default() -> Self {
        Self {
            proposals: Vec::new(),
            deletions: Vec::new(),
            prune: false,
            base: None,
            expected: BTreeMap::new(),
            via: Via::Api,
            reason: None,
            take: Vec::new(),
            take_all: false,
            override_why: None,
            adopts: None,
        }
    }
}

impl Order {
    pub fn put(documents: impl IntoIterator<Item = Document>) -> Self {
        Self { proposals: documents.into_iter().map(Proposal::made).collect(), ..Self::default() }
    }

    pub fn delete(references: impl IntoIterator<Item = Reference>) -> Self {
        Self { deletions: references.into_iter().collect(), ..Self::default() }
    }

    #[must_use]
    pub fn via(mut self, via: Via) -> Self {
        self.via = via;
        self
    }

    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The changeset in force when it was made: give it back as the order's `base`.
    pub base: i64,
    /// What is created, changed and deleted, and what that means.
    pub differences: Vec<Difference>,
    /// Documents that say already what they should.
    pub unchanged: Vec<Reference>,
    /// Fields that stay as they were set by hand, though the files say otherwise.
    pub kept: Vec<Differing>,
    /// With any of these, nothing is applied.
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl Plan {
    pub fn count(&self, verb: Verb) -> usize {
        self.differences.iter().filter(|difference| difference.verb == verb).count()
    }

    /// The problems as one refusal: for callers that can show only one.
    pub fn refusal(&self) -> Option<Refusal> {
        let first = self.problems.first()?;
        let mut told: Vec<String> = self.problems.iter().take(PROBLEMS_TOLD).map(ToString::to_string).collect();
        if self.problems.len() > PROBLEMS_TOLD {
            told.push(format!("and {} more", self.problems.len() - PROBLEMS_TOLD));
        }
        if told.len() > 1 {
            return Some(Refusal::invalid(told.join("\n")));
        }
        let near = first.suggestion.as_ref().map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
        Some(Refusal::invalid(format!("{}{near}", first.message)).at(first.place.clone()))
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied {
        changeset: Changeset,
        plan: Plan,
    },
    /// Everything says already what it should: no changeset was made.
    Unchanged(Plan),
    /// There are problems: nothing was written.
    Refused(Plan),
}

impl Outcome {
    pub const fn plan(&self) -> &Plan {
        match self {
            Self::Applied { plan, .. } | Self::Unchanged(plan) | Self::Refused(plan) => plan,
        }
    }

    /// The changeset, if one was needed; problems become one refusal.
    pub fn into_result(self) -> Result<Option<Changeset>, Refusal> {
        match self {
            Self::Applied { changeset, .. } => Ok(Some(changeset)),
            Self::Unchanged(_) => Ok(None),
            Self::Refused(plan) => {
                Err(plan.refusal().unwrap_or_else(|| Refusal::invalid("the documents were refused")))
            }
        }
    }
}

/// The documents of several YAML texts, each with the name that errors call it.
pub fn read_files<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Reading {
    let mut reading = Reading::default();
    for (name, text) in files {
        reading.extend(from_yaml(name, text));
    }
    reading
}

/// What an order would do, and the documents before and after it.
#[derive(Clone, Debug)]
pub struct Preview {
    pub plan: Plan,
    pub before: Catalog,
    pub after: Catalog,
}

/// What the order would do. Writes nothing.
pub fn preview(tx: &mut Tx<'_>, order: &Order, conditions: Conditions<'_>) -> Result<Preview, Halt> {
    prepare(tx, order, conditions, &NOBODY)
}

/// The same, with a plan as this reader may see it. The catalogs are whole.
pub fn preview_for(
    tx: &mut Tx<'_>,
    order: &Order,
    conditions: Conditions<'_>,
    reader: &Reader,
) -> Result<Preview, Halt> {
    let mut preview = prepare(tx, order, conditions, reader)?;
    for difference in &mut preview.plan.differences {
        let (old, new) = (preview.before.get(&difference.reference), preview.after.get(&difference.reference));
        if let Some(shown) = reader.difference(&difference.reference, old.as_ref(), new.as_ref(), conditions.now) {
            *difference = shown;
        }
    }
    Ok(preview)
}

/// Does what was ordered, all of it or nothing. Documents that say already what they should get no new revision.
pub fn apply(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    order: &Order,
    conditions: Conditions<'_>,
) -> Result<Outcome, Halt> {
    if order.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_MOST) {
        return Err(Refusal::invalid(format!("the reason is too long: at most {REASON_MOST} characters"))
            .at("/reason")
            .into());
    }
    let Preview { plan, after, .. } = prepare(tx, order, conditions, &NOBODY)?;
    refuse_stale(tx, order, &plan)?;
    if !plan.problems.is_empty() {
        return Ok(Outcome::Refused(plan));
    }
    let deleted: Vec<Reference> =
        plan.differences.iter().filter(|one| one.verb == Verb::Delete).map(|one| one.reference.clone()).collect();
    if plan.differences.is_empty() {
        ownership::remember(tx, moment, order, &deleted, plan.base, false)?;
        return Ok(Outcome::Unchanged(plan));
    }
    let changeset = Changeset {
        number: plan.base + 1,
        id: moment.mint.id(moment.now),
        at: moment.now,
        author: moment.actor.to_string(),
        via: order.via.word().to_owned(),
        reason: order.reason.clone().filter(|reason| !reason.trim().is_empty()),
    };
    rows::add_changeset(tx, &changeset)?;
    for difference in &plan.differences {
        let reference = &difference.reference;
        match after.get(reference) {
            Some(spec) => rows::put(tx, &Document::new(reference.name.clone(), spec), changeset.number)?,
            None => rows::delete(tx, reference, changeset.number)?,
        };
        // Who may no longer come in is shown out.
        if reference.kind == Kind::Person && after.people.get(&reference.name).is_none_or(|person| person.inactive) {
            access::delete_sessions_of(tx, &reference.name, &[])?;
        }
        store::learn::action_items::document_changed(tx, reference, moment.now)?;
        if reference.kind == Kind::ObligationPack {
            obligations::pack_changed(tx, moment, &after, &reference.name)?;
        }
    }
    ownership::remember(tx, moment, order, &deleted, changeset.number, true)?;
    let names = |verb: Verb| -> Vec<String> {
        let of_verb = plan.differences.iter().filter(|difference| difference.verb == verb);
        of_verb.map(|difference| difference.reference.to_string()).collect()
    };
    announce::event(
        tx,
        moment,
        EventKind::DocumentsApplied,
        plan.differences.iter().map(|difference| difference.reference.to_string()).collect(),
        changeset.reason.as_deref(),
        json!({
            "changeset": changeset.number,
            "via": changeset.via,
            "created": names(Verb::Create),
            "changed": names(Verb::Change),
            "deleted": names(Verb::Delete),
        }),
    )?;
    Ok(Outcome::Applied { changeset, plan })
}

/// To whom nothing is shown that others may not see.
const NOBODY: Reader = Reader::NOBODY;

fn prepare(tx: &mut Tx<'_>, order: &Order, conditions: Conditions<'_>, reader: &Reader) -> Result<Preview, Halt> {
    let before = rows::load_all(tx)?;
    for reference in &order.deletions {
        if !before.has(reference.kind, reference.name.as_str()) {
            return Err(Refusal::not_found(format!("document {reference}")).into());
        }
    }
    let deletions = deletions(order, &before);
    let Merged { proposals, kept } = ownership::merged(tx, order, &before, reader)?;
    let findings = checks::check(&before, &proposals, &deletions, conditions);
    let mut after = checks::proposed(&before, &proposals, &deletions);
    let differences = diff::catalogs(&before, &after, conditions.now);
    let changed: BTreeSet<&Reference> = differences.iter().map(|difference| &difference.reference).collect();
    let unchanged: BTreeSet<Reference> = order
        .proposals
        .iter()
        .map(|proposal| proposal.document.reference())
        .filter(|reference| !changed.contains(reference))
        .collect();
    let plan = Plan {
        base: before.revision,
        differences,
        unchanged: unchanged.into_iter().collect(),
        kept,
        problems: findings.problems,
        warnings: findings.warnings,
    };
    after.revision = before.revision + 1;
    Ok(Preview { plan, before, after })
}

/// What is deleted: what the order names, and what pruning finds.
fn deletions(order: &Order, before: &Catalog) -> Vec<Reference> {
    let mut found: BTreeSet<Reference> = order.deletions.iter().cloned().collect();
    if order.prune {
        let kept: BTreeSet<Reference> = order.proposals.iter().map(|proposal| proposal.document.reference()).collect();
        let kinds: BTreeSet<Kind> = kept.iter().map(|reference| reference.kind).collect();
        found.extend(before.references().into_iter().filter(|one| kinds.contains(&one.kind) && !kept.contains(one)));
    }
    found.into_iter().collect()
}

/// Refuses to overwrite what somebody else changed meanwhile.
fn refuse_stale(tx: &mut Tx<'_>, order: &Order, plan: &Plan) -> Result<(), Halt> {
    let stale = |reference: &Reference, what: String| {
        let message = format!("{reference} {what}: read it again, and say again what you want");
        Halt::from(Refusal::new(RefusalKind::Stale, message))
    };
    for (reference, expected) in &order.expected {
        let number = rows::head(tx, reference)?.map_or(0, |head| head.number);
        if number != *expected {
            return Err(stale(
                reference,
                match (number, *expected) {
                    (0, _) => "is no longer there".into(),
                    (_, 0) => format!("is there already, at revision {number}"),
                    _ => format!("is at revision {number}, not {expected}"),
                },
            ));
        }
    }
    let Some(base) = order.base.filter(|base| *base < plan.base) else { return Ok(()) };
    for difference in &plan.differences {
        let reference = &difference.reference;
        if let Some(last) = rows::history(tx, reference, None, 1)?.first()
            && last.changeset.number > base
        {
            return Err(stale(reference, format!("was changed by {} since", last.changeset.author)));
        }
    }
    Ok(())
}

/// The order that brings a document back to what it said at a revision; or takes it away, if that was a deletion.
pub fn rollback(tx: &mut Tx<'_>, reference: &Reference, to: i64) -> Result<Order, Halt> {
    let Some((revision, spec)) = rows::at(tx, reference, to)? else {
        let last = rows::last_number(tx, reference)?;
        let message = match last {
            0 => format!("there never was a document {reference}"),
            last => format!("{reference} has no revision {to}: its last is {last}"),
        };
        return Err(Refusal::new(RefusalKind::NotFound, message).into());
    };
    let order = match spec {
        Some(spec) => Order::put([Document::new(reference.name.clone(), spec)]),
        None if rows::head(tx, reference)?.is_none() => Order::default(),
        None => Order::delete([reference.clone()]),
    };
    Ok(order.via(Via::Rollback).because(format!("Back to revision {}", revision.number)))
}

/// The documents in force as YAML, as this reader may see them: all, or those of the kinds and names asked for.
pub fn export(tx: &mut Tx<'_>, wanted: &[Wanted], reader: &Reader) -> Result<String, Halt> {
    let catalog = rows::load_all(tx)?;
    let documents: Vec<Document> = catalog
        .documents()
        .into_iter()
        .filter(|document| wanted.is_empty() || wanted.iter().any(|one| one.takes(&document.reference())))
        .map(|document| reader.document(&document))
        .collect();
    for one in wanted {
        if let Wanted::One(reference) = one
            && !documents.iter().any(|document| document.reference() == *reference)
        {
            return Err(Refusal::not_found(format!("document {reference}")).into());
        }
    }
    Ok(writing::to_yaml(&documents))
}

/// A part of all documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Kind(Kind),
    One(Reference),
}

impl Wanted {
    fn takes(&self, reference: &Reference) -> bool {
        match self {
            Self::Kind(kind) => *kind == reference.kind,
            Self::One(one) => one == reference,
        }
    }
}

impl std::str::FromStr for Wanted {
    type Err = Refusal;

    /// `schedule` or `schedule/payments`.
    fn from_str(word: &str) -> Result<Self, Refusal> {
        if word.contains('/') { word.parse().map(Self::One) } else { word.parse().map(Self::Kind) }
    }
}

/// A revision, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub revision: Revision,
    /// Against the revision before. Absent if that says the same.
    pub difference: Option<Difference>,
}

/// The revisions of a document, the latest first, each with what it changed when it was made.
pub fn history(
    tx: &mut Tx<'_>,
    reference: &Reference,
    before: Option<i64>,
    limit: i64,
    reader: &Reader,
) -> Result<Vec<Step>, Halt> {
    let revisions = rows::history(tx, reference, before, limit.clamp(1, 200))?;
    if revisions.is_empty() && before.is_none() {
        return Err(Refusal::not_found(format!("document {reference}")).into());
    }
    revisions.into_iter().map(|revision| step(tx, revision, reader)).collect()
}

fn step(tx: &mut Tx<'_>, revision: Revision, reader: &Reader) -> Result<Step, Halt> {
    let reference = &revision.reference;
    let new = rows::at(tx, reference, revision.number)?.and_then(|(_, spec)| spec);
    let old = rows::before(tx, reference, revision.number)?;
    let difference = reader.difference(reference, old.as_ref(), new.as_ref(), revision.changeset.at);
    Ok(Step { revision, difference })
}

/// What differs between two revisions of a document; nothing if they say the same. Without `to`: what is in force.
pub fn difference(
    tx: &mut Tx<'_>,
    reference: &Reference,
    from: i64,
    to: Option<i64>,
    now: Timestamp,
    reader: &Reader,
) -> Result<Option<Difference>, Halt> {
    let old = said(tx, reference, from)?;
    let new = match to {
        Some(number) => said(tx, reference, number)?,
        None => rows::head(tx, reference)?.map(|head| head.document.spec),
    };
    Ok(reader.difference(reference, old.as_ref(), new.as_ref(), now))
}

fn said(tx: &mut Tx<'_>, reference: &Reference, number: i64) -> Result<Option<Spec>, Halt> {
    match rows::at(tx, reference, number)? {
        Some((_, spec)) => Ok(spec),
        None if number == 0 => Ok(None),
        None => Err(Refusal::not_found(format!("revision {number} of {reference}")).into()),
    }
}

/// What a changeset did, and what that meant when it did.
pub fn changes_of(tx: &mut Tx<'_>, number: i64, reader: &Reader) -> Result<Vec<Step>, Halt> {
    let revisions = rows::of_changeset(tx, number)?;
    if revisions.is_empty() {
        return Err(Refusal::not_found(format!("changeset {}", text::shorten(&number.to_string(), 20))).into());
    }
    revisions.into_iter().map(|revision| step(tx, revision, reader)).collect()
}

/// The documents as they were after a changeset: what was in force when an incident began.
pub fn as_of(tx: &mut Tx<'_>, changeset: i64) -> Result<Catalog, Error> {
    rows::as_of(tx, changeset)
}

#[cfg(test)]
mod tests {
    use domain::respond::sight::Sight;
    use domain::words::{Actor, Mint, Name};
    use store::Store;

    use super::*;

    const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana Silva, email: ana@example.org, access: administrator }
---
kind: person
name: ben
spec: { full_name: Ben Ode, email: ben@example.org }
---
kind: team
name: payments
spec: { title: Payments, members: [ana, ben] }
---
kind: schedule
name: payments
spec:
  title: Payments
  time_zone: Europe/Berlin
  layers: [{ name: week, people: [ana, ben], starts: '2026-11-16T09:00', rotate: { weeks: 1 } }]
---
kind: escalation-policy
name: payments
spec:
  title: Payments
  steps: [{ notify: [{ schedule: payments }] }]
";

    fn all() -> Reader {
        Reader::new(None, Some(domain::prepare::people::Access::Administrator))
    }

    struct Desk<'s> {
        store: &'s Store,
        mint: Mint,
        now: Timestamp,
    }

    impl<'s> Desk<'s> {
        fn new(store: &'s Store) -> Self {
            let mut desk = Self { store, mint: Mint::seeded(1), now: "2026-11-22T12:00:00Z".parse().unwrap() };
            assert!(matches!(desk.apply(&order(FIRM)), Ok(Outcome::Applied { .. })));
            desk
        }

        fn apply(&mut self, order: &Order) -> Result<Outcome, Halt> {
            let (now, mint) = (self.now, &mut self.mint);
            let actor = Actor::Person("ana".parse::<Name>().unwrap());
            self.store.write(|tx| apply(tx, &mut Moment::new(now, actor.clone(), mint), order, Conditions::at(now)))
        }

        fn read<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> T {
            self.store.read(act).unwrap()
        }

        fn head(&self) -> i64 {
            self.read(|tx| Ok(rows::head_number(tx)?))
        }
    }

    fn order(yaml: &str) -> Order {
        let reading = read_files([("new.yaml", yaml)]);
        assert_eq!(reading.problems, []);
        Order { proposals: reading.proposals, ..Order::default() }.via(Via::Apply).because("a test")
    }

    fn reference(word: &str) -> Reference {
        word.parse().unwrap()
    }

    fn applied(outcome: Result<Outcome, Halt>) -> Changeset {
        outcome.unwrap().into_result().unwrap().unwrap()
    }

    fn refusal(outcome: Result<Outcome, Halt>) -> Refusal {
        match outcome {
            Err(Halt::Refused(refusal)) => refusal,
            other => panic!("no refusal: {other:?}"),
        }
    }

    const SWAPPED: &str = "
kind: schedule
name: payments
spec:
  title: Payments
  time_zone: Europe/Berlin
  layers: [{ name: week, people: [ben, ana], starts: '2026-11-16T09:00', rotate: { weeks: 1 } }]
";

    store::both_engines! {
        fn a_set_is_applied_whole_and_written_down(store) {
            let mut desk = Desk::new(store);
            let changeset = applied(desk.apply(&order(SWAPPED)));
            assert_eq!((changeset.number, changeset.author.as_str(), changeset.reason.as_deref()), (2, "person:ana", Some("a test")));
            let entries = desk.read(|tx| Ok(store::journal::of_subject(tx, "schedule/payments", Sight::Whole, None, 9)?));
            assert_eq!(entries.len(), 2);
            insta::allow_duplicates! {
                insta::assert_snapshot!(entries[0].data, @r#"{"changeset":2,"via":"apply","created":[],"changed":["schedule/payments"],"deleted":[]}"#);
            }
            // The same again makes no revision, and no changeset.
            assert!(matches!(desk.apply(&order(SWAPPED)).unwrap(), Outcome::Unchanged(plan) if plan.unchanged.len() == 1));
            assert_eq!(desk.head(), 2);
        }

        fn a_plan_tells_and_writes_nothing(store) {
            let desk = Desk::new(store);
            let yaml = format!("{SWAPPED}---\nkind: team\nname: web\nspec: {{ title: Web }}\n---\nkind: person\nname: ben\nspec: {{ full_name: Ben Ode, email: ben@example.org }}\n");
            let plan = desk.read(|tx| preview(tx, &order(&yaml), Conditions::at(desk.now))).plan;
            assert_eq!((plan.count(Verb::Create), plan.count(Verb::Change), plan.unchanged.len()), (1, 1, 1));
            let told: Vec<String> = plan.differences.iter().map(ToString::to_string).collect();
            insta::allow_duplicates! {
                insta::assert_snapshot!(told.join("\n"), @"
                create team/web
                change schedule/payments
                  on call for payments from now to Mon 23 Nov 09:00 moves from ana to ben
                  on call for payments from Mon 23 Nov 09:00 to Mon 30 Nov 09:00 moves from ben to ana
                  on call for payments from Mon 30 Nov 09:00 on moves from ana to ben
                    /layers/0/people: ana, ben -> ben, ana
                ");
            }
            assert_eq!(desk.head(), 1);
        }

        fn one_problem_refuses_all(store) {
            let mut desk = Desk::new(store);
            let yaml = "kind: team\nname: web\nspec: { title: Web }\n---\nkind: service\nname: shop\nspec:\n  title: Shop\n  team: wbe\n  escalation_policy: paymens\n";
            let outcome = desk.apply(&order(yaml)).unwrap();
            let Outcome::Refused(plan) = &outcome else { panic!("{outcome:?}") };
            assert_eq!(plan.problems.len(), 2);
            insta::allow_duplicates! {
                insta::assert_snapshot!(outcome.into_result().unwrap_err(), @r#"
                new.yaml:9: there is no team "wbe" (did you mean "web"?)
                new.yaml:10: there is no escalation-policy "paymens" (did you mean "payments"?)
                "#);
            }
            assert_eq!(desk.head(), 1);
            assert_eq!(desk.read(|tx| Ok(rows::head(tx, &reference("team/web"))?)), None);
        }

        fn what_is_in_use_is_not_deleted(store) {
            let mut desk = Desk::new(store);
            let delete = |word: &str| Order::delete([reference(word)]).via(Via::Api);
            let refused = desk.apply(&delete("schedule/payments")).unwrap().into_result().unwrap_err();
            insta::allow_duplicates! {
                insta::assert_snapshot!(refused, @r#"escalation-policy/payments /spec/steps/0/notify/0/schedule: schedule "payments" is deleted in this set, but still named by escalation-policy/payments"#);
            }
            let both = Order::delete([reference("schedule/payments"), reference("escalation-policy/payments")]);
            assert_eq!(applied(desk.apply(&both)).number, 2);
            assert_eq!(refusal(desk.apply(&delete("schedule/payments"))).kind, RefusalKind::NotFound);
        }

        fn pruning_leaves_other_kinds_alone(store) {
            let mut desk = Desk::new(store);
            let web = "kind: team\nname: web\nspec: { title: Web }\n";
            let outcome = desk.apply(&Order { prune: true, ..order(web) }).unwrap();
            assert_eq!((outcome.plan().count(Verb::Delete), outcome.plan().count(Verb::Create)), (1, 1));
            let left = desk.read(|tx| Ok(rows::load_all(tx)?.references()));
            let left: Vec<String> = left.iter().map(ToString::to_string).collect();
            assert_eq!(left, ["person/ana", "person/ben", "team/web", "schedule/payments", "escalation-policy/payments"]);
        }

        fn what_somebody_else_changed_is_not_overwritten(store) {
            let mut desk = Desk::new(store);
            applied(desk.apply(&order(SWAPPED)));
            let title = "kind: schedule\nname: payments\nspec:\n  title: Pay\n  time_zone: Europe/Berlin\n  layers: [{ name: week, people: [ana, ben], starts: '2026-11-16T09:00', rotate: { weeks: 1 } }]\n";
            let stale = refusal(desk.apply(&Order { base: Some(1), ..order(title) }));
            assert_eq!(stale.kind, RefusalKind::Stale);
            insta::allow_duplicates! {
                insta::assert_snapshot!(stale, @"schedule/payments was changed by person:ana since: read it again, and say again what you want");
            }
            for (expected, fine) in [(1, false), (0, false), (2, true)] {
                let order = Order { expected: [(reference("schedule/payments"), expected)].into(), ..order(title) };
                assert_eq!(desk.apply(&order).is_ok(), fine, "{expected}");
            }
            // Another document, changed on the same base, is nobody's business.
            let team = "kind: team\nname: web\nspec: { title: Web }\n";
            applied(desk.apply(&Order { base: Some(1), ..order(team) }));
            let new = Order { expected: [(reference("team/web"), 0)].into(), ..order(team) };
            assert_eq!(refusal(desk.apply(&new)).kind, RefusalKind::Stale);
        }

        fn a_rollback_is_a_new_revision_and_checked_like_any(store) {
            let mut desk = Desk::new(store);
            applied(desk.apply(&order(SWAPPED)));
            let schedule = reference("schedule/payments");
            let back = desk.read(|tx| rollback(tx, &schedule, 1));
            let changeset = applied(desk.apply(&back));
            assert_eq!((changeset.via.as_str(), changeset.reason.as_deref()), ("rollback", Some("Back to revision 1")));
            let head = desk.read(|tx| Ok(rows::head(tx, &schedule)?)).unwrap();
            let first = desk.read(|tx| Ok(rows::at(tx, &schedule, 1)?)).unwrap();
            assert_eq!((head.number, Some(head.hash)), (3, first.0.hash));
            // A policy that names a schedule which is gone since cannot come back alone.
            let policy = reference("escalation-policy/payments");
            applied(desk.apply(&Order::delete([schedule.clone(), policy.clone()])));
            let alone = desk.read(|tx| rollback(tx, &policy, 1));
            assert!(matches!(desk.apply(&alone).unwrap(), Outcome::Refused(_)));
            let mut both = desk.read(|tx| rollback(tx, &schedule, 3));
            both.proposals.extend(alone.proposals);
            applied(desk.apply(&both));
            // Back to a revision that deleted it.
            let gone = desk.read(|tx| rollback(tx, &policy, 2));
            assert_eq!(gone.deletions, std::slice::from_ref(&policy));
            let missing = store.read(|tx| rollback(tx, &policy, 9)).unwrap_err();
            assert_eq!(missing.to_string(), "escalation-policy/payments has no revision 9: its last is 3");
        }

        fn history_says_what_each_revision_changed(store) {
            let mut desk = Desk::new(store);
            applied(desk.apply(&order(SWAPPED)));
            let schedule = reference("schedule/payments");
            let steps = desk.read(|tx| history(tx, &schedule, None, 10, &all()));
            let told: Vec<String> = steps
                .iter()
                .map(|step| format!("{} {}", step.revision.number, step.difference.as_ref().unwrap()))
                .collect();
            insta::allow_duplicates! {
                insta::assert_snapshot!(told.join("\n"), @"
                2 change schedule/payments
                  on call for payments from now to Mon 23 Nov 09:00 moves from ana to ben
                  on call for payments from Mon 23 Nov 09:00 to Mon 30 Nov 09:00 moves from ben to ana
                  on call for payments from Mon 30 Nov 09:00 on moves from ana to ben
                    /layers/0/people: ana, ben -> ben, ana
                1 create schedule/payments
                  ana is on call for payments from now on
                ");
            }
            let now = desk.now;
            assert!(desk.read(|tx| difference(tx, &schedule, 1, Some(1), now, &all())).is_none());
            assert_eq!(desk.read(|tx| difference(tx, &schedule, 1, None, now, &all())).unwrap().verb, Verb::Change);
            assert!(store.read(|tx| difference(tx, &schedule, 1, Some(9), now, &all())).is_err());
            assert!(store.read(|tx| history(tx, &reference("team/none"), None, 10, &all())).is_err());
            assert_eq!(desk.read(|tx| changes_of(tx, 1, &all())).len(), 5);
            assert_eq!(desk.read(|tx| Ok(as_of(tx, 1)?)).schedules["payments"].layers[0].people[0].as_str(), "ana");
        }

        fn what_is_exported_applies_without_a_change(store) {
            let mut desk = Desk::new(store);
            let yaml = desk.read(|tx| export(tx, &[], &all()));
            assert!(matches!(desk.apply(&Order { prune: true, ..order(&yaml) }).unwrap(), Outcome::Unchanged(_)));
            let part = desk.read(|tx| export(tx, &["team".parse()?, "person/ben".parse()?], &all()));
            let none = desk.store.read(|tx| export(tx, &["team".parse()?, "person/bem".parse()?], &all()));
            assert_eq!(none.unwrap_err().to_string(), "there is no document person/bem");
            assert_eq!(read_files([("part", part.as_str())]).proposals.len(), 2);
        }

        fn the_catalog_is_read_again_when_it_moved(store) {
            use crate::prepare::catalog::{Cache, catalog};
            let mut desk = Desk::new(store);
            let cache = Cache::default();
            let now = |desk: &Desk<'_>| desk.read(|tx| Ok(catalog(tx, &cache)?));
            let first = now(&desk);
            assert!(std::sync::Arc::ptr_eq(&first, &now(&desk)));
            // A changeset that was seen by its own transaction and then taken back is not remembered.
            let swapped = order(SWAPPED);
            let halted = desk.store.write(|tx| {
                let mut moment = Moment::new(desk.now, Actor::System, &mut desk.mint);
                apply(tx, &mut moment, &swapped, Conditions::at(desk.now))?;
                assert_eq!(catalog(tx, &cache)?.revision, 2);
                Err::<(), Halt>(Refusal::conflict("no").into())
            });
            assert!(halted.is_err());
            assert_eq!(now(&desk).revision, 1);
            applied(desk.apply(&order("kind: team\nname: web\nspec: { title: Web }\n")));
            let third = now(&desk);
            assert_eq!((third.revision, third.teams.len()), (2, 2));
        }

        fn many_who_apply_at_once_all_get_their_own_number(store) {
            let desk = Desk::new(store);
            let now = desk.now;
            std::thread::scope(|scope| {
                for writer in 0..4_u64 {
                    let store: &Store = store;
                    scope.spawn(move || {
                        let mut mint = Mint::seeded(100 + writer);
                        for turn in 0..10 {
                            let yaml = format!("kind: team\nname: web-{writer}\nspec: {{ title: Turn {turn} }}\n");
                            let outcome = store.write(|tx| {
                                apply(tx, &mut Moment::new(now, Actor::System, &mut mint), &order(&yaml), Conditions::at(now))
                            });
                            applied(outcome);
                        }
                    });
                }
            });
            assert_eq!(desk.head(), 41);
            assert_eq!(desk.read(|tx| Ok(rows::last_number(tx, &reference("team/web-3"))?)), 10);
        }
    }
}
