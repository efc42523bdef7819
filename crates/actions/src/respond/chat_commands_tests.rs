//! The tests of what is heard in a chat: as whom it is done, once, and what is answered.

use domain::respond::chats::Deed;
use domain::respond::incidents::Command;
use store::both_engines;

use super::*;
use crate::respond::chats::tests::CHAT;
use crate::respond::desk::{Desk, at, name};

struct Talk<'d, 's> {
    desk: &'d Desk<'s>,
    count: std::cell::Cell<i64>,
}

impl<'d, 's> Talk<'d, 's> {
    fn of(desk: &'d Desk<'s>) -> Self {
        Self { desk, count: std::cell::Cell::new(0) }
    }

    fn hear(&self, heard: &Heard) -> Option<String> {
        let now = at(500 + self.count.get());
        hear(self.desk.store, &self.desk.node, &mut self.desk.mint.borrow_mut(), now, heard).unwrap()
    }

    fn heard(&self, who: &str, room: &str, what: What) -> Heard {
        self.count.set(self.count.get() + 1);
        Heard {
            chat: name("ops"),
            id: format!("${}", self.count.get()),
            room: room.into(),
            sender: format!("@{who}:example.org"),
            what,
            reply: Reply::Here,
        }
    }

    fn says(&self, who: &str, room: &str, line: &str) -> String {
        let heard = self.heard(who, room, What::Line(line.into()));
        self.hear(&heard).unwrap_or_default()
    }

    fn incidents(&self) -> Vec<IncidentRow> {
        let all = |tx: &mut Tx<'_>| Ok(incident_rows::list(tx, &Filter::default(), Sight::Whole, None, 50)?);
        self.desk.store.read(all).unwrap()
    }

    fn opened(&self, incident: IncidentId, room: &str) {
        self.desk
            .store
            .write(|tx| {
                rows::ask_for_room(tx, &name("ops"), incident, at(0))?;
                rows::opened(tx, &name("ops"), incident, room, at(0))?;
                Ok(())
            })
            .unwrap();
    }
}

both_engines! {
    fn a_command_is_done_once_as_whoever_speaks(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let talk = Talk::of(&desk);
        let heard = talk.heard("ana", "!hall", What::Line("declare SEV2 Cards fail".into()));
        let first = talk.hear(&heard).unwrap();
        assert!(first.starts_with("Declared: SEV2 · system · Cards fail\nhttps://a.example/incidents/inc_"), "{first}");
        assert_eq!(talk.hear(&heard), Some(first), "a repeat gets the same answer");
        let all = talk.incidents();
        assert_eq!((all.len(), all[0].reported_by.as_str()), (1, "chat:ops:ana"));
        let id = all[0].id;
        assert!(talk.says("ana", "!hall", "task Look at it for @ben in 30m").starts_with("Task for ben, who reports by "));
        assert_eq!(talk.says("ana", "!hall", "role scribe"), "You are scribe now.");
        assert_eq!(talk.says("ana", "!hall", "role incident-commander @ben"), "incident-commander is offered to ben.");
        let said = talk.says("ana", "!hall", "update We look next 20m");
        assert!(said.starts_with("The responders are told. The next one is promised by "), "{said}");
        let status = talk.says("vic", "!hall", "status");
        assert!(status.contains("SEV2 · system · Cards fail\nIt is active: analysis.\nNobody commands.\n1 task is open.\nThe next update"), "{status}");
        let told = desk.told("ana", id);
        for kind in ["task.given", "role.accepted", "role.offered", "update.posted"] {
            assert_eq!(told.iter().filter(|one| *one == kind).count(), 1, "{kind}");
        }
    }

    fn who_is_not_known_or_may_not_is_told_so_and_changes_nothing(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let talk = Talk::of(&desk);
        let unknown = talk.says("eve", "!hall", "declare Cards fail");
        assert!(unknown.contains("chat: { matrix: '@eve:example.org' }"), "{unknown}");
        assert!(talk.says("eve", "!hall", "help").contains("!allclear declare"), "help is for everybody");
        talk.says("vic", "!hall", "declare Cards fail");
        assert_eq!(talk.incidents().len(), 1, "who sees may declare");
        assert!(talk.says("vic", "!hall", "update All is well").contains("this needs the access responder; yours is viewer"));
        assert!(talk.says("vic", "!hall", "ack").contains("this needs the access responder"));
        let wrong = talk.says("ana", "!hall", "role pilot");
        assert!(wrong.contains("there is no role pilot") && wrong.ends_with("!allclear role [INCIDENT] ROLE [@person|me]"), "{wrong}");
        assert!(talk.says("ana", "!hall", "ack pag_0000000000000000").contains("page pag_0000000000000000"));
        assert!(talk.says("ana", "!hall", "ack").starts_with("nothing calls you right now"));
        desk.apply(&CHAT.replace("access: responder, chat", "access: responder, inactive: true, chat"));
        assert!(talk.says("ana", "!hall", "status").contains("does not know who you are"), "who left is nobody");
    }

    fn a_refusal_leaves_nothing_behind(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let talk = Talk::of(&desk);
        talk.says("ana", "!hall", "declare Cards fail");
        let id = talk.incidents()[0].id;
        let before = desk.told("ana", id).len();
        for line in ["task Look for @nobody", "task Look for @ben in 0s for @ana in 400d", "role scribe @zoe", "update", "declare SEV9 x"] {
            let said = talk.says("ana", "!hall", line);
            assert!(said.contains("!allclear "), "{line}: {said}");
        }
        assert_eq!(desk.told("ana", id).len(), before);
        assert_eq!(talk.incidents().len(), 1);
    }

    fn in_the_room_of_an_incident_it_is_meant_and_elsewhere_the_only_one(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let talk = Talk::of(&desk);
        assert!(talk.says("ana", "!hall", "status").starts_with("no incident is open; declare one"));
        talk.says("ana", "!hall", "declare Cards fail");
        talk.says("ana", "!hall", "declare Search is slow");
        let all = talk.incidents();
        talk.opened(all[1].id, "!cards");
        assert!(talk.says("ana", "!cards", "status").contains("Cards fail"));
        let several = talk.says("ana", "!hall", "status");
        assert!(several.contains("several incidents are open") && several.contains(&all[0].id.to_string()), "{several}");
        assert!(talk.says("ana", "!hall", &format!("status {}", all[0].id)).contains("Search is slow"));
        // What is restricted is not there, whoever asks.
        desk.act("ana", all[1].id, &Command::Restrict, "a breach").unwrap();
        assert!(talk.says("ana", "!cards", "status").starts_with(HIDDEN));
        let named = talk.says("ana", "!hall", &format!("status {}", all[1].id));
        assert!(named.contains("nothing is said in a chat") && !named.contains("Cards"), "{named}");
        assert!(talk.says("ana", "!hall", "status").contains("Search is slow"), "it is the only one");
        let secret = talk.says("ana", "!hall", "declare security The heron");
        assert!(secret.starts_with("Declared, and restricted") && !secret.contains("inc_") && !secret.contains("heron"), "{secret}");
    }

    fn a_message_is_pinned_once_in_the_words_of_whoever_wrote_it(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let talk = Talk::of(&desk);
        talk.says("ana", "!hall", "declare Cards fail");
        let id = talk.incidents()[0].id;
        talk.opened(id, "!cards");
        let pinned = |text: &str| Some(Pinned { id: "$m".into(), author: "@vic:example.org".into(), text: text.into(), at: Some(at(400)) });
        let mark = |who: &str, room: &str, text: &str| {
            talk.hear(&talk.heard(who, room, What::Pin { message: pinned(text), named: false }))
        };
        assert_eq!(mark("ana", "!hall", "elsewhere"), None, "elsewhere the mark means what people like");
        assert!(mark("eve", "!cards", "hostile").unwrap().contains("does not know who you are"));
        assert!(mark("vic", "!cards", "a viewer").unwrap().contains("needs the access responder"));
        assert_eq!(mark("ana", "!cards", "It began\r\nat nine\u{0}\u{7}").as_deref(), Some("It is on the timeline."));
        assert_eq!(mark("ana", "!cards", "again").as_deref(), Some("It is on the timeline already."));
        let lines = store.read(|tx| crate::respond::room::timeline(tx, id, Sight::Whole, None, 100)).unwrap();
        let entries: Vec<_> = lines.iter().filter(|line| line.entry.word == "entry.added").collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].entry.data["text"], "vic, in the chat: It began\nat nine");
        assert_eq!((entries[0].entry.actor.as_str(), entries[0].entry.at), ("chat:ops:ana", at(400)));
        let unread = talk.hear(&talk.heard("ana", "!cards", What::Pin { message: None, named: true }));
        assert!(unread.unwrap().contains("cannot be read"));
    }

    fn answers_and_invitations_wait_for_the_chat(store) {
        let desk = Desk::open(store);
        desk.apply(CHAT);
        let talk = Talk::of(&desk);
        let mut heard = talk.heard("ana", "!hall", What::Line("help".into()));
        heard.reply = Reply::Room;
        talk.hear(&heard);
        talk.hear(&heard);
        talk.hear(&talk.heard("ana", "!new", What::Invited));
        talk.hear(&talk.heard("eve", "!trap", What::Invited));
        let claimed = crate::courier::claim(store, &desk.node, at(900), &|_| 16).unwrap();
        let errands: Vec<_> = claimed.into_iter().filter_map(|one| one.errand).map(|errand| errand.deed).collect();
        assert_eq!(errands.len(), 2, "{errands:?}");
        assert!(matches!(&errands[0], Deed::Say { room, reply_to: Some(to), aside: true, .. } if room == "!hall" && *to == heard.id));
        assert_eq!(errands[1], Deed::Join { room: "!new".into() });
    }

    fn what_calls_somebody_is_taken(store) {
        let desk = Desk::open(store);
        desk.apply(&CHAT.replace("'@vic:example.org'", "'@nobody:example.org'").replace("---\nkind: chat", "---
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org, time_zone: UTC, access: responder, chat: { matrix: '@ben:example.org' }, contacts: [{ name: mail, email: ben@example.org }] }
---
kind: chat"));
        let talk = Talk::of(&desk);
        let row = desk.declare("ana", &Declaration { severity: Some("SEV1".into()), ..Declaration::new("Cards fail", Class::System) });
        desk.wait(10);
        assert!(!desk.paged(row.id).is_empty(), "somebody is called to command");
        let said = talk.says("ben", "!hall", "ack");
        assert!(said.starts_with("You have it: "), "{said}");
        let now = store.read(|tx| Ok(incident_rows::get(tx, row.id, Sight::Whole)?)).unwrap().unwrap();
        assert_eq!(now.state.commander, Some(name("ben")), "who takes that page commands");
    }
}
