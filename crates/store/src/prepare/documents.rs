//! Documents: the revisions in force, all that ever were, and the changesets that made them.
//!
//! Specs are kept as their canonical JSON. Whether a revision makes sense was asked before it came here.

use std::collections::BTreeMap;

use domain::prepare::catalog::Catalog;
use domain::prepare::documents::{Document, Kind, Reference, Spec};
use domain::words::{ChangesetId, Name, Timestamp};

use crate::{Error, Row, Tx, Value};

/// What was changed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changeset {
    /// Counted from 1.
    pub number: i64,
    pub id: ChangesetId,
    pub at: Timestamp,
    /// The actor, as the journal writes it.
    pub author: String,
    /// How it came: `api`, `page`, `apply`, `rollback`, `defaults`.
    pub via: String,
    pub reason: Option<String>,
}

/// A document in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub document: Document,
    /// The number of its revision, counted from 1.
    pub number: i64,
    /// The changeset that put it in force.
    pub changeset: i64,
    pub hash: String,
}

/// A revision of a document, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub reference: Reference,
    pub number: i64,
    pub changeset: Changeset,
    /// `None`: this revision deleted the document.
    pub hash: Option<String>,
}

/// The number of the last changeset; 0 before the first.
pub fn head_number(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let row = tx.one("SELECT number FROM changesets ORDER BY number DESC LIMIT 1", &[])?;
    row.map_or(Ok(0), |row| row.int("number"))
}

/// The id of the last changeset: it moves whenever the documents in force do.
pub fn last_changeset_id(tx: &mut Tx<'_>) -> Result<Option<ChangesetId>, Error> {
    let row = tx.one("SELECT id FROM changesets ORDER BY number DESC LIMIT 1", &[])?;
    row.map(|row| row.id("id")).transpose()
}

/// When each document of a kind was last changed.
pub fn changed_at(tx: &mut Tx<'_>, kind: Kind) -> Result<BTreeMap<Name, Timestamp>, Error> {
    let rows = tx.query(
        "SELECT documents.name, changesets.at FROM documents JOIN changesets ON changesets.number = documents.changeset \
         WHERE documents.kind = $1",
        &[kind.word().into()],
    )?;
    rows.iter().map(|row| Ok((row.name("name")?, row.instant("at")?))).collect()
}

/// All documents in force.
pub fn load_all(tx: &mut Tx<'_>) -> Result<Catalog, Error> {
    let revision = head_number(tx)?;
    let rows = tx.query("SELECT kind, name, spec FROM documents", &[])?;
    into_catalog(revision, rows)
}

/// All documents as they were when the changeset of that number had been applied.
pub fn as_of(tx: &mut Tx<'_>, changeset: i64) -> Result<Catalog, Error> {
    let rows = tx.query(
        "SELECT r.kind, r.name, r.spec FROM revisions r
         JOIN (SELECT kind, name, MAX(number) AS number FROM revisions WHERE changeset <= $1 GROUP BY kind, name) last
           ON last.kind = r.kind AND last.name = r.name AND last.number = r.number
         WHERE r.spec IS NOT NULL",
        &[changeset.into()],
    )?;
    into_catalog(changeset, rows)
}

fn into_catalog(revision: i64, rows: Vec<Row>) -> Result<Catalog, Error> {
    let mut catalog = Catalog { revision, ..Catalog::default() };
    for row in rows {
        catalog.insert(document(&row)?);
    }
    Ok(catalog)
}

/// The document in force.
pub fn head(tx: &mut Tx<'_>, reference: &Reference) -> Result<Option<Head>, Error> {
    let row = tx.one(
        "SELECT kind, name, number, changeset, spec, hash FROM documents WHERE kind = $1 AND name = $2",
        &[reference.kind.word().into(), (&reference.name).into()],
    )?;
    row.map(|row| into_head(&row)).transpose()
}

/// All documents in force of a kind, sorted by name.
pub fn heads(tx: &mut Tx<'_>, kind: Kind) -> Result<Vec<Head>, Error> {
    let rows = tx.query(
        "SELECT kind, name, number, changeset, spec, hash FROM documents WHERE kind = $1 ORDER BY name",
        &[kind.word().into()],
    )?;
    rows.iter().map(into_head).collect()
}

/// The number of the last revision of the document, deleted or not; 0 if there never was one.
pub fn last_number(tx: &mut Tx<'_>, reference: &Reference) -> Result<i64, Error> {
    let row = tx.one(
        "SELECT number FROM revisions WHERE kind = $1 AND name = $2 ORDER BY number DESC LIMIT 1",
        &[reference.kind.word().into(), (&reference.name).into()],
    )?;
    row.map_or(Ok(0), |row| row.int("number"))
}

const REVISION: &str = "SELECT r.kind, r.name, r.number, r.hash, r.changeset, c.id, c.at, c.author, c.via, c.reason
                        FROM revisions r JOIN changesets c ON c.number = r.changeset";

/// The revisions of a document, the latest first: at most `limit` of those before `before`.
pub fn history(
    tx: &mut Tx<'_>,
    reference: &Reference,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Revision>, Error> {
    let rows = tx.query(
        &format!("{REVISION} WHERE r.kind = $1 AND r.name = $2 AND r.number < $3 ORDER BY r.number DESC LIMIT $4"),
        &[reference.kind.word().into(), (&reference.name).into(), before.unwrap_or(i64::MAX).into(), limit.into()],
    )?;
    rows.iter().map(revision).collect()
}

/// The revisions of a document with what each says, the latest first; a spec of `None` is a deletion.
pub fn states(tx: &mut Tx<'_>, reference: &Reference, limit: i64) -> Result<Vec<(Revision, Option<Spec>)>, Error> {
    let rows = tx.query(
        "SELECT r.kind, r.name, r.number, r.hash, r.spec, r.changeset, c.id, c.at, c.author, c.via, c.reason
         FROM revisions r JOIN changesets c ON c.number = r.changeset
         WHERE r.kind = $1 AND r.name = $2 ORDER BY r.number DESC LIMIT $3",
        &[reference.kind.word().into(), (&reference.name).into(), limit.into()],
    )?;
    let state = |row: &Row| {
        let spec = row.opt_text("spec")?.map(|text| read_spec(reference, text)).transpose()?;
        Ok((revision(row)?, spec))
    };
    rows.iter().map(state).collect()
}

/// One revision, with what it says; a spec of `None` is a deletion.
pub fn at(tx: &mut Tx<'_>, reference: &Reference, number: i64) -> Result<Option<(Revision, Option<Spec>)>, Error> {
    let row = tx.one(
        "SELECT r.kind, r.name, r.number, r.hash, r.spec, r.changeset, c.id, c.at, c.author, c.via, c.reason
         FROM revisions r JOIN changesets c ON c.number = r.changeset
         WHERE r.kind = $1 AND r.name = $2 AND r.number = $3",
        &[reference.kind.word().into(), (&reference.name).into(), number.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let spec = row.opt_text("spec")?.map(|text| read_spec(reference, text)).transpose()?;
    Ok(Some((revision(&row)?, spec)))
}

/// What the revision before that number said: what a difference is taken against.
pub fn before(tx: &mut Tx<'_>, reference: &Reference, number: i64) -> Result<Option<Spec>, Error> {
    let row = tx.one(
        "SELECT spec FROM revisions WHERE kind = $1 AND name = $2 AND number < $3 ORDER BY number DESC LIMIT 1",
        &[reference.kind.word().into(), (&reference.name).into(), number.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    row.opt_text("spec")?.map(|text| read_spec(reference, text)).transpose()
}

/// The changesets, the latest first: at most `limit` of those before `before`.
pub fn changesets(tx: &mut Tx<'_>, before: Option<i64>, limit: i64) -> Result<Vec<Changeset>, Error> {
    let rows = tx.query(
        "SELECT number AS changeset, id, at, author, via, reason FROM changesets WHERE number < $1
         ORDER BY number DESC LIMIT $2",
        &[before.unwrap_or(i64::MAX).into(), limit.into()],
    )?;
    rows.iter().map(changeset).collect()
}

/// The changesets after that number, in order: at most `limit`.
pub fn changesets_after(tx: &mut Tx<'_>, number: i64, limit: i64) -> Result<Vec<Changeset>, Error> {
    let rows = tx.query(
        "SELECT number AS changeset, id, at, author, via, reason FROM changesets WHERE number > $1
         ORDER BY number LIMIT $2",
        &[number.into(), limit.into()],
    )?;
    rows.iter().map(changeset).collect()
}

/// The revisions that a changeset made.
pub fn of_changeset(tx: &mut Tx<'_>, number: i64) -> Result<Vec<Revision>, Error> {
    let rows = tx.query(&format!("{REVISION} WHERE r.changeset = $1 ORDER BY r.kind, r.name"), &[number.into()])?;
    rows.iter().map(revision).collect()
}

/// Begins a changeset. Its number is one more than that of the last.
pub fn add_changeset(tx: &mut Tx<'_>, new: &Changeset) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO changesets (number, id, at, author, via, reason) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            new.number.into(),
            new.id.into(),
            new.at.into(),
            new.author.as_str().into(),
            new.via.as_str().into(),
            new.reason.as_deref().into(),
        ],
    )?;
    Ok(())
}

/// Puts a document in force, as its next revision. Returns the number of that.
pub fn put(tx: &mut Tx<'_>, document: &Document, changeset: i64) -> Result<i64, Error> {
    let reference = document.reference();
    let number = last_number(tx, &reference)? + 1;
    let (spec, hash) = (document.spec.canonical(), document.hash());
    let values: [Value<'_>; 6] = [
        reference.kind.word().into(),
        (&reference.name).into(),
        number.into(),
        changeset.into(),
        spec.as_str().into(),
        hash.as_str().into(),
    ];
    tx.execute(
        "INSERT INTO revisions (kind, name, number, changeset, spec, hash) VALUES ($1, $2, $3, $4, $5, $6)",
        &values,
    )?;
    tx.execute(
        "INSERT INTO documents (kind, name, number, changeset, spec, hash) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, name) DO UPDATE SET
           number = excluded.number, changeset = excluded.changeset, spec = excluded.spec, hash = excluded.hash",
        &values,
    )?;
    Ok(number)
}

/// Takes a document out of force, as its next revision. Returns the number of that.
pub fn delete(tx: &mut Tx<'_>, reference: &Reference, changeset: i64) -> Result<i64, Error> {
    let number = last_number(tx, reference)? + 1;
    let (kind, name) = (reference.kind.word(), &reference.name);
    tx.execute(
        "INSERT INTO revisions (kind, name, number, changeset) VALUES ($1, $2, $3, $4)",
        &[kind.into(), name.into(), number.into(), changeset.into()],
    )?;
    tx.execute("DELETE FROM documents WHERE kind = $1 AND name = $2", &[kind.into(), name.into()])?;
    Ok(number)
}

pub(crate) fn reference(row: &Row) -> Result<Reference, Error> {
    Ok(Reference::new(row.parse("kind")?, row.name("name")?))
}

fn document(row: &Row) -> Result<Document, Error> {
    let reference = reference(row)?;
    let spec = read_spec(&reference, row.text("spec")?)?;
    Ok(Document { name: reference.name, spec })
}

pub(crate) fn read_spec(reference: &Reference, text: &str) -> Result<Spec, Error> {
    Spec::from_canonical(reference.kind, text)
        .map_err(|error| Error::corrupt(format!("{reference} does not read: {error}")))
}

fn into_head(row: &Row) -> Result<Head, Error> {
    Ok(Head {
        document: document(row)?,
        number: row.int("number")?,
        changeset: row.int("changeset")?,
        hash: row.text("hash")?.to_owned(),
    })
}

fn changeset(row: &Row) -> Result<Changeset, Error> {
    Ok(Changeset {
        number: row.int("changeset")?,
        id: row.id("id")?,
        at: row.instant("at")?,
        author: row.text("author")?.to_owned(),
        via: row.text("via")?.to_owned(),
        reason: row.opt_text("reason")?.map(str::to_owned),
    })
}

fn revision(row: &Row) -> Result<Revision, Error> {
    Ok(Revision {
        reference: reference(row)?,
        number: row.int("number")?,
        changeset: changeset(row)?,
        hash: row.opt_text("hash")?.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use domain::prepare::reading::from_yaml;
    use domain::words::Mint;

    use super::*;
    use crate::Halt;

    fn team(title: &str) -> Document {
        let text = format!("kind: team\nname: web\nspec: {{ title: {title} }}\n");
        from_yaml("test", &text).proposals.remove(0).document
    }

    fn begin(tx: &mut Tx<'_>, mint: &mut Mint) -> Result<i64, Error> {
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let number = head_number(tx)? + 1;
        let (author, via) = ("person:ana".into(), "api".into());
        add_changeset(tx, &Changeset { number, id: mint.id(at), at, author, via, reason: Some("because".into()) })?;
        Ok(number)
    }

    crate::both_engines! {
        fn revisions_are_counted_through_deletion_and_the_past_stays(store) {
            let web: Reference = "team/web".parse().unwrap();
            let mut mint = Mint::seeded(1);
            for document in [Some(team("Web")), Some(team("Weber")), None, Some(team("Again"))] {
                store.write(|tx| {
                    let number = begin(tx, &mut mint)?;
                    match &document {
                        Some(document) => put(tx, document, number)?,
                        None => delete(tx, &web, number)?,
                    };
                    Ok::<_, Halt>(())
                }).unwrap();
            }
            store.read(|tx| {
                assert_eq!(head_number(tx)?, 4);
                let head = head(tx, &web)?.unwrap();
                assert_eq!((head.number, head.changeset, head.document.clone()), (4, 4, team("Again")));
                assert_eq!(head.hash, team("Again").hash());
                let numbers: Vec<(i64, bool)> =
                    history(tx, &web, None, 10)?.into_iter().map(|r| (r.number, r.hash.is_some())).collect();
                assert_eq!(numbers, [(4, true), (3, false), (2, true), (1, true)]);
                assert_eq!(history(tx, &web, Some(3), 1)?[0].number, 2);
                assert_eq!(at(tx, &web, 2)?.unwrap().1, Some(team("Weber").spec));
                assert_eq!(at(tx, &web, 3)?.unwrap().1, None);
                assert_eq!(at(tx, &web, 5)?, None);
                assert_eq!(before(tx, &web, 2)?, Some(team("Web").spec));
                assert_eq!(before(tx, &web, 1)?, None);
                assert_eq!(as_of(tx, 2)?.teams["web"].title, "Weber");
                assert_eq!(as_of(tx, 3)?.teams.len(), 0);
                assert_eq!(as_of(tx, 4)?, load_all(tx)?);
                assert_eq!(heads(tx, Kind::Team)?.len(), 1);
                assert_eq!(heads(tx, Kind::Person)?.len(), 0);
                assert_eq!(changesets(tx, Some(4), 2)?.iter().map(|c| c.number).collect::<Vec<_>>(), [3, 2]);
                assert_eq!(changesets_after(tx, 2, 1)?.iter().map(|c| c.number).collect::<Vec<_>>(), [3]);
                assert_eq!(states(tx, &web, 2)?.into_iter().map(|(r, s)| (r.number, s.is_some())).collect::<Vec<_>>(), [(4, true), (3, false)]);
                assert_eq!(of_changeset(tx, 3)?[0].reference, web);
                assert_eq!(changesets(tx, None, 1)?[0].reason.as_deref(), Some("because"));
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn a_revision_needs_its_changeset(store) {
            assert!(store.write(|tx| Ok::<_, Halt>(put(tx, &team("Web"), 7)?)).is_err());
        }
    }
}
