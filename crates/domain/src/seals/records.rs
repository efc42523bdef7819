//! An entry of the journal as the database holds it, letter for letter, and its one encoding in bytes.
//!
//! The encoding never changes: what was sealed with it must be found again in ten years. `docs/sealed-journal.md`
//! writes it down for others. No field is read for its meaning here.

use sha2::{Digest as _, Sha256};

use super::Hash;

/// An entry of the journal, every column of it, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order of commits.
    pub number: i64,
    pub id: String,
    /// The word of its kind: `page.started`.
    pub kind: String,
    /// Microseconds since 1970, UTC: when it happened, and when it was recorded.
    pub at: i64,
    pub recorded_at: i64,
    pub actor: String,
    /// One to a line.
    pub subjects: String,
    pub incident: Option<String>,
    pub why: Option<String>,
    /// JSON, letter for letter.
    pub data: String,
}

/// What every encoding begins with.
const TAG: &[u8] = b"allclear entry 1\n";

impl Record {
    /// The entry in bytes: the tag, then each field in turn. A number is 8 bytes, big-endian, two's complement; a text is
    /// its length in bytes, as 4 bytes big-endian, and its UTF-8; what may be absent is a byte 0, or a byte 1 and the text.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_at(self.number)
    }

    /// The same, as if it had another number.
    fn encode_at(&self, number: i64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(160 + self.subjects.len() + self.data.len());
        bytes.extend(TAG);
        bytes.extend(number.to_be_bytes());
        text(&mut bytes, &self.id);
        text(&mut bytes, &self.kind);
        bytes.extend(self.at.to_be_bytes());
        bytes.extend(self.recorded_at.to_be_bytes());
        text(&mut bytes, &self.actor);
        text(&mut bytes, &self.subjects);
        for maybe in [&self.incident, &self.why] {
            match maybe {
                None => bytes.push(0),
                Some(there) => {
                    bytes.push(1);
                    text(&mut bytes, there);
                }
            }
        }
        text(&mut bytes, &self.data);
        bytes
    }

    /// The leaf of the entry: SHA-256 of a byte 0 and its encoding (RFC 6962, 2.1).
    pub fn leaf(&self) -> Hash {
        leaf(&self.encode())
    }

    /// The leaf that it would have under another number.
    pub fn leaf_at(&self, number: i64) -> Hash {
        leaf(&self.encode_at(number))
    }
}

/// SHA-256 of a byte 0 and the bytes: a leaf can never be taken for an inner node.
pub fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    // Nothing that a database takes as one value is longer than this can say.
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    pub(crate) fn record(number: i64) -> Record {
        Record {
            number,
            id: format!("evt_{number:016}"),
            kind: "entry.added".into(),
            at: 1_790_000_000_000_000 + number,
            recorded_at: 1_790_000_000_500_000 + number,
            actor: "person:ana".into(),
            subjects: "inc_1\ngrp_2".into(),
            incident: Some("inc_1".into()),
            why: None,
            data: format!("{{\"text\":\"number {number}\"}}"),
        }
    }

    /// Each field of a record changed in turn, in every way that text can be moved between neighbours.
    pub(crate) fn alterations(record: &Record) -> Vec<(&'static str, Record)> {
        let one = || record.clone();
        vec![
            ("number", Record { number: record.number + 1, ..one() }),
            ("id", Record { id: format!("{}x", record.id), ..one() }),
            ("kind", Record { kind: "entry.struck".into(), ..one() }),
            ("at", Record { at: record.at + 1, ..one() }),
            ("recorded_at", Record { recorded_at: record.recorded_at - 1, ..one() }),
            ("the two times", Record { at: record.recorded_at, recorded_at: record.at, ..one() }),
            ("actor", Record { actor: "person:ben".into(), ..one() }),
            ("subjects", Record { subjects: format!("{}\n", record.subjects), ..one() }),
            ("a subject", Record { subjects: record.subjects.replacen("inc_1", "inc_2", 1), ..one() }),
            ("incident", Record { incident: None, ..one() }),
            ("incident for why", Record { incident: None, why: record.incident.clone(), ..one() }),
            ("why", Record { why: Some(String::new()), ..one() }),
            ("data", Record { data: format!("{} ", record.data), ..one() }),
            ("a border", Record { id: format!("{}e", record.id), kind: record.kind[1..].to_owned(), ..one() }),
        ]
    }

    #[test]
    fn the_encoding_stays_as_it_is() {
        let record = Record { why: Some("é".into()), subjects: String::new(), ..record(258) };
        let hex = record.encode().iter().fold(String::new(), |mut hex, byte| {
            _ = write!(hex, "{byte:02x}");
            hex
        });
        // "allclear entry 1\n", 258, the id, the kind, two times, the actor, no subject, an incident, why, data.
        let expected = [
            "616c6c636c65617220656e74727920310a",
            "0000000000000102",
            "000000146576745f30303030303030303030303030323538",
            "0000000b656e7472792e6164646564",
            "00065bfeda25e102",
            "00065bfeda2d8222",
            "0000000a706572736f6e3a616e61",
            "00000000",
            "0100000005696e635f31",
            "0100000002c3a9",
            "000000157b2274657874223a226e756d62657220323538227d",
        ];
        assert_eq!(hex, expected.concat());
    }

    #[test]
    fn every_field_counts() {
        let whole = record(7);
        let altered = alterations(&whole);
        let mut leaves: BTreeSet<Hash> = altered.iter().map(|(_, record)| record.leaf()).collect();
        leaves.insert(whole.leaf());
        assert_eq!(leaves.len(), altered.len() + 1);
        assert_eq!(whole.leaf_at(8), Record { number: 8, ..whole }.leaf());
    }

    #[test]
    fn every_flipped_bit_of_an_encoding_is_another_leaf() {
        let bytes = record(7).encode();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(leaf(&altered), leaf(&bytes), "bit {bit}");
        }
    }
}
