//! Drills: which page and which entry of the journal is part of one, and what is refused to it.

use domain::engage::pages::About;
use domain::respond::sight::Sight;
use domain::words::{GroupId, IncidentId, PageId, Refusal};
use store::detect::groups;
use store::engage::pages;
use store::journal::Entry;
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Tx};

/// Whether a page is part of a drill: by its alerts, or by its incident.
pub(crate) fn is_page(tx: &mut Tx<'_>, about: &About) -> Result<bool, Halt> {
    match about {
        About::Group(group) => is_group(tx, *group),
        About::Command(incident) | About::Reminder(incident) => is_incident(tx, *incident),
        About::Kill(_) | About::Test => Ok(false),
    }
}

fn is_group(tx: &mut Tx<'_>, id: GroupId) -> Result<bool, Halt> {
    Ok(groups::get(tx, id)?.is_some_and(|(group, _)| group.is_drill()))
}

fn is_incident(tx: &mut Tx<'_>, id: IncidentId) -> Result<bool, Halt> {
    Ok(incidents::get(tx, id, Sight::Whole)?.is_some_and(|row| row.drill))
}

/// Whether an entry of the journal tells of a drill.
pub(crate) fn is_entry(tx: &mut Tx<'_>, entry: &Entry) -> Result<bool, Halt> {
    if let Some(incident) = entry.incident
        && is_incident(tx, incident)?
    {
        return Ok(true);
    }
    for subject in &entry.subjects {
        if let Ok(group) = subject.parse::<GroupId>()
            && is_group(tx, group)?
        {
            return Ok(true);
        }
        if let Ok(page) = subject.parse::<PageId>()
            && let Some(page) = pages::get(tx, page)?
            && is_page(tx, &page.about)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A drill says nothing in public: people would believe it.
pub(crate) fn must_stay_inside(row: &IncidentRow) -> Result<(), Refusal> {
    if row.drill {
        let message = format!(
            "{} is a drill, and the public would believe what is said of it: a drill says nothing in public; post an \
             update to those inside instead",
            row.id
        );
        return Err(Refusal::conflict(message));
    }
    Ok(())
}

/// What is practised and what is real do not become one.
pub(crate) fn must_be_alike(one: &IncidentRow, other: &IncidentRow) -> Result<(), Refusal> {
    if one.drill == other.drill {
        return Ok(());
    }
    let drill = if one.drill { one.id } else { other.id };
    Err(Refusal::conflict(format!("{drill} is a drill and the other is not: they stay apart")))
}

#[cfg(test)]
mod tests {
    use domain::inform::notices::{Effects, Sort, State};
    use domain::respond::incidents::{Class, Command};
    use domain::respond::updates::{Audience, Stage};
    use domain::words::RefusalKind;

    use super::*;
    use crate::courier;
    use crate::inform::notices::{self, Post, Target};
    use crate::respond::desk::{Desk, at};
    use crate::respond::incidents::Declaration;
    use crate::respond::updates::{self, Word};

    fn drill(title: &str) -> Declaration {
        Declaration { drill: true, ..Declaration::new(title, Class::System) }
    }

    fn word(audience: Audience) -> Word {
        Word {
            audience,
            stage: (audience == Audience::Public).then_some(Stage::Investigating),
            text: "Payments fail.".into(),
            title: Some("Payments".into()).filter(|_| audience == Audience::Public),
            components: Effects::new(),
            next_by: None,
            late_because: None,
        }
    }

    fn refused<T: std::fmt::Debug>(outcome: Result<T, Halt>) -> Refusal {
        match outcome {
            Err(Halt::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    store::both_engines! {
        fn nothing_of_a_drill_is_said_in_public(store) {
            let desk = Desk::open(store);
            let id = desk.declare("ana", &drill("A rack burns")).id;
            let say = |audience| desk.by("ana", |tx, node, moment| updates::say(tx, node, moment, id, &word(audience)));
            let refusal = refused(say(Audience::Public));
            assert_eq!((refusal.kind, refusal.at.as_deref()), (RefusalKind::Conflict, Some("/audience")));
            assert!(refusal.message.contains("a drill says nothing in public"), "{refusal}");
            say(Audience::Internal).unwrap();
            let post = Post {
                notice: Target::New { title: "Payments".into(), sort: Sort::Incident, window: None },
                incident: Some(id),
                state: Some(State::Investigating),
                text: "Payments fail.".into(),
                components: Effects::new(),
                next_update_by: None,
                at: None,
                quiet: false,
            };
            let page = "kind: status-page\nname: main\nspec: { title: Us, about: Us, support: 'mailto:a@b.c', groups: [{ \
                        title: Us, components: [{ name: web, title: Web }] }] }";
            desk.apply(page);
            let refusal = refused(desk.by("ana", |tx, node, moment| notices::post_directly(tx, node, moment, &post)));
            assert_eq!(refusal.at.as_deref(), Some("/incident"), "{refusal}");
            let told = store.read(|tx| Ok(store::inform::notices::list(tx, store::inform::notices::Which::About(id), 9)?));
            assert_eq!(told.unwrap(), [], "and nothing was kept");
        }

        fn what_is_practised_and_what_is_real_stay_apart(store) {
            let desk = Desk::open(store);
            let (one, other) = (desk.declare("ana", &drill("A rack burns")).id, desk.declare("ana", &drill("Smoke")).id);
            let real = desk.declare("ben", &Declaration::new("Payments fail", Class::System)).id;
            for (from, into) in [(one, real), (real, one)] {
                let refusal = refused(desk.act("ana", from, &Command::Merge { into }, "the same"));
                assert!(refusal.message.contains("they stay apart"), "{refusal}");
            }
            desk.act("ana", other, &Command::Merge { into: one }, "the same").unwrap();
        }

        fn whoever_is_paged_reads_at_once_that_it_is_a_drill(store) {
            let desk = Desk::open(store);
            let (id, real) = (desk.declare("ana", &drill("A rack burns")).id, desk.declare("ana", &Declaration::new("Payments fail", Class::System)).id);
            desk.wait(5);
            assert_eq!(desk.paged(id), [("command".into(), "ben".into(), "DRILL: A rack burns".into())]);
            assert_eq!(desk.paged(real)[0].2, "Payments fail");
            let claimed = courier::claim(store, &desk.node, at(9), &courier::at_once).unwrap();
            let said = |drill: bool| claimed.iter().filter(move |one| (one.message.data["drill"] == true) == drill);
            assert_eq!((said(true).count(), said(false).count()), (1, 1));
            for one in said(true) {
                let (subject, text) = (&one.message.subject, &one.message.text);
                assert!(subject.starts_with("DRILL: ") && text.starts_with("DRILL. This is an exercise."), "{subject}: {text}");
            }
            for one in said(false) {
                assert!(!one.message.subject.contains("DRILL") && !one.message.text.contains("DRILL"));
            }
            // Other programs are told of both, and can tell them apart.
            let entries = store.read(|tx| Ok(store::journal::newest(tx, Sight::Whole, None, 500)?)).unwrap();
            let of = |incident: IncidentId| {
                let about: Vec<_> = entries.iter().filter(|entry| entry.incident == Some(incident)).collect();
                store.read(|tx| about.iter().map(|entry| is_entry(tx, entry)).collect::<Result<Vec<_>, _>>()).unwrap()
            };
            assert!(of(id).len() > 1 && of(id).iter().all(|is| *is), "{:?}", of(id));
            assert!(of(real).len() > 1 && of(real).iter().all(|is| !*is), "{:?}", of(real));
        }
    }
}
