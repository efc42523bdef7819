//! Drafts of incidents that people lived through.

use domain::detect::signals::Told;
use domain::learn::drafts::Draft;
use domain::learn::ledgers::Stage;
use domain::respond::entries::{Entry, Sort};
use domain::respond::incidents::{Class, Command, Visibility};
use domain::respond::sight::Sight;
use domain::words::{EventId, GroupId, IncidentId, Labels, Name};
use store::{Halt, Store};

use super::of_incident;
use crate::clockwork;
use crate::detect::signals::{Incoming, receive};
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::Declaration;
use crate::respond::{assignments, entries};

const SHOP: &str = "
kind: team
name: shop-team
spec: { title: Shop, members: [ben] }
---
kind: service
name: shop
spec: { title: The shop, team: shop-team }
---
kind: integration
name: prom
spec: { title: Prometheus, source: { alertmanager: {} } }
---
kind: route
name: shop
spec: { match: ['service=shop'], service: shop, escalation_policy: commanders, group_by: [alertname] }
";

struct Shop<'s> {
    desk: Desk<'s>,
}

impl<'s> Shop<'s> {
    fn open(store: &'s Store) -> Self {
        let desk = Desk::open(store);
        desk.apply(SHOP);
        Self { desk }
    }

    fn alert(&self, alert: &str, fires: bool, minute: i64) {
        let told = Told {
            labels: Labels::from_pairs([("alertname", alert), ("service", "shop")]),
            annotations: Labels::default(),
            starts_at: None,
            ends_at: (!fires).then(|| at(minute)),
            link: None,
            key: None,
        };
        let call = Incoming::told(name("prom"), "webhook", &[told], true, at(minute)).unwrap();
        receive(self.desk.store, &self.desk.node, &mut self.desk.mint.borrow_mut(), &[call]).unwrap();
    }

    fn tick(&self, minute: i64) {
        clockwork::tick(self.desk.store, &self.desk.node, &mut self.desk.mint.borrow_mut(), at(minute)).unwrap();
    }

    fn group(&self, alert: &str) -> GroupId {
        let board = self.desk.node.board();
        let found = board.groups().find(|open| open.group.title.contains(alert)).map(|open| open.group.id);
        found.unwrap()
    }

    /// An incident of a class that somebody declares, with a group of alerts.
    fn declared(&self, person: &str, title: &str, restricted: bool, from: Option<GroupId>) -> IncidentId {
        let mut wanted = Declaration::new(title, Class::System);
        wanted.services = vec![name("shop")];
        wanted.visibility = restricted.then_some(Visibility::Restricted);
        wanted.from = from.iter().map(ToString::to_string).collect();
        wanted.because = Some("nobody can pay".into());
        self.desk.declare(person, &wanted).id
    }

    fn writes(&self, person: &str, id: IncidentId, sort: Sort, text: &str) {
        let entry = Entry::new(sort, text);
        self.desk.by(person, |tx, _, moment| entries::add(tx, moment, id, &entry).map(|_| ())).unwrap();
    }

    fn commands(&self, person: &str, id: IncidentId) {
        let role = name(crate::respond::incidents::COMMANDER);
        self.desk
            .by(person, |tx, node, moment| assignments::offer(tx, node, moment, id, &role, &name(person), None))
            .unwrap();
    }

    fn draft(&self, person: &Name, id: IncidentId) -> Result<Draft, Halt> {
        self.desk.store.read(|tx| of_incident(tx, &self.desk.node, id, Sight::Of(person), at(500)))
    }
}

/// All sentences of a section.
fn section(draft: &Draft, name: &str) -> Vec<String> {
    let found = draft.sections.iter().filter(|section| section.name == name).flat_map(|section| &section.parts);
    found.flat_map(|part| &part.sentences).map(|one| one.text.clone()).collect()
}

fn has(draft: &Draft, name: &str, words: &str) -> bool {
    section(draft, name).iter().any(|text| text.contains(words))
}

store::both_engines! {
    fn a_night_is_told_with_what_it_rests_on(fresh) {
        let shop = Shop::open(fresh);
        shop.alert("Errors", true, 10);
        let group = shop.group("Errors");
        shop.desk.wait(10);
        let id = shop.declared("ana", "The shop is down", false, Some(group));
        shop.commands("ana", id);
        shop.writes("ben", id, Sort::Observation, "the queue is full");
        shop.writes("ana", id, Sort::Decision, "we drain the queue");
        shop.alert("Latency", true, 40);
        shop.desk.wait(60);
        shop.alert("Errors", false, 80);
        shop.desk.act("ana", id, &Command::Mitigate, "people pay again").unwrap();
        shop.desk.act("ana", id, &Command::Resolve { unmet: vec![] }, "all is well").unwrap();

        let draft = shop.draft(&name("ben"), id).unwrap();
        assert!(has(&draft, "summary", "“The shop is down” was a failure of a system; it touched The shop."));
        assert!(has(&draft, "summary", "gave as the reason: “nobody can pay”"));
        assert!(has(&draft, "detection", "“Errors”"), "{:?}", section(&draft, "detection"));
        assert!(has(&draft, "timeline", "The incident commander decided: “we drain the queue”"));
        assert!(has(&draft, "people", "Incident commander: Ana, from"));
        assert!(has(&draft, "people", "Without a role: Ben"));
        assert!(has(&draft, "questions", "Does the alert “Latency” belong to it?"));
        assert!(has(&draft, "questions", "What was known when this was decided, and which options were there?"));
        assert!(has(&draft, "questions", "When did the first person or system feel it"));
        let known = draft.ledger.rows.iter().filter(|row| row.took().is_some()).map(|row| row.stage);
        let known: Vec<Stage> = known.collect();
        assert_eq!(known, [Stage::GroupWait, Stage::Page, Stage::Assemble, Stage::Mitigate, Stage::Resolve]);
        // What is cited is there, and every entry has its place in the journal.
        fresh.read(|tx| {
            for event in draft.cited().filter_map(|cite| cite.as_str().parse::<EventId>().ok()) {
                let entry = store::journal::get(tx, event, Sight::Of(&name("ben")))?.unwrap();
                assert_eq!(draft.numbers.values().find(|number| Some(**number) == entry.number).copied(), entry.number);
            }
            Ok(())
        }).unwrap();
        assert_eq!(shop.draft(&name("ben"), id).unwrap(), draft, "the same record gives the same words");
    }

    fn what_a_reader_may_not_see_is_in_no_sentence(fresh) {
        let shop = Shop::open(fresh);
        let quiet = shop.declared("cleo", "A key has leaked", true, None);
        let open = shop.declared("ana", "The shop is down", false, None);
        let theirs = shop.draft(&name("cleo"), open).unwrap();
        assert!(has(&theirs, "earlier", "A key has leaked"));
        let ours = shop.draft(&name("ana"), open).unwrap();
        assert_eq!(section(&ours, "earlier"), Vec::<String>::new());
        assert!(!ours.markdown(ToString::to_string).contains("leaked"));
        assert!(!ours.cited().any(|cite| cite.as_str() == quiet.to_string()));
        let refused = shop.draft(&name("ana"), quiet).unwrap_err();
        assert!(matches!(refused, Halt::Refused(refusal) if refusal.message.contains("there is no incident")));
    }

    fn an_earlier_incident_with_the_same_alerts_is_remembered(fresh) {
        let shop = Shop::open(fresh);
        shop.alert("Errors", true, 5);
        let first = shop.group("Errors");
        shop.desk.wait(10);
        let before = shop.declared("ana", "The shop was down", false, Some(first));
        shop.alert("Errors", false, 20);
        shop.tick(60);
        shop.desk.wait(120);
        shop.alert("Errors", true, 200);
        let second = shop.group("Errors");
        assert_ne!(first, second);
        shop.desk.wait(80);
        let again = shop.declared("ana", "The shop is down again", false, Some(second));
        let draft = shop.draft(&name("ana"), again).unwrap();
        assert!(has(&draft, "earlier", "1 group of the same route and labels"), "{:?}", section(&draft, "earlier"));
        assert!(draft.cited().any(|cite| cite.as_str() == before.to_string()));
    }
}
