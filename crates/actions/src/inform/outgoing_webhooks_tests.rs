//! What outgoing webhooks are told, and what they are not: on both engines, without a network.

use std::cell::RefCell;

use domain::prepare::checks::Conditions;
use domain::respond::incidents::{Class, Visibility};
use domain::words::IncidentId;

use super::*;
use crate::courier;
use crate::node::Identity;
use crate::prepare::documents::{self, Order, read_files};
use crate::respond::incidents::{self, Declaration};

const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana Silva, email: ana@example.org, access: administrator }
---
kind: team
name: web
spec: { title: Web, members: [ana] }
---
kind: service
name: shop
spec: { title: Shop, team: web }
---
kind: service
name: blog
spec: { title: Blog, team: web }
---
kind: severity-matrix
name: default
spec: { levels: [{ name: SEV1, title: a, system: a, operational: a, security: a, response: a }] }
";
const ALL: &str = "kind: outgoing-webhook\nname: all\nspec: { title: All, url: 'https://all.example.org/in' }";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn node() -> Node {
    let link_key = domain::engage::links::LinkKey::new([7; 32]);
    Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key })
}

/// A firm, somebody who works there, and a clock that is told the second.
struct Desk<'s> {
    store: &'s Store,
    node: Node,
    mint: RefCell<Mint>,
}

impl<'s> Desk<'s> {
    fn open(store: &'s Store, hooks: &str) -> Self {
        let desk = Self { store, node: node(), mint: RefCell::new(Mint::seeded(1)) };
        desk.apply(FIRM);
        if !hooks.is_empty() {
            desk.apply(hooks);
        }
        desk
    }

    fn act<T>(
        &self,
        second: i64,
        mut act: impl FnMut(&mut Tx<'_>, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        let mut mint = self.mint.borrow_mut();
        self.store.write(|tx| act(tx, &mut Moment::new(at(second), Actor::Person(name("ana")), &mut mint)))
    }

    fn apply(&self, yaml: &str) {
        let reading = read_files([("all.yaml", yaml)]);
        assert_eq!(reading.problems, []);
        let order = Order { proposals: reading.proposals, ..Order::default() };
        self.act(0, |tx, moment| {
            Ok(documents::apply(tx, moment, &order, Conditions::at(at(0)))?.into_result()?.is_some())
        })
        .unwrap();
    }

    fn delete(&self, hook: &str) {
        let order = Order { deletions: vec![reference(&name(hook))], ..Order::default() };
        self.act(0, |tx, moment| {
            Ok(documents::apply(tx, moment, &order, Conditions::at(at(0)))?.into_result()?.is_some())
        })
        .unwrap();
    }

    fn catalog(&self) -> std::sync::Arc<Catalog> {
        self.store.read(|tx| Ok(self.node.rules(tx)?.catalog.clone())).unwrap()
    }

    fn event(&self, kind: EventKind, subjects: &[&str]) {
        let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
        self.act(1, |tx, moment| announce::event(tx, moment, kind, subjects.clone(), None, json!({}))).unwrap();
    }

    fn declare(&self, restricted: bool, services: &[&str]) -> IncidentId {
        let services = services.iter().map(|one| name(one)).collect();
        let visibility = Some(if restricted { Visibility::Restricted } else { Visibility::Open });
        let wanted = Declaration { services, visibility, ..Declaration::new("It fails", Class::System) };
        self.act(1, |tx, moment| incidents::declare(tx, &self.node, moment, &wanted)).unwrap().id
    }

    /// Reads the journal to its end.
    fn follow(&self, second: i64) {
        loop {
            self.store.write(|tx| Ok(journal::number(tx, 5000)?)).unwrap();
            let more = follow(self.store, &self.node, &mut self.mint.borrow_mut(), at(second)).unwrap();
            if !more {
                return;
            }
        }
    }

    fn claim(&self, second: i64) -> Vec<Claimed> {
        courier::claim(self.store, &self.node, at(second), &courier::at_once).unwrap()
    }

    fn settle(&self, claimed: &Claimed, outcome: &Outcome, second: i64) -> bool {
        courier::settle(self.store, &mut self.mint.borrow_mut(), claimed, outcome, at(second)).unwrap()
    }

    /// Sends everything that is due, and says which events went where.
    fn send_all(&self, second: i64) -> Vec<String> {
        let mut sent = Vec::new();
        loop {
            let claimed = self.claim(second);
            if claimed.is_empty() {
                sent.sort();
                return sent;
            }
            for one in claimed {
                sent.push(format!("{} {}", one.message.thread, one.message.event));
                assert!(self.settle(&one, &Outcome::Sent { receipt: None }, second));
            }
        }
    }

    fn waiting(&self, hook: &str) -> u64 {
        self.store.read(|tx| Ok(outbox::waiting(tx, &channel(&name(hook)))?)).unwrap()
    }

    fn log(&self, hook: &str) -> Vec<(State, Option<String>)> {
        let lines = self.store.read(|tx| Ok(rows::log(tx, &name(hook), Sight::Whole, false, None, 500)?)).unwrap();
        lines.into_iter().map(|line| (line.delivery.state, line.delivery.detail)).collect()
    }
}

store::both_engines! {
    fn what_is_wanted_is_sent_from_the_moment_on_at_which_a_webhook_was_made(store) {
        let desk = Desk::open(store, "");
        desk.event(EventKind::PageStarted, &[]);
        desk.apply(&format!("{ALL}\n---\nkind: outgoing-webhook\nname: few\nspec: {{ title: Few, url: 'https://few.example.org/', events: [page.ended, incident.*] }}\n---\nkind: outgoing-webhook\nname: shop\nspec: {{ title: Shop, url: 'https://shop.example.org/', services: [shop] }}"));
        // Nobody has read the journal yet.
        desk.event(EventKind::PageEscalated, &[]);
        desk.follow(2);
        desk.event(EventKind::PageEnded, &[]);
        desk.declare(false, &["shop"]);
        desk.declare(false, &["blog"]);
        desk.event(EventKind::DocumentsApplied, &["service/shop"]);
        desk.follow(3);
        let incident = ["incident.declared", "incident.declared"];
        let all = ["page.escalated", "page.ended", incident[0], incident[1], "stamp.derived", "stamp.derived", "documents.applied"];
        let mut expected: Vec<String> = all.iter().map(|kind| format!("all {kind}")).collect();
        expected.extend(["page.ended", incident[0], incident[1]].map(|kind| format!("few {kind}")));
        expected.extend([incident[0], "stamp.derived", "documents.applied"].map(|kind| format!("shop {kind}")));
        expected.sort();
        assert_eq!(desk.send_all(4), expected);
        desk.follow(5);
        assert_eq!(desk.send_all(5), Vec::<String>::new(), "nothing twice, and deliveries tell of nothing");
    }

    fn what_is_restricted_is_never_sent(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        desk.declare(true, &[]);
        let open = desk.declare(false, &[]);
        desk.follow(2);
        let waiting = desk.waiting("all");
        assert!(waiting > 0);
        // Restricted between the queue and the sending.
        let restrict = |tx: &mut Tx<'_>, _: &mut Moment<'_>| {
            tx.execute("UPDATE incidents SET visibility = 'restricted' WHERE id = $1", &[open.into()])?;
            Ok(())
        };
        desk.act(3, restrict).unwrap();
        assert_eq!(desk.send_all(4), Vec::<String>::new());
        let log = desk.log("all");
        assert_eq!(log.len() as u64, waiting);
        assert!(log.iter().all(|(state, why)| *state == State::Cancelled && why.as_deref().unwrap().contains("not for everybody")), "{log:?}");
    }

    fn a_crash_between_reading_and_sending_loses_nothing_and_doubles_nothing(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        desk.event(EventKind::PageStarted, &[]);
        store.write(|tx| Ok(journal::number(tx, 100)?)).unwrap();
        // Two nodes read the same; both write, and a third dies before it does.
        let other = node();
        let (mine, _) = store.read(|tx| look(tx, &desk.node)).unwrap();
        let (theirs, _) = store.read(|tx| look(tx, &other)).unwrap();
        drop(store.read(|tx| look(tx, &other)).unwrap());
        for todo in [&mine, &theirs] {
            assert!(matches!(&todo[..], [Todo::Advance { .. }]), "{todo:?}");
            desk.act(2, |tx, moment| todo.iter().try_for_each(|one| carry_out(tx, moment, one))).unwrap();
        }
        assert_eq!(desk.waiting("all"), 1);
        // The node that sends it dies; another sends it again, and the receiver can tell.
        let first = desk.claim(3);
        let later = desk.claim(3 + 31);
        let ([first], [later]) = (&first[..], &later[..]) else { panic!("{first:?} {later:?}") };
        assert_eq!((&first.message.key, &first.message.data), (&later.message.key, &later.message.data));
        assert_eq!((first.attempt, later.attempt), (1, 2));
        assert_eq!(later.address, "https://all.example.org/in");
        let sent = Outcome::Sent { receipt: Some("200 OK".into()) };
        assert!(!desk.settle(first, &sent, 40), "its claim is over");
        assert!(desk.settle(later, &sent, 40));
        assert_eq!(desk.log("all"), [(State::Sent, Some("200 OK".into()))]);
    }

    fn a_failed_attempt_is_made_again_and_a_receiver_that_is_gone_is_left_alone(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        desk.event(EventKind::PageStarted, &[]);
        desk.event(EventKind::PageEnded, &[]);
        desk.follow(2);
        let claimed = desk.claim(2);
        assert_eq!(claimed.len(), 2);
        let later = Outcome::Later { at: Some(at(700)), why: "the receiver answered 503".into() };
        for one in &claimed {
            assert!(desk.settle(one, &later, 3));
        }
        let next = courier::next_due(store, &desk.node, &courier::at_once).unwrap();
        assert_eq!(next, Some(at(700)), "as the receiver asked");
        let claimed = desk.claim(700);
        assert_eq!(claimed[0].attempt, 2);
        assert!(desk.settle(&claimed[0], &Outcome::Gone { why: "the receiver answered 410 Gone".into() }, 701));
        assert_eq!(desk.waiting("all"), 0);
        let standing = store.read(|tx| Ok(rows::get(tx, &name("all"))?)).unwrap().unwrap();
        let off = off(&desk.catalog().outgoing_webhooks["all"], Some(&standing));
        assert_eq!(off, Some(Off::Gone(at(701))));
        // That it is gone stands in the journal, once, also when the other attempt says the same.
        assert!(desk.settle(&claimed[1], &Outcome::Gone { why: "410".into() }, 702));
        let told = store.read(|tx| Ok(journal::of_subject(tx, "outgoing-webhook/all", Sight::Open, None, 9)?)).unwrap();
        assert_eq!(told.iter().filter(|one| one.kind() == Some(EventKind::OutgoingWebhookDisabled)).count(), 1);
        // What happens meanwhile is not sent, also not when it is switched on again.
        desk.event(EventKind::SilenceCreated, &[]);
        desk.follow(703);
        desk.act(704, |tx, moment| enable(tx, moment, &desk.catalog(), &name("all"))).unwrap();
        desk.event(EventKind::SilenceExpired, &[]);
        desk.follow(705);
        assert_eq!(desk.send_all(706), ["all silence.expired"]);
    }

    fn a_webhook_that_is_switched_off_or_deleted_is_told_nothing(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        desk.event(EventKind::PageStarted, &[]);
        desk.follow(1);
        desk.apply(&ALL.replace("title: All", "title: All, enabled: false"));
        desk.event(EventKind::PageEnded, &[]);
        desk.follow(2);
        assert_eq!((desk.waiting("all"), desk.send_all(3)), (0, vec![]));
        let catalog = desk.catalog();
        assert!(desk.act(3, |tx, moment| enable(tx, moment, &catalog, &name("all"))).is_err(), "its document says so");
        desk.act(3, |tx, moment| test(tx, moment, &catalog, &name("all"))).unwrap();
        assert_eq!(desk.send_all(4), ["all outgoing-webhook.test"], "a test goes out all the same");
        desk.apply(ALL);
        desk.event(EventKind::SilenceCreated, &[]);
        desk.follow(5);
        assert_eq!(desk.send_all(6), ["all silence.created"]);
        desk.event(EventKind::SilenceExpired, &[]);
        desk.follow(7);
        desk.delete("all");
        desk.follow(8);
        assert_eq!((desk.waiting("all"), store.read(|tx| Ok(rows::all(tx)?)).unwrap()), (0, vec![]));
        assert_eq!(desk.send_all(9), Vec::<String>::new());
    }

    fn a_backlog_waits_in_the_journal_and_not_in_the_outbox(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        let many = i64::from(WAITING_MOST) + 150;
        desk.act(1, |tx, moment| {
            (0..many).try_for_each(|_| announce::event(tx, moment, EventKind::PageStarted, vec![], None, json!({})))
        }).unwrap();
        desk.follow(2);
        assert_eq!(desk.waiting("all"), u64::from(WAITING_MOST));
        assert_eq!(desk.claim(2).len(), AT_ONCE as usize, "and only a few are on their way");
        let sent = desk.send_all(60);
        assert_eq!(sent.len(), WAITING_MOST as usize);
        desk.follow(61);
        assert_eq!(desk.send_all(61).len(), 150);
    }

    fn an_event_is_replayed_under_the_same_id(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        desk.event(EventKind::PageStarted, &[]);
        desk.follow(1);
        let replay = |second, id| {
            let catalog = desk.catalog();
            desk.act(second, |tx, moment| replay(tx, moment, &catalog, &name("all"), id, Sight::Open))
        };
        let claimed = desk.claim(1).remove(0);
        assert!(replay(2, claimed.id).is_err(), "it is being sent");
        desk.settle(&claimed, &Outcome::Later { at: None, why: "500".into() }, 2);
        let second = replay(2, claimed.id).unwrap();
        let again = desk.claim(2).remove(0);
        assert_eq!((again.id, &again.message), (second, &claimed.message), "the same event, the same webhook-id");
        desk.settle(&again, &Outcome::Sent { receipt: None }, 3);
        assert_eq!(desk.log("all"), [(State::Sent, None), (State::Cancelled, Some("replayed".into()))]);
        // Also what arrived long ago.
        replay(9, second).unwrap();
        assert_eq!(desk.send_all(10), ["all page.started"]);
        let nothing = desk.mint.borrow_mut().id(at(11));
        assert!(replay(11, nothing).is_err(), "there is no such delivery");
    }

    fn two_secrets_sign_while_one_replaces_the_other(store) {
        let desk = Desk::open(store, ALL);
        desk.follow(0);
        let all = name("all");
        let keys = |second| store.read(|tx| Ok(rows::keys(tx, &all, at(second))?)).unwrap();
        let unseen = keys(0);
        assert!(matches!(&unseen[..], [Key { shown: false, .. }]), "what is sent is signed from the start");
        let rotate = |second, overlap| {
            let catalog = desk.catalog();
            desk.act(second, |tx, moment| rotate_secret(tx, moment, &catalog, &all, Span::seconds(overlap)))
        };
        let first = rotate(10, 100).unwrap();
        assert_eq!(keys(10), std::slice::from_ref(&first), "nobody verifies by what nobody was shown");
        let second = rotate(20, 100).unwrap();
        desk.event(EventKind::PageStarted, &[]);
        desk.follow(21);
        let claimed = desk.claim(21).pop().unwrap();
        assert_eq!(claimed.signed_by, [rules::key(&all, &second.seed), rules::key(&all, &first.seed)]);
        assert_eq!(keys(120).len(), 1, "the overlap is over");
        // A longer overlap does not bring back what was to end sooner; and at once is at once.
        rotate(30, 1000).unwrap();
        assert_eq!((keys(119).len(), keys(121).len()), (3, 2));
        rotate(40, 0).unwrap();
        assert_eq!(keys(40).len(), 1);
        for turn in 0..9 {
            rotate(50 + turn, 1000).unwrap();
        }
        assert_eq!(keys(60).len(), KEYS_MOST);
        assert!(rotate(70, 40 * 24 * 3600).is_err());
    }
}
