//! Backup, restore and check, on both engines and from one to the other.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom, Write};

use domain::engage::deliveries::Urgency;
use domain::words::{Actor, Event, EventKind, Mint, RefusalKind, Span};

use super::*;
use crate::both_engines;
use crate::detect::births::Births;
use crate::outbox::{Kind, New, State};
use crate::signals::{Body, Draft, Received};
use crate::testing::Fresh;
use crate::{journal, leases, settings, signals};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// A store with something of every kind in it.
pub(super) fn furnish(store: &Store) {
    let mut mint = Mint::seeded(5);
    let name = "prometheus".parse().unwrap();
    store
        .write(|tx| {
            settings::set(tx, "key", "value \"é\"")?;
            leases::acquire(tx, "journal", "a", at(0), at(10))?;
            tx.execute(
                "INSERT INTO changesets (number, id, at, author, via) VALUES (1, 'chg_1', 0, 'system', 'defaults')",
                &[],
            )?;
            for (kind, spec) in [("team", Some("{}")), ("person", None)] {
                tx.execute(
                    "INSERT INTO revisions (kind, name, number, changeset, spec) VALUES ($1, 'a', 1, 1, $2)",
                    &[kind.into(), spec.into()],
                )?;
            }
            let event = Event {
                id: mint.id(at(0)),
                kind: EventKind::PageStarted,
                at: at(0),
                actor: Actor::System,
                subjects: vec!["a".into(), "b".into()],
                incident: None,
                why: None,
                data: serde_json::Value::Null,
            };
            journal::append(tx, &event, at(1))?;
            for second in 0..450 {
                let body = Body::pack(format!("[{second}]\0").as_bytes());
                let mut entry = Draft::new(mint.id(at(second)));
                let call = Received { integration: &name, received_at: at(second), format: "x", count: 1, body: &body };
                entry.add(&call)?;
                signals::append(tx, entry, &Births::new(at(second), 1), at(second), "a")?;
            }
            for (second, urgency) in [(1, Urgency::High), (2, Urgency::Low), (900, Urgency::High)] {
                let new = New {
                    id: mint.id(at(0)),
                    kind: Kind::Test,
                    page: None,
                    person: None,
                    contact: "mail",
                    channel: "email",
                    address: "a@example.org",
                    step: 0,
                    round: 0,
                    urgency,
                    payload: "{}",
                    due_at: at(second),
                };
                outbox::queue(tx, &new, None, at(0))?;
            }
            outbox::claim(tx, "email", "a", at(3), Span::seconds(10), 1)?;
            Ok(())
        })
        .unwrap();
}

/// Everything in the store, a line a row.
pub(super) fn everything(store: &Store) -> BTreeSet<String> {
    store
        .read(|tx| {
            let mut lines = BTreeSet::new();
            for table in schema::tables(tx)? {
                for row in tx.query(&format!("SELECT * FROM \"{table}\""), &[])? {
                    let columns: Vec<String> = row.columns().map(str::to_owned).collect();
                    let mut cells = Vec::new();
                    for (column, value) in columns.iter().zip(row.into_values()) {
                        let value = match value {
                            crate::Value::Null => "NULL".to_owned(),
                            crate::Value::Int(int) => int.to_string(),
                            crate::Value::Bool(bool) => i64::from(bool).to_string(),
                            crate::Value::Real(real) => real.to_string(),
                            crate::Value::Text(text) => format!("{text:?}"),
                            crate::Value::Id(id) => id.as_str().to_owned(),
                            crate::Value::Bytes(bytes) => format!("{bytes:?}"),
                        };
                        cells.push(format!("{column}={value}"));
                    }
                    cells.sort();
                    lines.insert(format!("{table}: {}", cells.join(" ")));
                }
            }
            Ok(lines)
        })
        .unwrap()
}

fn without_outbox(store: &Store) -> Vec<String> {
    everything(store)
        .into_iter()
        .filter(|line| !line.starts_with("deliveries:") && !line.starts_with("leases:"))
        .collect()
}

pub(super) fn refused<T: std::fmt::Debug>(outcome: Result<T, Halt>) -> String {
    match outcome {
        Err(Halt::Refused(refusal)) => refusal.message,
        other => panic!("not refused: {other:?}"),
    }
}

/// An installation to restore into, on both engines.
pub(super) fn each_target(check: impl Fn(&mut Fresh)) {
    check(&mut Fresh::sqlite());
    if let Some(mut fresh) = Fresh::postgres() {
        check(&mut fresh);
    }
}

both_engines! {
    fn a_backup_made_beside_the_server_holds_everything(store) {
        furnish(store);
        let file = store.folder().join("backup.db");
        backup(store.place(), &file).unwrap();
        let copy = Store::open_to_read(&Place::Sqlite(file.clone())).unwrap();
        // The migrations are those of the engine; everything else is row for row the same.
        assert_eq!(everything(&copy), everything(store));
        assert_eq!(check(&Place::Sqlite(file.clone())).unwrap().problems, Vec::<String>::new());
        // The server goes on, and a later backup takes the place of the earlier.
        store.write(|tx| Ok(settings::set(tx, "later", "yes")?)).unwrap();
        backup(store.place(), &file).unwrap();
        let copy = Store::open_to_read(&Place::Sqlite(file)).unwrap();
        assert_eq!(copy.read(|tx| Ok(settings::get(tx, "later")?)).unwrap().as_deref(), Some("yes"));
        let left: Vec<_> = std::fs::read_dir(store.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
    }

    fn a_backup_makes_no_directory(store) {
        let refused = backup(store.place(), &store.folder().join("nowhere/backup.db")).unwrap_err().to_string();
        assert!(refused.contains("there is no directory"), "{refused}");
        assert!(!store.folder().join("nowhere").exists());
    }

    fn a_backup_made_while_others_write_is_of_one_moment(store) {
        // Two counters that are always written together.
        store.write(|tx| { settings::set(tx, "one", "0")?; Ok(settings::set(tx, "two", "0")?) }).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|threads| {
            let stop = &stop;
            threads.spawn(move || {
                let mut count = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    count += 1;
                    store.write_bulk(|tx| {
                        settings::set(tx, "one", &count.to_string())?;
                        settings::set(tx, &format!("filler-{count}"), &"x".repeat(2000))?;
                        Ok(settings::set(tx, "two", &count.to_string())?)
                    }).unwrap();
                }
            });
            for turn in 0..5 {
                let file = store.folder().join(format!("backup-{turn}.db"));
                backup(store.place(), &file).unwrap();
                let copy = Store::open_to_read(&Place::Sqlite(file)).unwrap();
                let (one, two) = copy.read(|tx| Ok((settings::get(tx, "one")?, settings::get(tx, "two")?))).unwrap();
                assert_eq!(one, two);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }

    fn a_backup_goes_into_either_engine_and_does_not_send_the_past(store) {
        furnish(store);
        let file = store.folder().join("backup.db");
        backup(store.place(), &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        each_target(|target| {
            target.close();
            if let Place::Sqlite(path) = target.place() { std::fs::remove_file(path).unwrap(); }
            let restored = once_alone(|| restore(&file, target.place(), false, at(5000))).unwrap();
            assert_eq!(restored, Restored { replaced: None, cancelled: 3 });
            let there = Store::open(target.place()).unwrap();
            assert_eq!(without_outbox(&there), without_outbox(store));
            there.write(|tx| {
                assert_eq!(outbox::claim(tx, "email", "b", at(99_999), Span::seconds(1), 9)?, []);
                assert_eq!(leases::acquire(tx, "journal", "b", at(5), at(9))?, Some(2), "held by a node of then");
                let states: BTreeSet<_> = tx.query("SELECT id FROM deliveries", &[])?.iter()
                    .map(|row| Ok(outbox::get(tx, row.id("id")?)?.unwrap().state)).collect::<Result<_, Error>>()?;
                assert_eq!(states, BTreeSet::from([State::Cancelled]));
                Ok(())
            }).unwrap();
        });
        assert!(std::fs::read(&file).unwrap() == before, "the backup itself was changed");
    }

    fn a_database_that_is_in_use_is_not_restored_into(store) {
        furnish(store);
        let file = store.folder().join("backup.db");
        backup(store.place(), &file).unwrap();
        let all = everything(store);
        // The listener of PostgreSQL says that it is there a moment after the opening.
        let mut refusals = 0;
        for _ in 0..200 {
            match restore(&file, store.place(), false, at(9)) {
                Err(Halt::Refused(refusal)) if refusal.message.contains("in use") => { refusals += 1; break }
                Err(Halt::Failed(error)) if error.message.contains("in use") => { refusals += 1; break }
                other => assert!(store.is_postgres() && matches!(other, Err(Halt::Refused(_))), "{other:?}"),
            }
        }
        assert_eq!((refusals, everything(store)), (1, all));
    }

    fn a_sound_store_has_no_problems_and_a_wrong_one_says_which(store) {
        furnish(store);
        let report = check(store.place()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        assert!(report.tables.contains(&("signals".to_owned(), 450)), "{:?}", report.tables);
        store.write(|tx| {
            tx.execute("INSERT INTO journal_subjects (subject, event) VALUES ('x', 'evt_nothing')", &[])?;
            tx.execute("UPDATE deliveries SET page = 'pag_nothing' WHERE state = 'queued'", &[])?;
            tx.execute("INSERT INTO attempts (delivery, number, node, started_at, ended_at, outcome) \
                        SELECT id, 7, 'a', 0, 0, 'sent' FROM deliveries WHERE state = 'claimed'", &[])?;
            tx.execute("INSERT INTO journal (id, number, kind, at, recorded_at, actor, subjects, data) \
                        VALUES ('evt_x', 90, 'x', 0, 0, 'system', '', 'null')", &[])?;
            tx.execute("UPDATE journal SET number = 88 WHERE id <> 'evt_x'", &[])?;
            Ok(())
        }).unwrap();
        assert_eq!(check(store.place()).unwrap().problems, [
            "1 subjects of the journal have no entry",
            "1 entries of the journal are missing between the first and the last number",
            "2 deliveries belong to a page that is not there",
            "1 attempts have a number higher than the count of their delivery",
        ]);
    }

    fn a_newer_database_is_a_problem_not_a_crash(store) {
        store.write(|tx| Ok(tx.execute("INSERT INTO migrations (number, name, checksum) VALUES (999, 'future', 'x')", &[])?)).unwrap();
        let problems = check(store.place()).unwrap().problems;
        assert!(problems[0].contains("newer than this program"), "{problems:?}");
        let file = store.folder().join("backup.db");
        if store.is_postgres() { assert!(backup(store.place(), &file).is_err() && !file.exists()); }
    }
}

#[test]
fn what_is_there_is_replaced_only_by_force_and_kept() {
    let source = Fresh::sqlite();
    furnish(&source);
    let file = source.folder().join("backup.db");
    backup(source.place(), &file).unwrap();
    each_target(|target| {
        target
            .write(|tx| {
                settings::set(tx, "key", "old")?;
                tx.execute(
                    "INSERT INTO changesets (number, id, at, author, via) VALUES (9, 'chg_9', 0, 'ana', 'api')",
                    &[],
                )?;
                Ok(())
            })
            .unwrap();
        let place = target.place().clone();
        target.close();
        let message = refused(once_alone(|| restore(&file, &place, false, at(9))));
        assert!(message.contains("--force"), "{message}");
        let key = |place: &Place| {
            Store::open_to_read(place).unwrap().read(|tx| Ok(settings::get(tx, "key")?)).unwrap().unwrap()
        };
        assert_eq!(key(&place), "old");
        let restored = restore(&file, &place, true, at(9)).unwrap();
        assert_eq!(key(&place), "value \"é\"");
        if let Some(replaced) = restored.replaced {
            assert_eq!(key(&Place::Sqlite(replaced)), "old");
        }
        assert_eq!(check(&place).unwrap().problems, Vec::<String>::new());
    });
}

/// The connection that says "in use" takes a moment to close.
pub(super) fn once_alone<T>(act: impl Fn() -> Result<T, Halt>) -> Result<T, Halt> {
    loop {
        match act() {
            Err(Halt::Refused(refusal)) if refusal.message.contains("in use") => {}
            other => return other,
        }
    }
}

#[test]
fn what_is_no_backup_is_neither_restored_nor_overwritten() {
    let fresh = Fresh::sqlite();
    furnish(&fresh);
    let (file, target) = (fresh.folder().join("backup.db"), Place::Sqlite(fresh.folder().join("other.db")));
    backup(fresh.place(), &file).unwrap();
    let letter = fresh.folder().join("letter.txt");
    std::fs::write(&letter, "Dear reader").unwrap();
    assert!(refused(backup(fresh.place(), &letter)).contains("is not a backup"));
    assert!(refused(restore(&letter, &target, true, at(9))).contains("not a sound backup"));
    assert!(refused(restore(Path::new("/nonexistent"), &target, true, at(9))).contains("there is no file"));
    let Place::Sqlite(path) = fresh.place() else { unreachable!() };
    assert!(refused(backup(fresh.place(), path)).contains("overwrite the database itself"));
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "Dear reader");
    // Torn in the middle, and cut short.
    for wrong in [tear(&file, "torn.db"), cut_short(&file, "short.db")] {
        assert!(refused(restore(&wrong, &target, true, at(9))).contains("nothing was changed"));
    }
    assert!(matches!(&target, Place::Sqlite(path) if !path.exists()));
    // A stranger's database.
    let stranger = fresh.folder().join("stranger.db");
    files::copy(&file, &stranger).unwrap();
    let store = Store::open_as_it_is(&Place::Sqlite(stranger.clone())).unwrap();
    store.alone(|tx| Ok(tx.script("DROP TABLE migrations")?)).unwrap();
    drop(store);
    assert!(refused(restore(&stranger, &target, true, at(9))).contains("is not a backup of Allclear"));
    assert!(refused(backup(fresh.place(), &stranger)).contains("is not a backup"));
}

#[test]
fn a_torn_file_is_found_by_a_check() {
    let fresh = Fresh::sqlite();
    furnish(&fresh);
    let file = fresh.folder().join("backup.db");
    backup(fresh.place(), &file).unwrap();
    let problems = check(&Place::Sqlite(tear(&file, "torn.db"))).unwrap().problems;
    assert!(!problems.is_empty());
    let missing = check(&Place::Sqlite(fresh.folder().join("nothing.db")));
    assert!(matches!(missing, Err(Halt::Refused(refusal)) if refusal.kind == RefusalKind::NotFound));
}

#[test]
fn a_store_that_is_closed_is_checked_and_backed_up_all_the_same() {
    let mut fresh = Fresh::sqlite();
    furnish(&fresh);
    fresh.close();
    assert_eq!(check(fresh.place()).unwrap().problems, Vec::<String>::new());
    backup(fresh.place(), &fresh.folder().join("backup.db")).unwrap();
    let store = Store::open(fresh.place()).unwrap();
    assert_eq!(store.read(|tx| Ok(settings::get(tx, "key")?)).unwrap().as_deref(), Some("value \"é\""));
}

#[test]
fn an_older_backup_is_brought_up_to_date() {
    let fresh = Fresh::unopened();
    let store = Store::open_as_it_is(fresh.place()).unwrap();
    schema::migrate_to_first(&store);
    store.write(|tx| Ok(settings::set(tx, "key", "old")?)).unwrap();
    drop(store);
    let file = fresh.folder().join("backup.db");
    backup(fresh.place(), &file).unwrap();
    assert!(check(&Place::Sqlite(file.clone())).unwrap().problems[0].contains("migrations are missing"));
    each_target(|target| {
        target.close();
        let place = target.place().clone();
        once_alone(|| restore(&file, &place, true, at(9))).unwrap();
        assert_eq!(check(&place).unwrap().problems, Vec::<String>::new());
        let store = Store::open_to_read(&place).unwrap();
        assert_eq!(store.read(|tx| Ok(settings::get(tx, "key")?)).unwrap().as_deref(), Some("old"));
    });
}

/// A copy whose pages in the middle are noise.
fn tear(file: &Path, name: &str) -> PathBuf {
    let torn = file.with_file_name(name);
    std::fs::copy(file, &torn).unwrap();
    let mut open = std::fs::File::options().read(true).write(true).open(&torn).unwrap();
    let size = open.metadata().unwrap().len();
    open.seek(SeekFrom::Start(size / 2)).unwrap();
    let mut page = vec![0; 8192];
    open.read_exact(&mut page).unwrap();
    open.seek(SeekFrom::Start(size / 2)).unwrap();
    let noise: Vec<u8> = page.iter().map(|byte| !byte).collect();
    open.write_all(&noise).unwrap();
    torn
}

fn cut_short(file: &Path, name: &str) -> PathBuf {
    let short = file.with_file_name(name);
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(&short, &bytes[..bytes.len() / 3]).unwrap();
    short
}
