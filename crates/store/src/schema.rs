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
];

/// A word of the schema, on SQLite and on PostgreSQL.
const WORDS: &[(&str, &str, &str)] = &[
    ("{int}", "INTEGER", "BIGINT"),
    ("{real}", "REAL", "DOUBLE PRECISION"),
    ("{bool}", "INTEGER", "BOOLEAN"),
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{bytes}", "BLOB", "BYTEA"),
    // After the columns of a table: `{end}`, or `{end_small}` where the primary key is a text and rows are small.
    ("{end}", "STRICT", ""),
    ("{end_small}", "STRICT, WITHOUT ROWID", ""),
];

/// Applies what is missing.
pub(crate) fn migrate(store: &Store) -> Result<(), Error> {
    let sure = |halt| match halt {
        Halt::Failed(error) => error,
        Halt::Refused(refusal) => Error::other(refusal.to_string()),
    };
    // Most starts find nothing to do, and then nobody has to wait for anybody.
    if store.read(|tx| Ok(applied(tx)?)).map_err(sure)? == MIGRATIONS.len() {
        return Ok(());
    }
    for number in 1..=MIGRATIONS.len() {
        store.alone(|tx| Ok(apply(tx, number)?)).map_err(sure)?;
    }
    Ok(())
}

/// How many migrations the database has had, if they are ours.
pub(crate) fn applied(tx: &mut Tx<'_>) -> Result<usize, Error> {
    let present = if tx.is_postgres() {
        tx.one("SELECT to_regclass('migrations') IS NOT NULL AS present", &[])?
    } else {
        tx.one("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'migrations') AS present", &[])?
    };
    if !present.is_some_and(|row| row.bool("present").unwrap_or_default()) {
        return Ok(0);
    }
    let rows = tx.query("SELECT number, name, checksum FROM migrations ORDER BY number", &[])?;
    for (place, row) in rows.iter().enumerate() {
        let (number, name) = (row.int("number")?, row.text("name")?);
        let Some((known, text)) = MIGRATIONS.get(place) else {
            return Err(Error::new(
                ErrorKind::Schema,
                format!(
                    "the database is newer than this program (it has had migration {name}); use the newer program, \
                     or restore a backup from before the upgrade"
                ),
            ));
        };
        if number != place_number(place) || name != *known || row.text("checksum")? != checksum(text) {
            return Err(Error::new(
                ErrorKind::Schema,
                format!("migration {number} of the database ({name}) is not the one of this program ({known})"),
            ));
        }
    }
    Ok(rows.len())
}

fn apply(tx: &mut Tx<'_>, number: usize) -> Result<(), Error> {
    if applied(tx)? >= number {
        return Ok(()); // another node was quicker
    }
    let (name, text) = MIGRATIONS[number - 1];
    let postgres = tx.is_postgres();
    if number == 1 {
        let table =
            "CREATE TABLE migrations (number {int} PRIMARY KEY, name {text} NOT NULL, checksum {text} NOT NULL) {end}";
        tx.script(&spell(table, postgres))?;
    }
    tx.script(&spell(text, postgres)).map_err(|error| error.during(&format!("migration {name}")))?;
    tx.execute(
        "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
        &[place_number(number - 1).into(), name.into(), checksum(text).into()],
    )?;
    Ok(())
}

/// The text in the dialect of the engine.
pub(crate) fn spell(text: &str, postgres: bool) -> String {
    WORDS
        .iter()
        .fold(text.to_owned(), |text, (word, sqlite, other)| text.replace(word, if postgres { other } else { sqlite }))
}

fn place_number(place: usize) -> i64 {
    i64::try_from(place + 1).unwrap_or(i64::MAX)
}

fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let number = digest.iter().take(12).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:024x}")
}
