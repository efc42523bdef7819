//! Brings the schema up to date: the migrations in order, each once, in the dialect of the engine.
//!
//! One set of files serves both engines, by a few words in braces. There is no way back: a database
//! that is newer than the program is refused, so take a backup before an upgrade.

use sha2::{Digest, Sha256};

use crate::door::{Error, ErrorKind, Halt, Store, Tx};

/// The migrations, oldest first. A line is added, never changed: what was applied stays as it was.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_house", include_str!("../migrations/0001_house.sql")),
    ("0002_prepare", include_str!("../migrations/0002_prepare.sql")),
    ("0003_detect", include_str!("../migrations/0003_detect.sql")),
    ("0004_engage", include_str!("../migrations/0004_engage.sql")),
    ("0005_respond", include_str!("../migrations/0005_respond.sql")),
    ("0006_seals", include_str!("../migrations/0006_seals.sql")),
    ("0007_record", include_str!("../migrations/0007_record.sql")),
    ("0008_obligations", include_str!("../migrations/0008_obligations.sql")),
    ("0009_checklists", include_str!("../migrations/0009_checklists.sql")),
    ("0010_outgoing_webhooks", include_str!("../migrations/0010_outgoing_webhooks.sql")),
    ("0011_inform", include_str!("../migrations/0011_inform.sql")),
    ("0012_drills", include_str!("../migrations/0012_drills.sql")),
    ("0013_chat", include_str!("../migrations/0013_chat.sql")),
    ("0014_flags", include_str!("../migrations/0014_flags.sql")),
    ("0015_changes", include_str!("../migrations/0015_changes.sql")),
    ("0016_ownership", include_str!("../migrations/0016_ownership.sql")),
    ("0017_ramps", include_str!("../migrations/0017_ramps.sql")),
    ("0018_change_documents", include_str!("../migrations/0018_change_documents.sql")),
    ("0019_exposures", include_str!("../migrations/0019_exposures.sql")),
    ("0020_postmortems", include_str!("../migrations/0020_postmortems.sql")),
    ("0021_search", include_str!("../migrations/0021_search.sql")),
    ("0022_action_items", include_str!("../migrations/0022_action_items.sql")),
    ("0023_shared_texts", include_str!("../migrations/0023_shared_texts.sql")),
    ("0024_pins", include_str!("../migrations/0024_pins.sql")),
    ("0025_customer_postmortems", include_str!("../migrations/0025_customer_postmortems.sql")),
    ("0026_memory", include_str!("../migrations/0026_memory.sql")),
    ("0027_looks_and_answers", include_str!("../migrations/0027_looks_and_answers.sql")),
];

/// A word of the schema, on SQLite and on PostgreSQL.
const WORDS: &[(&str, &str, &str)] = &[
    ("{int}", "INTEGER", "BIGINT"),
    ("{real}", "REAL", "DOUBLE PRECISION"),
    ("{bool}", "INTEGER", "BOOLEAN"),
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{bytes}", "BLOB", "BYTEA"),
    // After the columns of a table: `{end}`, or `{end_keyed}` where rows are found by a text, mostly an id: they are then
    // kept in its order, which is that of time, and a new row is one page to write, not two.
    ("{end}", "STRICT", ""),
    ("{end_keyed}", "STRICT, WITHOUT ROWID", ""),
];

/// Applies what is missing.
pub(crate) fn migrate(store: &Store) -> Result<(), Error> {
    migrate_to(store, MIGRATIONS)
}

/// How many migrations the database has had, if they are ours; and how many there are.
pub(crate) fn applied(tx: &mut Tx<'_>) -> Result<(usize, usize), Error> {
    Ok((applied_of(tx, MIGRATIONS)?, MIGRATIONS.len()))
}

fn migrate_to(store: &Store, migrations: &[(&str, &str)]) -> Result<(), Error> {
    let sure = |halt| match halt {
        Halt::Failed(error) => error,
        Halt::Refused(refusal) => Error::other(refusal.to_string()),
    };
    // Most starts find nothing to do, and then nobody has to wait for anybody.
    let done = store.read(|tx| Ok(applied_of(tx, migrations)?)).map_err(sure)?;
    for number in done + 1..=migrations.len() {
        store.alone(|tx| Ok(apply(tx, migrations, number)?)).map_err(sure)?;
    }
    Ok(())
}

/// The names of the migrations, in their order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name)
}

/// Applies the first so many, as an older program would have.
pub(crate) fn migrate_some(store: &Store, many: usize) -> Result<(), Error> {
    migrate_to(store, MIGRATIONS.get(..many).unwrap_or(MIGRATIONS))
}

/// As the first version of the program left it.
#[cfg(test)]
pub(crate) fn migrate_to_first(store: &Store) {
    migrate_to(store, &MIGRATIONS[..1]).expect("the first migration");
}

fn applied_of(tx: &mut Tx<'_>, migrations: &[(&str, &str)]) -> Result<usize, Error> {
    if !has_table(tx, "migrations")? {
        return Ok(0);
    }
    let rows = tx.query("SELECT number, name, checksum FROM migrations ORDER BY number", &[])?;
    for (place, row) in rows.iter().enumerate() {
        let (number, name) = (row.int("number")?, row.text("name")?);
        let Some((known, text)) = migrations.get(place) else {
            return Err(Error::new(
                ErrorKind::Schema,
                format!(
                    "the database is newer than this program (it has had migration {name}); use the newer program, \
                     or restore a backup from before the upgrade"
                ),
            ));
        };
        if number != number_at(place) || name != *known || row.text("checksum")? != checksum(text) {
            return Err(Error::new(
                ErrorKind::Schema,
                format!(
                    "migration {number} of the database ({name}) is not the one of this program ({known}); \
                     it was made by another version"
                ),
            ));
        }
    }
    Ok(rows.len())
}

/// The tables of the database, in alphabetical order.
pub(crate) fn tables(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    let rows = if tx.is_postgres() {
        tx.query(
            "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
            &[],
        )?
    } else {
        tx.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name", &[])?
    };
    rows.iter().map(|row| Ok(row.text("name")?.to_owned())).collect()
}

/// Whether there is such a table.
pub(crate) fn has_table(tx: &mut Tx<'_>, name: &str) -> Result<bool, Error> {
    let sql = if tx.is_postgres() {
        // Not `to_regclass`: it answers from a cache that does not know yet what another node has just made.
        "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1) AS present"
    } else {
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1) AS present"
    };
    tx.one(sql, &[name.into()])?.map_or(Ok(false), |row| row.bool("present"))
}

fn apply(tx: &mut Tx<'_>, migrations: &[(&str, &str)], number: usize) -> Result<(), Error> {
    if applied_of(tx, migrations)? >= number {
        return Ok(()); // another node was quicker
    }
    let (name, text) = migrations[number - 1];
    let postgres = tx.is_postgres();
    if number == 1 {
        tx.script(&spell(
            "CREATE TABLE migrations (number {int} PRIMARY KEY, name {text} NOT NULL, checksum {text} NOT NULL) {end}",
            postgres,
        ))?;
    }
    tx.script(&spell(text, postgres)).map_err(|error| error.during(&format!("migration {name}")))?;
    tx.execute(
        "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
        &[number_at(number - 1).into(), name.into(), checksum(text).into()],
    )?;
    tracing::info!(migration = name, "the schema of the database was brought up to date");
    Ok(())
}

/// The text in the dialect of the engine.
pub(crate) fn spell(text: &str, postgres: bool) -> String {
    WORDS
        .iter()
        .fold(text.to_owned(), |text, (word, sqlite, other)| text.replace(word, if postgres { other } else { sqlite }))
}

fn number_at(place: usize) -> i64 {
    i64::try_from(place + 1).unwrap_or(i64::MAX)
}

fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let number = digest.iter().take(12).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:024x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::door::Place;
    use crate::testing::Fresh;
    use std::collections::BTreeSet;

    const FIRST: (&str, &str) = ("0001_first", "CREATE TABLE first (id {text} NOT NULL PRIMARY KEY) {end_keyed};");

    fn unmigrated(fresh: &mut Fresh) -> Store {
        let store = if let Place::Sqlite(_) = fresh.place() {
            Store::open_as_it_is(fresh.place()).unwrap()
        } else {
            let tables = fresh.read(|tx| Ok(tables(tx)?)).unwrap();
            fresh
                .alone(|tx| {
                    for table in &tables {
                        tx.script(&format!("DROP TABLE {table} CASCADE"))?;
                    }
                    Ok(())
                })
                .unwrap();
            (**fresh).clone()
        };
        assert_eq!(store.read(|tx| Ok(tables(tx)?)).unwrap(), Vec::<String>::new());
        store
    }

    fn both(check: impl Fn(&Store)) {
        check(&unmigrated(&mut Fresh::unopened()));
        if let Some(mut fresh) = Fresh::postgres() {
            check(&unmigrated(&mut fresh));
        }
    }

    /// Everything that the two engines should agree on, a line each.
    fn shape(tx: &mut Tx<'_>) -> Result<BTreeSet<String>, Error> {
        let lines = if tx.is_postgres() {
            tx.query(
                "SELECT 'column ' || t.relname || '.' || a.attname || ' ' || \
                   CASE format_type(a.atttypid, NULL) WHEN 'bigint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER' \
                     WHEN 'double precision' THEN 'REAL' WHEN 'bytea' THEN 'BLOB' WHEN 'text' THEN 'TEXT' ELSE 'other' END || \
                   CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || \
                   CASE WHEN a.attcollation NOT IN (0, (SELECT oid FROM pg_collation WHERE collname = 'C')) THEN ' collation!' ELSE '' END AS line \
                 FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
                 WHERE t.relkind = 'r' AND t.relnamespace = CAST(current_schema() AS regnamespace) \
                 UNION ALL \
                 SELECT CASE WHEN x.indisprimary THEN 'key ' || t.relname \
                     WHEN EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid) THEN 'unique ' || t.relname \
                     ELSE 'index ' || CAST(i.relname AS TEXT) || ' on ' || t.relname END || ' (' || \
                   (SELECT string_agg(pg_get_indexdef(i.oid, k, false), ', ' ORDER BY k) FROM generate_series(1, x.indnatts) AS k) || ')' || \
                   CASE WHEN x.indisunique AND NOT x.indisprimary THEN ' unique' ELSE '' END || \
                   CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END \
                 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
                 WHERE t.relnamespace = CAST(current_schema() AS regnamespace) \
                 UNION ALL \
                 SELECT 'reference ' || t.relname || ' to ' || r.relname FROM pg_constraint c \
                 JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid \
                 WHERE c.contype = 'f' AND t.relnamespace = CAST(current_schema() AS regnamespace)",
                &[],
            )?
        } else {
            tx.query(
                "SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || \
                   CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' NOT NULL' ELSE '' END AS line \
                 FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' \
                 UNION ALL \
                 SELECT 'key ' || t.name || ' (' || \
                   (SELECT group_concat(name, ', ' ORDER BY pk) FROM pragma_table_info(t.name) WHERE pk > 0) || ')' \
                 FROM sqlite_schema t WHERE t.type = 'table' \
                 UNION ALL \
                 SELECT CASE i.origin WHEN 'c' THEN 'index ' || i.name || ' on ' || t.name ELSE 'unique ' || t.name END || ' (' || \
                   (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(i.name)) || ')' || \
                   CASE WHEN i.\"unique\" THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END \
                 FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin <> 'pk' \
                 UNION ALL \
                 SELECT 'reference ' || t.name || ' to ' || f.\"table\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f \
                 WHERE t.type = 'table' AND f.seq = 0",
                &[],
            )?
        };
        lines.iter().map(|row| Ok(row.text("line")?.to_owned())).collect()
    }

    #[test]
    fn both_engines_have_the_same_schema() {
        let Some(postgres) = Fresh::postgres() else { return };
        let sqlite = Fresh::sqlite().read(|tx| Ok(shape(tx)?)).unwrap();
        let postgres = postgres.read(|tx| Ok(shape(tx)?)).unwrap();
        let differ: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
        assert!(differ.is_empty(), "the engines differ: {differ:#?}");
        for line in [
            "column deliveries.wake_at INTEGER",
            "column deliveries.fence INTEGER NOT NULL",
            "column signals.births BLOB NOT NULL",
            "key journal_subjects (subject, event)",
            "unique journal (number) unique",
            "index journal_unnumbered on journal (id) partial",
            "reference attempts to deliveries",
        ] {
            assert!(sqlite.contains(line), "{line} is not in {sqlite:#?}");
        }
    }

    both_engines! {
        fn a_database_that_is_up_to_date_is_left_alone(store) {
            let before = store.read(|tx| Ok((shape(tx)?, applied(tx)?))).unwrap();
            migrate(store).unwrap();
            assert_eq!(store.read(|tx| Ok((shape(tx)?, applied(tx)?))).unwrap(), before);
            assert_eq!(before.1, (MIGRATIONS.len(), MIGRATIONS.len()));
        }

        fn a_database_that_is_newer_or_of_another_version_is_refused(store) {
            let next = i64::try_from(MIGRATIONS.len()).unwrap() + 1;
            store.write(|tx| Ok(tx.execute(
                "INSERT INTO migrations (number, name, checksum) VALUES ($1, '0999_future', 'x')", &[next.into()])?)).unwrap();
            let error = migrate(store).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Schema);
            assert!(error.message.contains("newer than this program") && error.message.contains("0999_future"), "{error}");
            store.write(|tx| {
                tx.execute("DELETE FROM migrations WHERE number = $1", &[next.into()])?;
                Ok(tx.execute("UPDATE migrations SET checksum = 'changed' WHERE number = 1", &[])?)
            }).unwrap();
            let error = migrate(store).unwrap_err();
            assert!(error.message.contains("another version"), "{error}");
        }
    }

    #[test]
    fn migrations_are_applied_in_order_each_once() {
        both(|store| {
            migrate_to(store, &[FIRST]).unwrap();
            let second = (
                "0002_second",
                "ALTER TABLE first ADD COLUMN more {bool}; INSERT INTO first (id, more) VALUES ('a', TRUE);",
            );
            migrate_to(store, &[FIRST, second]).unwrap();
            migrate_to(store, &[FIRST, second]).unwrap();
            let row = store.read(|tx| Ok(tx.query("SELECT id, more FROM first", &[])?)).unwrap();
            assert_eq!((row.len(), row[0].bool("more").unwrap()), (1, true));
        });
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        both(|store| {
            let wrong = ("0002_wrong", "CREATE TABLE second (id {text}) {end}; CREATE TABLE first (id {text}) {end};");
            let error = migrate_to(store, &[FIRST, wrong]).unwrap_err();
            assert!(error.message.starts_with("migration 0002_wrong: "), "{error}");
            assert_eq!(store.read(|tx| Ok(tables(tx)?)).unwrap(), ["first", "migrations"]);
            migrate_to(store, &[FIRST, ("0002_right", "CREATE TABLE second (id {text}) {end};")]).unwrap();
        });
    }

    #[test]
    fn what_files_said_last_is_known_of_documents_from_before() {
        both(|store| {
            let place = MIGRATIONS.iter().position(|(name, _)| *name == "0016_ownership").unwrap();
            migrate_to(store, &MIGRATIONS[..place]).unwrap();
            let put = |tx: &mut Tx<'_>, number: i64, via: &str, name: &str, revision: i64, spec: Option<&str>| {
                tx.execute(
                    "INSERT INTO changesets (number, id, at, author, via) VALUES ($1, $2, $1, 'person:ana', $3)",
                    &[number.into(), format!("chg_{number}").as_str().into(), via.into()],
                )?;
                tx.execute(
                    "INSERT INTO revisions (kind, name, number, changeset, spec, hash) VALUES ('team', $1, $2, $3, $4, 'x')",
                    &[name.into(), revision.into(), number.into(), spec.into()],
                )
            };
            store
                .write(|tx| {
                    put(tx, 1, "apply", "web", 1, Some("first"))?;
                    put(tx, 2, "apply", "web", 2, Some("second"))?;
                    put(tx, 3, "page", "web", 3, Some("by hand"))?;
                    put(tx, 4, "page", "hand", 1, Some("by hand"))?;
                    put(tx, 5, "defaults", "gone", 1, Some("default"))?;
                    put(tx, 6, "apply", "gone", 2, None)?;
                    Ok(())
                })
                .unwrap();
            migrate_to(store, MIGRATIONS).unwrap();
            let rows = store.read(|tx| Ok(tx.query("SELECT name, spec, changeset FROM applied ORDER BY name", &[])?));
            let rows = rows.unwrap();
            let said: Vec<_> = rows.iter().map(|row| (row.text("name").unwrap(), row.text("spec").unwrap())).collect();
            assert_eq!(said, [("gone", "default"), ("web", "second")]);
        });
    }

    #[test]
    fn nodes_that_start_at_once_migrate_once() {
        let Some(mut fresh) = Fresh::postgres() else { return };
        unmigrated(&mut fresh);
        let place = fresh.place().clone();
        std::thread::scope(|threads| {
            let starts: Vec<_> = (0..3).map(|_| threads.spawn(|| Store::open(&place).map(drop))).collect();
            for start in starts {
                start.join().unwrap().unwrap();
            }
        });
        assert_eq!(fresh.read(|tx| Ok(applied(tx)?)).unwrap().0, MIGRATIONS.len());
    }

    #[test]
    fn every_word_of_dialect_is_known() {
        for (name, text) in MIGRATIONS {
            for postgres in [true, false] {
                let spelled = spell(text, postgres);
                assert!(!spelled.contains(['{', '}']), "{name} holds a word that is not one of ours");
            }
        }
    }
}
