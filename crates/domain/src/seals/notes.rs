//! A checkpoint: a signed text that says how far the journal is sealed, and as what. People paste and keep it.
//!
//! The form is that of C2SP: a checkpoint (c2sp.org/tlog-checkpoint) in a signed note (c2sp.org/signed-note), Ed25519.
//! Signatures of others on the same note, of witnesses for example, are left alone.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

use super::{Hash, hashes};
use crate::words::{Refusal, Timestamp};

/// The key that signs checkpoints. Never printed, never sent.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// From its seed (RFC 8032).
    pub const fn new(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair().public_key().as_ref());
        PublicKey(bytes)
    }

    /// Ed25519 over the text.
    pub fn sign(&self, text: &str) -> [u8; SIGNATURE] {
        let mut bytes = [0; SIGNATURE];
        bytes.copy_from_slice(self.pair().sign(text.as_bytes()).as_ref());
        bytes
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.0).expect("a seed of 32 bytes is a key")
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// Its public half: what a checkpoint is checked with. Shown as a verifier key of C2SP:
/// `allclear/journal/9f2c51d0a3b47e68+1f3a9c02+AXk...`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

/// The bytes of a signature.
pub const SIGNATURE: usize = 64;
/// The number of Ed25519 in a signed note.
const ALGORITHM: u8 = 1;
/// Which begins the line of a signature.
const DASH: &str = "\u{2014} ";

impl PublicKey {
    /// What the log of this key is called: unlike that of any other installation.
    pub fn name(&self) -> String {
        let digest = Sha256::digest(self.0);
        digest.iter().take(8).fold("allclear/journal/".to_owned(), |name, byte| format!("{name}{byte:02x}"))
    }

    /// Tells it from others in a note.
    fn id(&self) -> [u8; 4] {
        let digest = Sha256::new().chain_update(self.name()).chain_update([b'\n', ALGORITHM]).chain_update(self.0);
        let digest: Hash = digest.finalize().into();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(text.as_bytes(), signature).is_ok()
    }

    /// The text with the signature under it.
    pub fn note(&self, text: &str, signature: &[u8]) -> String {
        let signed = STANDARD.encode([self.id().as_slice(), signature].concat());
        format!("{text}\n{DASH}{} {signed}\n", self.name())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id().iter().fold(String::new(), |id, byte| format!("{id}{byte:02x}"));
        write!(f, "{}+{id}+{}", self.name(), STANDARD.encode([[ALGORITHM].as_slice(), &self.0].concat()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid("this is not a public key of a journal: allclear/journal/NAME+ID+KEY");
        // Base64 has a plus of its own.
        let key = text.trim().splitn(3, '+').nth(2).ok_or_else(wrong)?;
        let bytes = STANDARD.decode(key).map_err(|_| wrong())?;
        let key = match bytes.split_first() {
            Some((&ALGORITHM, key)) => Self(key.try_into().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        if key.to_string() == text.trim() { Ok(key) } else { Err(wrong()) }
    }
}

/// Why a note is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadNote {
    /// Cut off, or never a note of ours.
    Malformed,
    /// Nobody with this key signed it.
    OtherKey,
    /// It names this key, but the signature does not fit the text.
    WrongSignature,
}

impl fmt::Display for BadNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not a signed text of a journal, or is cut off",
            Self::OtherKey => "is signed with another key",
            Self::WrongSignature => "does not fit its signature",
        })
    }
}

/// The text of a note, if this key signed it.
pub fn open<'a>(note: &'a str, key: &PublicKey) -> Result<&'a str, BadNote> {
    let (before, signatures) = note.rsplit_once("\n\n").ok_or(BadNote::Malformed)?;
    let text = &note[..=before.len()];
    if !signatures.ends_with('\n') {
        return Err(BadNote::Malformed);
    }
    let mut bad = BadNote::OtherKey;
    for line in signatures.lines() {
        let (name, signature) =
            line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(BadNote::Malformed)?;
        let signature = STANDARD.decode(signature).map_err(|_| BadNote::Malformed)?;
        let Some(signature) = signature.strip_prefix(&key.id()) else { continue };
        if name != key.name() {
            continue;
        }
        if key.verifies(text, signature) {
            return Ok(text);
        }
        bad = BadNote::WrongSignature;
    }
    Err(bad)
}

/// How far the journal is sealed, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many seals there are.
    pub size: u64,
    /// The root of the tree over their heads.
    pub root: Hash,
    /// The number of the last entry that is sealed.
    pub entries: i64,
    /// Microseconds since 1970, UTC.
    pub sealed_at: i64,
}

impl Checkpoint {
    /// What is signed: a line each.
    pub fn text(&self, key: &PublicKey) -> String {
        let at = instant(self.sealed_at);
        let root = STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\nentries {}\nsealed {at}\n", key.name(), self.size, self.entries)
    }

    /// The note, signed.
    pub fn sign(&self, key: &SealKey) -> String {
        let (public, text) = (key.public(), self.text(&key.public()));
        public.note(&text, &key.sign(&text))
    }

    /// Reads a note that somebody kept.
    pub fn open(note: &str, key: &PublicKey) -> Result<Self, BadNote> {
        let text = open(note, key)?;
        Self::read(text).filter(|checkpoint| checkpoint.text(key) == text).ok_or(BadNote::Malformed)
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip(1);
        let size = lines.next()?.parse().ok()?;
        let root = hashes::read(lines.next()?)?;
        let entries = lines.next()?.strip_prefix("entries ")?.parse().ok()?;
        let at: Timestamp = lines.next()?.strip_prefix("sealed ")?.parse().ok()?;
        Some(Self { size, root, entries, sealed_at: at.as_microsecond() })
    }
}

/// An instant in words; as it stands if it is none.
pub(super) fn instant(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SealKey {
        SealKey::new([seed; 32])
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { size: 12, root: [7; 32], entries: 3456, sealed_at: 1_790_000_000_123_456 }
    }

    #[test]
    fn a_checkpoint_is_a_text_that_reads_back() {
        let note = checkpoint().sign(&key(1));
        insta::assert_snapshot!(note);
        assert_eq!(Checkpoint::open(&note, &key(1).public()), Ok(checkpoint()));
        assert_eq!(Checkpoint::open(&note, &key(2).public()), Err(BadNote::OtherKey));
        // A witness may sign it too.
        let witnessed = format!("{note}\u{2014} witness.example.org {}\n", STANDARD.encode([9; 76]));
        assert_eq!(Checkpoint::open(&witnessed, &key(1).public()), Ok(checkpoint()));
    }

    #[test]
    fn every_letter_of_a_checkpoint_counts() {
        let note = checkpoint().sign(&key(1));
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut altered = note.clone().into_bytes();
                altered[at] ^= 1 << bit;
                if let Ok(altered) = String::from_utf8(altered) {
                    assert!(Checkpoint::open(&altered, &key(1).public()).is_err(), "{altered}");
                }
            }
            if note.is_char_boundary(at) {
                assert!(Checkpoint::open(&note[..at], &key(1).public()).is_err());
            }
        }
    }

    #[test]
    fn a_public_key_is_a_text_that_reads_back_or_is_refused() {
        let shown = key(1).public().to_string();
        assert_eq!(shown.parse(), Ok(key(1).public()));
        for at in 0..shown.len() {
            let mut altered = shown.clone().into_bytes();
            altered[at] ^= 1;
            assert!(String::from_utf8(altered).unwrap().parse::<PublicKey>().is_err());
        }
        assert!("".parse::<PublicKey>().is_err());
        assert_eq!(format!("{:?}", key(1)), "SealKey(..)");
    }

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 8032, 7.1, test 1: the empty message.
        let hex = |text: &str| {
            (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect::<Vec<_>>()
        };
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = SealKey::new(seed.try_into().unwrap());
        assert_eq!(key.public().0.to_vec(), hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
        let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        assert_eq!(key.sign("").to_vec(), hex(signature));
    }
}
