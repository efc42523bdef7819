//! Search over a store on both engines: found when the write is answered, and never by whom it is hidden from.

use domain::learn::queries::read;
use domain::respond::entries::{Entry, Sort};
use domain::respond::incidents::{Class, Command, Visibility};
use domain::respond::sight::Sight;
use domain::words::IncidentId;
use store::learn::search::{Folder, Order};

use super::likeness::similar;
use super::search::{Wanted, search, turn};
use crate::respond::desk::{Desk, at, name};
use crate::respond::entries::{Wish, add, mark};
use crate::respond::incidents::{Declaration, name_person};

fn declaration(title: &str) -> Declaration {
    Declaration {
        severity: Some("SEV2".into()),
        because: Some("the till says no".into()),
        ..Declaration::new(title, Class::System)
    }
}

fn note(desk: &Desk<'_>, incident: IncidentId, text: &str) -> domain::words::EventId {
    let entry = Entry::new(Sort::Note, text);
    desk.by("ana", |tx, _, moment| add(tx, moment, incident, &entry)).unwrap()
}

/// `kind: title or text` of what a person finds.
fn found(desk: &Desk<'_>, person: &str, typed: &str) -> Vec<String> {
    let (query, who) = (read(typed).query, name(person));
    let wanted = Wanted { order: Order::Ranked, skip: 0, limit: 20 };
    let outcome = desk.store.read(|tx| search(tx, &desk.node, Sight::Of(&who), &query, wanted)).unwrap();
    assert_eq!(outcome.progress, None);
    let say = |document: &domain::learn::search::Document| {
        format!("{}: {}", document.key.kind, domain::learn::search::heading(&document.title, &document.text))
    };
    outcome.answer.hits.iter().map(|hit| say(&hit.document)).collect()
}

store::both_engines! {
    fn what_was_written_is_found_as_soon_as_it_is_answered(store) {
        let desk = Desk::open(store);
        let row = desk.declare("ana", &declaration("Checkout fails"));
        assert_eq!(found(&desk, "ben", "checkout"), ["incident: Checkout fails"]);
        let entry = note(&desk, row.id, "Failover of db-7.shop.example began");
        assert_eq!(found(&desk, "ben", "db-7.shop.example"), ["entry: Failover of db-7.shop.example began"]);
        // What was corrected is found by what it says now, and what was struck not at all.
        let wish = Wish::Correct { text: "Failover of db-8 began".into() };
        desk.by("ana", |tx, _, moment| mark(tx, moment, row.id, entry, &wish)).unwrap();
        assert_eq!(found(&desk, "ben", "\"db-7\""), Vec::<String>::new());
        assert_eq!(found(&desk, "ben", "db-8"), ["entry: Failover of db-8 began"]);
        let wish = Wish::Strike { why: "the wrong room".into() };
        desk.by("ana", |tx, _, moment| mark(tx, moment, row.id, entry, &wish)).unwrap();
        assert_eq!(found(&desk, "ben", "failover"), Vec::<String>::new());
    }

    fn what_changes_of_an_incident_changes_what_its_parts_are_filtered_by(store) {
        let desk = Desk::open(store);
        let row = desk.declare("ana", &declaration("Checkout fails"));
        note(&desk, row.id, "failover began");
        assert_eq!(found(&desk, "ben", "failover severity:sev2").len(), 1);
        let graded = Command::Grade { level: "SEV1".into() };
        desk.act("ana", row.id, &graded, "worse than we thought").unwrap();
        assert_eq!(found(&desk, "ben", "failover severity:sev2").len(), 0);
        assert_eq!(found(&desk, "ben", "failover severity:sev1").len(), 1);
    }

    fn a_restricted_incident_is_found_by_those_who_are_named(store) {
        let desk = Desk::open(store);
        let hidden = Declaration { visibility: Some(Visibility::Restricted), ..declaration("Breach of the ledger") };
        let row = desk.declare("ana", &hidden);
        note(&desk, row.id, "the intruder used the vault");
        let seen = |person: &str| (found(&desk, person, "ledger").len(), found(&desk, person, "intruder").len());
        assert_eq!(seen("ana"), (1, 1));
        assert_eq!(seen("ben"), (0, 0));
        assert_eq!(seen("cleo"), (0, 0), "an administrator is nobody here");
        desk.by("ana", |tx, node, moment| name_person(tx, node, moment, row.id, &name("ben"))).unwrap();
        assert_eq!(seen("ben"), (1, 1));
    }

    fn documents_are_found_as_they_are_in_force(store) {
        let desk = Desk::open(store);
        desk.apply("
kind: runbook
name: vault-sealed
spec: { title: The vault is sealed, match: ['alertname=\"VaultSealed\"'], text: 'Ask two keepers for their shares' }
");
        assert_eq!(found(&desk, "ana", "keepers shares "), ["runbook: The vault is sealed"]);
        desk.apply("
kind: runbook
name: vault-sealed
spec: { title: The vault is sealed, match: ['alertname=\"VaultSealed\"'], text: 'Call the custodian' }
");
        assert_eq!(found(&desk, "ana", "keepers "), Vec::<String>::new());
        assert_eq!(found(&desk, "ana", "custodian "), ["runbook: The vault is sealed"]);
    }

    fn an_index_on_disk_goes_on_and_that_of_another_database_is_made_again(store) {
        let folder = std::env::temp_dir().join(format!("allclear-find-{}-{}", std::process::id(), store.is_postgres()));
        _ = std::fs::remove_dir_all(&folder);
        let desk = Desk::open(store);
        desk.node.search().keep_in(Folder::Disk(folder.clone()));
        let row = desk.declare("ana", &declaration("Checkout fails"));
        note(&desk, row.id, "failover began");
        crate::housekeeping::number_journal(store, &desk.node, at(60)).unwrap();
        while turn(store, &desk.node, at(60)).unwrap() {}
        let written = desk.node.search().index().unwrap().cursor();
        assert!(written.seeded && written.number > 0, "{written:?}");
        assert_eq!(desk.node.search().index().unwrap().waiting(), 0);
        // Another process begins where that one stopped, and finds what was written meanwhile.
        note(&desk, row.id, "failover ended");
        let other = Desk::again(store, 77);
        desk.node.search().keep_in(Folder::Memory);
        other.node.search().keep_in(Folder::Disk(folder.clone()));
        assert_eq!(other.node.search().index().unwrap().cursor(), written);
        assert_eq!(found(&other, "ben", "failover ").len(), 2);
        // A cursor that names another entry is that of another database.
        let index = other.node.search().index().unwrap();
        index.take(Vec::new(), store::learn::search::Cursor { event: Some("evt_0000000000000000".into()), ..written });
        index.write().unwrap();
        drop(index);
        other.node.search().keep_in(Folder::Memory);
        let third = Desk::again(store, 78);
        third.node.search().keep_in(Folder::Disk(folder.clone()));
        assert_eq!(found(&third, "ben", "failover ").len(), 2);
        third.node.search().keep_in(Folder::Memory);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    fn incidents_that_are_told_alike_are_similar_with_their_reasons(store) {
        let desk = Desk::open(store);
        let told = |title: &str| Declaration {
            because: Some("connection pool of the orders database exhausted".into()),
            ..declaration(title)
        };
        let first = desk.declare("ana", &told("Checkout times out"));
        desk.declare("ana", &Declaration { because: Some("nobody renewed them".into()), ..declaration("Certificates expired") });
        let secret = Declaration { visibility: Some(Visibility::Restricted), ..told("Checkout times out again") };
        desk.declare("ana", &secret);
        let last = desk.declare("ana", &told("Checkout times out after the deploy"));
        let who = |person: &str| {
            let who = name(person);
            desk.store.read(|tx| similar(tx, &desk.node, last.id, Sight::Of(&who), 5)).unwrap()
        };
        let seen = who("ben");
        assert_eq!(seen.iter().map(|one| one.row.id).collect::<Vec<_>>(), [first.id]);
        assert!(seen[0].likeness.parts[0].says.starts_with("told in the same words: "), "{:?}", seen[0].likeness);
        assert_eq!(who("ana").len(), 2);
    }
}
