//! Confirmations: before an assistant writes, it is told what would be written, and given a token that stands for just that.
//!
//! The token is bound to who asks, to the tool and to each letter of what it would do, and is soon over. It proves that the
//! same caller was shown the same deed; it is no session, keeps nothing, and says nothing about what is allowed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::engage::links::LinkKey;
use crate::words::{Refusal, Result, Span, Timestamp};

/// What would be done, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed<'a> {
    /// As the journal names it: `token:tok_…:ana`.
    pub actor: &'a str,
    pub tool: &'a str,
    /// The arguments, as we write them.
    pub arguments: &'a str,
}

/// For so long a deed can be confirmed: long enough to be read by a person, too short to be found later.
pub const CONFIRMED_WITHIN: Span = Span::minutes(10);

const SIGNATURE: usize = 32;
/// When it is over, in seconds.
const HEAD: usize = 8;
/// Keeps this signature apart from everything else that is signed with the same key.
const PURPOSE: &[u8] = b"allclear confirmation\0";

/// The token that confirms a deed until [`CONFIRMED_WITHIN`] is over.
pub fn mint(key: &LinkKey, deed: Deed<'_>, now: Timestamp) -> String {
    let head = CONFIRMED_WITHIN.after(now).as_second().to_be_bytes();
    let signature = key.sign(PURPOSE, &signed(&head, deed));
    let mut bytes = head.to_vec();
    bytes.extend(signature);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether a token confirms just this deed, now.
///
/// # Errors
/// It is not ours, or was given for something else, or for somebody else; or its time is over.
pub fn check(key: &LinkKey, deed: Deed<'_>, token: &str, now: Timestamp) -> Result<()> {
    let wrong = || {
        let why = "this confirmation is not for this: ask without one, and confirm what is shown then, unchanged";
        Refusal::invalid(why).at("/confirmation")
    };
    if token.len() > (HEAD + SIGNATURE).div_ceil(3) * 4 {
        return Err(wrong());
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    if bytes.len() != HEAD + SIGNATURE {
        return Err(wrong());
    }
    let (head, signature) = bytes.split_at(HEAD);
    if !bool::from(key.sign(PURPOSE, &signed(head, deed)).as_slice().ct_eq(signature)) {
        return Err(wrong());
    }
    let expires = head.try_into().map(i64::from_be_bytes).map_err(|_| wrong())?;
    if now.as_second() >= expires {
        return Err(
            Refusal::invalid("the time of this confirmation is over; ask without one again").at("/confirmation")
        );
    }
    Ok(())
}

/// Each part with its length, so that no two deeds are signed alike.
fn signed(head: &[u8], deed: Deed<'_>) -> Vec<u8> {
    let mut bytes = head.to_vec();
    for part in [deed.actor, deed.tool, deed.arguments] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEED: Deed<'_> = Deed { actor: "token:tok_1:ana", tool: "add_note", arguments: "{\"text\":\"x\"}" };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn a_confirmation_is_for_one_deed_of_one_caller_and_soon_over() {
        let (key, other) = (LinkKey::new([7; 32]), LinkKey::new([8; 32]));
        let token = mint(&key, DEED, at(0));
        assert_eq!(check(&key, DEED, &token, at(599)), Ok(()));
        assert!(check(&key, DEED, &token, at(600)).unwrap_err().message.contains("is over"));
        let wrong = |key: &LinkKey, deed, token: &str| check(key, deed, token, at(1)).unwrap_err();
        for deed in [
            Deed { actor: "token:tok_2:ana", ..DEED },
            Deed { tool: "add_not", arguments: "e{\"text\":\"x\"}", ..DEED },
            Deed { arguments: "{\"text\":\"y\"}", ..DEED },
        ] {
            assert!(wrong(&key, deed, &token).message.contains("is not for this"), "{deed:?}");
        }
        assert!(wrong(&other, DEED, &token).message.contains("is not for this"));
        let altered = format!("B{}", &token[1..]);
        for token in ["", "x", altered.as_str(), &token[1..], "é", &"A".repeat(10_000)] {
            assert_eq!(wrong(&key, DEED, token).at.as_deref(), Some("/confirmation"), "{token}");
        }
    }
}
