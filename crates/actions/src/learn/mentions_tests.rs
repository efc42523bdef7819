//! Tests of mentions, on both engines: what is seen is found, what is hidden is not, and is not offered.

use domain::respond::entries::{Entry, Sort};
use domain::respond::evidence::{Content, Found};
use domain::respond::incidents::{Class, Command, Visibility};
use domain::respond::tlp::Tlp;
use domain::words::Id as _;

use super::*;
use crate::announce;
use crate::change::changes as change_acts;
use crate::respond::desk::{Desk, at, name};
use crate::respond::entries::{self as entry_acts, Wish};
use crate::respond::evidence as evidence_acts;
use crate::respond::incidents::Declaration;

fn declared(desk: &Desk<'_>, title: &str, hidden: bool) -> IncidentId {
    let visibility = if hidden { Visibility::Restricted } else { Visibility::Open };
    let wanted = Declaration { visibility: Some(visibility), ..Declaration::new(title, Class::System) };
    let id = desk.declare("ana", &wanted).id;
    desk.act("ana", id, &Command::Resolve { unmet: vec![] }, "it works again").unwrap();
    id
}

fn said(desk: &Desk<'_>, id: IncidentId, text: &str) -> EventId {
    let entry = Entry::new(Sort::Note, text);
    desk.by("ana", |tx, _, moment| entry_acts::add(tx, moment, id, &entry)).unwrap()
}

fn collected(desk: &Desk<'_>, id: IncidentId, tlp: Tlp) -> EvidenceId {
    let found = Found {
        title: "The graph".into(),
        file: None,
        media_type: None,
        collector: "ana".into(),
        collected_at: at(0),
        place: None,
        note: None,
        tlp,
    };
    let content = Content::Unhashed { why: "a print".into() };
    desk.by("ana", |tx, _, moment| {
        let evidence = moment.mint.id(moment.now);
        evidence_acts::collect(tx, moment, id, evidence, &found, &content).map(|held| held.evidence.id)
    })
    .unwrap()
}

/// What somebody finds of these, as it is written.
fn finds(desk: &Desk<'_>, home: IncidentId, mentions: &[Mention], sight: Sight<'_>) -> Vec<String> {
    let found = desk.store.read(|tx| look_up(tx, &desk.node, home, mentions, sight)).unwrap();
    let Mentioned { incidents, alerts, entries, changes, items, evidence } = found;
    let mut all: Vec<String> = incidents.keys().map(ToString::to_string).collect();
    all.extend(alerts.keys().map(ToString::to_string));
    all.extend(entries.keys().map(ToString::to_string));
    all.extend(changes.keys().map(ToString::to_string));
    all.extend(items.keys().map(ToString::to_string));
    all.extend(evidence.keys().map(ToString::to_string));
    all.sort();
    all
}

fn sorted(mentions: &[Mention]) -> Vec<String> {
    let mut all: Vec<String> = mentions.iter().map(ToString::to_string).collect();
    all.sort();
    all
}

store::both_engines! {
    fn what_is_hidden_from_a_reader_is_not_found_and_not_offered(store) {
        let desk = Desk::open(store);
        let (home, hidden) = (declared(&desk, "Payments fail", false), declared(&desk, "Payroll was read", true));
        let open = [Mention::Incident(home), Mention::Entry(said(&desk, home, "the pool is full")),
            Mention::Evidence(collected(&desk, home, Tlp::Amber))];
        let secret = [Mention::Incident(hidden), Mention::Entry(said(&desk, hidden, "who has the key?")),
            Mention::Evidence(collected(&desk, hidden, Tlp::Amber))];
        let all: Vec<Mention> = open.iter().chain(&secret).cloned().collect();
        let (ana, ben) = (name("ana"), name("ben"));
        assert_eq!(finds(&desk, home, &all, Sight::Of(&ana)), sorted(&all), "she declared both");
        assert_eq!(finds(&desk, home, &all, Sight::Of(&ben)), sorted(&open));
        assert_eq!(finds(&desk, home, &all, Sight::Open), sorted(&open));
        let none = desk.store.read(|tx| look_up(tx, &desk.node, hidden, &all, Sight::Of(&ben)));
        assert!(matches!(none, Err(Halt::Refused(_))), "the text itself is hidden");
        let near = |sight| desk.store.read(|tx| near(tx, &desk.node, hidden, sight));
        assert!(near(Sight::Of(&ben)).is_err());
        let offered = near(Sight::Of(&ana)).unwrap();
        assert!(offered.lines.iter().any(|line| Mention::Entry(line.entry.id) == secret[1]));
        assert_eq!(offered.evidence.len(), 1);
    }

    fn what_is_marked_red_is_found_by_those_inside(store) {
        let desk = Desk::open(store);
        let home = declared(&desk, "Payments fail", false);
        desk.by("ana", |tx, _, _| Ok(store::respond::incidents::name_person(tx, home, &name("ana"))?)).unwrap();
        let red = [Mention::Evidence(collected(&desk, home, Tlp::Red))];
        assert_eq!(finds(&desk, home, &red, Sight::Of(&name("ana"))), sorted(&red));
        assert_eq!(finds(&desk, home, &red, Sight::Of(&name("ben"))), Vec::<String>::new());
    }

    fn an_entry_reads_as_it_stands_and_the_rest_of_the_journal_is_nobodys(store) {
        let desk = Desk::open(store);
        let home = declared(&desk, "Payments fail", false);
        let (right, wrong) = (said(&desk, home, "it was db1"), said(&desk, home, "it was dns"));
        let correct = Wish::Correct { text: "it was db2".into() };
        desk.by("ana", |tx, _, moment| entry_acts::mark(tx, moment, home, right, &correct)).unwrap();
        let strike = Wish::Strike { why: "it was not".into() };
        desk.by("ben", |tx, _, moment| entry_acts::mark(tx, moment, home, wrong, &strike)).unwrap();
        let elsewhere = desk
            .by("ana", |tx, _, moment| {
                announce::event(tx, moment, EventKind::PasswordSet, vec!["person/ana".into()], None, serde_json::json!({}))?;
                Ok(store::journal::newest(tx, Sight::Whole, None, 1)?[0].id)
            })
            .unwrap();
        let all = [right, wrong, elsewhere].map(Mention::Entry);
        let found = desk.store.read(|tx| look_up(tx, &desk.node, home, &all, Sight::Open)).unwrap().entries;
        assert_eq!(found.len(), 2, "{found:?}");
        let corrected = found[&right].mark.as_ref().and_then(|mark| mark.corrected.as_ref());
        assert_eq!(corrected.map(|(text, _)| text.as_str()), Some("it was db2"));
        assert!(found[&wrong].mark.as_ref().is_some_and(|mark| mark.struck.is_some()));
    }

    fn many_are_looked_up_and_no_more_than_that(store) {
        let desk = Desk::open(store);
        let home = declared(&desk, "Payments fail", false);
        let entries: Vec<Mention> = (0..60).map(|one| Mention::Entry(said(&desk, home, &format!("line {one}")))).collect();
        assert_eq!(finds(&desk, home, &entries, Sight::Open).len(), 60);
        let mut many: Vec<Mention> = (0..MOST as u128).map(|bits| Mention::Alert(AlertId::from_bits(bits))).collect();
        many.extend(entries);
        assert_eq!(finds(&desk, home, &many, Sight::Open).len(), 0, "what comes after so many is left as it is");
    }

    fn a_change_in_a_hidden_incident_stays_there(store) {
        let desk = Desk::open(store);
        desk.apply(
            "kind: team\nname: web\nspec: { title: Web, members: [ana, ben] }\n---\n\
             kind: service\nname: shop\nspec: { title: Shop, team: web }\n",
        );
        let (home, hidden) = (declared(&desk, "Payments fail", false), declared(&desk, "Payroll was read", true));
        let proposed = |incident| {
            let proposal = serde_json::json!({
                "kind": "deploy", "title": "Take the key back", "why": "it is known",
                "targets": [{ "service": "shop", "environment": "live" }], "verification": ["it answers"],
            });
            let proposal = serde_json::from_value(proposal).unwrap();
            let wanted = change_acts::Wanted { proposal, emergency: false, incident };
            desk.by("ana", |tx, node, moment| change_acts::propose(tx, node, moment, &wanted)).unwrap().change.id
        };
        let (open, secret) = (Mention::Change(proposed(None)), Mention::Change(proposed(Some(hidden))));
        let both = [open.clone(), secret];
        assert_eq!(finds(&desk, home, &both, Sight::Of(&name("ana"))), sorted(&both));
        assert_eq!(finds(&desk, home, &both, Sight::Of(&name("ben"))), sorted(&[open]));
    }
}
