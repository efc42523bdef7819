//! What a mirror of the documents is told: each changeset with its author, its reason, and the files that it leaves.
//!
//! The same changesets give the same files and words, whoever asks and when. Addresses are masked: a mirror is read by
//! many. How it is written down is not known here.

use domain::prepare::addresses::Reader;
use domain::prepare::documents::{Document, Kind, Reference, Spec};
use domain::prepare::writing;
use domain::words::Name;
use store::prepare::documents::{self as rows, Changeset};
use store::{Halt, Tx};

/// A changeset, as a mirror writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub changeset: Changeset,
    /// What people call its author.
    pub author: String,
    /// Path and text of each file; without a text it is gone.
    pub files: Vec<(String, Option<String>)>,
}

/// The changesets after that number, in order; at most so many.
pub fn after(tx: &mut Tx<'_>, number: i64, limit: i64) -> Result<Vec<Leaf>, Halt> {
    let mut leaves = Vec::new();
    for changeset in rows::changesets_after(tx, number, limit)? {
        let mut files = Vec::new();
        for revision in rows::of_changeset(tx, changeset.number)? {
            let reference = revision.reference;
            let said = rows::at(tx, &reference, revision.number)?.and_then(|(_, spec)| spec);
            let shown = |spec: Spec| Reader::NOBODY.document(&Document::new(reference.name.clone(), spec));
            let text = said.map(|spec| writing::to_yaml([&shown(spec)]));
            files.push((path(&reference), text));
        }
        let author = author(tx, &changeset)?;
        leaves.push(Leaf { changeset, author, files });
    }
    Ok(leaves)
}

/// The changeset of a number.
pub fn changeset(tx: &mut Tx<'_>, number: i64) -> Result<Option<Changeset>, Halt> {
    Ok(rows::changesets_after(tx, number - 1, 1)?.pop().filter(|one| one.number == number))
}

/// `schedule/payments.yaml`
fn path(reference: &Reference) -> String {
    format!("{reference}.yaml")
}

/// What the person was called then; else the actor as the journal writes it.
fn author(tx: &mut Tx<'_>, changeset: &Changeset) -> Result<String, Halt> {
    let actor = changeset.author.as_str();
    let name = match actor.split_once(':') {
        Some(("person", name)) => name,
        Some(("token" | "chat", rest)) => rest.split_once(':').map_or(rest, |(_, name)| name),
        _ => return Ok(actor.to_owned()),
    };
    let Ok(name) = name.parse::<Name>() else { return Ok(actor.to_owned()) };
    let reference = Reference::new(Kind::Person, name);
    for (revision, spec) in rows::states(tx, &reference, i64::MAX)? {
        if revision.changeset.number <= changeset.number
            && let Some(Spec::Person(person)) = spec
        {
            return Ok(person.full_name);
        }
    }
    Ok(reference.name.to_string())
}
