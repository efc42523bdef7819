//! Who may come in, and with what: the form of secrets, the scopes of tokens, what a password must be.
//!
//! Knows no table and hashes no password; that is for the floors above.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::words::{Refusal, Result, Span, text};

/// A session ends when it was not used for this long.
pub const SESSION_IDLE: Span = Span::hours(14 * 24);
/// And after this long in any case.
pub const SESSION_LONGEST: Span = Span::hours(90 * 24);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SECRET_LETTERS: usize = 52;
const CHECK_LETTERS: usize = 6;
/// With them the token of an integration is longer than a block of SHA-256. HMAC then takes the hash of it for a key, so that what
/// a source signs with its token can be verified by the hash, which is all that we keep.
const CHECK_LETTERS_TO_SIGN: usize = 12;

/// What a secret opens. The prefix tells people, and scanners of repositories, what they found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    ApiToken,
    IntegrationToken,
    /// What a program shows that asks for flags.
    EnvironmentKey,
    Session,
}

impl SecretKind {
    const fn check_letters(self) -> usize {
        match self {
            Self::IntegrationToken => CHECK_LETTERS_TO_SIGN,
            Self::ApiToken | Self::EnvironmentKey | Self::Session => CHECK_LETTERS,
        }
    }

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::ApiToken => "acl_",
            Self::IntegrationToken => "aci_",
            Self::EnvironmentKey => "ack_",
            Self::Session => "acs_",
        }
    }
}

/// A secret that we gave out: prefix, 256 bits in base 32, and letters that show a slip of the hand before
/// anything is looked up. Kept only as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(kind: SecretKind, chance: [u8; 32]) -> Self {
        let mut text = kind.prefix().to_owned();
        push_letters(&mut text, &chance, SECRET_LETTERS);
        let check: [u8; 32] = Sha256::digest(&text).into();
        push_letters(&mut text, &check, kind.check_letters());
        Self(text)
    }

    /// A secret that somebody showed. `None`: none of ours, or mistyped.
    pub fn read(kind: SecretKind, shown: &str) -> Option<Self> {
        let prefix = kind.prefix().len();
        let check = shown.len().saturating_sub(prefix + SECRET_LETTERS);
        // Tokens of integrations that were made by an earlier version have fewer.
        if !(check == CHECK_LETTERS || check == kind.check_letters())
            || !shown.starts_with(kind.prefix())
            || !shown.bytes().skip(prefix).all(|letter| ALPHABET.contains(&letter))
        {
            return None;
        }
        let (body, shown_check) = shown.split_at(prefix + SECRET_LETTERS);
        let digest: [u8; 32] = Sha256::digest(body).into();
        let mut expected = String::new();
        push_letters(&mut expected, &digest, check);
        (shown_check == expected).then(|| Self(shown.to_owned()))
    }

    /// What the database keeps. No salt: the secret has 256 bits of chance, and is found by this.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The secret itself: shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last letters, by which people tell one from the other.
    pub fn ending(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(…{})", self.ending())
    }
}

/// A text that somebody sent, without secrets of ours: some sources show their token in what they send.
pub fn without_secrets(text: &str) -> String {
    let kinds = [SecretKind::ApiToken, SecretKind::IntegrationToken, SecretKind::Session];
    kinds.iter().fold(text.to_owned(), |text, kind| {
        let mut parts = text.split(kind.prefix());
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
            // What is so short is none.
            if part.len() - rest.len() < CHECK_LETTERS {
                kept += kind.prefix();
                kept += part;
            } else {
                kept += kind.prefix();
                kept += "…";
                kept += rest;
            }
        }
        kept
    })
}

/// The first letters of the bytes in base 32, five bits each.
fn push_letters(text: &mut String, bytes: &[u8; 32], letters: usize) {
    for letter in 0..letters {
        let bits = (0..5).fold(0u8, |bits, bit| {
            let place = letter * 5 + bit;
            let one = bytes.get(place / 8).is_some_and(|byte| byte >> (7 - place % 8) & 1 == 1);
            bits << 1 | u8::from(one)
        });
        text.push(char::from(ALPHABET[usize::from(bits)]));
    }
}

/// What an API token may be used for, within what its access allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Look at everything.
    Read,
    /// Acknowledge, snooze, resolve alerts; silence; page.
    Alerts,
    /// Declare incidents and respond to them.
    Incidents,
    /// Overrides of schedules.
    Schedules,
    /// Plan, apply, roll back documents.
    Documents,
    /// Tokens, people, settings.
    Administration,
}

impl Scope {
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Alerts, Self::Incidents, Self::Schedules, Self::Documents, Self::Administration];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Alerts => "alerts",
            Self::Incidents => "incidents",
            Self::Schedules => "schedules",
            Self::Documents => "documents",
            Self::Administration => "administration",
        }
    }

    /// Whether a token with these scopes may be used so. Without scopes it may be used for everything.
    pub fn allowed(self, scopes: &[Self]) -> bool {
        scopes.is_empty() || scopes.contains(&self)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            let all = Self::ALL.map(Self::word).join(", ");
            Refusal::invalid(format!("there is no scope {:?}{near}; the scopes are {all}", text::shorten(word, 40)))
        })
    }
}

const PASSWORD_LEAST: usize = 12;
const PASSWORD_MOST: usize = 200;

/// Whether a new password will do. Long is enough; what can be guessed from the person is not.
pub fn check_password(password: &str, name: &str, email: &str) -> Result<()> {
    let letters = password.chars().count();
    if letters < PASSWORD_LEAST {
        let message =
            format!("the password is too short: use at least {PASSWORD_LEAST} characters, for example four words");
        return Err(Refusal::invalid(message).at("/password"));
    }
    if letters > PASSWORD_MOST {
        return Err(
            Refusal::invalid(format!("the password is too long: at most {PASSWORD_MOST} characters")).at("/password")
        );
    }
    let folded = password.to_lowercase();
    let mut kinds: Vec<char> = folded.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let local = email.split('@').next().unwrap_or_default().to_lowercase();
    let mut guesses =
        [name, &local, "allclear", "password", "passwort", "1234567890", "qwertyuiop", "qwertz", "letmein"];
    // The longest first: what is left of `ana.silva` once `ana` is taken out would look like chance.
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.len()));
    let rest = guesses
        .iter()
        .filter(|guess| guess.chars().count() > 2)
        .fold(folded.clone(), |rest, guess| rest.replace(*guess, ""));
    if kinds.len() < 5 || rest.chars().count() < 6 {
        return Err(Refusal::invalid("the password is too easy to guess: use something else").at("/password"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_a_slip_is_seen() {
        let secret = Secret::new(SecretKind::ApiToken, [0xa5; 32]);
        insta::assert_snapshot!(secret.reveal(), @"acl_mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjgae4jmn");
        assert_eq!(format!("{secret:?}"), format!("Secret(…{})", secret.ending()));
        let read = |shown: &str| Secret::read(SecretKind::ApiToken, shown);
        assert_eq!(read(secret.reveal()).unwrap().hash(), secret.hash());
        assert_ne!(Secret::new(SecretKind::ApiToken, [0xa4; 32]).hash(), secret.hash());
        for place in 4..secret.reveal().len() {
            let mut slip = secret.reveal().to_owned();
            let other = if &slip[place..=place] == "7" { "8" } else { "7" };
            slip.replace_range(place..=place, other);
            assert_eq!(read(&slip), None, "{slip}");
        }
        for wrong in ["", "acl_", "acl_é", &secret.reveal().to_uppercase(), &format!("{}0", secret.reveal())] {
            assert_eq!(read(wrong), None);
        }
        assert_eq!(Secret::read(SecretKind::Session, secret.reveal()), None);
    }

    #[test]
    fn the_token_of_an_integration_is_long_enough_to_sign_with_and_shorter_ones_still_read() {
        let kind = SecretKind::IntegrationToken;
        let secret = Secret::new(kind, [0xa5; 32]);
        assert!(secret.reveal().len() > 64, "longer than a block of SHA-256");
        assert_eq!(Secret::read(kind, secret.reveal()), Some(secret.clone()));
        let before = secret.reveal()[..4 + SECRET_LETTERS + CHECK_LETTERS].to_owned();
        assert_eq!(Secret::read(kind, &before).unwrap().reveal(), before);
        assert_eq!(Secret::read(kind, &secret.reveal()[..65]), None);
    }

    #[test]
    fn secrets_in_what_was_sent_are_taken_out() {
        let secret = Secret::new(SecretKind::IntegrationToken, [1; 32]);
        let text = format!(r#"{{"routing_key":"{0}","a":"aci_ and oracl_x","b":"{0}"#, secret.reveal());
        assert_eq!(without_secrets(&text), r#"{"routing_key":"aci_…","a":"aci_ and oracl_x","b":"aci_…"#);
        assert_eq!(without_secrets(&secret.reveal()[..30]), "aci_…", "half of one as well");
    }

    #[test]
    fn a_password_is_long_and_not_a_guess() {
        for (password, fine) in [
            ("correct horse battery", true),
            ("ünïcödé-wörter", true),
            ("short", false),
            ("aaaaaaaaaaaaaaaa", false),
            ("password1234567890", false),
            ("ana.silva.ana", false),
            ("allclearallclear", false),
            (&"x1y2z3".repeat(40), false),
        ] {
            assert_eq!(check_password(password, "ana", "ana.silva@example.org").is_ok(), fine, "{password}");
        }
    }

    #[test]
    fn a_scope_reads_back() {
        for scope in Scope::ALL {
            assert_eq!(scope.word().parse::<Scope>().unwrap(), scope);
        }
        assert!("alert".parse::<Scope>().unwrap_err().message.contains("\"alerts\""));
        assert!(
            Scope::Read.allowed(&[]) && Scope::Read.allowed(&[Scope::Read]) && !Scope::Read.allowed(&[Scope::Alerts])
        );
    }
}
