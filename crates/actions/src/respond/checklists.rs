//! Checklists in an incident: which are shown, and what is said of their items.

use domain::respond::checklists::{Checklist, State, Tick, tick};
use domain::respond::entries;
use domain::words::{EventKind, IncidentId, Name, Refusal, text};
use serde_json::json;
use store::respond::checklists as rows;
use store::respond::incidents::IncidentRow;
use store::{Halt, Tx};

use super::incidents::find;
use crate::announce::Told;
use crate::{Moment, Node, announce};

/// A checklist as it stands in an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub name: Name,
    pub spec: Checklist,
    /// It is about the incident as it is now; otherwise it is shown for what was said of it before.
    pub fits: bool,
    /// What was said last of each item, in the order of the items.
    pub ticks: Vec<Option<Tick>>,
}

/// The checklists that an incident shows: those that fit, and those of which something was said.
pub fn of_incident(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow) -> Result<Vec<Standing>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let all = rows::of_incident(tx, row.id)?;
    let standing = |(name, spec): (&Name, &Checklist)| {
        let of = |item: &Name| all.iter().find(|one| one.checklist == *name && one.item == *item).cloned();
        Standing {
            name: name.clone(),
            fits: spec.fits(&row.state),
            ticks: spec.items.iter().map(|item| of(&item.name)).collect(),
            spec: spec.clone(),
        }
    };
    let mut lists: Vec<Standing> = catalog.checklists.iter().map(standing).collect();
    lists.retain(|one| one.fits || one.ticks.iter().any(Option::is_some));
    lists.sort_by_key(|one| !one.fits);
    Ok(lists)
}

/// Says how an item of a checklist stands.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    (checklist, item): (&Name, &Name),
    wanted: &State,
) -> Result<Tick, Halt> {
    find(tx, moment, incident)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let spec = catalog.checklists.get(checklist).ok_or_else(|| {
        let near = text::did_you_mean(checklist.as_str(), catalog.checklists.keys().map(Name::as_str));
        Refusal::invalid(format!("there is no checklist {checklist}{near}")).at("/checklist")
    })?;
    let found = spec.items.iter().find(|one| one.name == *item).ok_or_else(|| {
        let near = text::did_you_mean(item.as_str(), spec.items.iter().map(|one| one.name.as_str()));
        Refusal::invalid(format!("{checklist} has no item {item}{near}")).at("/item")
    })?;
    let wanted = match wanted {
        State::Open => State::Open,
        State::Done { note } => {
            let note = note.as_ref().filter(|note| !note.trim().is_empty());
            State::Done { note: note.map(|note| entries::text(note, "/note")).transpose()? }
        }
        State::NotApplicable { why } => State::NotApplicable { why: entries::text(why, "/why")? },
    };
    let before = rows::of_incident(tx, incident)?;
    let before = before.iter().find(|one| one.checklist == *checklist && one.item == *item);
    tick(before.map(|one| &one.state), &wanted)?;
    let made = Tick {
        checklist: checklist.clone(),
        item: item.clone(),
        state: wanted,
        by: moment.actor.to_string(),
        at: moment.now,
    };
    rows::save(tx, incident, &made)?;
    let kind = match made.state {
        State::Open => EventKind::ChecklistUnticked,
        State::Done { .. } | State::NotApplicable { .. } => EventKind::ChecklistTicked,
    };
    let data = json!({
        "checklist": checklist,
        "title": spec.title,
        "item": item,
        "says": found.says,
        "state": made.state.word(),
    });
    let told = Told { why: made.state.said(), data, at: None };
    announce::of_incident(tx, moment, kind, incident, vec![format!("checklist/{checklist}")], told)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use domain::prepare::checks::Conditions;
    use domain::respond::incidents::{Activity, Class, Command};
    use domain::words::{Actor, Mint, Timestamp};
    use store::{Store, journal};

    use super::super::incidents::{self, Declaration};
    use super::*;
    use crate::node::Identity;
    use crate::prepare::documents::{self, Order, read_files};

    const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org }
---
kind: checklist
name: always
spec: { title: Always, classes: [system], items: [{ name: look, says: Look }, { name: tell, says: Tell }] }
---
kind: checklist
name: contain
spec: { title: Contain, activities: [containment], items: [{ name: stop, says: Stop it }] }
---
kind: checklist
name: breach
spec: { title: Breach, classes: [security], items: [{ name: image, says: Image it }] }
";

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn write<T>(
        store: &Store,
        mint: &mut Mint,
        mut act: impl FnMut(&mut Tx<'_>, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        let ana = Actor::Person(name("ana"));
        store.write(|tx| act(tx, &mut Moment::new(at(1), ana.clone(), mint)))
    }

    store::both_engines! {
        fn lists_come_with_what_goes_on_and_stay_with_what_was_said(store) {
            let mut mint = Mint::seeded(1);
            let link_key = domain::engage::links::LinkKey::new([7; 32]);
            let node = Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key });
            let order = Order { proposals: read_files([("all.yaml", FIRM)]).proposals, ..Order::default() };
            let row = write(store, &mut mint, |tx, moment| {
                documents::apply(tx, &mut moment.by_rule("x"), &order, Conditions::at(at(0)))?.into_result()?;
                incidents::declare(tx, &node, moment, &Declaration::new("It fails", Class::System))
            }).unwrap();
            let shown = || store.read(|tx| {
                let row = incidents::seen(tx, row.id, domain::respond::sight::Sight::Whole)?;
                let all = of_incident(tx, &node, &row)?.into_iter();
                Ok(all.map(|one| (one.name.to_string(), one.fits)).collect::<Vec<_>>())
            }).unwrap();
            let expected = |all: &[(&str, bool)]| all.iter().map(|(name, fits)| ((*name).to_owned(), *fits)).collect::<Vec<_>>();
            assert_eq!(shown(), expected(&[("always", true)]));
            let mut lead = |command: &Command| write(store, &mut mint, |tx, moment| {
                incidents::act(tx, &node, moment, row.id, command, None)
            }).unwrap();
            lead(&Command::Begin { activity: Activity::Containment });
            assert_eq!(shown(), expected(&[("always", true), ("contain", true)]));
            let mut say = |list: &str, item: &str, state: &State| write(store, &mut mint, |tx, moment| {
                act(tx, &node, moment, row.id, (&name(list), &name(item)), state)
            });
            let done = State::Done { note: Some(" both of them ".into()) };
            let tick = say("contain", "stop", &done).unwrap();
            assert_eq!((tick.state.said(), tick.by.as_str()), (Some("both of them"), "person:ana"));
            assert!(say("contain", "stop", &done).is_err(), "it is done already");
            let none = |why: &str| State::NotApplicable { why: why.into() };
            for (list, item, state, place) in [
                ("contian", "stop", done.clone(), "/checklist"),
                ("contain", "stopp", done.clone(), "/item"),
                ("always", "look", none(" "), "/why"),
            ] {
                let Err(Halt::Refused(refusal)) = say(list, item, &state) else { panic!("{list}/{item}") };
                assert_eq!(refusal.at.as_deref(), Some(place));
            }
            say("always", "look", &none("nothing to see")).unwrap();
            say("always", "look", &State::Open).unwrap();
            let mut lead = |command: &Command| write(store, &mut mint, |tx, moment| {
                incidents::act(tx, &node, moment, row.id, command, None)
            }).unwrap();
            lead(&Command::End { activity: Activity::Containment, integrity_checked: false });
            assert_eq!(shown(), expected(&[("always", true), ("contain", false)]), "what was ticked stays");
            let told = store.read(|tx| Ok(journal::of_incident(tx, row.id, None, 500)?)).unwrap();
            let of = |kind: EventKind| told.iter().filter(|entry| entry.kind() == Some(kind)).count();
            assert_eq!((of(EventKind::ChecklistTicked), of(EventKind::ChecklistUnticked)), (2, 1));
        }
    }
}
