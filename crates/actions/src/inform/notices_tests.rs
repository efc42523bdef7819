//! Notices through their acts: posted in any order, corrected, kept by the clock, told to nobody who may not know.

use std::sync::Arc;

use domain::engage::links::LinkKey;
use domain::inform::audits::GapKind;
use domain::inform::notices::Status;
use domain::prepare::checks::Conditions;
use domain::respond::incidents::Class;
use domain::respond::sight::Sight;
use domain::words::{Actor, RefusalKind};
use store::journal;

use super::*;
use crate::inform::{audits, status_pages};
use crate::node::Identity;
use crate::prepare::documents::{Order, apply, read_files};
use crate::respond::incidents::Declaration;

pub(in crate::inform) const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org, access: administrator }
---
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org }
---
kind: team
name: web
spec: { title: Web, members: [ana] }
---
kind: service
name: shop
spec: { title: Shop inside, team: web }
---
kind: severity-matrix
name: default
spec:
  levels:
  - { name: SEV1, title: a, system: a, operational: a, security: a, response: a }
  - { name: SEV2, title: a, system: a, operational: a, security: a, response: a }
  - { name: SEV3, title: a, system: a, operational: a, security: a, response: a }
  - { name: SEV4, title: a, system: a, operational: a, security: a, response: a }
";

pub(in crate::inform) const PAGE: &str = "
kind: status-page
name: main
spec:
  title: Shop status
  groups:
  - title: Shop
    components:
    - { name: web, title: Website, services: [shop] }
    - { name: api, title: API }
";

pub(in crate::inform) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

/// A firm on an empty store.
pub(in crate::inform) struct House<'s> {
    pub(in crate::inform) store: &'s Store,
    pub(in crate::inform) node: Arc<Node>,
    pub(in crate::inform) mint: Mint,
}

impl<'s> House<'s> {
    pub(in crate::inform) fn new(store: &'s Store) -> Self {
        let identity = Identity {
            name: "n".into(),
            public_url: "https://allclear.example.org".into(),
            link_key: LinkKey::new([7; 32]),
        };
        let mut house = Self { store, node: Arc::new(Node::new(identity)), mint: Mint::seeded(1) };
        house.apply(FIRM);
        house.apply(PAGE);
        house
    }

    pub(in crate::inform) fn apply(&mut self, yaml: &str) {
        let order = Order { proposals: read_files([("firm", yaml)]).proposals, ..Order::default() };
        let mint = &mut self.mint;
        let done = self
            .store
            .write(|tx| apply(tx, &mut Moment::new(at(0), Actor::System, mint), &order, Conditions::at(at(0))));
        done.unwrap().into_result().unwrap();
    }

    pub(in crate::inform) fn act<T>(
        &mut self,
        who: &str,
        minute: i64,
        mut act: impl FnMut(&mut Tx<'_>, &Node, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        let (node, mint) = (self.node.clone(), &mut self.mint);
        let actor = Actor::Person(who.parse().unwrap());
        self.store.write(|tx| act(tx, &node, &mut Moment::new(at(minute), actor.clone(), mint)))
    }

    pub(in crate::inform) fn post(&mut self, minute: i64, wanted: &Post) -> Result<Notice, Halt> {
        self.act("ana", minute, |tx, node, moment| post(tx, node, moment, wanted))
    }

    fn gaps(&self, person: &str, minute: i64) -> Vec<String> {
        let name: Name = person.parse().unwrap();
        let found = self.store.read(|tx| audits::audit(tx, &self.node, Sight::Of(&name), at(minute))).unwrap();
        let said = found.into_iter().map(|gap| {
            let minutes = (at(minute).as_second() - gap.since.as_second()) / 60;
            match gap.kind {
                GapKind::Silent { component, inside } => format!("silent {component} {} {minutes}", inside.title),
                GapKind::Stale { component, .. } => format!("stale {component} {minutes}"),
                GapKind::LeftOpen { .. } => format!("left-open {minutes}"),
                GapKind::Overdue { .. } => format!("overdue {minutes}"),
            }
        });
        said.collect()
    }
}

pub(in crate::inform) fn say(notice: Option<&Notice>, state: &str, text: &str, web: Option<Status>) -> Post {
    Post {
        notice: notice.map_or_else(
            || Target::New { title: "It is slow".into(), sort: Sort::Incident, window: None },
            |notice| Target::Existing(notice.id),
        ),
        incident: None,
        state: Some(state).filter(|state| !state.is_empty()).map(|state| state.parse().unwrap()),
        text: text.into(),
        components: web.map(|status| ("web".parse().unwrap(), status)).into_iter().collect(),
        next_update_by: None,
        at: None,
        quiet: false,
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Halt>) -> Refusal {
    match outcome {
        Err(Halt::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

store::both_engines! {
    fn the_public_is_told_in_any_order_and_what_was_said_is_corrected_in_the_open(store) {
        let mut house = House::new(store);
        let first = house.post(1, &say(None, "resolved", "It was slow, and is over.", Some(Status::Degraded))).unwrap();
        assert_eq!((first.state(), first.over_at()), (State::Resolved, Some(at(1))));
        let again = house.post(5, &say(Some(&first), "investigating", "It is slow again.", Some(Status::MajorOutage))).unwrap();
        assert!(again.is_open());
        let earlier = Post { at: Some(at(-30)), ..say(Some(&first), "identified", "Found.", None) };
        let whole = house.post(6, &earlier).unwrap();
        assert_eq!(whole.posts[0].text, "Found.");
        assert_eq!((whole.posts[0].at, whole.posts[0].recorded_at, whole.state()), (at(-30), at(6), State::Investigating));
        let said = whole.posts[1].id;
        let wanted = Correction { text: Some("It was slow for an hour.".into()), ..Correction::default() };
        let corrected = house.act("ana", 9, |tx, node, moment| correct(tx, node, moment, first.id, said, &wanted)).unwrap();
        assert_eq!((corrected.posts[1].revision, corrected.posts[1].corrected_at, corrected.changed_at), (2, Some(at(9)), at(9)));
        let same = house.act("ana", 10, |tx, node, moment| correct(tx, node, moment, first.id, said, &wanted)).unwrap();
        assert_eq!(same, corrected, "said twice, it is one correction");
        assert_eq!(store.read(|tx| find(tx, first.id)).unwrap(), corrected);
        let entries = store.read(|tx| Ok(journal::of_subject(tx, &first.id.to_string(), Sight::Whole, None, 20)?)).unwrap();
        let told: Vec<(String, Option<String>)> = entries.iter().rev().map(|entry| (entry.word.clone(), entry.data["before"]["text"].as_str().map(str::to_owned))).collect();
        let plain = |word: &str| (word.to_owned(), None);
        assert_eq!(told, [
            plain("notice.opened"),
            plain("notice.updated"),
            plain("notice.updated"),
            ("notice.corrected".to_owned(), Some("It was slow, and is over.".to_owned())),
        ]);
    }

    fn what_cannot_be_told_changes_nothing(store) {
        let mut house = House::new(store);
        let before = store.read(|tx| Ok(journal::last(tx)?)).unwrap();
        let fine = || say(None, "investigating", "We look.", None);
        let nothing: NoticeId = house.mint.id(at(0));
        let none: IncidentId = house.mint.id(at(0));
        for (wanted, place) in [
            (Post { text: " ".into(), ..fine() }, Some("/text")),
            (Post { components: [("wed".parse().unwrap(), Status::Degraded)].into(), ..fine() }, Some("/components/wed")),
            (Post { notice: Target::New { title: String::new(), sort: Sort::Incident, window: None }, ..fine() }, Some("/title")),
            (Post { notice: Target::New { title: "a".into(), sort: Sort::Maintenance, window: None }, ..fine() }, Some("/scheduled_for")),
            (Post { notice: Target::Existing(nothing), ..fine() }, None),
            (Post { incident: Some(none), ..fine() }, None),
        ] {
            let refusal = refused(house.post(1, &wanted));
            assert_eq!(refusal.at.as_deref(), place, "{wanted:?}: {refusal}");
        }
        assert!(refused(house.post(1, &Post { components: [("wed".parse().unwrap(), Status::Degraded)].into(), ..fine() })).message.contains("did you mean \"web\"?"));
        assert_eq!(store.read(|tx| Ok(journal::last(tx)?)).unwrap(), before);
        assert_eq!(store.read(|tx| Ok(rows::version(tx)?)).unwrap(), 0);
        house.apply("kind: status-page\nname: main\nspec: { title: a, hidden: true, groups: [{ components: [{ name: web, title: W }] }] }");
        assert!(house.post(1, &fine()).is_ok(), "what is prepared may be written");
        assert_eq!(store.read(|tx| status_pages::published(tx, &house.node, at(2))).unwrap(), None, "and is not shown");
    }

    fn a_maintenance_begins_and_ends_by_the_clock_once(store) {
        let mut house = House::new(store);
        let window = Window { from: at(10), until: at(20) };
        let planned = Post {
            notice: Target::New { title: "Upgrade".into(), sort: Sort::Maintenance, window: Some(window) },
            ..say(None, "scheduled", "A minute or two.", Some(Status::Maintenance))
        };
        let id = house.post(1, &planned).unwrap().id;
        let mut ticks = |minute: i64| {
            let (node, mint) = (house.node.clone(), &mut house.mint);
            keep_time(store, &node, mint, at(minute)).unwrap()
        };
        let states = || {
            let notice = store.read(|tx| find(tx, id)).unwrap();
            notice.posts.iter().map(|post| (post.state.unwrap().word(), post.at)).collect::<Vec<_>>()
        };
        assert_eq!((ticks(9), store.read(|tx| Ok(rows::next_due(tx)?)).unwrap()), (0, Some(at(10))));
        assert_eq!((ticks(10), ticks(10)), (1, 0));
        assert_eq!(states(), [("scheduled", at(1)), ("in-progress", at(10))]);
        assert_eq!((ticks(30), ticks(30)), (1, 0), "late, and as of when it was to end");
        assert_eq!(states(), [("scheduled", at(1)), ("in-progress", at(10)), ("completed", at(20))]);
        assert_eq!(store.read(|tx| Ok(rows::next_due(tx)?)).unwrap(), None);
    }

    fn the_truth_audit_shows_what_its_reader_may_see_and_times_it(store) {
        let mut house = House::new(store);
        let declared = |house: &mut House<'_>, title: &str, class, severity: &str| {
            let wanted = Declaration {
                severity: Some(severity.into()),
                services: vec!["shop".parse().unwrap()],
                ..Declaration::new(title, class)
            };
            house.act("ana", 2, |tx, node, moment| incidents::declare(tx, node, moment, &wanted)).unwrap().id
        };
        declared(&mut house, "mild", Class::System, "SEV4");
        assert_eq!(house.gaps("ben", 33), Vec::<String>::new(), "the public hears of no such level");
        let secret = declared(&mut house, "the heron", Class::Security, "SEV1");
        assert_eq!(house.gaps("ana", 33), ["silent web the heron 31"]);
        assert_eq!(house.gaps("ben", 33), Vec::<String>::new(), "it is not there for those who are not named");
        let public = Post { incident: Some(secret), ..say(None, "investigating", "We look into it.", Some(Status::Degraded)) };
        let refusal = refused(house.act("ben", 33, |tx, node, moment| post(tx, node, moment, &public)));
        assert_eq!(refusal.kind, RefusalKind::NotFound);
        let notice = house.post(34, &public).unwrap();
        assert_eq!(house.gaps("ana", 40), Vec::<String>::new());
        assert_eq!(house.gaps("ben", 40), ["stale web 6"], "for who does not know of it nothing goes on");
        let shown = store.read(|tx| status_pages::published(tx, &house.node, at(40))).unwrap().unwrap();
        let outside = format!("{}{}{}", domain::inform::statuspage::summary(&shown), domain::inform::feeds::atom(&shown), domain::inform::feeds::rss(&shown));
        for inside in ["heron", &secret.to_string(), "Shop inside", "security", "ana"] {
            assert!(!outside.contains(inside), "{inside}");
        }
        // It stands on the timeline of the incident, for those who see that.
        let entries = |sight: Sight<'_>| store.read(|tx| Ok(journal::of_subject(tx, &notice.id.to_string(), sight, None, 9)?)).unwrap();
        let (ana, ben): (Name, Name) = ("ana".parse().unwrap(), "ben".parse().unwrap());
        assert_eq!((entries(Sight::Of(&ana)).len(), entries(Sight::Of(&ben)).len()), (1, 0));
        let over = domain::respond::incidents::Command::Resolve { unmet: Vec::new() };
        house.act("ana", 50, |tx, node, moment| incidents::act(tx, node, moment, secret, &over, Some("over"))).unwrap();
        assert_eq!(house.gaps("ana", 59), ["stale web 9", "left-open 9"]);
    }
}
