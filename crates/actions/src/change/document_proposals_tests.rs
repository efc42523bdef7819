//! The tests of documents that are proposed, and of edits that the gate holds.

use domain::change::changes::State;
use domain::change::suspects::Which;
use domain::learn::changes::{Which as Counted, insights};
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::respond::incidents::Class;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, RefusalKind};
use store::change::changes::{self as rows, ChangeRow};
use store::prepare::documents as document_rows;
use store::{Halt, Store};

use super::changes::{self, Deed};
use super::document_edits::{self, Editor};
use super::document_proposals::{self as acts, WantedDocuments};
use super::gates;
use super::rollbacks::{self, Asking};
use super::suspects;
use crate::prepare::documents::{Order, Outcome, read_files};
use crate::prepare::source::Files;
use crate::respond::desk::{Desk, name};
use crate::respond::incidents::Declaration;

const DOCUMENTS: &str = "
kind: person
name: mo
spec: { full_name: Mo, email: mo@example.org, time_zone: UTC, access: manager, contacts: [{ name: mail, email: mo@example.org }] }
---
kind: team
name: web
spec: { title: Web, members: [ana, ben, mo] }
---
kind: service
name: shop
spec: { title: Shop, team: web, tier: 2 }
---
kind: environment
name: live
spec: { title: Live }
---
kind: severity-matrix
name: default
spec:
  levels:
  - { name: SEV1, title: Critical, system: a, operational: b, security: c, response: d, freezes_changes: true }
  - { name: SEV3, title: Minor, system: a, operational: b, security: c, response: d }
";

fn open(store: &Store) -> Desk<'_> {
    let desk = Desk::open(store);
    desk.apply(DOCUMENTS);
    desk.apply(&flag("off", "Fast"));
    desk
}

fn flag(live: &str, title: &str) -> String {
    format!(
        "kind: flag\nname: fast\nspec: {{ title: {title}, purpose: operational, owner: web, services: [shop], variants: {{ 'on': true, 'off': false }}, \
         environments: {{ live: {{ state: ENABLED, defaultVariant: '{live}' }} }} }}\n"
    )
}

fn order(yaml: &str, via: &str) -> Order {
    Order { proposals: read_files([("all.yaml", yaml)]).proposals, ..Order::default() }.via(via.parse().unwrap())
}

fn access(person: &str) -> Access {
    match person {
        "cleo" => Access::Administrator,
        "mo" => Access::Manager,
        _ => Access::Responder,
    }
}

fn wanted(yaml: &str) -> WantedDocuments {
    let order = order(yaml, "page");
    WantedDocuments {
        order,
        title: "Faster".into(),
        why: "it is slow".into(),
        branch: None,
        emergency: false,
        incident: None,
    }
}

fn propose(desk: &Desk<'_>, person: &str, yaml: &str) -> ChangeId {
    let wanted = wanted(yaml);
    desk.by(person, |tx, _, moment| acts::propose(tx, moment, &wanted, Conditions::at(moment.now))).unwrap().change.id
}

fn approve(desk: &Desk<'_>, person: &str, id: ChangeId, revision: u32) -> Result<ChangeRow, Halt> {
    desk.by(person, |tx, node, moment| changes::act(tx, node, moment, id, &Deed::Approve { revision }, access(person)))
}

fn apply(desk: &Desk<'_>, person: &str, id: ChangeId) -> Result<ChangeRow, Halt> {
    desk.by(person, |tx, node, moment| acts::apply(tx, node, moment, id, access(person), Conditions::at(moment.now)))
}

fn edit(desk: &Desk<'_>, person: &str, id: ChangeId, revision: u32, yaml: &str) -> Result<ChangeRow, Halt> {
    let wanted = wanted(yaml);
    desk.by(person, |tx, _, moment| acts::edit(tx, moment, id, revision, &wanted, Conditions::at(moment.now)))
}

fn write(desk: &Desk<'_>, person: &str, order: &Order, why: Option<&str>) -> Result<Outcome, Halt> {
    let me = name(person);
    let order = Order { override_why: why.map(str::to_owned), ..order.clone() };
    desk.by(person, |tx, node, moment| {
        let conditions = Conditions::at(moment.now);
        let editor = Editor { person: Some(&me), access: Some(access(person)), conditions };
        document_edits::apply(tx, node, moment, &order, editor)
    })
}

fn says(desk: &Desk<'_>) -> String {
    let head = desk.store.read(|tx| Ok(document_rows::head(tx, &"flag/fast".parse().unwrap())?)).unwrap();
    let spec = head.unwrap().document.spec.to_json();
    format!("{} {}", spec["title"].as_str().unwrap(), spec["environments"]["live"]["defaultVariant"].as_str().unwrap())
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Halt>) -> (RefusalKind, String) {
    match outcome {
        Err(Halt::Refused(refusal)) => (refusal.kind, refusal.message),
        other => panic!("{other:?}"),
    }
}

fn sev1(desk: &Desk<'_>) -> domain::words::IncidentId {
    let wanted = Declaration {
        services: vec![name("shop")],
        severity: Some("SEV1".into()),
        ..Declaration::new("Shop is down", Class::System)
    };
    desk.declare("ana", &wanted).id
}

store::both_engines! {
    fn documents_are_approved_by_who_may_write_them_applied_once_and_taken_back(store) {
        let desk = open(store);
        let id = propose(&desk, "ana", &flag("on", "Fast"));
        assert_eq!(refused(apply(&desk, "ana", id)), (RefusalKind::Conflict, "revision 1 of it is not approved".into()));
        assert_eq!(refused(approve(&desk, "ben", id, 1)).0, RefusalKind::Forbidden, "he may not write it");
        let begin = desk.by("cleo", |tx, node, moment| changes::act(tx, node, moment, id, &Deed::Begin, Access::Administrator));
        assert!(refused(begin).1.starts_with("it carries documents"));
        approve(&desk, "mo", id, 1).unwrap();
        assert_eq!(says(&desk), "Fast off");
        let row = apply(&desk, "ana", id).unwrap();
        assert!(matches!(row.change.state, State::Finished { .. }) && row.began_at.is_some());
        assert_eq!(says(&desk), "Fast on");
        assert_eq!(refused(apply(&desk, "ana", id)).0, RefusalKind::Conflict, "once");
        // It is one suspect, and the changeset is none besides.
        let incident = sev1(&desk);
        let room = store.read(|tx| Ok(store::respond::incidents::get(tx, incident, Sight::Whole)?)).unwrap().unwrap();
        let found = store.read(|tx| suspects::of_incident(tx, &desk.node, &room, Sight::Open)).unwrap();
        let which: Vec<Which> = found.ranking.suspects.iter().map(|one| one.candidate.which.clone()).collect();
        assert_eq!(which.iter().filter(|one| **one == Which::Change(id)).count(), 1);
        let set = store.read(|tx| Ok(document_rows::last_changeset_id(tx)?)).unwrap().unwrap();
        assert!(!which.contains(&Which::Documents(set)), "{which:?}");
        // Taken back by either name, it is the same change.
        desk.by("mo", |tx, node, moment| {
            let asking = Asking { incident: Some(incident), access: Access::Manager, conditions: Conditions::at(moment.now), why: "it broke" };
            rollbacks::ask(tx, node, moment, &Which::Documents(set), asking)
        }).unwrap();
        assert_eq!(says(&desk), "Fast off");
        let row = store.read(|tx| Ok(rows::get(tx, id, Sight::Whole)?)).unwrap().unwrap();
        assert!(matches!(row.change.state, State::RolledBack { .. }), "{:?}", row.change.state);
    }

    fn an_edit_of_its_documents_voids_what_was_approved(store) {
        let desk = open(store);
        let id = propose(&desk, "ana", &flag("on", "Fast"));
        approve(&desk, "mo", id, 1).unwrap();
        assert_eq!(refused(edit(&desk, "ben", id, 1, &flag("on", "Fast"))).1, "nothing in it is different");
        let row = edit(&desk, "ben", id, 1, &flag("on", "Faster")).unwrap();
        assert_eq!((row.change.revision, row.change.state, row.change.approvals.len()), (2, State::Proposed, 0));
        assert_eq!(refused(edit(&desk, "ben", id, 1, &flag("on", "Fastest"))).0, RefusalKind::Stale);
        assert_eq!(refused(apply(&desk, "ana", id)).0, RefusalKind::Conflict);
        approve(&desk, "mo", id, 2).unwrap();
        apply(&desk, "ben", id).unwrap();
        assert_eq!(says(&desk), "Faster on");
        let same = desk.by("ana", |tx, _, moment| acts::propose(tx, moment, &wanted(&flag("on", "Faster")), Conditions::at(moment.now)));
        assert_eq!(refused(same).1, "these documents say what is in force: there is nothing to propose");
    }

    fn what_others_changed_is_merged_and_the_same_field_is_a_conflict(store) {
        let desk = open(store);
        let id = propose(&desk, "ana", &flag("on", "Fast"));
        approve(&desk, "mo", id, 1).unwrap();
        desk.apply(&flag("off", "Quick"));
        apply(&desk, "ana", id).unwrap();
        assert_eq!(says(&desk), "Quick on", "each side's field counts");
        let id = propose(&desk, "ana", &flag("on", "Swift"));
        approve(&desk, "mo", id, 1).unwrap();
        desk.apply(&flag("on", "Rapid"));
        let bring = |id| desk.by("ana", |tx, _, moment| acts::bring_up_to_date(tx, moment, id, Conditions::at(moment.now)));
        for refusal in [refused(apply(&desk, "ana", id)), refused(bring(id))] {
            assert_eq!(refusal, (RefusalKind::Conflict, "somebody else changed the same since it was proposed: edit it (flag/fast:/title)".into()));
        }
        assert_eq!(says(&desk), "Rapid on");
        let row = edit(&desk, "ana", id, 1, &flag("off", "Swift")).unwrap();
        assert_eq!(refused(bring(id)).1, "nobody changed these documents since");
        desk.apply(&flag("on", "Rapid").replace("owner: web", "owner: web, description: quick"));
        let row = { let _ = row; bring(id).unwrap() };
        assert_eq!(row.change.revision, 3);
        approve(&desk, "mo", id, 3).unwrap();
        apply(&desk, "ana", id).unwrap();
        assert_eq!(says(&desk), "Swift off");
    }

    fn an_open_sev1_holds_edits_and_who_may_lets_one_through(store) {
        let desk = open(store);
        sev1(&desk);
        let (on, off) = (order(&flag("on", "Fast"), "page"), order(&flag("off", "Fast"), "rollback"));
        let (kind, why) = refused(write(&desk, "mo", &on, None));
        assert_eq!(kind, RefusalKind::Conflict);
        assert_eq!(why, "Shop is down is open (SEV1) and touches the same services (the commander of the incident may exempt)");
        assert_eq!(refused(write(&desk, "mo", &on, Some("now"))).0, RefusalKind::Forbidden, "she does not command it");
        // What an incident needs is not held.
        let team = order("kind: team\nname: web\nspec: { title: Website, members: [ana, ben, mo] }\n", "page");
        assert!(matches!(write(&desk, "mo", &team, None), Ok(Outcome::Applied { .. })));
        let freeze = "kind: freeze\nname: sale\nspec: { title: Sale, why: money, from: 2026-01-01T00:00:00Z, to: 2027-01-01T00:00:00Z, services: [shop] }\n";
        assert!(matches!(write(&desk, "mo", &order(freeze, "page"), None), Ok(Outcome::Applied { .. })));
        assert_eq!(refused(write(&desk, "mo", &on, None)).1.matches("may exempt").count(), 2, "every reason");
        assert!(matches!(write(&desk, "mo", &off, None), Ok(Outcome::Unchanged(_))));
        assert_eq!(says(&desk), "Fast off");
        // Taking back is free.
        let back = order(&flag("on", "Fast"), "rollback");
        assert!(matches!(write(&desk, "mo", &back, None), Ok(Outcome::Applied { .. })));
    }

    fn an_override_is_kept_and_counted(store) {
        let desk = open(store);
        let freeze = "kind: freeze\nname: sale\nspec: { title: Sale, why: money, from: 2026-01-01T00:00:00Z, to: 2027-01-01T00:00:00Z, services: [shop] }\n";
        desk.apply(freeze);
        let on = order(&flag("on", "Fast"), "page");
        assert_eq!(refused(write(&desk, "mo", &on, Some(" "))).0, RefusalKind::Conflict, "a reason is said");
        assert!(matches!(write(&desk, "mo", &on, Some("checkout fails without it")), Ok(Outcome::Applied { .. })));
        assert_eq!(says(&desk), "Fast on");
        let now = crate::respond::desk::at(100);
        assert_eq!(store.read(|tx| changes::tally(tx, Sight::Open, now)).unwrap().exempted, 1);
        let question = crate::learn::changes::Question::default();
        let gathered = store.read(|tx| crate::learn::changes::gather(tx, &desk.node, &question, Sight::Open, now)).unwrap();
        let share = insights(&gathered.cases).share(Counted::Exempted, Counted::Made);
        assert_eq!((share.hits, share.n), (1, 1), "the insights say the same as the tally");
        let all = store.read(|tx| Ok(rows::list(tx, &rows::Filter::default(), Sight::Open, None, 10)?)).unwrap();
        let kept = store.read(|tx| Ok(rows::exemptions(tx, all[0].change.id)?)).unwrap().remove(0);
        assert_eq!((kept.rule.word(), kept.rule.about().as_str(), kept.by.as_str(), kept.why.as_str()), ("freeze", "sale", "mo", "checkout fails without it"));
        // A proposal is held by the same, and exempted as any change is.
        let id = propose(&desk, "ana", &flag("off", "Fast"));
        approve(&desk, "mo", id, 1).unwrap();
        assert!(refused(apply(&desk, "ana", id)).1.starts_with("Sale until"));
        let rule = domain::change::gates::Rule::Freeze(name("sale"));
        desk.by("mo", |tx, node, moment| gates::exempt(tx, node, moment, id, &rule, "it must", Access::Manager)).unwrap();
        apply(&desk, "ana", id).unwrap();
        // One that acts on nothing that runs is not held.
        let id = propose(&desk, "ana", "kind: team\nname: web\nspec: { title: Website, members: [ana, ben, mo] }\n");
        approve(&desk, "mo", id, 1).unwrap();
        apply(&desk, "ana", id).unwrap();
    }

    fn a_review_asks_for_a_proposal_and_for_so_many_people(store) {
        let desk = open(store);
        desk.apply("kind: review\nname: flags\nspec: { title: Flags, why: two see more, kinds: [flag], approvals: 2 }\n");
        let on = order(&flag("on", "Fast"), "page");
        assert_eq!(refused(write(&desk, "mo", &on, None)), (RefusalKind::Conflict, "Flags: flag/fast must be proposed and approved first: two see more (an administrator may exempt)".into()));
        assert_eq!(refused(write(&desk, "mo", &on, Some("now"))).0, RefusalKind::Forbidden);
        let id = propose(&desk, "ana", &flag("on", "Fast"));
        assert_eq!(approve(&desk, "mo", id, 1).unwrap().change.state, State::Proposed, "one more");
        approve(&desk, "cleo", id, 1).unwrap();
        apply(&desk, "ana", id).unwrap();
        let off = order(&flag("off", "Fast"), "page");
        assert!(matches!(write(&desk, "cleo", &off, Some("the shop is closed")), Ok(Outcome::Applied { .. })));
    }

    fn a_push_while_it_is_open_is_its_next_revision(store) {
        let desk = open(store);
        // What files never said was set by hand, and stays.
        write(&desk, "cleo", &order(&flag("off", "Fast"), "apply"), None).unwrap();
        let files = |commit: &str, yaml: &str| Files { branch: "main".into(), commit: commit.into(), subject: "S".into(), texts: vec![("a.yaml".into(), yaml.into())] };
        let first = files("aaaaaaaa", &flag("on", "Fast"));
        let wanted = WantedDocuments { order: crate::prepare::source::order(&first).0, branch: Some("main".into()), ..wanted("") };
        let propose = || desk.by("ana", |tx, _, moment| acts::propose(tx, moment, &wanted, Conditions::at(moment.now))).unwrap();
        let follow = |files: &Files| desk.as_actor(&domain::words::Actor::Rule("source"), |tx, node, moment| acts::follow(tx, node, moment, files, Conditions::at(moment.now))).unwrap();
        assert!(follow(&first).is_none(), "nobody proposed it");
        let id = propose().change.id;
        assert_eq!((propose().change.id, propose().change.revision), (id, 1), "nothing twice");
        approve(&desk, "mo", id, 1).unwrap();
        assert!(follow(&first).is_none());
        let second = files("bbbbbbbb", &flag("on", "Faster"));
        let row = follow(&second).unwrap();
        assert_eq!((row.change.id, row.change.revision, row.change.approvals.len()), (id, 2, 0));
        assert!(row.change.authors.len() == 1 && row.change.proposal.why.contains("bbbbbbb"));
        assert!(follow(&second).is_none(), "a second node changes nothing more");
        approve(&desk, "mo", id, 2).unwrap();
        apply(&desk, "ana", id).unwrap();
        assert_eq!(says(&desk), "Faster on");
        // What the files say is theirs now.
        let said = store.read(|tx| Ok(store::prepare::ownership::all(tx)?)).unwrap();
        assert_eq!(said[&"flag/fast".parse().unwrap()].spec.to_json()["title"], "Faster");
        // What the branch takes back is cancelled; what somebody edited follows it no longer.
        let third = files("cccccccc", &flag("off", "Faster"));
        let wanted = WantedDocuments { order: crate::prepare::source::order(&third).0, ..wanted.clone() };
        let again = desk.by("ana", |tx, _, moment| acts::propose(tx, moment, &wanted, Conditions::at(moment.now))).unwrap();
        assert!(matches!(follow(&second).unwrap().change.state, State::Cancelled { .. }) && again.change.id != id);
        let again = desk.by("ana", |tx, _, moment| acts::propose(tx, moment, &wanted, Conditions::at(moment.now))).unwrap();
        edit(&desk, "ben", again.change.id, 1, &flag("off", "Mine")).unwrap();
        assert!(follow(&second).is_none());
    }
}
