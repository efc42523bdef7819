//! Ids that people can read and that sort by the time they were minted: `alr_06f1k2m9qv7x3t1a`.
//!
//! 48 bits of milliseconds and 32 bits of chance, in 16 letters of Crockford's base 32. An id is
//! not a secret: it tells when it was minted, and its neighbour can be guessed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::refusal::Refusal;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: usize = 16;

/// A kind of id: the bits, and the prefix that tells people what it names.
pub trait Id: Copy + Ord + fmt::Display {
    const PREFIX: &'static str;
    fn from_bits(bits: u128) -> Self;
    fn bits(self) -> u128;

    /// As people read it.
    fn text(self) -> IdText {
        IdText::new(Self::PREFIX, self.bits())
    }
}

/// An id as people read it, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdText([u8; PREFIX_LETTERS + 1 + LETTERS]);

const PREFIX_LETTERS: usize = 3;

impl IdText {
    fn new(prefix: &str, bits: u128) -> Self {
        let mut text = [b'_'; PREFIX_LETTERS + 1 + LETTERS];
        text[..PREFIX_LETTERS].copy_from_slice(prefix.as_bytes());
        for (letter, place) in text[PREFIX_LETTERS + 1..].iter_mut().zip((0..LETTERS).rev()) {
            *letter = ALPHABET[((bits >> (5 * place)) & 31) as usize];
        }
        Self(text)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("prefixes and letters are ASCII")
    }
}

impl fmt::Debug for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_bits(bits: u128) -> Self { Self(bits & ((1 << 80) - 1)) }
            fn bits(self) -> u128 { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.text().as_str()) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }

        impl FromStr for $name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Refusal> { parse_id(text, $prefix).map(Self) }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> { to.serialize_str(self.text().as_str()) }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One thing that a source says is wrong, from firing to resolved.
    AlertId = "alr";
    /// Alerts that are paged once, together.
    GroupId = "grp";
    /// A running escalation for a group.
    PageId = "pag";
    /// One message on its way to one contact: a row of the outbox.
    DeliveryId = "dlv";
    /// What came in and was received together: an entry of the signals log.
    SignalId = "sig";
    /// An entry of the journal.
    EventId = "evt";
    /// A rule of limited time that keeps matching alerts from paging.
    SilenceId = "sil";
    /// A replacement of who is on call, for a while.
    OverrideId = "ovr";
    /// Something that was changed, or is to be.
    ChangeId = "cng";
    /// One run of taking a change back.
    RollbackId = "rbk";
    /// What a rule made of the first suspect of an incident.
    ReflexId = "rfx";
    /// A flag that was switched off above its definition.
    KillId = "kil";
    /// A key by which a program asks for the flags of an environment (the id, not the key).
    EnvironmentKeyId = "evk";
    /// A set of document revisions applied as one.
    ChangesetId = "chg";
    /// An API token (the id, not the secret).
    TokenId = "tok";
    /// A rejected call to an ingest URL.
    RejectionId = "rej";
    /// Something that people respond to together, from its report to the lesson.
    IncidentId = "inc";
    /// A claim of when something in the life of an incident happened.
    StampId = "stm";
    /// What one named person does in an incident.
    TaskId = "tsk";
    /// What is to be done after an incident.
    ActionItemId = "act";
    /// An incident whose signals must go on to reach people.
    PinId = "pin";
    /// What people are told of an incident meanwhile.
    UpdateId = "upd";
    /// Something that may prove what happened in an incident.
    EvidenceId = "evd";
    /// Something that was seen in an incident: an address, a name, a hash.
    ObservableId = "obs";
    /// What an incident affects, with its counts.
    AffectedId = "aff";
    /// A record of the moment at which clocks of an obligation start.
    AnchorId = "anc";
    /// What was told to an authority, a customer or whoever is to be told.
    SubmissionId = "sub";
    /// What somebody decided of an obligation.
    DecisionId = "dec";
    /// The public word about an incident or a maintenance.
    NoticeId = "ntc";
    /// One thing that was said in a notice.
    PostId = "pst";
    /// Somebody outside who is told of notices.
    SubscriberId = "sbr";
    /// A condition that contributed to an incident.
    FactorId = "fac";
    /// What somebody said beside the text of a postmortem.
    CommentId = "cmt";
}

fn parse_id(text: &str, prefix: &str) -> Result<u128, Refusal> {
    let wrong = || {
        Refusal::invalid(format!(
            "{:?} is not an id of the form {prefix}_ and {LETTERS} letters",
            super::text::shorten(text, 40)
        ))
    };
    let letters = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or_else(wrong)?;
    if letters.len() != LETTERS {
        return Err(wrong());
    }
    letters.bytes().try_fold(0u128, |bits, letter| {
        let value = ALPHABET.iter().position(|a| *a == letter).ok_or_else(wrong)?;
        Ok(bits << 5 | value as u128)
    })
}

/// Mints ids and draws chance from one seed: the same seed gives the same ids and the same secrets.
///
/// Chance is SHA-256 of seed and counter, so that with a seed from the operating system it also
/// serves for tokens.
#[derive(Clone)]
pub struct Mint {
    seed: [u8; 32],
    drawn: u64,
    last: u128,
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mint") // the seed is a secret
    }
}

impl Mint {
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0, last: 0 }
    }

    /// A mint for tests and rehearsals.
    pub fn seeded(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self::new(bytes)
    }

    /// The next id: greater than every id of this mint before, even when the clock stands still or goes back.
    pub fn id<T: Id>(&mut self, now: Timestamp) -> T {
        let ms = u128::try_from(now.as_millisecond().max(0)).unwrap_or(0) & ((1 << 48) - 1);
        self.last = if ms > self.last >> 32 { ms << 32 | u128::from(self.chance() >> 33) } else { self.last + 1 };
        T::from_bits(self.last)
    }

    /// 64 bits of chance.
    pub fn chance(&mut self) -> u64 {
        let bytes = self.secret();
        u64::from_le_bytes(bytes[..8].try_into().expect("eight of thirty-two bytes"))
    }

    /// 32 bytes of chance, for a token or a key.
    pub fn secret(&mut self) -> [u8; 32] {
        self.drawn += 1;
        Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_le_bytes()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_sorts_by_time() {
        let mut mint = Mint::seeded(7);
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let first: AlertId = mint.id(at(1_790_000_000_000));
        let second: AlertId = mint.id(at(1_790_000_000_000));
        let back_in_time: AlertId = mint.id(at(1_780_000_000_000));
        let later: AlertId = mint.id(at(1_790_000_000_001));
        assert!(first < second && second < back_in_time && back_in_time < later);
        assert!(first.to_string() < second.to_string());
        assert_eq!(first.to_string().parse::<AlertId>().unwrap(), first);
        assert_eq!(first.to_string().len(), 20);
        assert!("alr_1".parse::<AlertId>().is_err());
        assert!("pag_06f1k2m9qv7x3t1a".parse::<AlertId>().is_err());
    }

    #[test]
    fn the_same_seed_gives_the_same_secrets() {
        assert_eq!(Mint::seeded(1).secret(), Mint::seeded(1).secret());
        assert_ne!(Mint::seeded(1).secret(), Mint::seeded(2).secret());
    }
}
