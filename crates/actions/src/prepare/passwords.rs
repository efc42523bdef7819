//! Passwords: Argon2id with the parameters that OWASP advises, as PHC strings.
//!
//! Slow on purpose, and hungry: never inside of a transaction, and the edge bounds how many run at once.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use store::Error;

/// 19 MiB, two rounds, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// The hash of a password, as a PHC string. The salt is chance.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, Error> {
    let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Error::other(format!("a password was not hashed: {error}")))
}

/// Whether it is the password of the hash. Without a hash it takes as long, and is not: so that time does not tell
/// who has an account.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    /// The hash of nothing that can be typed.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmUhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let right = argon2().verify_password(password.as_bytes(), hash.unwrap_or(NOBODY)).is_ok();
    right && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_and_its_parameters_stand_in_the_hash() {
        let kept = hash("correct horse battery", [7; 16]).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterz", Some(&kept)));
        assert!(!verify("", None));
        assert!(!verify("x", Some("no hash")));
        assert_ne!(kept, hash("correct horse battery", [8; 16]).unwrap());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "measures that the two take about as long")]
    fn nobody_takes_as_long_as_somebody() {
        let kept = hash("correct horse battery", [7; 16]).unwrap();
        let time = |hash: Option<&str>| {
            let begin = std::time::Instant::now();
            for _ in 0..5 {
                verify("wrong horse battery", hash);
            }
            begin.elapsed().as_secs_f64()
        };
        let (somebody, nobody) = (time(Some(&kept)), time(None));
        assert!(nobody > somebody / 4.0 && nobody < somebody * 4.0, "{somebody} {nobody}");
    }
}
