//! Subscribers: whoever asked to be told of notices, and said so a second time from the address itself.
//!
//! Nobody is written to who has not confirmed, but for the one message that asks. The links in these messages are signed and
//! nothing of them is kept: to forget a subscriber is to take their row away.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::notices::Notice;
use crate::engage::contacts::{check_email, check_url};
use crate::engage::links::LinkKey;
use crate::words::{Id as _, Name, Refusal, Result, Span, SubscriberId, Timestamp};

/// The way to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Email,
    Webhook,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Email, Self::Webhook];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }
}

/// Somebody outside who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    pub id: SubscriberId,
    pub way: Way,
    pub address: String,
    /// Which components they asked for; none means all.
    pub components: BTreeSet<Name>,
    pub asked_at: Timestamp,
    /// When they said so from the address itself.
    pub confirmed_at: Option<Timestamp>,
}

/// Whoever does not confirm in this time is forgotten.
pub const CONFIRMED_WITHIN: Span = Span::hours(48);
/// The same address is asked again this long after it was asked last, at the earliest.
pub const ASKED_AGAIN: Span = Span::minutes(10);

impl Subscriber {
    /// Whether this notice is for them: it names a component that they asked for, or none at all.
    pub fn wants(&self, notice: &Notice) -> bool {
        let touched = notice.touched();
        self.confirmed_at.is_some()
            && (self.components.is_empty()
                || touched.is_empty()
                || touched.keys().any(|name| self.components.contains(name)))
    }
}

/// The address as it is kept; or what is wrong with it.
pub fn address(way: Way, said: &str) -> Result<String> {
    let said = said.trim();
    match way {
        Way::Email => {
            check_email(said).map_err(|refusal| refusal.at("/email"))?;
            Ok(said.to_lowercase())
        }
        Way::Webhook => {
            check_url(said).map_err(|refusal| refusal.at("/webhook"))?;
            if !said.starts_with("https://") {
                return Err(Refusal::invalid("a webhook of a subscriber begins with https://").at("/webhook"));
            }
            Ok(said.to_owned())
        }
    }
}

/// What the holder of a link may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Confirm,
    Unsubscribe,
}

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub subscriber: SubscriberId,
    pub deed: Deed,
}

const SIGNATURE: usize = 32;
const PURPOSE: &[u8] = b"allclear subscriber link\0";

/// The token of a link.
pub fn mint(key: &LinkKey, claim: Claim) -> String {
    let mut bytes = vec![match claim.deed {
        Deed::Confirm => b'c',
        Deed::Unsubscribe => b'u',
    }];
    bytes.extend(&claim.subscriber.bits().to_be_bytes()[6..]);
    let signature = key.sign(PURPOSE, &bytes);
    bytes.extend(signature);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the token says, if we signed it. When it ends is with the row of the subscriber.
pub fn read(key: &LinkKey, token: &str) -> Result<Claim> {
    let wrong = || Refusal::not_found("such link: it is incomplete, or was not made here");
    if token.len() > 80 {
        return Err(wrong());
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    if bytes.len() != 11 + SIGNATURE {
        return Err(wrong());
    }
    let (said, signature) = bytes.split_at(11);
    if !bool::from(key.sign(PURPOSE, said).as_slice().ct_eq(signature)) {
        return Err(wrong());
    }
    let deed = match said[0] {
        b'c' => Deed::Confirm,
        b'u' => Deed::Unsubscribe,
        _ => return Err(wrong()),
    };
    let mut bits = [0; 16];
    bits[6..].copy_from_slice(&said[1..]);
    Ok(Claim { subscriber: SubscriberId::from_bits(u128::from_be_bytes(bits)), deed })
}

#[cfg(test)]
mod tests {
    use super::super::notices::{Sort, tests::notice};
    use super::*;
    use crate::words::Mint;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn a_link_holds_for_its_own_deed_and_nothing_altered_is_read() {
        let key = LinkKey::new([7; 32]);
        let subscriber = Mint::seeded(1).id(at(0));
        for deed in [Deed::Confirm, Deed::Unsubscribe] {
            let claim = Claim { subscriber, deed };
            let token = mint(&key, claim);
            assert_eq!(read(&key, &token), Ok(claim));
            assert!(read(&LinkKey::new([8; 32]), &token).is_err());
            for place in 0..token.len() {
                let mut altered = token.clone().into_bytes();
                altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
                assert!(read(&key, &String::from_utf8(altered).unwrap()).is_err(), "{place}");
                assert!(read(&key, &token[..place]).is_err());
            }
        }
    }

    #[test]
    fn who_asked_for_a_component_is_told_of_it_and_of_what_names_none() {
        let one = |components: &[&str], confirmed: bool| Subscriber {
            id: Mint::seeded(1).id(at(0)),
            way: Way::Email,
            address: "a@example.org".into(),
            components: components.iter().map(|name| name.parse().unwrap()).collect(),
            asked_at: at(0),
            confirmed_at: confirmed.then_some(at(1)),
        };
        let web = notice(Sort::Incident, None, &[(0, "investigating", "web=degraded")]);
        let bare = notice(Sort::Incident, None, &[(0, "investigating", "")]);
        for (components, confirmed, about_web, about_nothing) in [
            (&[][..], true, true, true),
            (&["web", "api"], true, true, true),
            (&["api"], true, false, true),
            (&[], false, false, false),
        ] {
            let subscriber = one(components, confirmed);
            assert_eq!((subscriber.wants(&web), subscriber.wants(&bare)), (about_web, about_nothing), "{components:?}");
        }
    }

    #[test]
    fn an_address_is_one() {
        assert_eq!(address(Way::Email, " Ana@Example.org ").unwrap(), "ana@example.org");
        for (way, wrong) in [
            (Way::Email, "ana"),
            (Way::Email, "ana@example.org\r\nBcc: x@example.org"),
            (Way::Webhook, "http://example.org/hook"),
            (Way::Webhook, "file:///etc/passwd"),
        ] {
            assert!(address(way, wrong).is_err(), "{wrong}");
        }
    }
}
