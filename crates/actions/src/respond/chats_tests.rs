//! The tests of chats: followed, written out, settled, with a chat that does whatever the test wants.

use domain::respond::chats::Deed;
use domain::respond::incidents::{Class, Command, Visibility};
use domain::words::{Actor, Span};
use store::both_engines;

use super::*;
use crate::courier;
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::Declaration;
use crate::respond::updates::{self, Word};

pub(in crate::respond) const CHAT: &str = "
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org, time_zone: UTC, access: responder, chat: { matrix: '@ana:example.org' } }
---
kind: person
name: vic
spec: { full_name: Vic, email: vic@example.org, access: viewer, chat: { matrix: '@vic:example.org' } }
---
kind: chat
name: ops
spec:
  title: Ops
  provider: { matrix: { homeserver: 'https://matrix.example.org' } }
  announce: '!hall'
  rooms: { severities: [SEV1, SEV2] }
";

/// The chat itself: what was done in it, in order; away while it shall be.
struct Chatroom<'d, 's> {
    desk: &'d Desk<'s>,
    now: std::cell::Cell<i64>,
    away: std::cell::Cell<bool>,
    done: std::cell::RefCell<Vec<String>>,
}

impl<'d, 's> Chatroom<'d, 's> {
    fn of(desk: &'d Desk<'s>) -> Self {
        Self {
            desk,
            now: std::cell::Cell::new(1000),
            away: std::cell::Cell::default(),
            done: std::cell::RefCell::default(),
        }
    }

    fn follow(&self) {
        let desk = self.desk;
        while follow(desk.store, &desk.node, &mut desk.mint.borrow_mut(), at(self.now.get())).unwrap() {}
    }

    /// Everything that is due is done, and what follows from that.
    fn turn(&self) -> Vec<String> {
        crate::housekeeping::number_journal(self.desk.store, &self.desk.node, at(self.now.get())).unwrap();
        self.follow();
        loop {
            self.now.set(self.now.get() + 1);
            let claimed = courier::claim(self.desk.store, &self.desk.node, at(self.now.get()), &|_| 16).unwrap();
            let next = courier::next_due(self.desk.store, &self.desk.node, &|_| 16).unwrap();
            if claimed.is_empty() && next.is_none_or(|next| next > at(self.now.get())) {
                return std::mem::take(&mut self.done.borrow_mut());
            }
            for one in claimed {
                let Some(errand) = one.errand.clone() else { continue };
                let outcome = if self.away.get() {
                    Outcome::Later { at: None, why: "no connection".into() }
                } else {
                    self.done.borrow_mut().push(told(&errand.deed));
                    let receipt = matches!(errand.deed, Deed::Open { .. }).then(|| "!room".to_owned());
                    Outcome::Sent { receipt }
                };
                let mint = &mut self.desk.mint.borrow_mut();
                assert!(courier::settle(self.desk.store, mint, &one, &outcome, at(self.now.get())).unwrap());
            }
        }
    }
}

fn told(deed: &Deed) -> String {
    match deed {
        Deed::Open { name, .. } => format!("open {}", name.rsplit_once('-').unwrap().0),
        Deed::Invite { room, user } => format!("invite {user} to {room}"),
        Deed::Join { room } => format!("join {room}"),
        Deed::Say { room, text, .. } => format!("{room}: {}", text.replace('\n', " | ")),
        Deed::Whisper { room, user, text } => format!("{room} to {user}: {text}"),
    }
}

fn update(text: &str) -> Word {
    Word {
        audience: domain::respond::updates::Audience::Internal,
        stage: None,
        text: text.into(),
        title: None,
        components: domain::inform::notices::Effects::default(),
        next_by: None,
        late_because: Some("we were busy".into()),
    }
}

fn declaration(title: &str) -> Declaration {
    Declaration { severity: Some("SEV2".into()), ..Declaration::new(title, Class::System) }
}

both_engines! {
    fn an_incident_is_told_in_order_and_what_waited_is_not_lost(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let chat = Chatroom::of(&desk);
        chat.turn();
        chat.away.set(true);
        let incident = desk.declare("ana", &declaration("Cards fail"));
        desk.by("ana", |tx, node, moment| updates::say(tx, node, moment, incident.id, &update("One"))).unwrap();
        assert_eq!(chat.turn(), Vec::<String>::new());
        desk.by("ana", |tx, node, moment| updates::say(tx, node, moment, incident.id, &update("Two"))).unwrap();
        chat.turn();
        let failed = store.read(|tx| Ok(rows::standing(tx, &name("ops"))?.error)).unwrap();
        assert_eq!(failed.map(|(_, why)| why).as_deref(), Some("no connection"));
        chat.away.set(false);
        chat.now.set(chat.now.get() + 60);
        let link = format!("https://a.example/incidents/{}", incident.id);
        let date = at(0).strftime("%Y-%m-%d").to_string();
        assert_eq!(chat.turn(), [
            format!("open inc-{date}-cards-fail"),
            "invite @ana:example.org to !room".into(),
            format!("!room: SEV2 · system · Cards fail | Declared | {link}"),
            format!("!hall: SEV2 · system · Cards fail | Declared | {link} | Room: https://matrix.to/#/%21room"),
            "!room: Update by ana: One".into(),
            "!room: Update by ana: Two".into(),
        ]);
        assert_eq!(chat.turn(), Vec::<String>::new(), "nothing is said twice");
        assert!(desk.told("ana", incident.id).contains(&"chat-room.opened".to_owned()));
        let (standing, room) = store.read(|tx| Ok((rows::standing(tx, &name("ops"))?, rows::room(tx, &name("ops"), incident.id)?))).unwrap();
        assert_eq!((standing.error, room.unwrap().room.as_deref()), (None, Some("!room")));
        desk.act("ana", incident.id, &Command::Grade { level: "SEV1".into() }, "it spreads").unwrap();
        assert_eq!(chat.turn(), [
            "!room: Severity SEV1 (it was SEV2): it spreads".to_owned(),
            format!("!hall: SEV1 · system · Cards fail | Severity SEV1 (it was SEV2): it spreads | {link}"),
        ]);
    }

    fn an_incident_that_is_not_grave_has_no_room_until_it_is(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let chat = Chatroom::of(&desk);
        chat.turn();
        let minor = Declaration { severity: Some("SEV3".into()), ..declaration("A typo") };
        let incident = desk.declare("ana", &minor);
        let said = chat.turn();
        assert!(said.len() == 1 && said[0].starts_with("!hall: SEV3"), "{said:?}");
        desk.by("ana", |tx, node, moment| updates::say(tx, node, moment, incident.id, &update("We look"))).unwrap();
        assert!(chat.turn()[0].contains("Update by ana: We look"), "without a room it is said where all are announced");
        desk.act("ana", incident.id, &Command::Grade { level: "SEV2".into() }, "it is worse").unwrap();
        assert!(chat.turn()[0].starts_with("open inc-"));
        // What was over is written down without calling anybody.
        desk.declare("ana", &Declaration { retrospective: true, ..declaration("Last week") });
        assert_eq!(chat.turn(), Vec::<String>::new());
    }

    fn nothing_of_what_is_restricted_leaves(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let chat = Chatroom::of(&desk);
        chat.turn();
        let secret = desk.declare("ana", &Declaration { severity: Some("SEV1".into()), ..Declaration::new("The heron", Class::Security) });
        assert_eq!(secret.state.visibility, Visibility::Restricted);
        assert_eq!(chat.turn(), Vec::<String>::new());
        // What waited while it was open is not said after.
        let open = desk.declare("ana", &declaration("Cards fail"));
        chat.turn();
        chat.away.set(true);
        desk.by("ana", |tx, node, moment| updates::say(tx, node, moment, open.id, &update("The heron has the keys"))).unwrap();
        chat.turn();
        desk.act("ana", open.id, &Command::Restrict, "a breach").unwrap();
        chat.away.set(false);
        chat.now.set(chat.now.get() + 60);
        assert_eq!(chat.turn(), [format!("!room: {}", rules::HIDDEN)]);
        desk.by("ana", |tx, node, moment| updates::say(tx, node, moment, open.id, &update("More of the heron"))).unwrap();
        chat.now.set(chat.now.get() + 60);
        assert_eq!(chat.turn(), Vec::<String>::new(), "it is said once that nothing more is said");
    }

    fn what_cannot_be_opened_is_given_up_and_shown(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let chat = Chatroom::of(&desk);
        chat.turn();
        let incident = desk.declare("ana", &declaration("Cards fail"));
        crate::housekeeping::number_journal(store, &desk.node, at(1001)).unwrap();
        chat.follow();
        let claimed = courier::claim(store, &desk.node, at(1002), &|_| 16).unwrap();
        let ours: Vec<_> = claimed.iter().filter(|one| one.errand.is_some()).collect();
        assert_eq!(ours.len(), 1, "one at a time of an incident");
        let no = Outcome::Never { why: "the homeserver answered 403 Forbidden".into() };
        courier::settle(store, &mut desk.mint.borrow_mut(), ours[0], &no, at(1002)).unwrap();
        let room = store.read(|tx| Ok(rows::room(tx, &name("ops"), incident.id)?)).unwrap().unwrap();
        assert_eq!(room.failed.as_deref(), Some("the homeserver answered 403 Forbidden"));
        let said = chat.turn();
        assert!(said.iter().all(|line| line.starts_with("!hall: ")) && said.len() == 1, "{said:?}");
    }

    fn a_chat_that_is_switched_off_or_deleted_says_nothing_more(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let chat = Chatroom::of(&desk);
        chat.turn();
        chat.away.set(true);
        desk.declare("ana", &declaration("Cards fail"));
        chat.turn();
        assert!(store.read(|tx| Ok(outbox::waiting(tx, "chat/ops")?)).unwrap() > 0);
        desk.apply(&CHAT.replace("  title: Ops", "  title: Ops\n  enabled: false"));
        chat.away.set(false);
        assert_eq!(chat.turn(), Vec::<String>::new());
        assert_eq!(store.read(|tx| Ok((outbox::waiting(tx, "chat/ops")?, readers::at(tx, "chat/ops")?))).unwrap(), (0, None));
        // What happened meanwhile is not said later.
        desk.declare("ana", &declaration("Quiet"));
        chat.turn();
        desk.apply(CHAT);
        assert_eq!(chat.turn(), Vec::<String>::new());
        let loud = desk.declare("ana", &declaration("Loud"));
        assert!(chat.turn().iter().any(|line| line.contains(&loud.id.to_string())));
    }

    fn of_two_nodes_that_follow_one_queues_and_a_test_needs_a_place(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let chat = Chatroom::of(&desk);
        chat.turn();
        desk.declare("ana", &declaration("Cards fail"));
        crate::housekeeping::number_journal(store, &desk.node, at(1001)).unwrap();
        let (first, _) = store.read(|tx| look(tx, &desk.node)).unwrap();
        let (second, _) = store.read(|tx| look(tx, &desk.node)).unwrap();
        for todo in first.iter().chain(&second) {
            desk.as_actor(&Actor::Rule("chat"), |tx, node, moment| {
                let catalog = node.rules(tx)?.catalog.clone();
                carry_out(tx, moment, &catalog, todo)
            }).unwrap();
        }
        let opened = chat.turn().iter().filter(|line| line.starts_with("open ")).count();
        assert_eq!(opened, 1);
        let try_out = || desk.by("ana", |tx, node, moment| {
            let catalog = node.rules(tx)?.catalog.clone();
            test(tx, moment, &catalog, &name("ops"))
        });
        try_out().unwrap();
        chat.now.set(chat.now.get() + 60);
        assert!(chat.turn()[0].starts_with("!hall: Allclear speaks here. ana tried it out."));
        desk.apply(&CHAT.replace("  announce: '!hall'\n", ""));
        assert!(try_out().unwrap_err().to_string().contains("names no room"));
    }
}

#[test]
fn that_something_works_is_noted_once_a_minute_and_a_failure_when_it_is_another() {
    let fine = rows::Standing { heard_at: Some(at(0)), ..rows::Standing::default() };
    let broken = rows::Standing { error: Some((at(0), "503".into())), ..fine.clone() };
    let soon = Span::seconds(1).after(at(0));
    for (standing, outcome, now, news) in [
        (&rows::Standing::default(), Ok("s1"), at(0), true),
        (&fine, Ok("s2"), soon, false),
        (&fine, Ok("s2"), at(1), true),
        (&fine, Err("503"), soon, true),
        (&broken, Err("503"), soon, false),
        (&broken, Err("502"), soon, true),
        (&broken, Ok("s2"), soon, true),
    ] {
        assert_eq!(is_news(standing, outcome, now), news, "{standing:?} {outcome:?}");
    }
}
