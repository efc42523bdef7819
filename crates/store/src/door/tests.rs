//! The door, tried on both engines: what goes in comes out, what is wrong is refused alike, and an act
//! is all or nothing whoever else is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::words::{AlertId, Mint, Name, Refusal, Timestamp};

use super::{Breach, Error, ErrorKind, Halt, Place, Store, Tx, Value};
use crate::both_engines;
use crate::testing::Fresh;

/// A table with one column of each kind.
fn things(store: &Store) {
    let table = "CREATE TABLE things (id {text} PRIMARY KEY NOT NULL, n {int}, r {real}, b {bool}, t {text}, y {bytes}, \
                 small {int} NOT NULL DEFAULT 0 CHECK (small >= 0), parent {text} REFERENCES things (id)) {end}";
    store.alone(|tx| Ok(tx.script(&crate::schema::spell(table, tx.is_postgres()))?)).unwrap();
}

fn insert(tx: &mut Tx<'_>, id: &str, n: i64) -> Result<u64, Error> {
    tx.execute("INSERT INTO things (id, n) VALUES ($1, $2)", &[id.into(), n.into()])
}

fn count(store: &Store) -> i64 {
    store.read(|tx| Ok(tx.one("SELECT count(*) AS count FROM things", &[])?.unwrap().int("count")?)).unwrap()
}

fn failed<T>(outcome: Result<T, Halt>) -> Error {
    match outcome {
        Err(Halt::Failed(error)) => error,
        Err(Halt::Refused(refusal)) => panic!("refused: {refusal}"),
        Ok(_) => panic!("it went well"),
    }
}

both_engines! {
    fn what_goes_in_comes_out(store) {
        things(store);
        let long = "é\u{1F6A8}".repeat(100_000);
        let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let rows: Vec<[Value<'_>; 5]> = vec![
            [Value::Null, Value::Null, Value::Null, Value::Null, Value::Null],
            [i64::MAX.into(), f64::MAX.into(), true.into(), "".into(), Value::bytes(vec![])],
            [i64::MIN.into(), f64::MIN_POSITIVE.into(), false.into(), (&long).into(), (&bytes).into()],
            [0.into(), f64::INFINITY.into(), Value::Null, "it's \"quoted\" $1 ?2 %".into(), Value::bytes(vec![0])],
            [(-1).into(), 0.1.into(), true.into(), " \n\t".into(), Value::bytes(vec![0, 255])],
        ];
        store.write(|tx| {
            for (place, [n, r, b, t, y]) in rows.iter().enumerate() {
                let values = [place.to_string().into(), n.clone(), r.clone(), b.clone(), t.clone(), y.clone()];
                tx.execute("INSERT INTO things (id, n, r, b, t, y) VALUES ($1, $2, $3, $4, $5, $6)", &values)?;
            }
            Ok(())
        }).unwrap();
        let found = store.read(|tx| Ok(tx.query("SELECT id, n, r, b, t, y FROM things ORDER BY id", &[])?)).unwrap();
        assert_eq!(found.len(), rows.len());
        for (row, [n, r, b, t, y]) in found.iter().zip(&rows) {
            assert_eq!(Value::from(row.opt_int("n").unwrap()), *n);
            assert_eq!(Value::from(row.opt_real("r").unwrap()), *r);
            assert_eq!(Value::from(row.opt_bool("b").unwrap()), *b);
            assert_eq!(Value::from(row.opt_text("t").unwrap()), *t);
            assert_eq!(row.opt_bytes("y").unwrap().map_or(Value::Null, Value::bytes), *y);
        }
        assert!(found[0].is_null("n").unwrap() && !found[1].is_null("n").unwrap());
    }

    fn values_are_bound_by_number_wherever_they_stand(store) {
        things(store);
        store.write(|tx| {
            tx.execute("INSERT INTO things (n, t, id, small) VALUES ($3, $2, $1, $3)", &["a".into(), "two".into(), 3.into()])?;
            tx.execute("INSERT INTO things (id, n) VALUES ($2, $1)", &[7.into(), "b".into()])?;
            for _ in 0..2 { // the second time from the statement at hand
                let row = tx.one("SELECT n, t FROM things WHERE t = $2 AND n = $1 OR id = $2 AND n < $1", &[3.into(), "two".into()])?;
                let row = row.unwrap();
                assert_eq!((row.int("n")?, row.text("t")?), (3, "two"));
            }
            Ok(())
        }).unwrap();
        let wrong = failed(store.read(|tx| Ok(tx.query("SELECT n FROM things WHERE id = $1", &[])?)));
        assert_eq!((wrong.kind, wrong.message.starts_with("0 values were given for 1")), (ErrorKind::Other, true));
        let wrong = failed(store.read(|tx| Ok(tx.query("SELECT n FROM things WHERE id = $1", &["a".into(), 1.into()])?)));
        assert!(wrong.message.starts_with("2 values were given for 1"), "{wrong}");
    }

    fn a_column_that_is_not_what_was_asked_for_is_named(store) {
        things(store);
        store.write(|tx| {
            tx.execute("INSERT INTO things (id, n, t) VALUES ($1, $2, $3)", &["Not A Name".into(), i64::MAX.into(), "{".into()])?;
            let row = tx.one("SELECT id, n, t, y FROM things", &[])?.unwrap();
            for (error, column) in [
                (row.int("t").unwrap_err(), "\"t\" holds a text, not an integer"),
                (row.text("n").unwrap_err(), "\"n\" holds an integer, not a text"),
                (row.bytes("y").unwrap_err(), "\"y\" holds nothing"),
                (row.bool("n").unwrap_err(), "\"n\" holds an integer, not a truth value"),
                (row.name("id").unwrap_err(), "\"id\" does not read as Name"),
                (row.id::<AlertId>("id").unwrap_err(), "\"id\" does not read as AlertId"),
                (row.instant("n").unwrap_err(), "\"n\" is not an instant"),
                (row.number::<u32>("n").unwrap_err(), "\"n\" is out of range"),
                (row.json::<Vec<u8>>("t").unwrap_err(), "\"t\" holds JSON that does not read (line 1, column 0)"),
                (row.int("nope").unwrap_err(), "the row has no column \"nope\""),
            ] {
                assert!(error.message.ends_with(column), "{error}");
                assert!(!error.message.contains("Not A Name"), "{error}");
            }
            Ok(())
        }).unwrap();
    }

    fn ids_names_and_instants_read_back(store) {
        things(store);
        let now: Timestamp = "2026-09-21T14:13:20.123456Z".parse().unwrap();
        let id: AlertId = Mint::seeded(1).id(now);
        let name: Name = "payments-primary".parse().unwrap();
        store.write(|tx| {
            tx.execute("INSERT INTO things (id, t, n, b) VALUES ($1, $2, $3, $4)", &[id.into(), (&name).into(), now.into(), None::<bool>.into()])?;
            let row = tx.one("SELECT id, t, n, b FROM things WHERE id = $1", &[id.into()])?.unwrap();
            assert_eq!((row.id::<AlertId>("id")?, row.name("t")?, row.instant("n")?, row.opt_bool("b")?), (id, name.clone(), now, None));
            Ok(())
        }).unwrap();
    }

    fn a_value_that_does_not_fit_is_refused_and_not_shown(store) {
        things(store);
        for (what, sql, value) in [
            ("text for an integer", "INSERT INTO things (id, n) VALUES ('x', $1)", Value::from("secret")),
            ("text for bytes", "INSERT INTO things (id, y) VALUES ('x', $1)", "secret".into()),
            ("bytes for a text", "INSERT INTO things (id, t) VALUES ('x', $1)", Value::bytes(b"secret".to_vec())),
            ("bytes for an integer", "INSERT INTO things (id, n) VALUES ('x', $1)", Value::bytes(b"secret".to_vec())),
            ("not a number", "INSERT INTO things (id, r) VALUES ('x', $1)", f64::NAN.into()),
            ("a NUL", "INSERT INTO things (id, t) VALUES ('x', $1)", "sec\0ret".into()),
            ("no id", "INSERT INTO things (id, n) VALUES ($1, 1)", Value::Null),
        ] {
            let error = failed(store.write(|tx| Ok(tx.execute(sql, std::slice::from_ref(&value))?)));
            assert!(!error.message.contains("secret"), "{what}: {error}");
        }
        assert_eq!(count(store), 0);
    }

    fn a_rule_of_the_schema_is_kept_and_named_alike(store) {
        things(store);
        store.write(|tx| Ok(insert(tx, "a", 1)?)).unwrap();
        for (sql, breach) in [
            ("INSERT INTO things (id) VALUES ('a')", Breach::Unique),
            ("INSERT INTO things (id, parent) VALUES ('b', 'nobody')", Breach::Reference),
            ("INSERT INTO things (id, small) VALUES ('b', -1)", Breach::Check),
            ("INSERT INTO things (id) VALUES (NULL)", Breach::NotNull),
        ] {
            let error = failed(store.write(|tx| Ok(tx.execute(sql, &[])?)));
            assert_eq!(error.kind, ErrorKind::Constraint(breach), "{sql}: {error}");
        }
        assert_eq!(count(store), 1);
    }

    fn a_failed_statement_ends_the_transaction_even_if_the_act_goes_on(store) {
        things(store);
        let error = failed(store.write(|tx| {
            insert(tx, "a", 1)?;
            assert!(insert(tx, "a", 2).is_err());
            assert!(tx.query("SELECT 1 AS one", &[]).is_err(), "a dead transaction answered");
            Ok(())
        }));
        assert_eq!((error.kind, count(store)), (ErrorKind::Constraint(Breach::Unique), 0));
    }

    fn a_refusal_or_a_panic_leaves_nothing_behind(store) {
        things(store);
        let refused = store.write(|tx| {
            insert(tx, "a", 1)?;
            Err::<(), _>(Refusal::conflict("not now").into())
        });
        assert!(matches!(refused, Err(Halt::Refused(refusal)) if refusal.message == "not now"));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.write(|tx| -> Result<(), Halt> {
                insert(tx, "b", 1)?;
                panic!("in the middle of an act (this one is meant)");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(count(store), 0);
        store.write(|tx| Ok(insert(tx, "c", 1)?)).unwrap();
        assert_eq!(count(store), 1);
    }

    fn a_read_sees_one_moment_and_may_not_write(store) {
        things(store);
        store.read(|tx| {
            let before = tx.one("SELECT count(*) AS count FROM things", &[])?.unwrap().int("count")?;
            std::thread::scope(|threads| {
                threads.spawn(|| store.write(|tx| Ok(insert(tx, "a", 1)?)).unwrap());
            });
            let after = tx.one("SELECT count(*) AS count FROM things", &[])?.unwrap().int("count")?;
            assert_eq!((before, after), (0, 0));
            Ok(())
        }).unwrap();
        assert_eq!(count(store), 1);
        failed(store.read(|tx| Ok(insert(tx, "b", 1)?)));
        assert_eq!(count(store), 1);
    }

    fn the_bell_rings_after_a_commit_that_changed_something(store) {
        things(store);
        let rung = Arc::new(AtomicU32::new(0));
        let bell = rung.clone();
        store.on_commit(move || { bell.fetch_add(1, Ordering::SeqCst); });
        let rung_by = |act: &dyn Fn(&mut Tx<'_>) -> Result<(), Halt>| {
            let before = rung.load(Ordering::SeqCst);
            let _ = store.write(act);
            rung.load(Ordering::SeqCst) > before
        };
        assert!(rung_by(&|tx| { insert(tx, "a", 1)?; Ok(()) }));
        assert!(rung_by(&|tx| { tx.query("UPDATE things SET n = 2 RETURNING id", &[])?; Ok(()) }));
        // The listener of PostgreSQL rings once as it begins to listen; let that pass.
        let (_nobody, silence) = std::sync::mpsc::channel::<()>();
        let wait = std::time::Duration::from_millis(if store.is_postgres() { 300 } else { 0 });
        assert!(silence.recv_timeout(wait).is_err());
        assert!(!rung_by(&|tx| { tx.query("SELECT id FROM things", &[])?; Ok(()) }), "rung by a select");
        assert!(!rung_by(&|tx| { tx.query("UPDATE things SET n = 3 WHERE id = 'nope' RETURNING id", &[])?; Ok(()) }), "rung by nothing");
        assert!(!rung_by(&|tx| { tx.execute("DELETE FROM things WHERE id = 'nope'", &[])?; Ok(()) }), "rung by nothing");
        assert!(!rung_by(&|tx| { insert(tx, "b", 1)?; Err(Refusal::conflict("no").into()) }), "rung by a refusal");
    }

    fn two_threads_that_read_and_then_write_lose_nothing(store) {
        things(store);
        store.write(|tx| Ok(insert(tx, "counter", 0)?)).unwrap();
        let runs = AtomicU32::new(0);
        std::thread::scope(|threads| {
            for bulk in [false, true, false] {
                let runs = &runs;
                threads.spawn(move || {
                    for _ in 0..25 {
                        let act = |tx: &mut Tx<'_>| {
                            runs.fetch_add(1, Ordering::Relaxed);
                            let n = tx.one("SELECT n FROM things WHERE id = $1", &["counter".into()])?.unwrap().int("n")?;
                            tx.execute("UPDATE things SET n = $2 WHERE id = $1", &["counter".into(), (n + 1).into()])?;
                            Ok(())
                        };
                        if bulk { store.write_bulk(act) } else { store.write(act) }.unwrap();
                    }
                });
            }
        });
        let n = store.read(|tx| Ok(tx.one("SELECT n FROM things", &[])?.unwrap().int("n")?)).unwrap();
        assert_eq!(n, 75);
        println!("75 turns took {} runs", runs.load(Ordering::Relaxed));
    }

    fn an_act_that_was_in_the_way_of_another_runs_again(store) {
        things(store);
        let runs = AtomicU32::new(0);
        // Each inserts only if it sees fewer than one row: as if alone, one of them must see the other's.
        let barrier = std::sync::Barrier::new(2);
        std::thread::scope(|threads| {
            for id in ["a", "b"] {
                let (runs, barrier) = (&runs, &barrier);
                threads.spawn(move || {
                    let mut first = true;
                    store.write(|tx| {
                        runs.fetch_add(1, Ordering::Relaxed);
                        let seen = tx.one("SELECT count(*) AS count FROM things", &[])?.unwrap().int("count")?;
                        // On SQLite the other one is still outside, so nobody may wait for it here.
                        if std::mem::take(&mut first) && store.is_postgres() { barrier.wait(); }
                        if seen == 0 { insert(tx, id, 1)?; }
                        Ok(())
                    }).unwrap();
                });
            }
        });
        assert_eq!(count(store), 1);
        assert_eq!(runs.load(Ordering::Relaxed), if store.is_postgres() { 3 } else { 2 });
    }

    fn what_differs_between_the_engines_is_not_in_the_subset(store) {
        things(store);
        // Double quotes are a column on both.
        failed(store.read(|tx| Ok(tx.query("SELECT id FROM things WHERE t = \"Ada\"", &[])?)));
        store.write(|tx| {
            for (id, n) in [("a", 9_000_000_000_000_000_000_i64), ("B", 1), ("é", 2)] { insert(tx, id, n)?; }
            tx.execute("INSERT INTO things (id) VALUES ('none')", &[])?;
            let ids = tx.query("SELECT id FROM things ORDER BY id", &[])?;
            let ids: Vec<&str> = ids.iter().map(|row| row.text("id")).collect::<Result<_, _>>()?;
            assert_eq!(ids, ["B", "a", "none", "é"], "sorted by bytes");
            let nulls = tx.query("SELECT id FROM things ORDER BY n DESC NULLS LAST", &[])?;
            assert_eq!(nulls[3].text("id")?, "none");
            let sum = tx.one("SELECT CAST(sum(n) AS BIGINT) AS sum FROM things WHERE n < 10", &[])?;
            assert_eq!(sum.unwrap().int("sum")?, 3);
            let page = tx.query("SELECT id FROM things WHERE (n, id) < ($1, $2) ORDER BY n DESC, id DESC LIMIT 1", &[2.into(), "z".into()])?;
            assert_eq!(page[0].text("id")?, "B"); // "é" is after "z" in bytes
            let again = tx.query(
                "INSERT INTO things (id, n) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id", &["a".into(), 1.into()])?;
            assert!(again.is_empty());
            let again = tx.one(
                "INSERT INTO things (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = excluded.n, t = $3 RETURNING n",
                &["a".into(), 5.into(), Value::Null])?;
            assert_eq!(again.unwrap().int("n")?, 5);
            assert_eq!(tx.execute("UPDATE things SET b = $1 WHERE id = 'a'", &[true.into()])?, 1);
            assert_eq!(tx.query("SELECT id FROM things WHERE b AND b = TRUE", &[])?.len(), 1);
            Ok(())
        }).unwrap();
    }
}

#[test]
fn a_store_in_memory_reads_what_it_wrote() {
    let store = Store::open(&Place::Memory).unwrap();
    things(&store);
    store.write(|tx| Ok(insert(tx, "a", 1)?)).unwrap();
    assert_eq!(count(&store), 1);
    let error = failed(store.read(|tx| Ok(insert(tx, "b", 1)?)));
    assert_eq!(error.kind, ErrorKind::Other, "{error}");
    store.write(|tx| Ok(insert(tx, "b", 1)?)).unwrap();
    let other = Store::open(&Place::Memory).unwrap();
    failed(other.read(|tx| Ok(tx.query("SELECT id FROM things", &[])?)));
}

#[test]
fn a_transaction_inside_a_transaction_is_refused() {
    let store = Fresh::sqlite();
    let error = failed(store.write(|_| store.write(|_| Ok(()))));
    assert!(error.message.contains("inside a transaction"), "{error}");
}

#[test]
fn a_second_opening_of_the_same_file_is_refused() {
    let mut fresh = Fresh::sqlite();
    let error = Store::open(fresh.place()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("in use by another process"), "{error}");
    fresh.close();
    Store::open(fresh.place()).unwrap();
}

#[test]
fn a_file_that_is_not_a_database_is_refused_in_words() {
    let fresh = Fresh::unopened();
    let Place::Sqlite(path) = fresh.place() else { unreachable!() };
    std::fs::write(path, "this is not a database, it is a letter to the reader of this test".repeat(100)).unwrap();
    let error = Store::open(fresh.place()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    assert!(error.message.contains("allclear.db") && error.message.contains("not a database"), "{error}");
}
