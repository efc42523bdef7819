//! The tests of changes and of the gate, in a small company.

use domain::change::changes::{Path, State};
use domain::change::gates::Rule;
use domain::change::proposals::{Kind, Proposal};
use domain::prepare::people::Access;
use domain::respond::incidents::Class;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, EventKind, IncidentId, RefusalKind, Span};
use store::Halt;
use store::change::changes::ChangeRow;

use super::changes::{self, Deed, Wanted};
use super::gates::{self, Question};
use crate::respond::assignments;
use crate::respond::desk::{Desk, name};
use crate::respond::incidents::Declaration;

const SERVICES: &str = "
kind: team
name: web
spec: { title: Web, members: [ana, ben] }
---
kind: service
name: shop
spec: { title: Shop, team: web }
---
kind: service
name: search
spec: { title: Search, team: web }
---
kind: runbook
name: undo
spec: { title: Undo, text: Do it backwards, services: [shop] }
---
kind: severity-matrix
name: default
spec:
  levels:
  - { name: SEV1, title: Critical, system: a, operational: b, security: c, response: d, freezes_changes: true }
  - { name: SEV3, title: Minor, system: a, operational: b, security: c, response: d }
";

fn proposal(title: &str, service: &str) -> Proposal {
    serde_json::from_value(serde_json::json!({
        "kind": "deploy", "title": title, "why": "it is faster", "targets": [{ "service": service, "environment": "live" }],
        "steps": [{ "text": "deploy it", "estimate": "5m" }], "verification": ["it answers"],
        "rollback": { "way": { "manual": { "runbook": "undo" } }, "owner": "ben", "estimate": "10m",
            "abort_when": [{ "when": "errors", "lasting": "3m" }], "data": "untouched", "verification": ["it answers"] }
    }))
    .unwrap()
}

fn open(store: &store::Store) -> Desk<'_> {
    let desk = Desk::open(store);
    desk.apply(SERVICES);
    desk
}

fn propose(desk: &Desk<'_>, person: &str, wanted: &Wanted) -> Result<ChangeRow, Halt> {
    desk.by(person, |tx, node, moment| changes::propose(tx, node, moment, wanted))
}

fn planned(desk: &Desk<'_>, person: &str, title: &str) -> ChangeId {
    let wanted = Wanted { proposal: proposal(title, "shop"), emergency: false, incident: None };
    propose(desk, person, &wanted).unwrap().change.id
}

fn act(desk: &Desk<'_>, person: &str, id: ChangeId, deed: &Deed) -> Result<ChangeRow, Halt> {
    let access = if person == "cleo" { Access::Administrator } else { Access::Responder };
    desk.by(person, |tx, node, moment| changes::act(tx, node, moment, id, deed, access))
}

fn said(outcome: Result<ChangeRow, Halt>) -> (RefusalKind, String) {
    match outcome {
        Err(Halt::Refused(refusal)) => (refusal.kind, refusal.message),
        other => panic!("{other:?}"),
    }
}

fn command(desk: &Desk<'_>, person: &str, incident: IncidentId) {
    let commander = "incident-commander".parse().unwrap();
    desk.by(person, |tx, node, moment| assignments::offer(tx, node, moment, incident, &commander, &name(person), None))
        .unwrap();
}

store::both_engines! {
    fn an_author_never_approves_and_an_edit_voids_what_was_approved(store) {
        let desk = open(store);
        let id = planned(&desk, "ana", "Shop 2");
        let (kind, why) = said(act(&desk, "ana", id, &Deed::Approve { revision: 1 }));
        assert_eq!((kind, why.as_str()), (RefusalKind::Forbidden, "you wrote it, or a part of it: somebody else approves it"));
        let row = act(&desk, "ben", id, &Deed::Approve { revision: 1 }).unwrap();
        assert!(matches!(row.change.state, State::Approved { .. }) && row.risk.is_some());
        let edit = Deed::Edit { revision: 1, proposal: Box::new(Proposal { why: "it is much faster".into(), ..proposal("Shop 2", "shop") }) };
        let row = act(&desk, "cleo", id, &edit).unwrap();
        assert_eq!((row.change.state, row.change.revision, row.change.approvals.len()), (State::Proposed, 2, 0));
        let told = store.read(|tx| Ok(store::journal::of_subject(tx, &id.to_string(), Sight::Open, None, 1)?)).unwrap().remove(0);
        assert_eq!((told.kind(), &told.data["voided"][0]), (Some(EventKind::ChangeEdited), &serde_json::json!("ben")));
        assert_eq!(said(act(&desk, "ben", id, &Deed::Approve { revision: 1 })).0, RefusalKind::Stale);
        assert_eq!(said(act(&desk, "cleo", id, &Deed::Approve { revision: 2 })).0, RefusalKind::Forbidden, "she wrote a part of it");
        assert_eq!(said(act(&desk, "ana", id, &Deed::Begin)).1, "revision 2 of it is not approved");
        act(&desk, "ben", id, &Deed::Approve { revision: 2 }).unwrap();
        let row = act(&desk, "ana", id, &Deed::Begin).unwrap();
        assert!(row.began_at.is_some());
        let row = act(&desk, "ana", id, &Deed::Finish).unwrap();
        assert!(row.ended_at > row.began_at);
    }

    fn a_sev1_holds_what_touches_the_same_and_its_commander_exempts(store) {
        let desk = open(store);
        let id = planned(&desk, "ana", "Shop 2");
        act(&desk, "ben", id, &Deed::Approve { revision: 1 }).unwrap();
        let services = vec![name("shop")];
        let room = desk.declare("ben", &Declaration { services, severity: Some("SEV1".into()), ..Declaration::new("It fails", Class::System) });
        let (_, why) = said(act(&desk, "ana", id, &Deed::Begin));
        assert_eq!(why, "It fails is open (SEV1) and touches the same services (the commander of the incident may exempt)");
        let exempt = |person: &str, access| {
            let rule = Rule::Incident(room.id);
            desk.by(person, |tx, node, moment| gates::exempt(tx, node, moment, id, &rule, "it is the fix", access))
        };
        assert_eq!(said(exempt("cleo", Access::Administrator)).0, RefusalKind::Forbidden);
        command(&desk, "ben", room.id);
        exempt("ben", Access::Responder).unwrap();
        assert_eq!(said(exempt("ben", Access::Responder)).1, "it is exempted from that already");
        act(&desk, "ana", id, &Deed::Begin).unwrap();
        let tally = store.read(|tx| changes::tally(tx, Sight::Open, Span::hours(1).after(crate::respond::desk::at(0)))).unwrap();
        assert_eq!((tally.exempted, tally.emergencies.of, tally.emergencies.emergencies), (1, 1, 0));
    }

    fn an_emergency_is_part_of_an_incident_begins_at_once_is_counted_and_reviewed_by_somebody_else(store) {
        let desk = open(store);
        let wanted = |incident| Wanted { proposal: proposal("More connections", "shop"), emergency: true, incident };
        assert_eq!(said(propose(&desk, "ana", &wanted(None))).1, "an emergency is part of an incident: declare one");
        let room = desk.declare("ben", &Declaration { severity: Some("SEV1".into()), services: vec![name("shop")], ..Declaration::new("It fails", Class::System) });
        let bare = Wanted { proposal: Proposal { rollback: None, ..proposal("x", "shop") }, ..wanted(Some(room.id)) };
        let bare = propose(&desk, "ana", &bare).unwrap().change.id;
        assert!(said(act(&desk, "ana", bare, &Deed::Begin)).1.contains("say how it is taken back"), "in an emergency neither");
        let id = propose(&desk, "ana", &wanted(Some(room.id))).unwrap().change.id;
        let row = act(&desk, "ana", id, &Deed::Begin).unwrap();
        assert_eq!(row.change.path, Path::Emergency);
        act(&desk, "ana", id, &Deed::Finish).unwrap();
        let now = crate::respond::desk::at(60);
        let count = |at| store.read(|tx| changes::tally(tx, Sight::Open, at)).unwrap().emergencies;
        let (soon, late) = (count(now), count(Span::hours(72).after(now)));
        assert_eq!((soon.emergencies, soon.of, soon.unreviewed, soon.overdue), (1, 1, 1, 0));
        assert_eq!(late.overdue, 1);
        assert_eq!(said(act(&desk, "ana", id, &Deed::Review)).0, RefusalKind::Forbidden);
        act(&desk, "ben", id, &Deed::Review).unwrap();
        assert_eq!(count(now).unreviewed, 0);
    }

    fn the_gate_answers_with_every_reason_and_changes_nothing(store) {
        let desk = open(store);
        desk.apply("kind: freeze\nname: sale\nspec: { title: Sale, why: much is sold, from: 2026-09-01T00:00:00Z, to: 2026-12-01T00:00:00Z, services: [shop] }");
        let ask = |service: &str, needs_record| {
            let question = Question::Deed { kind: Kind::Deploy, services: [name(service)].into(), environment: None, needs_record };
            desk.by("ana", |tx, node, moment| gates::ask(tx, node, &question, Sight::Open, moment.now))
        };
        let before = store.read(|tx| Ok(store::journal::last(tx)?)).unwrap();
        let rules = |answer: gates::Answer| answer.decision.reasons.iter().map(|one| one.rule.word()).collect::<Vec<_>>();
        assert_eq!(rules(ask("shop", true).unwrap()), ["record", "freeze"]);
        assert_eq!(rules(ask("shop", false).unwrap()), ["freeze"]);
        assert!(ask("search", false).unwrap().decision.allows());
        match ask("shpo", false) {
            Err(Halt::Refused(refusal)) => assert_eq!(refusal.message, "there is no service shpo (did you mean \"shop\"?)"),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.read(|tx| Ok(store::journal::last(tx)?)).unwrap(), before);
    }

    fn what_goes_on_in_a_restricted_incident_is_in_no_reason(store) {
        let desk = open(store);
        let room = desk.declare("cleo", &Declaration { services: vec![name("search")], ..Declaration::new("A heron", Class::Security) });
        let wanted = Wanted { proposal: proposal("Catch the heron", "shop"), emergency: true, incident: Some(room.id) };
        let hidden = propose(&desk, "cleo", &wanted).unwrap().change.id;
        act(&desk, "cleo", hidden, &Deed::Begin).unwrap();
        let id = planned(&desk, "ana", "Shop 2");
        act(&desk, "ben", id, &Deed::Approve { revision: 1 }).unwrap();
        let sheet = desk.by("ana", |tx, node, moment| changes::sheet(tx, node, id, Sight::Of(&name("ana")), moment.now)).unwrap();
        assert!(sheet.decision.allows(), "{:?}", sheet.decision);
        assert_eq!(said(act(&desk, "ana", hidden, &Deed::Finish)).0, RefusalKind::NotFound);
    }
}
