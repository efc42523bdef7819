//! The sealed journal: entries as bytes, a Merkle tree over each run of them, a chain of runs, signed checkpoints, and
//! the rules that find what was changed afterwards.
//!
//! Proves that the record is what it was when it was sealed; deliberately not that what was written then is true.

pub mod bundles;
pub mod cuts;
pub mod notes;
pub mod records;
pub mod segments;
pub mod trees;
pub mod verify;

/// A SHA-256.
pub type Hash = [u8; 32];

pub(crate) mod hashes {
    //! A SHA-256 as text, in JSON: base64, as in a checkpoint.

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Hash;

    pub(crate) fn read(text: &str) -> Option<Hash> {
        STANDARD.decode(text).ok()?.try_into().ok()
    }

    pub(crate) fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(hash))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(from)?;
        read(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 in base64"))
    }

    pub(crate) mod path {
        //! The same for a list of them.

        use serde::{Deserialize as _, Deserializer, Serializer};

        use super::super::Hash;

        pub(crate) fn serialize<S: Serializer>(path: &[Hash], to: S) -> Result<S::Ok, S::Error> {
            use base64::Engine as _;
            to.collect_seq(path.iter().map(|hash| base64::engine::general_purpose::STANDARD.encode(hash)))
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Hash>, D::Error> {
            let texts = Vec::<String>::deserialize(from)?;
            let hashes = texts.iter().map(|text| super::read(text)).collect::<Option<_>>();
            hashes.ok_or_else(|| serde::de::Error::custom("not a list of SHA-256 in base64"))
        }
    }
}
