//! A signed link: one person may do one thing to one page until some instant, proven by a key of this installation.
//!
//! It is no session and says nothing about what is allowed now: who presses it is still asked of `allow`, and a GET
//! must never act on it, because mail scanners open links.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::deliveries::LinkKind;
use crate::words::{Id as _, Name, PageId, Refusal, RefusalKind, Timestamp};

/// What a link lets its holder do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub page: PageId,
    pub person: Name,
    pub action: LinkKind,
    /// Not valid from this instant on; whole seconds.
    pub expires: Timestamp,
}

/// The key that signs links. Never printed.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The signature of these bytes; one purpose's is never another's.
    pub(crate) fn sign(&self, purpose: &[u8], signed: &[u8]) -> [u8; SIGNATURE] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(purpose);
        mac.update(signed);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

/// Why a link is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLink {
    /// Cut off or altered on its way, or never a link of ours.
    Malformed,
    /// Its form is right but we did not sign it: altered, or signed with a key that is no longer used.
    WrongSignature,
    /// We signed it, but its time is over. What it said is still known, so that the person can be led to the page.
    Expired(Claim),
}

impl fmt::Display for BadLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("this link is incomplete; open it from the message again, or sign in"),
            Self::WrongSignature => {
                f.write_str("this link was not made by this Allclear, or its key was changed since; sign in instead")
            }
            Self::Expired(claim) => {
                write!(f, "this link was valid until {:.0}; sign in to see {}", claim.expires, claim.page)
            }
        }
    }
}

impl From<BadLink> for Refusal {
    fn from(bad: BadLink) -> Self {
        let kind = match bad {
            BadLink::Malformed => RefusalKind::Invalid,
            BadLink::WrongSignature | BadLink::Expired(_) => RefusalKind::Forbidden,
        };
        Self::new(kind, bad.to_string())
    }
}

const VERSION: u8 = 1;
const SIGNATURE: usize = 32;
/// Version, action, expiry, page; the person's name takes the rest.
const HEAD: usize = 1 + 1 + 8 + 10;
/// Keeps this signature apart from everything else that may ever be signed with the same key.
const PURPOSE: &[u8] = b"allclear signed link\0";

/// The token of a link: 72 to 154 letters that need no escaping in a URL.
pub fn mint(key: &LinkKey, claim: &Claim) -> String {
    let mut bytes = Vec::with_capacity(HEAD + claim.person.as_str().len() + SIGNATURE);
    bytes.push(VERSION);
    bytes.push(match claim.action {
        LinkKind::Acknowledge => b'a',
        LinkKind::Escalate => b'e',
        LinkKind::Open => b'o',
    });
    bytes.extend(claim.expires.as_second().to_be_bytes());
    bytes.extend(&claim.page.bits().to_be_bytes()[6..]);
    bytes.extend(claim.person.as_str().as_bytes());
    let signature = sign(key, &bytes);
    bytes.extend(signature);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the token says, if we signed it and its time is not over.
pub fn read(key: &LinkKey, token: &str, now: Timestamp) -> Result<Claim, BadLink> {
    // A name is at most 63 letters; nothing longer is ours, and nothing longer is worth decoding.
    if token.len() > (HEAD + 63 + SIGNATURE).div_ceil(3) * 4 {
        return Err(BadLink::Malformed);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadLink::Malformed)?;
    let at = bytes.len().checked_sub(SIGNATURE).filter(|at| *at > HEAD).ok_or(BadLink::Malformed)?;
    let (signed, signature) = bytes.split_at(at);
    if signed[0] != VERSION {
        return Err(BadLink::Malformed);
    }
    if !bool::from(sign(key, signed).as_slice().ct_eq(signature)) {
        return Err(BadLink::WrongSignature);
    }
    // Only we can have written what follows; still nothing here can panic.
    let claim = claim(signed).ok_or(BadLink::Malformed)?;
    if now >= claim.expires {
        return Err(BadLink::Expired(claim));
    }
    Ok(claim)
}

fn claim(signed: &[u8]) -> Option<Claim> {
    let action = match signed[1] {
        b'a' => LinkKind::Acknowledge,
        b'e' => LinkKind::Escalate,
        b'o' => LinkKind::Open,
        _ => return None,
    };
    let expires = i64::from_be_bytes(signed.get(2..10)?.try_into().ok()?);
    let mut page = [0; 16];
    page[6..].copy_from_slice(signed.get(10..HEAD)?);
    Some(Claim {
        page: PageId::from_bits(u128::from_be_bytes(page)),
        person: std::str::from_utf8(signed.get(HEAD..)?).ok()?.parse().ok()?,
        action,
        expires: Timestamp::from_second(expires).ok()?,
    })
}

fn sign(key: &LinkKey, signed: &[u8]) -> [u8; SIGNATURE] {
    key.sign(PURPOSE, signed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Mint, Span};

    const KEY: LinkKey = LinkKey::new([7; 32]);

    fn now() -> Timestamp {
        "2026-11-02T03:12:07Z".parse().unwrap()
    }

    fn example() -> Claim {
        Claim {
            page: Mint::seeded(1).id(now()),
            person: "ana".parse().unwrap(),
            action: LinkKind::Acknowledge,
            expires: Span::hours(24).after(now()),
        }
    }

    #[test]
    fn a_link_says_what_was_put_into_it() {
        let longest: Name = "a".repeat(63).parse().unwrap();
        for person in [example().person, "a".parse().unwrap(), longest] {
            for action in [LinkKind::Acknowledge, LinkKind::Escalate, LinkKind::Open] {
                let claim = Claim { person: person.clone(), action, ..example() };
                let token = mint(&KEY, &claim);
                assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{token}");
                assert_eq!(read(&KEY, &token, now()), Ok(claim));
            }
        }
        insta::assert_snapshot!(mint(&KEY, &example()), @"AWEAAAAAaulRBwGhmj4nWGEZkUJhbmHhabp1shlo69vj9OsUEsc9cnWmHAAvvmtk5UeBcR1S4Q");
    }

    #[test]
    fn a_link_ends_at_its_instant_and_still_says_what_it_was_for() {
        let token = mint(&KEY, &example());
        let expires = example().expires;
        assert!(read(&KEY, &token, Span::seconds(1).before(expires)).is_ok());
        for late in [expires, Span::hours(1).after(expires), Timestamp::MAX] {
            assert_eq!(read(&KEY, &token, late), Err(BadLink::Expired(example())));
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let token = mint(&KEY, &example());
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let answer = read(&KEY, &URL_SAFE_NO_PAD.encode(altered), now());
            let expected = if bit < 8 { BadLink::Malformed } else { BadLink::WrongSignature };
            assert_eq!(answer, Err(expected), "bit {bit}");
        }
        // And in the letters themselves: also the bits that base64 does not use.
        for bit in 0..token.len() * 8 {
            let mut altered = token.clone().into_bytes();
            altered[bit / 8] ^= 1 << (bit % 8);
            if let Ok(altered) = String::from_utf8(altered) {
                assert!(read(&KEY, &altered, now()).is_err(), "bit {bit}");
            }
        }
    }

    #[test]
    fn every_truncation_and_every_addition_is_refused() {
        let token = mint(&KEY, &example());
        for length in 0..token.len() {
            assert!(read(&KEY, &token[..length], now()).is_err(), "{length}");
            assert!(read(&KEY, &token[length + 1..], now()).is_err(), "{length}");
        }
        for more in ["A", "AA", "AAAA", "=", "==", " ", "\n", "%20", ".", "é"] {
            assert!(read(&KEY, &format!("{token}{more}"), now()).is_err(), "{more:?}");
            assert!(read(&KEY, &format!("{more}{token}"), now()).is_err(), "{more:?}");
        }
        assert_eq!(read(&KEY, &"A".repeat(10_000), now()), Err(BadLink::Malformed));
    }

    #[test]
    fn a_signature_holds_for_its_own_claim_and_key_only() {
        let other_page = Mint::seeded(2).id(now());
        for other in [
            Claim { action: LinkKind::Escalate, ..example() },
            Claim { person: "ben".parse().unwrap(), ..example() },
            Claim { page: other_page, ..example() },
            Claim { expires: Span::seconds(1).after(example().expires), ..example() },
        ] {
            let ours = URL_SAFE_NO_PAD.decode(mint(&KEY, &example())).unwrap();
            let mut forged = URL_SAFE_NO_PAD.decode(mint(&LinkKey::new([0; 32]), &other)).unwrap();
            let at = forged.len() - SIGNATURE;
            forged.splice(at.., ours[ours.len() - SIGNATURE..].iter().copied());
            assert_eq!(read(&KEY, &URL_SAFE_NO_PAD.encode(forged), now()), Err(BadLink::WrongSignature));
        }
        assert_eq!(read(&LinkKey::new([8; 32]), &mint(&KEY, &example()), now()), Err(BadLink::WrongSignature));
    }

    #[test]
    fn a_well_signed_token_with_nonsense_inside_is_refused_without_a_panic() {
        let mut chance = Mint::seeded(3);
        for length in 0..120 {
            let mut bytes: Vec<u8> = (0..4).flat_map(|_| chance.secret()).take(length).collect();
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            let signature = sign(&KEY, &bytes);
            bytes.extend(signature);
            assert_eq!(read(&KEY, &URL_SAFE_NO_PAD.encode(&bytes), now()), Err(BadLink::Malformed), "{length}");
        }
    }
}
