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
use domain::words::{Refusal, Timestamp};
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
    let (tables, evidence) = store.read(|tx| {
        rows::must_be_up_to_date(tx)?;
        Ok((rows::plan(tx)?, respond::evidence::kept(tx)?))
    })?;
    let mut manifest = Manifest {
        format: FORMAT.into(),
        version: VERSION,
        program: program.into(),
        made_at: now,
        migrations: schema::names().map(str::to_owned).collect(),
        tables: Vec::new(),
        evidence: evidence.iter().map(|(sha256, bytes)| Kept { sha256: sha256.to_string(), bytes: *bytes }).collect(),
    };
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
    let seconds = now.as_second();
    let first = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::other(format!("no manifest: {error}")))?;
    let size = first.len() as u64;
    tar::begin(&mut to, MANIFEST, size, seconds).and_then(|()| to.write_all(&first)).map_err(&say)?;
    tar::end(&mut to, size).map_err(&say)?;
    for (table, listed) in tables.iter().zip(&manifest.tables) {
        tar::begin(&mut to, &format!("tables/{}.jsonl", listed.name), listed.bytes, seconds).map_err(&say)?;
        lines(store, table, |line| Ok(to.write_all(line).map_err(&say)?))?;
        tar::end(&mut to, listed.bytes).map_err(&say)?;
    }
    for (sha256, bytes) in evidence {
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
            "{} was written by Allclear {}, whose database this program does not know: use that version, or a newer one",
            file.display(),
            manifest.program
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

fn read_manifest(text: &[u8]) -> Result<Manifest, String> {
    let value: Json = serde_json::from_slice(text).map_err(|_| "its manifest is not readable".to_owned())?;
    if value["format"] != FORMAT {
        return Err("it is none of Allclear".into());
    }
    if value["version"] != VERSION {
        return Err(format!("its form is version {}, and this program reads {VERSION}", value["version"]));
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
        }
    }
}
