//! Everything of one organisation in one file that any program can read: a tar, packed with gzip, of a manifest, of each table as
//! lines of JSON, and of the files of evidence. It goes into an empty installation, of either engine.
//!
//! A backup is quicker and is for oneself; an archive is documented, checks itself part by part, and is older or newer than no
//! engine. Nothing of it is put anywhere before all of it was read and found sound.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::respond::evidence::Digest;
use domain::words::{Refusal, Timestamp, text};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::rows::{self, Table};
use super::{Restored, restore, tar, tidy_up};
use crate::blobs::{Blobs, Part};
use crate::door::{Error, Halt, Place, Store, Value, files};
use crate::{respond, schema};

const FORMAT: &str = "allclear-archive";
/// Goes up when an older program could not read it any more.
const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// A longer one is none of ours.
const MANIFEST_MOST: u64 = 64 << 20;
/// A row that is longer is none of ours.
const ROW_MOST: usize = 256 << 20;
const PART: usize = 256 << 10;
/// What helps against an archive that is newer.
const USE_ANOTHER: &str = "use that version, or a newer one";

/// What is in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    /// The program that wrote it.
    pub program: String,
    pub made_at: Timestamp,
    /// The migrations that the rows have had, in their order.
    migrations: Vec<String>,
    pub tables: Vec<Listed>,
    pub evidence: Vec<Kept>,
}

/// A table: `tables/NAME.jsonl`, a row to a line, as an array in the order of the columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub name: String,
    columns: Vec<String>,
    pub rows: u64,
    bytes: u64,
    sha256: String,
}

/// A file of evidence: `evidence/SHA256`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    sha256: String,
    bytes: u64,
}

impl Manifest {
    /// How many migrations have come since: it is of an older program, and was brought up to date.
    pub fn behind(&self) -> usize {
        schema::names().count().saturating_sub(self.migrations.len())
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

fn unwritable(file: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::unavailable(format!("cannot write to {}: {error}", file.display()))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Writes everything, as it is at one moment, to a new file that nobody else may read: it holds what the database holds, hashes of
/// passwords and keys among it.
pub fn export(place: &Place, blobs: &Blobs, file: &Path, program: &str, now: Timestamp) -> Result<Manifest, Halt> {
    if file.exists() {
        return Err(Refusal::conflict(format!("{} exists already; name another file", file.display())).into());
    }
    let (snapshot, partial) = (files::beside(file, ".snapshot"), files::beside(file, ".partial"));
    tidy_up(&snapshot);
    let outcome = super::backup(place, &snapshot).and_then(|()| {
        let store = Store::open_to_read(&Place::Sqlite(snapshot.clone()))?;
        write(&store, blobs, &partial, program, now)
    });
    tidy_up(&snapshot);
    let outcome = outcome.and_then(|manifest| {
        files::put(&partial, file)?;
        Ok(manifest)
    });
    if outcome.is_err() {
        let _ = files::remove(&partial);
    }
    outcome
}

fn write(store: &Store, blobs: &Blobs, file: &Path, program: &str, now: Timestamp) -> Result<Manifest, Halt> {
    let evidence = store.read(|tx| {
        rows::must_be_up_to_date(tx)?;
        Ok(respond::evidence::kept(tx)?)
    })?;
    let manifest = Manifest {
        format: FORMAT.into(),
        version: VERSION,
        program: program.into(),
        made_at: now,
        migrations: schema::names().map(str::to_owned).collect(),
        tables: Vec::new(),
        evidence: evidence.iter().map(|(sha256, bytes)| Kept { sha256: sha256.to_string(), bytes: *bytes }).collect(),
    };
    pack(store, manifest, &evidence, blobs, file)
}

/// Writes the tables of a store, whatever they are, and this evidence.
fn pack(
    store: &Store,
    mut manifest: Manifest,
    evidence: &[(Digest, u64)],
    blobs: &Blobs,
    file: &Path,
) -> Result<Manifest, Halt> {
    let tables = store.read(rows::plan)?;
    // A tar says the size of a file before the file. The snapshot stands still, so that it can be read twice.
    for table in &tables {
        let (mut hash, mut listed) = (Sha256::new(), (0, 0));
        lines(store, table, |line| {
            hash.update(line);
            listed = (listed.0 + 1, listed.1 + line.len() as u64);
            Ok(())
        })?;
        let (name, columns) = (table.name().to_owned(), table.columns().to_vec());
        manifest.tables.push(Listed { name, columns, rows: listed.0, bytes: listed.1, sha256: hex(hash) });
    }
    files::remove(file)?;
    let say = unwritable(file);
    let opened = files::private(OpenOptions::new().write(true).create_new(true)).open(file).map_err(&say)?;
    let mut to = GzEncoder::new(BufWriter::with_capacity(PART, opened), flate2::Compression::fast());
    let seconds = manifest.made_at.as_second();
    let first = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::other(format!("no manifest: {error}")))?;
    let size = first.len() as u64;
    tar::begin(&mut to, MANIFEST, size, seconds).and_then(|()| to.write_all(&first)).map_err(&say)?;
    tar::end(&mut to, size).map_err(&say)?;
    for (table, listed) in tables.iter().zip(&manifest.tables) {
        tar::begin(&mut to, &format!("tables/{}.jsonl", listed.name), listed.bytes, seconds).map_err(&say)?;
        lines(store, table, |line| Ok(to.write_all(line).map_err(&say)?))?;
        tar::end(&mut to, listed.bytes).map_err(&say)?;
    }
    for &(sha256, bytes) in evidence {
        let gone =
            || Error::corrupt(format!("evidence {sha256} is missing or altered in {}", blobs.folder().display()));
        let mut from = blobs.open(sha256, bytes)?.ok_or_else(gone)?;
        tar::begin(&mut to, &format!("evidence/{sha256}"), bytes, seconds).map_err(&say)?;
        let mut part = vec![0; PART];
        loop {
            match from.part(&mut part)? {
                Part::More(length) => to.write_all(&part[..length]).map_err(&say)?,
                Part::End => break,
                Part::Altered => return Err(gone().into()),
            }
        }
        tar::end(&mut to, bytes).map_err(&say)?;
    }
    tar::finish(&mut to).map_err(&say)?;
    let mut inner = to.finish().map_err(&say)?;
    inner.flush().map_err(&say)?;
    inner.get_ref().sync_all().map_err(&say)?;
    Ok(manifest)
}

/// The rows of a table, each as a line.
fn lines(store: &Store, table: &Table, mut each: impl FnMut(&[u8]) -> Result<(), Halt>) -> Result<(), Halt> {
    store.read(|tx| {
        table.each(tx, |values| {
            let cells: Vec<Json> = values.iter().map(cell).collect::<Result<_, Error>>()?;
            let mut line = serde_json::to_vec(&cells).map_err(|error| Error::other(format!("no line: {error}")))?;
            line.push(b'\n');
            each(&line)
        })
    })
}

fn cell(value: &Value<'_>) -> Result<Json, Error> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Int(int) => json!(int),
        Value::Real(real) => serde_json::Number::from_f64(*real)
            .map(Json::Number)
            .ok_or_else(|| Error::corrupt("a number without an end"))?,
        Value::Bool(bool) => json!(i64::from(*bool)),
        Value::Text(text) => json!(text),
        Value::Id(id) => json!(id.as_str()),
        Value::Bytes(bytes) => json!({ "base64": STANDARD.encode(bytes) }),
    })
}

fn value(cell: Json) -> Option<Value<'static>> {
    Some(match cell {
        Json::Null => Value::Null,
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None if number.is_f64() => Value::Real(number.as_f64()?),
            None => return None,
        },
        Json::String(text) => Value::Text(text.into()),
        Json::Object(only) if only.len() == 1 => Value::bytes(STANDARD.decode(only.get("base64")?.as_str()?).ok()?),
        _ => return None,
    })
}

/// Puts an archive into an installation that is empty and not in use. Messages that were on their way are not sent.
pub fn import(file: &Path, place: &Place, blobs: &Blobs, now: Timestamp) -> Result<(Manifest, Restored), Halt> {
    must_be_empty(place)?;
    let staging = files::beside(blobs.folder(), ".importing");
    let _ = std::fs::remove_dir_all(&staging);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&staging)
        .map_err(|error| Error::unavailable(format!("cannot make {}: {error}", staging.display())))?;
    let outcome = (|| {
        let database = staging.join("allclear.db");
        let kept = Blobs::new(staging.join("evidence"), u64::MAX);
        let manifest = read(file, &database, &kept)?;
        let (whole, at) = (Place::Sqlite(database.clone()), file.display());
        if let Some(problem) = super::check(&whole)?.problems.first() {
            return Err(Refusal::invalid(format!("{at} contradicts itself, so nothing was changed: {problem}")).into());
        }
        let store = Store::open_to_read(&whole)?;
        // Before the rows that tell of it.
        kept.copy_to(&store, blobs)?;
        drop(store);
        Ok((manifest, restore(&database, place, false, now)?))
    })();
    let _ = std::fs::remove_dir_all(&staging);
    outcome
}

fn must_be_empty(place: &Place) -> Result<(), Halt> {
    let used = match place {
        Place::Sqlite(path) => path.exists(),
        Place::Memory => false,
        Place::Postgres(_) => Store::open_to_read(place)?.read(|tx| {
            if !schema::has_table(tx, "changesets")? {
                return Ok(false);
            }
            Ok(tx.one("SELECT count(*) AS count FROM changesets", &[])?.map_or(Ok(0), |row| row.int("count"))? > 0)
        })?,
    };
    if used {
        let message = format!("{place} has something in it already: an archive goes into an empty installation");
        return Err(Refusal::conflict(message).into());
    }
    Ok(())
}

/// Reads all of it into a database and a folder of evidence.
fn read(file: &Path, database: &Path, kept: &Blobs) -> Result<Manifest, Halt> {
    let damaged = |why: String| -> Halt {
        Refusal::invalid(format!("{} is no sound archive, so nothing was changed: {why}", file.display())).into()
    };
    let opened =
        File::open(file).map_err(|error| Refusal::invalid(format!("{} cannot be read: {error}", file.display())))?;
    let mut from = BufReader::with_capacity(PART, GzDecoder::new(BufReader::with_capacity(PART, opened)));
    let broken = |error: std::io::Error| damaged(error.to_string());
    let manifest = match tar::next(&mut from).map_err(broken)? {
        Some((name, size)) if name == MANIFEST && size <= MANIFEST_MOST => {
            let mut text = vec![0; usize::try_from(size).unwrap_or(0)];
            from.read_exact(&mut text).map_err(broken)?;
            tar::skip_padding(&mut from, size).map_err(broken)?;
            read_manifest(&text).map_err(damaged)?
        }
        _ => return Err(damaged("it does not begin with a manifest".into())),
    };
    let had = manifest.migrations.len();
    if !schema::names().take(had).eq(manifest.migrations.iter().map(String::as_str)) {
        let message = format!(
            "{} was written by {}, whose database this program does not know, so nothing was changed: {USE_ANOTHER}",
            file.display(),
            by(&manifest.program)
        );
        return Err(Refusal::conflict(message).into());
    }
    let store = Store::open_as_it_is(&Place::Sqlite(database.to_owned()))?;
    schema::migrate_some(&store, had)?;
    let tables = store.read(rows::plan)?;
    let names: Vec<&str> = tables.iter().map(Table::name).collect();
    if manifest.tables.iter().map(|listed| listed.name.as_str()).ne(names.iter().copied())
        || tables.iter().zip(&manifest.tables).any(|(table, listed)| table.columns() != listed.columns)
    {
        return Err(damaged("its tables are not those that it should have".into()));
    }
    store.alone(|tx| {
        // What migrations wrote gives way.
        tables.iter().rev().try_for_each(|table| table.clear(tx))?;
        for (table, listed) in tables.iter().zip(&manifest.tables) {
            let name = format!("tables/{}.jsonl", listed.name);
            match tar::next(&mut from).map_err(broken)? {
                Some((found, size)) if found == name && size == listed.bytes => {}
                _ => return Err(damaged(format!("{name} is not where it should be"))),
            }
            let (mut hash, mut count, mut rest) = (Sha256::new(), 0, listed.bytes);
            while rest > 0 {
                let line = line(&mut from, rest).map_err(broken)?;
                rest -= line.len() as u64;
                hash.update(&line);
                count += 1;
                let cells: Option<Vec<Json>> = serde_json::from_slice(&line).ok();
                let values = cells.filter(|cells| cells.len() == listed.columns.len());
                let values: Option<Vec<Value<'static>>> =
                    values.and_then(|cells| cells.into_iter().map(value).collect());
                let values = values.ok_or_else(|| damaged(format!("line {count} of {name} is no row")))?;
                table
                    .put(tx, &values)
                    .map_err(|error| damaged(format!("line {count} of {name}: {}", error.message)))?;
            }
            tar::skip_padding(&mut from, listed.bytes).map_err(broken)?;
            if count != listed.rows || hex(hash) != listed.sha256 {
                return Err(damaged(format!("{name} was altered")));
            }
        }
        Ok(())
    })?;
    drop(store);
    // Brought up to date, if it is older.
    drop(Store::open(&Place::Sqlite(database.to_owned()))?);
    for one in &manifest.evidence {
        let name = format!("evidence/{}", one.sha256);
        match tar::next(&mut from).map_err(broken)? {
            Some((found, size)) if found == name && size == one.bytes => {}
            _ => return Err(damaged(format!("{name} is not where it should be"))),
        }
        let mut to = kept.begin_part(&one.sha256)?;
        let (mut rest, mut part) = (one.bytes, vec![0; PART]);
        while rest > 0 {
            let length = usize::try_from(rest).unwrap_or(PART).min(PART);
            from.read_exact(&mut part[..length]).map_err(broken)?;
            to.write(&part[..length])?;
            rest -= length as u64;
        }
        tar::skip_padding(&mut from, one.bytes).map_err(broken)?;
        if to.finish()?.0.to_string() != one.sha256 {
            return Err(damaged(format!("{name} was altered")));
        }
    }
    if tar::next(&mut from).map_err(broken)?.is_some() {
        return Err(damaged("there is more in it than it lists".into()));
    }
    // To the end: only there gzip says whether all of it came as it left.
    std::io::copy(&mut from, &mut std::io::sink()).map_err(broken)?;
    Ok(manifest)
}

/// Who wrote it, as far as it says so.
fn by(program: &str) -> String {
    if program.is_empty() {
        "another version of Allclear".into()
    } else {
        format!("Allclear {}", text::shorten(program, 40))
    }
}

fn read_manifest(bytes: &[u8]) -> Result<Manifest, String> {
    let value: Json = serde_json::from_slice(bytes).map_err(|_| "its manifest is not readable".to_owned())?;
    if value["format"] != FORMAT {
        return Err("it is none of Allclear".into());
    }
    if value["version"] != VERSION {
        let (version, by) = (&value["version"], by(value["program"].as_str().unwrap_or_default()));
        return Err(format!(
            "it was written by {by} in version {version} of the form, and this program reads {VERSION}: {USE_ANOTHER}"
        ));
    }
    serde_json::from_value(value).map_err(|error| format!("its manifest is not readable: {error}"))
}

/// The next line, of at most so many bytes.
fn line(from: &mut impl BufRead, most: u64) -> Result<Vec<u8>, std::io::Error> {
    let most = most.min(ROW_MOST as u64);
    let mut line = Vec::new();
    from.take(most).read_until(b'\n', &mut line)?;
    if line.last() != Some(&b'\n') {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a line does not end"));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::keeping::tests::{at, each_target, everything, furnish, once_alone, refused};
    use crate::testing::Fresh;

    /// What an archive does not hold as it was: what was on its way, and who held what.
    fn lasting(store: &Store) -> Vec<String> {
        let fleeting = ["deliveries:", "leases:", "migrations:"];
        everything(store).into_iter().filter(|line| !fleeting.iter().any(|table| line.starts_with(table))).collect()
    }

    fn empty(target: &mut Fresh) {
        target.close();
        match target.place() {
            Place::Sqlite(path) => tidy_up(path),
            _ => Store::open(target.place())
                .unwrap()
                .alone(|tx| Ok(tx.execute("DELETE FROM changesets", &[]).map(drop)?))
                .unwrap(),
        }
    }

    both_engines! {
        fn an_archive_goes_into_either_engine_and_out_again_the_same_to_the_byte(store) {
            furnish(store);
            let blobs = |folder: &Path| Blobs::new(folder.join("evidence"), u64::MAX);
            let file = store.folder().join("all.tar.gz");
            let made = export(store.place(), &blobs(store.folder()), &file, "1", at(9)).unwrap();
            assert!(made.rows() > 450);
            each_target(|target| {
                empty(target);
                let (there, restored) = once_alone(|| import(&file, target.place(), &blobs(target.folder()), at(5000))).unwrap();
                assert_eq!((&there, restored.replaced), (&made, None));
                let moved = Store::open(target.place()).unwrap();
                assert_eq!(lasting(&moved), lasting(store));
                drop(moved);
                // Out of that engine, the tables are the same, byte for byte.
                let back = target.folder().join("back.tar.gz");
                let again = export(target.place(), &blobs(target.folder()), &back, "1", at(9)).unwrap();
                let hashes = |manifest: &Manifest| {
                    let lasting = |one: &&Listed| !matches!(one.name.as_str(), "deliveries" | "leases" | "readers");
                    manifest.tables.iter().filter(lasting).cloned().collect::<Vec<_>>()
                };
                assert_eq!(hashes(&again), hashes(&made));
                // What is there is not replaced.
                let message = refused(once_alone(|| import(&file, target.place(), &blobs(target.folder()), at(5000))));
                assert!(message.contains("empty installation"), "{message}");
            });
            let message = refused(export(store.place(), &blobs(store.folder()), &file, "1", at(9)));
            assert!(message.contains("exists already"), "{message}");
        }
    }

    /// An archive as a program with the first so many migrations would have written it, with something in it.
    fn of_old(folder: &Path, many: usize) -> (std::path::PathBuf, Manifest) {
        let database = folder.join(format!("old-{many}.db"));
        let store = Store::open_as_it_is(&Place::Sqlite(database)).unwrap();
        schema::migrate_some(&store, many).unwrap();
        let level = schema::names().nth(many - 1).unwrap();
        let had = |name: &str| level >= name;
        store
            .alone(|tx| {
                let mut put = |since: &str, sql: &str| if had(since) { tx.execute(sql, &[]).map(drop) } else { Ok(()) };
                put("0001", "INSERT INTO settings (name, value) VALUES ('key', 'old')")?;
                put("0001", "INSERT INTO journal (id, number, kind, at, recorded_at, actor, subjects, data) \
                     VALUES ('evt_0000000000000001', 1, 'x', 0, 0, 'system', 'inc_0000000000000001', 'null')")?;
                put("0001", "INSERT INTO journal_subjects (subject, event) VALUES ('inc_0000000000000001', 'evt_0000000000000001')")?;
                put("0002", "INSERT INTO changesets (number, id, at, author, via) VALUES (1, 'chg_1', 0, 'person:ana', 'apply')")?;
                put("0002", "INSERT INTO revisions (kind, name, number, changeset, spec, hash) \
                     VALUES ('team', 'web', 1, 1, '{}', 'x')")?;
                put("0003", "INSERT INTO groups (id, route, labels, title, opened_at, told) \
                     VALUES ('grp_0000000000000001', 'shop', '[[\"alertname\",\"Full\"]]', 'Full', 0, '')")?;
                put("0005", "INSERT INTO incidents (id, title, class, phase, since, activities, visibility, reopened, services, \
                     reported_by, reported_at, retrospective, near_miss) VALUES ('inc_0000000000000001', 'Of old', 'system', 'active', 0, '[]', \
                     'open', 0, '', 'person:ana', 0, 0, 0)")?;
                put("0005", "INSERT INTO incident_links (incident, subject, linked_at, linked_by) \
                     VALUES ('inc_0000000000000001', 'grp_0000000000000001', 0, 'person:ana')")?;
                put("0020", "INSERT INTO postmortem_sections (incident, section, revision, text, author, written_at) \
                     VALUES ('inc_0000000000000001', 'summary', 1, 'It was full.', 'ana', 0)")?;
                Ok(())
            })
            .unwrap();
        let manifest = Manifest {
            format: FORMAT.into(),
            version: VERSION,
            program: "0.1".into(),
            made_at: at(1),
            migrations: schema::names().take(many).map(str::to_owned).collect(),
            tables: Vec::new(),
            evidence: Vec::new(),
        };
        let file = folder.join(format!("old-{many}.tar.gz"));
        let blobs = Blobs::new(folder.join("evidence"), u64::MAX);
        let manifest = pack(&store, manifest, &[], &blobs, &file).unwrap();
        (file, manifest)
    }

    #[test]
    fn an_archive_of_any_older_program_is_brought_up_to_date() {
        let all = schema::names().count();
        let source = Fresh::unopened();
        for many in 1..=all {
            let (file, made) = of_old(source.folder(), many);
            assert_eq!(made.behind(), all - many);
            let check_all = |target: &mut Fresh| {
                empty(target);
                let blobs = Blobs::new(target.folder().join("evidence"), u64::MAX);
                let (there, _) = once_alone(|| import(&file, target.place(), &blobs, at(5000))).unwrap();
                assert_eq!(there, made);
                assert_eq!(crate::keeping::check(target.place()).unwrap().problems, Vec::<String>::new(), "of {many}");
                let moved = Store::open_to_read(target.place()).unwrap();
                let level = schema::names().nth(many - 1).unwrap();
                let one = |since: &str, sql: &'static str| {
                    let row = moved.read(|tx| Ok(tx.one(sql, &[])?)).unwrap();
                    let said = row.map(|row| row.opt_text("said").unwrap().unwrap_or_default().to_owned());
                    (level >= since).then_some(said)
                };
                let some = |text: &str| Some(Some(text.to_owned()));
                for (since, sql, said) in [
                    ("0001", "SELECT value AS said FROM settings WHERE name = 'key'", "old"),
                    ("0001", "SELECT actor AS said FROM journal WHERE number = 1 AND incident IS NULL", "system"),
                    ("0005", "SELECT title AS said FROM incidents WHERE drill = FALSE", "Of old"),
                    // What a migration makes of rows, it makes of those that came in an archive.
                    (
                        "0005",
                        "SELECT alike AS said FROM incident_links",
                        if level >= "0026" { "" } else { "shop [[\"alertname\",\"Full\"]]" },
                    ),
                    ("0002", "SELECT spec AS said FROM applied WHERE name = 'web'", "{}"),
                    ("0020", "SELECT text AS said FROM postmortem_sections WHERE others = ''", "It was full."),
                ] {
                    if sql.contains("applied") && level >= "0016" {
                        continue; // its own rows count then
                    }
                    if let found @ Some(_) = one(since, sql) {
                        assert_eq!(found, some(said), "{sql}, of {many}");
                    }
                }
                // It is an installation like any other: an archive of it goes on.
                let again = target.folder().join("again.tar.gz");
                let again = export(target.place(), &blobs, &again, "2", at(9)).unwrap();
                assert_eq!((again.behind(), again.rows() >= made.rows()), (0, true));
            };
            // PostgreSQL takes its time to make a schema: the first, those that change rows, and the last.
            match schema::names().nth(many - 1).unwrap().get(..4) {
                Some("0001" | "0005" | "0015" | "0025" | "0026") => each_target(check_all),
                _ => check_all(&mut Fresh::sqlite()),
            }
        }
    }

    #[test]
    fn an_archive_of_a_newer_program_is_refused_with_what_helps() {
        let source = Fresh::sqlite();
        furnish(&source);
        let blobs = Blobs::new(source.folder().join("evidence"), u64::MAX);
        let manifest = |migrations: Vec<String>| Manifest {
            format: FORMAT.into(),
            version: VERSION,
            program: "9.1.0".into(),
            made_at: at(1),
            migrations,
            tables: Vec::new(),
            evidence: Vec::new(),
        };
        let newer = schema::names().map(str::to_owned).chain(["9999_future".to_owned()]).collect();
        let file = source.folder().join("newer.tar.gz");
        pack(&source, manifest(newer), &[], &blobs, &file).unwrap();
        let form = source.folder().join("form.tar.gz");
        let newest = Manifest { version: VERSION + 1, ..manifest(Vec::new()) };
        pack(&source, newest, &[], &blobs, &form).unwrap();
        each_target(|target| {
            empty(target);
            let before = target.place().clone();
            for file in [&file, &form] {
                let message = refused(once_alone(|| {
                    import(file, &before, &Blobs::new(target.folder().join("evidence"), u64::MAX), at(5000))
                }));
                for part in ["written by Allclear 9.1.0", "nothing was changed", "use that version, or a newer one"] {
                    assert!(message.contains(part), "{message}");
                }
            }
            if let Place::Sqlite(path) = target.place() {
                assert!(!path.exists());
            }
        });
    }

    #[test]
    fn whatever_is_damaged_is_refused_whole() {
        let store = Fresh::sqlite();
        furnish(&store);
        let (folder, blobs) = (store.folder().to_owned(), Blobs::new(store.folder().join("evidence"), u64::MAX));
        let file = folder.join("all.tar.gz");
        export(store.place(), &blobs, &file, "1", at(9)).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let whole = std::fs::read(&file).unwrap();
        let mut plain = Vec::new();
        GzDecoder::new(whole.as_slice()).read_to_end(&mut plain).unwrap();
        let pack = |bytes: &[u8]| {
            let mut to = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            to.write_all(bytes).unwrap();
            to.finish().unwrap()
        };
        let swap = |old: &str, new: &str| {
            let at = plain.windows(old.len()).position(|part| part == old.as_bytes()).unwrap();
            let mut other = plain.clone();
            other[at..at + new.len()].copy_from_slice(new.as_bytes());
            pack(&other)
        };
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x10;
        let target = Fresh::unopened();
        let (bad, path) = (folder.join("bad.tar.gz"), target.folder().join("allclear.db"));
        let mut postgres = Fresh::postgres();
        let untouched = postgres.as_deref().map(lasting).unwrap_or_default();
        if let Some(postgres) = &mut postgres {
            postgres.close();
        }
        for (bytes, why) in [
            (flipped, ""),
            (whole[..whole.len() - 5].to_vec(), ""),
            (whole[..whole.len() / 3].to_vec(), ""),
            (b"not an archive".to_vec(), ""),
            (pack(&plain[..1024]), ""),
            (swap("value \\\"", "Value \\\""), "settings.jsonl was altered"),
            (swap("\"version\": 1", "\"version\": 2"), "version 2"),
            (swap("0001_house", "0001_horse"), "does not know"),
            (swap("\"allclear-archive\"", "\"allclear-archivo\""), "none of Allclear"),
        ] {
            std::fs::write(&bad, bytes).unwrap();
            let elsewhere = Blobs::new(target.folder().join("evidence"), u64::MAX);
            let message = refused(import(&bad, &Place::Sqlite(path.clone()), &elsewhere, at(9)));
            assert!(message.contains(why), "{message}");
            let left: Vec<_> =
                std::fs::read_dir(target.folder()).unwrap().map(|one| one.unwrap().file_name()).collect();
            assert!(left.is_empty(), "{left:?} after {message}");
            if let Some(postgres) = &mut postgres {
                let elsewhere = Blobs::new(postgres.folder().join("evidence"), u64::MAX);
                let message = refused(once_alone(|| import(&bad, postgres.place(), &elsewhere, at(9))));
                assert!(message.contains(why), "{message}");
                let there = Store::open_to_read(postgres.place()).unwrap();
                assert_eq!(lasting(&there), untouched, "after {message}");
            }
        }
    }
}
