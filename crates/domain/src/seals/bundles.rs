//! One incident with the proof of its record, in one file: checked without a server and without a database.
//!
//! The statement, which the server signs as it makes the file, covers the incident as it stood and the list of entries;
//! the proofs show that each entry was sealed as it is. An entry that is left out is missed; one that was never written
//! is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::notes::{self, Checkpoint, PublicKey, SealKey};
use super::records::{Record, leaf};
use super::segments::Segment;
use super::trees::{Tree, climb};
use super::{Hash, hashes};
use crate::words::{Refusal, Timestamp};

/// What the file says it is.
pub const FORMAT: &str = "allclear-incident-bundle/1";
/// The first line of a statement.
const STATEMENT: &str = "allclear incident bundle 1";

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    pub format: String,
    /// The public key of the journal. Compare it with the one that you know.
    pub key: String,
    /// What the server signed when it made this: the incident, its entries, when, for whom.
    pub statement: String,
    /// The newest checkpoint of then.
    pub checkpoint: String,
    /// The incident as it stood.
    pub incident: Value,
    /// What happened, in the order of the timeline, the earliest first.
    pub entries: Vec<Proven>,
    /// The seals of these entries.
    pub seals: Vec<ProvenSeal>,
}

/// An entry, and where it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// 0 while it has none yet.
    pub number: i64,
    pub id: String,
    pub kind: String,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    pub actor: String,
    pub subjects: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// JSON, letter for letter as it was sealed.
    pub data: String,
    /// Absent while it is not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// Where an entry was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub seal: i64,
    /// From its leaf up to the root of the seal.
    #[serde(with = "hashes::path")]
    pub path: Vec<Hash>,
}

/// A seal, and its place in the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenSeal {
    pub number: i64,
    pub first: i64,
    pub last: i64,
    #[serde(with = "hashes")]
    pub root: Hash,
    pub sealed_at: Timestamp,
    pub opening: i64,
    /// The head of the seal before.
    #[serde(with = "hashes")]
    pub previous: Hash,
    /// From its head up to the root of the checkpoint.
    #[serde(with = "hashes::path")]
    pub path: Vec<Hash>,
}

impl Proven {
    /// An entry as it stands in the database; an instant that is none is refused.
    pub fn of(record: &Record, proof: Option<Proof>) -> Result<Self, Refusal> {
        let instant = |micros: i64| {
            let wrong =
                |_| Refusal::conflict(format!("{} has a time that is none; allclear verify says more", record.id));
            Timestamp::from_microsecond(micros).map_err(wrong)
        };
        let subjects = match record.subjects.as_str() {
            "" => Vec::new(),
            subjects => subjects.split('\n').map(str::to_owned).collect(),
        };
        Ok(Self {
            number: record.number,
            id: record.id.clone(),
            kind: record.kind.clone(),
            at: instant(record.at)?,
            recorded_at: instant(record.recorded_at)?,
            actor: record.actor.clone(),
            subjects,
            incident: record.incident.clone(),
            why: record.why.clone(),
            data: record.data.clone(),
            proof,
        })
    }

    /// The entry as it was sealed.
    pub fn record(&self) -> Record {
        Record {
            number: self.number,
            id: self.id.clone(),
            kind: self.kind.clone(),
            at: self.at.as_microsecond(),
            recorded_at: self.recorded_at.as_microsecond(),
            actor: self.actor.clone(),
            subjects: self.subjects.join("\n"),
            incident: self.incident.clone(),
            why: self.why.clone(),
            data: self.data.clone(),
        }
    }
}

impl ProvenSeal {
    fn segment(&self) -> Segment {
        Segment {
            number: self.number,
            first: self.first,
            last: self.last,
            root: self.root,
            sealed_at: self.sealed_at.as_microsecond(),
            opening: self.opening,
        }
    }
}

/// Something in a file that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// A JSON pointer.
    pub at: String,
    pub says: String,
}

/// What a file proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub flaws: Vec<Flaw>,
    pub incident: String,
    pub key: Option<PublicKey>,
    /// Entries that are proven to be what was sealed; and those that only the statement covers.
    pub sealed: usize,
    pub unsealed: usize,
    pub checkpoint: Option<Checkpoint>,
    /// The lines of the statement, if it is signed.
    pub statement: Vec<String>,
}

/// What the server says as it makes a file: a line each.
fn statement(incident: &Value, entries: &[Proven], checkpoint: &str, made: &str) -> String {
    let digest = Sha256::digest(canonical(incident));
    let digest = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let root = Tree::of(entries.iter().map(listed)).root();
    let root = root.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let newest = Sha256::digest(checkpoint.as_bytes());
    let newest = newest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let id = incident["id"].as_str().unwrap_or_default();
    let count = entries.len();
    format!(
        "{STATEMENT}\nincident {id}\nsha256 {digest}\nentries {count}\nroot {root}\ncheckpoint {newest}\nmade {made}\n"
    )
}

/// The leaf of an entry in the list of a statement: its encoding, and whether it was sealed.
fn listed(entry: &Proven) -> Hash {
    let mut bytes = entry.record().encode();
    bytes.push(u8::from(entry.proof.is_some()));
    leaf(&bytes)
}

/// Puts a file together, and signs the statement. `who` asked for it.
pub fn make(
    incident: Value,
    entries: Vec<Proven>,
    seals: Vec<ProvenSeal>,
    checkpoint: String,
    key: &SealKey,
    now: Timestamp,
    who: &str,
) -> Bundle {
    let text = statement(&incident, &entries, &checkpoint, &format!("{now} for {who}"));
    let public = key.public();
    Bundle {
        format: FORMAT.to_owned(),
        key: public.to_string(),
        statement: public.note(&text, &key.sign(&text)),
        checkpoint,
        incident,
        entries,
        seals,
    }
}

/// Looks a file over. `pinned` is the key that it must be of, if that is known.
pub fn verify(bundle: &Bundle, pinned: Option<&PublicKey>) -> Report {
    let mut flaws = Vec::new();
    let mut say = |at: &str, says: String| flaws.push(Flaw { at: at.to_owned(), says });
    if bundle.format != FORMAT {
        say("/format", format!("is not {FORMAT}"));
    }
    let own: Option<PublicKey> = bundle.key.parse().ok();
    match (own, pinned) {
        (None, _) => say("/key", "is not a public key of a journal".into()),
        (Some(own), Some(pinned)) if own != *pinned => say("/key", "is not the key that you named".into()),
        _ => {}
    }
    let mut report = Report {
        flaws: Vec::new(),
        incident: bundle.incident["id"].as_str().unwrap_or_default().to_owned(),
        key: own,
        sealed: 0,
        unsealed: 0,
        checkpoint: None,
        statement: Vec::new(),
    };
    let Some(key) = pinned.copied().or(own) else {
        report.flaws = flaws;
        return report;
    };
    match notes::open(&bundle.statement, &key) {
        Err(bad) => say("/statement", bad.to_string()),
        Ok(text) => {
            let made = text.lines().find_map(|line| line.strip_prefix("made ")).unwrap_or_default();
            let expected = statement(&bundle.incident, &bundle.entries, &bundle.checkpoint, made);
            for (signed, _) in text.lines().zip(expected.lines()).filter(|(signed, line)| signed != line) {
                let word = signed.split(' ').next().unwrap_or_default();
                let (at, says) = match word {
                    "incident" | "sha256" => ("/incident", "is not what was signed"),
                    "entries" => ("/entries", "are not as many as were signed"),
                    "root" => ("/entries", "are not those that were signed, or not in their order"),
                    "checkpoint" => ("/checkpoint", "is not the one of the statement"),
                    _ => ("/statement", "is not one of ours"),
                };
                say(at, says.into());
            }
            if text.lines().count() != expected.lines().count() {
                say("/statement", "is not one of ours".into());
            }
            report.statement = text.lines().map(str::to_owned).collect();
        }
    }
    let checkpoint = match Checkpoint::open(&bundle.checkpoint, &key) {
        Ok(checkpoint) => Some(checkpoint),
        Err(bad) => {
            say("/checkpoint", bad.to_string());
            None
        }
    };
    let mut seals = BTreeMap::new();
    for (at, seal) in bundle.seals.iter().enumerate() {
        let (segment, place) = (seal.segment(), u64::try_from(seal.number - 1));
        let root = match (&checkpoint, place) {
            (Some(checkpoint), Ok(place)) => climb(&segment.head(&seal.previous), place, checkpoint.size, &seal.path)
                .filter(|root| *root == checkpoint.root),
            _ => None,
        };
        if root.is_none() {
            say(&format!("/seals/{at}"), format!("seal {} is not in the checkpoint as it stands here", seal.number));
        } else if seals.insert(seal.number, segment).is_some() {
            say(&format!("/seals/{at}"), format!("seal {} is there twice", seal.number));
        }
    }
    for (at, entry) in bundle.entries.iter().enumerate() {
        let Some(proof) = &entry.proof else {
            if checkpoint.as_ref().is_some_and(|checkpoint| (1..=checkpoint.entries).contains(&entry.number)) {
                say(&format!("/entries/{at}"), format!("{} is of a time that is sealed, and has no proof", entry.id));
            } else {
                report.unsealed += 1;
            }
            continue;
        };
        let held = seals.get(&proof.seal).filter(|segment| (segment.first..=segment.last).contains(&entry.number));
        let root = held.and_then(|segment| {
            let place = u64::try_from(entry.number - segment.first).ok()?;
            climb(&entry.record().leaf(), place, segment.count(), &proof.path).filter(|root| *root == segment.root)
        });
        if root.is_some() {
            report.sealed += 1;
        } else {
            let says = format!("entry {} ({}) is not what seal {} holds", entry.number, entry.id, proof.seal);
            say(&format!("/entries/{at}"), says);
        }
    }
    report.checkpoint = checkpoint;
    report.flaws = flaws;
    report
}

/// JSON in one form: the names of each object in the order of their bytes, no blanks, text as it is.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields =
                sorted.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::record;
    use super::super::segments::{self, BEFORE_ALL};
    use super::super::trees::Edge;
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-11-28T22:00:00Z";

    fn key() -> SealKey {
        SealKey::new([1; 32])
    }

    /// A file with entries of three of five seals, and the journal that it is of.
    fn bundle() -> Bundle {
        let (mut edge, mut previous, mut last) = (Edge::default(), BEFORE_ALL, None);
        let (mut heads, mut made) = (Tree::default(), Vec::new());
        for run in [1..5, 5..6, 6..13, 13..14, 14..20] {
            let records: Vec<Record> = run.map(record).collect();
            let (segment, leaves) = segments::next(last.as_ref(), &records, 19, NOW.parse().unwrap()).unwrap();
            let seal = segments::seal(segment.clone(), leaves, &previous, &mut edge, &key());
            heads.push(seal.nodes[0]);
            made.push((records, seal.clone(), previous));
            (previous, last) = (seal.nodes[0], Some(segment));
        }
        let checkpoint = last.unwrap().checkpoint(edge.root()).sign(&key());
        let (mut entries, mut seals) = (Vec::new(), Vec::new());
        for (records, seal, previous) in [&made[0], &made[2], &made[4]] {
            let tree = Tree::of(seal.leaves.iter().copied());
            for (place, record) in records.iter().enumerate().filter(|(place, _)| place % 2 == 0) {
                let path = tree.path(place as u64);
                let why = Record { why: None, ..record.clone() };
                entries.push(Proven::of(&why, Some(Proof { seal: seal.segment.number, path })).unwrap());
            }
            let segment = &seal.segment;
            seals.push(ProvenSeal {
                number: segment.number,
                first: segment.first,
                last: segment.last,
                root: segment.root,
                sealed_at: Timestamp::from_microsecond(segment.sealed_at).unwrap(),
                opening: segment.opening,
                previous: *previous,
                path: heads.path(u64::try_from(segment.number).unwrap() - 1),
            });
        }
        entries.push(Proven::of(&record(20), None).unwrap());
        let incident = json!({ "id": "inc_1", "title": "Payments", "tasks": [{ "n": 1, "a": 1.5 }] });
        make(incident, entries, seals, checkpoint, &key(), NOW.parse().unwrap(), "person:ana")
    }

    #[test]
    fn a_file_is_proven_also_after_it_was_laid_out_anew() {
        let bundle = bundle();
        let report = verify(&bundle, Some(&key().public()));
        assert_eq!((report.flaws.as_slice(), report.sealed, report.unsealed), ([].as_slice(), 9, 1));
        assert_eq!(report.statement.last().unwrap(), "made 2026-11-28T22:00:00Z for person:ana");
        // Another tool may sort and indent it.
        let text = serde_json::to_string(&bundle).unwrap();
        let sorted: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        let incident: BTreeMap<String, Value> = serde_json::from_value(sorted["incident"].clone()).unwrap();
        let mut sorted = serde_json::to_value(sorted).unwrap();
        sorted["incident"] = serde_json::to_value(incident).unwrap();
        let again: Bundle = serde_json::from_str(&serde_json::to_string_pretty(&sorted).unwrap()).unwrap();
        assert_eq!(verify(&again, None).flaws, []);
        assert_eq!(verify(&again, Some(&SealKey::new([2; 32]).public())).flaws.len(), 1 + 1 + 1 + 3 + 9);
    }

    /// Every value in a document, each changed in turn.
    fn changed(value: &Value) -> Vec<Value> {
        match value {
            Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, inner)| {
                    let with = |new: Value| {
                        let mut fields = fields.clone();
                        fields.insert(name.clone(), new);
                        Value::Object(fields)
                    };
                    let mut without = fields.clone();
                    without.shift_remove(name);
                    changed(inner).into_iter().map(with).chain([Value::Object(without)]).collect::<Vec<_>>()
                })
                .collect(),
            Value::Array(values) => {
                let mut all = Vec::new();
                for (at, inner) in values.iter().enumerate() {
                    let mut left = values.clone();
                    left.remove(at);
                    all.push(Value::Array(left));
                    let mut twice = values.clone();
                    twice.insert(at, inner.clone());
                    all.push(Value::Array(twice));
                    if at > 0 && values[at - 1] != *inner {
                        let mut swapped = values.clone();
                        swapped.swap(at - 1, at);
                        all.push(Value::Array(swapped));
                    }
                    for new in changed(inner) {
                        let mut values = values.clone();
                        values[at] = new;
                        all.push(Value::Array(values));
                    }
                }
                all
            }
            Value::String(text) => {
                let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
                let flipped = |at: usize| {
                    let letter = text[at..].chars().next().unwrap_or('a');
                    let other = if letter == '3' { '4' } else { '3' };
                    format!("{}{other}{}", &text[..at], &text[at + letter.len_utf8().min(text.len() - at)..])
                };
                vec![json!(flipped(half)), json!(format!("{text}A")), json!(""), json!(null)]
            }
            Value::Number(number) => {
                vec![json!(number.as_f64().unwrap() + 1.0), json!(number.as_i64().unwrap_or(7) + 1), json!(0)]
            }
            _ => vec![json!("x")],
        }
    }

    #[test]
    fn every_change_of_a_file_is_found() {
        let whole = serde_json::to_value(bundle()).unwrap();
        let all = changed(&whole);
        assert!(all.len() > 800, "{}", all.len());
        for altered in all.into_iter().filter(|altered| *altered != whole) {
            let flaws = match serde_json::from_value::<Bundle>(altered.clone()) {
                Ok(bundle) => verify(&bundle, Some(&key().public())).flaws.len(),
                Err(_) => 1,
            };
            if flaws == 0 {
                // The order of the seals says nothing.
                let again: Bundle = serde_json::from_value(altered.clone()).unwrap();
                let (mut one, mut other) = (again.seals.clone(), bundle().seals);
                one.sort_by_key(|seal| seal.number);
                other.sort_by_key(|seal| seal.number);
                assert!(
                    one == other
                        && again.seals != bundle().seals
                        && Bundle { seals: vec![], ..again } == Bundle { seals: vec![], ..bundle() },
                    "{altered:#}"
                );
            }
        }
    }
}
