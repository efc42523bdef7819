//! Tests of words that several write at once, on both engines: kept, told, made revisions of, and taken together with a form.

use domain::learn::postmortems::State;
use domain::respond::incidents::{Class, Command, Visibility};
use domain::words::RefusalKind;
use store::journal;

use super::*;
use crate::learn::postmortems::{self, write};
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::Declaration;

const PART: Section = Section::Summary;

struct House<'s> {
    desk: Desk<'s>,
    id: IncidentId,
}

impl<'s> House<'s> {
    fn open(store: &'s Store) -> Self {
        Self::with(store, &Declaration::new("Payments fail", Class::System))
    }

    fn with(store: &'s Store, wanted: &Declaration) -> Self {
        let desk = Desk::open(store);
        let id = desk.declare("ana", wanted).id;
        desk.act("ana", id, &Command::Resolve { unmet: vec![] }, "it works again").unwrap();
        Self { desk, id }
    }

    fn begins(&self, person: &str) -> Result<i64, Halt> {
        self.desk.by(person, |tx, _, moment| begin_sharing(tx, moment, self.id))
    }

    /// A copy that somebody has open.
    fn copy(&self, chance: u64) -> SharedText {
        let found = self.desk.store.read(|tx| since_vector(tx, self.id, Sight::Whole, &[0])).unwrap();
        let (state, _, _) = found.expect("it is shared");
        SharedText::read([state.as_slice()], chance).unwrap()
    }

    /// In the minute that it is: people write faster than the desk's clock goes.
    fn brings(&self, person: &str, change: &[u8]) -> Result<i64, Halt> {
        let (now, mut mint, actor) = (at(self.desk.minute()), self.desk.mint.borrow_mut(), Actor::Person(name(person)));
        let mut moment = Moment::new(now, actor, &mut mint);
        self.desk.store.write(|tx| take(tx, &self.desk.node, &mut moment.again(), self.id, change))
    }

    fn saves(&self, person: &str, text: &str, from: u32) -> Result<String, Halt> {
        let text = Text { section: PART, text: text.into(), from };
        let done =
            self.desk.by(person, |tx, node, moment| write(tx, node, moment, self.id, std::slice::from_ref(&text)));
        done.map(|whole| whole.text(PART).map_or_else(String::new, |one| one.text.clone()))
    }

    /// Revision, text, author and others of the last.
    fn stands(&self) -> Option<(u32, String, String, Vec<String>)> {
        let written = self.desk.store.read(|tx| Ok(texts::written(tx, self.id)?)).unwrap();
        let last = written.into_iter().find(|one| one.section == PART)?;
        let others = last.others.iter().map(ToString::to_string).collect();
        Some((last.revision, last.text, last.author.to_string(), others))
    }

    fn turn(&self, second: i64) -> usize {
        let now = Span::seconds(second).after(at(self.desk.minute()));
        keep_time(self.desk.store, &mut Mint::seeded(77), now).unwrap()
    }
}

fn kind<T>(done: Result<T, Halt>) -> RefusalKind {
    match done {
        Err(Halt::Refused(refusal)) => refusal.kind,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

store::both_engines! {
    fn what_two_write_at_once_becomes_one_revision_after_a_pause(store) {
        let house = House::open(store);
        assert_eq!(house.begins("ana").unwrap(), 0);
        assert_eq!(house.begins("ben").unwrap(), 0);
        let (mine, theirs) = (house.copy(1), house.copy(2));
        let first = mine.write(PART, "Payments failed.").unwrap();
        assert_eq!(house.brings("ana", &first).unwrap(), 1);
        assert_eq!(house.brings("ana", &first).unwrap(), 1, "the same again changes nothing");
        theirs.take(&first).unwrap();
        let second = theirs.write(PART, "Half of all payments failed.").unwrap();
        let third = mine.write(PART, "Payments failed for 27 minutes.").unwrap();
        assert_eq!(house.brings("ben", &second).unwrap(), 2);
        assert_eq!(house.brings("ana", &third).unwrap(), 3);
        let told = house.desk.store.read(|tx| news(tx, house.id, Sight::Whole, 1)).unwrap();
        assert_eq!(told, News { changes: vec![second, third], last: 3 });
        assert_eq!(house.stands(), None, "nothing rests yet");
        assert_eq!(house.turn(2), 0);
        assert_eq!(house.turn(3), 1);
        let (revision, text, author, others) = house.stands().unwrap();
        assert_eq!((revision, author.as_str(), others), (1, "ana", vec!["ben".to_owned()]));
        assert!(text.contains("Half of all") && text.contains("for 27 minutes"), "{text}");
        assert_eq!(house.turn(60), 0);
        // It is a draft, and the journal says who wrote.
        let whole = house.desk.store.read(|tx| postmortems::whole(tx, house.id, Sight::Whole)).unwrap();
        assert_eq!(whole.postmortem.state, State::Draft);
        let entries = house.desk.store.read(|tx| Ok(journal::of_incident(tx, house.id, None, 1000)?)).unwrap();
        let wrote: Vec<_> = entries.iter().filter(|entry| entry.word == "postmortem.written").collect();
        assert_eq!(wrote.len(), 1);
        assert_eq!(wrote[0].data["others"], json!(["ben"]));
        let authors = house.desk.store.read(|tx| Ok(texts::authors(tx, house.id)?)).unwrap();
        assert_eq!(authors, [name("ana"), name("ben")]);
    }

    fn a_form_is_taken_together_with_what_is_written_meanwhile(store) {
        let house = House::open(store);
        assert_eq!(house.saves("ana", "The pool was full. Nobody saw it.", 0).unwrap(), "The pool was full. Nobody saw it.");
        house.begins("ben").unwrap();
        let open = house.copy(5);
        let change = open.write(PART, "The pool was full for an hour. Nobody saw it.").unwrap();
        house.brings("ben", &change).unwrap();
        // The form was opened before.
        let both = "The pool was full for an hour. Nobody at all saw it.";
        assert_eq!(house.saves("ana", "The pool was full. Nobody at all saw it.", 1).unwrap(), both);
        assert_eq!(house.stands().unwrap(), (3, both.into(), "ana".into(), vec![]));
        let told = house.desk.store.read(|tx| news(tx, house.id, Sight::Whole, 1)).unwrap();
        for change in &told.changes {
            open.take(change).unwrap();
        }
        assert_eq!(open.text(PART), both, "whoever has it open reads the same");
        // Where both changed the same words a person decides, and nothing is written.
        house.brings("ben", &open.write(PART, "The pool was full for two hours. Nobody at all saw it.").unwrap()).unwrap();
        let refused = house.saves("ana", "The pool was full for a day. Nobody at all saw it.", 3);
        assert_eq!(kind(refused), RefusalKind::Conflict);
        assert_eq!(house.copy(9).text(PART), "The pool was full for two hours. Nobody at all saw it.");
    }

    fn whoever_may_not_see_or_write_it_is_refused(store) {
        let hidden = Declaration { visibility: Some(Visibility::Restricted), ..Declaration::new("Payroll", Class::Security) };
        let house = House::with(store, &hidden);
        house.begins("ana").unwrap();
        let change = house.copy(1).write(PART, "words").unwrap();
        assert_eq!(kind(house.begins("ben")), RefusalKind::NotFound);
        assert_eq!(kind(house.brings("ben", &change)), RefusalKind::NotFound);
        let sight = Sight::Of(&name("ben"));
        assert_eq!(kind(house.desk.store.read(|tx| since_vector(tx, house.id, sight, &[0]))), RefusalKind::NotFound);
        house.brings("ana", &change).unwrap();
        assert_eq!(kind(house.desk.store.read(|tx| news(tx, house.id, sight, 0))), RefusalKind::NotFound);
        assert_eq!(kind(house.brings("ana", b"rubbish")), RefusalKind::Invalid);
        assert_eq!(house.desk.store.read(|tx| Ok(rows::reach(tx, house.id)?)).unwrap(), Some((0, 1)));
    }

    fn many_changes_are_folded_and_nothing_is_lost(store) {
        let house = House::open(store);
        house.begins("ana").unwrap();
        let mine = house.copy(1);
        for count in 1..=FOLD_AFTER {
            let change = mine.write(PART, &format!("{count} payments failed.")).unwrap();
            assert_eq!(house.brings("ana", &change).unwrap(), count);
        }
        assert_eq!(house.turn(60), 1);
        house.desk.store.read(|tx| {
            assert_eq!(rows::reach(tx, house.id)?, Some((FOLD_AFTER, FOLD_AFTER)));
            assert_eq!(rows::since(tx, house.id, 0)?, []);
            Ok(())
        }).unwrap();
        assert_eq!(house.copy(3).text(PART), format!("{FOLD_AFTER} payments failed."));
        // Whoever slept through it is told all of it as one.
        let told = house.desk.store.read(|tx| news(tx, house.id, Sight::Whole, 7)).unwrap();
        assert_eq!(told.changes.len(), 1);
        let last = mine.write(PART, "All payments failed.").unwrap();
        house.brings("ana", &last).unwrap();
        assert_eq!(house.turn(2), 0);
        house.desk.store.write(|tx| settle_soon(tx, house.id, at(house.desk.minute()))).unwrap();
        assert_eq!(house.turn(0), 1);
        assert_eq!(house.stands().unwrap().1, "All payments failed.");
    }
}
