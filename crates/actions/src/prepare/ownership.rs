//! Files and people share documents: an apply of files keeps what was set by hand, says by whom, and remembers what the
//! files said. Drift is the same question without an apply: where do files and what is in force differ?
//!
//! Writes no document itself. Values are shown as the reader may see them: addresses are masked for others.

use std::collections::{BTreeMap, BTreeSet};

use domain::prepare::addresses::{MASK, Reader};
use domain::prepare::catalog::Catalog;
use domain::prepare::diff::show;
use domain::prepare::documents::{Kind, Reference, Spec};
use domain::prepare::ownership::{Apart, Field, compare, merge};
use domain::prepare::reading::Proposal;
use domain::words::{EventKind, Refusal};
use serde_json::{Value, json};
use store::prepare::documents::{self as documents, Changeset};
use store::prepare::ownership::{self as rows, Said};
use store::{Halt, Tx};

use super::documents::Order;
use crate::{Moment, announce};

/// How many revisions of a document are looked through for who set a field.
const REVISIONS_MOST: i64 = 200;

/// Whether an order comes from files.
pub const fn from_files(order: &Order) -> bool {
    order.via.is_files()
}

/// A field in which what is in force differs from what files say, and who set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    pub field: Field,
    /// As the reader may see it; absent: there is no value.
    pub in_force: Option<String>,
    pub in_files: Option<String>,
    /// What set it. Absent: longer ago than is looked back.
    pub set: Option<Changeset>,
}

/// How a document differs from files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drifted {
    /// In these fields.
    Differs,
    /// It is in the files, and not in force.
    Missing,
    /// It is in force, and not in the files, which have others of its kind: an apply that prunes would delete it.
    Extra,
}

impl Drifted {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Extra => "extra",
        }
    }
}

/// A document that differs from files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub reference: Reference,
    pub how: Drifted,
    /// Of a document that differs.
    pub fields: Vec<Differing>,
    /// What changed the document last.
    pub last: Option<Changeset>,
}

/// The proposals of an order as they come to be, and the fields that stay as they were set by hand.
pub(super) struct Merged {
    pub(super) proposals: Vec<Proposal>,
    pub(super) kept: Vec<Differing>,
}

pub(super) fn merged(tx: &mut Tx<'_>, order: &Order, before: &Catalog, reader: &Reader) -> Result<Merged, Halt> {
    for field in &order.take {
        if !order.proposals.iter().any(|proposal| proposal.document.reference() == field.reference) {
            let why = format!("{} is not among these documents, so nothing of it can be taken", field.reference);
            return Err(Refusal::invalid(why).at("/take").into());
        }
    }
    let mut proposals = order.proposals.clone();
    let mut kept = Vec::new();
    if !from_files(order) {
        return Ok(Merged { proposals, kept });
    }
    let said = rows::all(tx)?;
    for proposal in &mut proposals {
        let reference = proposal.document.reference();
        let Some(in_force) = before.get(&reference) else { continue };
        let files = proposal.document.spec.to_json();
        let takes = |pointer: &str| {
            // A masked address is refused, and not kept out of the way.
            order.take_all
                || order.take.iter().any(|field| field.covers(&reference, pointer))
                || hides(reference.kind, pointer, &files)
        };
        let said = said.get(&reference).map(|said| &said.spec);
        let merged = merge(said, &in_force, &proposal.document.spec, &takes);
        kept.extend(differing(tx, &reference, &in_force, &proposal.document.spec, &merged.kept, reader)?);
        proposal.document.spec = merged.spec;
    }
    Ok(Merged { proposals, kept })
}

/// Whether a file says a masked address there.
fn hides(kind: Kind, pointer: &str, files: &Value) -> bool {
    let fields: &[&str] = match kind {
        Kind::Person => &["/email", "/contacts"],
        Kind::EscalationPolicy => &["/steps"],
        Kind::OutgoingWebhook => &["/url"],
        _ => return false,
    };
    let said = files.pointer(pointer).map(Value::to_string);
    fields.contains(&pointer) && said.is_some_and(|said| said.contains(MASK))
}

/// Puts down what files say now, once that is in force or was kept. What they had not said before, though nothing
/// changes by it, is told in the journal: it is theirs from now on.
pub(super) fn remember(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    order: &Order,
    deleted: &[Reference],
    changeset: i64,
    told: bool,
) -> Result<(), Halt> {
    if !from_files(order) && !order.via.is_beginning() {
        return Ok(());
    }
    for reference in deleted {
        rows::forget(tx, reference)?;
    }
    let before = rows::all(tx)?;
    let mut adopted = BTreeSet::new();
    let last: BTreeMap<Reference, &Spec> =
        order.proposals.iter().map(|one| (one.document.reference(), &one.document.spec)).collect();
    for (reference, spec) in last {
        let theirs = order.adopts.as_ref().is_none_or(|adopts| adopts.contains(&reference));
        if !theirs || before.get(&reference).is_some_and(|said| said.spec == *spec) {
            continue;
        }
        let (at, author) = (moment.now, moment.actor.to_string());
        rows::put(tx, &reference, &Said { spec: spec.clone(), changeset, at, author })?;
        adopted.insert(reference.to_string());
    }
    if !told && !adopted.is_empty() {
        let data = json!({ "changeset": changeset, "via": order.via });
        let subjects = adopted.into_iter().collect();
        announce::event(tx, moment, EventKind::DocumentsAdopted, subjects, order.reason.as_deref(), data)?;
    }
    Ok(())
}

/// Where these files and what is in force differ. What the files do not have counts if they would prune.
pub fn drift(tx: &mut Tx<'_>, files: &[Proposal], prune: bool, reader: &Reader) -> Result<Vec<Drift>, Halt> {
    let catalog = documents::load_all(tx)?;
    let wanted: BTreeMap<Reference, &Spec> =
        files.iter().map(|proposal| (proposal.document.reference(), &proposal.document.spec)).collect();
    let kinds: BTreeSet<Kind> = wanted.keys().map(|reference| reference.kind).collect();
    let mut found = Vec::new();
    for (reference, spec) in &wanted {
        match catalog.get(reference) {
            None => found.push(whole(tx, reference, Drifted::Missing)?),
            Some(in_force) => found.extend(one(tx, reference, &in_force, spec, reader)?),
        }
    }
    for reference in catalog.references() {
        if prune && kinds.contains(&reference.kind) && !wanted.contains_key(&reference) {
            found.push(whole(tx, &reference, Drifted::Extra)?);
        }
    }
    found.sort_by_key(|one| Kind::ALL.iter().position(|kind| *kind == one.reference.kind));
    Ok(found)
}

/// Where what is in force differs from what files said last: what was set by hand since. Documents of which files never
/// said anything are not among them.
pub fn set_by_hand(tx: &mut Tx<'_>, reader: &Reader) -> Result<Vec<Drift>, Halt> {
    let catalog = documents::load_all(tx)?;
    let mut found = Vec::new();
    for (reference, said) in rows::all(tx)? {
        match catalog.get(&reference) {
            None => found.push(whole(tx, &reference, Drifted::Missing)?),
            Some(in_force) => found.extend(one(tx, &reference, &in_force, &said.spec, reader)?),
        }
    }
    found.sort_by_key(|one| Kind::ALL.iter().position(|kind| *kind == one.reference.kind));
    Ok(found)
}

/// The same of one document: its fields.
pub fn set_by_hand_in(tx: &mut Tx<'_>, reference: &Reference, reader: &Reader) -> Result<Vec<Differing>, Halt> {
    let (Some(said), Some(head)) = (rows::get(tx, reference)?, documents::head(tx, reference)?) else {
        return Ok(Vec::new());
    };
    let in_force = head.document.spec;
    let apart = compare(&in_force, &said.spec);
    differing(tx, reference, &in_force, &said.spec, &apart, reader)
}

/// Whether files ever said anything, besides what came with the installation.
pub fn files_spoke(tx: &mut Tx<'_>) -> Result<bool, Halt> {
    Ok(rows::all(tx)?.values().any(|said| said.author != domain::words::Actor::System.to_string()))
}

fn whole(tx: &mut Tx<'_>, reference: &Reference, how: Drifted) -> Result<Drift, Halt> {
    let last = documents::history(tx, reference, None, 1)?.pop().map(|revision| revision.changeset);
    Ok(Drift { reference: reference.clone(), how, fields: Vec::new(), last })
}

fn one(
    tx: &mut Tx<'_>,
    reference: &Reference,
    in_force: &Spec,
    files: &Spec,
    reader: &Reader,
) -> Result<Option<Drift>, Halt> {
    let apart = compare(in_force, files);
    if apart.is_empty() {
        return Ok(None);
    }
    let fields = differing(tx, reference, in_force, files, &apart, reader)?;
    Ok(Some(Drift { fields, ..whole(tx, reference, Drifted::Differs)? }))
}

/// The fields as this reader may see them, each with what set it.
fn differing(
    tx: &mut Tx<'_>,
    reference: &Reference,
    in_force: &Spec,
    files: &Spec,
    apart: &[Apart],
    reader: &Reader,
) -> Result<Vec<Differing>, Halt> {
    if apart.is_empty() {
        return Ok(Vec::new());
    }
    let [in_force, files] = [in_force, files].map(|spec| reader.spec(reference, spec).to_json());
    let shown = |spec: &Value, pointer: &str| spec.pointer(pointer).map(show);
    let states: Vec<(Changeset, Value)> = documents::states(tx, reference, REVISIONS_MOST)?
        .into_iter()
        .map(|(revision, spec)| (revision.changeset, spec.map_or(Value::Null, |spec| spec.to_json())))
        .collect();
    let fields = apart.iter().map(|one| Differing {
        field: Field { reference: reference.clone(), pointer: one.pointer.clone() },
        in_force: shown(&in_force, &one.pointer),
        in_files: shown(&files, &one.pointer),
        set: set_by(&states, &one.pointer).cloned(),
    });
    Ok(fields.collect())
}

/// What made a field say what it says: the newest of the states in which it said something else just before.
fn set_by<'s>(states: &'s [(Changeset, Value)], pointer: &str) -> Option<&'s Changeset> {
    let (_, now) = states.first()?;
    let now = now.pointer(pointer);
    let same = states.iter().take_while(|(_, state)| state.pointer(pointer) == now).count();
    // The first state of all set whatever it says; what is absent ever since was set by nobody.
    let began = same < states.len() || states.len() < usize::try_from(REVISIONS_MOST).ok()? && now.is_some();
    states.get(same.checked_sub(1)?).filter(|_| began).map(|(changeset, _)| changeset)
}

#[cfg(test)]
mod tests {
    use domain::prepare::checks::Conditions;
    use domain::prepare::ownership::Via;
    use domain::respond::sight::Sight;
    use domain::words::{Actor, Mint, Name, Timestamp};
    use store::Store;

    use super::*;
    use crate::prepare::documents::{Outcome, apply, read_files, rollback};

    struct Desk<'s> {
        store: &'s Store,
        mint: Mint,
        now: Timestamp,
    }

    fn files(yaml: &str) -> Order {
        let reading = read_files([("all.yaml", yaml)]);
        assert_eq!(reading.problems, []);
        Order { proposals: reading.proposals, ..Order::default() }.via(Via::Apply).because("the files")
    }

    fn web(title: &str, members: &str) -> String {
        format!("kind: team\nname: web\nspec: {{ title: {title}, members: [{members}] }}\n")
    }

    const PEOPLE: &str = "kind: person\nname: ana\nspec: { full_name: Ana, email: ana@example.org }\n---\n";

    impl Desk<'_> {
        fn new(store: &Store) -> Desk<'_> {
            let now = "2026-11-22T12:00:00Z".parse().unwrap();
            let mut desk = Desk { store, mint: Mint::seeded(1), now };
            desk.apply("ci", &files(&format!("{PEOPLE}{}", web("Web", ""))));
            desk
        }

        fn apply(&mut self, by: &str, order: &Order) -> Outcome {
            let (now, mint) = (self.now, &mut self.mint);
            let actor = Actor::Person(by.parse::<Name>().unwrap());
            let done = self
                .store
                .write(|tx| apply(tx, &mut Moment::new(now, actor.clone(), mint), order, Conditions::at(now)));
            done.unwrap()
        }

        /// Somebody sets it by hand.
        fn page(&mut self, yaml: &str) {
            self.apply("ana", &files(yaml).via(Via::Page).because("it has another name"));
        }

        fn team(&self) -> (String, usize) {
            let team = self.store.read(|tx| Ok(documents::load_all(tx)?.teams["web"].clone())).unwrap();
            (team.title, team.members.len())
        }

        fn kept(&mut self, order: &Order) -> Vec<String> {
            let outcome = self.apply("ci", order);
            let kept = outcome.plan().kept.iter().map(|one| {
                let set = one.set.as_ref().unwrap();
                let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
                let (in_force, in_files) = (show(&one.in_force), show(&one.in_files));
                let why = set.reason.as_deref().unwrap_or("");
                format!("{}: {in_force}, not {in_files}: {} by {}, {why}", one.field, set.author, set.via)
            });
            kept.collect()
        }
    }

    store::both_engines! {
        fn what_was_set_by_hand_is_kept_and_told_until_it_is_taken(store) {
            let mut desk = Desk::new(store);
            desk.page(&web("Ours", ""));
            let order = files(&web("Web", "ana"));
            let told = ["team/web:/title: Ours, not Web: person:ana by page, it has another name"];
            assert_eq!(desk.kept(&order), told);
            assert_eq!(desk.team(), ("Ours".into(), 1), "the rest follows the files");
            // The same files again: nothing more happens, and it is told again.
            assert_eq!(desk.kept(&order), told);
            assert!(matches!(desk.apply("ci", &order), Outcome::Unchanged(_)));
            let take = Order { take: vec!["team/web:/members".parse().unwrap()], ..order.clone() };
            assert_eq!(desk.kept(&take), told, "another field was taken");
            let take = Order { take: vec!["team/web:/title".parse().unwrap()], ..order.clone() };
            assert_eq!((desk.kept(&take), desk.team().0), (vec![], "Web".into()));
            assert!(matches!(desk.apply("ci", &take), Outcome::Unchanged(_)), "taken already");
            desk.page(&web("Ours", "ana"));
            assert_eq!(desk.kept(&Order { take_all: true, ..order }), Vec::<String>::new());
            assert_eq!(desk.team().0, "Web");
        }

        fn a_rollback_stands_until_the_files_agree(store) {
            let mut desk = Desk::new(store);
            let wrong = files(&web("Wrong", ""));
            desk.apply("ci", &wrong);
            let order = store.read(|tx| rollback(tx, &"team/web".parse().unwrap(), 1)).unwrap();
            desk.apply("ana", &order);
            let told = ["team/web:/title: Web, not Wrong: person:ana by rollback, Back to revision 1"];
            assert_eq!(desk.kept(&wrong), told);
            assert_eq!((desk.kept(&wrong), desk.team().0), (told.map(String::from).to_vec(), "Web".into()));
            // The files were put right: it is theirs again, which the journal tells.
            let right = files(&web("Web", ""));
            assert!(matches!(desk.apply("ci", &right), Outcome::Unchanged(_)));
            let entries = store.read(|tx| Ok(store::journal::of_subject(tx, "team/web", Sight::Whole, None, 1)?)).unwrap();
            assert_eq!(entries[0].kind(), Some(EventKind::DocumentsAdopted));
            assert_eq!(desk.kept(&files(&web("Site", ""))), Vec::<String>::new());
            assert_eq!(desk.team().0, "Site");
        }

        fn drift_says_which_fields_and_who(store) {
            let mut desk = Desk::new(store);
            desk.page(&web("Ours", ""));
            let order = files(&format!("{}---\nkind: team\nname: db\nspec: {{ title: Db }}\n", web("Web", "")));
            let look = |found: Vec<Drift>| -> Vec<String> {
                let show = |one: &Drift| {
                    let fields: Vec<&str> = one.fields.iter().map(|field| field.field.pointer.as_str()).collect();
                    let by = one.last.as_ref().map_or("-", |last| last.author.as_str());
                    format!("{} {} {} {by}", one.reference, one.how.word(), fields.join(" "))
                };
                found.iter().map(show).collect()
            };
            let (now, by_hand) = store.read(|tx| {
                Ok((drift(tx, &order.proposals, true, &Reader::NOBODY)?, set_by_hand(tx, &Reader::NOBODY)?))
            }).unwrap();
            assert_eq!(look(now), ["team/db missing  -", "team/web differs /title person:ana"]);
            assert_eq!(look(by_hand), ["team/web differs /title person:ana"]);
            let others = files("kind: team\nname: db\nspec: { title: Db }\n");
            let found = store.read(|tx| drift(tx, &others.proposals, true, &Reader::NOBODY)).unwrap();
            assert_eq!(look(found), ["team/db missing  -", "team/web extra  person:ana"]);
        }

        fn addresses_are_masked_for_who_may_not_see_them(store) {
            let mut desk = Desk::new(store);
            desk.page("kind: person\nname: ana\nspec: { full_name: Ana, email: secret@example.org }\n");
            let found = desk.kept(&files(PEOPLE));
            assert_eq!(found, ["person/ana:/email: s…@example.org, not a…@example.org: person:ana by page, it has another name"]);
        }

        fn only_what_was_sent_can_be_taken(store) {
            let desk = Desk::new(store);
            let order = Order { take: vec!["team/db:/title".parse().unwrap()], ..files(&web("Web", "")) };
            let refused = store.read(|tx| crate::prepare::documents::preview(tx, &order, Conditions::at(desk.now)).map(drop));
            assert!(refused.unwrap_err().to_string().contains("team/db is not among these documents"));
        }
    }
}
