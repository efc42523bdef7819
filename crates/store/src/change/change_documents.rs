//! Rows of documents that a change would put in force, as each of its revisions has them.

use domain::prepare::documents::{Reference, Spec};
use domain::words::ChangeId;

use crate::door::{Error, Row, Tx};
use crate::prepare::documents::{read_spec, reference};

use super::changes::OPEN_AHEAD;

/// A document as a change would have it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedDocument {
    pub reference: Reference,
    /// The revision of it that this was written against; 0: there was none.
    pub base: i64,
    /// Nothing: it is taken away.
    pub spec: Option<Spec>,
    /// What files say of it, where it comes from files.
    pub said: Option<Spec>,
}

/// The documents of one revision of a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposed {
    pub documents: Vec<ProposedDocument>,
    /// The branch whose files they are.
    pub branch: Option<String>,
}

impl Proposed {
    /// Whether the change carries none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }
}

/// Keeps the documents of a revision.
pub fn put(tx: &mut Tx<'_>, change: ChangeId, revision: u32, proposed: &Proposed) -> Result<(), Error> {
    for one in &proposed.documents {
        let (spec, said) = (one.spec.as_ref().map(Spec::canonical), one.said.as_ref().map(Spec::canonical));
        tx.execute(
            "INSERT INTO change_documents (change, revision, kind, name, base, spec, said, branch) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                change.into(),
                i64::from(revision).into(),
                one.reference.kind.word().into(),
                (&one.reference.name).into(),
                one.base.into(),
                spec.as_deref().into(),
                said.as_deref().into(),
                proposed.branch.as_deref().into(),
            ],
        )?;
    }
    Ok(())
}

/// The documents of a revision, sorted by what they are called.
pub fn of(tx: &mut Tx<'_>, change: ChangeId, revision: u32) -> Result<Proposed, Error> {
    let rows = tx.query(
        "SELECT kind, name, base, spec, said, branch FROM change_documents WHERE change = $1 AND revision = $2 \
         ORDER BY kind, name",
        &[change.into(), i64::from(revision).into()],
    )?;
    let document = |row: &Row| {
        let reference = reference(row)?;
        let spec = |name: &str| row.opt_text(name)?.map(|text| read_spec(&reference, text)).transpose();
        let (spec, said) = (spec("spec")?, spec("said")?);
        Ok(ProposedDocument { base: row.int("base")?, spec, said, reference })
    };
    let branch = rows.first().map(|row| row.opt_text("branch")).transpose()?.flatten().map(str::to_owned);
    Ok(Proposed { documents: rows.iter().map(document).collect::<Result<_, Error>>()?, branch })
}

/// The newest change that is ahead and whose documents are the files of a branch, as it stands.
pub fn following(tx: &mut Tx<'_>, branch: &str) -> Result<Option<ChangeId>, Error> {
    let sql = format!(
        "SELECT changes.id FROM changes JOIN change_documents ON change_documents.change = changes.id \
         AND change_documents.revision = changes.revision WHERE change_documents.branch = $1 \
         AND changes.state IN ({OPEN_AHEAD}) ORDER BY changes.id DESC LIMIT 1"
    );
    tx.one(&sql, &[branch.into()])?.map(|row| row.id("id")).transpose()
}

#[cfg(test)]
mod tests {
    use domain::prepare::reading::from_yaml;
    use domain::words::Id as _;

    use super::*;
    use crate::Halt;

    crate::both_engines! {
        fn each_revision_of_a_change_has_its_documents(store) {
            let id = ChangeId::from_bits(1);
            let spec = from_yaml("test", "kind: team\nname: web\nspec: { title: Web }\n").proposals.remove(0).document.spec;
            let one = |base, spec: Option<Spec>, said| ProposedDocument { reference: "team/web".parse().unwrap(), base, spec, said };
            let first = Proposed { documents: vec![one(0, Some(spec.clone()), Some(spec.clone()))], branch: Some("main".into()) };
            let second = Proposed { documents: vec![one(3, None, None)], branch: None };
            store.write(|tx| { put(tx, id, 1, &first)?; Ok::<_, Halt>(put(tx, id, 2, &second)?) }).unwrap();
            store.read(|tx| {
                assert_eq!((of(tx, id, 1)?, of(tx, id, 2)?), (first.clone(), second.clone()));
                assert!(of(tx, id, 3)?.is_empty());
                assert_eq!(following(tx, "main")?, None, "there is no such change");
                Ok::<_, Halt>(())
            }).unwrap();
        }
    }
}
