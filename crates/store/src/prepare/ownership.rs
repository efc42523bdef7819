//! What files said last of each document. Whose a field is follows from it; that rule is not here.

use std::collections::BTreeMap;

use domain::prepare::documents::{Reference, Spec};
use domain::words::Timestamp;

use super::documents::{read_spec, reference};
use crate::{Error, Row, Tx};

/// What files said of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub spec: Spec,
    /// The changeset that was in force when they had said it.
    pub changeset: i64,
    pub at: Timestamp,
    /// Who applied them, as the journal writes it.
    pub author: String,
}

/// What files said of every document of which they ever said anything.
pub fn all(tx: &mut Tx<'_>) -> Result<BTreeMap<Reference, Said>, Error> {
    let rows = tx.query("SELECT kind, name, spec, changeset, at, author FROM applied ORDER BY kind, name", &[])?;
    rows.iter().map(read).collect()
}

/// What files said of one document.
pub fn get(tx: &mut Tx<'_>, reference: &Reference) -> Result<Option<Said>, Error> {
    let row = tx.one(
        "SELECT kind, name, spec, changeset, at, author FROM applied WHERE kind = $1 AND name = $2",
        &[reference.kind.word().into(), (&reference.name).into()],
    )?;
    Ok(row.map(|row| read(&row)).transpose()?.map(|(_, said)| said))
}

/// How many documents files ever said anything of, and when they last said anything new: it moves whenever [`all`] does.
pub fn version(tx: &mut Tx<'_>) -> Result<(i64, Option<Timestamp>), Error> {
    let row = tx.one("SELECT COUNT(*) AS documents, MAX(at) AS last FROM applied", &[])?;
    row.map_or(Ok((0, None)), |row| Ok((row.int("documents")?, row.opt_instant("last")?)))
}

/// Puts down what files say now.
pub fn put(tx: &mut Tx<'_>, reference: &Reference, said: &Said) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO applied (kind, name, spec, changeset, at, author) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, name) DO UPDATE SET
           spec = excluded.spec, changeset = excluded.changeset, at = excluded.at, author = excluded.author",
        &[
            reference.kind.word().into(),
            (&reference.name).into(),
            said.spec.canonical().as_str().into(),
            said.changeset.into(),
            said.at.into(),
            said.author.as_str().into(),
        ],
    )?;
    Ok(())
}

/// The files took the document away: they say nothing of it any more.
pub fn forget(tx: &mut Tx<'_>, reference: &Reference) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM applied WHERE kind = $1 AND name = $2",
        &[reference.kind.word().into(), (&reference.name).into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<(Reference, Said), Error> {
    let reference = reference(row)?;
    let said = Said {
        spec: read_spec(&reference, row.text("spec")?)?,
        changeset: row.int("changeset")?,
        at: row.instant("at")?,
        author: row.text("author")?.to_owned(),
    };
    Ok((reference, said))
}

#[cfg(test)]
mod tests {
    use domain::prepare::reading::from_yaml;
    use domain::words::Span;

    use super::*;
    use crate::both_engines;

    fn said(title: &str) -> Said {
        let text = format!("kind: team\nname: web\nspec: {{ title: {title} }}\n");
        let spec = from_yaml("test", &text).proposals.remove(0).document.spec;
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        Said { spec, changeset: 7, at, author: "person:ana".into() }
    }

    both_engines! {
        fn the_last_word_of_the_files_is_kept_until_they_take_it_back(store) {
            let web: Reference = "team/web".parse().unwrap();
            store.write(|tx| {
                assert_eq!(all(tx)?.len(), 0);
                assert_eq!(version(tx)?, (0, None));
                put(tx, &web, &said("Web"))?;
                let first = version(tx)?;
                assert_eq!(first, (1, Some(said("Web").at)));
                put(tx, &web, &Said { at: Span::seconds(1).after(said("Web").at), ..said("Site") })?;
                assert_ne!(version(tx)?, first);
                put(tx, &web, &said("Site"))?;
                assert_eq!(get(tx, &web)?, Some(said("Site")));
                assert_eq!(all(tx)?, BTreeMap::from([(web.clone(), said("Site"))]));
                forget(tx, &web)?;
                assert_eq!(all(tx)?.len(), 0);
                Ok(())
            }).unwrap();
        }
    }
}
