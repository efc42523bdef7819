//! Accounts, sessions and tokens. Secrets are kept as their hashes; who may do what is decided elsewhere.

use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::words::{Name, Timestamp, TokenId};

use crate::{Error, Row, Tx};

/// What a person signs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub person: Name,
    pub password_hash: String,
    pub password_set_at: Timestamp,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.person)
    }
}

pub fn account(tx: &mut Tx<'_>, person: &Name) -> Result<Option<Account>, Error> {
    let row =
        tx.one("SELECT person, password_hash, password_set_at FROM accounts WHERE person = $1", &[person.into()])?;
    row.map(|row| {
        Ok(Account {
            person: row.name("person")?,
            password_hash: row.text("password_hash")?.to_owned(),
            password_set_at: row.instant("password_set_at")?,
        })
    })
    .transpose()
}

/// Whether anybody can sign in yet: before that, the first-run page is shown.
pub fn has_accounts(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.one("SELECT person FROM accounts LIMIT 1", &[])?.is_some())
}

pub fn put_account(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO accounts (person, password_hash, password_set_at) VALUES ($1, $2, $3)
         ON CONFLICT (person) DO UPDATE SET
           password_hash = excluded.password_hash, password_set_at = excluded.password_set_at",
        &[(&account.person).into(), account.password_hash.as_str().into(), account.password_set_at.into()],
    )?;
    Ok(())
}

/// A browser that somebody signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub token_hash: Vec<u8>,
    pub person: Name,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub agent: Option<String>,
    pub address: Option<String>,
}

const SESSION: &str = "SELECT token_hash, person, created_at, seen_at, expires_at, agent, address FROM sessions";

fn into_session(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        token_hash: row.bytes("token_hash")?.to_vec(),
        person: row.name("person")?,
        created_at: row.instant("created_at")?,
        seen_at: row.instant("seen_at")?,
        expires_at: row.instant("expires_at")?,
        agent: row.opt_text("agent")?.map(str::to_owned),
        address: row.opt_text("address")?.map(str::to_owned),
    })
}

pub fn session(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Session>, Error> {
    let row = tx.one(&format!("{SESSION} WHERE token_hash = $1"), &[token_hash.into()])?;
    row.map(|row| into_session(&row)).transpose()
}

/// The sessions of a person, the newest first.
pub fn sessions_of(tx: &mut Tx<'_>, person: &Name) -> Result<Vec<Session>, Error> {
    let rows = tx.query(&format!("{SESSION} WHERE person = $1 ORDER BY created_at DESC"), &[person.into()])?;
    rows.iter().map(into_session).collect()
}

pub fn add_session(tx: &mut Tx<'_>, session: &Session) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO sessions (token_hash, person, created_at, seen_at, expires_at, agent, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            session.token_hash.as_slice().into(),
            (&session.person).into(),
            session.created_at.into(),
            session.seen_at.into(),
            session.expires_at.into(),
            session.agent.as_deref().into(),
            session.address.as_deref().into(),
        ],
    )?;
    Ok(())
}

pub fn touch_session(tx: &mut Tx<'_>, token_hash: &[u8], seen_at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE sessions SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2",
        &[token_hash.into(), seen_at.into()],
    )?;
    Ok(())
}

/// Whether there was such a session.
pub fn delete_session(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM sessions WHERE token_hash = $1", &[token_hash.into()])? > 0)
}

/// Ends all sessions of the person but one. How many there were.
pub fn delete_sessions_of(tx: &mut Tx<'_>, person: &Name, but: &[u8]) -> Result<u64, Error> {
    tx.execute("DELETE FROM sessions WHERE person = $1 AND token_hash <> $2", &[person.into(), but.into()])
}

/// Forgets sessions that are over. How many there were.
pub fn delete_expired_sessions(tx: &mut Tx<'_>, now: Timestamp, idle_since: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2", &[now.into(), idle_since.into()])
}

/// A token of the API. It acts in the name of the person who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    /// What it is for, in words.
    pub name: String,
    pub access: Access,
    /// Empty: everything that the access allows.
    pub scopes: Vec<Scope>,
    pub person: Name,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

const API_TOKEN: &str =
    "SELECT id, name, access, scopes, person, created_at, expires_at, last_used_at, revoked_at FROM api_tokens";

fn into_api_token(row: &Row) -> Result<ApiToken, Error> {
    let scopes = row.text("scopes")?.split_whitespace().map(str::parse).collect::<Result<_, _>>();
    Ok(ApiToken {
        id: row.id("id")?,
        name: row.text("name")?.to_owned(),
        access: row.parse("access")?,
        scopes: scopes.map_err(|_| Error::corrupt("column \"scopes\" does not read as scopes"))?,
        person: row.name("person")?,
        created_at: row.instant("created_at")?,
        expires_at: row.opt_instant("expires_at")?,
        last_used_at: row.opt_instant("last_used_at")?,
        revoked_at: row.opt_instant("revoked_at")?,
    })
}

pub fn add_api_token(tx: &mut Tx<'_>, token: &ApiToken, hash: &[u8]) -> Result<(), Error> {
    let scopes = token.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" ");
    tx.execute(
        "INSERT INTO api_tokens (id, name, hash, access, scopes, person, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            token.id.into(),
            token.name.as_str().into(),
            hash.into(),
            token.access.word().into(),
            scopes.into(),
            (&token.person).into(),
            token.created_at.into(),
            token.expires_at.into(),
        ],
    )?;
    Ok(())
}

pub fn api_token(tx: &mut Tx<'_>, id: TokenId) -> Result<Option<ApiToken>, Error> {
    let row = tx.one(&format!("{API_TOKEN} WHERE id = $1"), &[id.into()])?;
    row.map(|row| into_api_token(&row)).transpose()
}

/// The token of that hash, whether it still holds or not.
pub fn api_token_by_hash(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<ApiToken>, Error> {
    let row = tx.one(&format!("{API_TOKEN} WHERE hash = $1"), &[hash.into()])?;
    row.map(|row| into_api_token(&row)).transpose()
}

/// All tokens, the newest first; of one person, if one is named.
pub fn api_tokens(tx: &mut Tx<'_>, person: Option<&Name>) -> Result<Vec<ApiToken>, Error> {
    let rows = match person {
        Some(person) => {
            tx.query(&format!("{API_TOKEN} WHERE person = $1 ORDER BY created_at DESC, id DESC"), &[person.into()])?
        }
        None => tx.query(&format!("{API_TOKEN} ORDER BY created_at DESC, id DESC"), &[])?,
    };
    rows.iter().map(into_api_token).collect()
}

pub fn touch_api_token(tx: &mut Tx<'_>, id: TokenId, at: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1", &[id.into(), at.into()])?;
    Ok(())
}

/// Whether it was not revoked before.
pub fn revoke_api_token(tx: &mut Tx<'_>, id: TokenId, at: Timestamp) -> Result<bool, Error> {
    let touched = tx.execute(
        "UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        &[id.into(), at.into()],
    )?;
    Ok(touched > 0)
}

/// A token of an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationToken {
    pub integration: Name,
    /// The last letters of the token.
    pub ending: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
}

const INTEGRATION_TOKEN: &str = "SELECT integration, ending, created_at, expires_at, used_at FROM integration_tokens";

fn into_integration_token(row: &Row) -> Result<IntegrationToken, Error> {
    Ok(IntegrationToken {
        integration: row.name("integration")?,
        ending: row.text("ending")?.to_owned(),
        created_at: row.instant("created_at")?,
        expires_at: row.opt_instant("expires_at")?,
        used_at: row.opt_instant("used_at")?,
    })
}

pub fn add_integration_token(tx: &mut Tx<'_>, token: &IntegrationToken, hash: &[u8]) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO integration_tokens (hash, integration, ending, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            hash.into(),
            (&token.integration).into(),
            token.ending.as_str().into(),
            token.created_at.into(),
            token.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// The token of that hash, whether it still holds or not.
pub fn integration_token_by_hash(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<IntegrationToken>, Error> {
    let row = tx.one(&format!("{INTEGRATION_TOKEN} WHERE hash = $1"), &[hash.into()])?;
    row.map(|row| into_integration_token(&row)).transpose()
}

/// The tokens of an integration, the newest first.
pub fn integration_tokens(tx: &mut Tx<'_>, integration: &Name) -> Result<Vec<IntegrationToken>, Error> {
    let rows = tx.query(
        &format!("{INTEGRATION_TOKEN} WHERE integration = $1 ORDER BY created_at DESC, ending"),
        &[integration.into()],
    )?;
    rows.iter().map(into_integration_token).collect()
}

/// The hash of a token, and when it was used.
pub type HashInUse = ([u8; 32], Option<Timestamp>);

/// The hashes of the tokens of an integration that hold now: by them it is verified what a source signs
/// with its token.
pub fn integration_token_hashes(tx: &mut Tx<'_>, integration: &Name, now: Timestamp) -> Result<Vec<HashInUse>, Error> {
    let sql = "SELECT hash, used_at FROM integration_tokens WHERE integration = $1 \
               AND (expires_at IS NULL OR expires_at > $2)";
    let read = |row: &Row| {
        let hash = row.bytes("hash")?.try_into().map_err(|_| Error::corrupt("the hash of a token does not read"))?;
        Ok((hash, row.opt_instant("used_at")?))
    };
    tx.query(sql, &[integration.into(), now.into()])?.iter().map(read).collect()
}

/// Lets the tokens of an integration live until then at the longest.
pub fn end_integration_tokens(tx: &mut Tx<'_>, integration: &Name, until: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE integration_tokens SET expires_at = $2
         WHERE integration = $1 AND (expires_at IS NULL OR expires_at > $2)",
        &[integration.into(), until.into()],
    )
}

pub fn touch_integration_token(tx: &mut Tx<'_>, hash: &[u8], at: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE integration_tokens SET used_at = $2 WHERE hash = $1", &[hash.into(), at.into()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::words::Mint;

    use super::*;
    use crate::Halt;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    crate::both_engines! {
        fn accounts_and_sessions_are_kept_and_ended(store) {
            store.write(|tx| {
                assert!(!has_accounts(tx)?);
                for hash in ["one", "two"] {
                    put_account(tx, &Account { person: name("ana"), password_hash: hash.into(), password_set_at: at(0) })?;
                }
                assert_eq!(account(tx, &name("ana"))?.unwrap().password_hash, "two");
                assert_eq!(account(tx, &name("ben"))?, None);
                assert!(has_accounts(tx)?);
                for (token, created) in [(1u8, 0), (2, 1), (3, 2)] {
                    add_session(tx, &Session {
                        token_hash: vec![token; 32], person: name("ana"), created_at: at(created), seen_at: at(created),
                        expires_at: at(100), agent: None, address: Some("::1".into()),
                    })?;
                }
                touch_session(tx, &[1; 32], at(50))?;
                touch_session(tx, &[1; 32], at(40))?;
                assert_eq!(session(tx, &[1; 32])?.unwrap().seen_at, at(50));
                assert_eq!(sessions_of(tx, &name("ana"))?.len(), 3);
                assert_eq!(delete_expired_sessions(tx, at(60), at(1))?, 1);
                assert_eq!(sessions_of(tx, &name("ana"))?.len(), 2);
                assert_eq!(delete_sessions_of(tx, &name("ana"), &[1; 32])?, 1);
                assert!(delete_session(tx, &[1; 32])?);
                assert!(!delete_session(tx, &[1; 32])?);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn tokens_are_found_by_hash_and_revoked_once(store) {
            let id = Mint::seeded(1).id(at(0));
            let token = ApiToken {
                id, name: "ci".into(), access: Access::Manager, scopes: vec![Scope::Read, Scope::Documents],
                person: name("ana"), created_at: at(0), expires_at: Some(at(9)), last_used_at: None, revoked_at: None,
            };
            store.write(|tx| {
                add_api_token(tx, &token, &[7; 32])?;
                assert_eq!(api_token_by_hash(tx, &[7; 32])?.as_ref(), Some(&token));
                assert_eq!(api_token_by_hash(tx, &[8; 32])?, None);
                assert_eq!(api_tokens(tx, Some(&name("ben")))?.len(), 0);
                touch_api_token(tx, id, at(3))?;
                assert!(revoke_api_token(tx, id, at(4))?);
                assert!(!revoke_api_token(tx, id, at(5))?);
                let now = api_token(tx, id)?.unwrap();
                assert_eq!((now.last_used_at, now.revoked_at), (Some(at(3)), Some(at(4))));
                assert_eq!(api_tokens(tx, None)?.len(), 1);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn two_tokens_of_an_integration_live_at_once(store) {
            store.write(|tx| {
                let token = |ending: &str, created| IntegrationToken {
                    integration: name("prom"), ending: ending.into(), created_at: at(created), expires_at: None, used_at: None,
                };
                add_integration_token(tx, &token("aaaa", 0), &[1; 32])?;
                assert_eq!(end_integration_tokens(tx, &name("prom"), at(60))?, 1);
                add_integration_token(tx, &token("bbbb", 1), &[2; 32])?;
                touch_integration_token(tx, &[1; 32], at(2))?;
                let old = integration_token_by_hash(tx, &[1; 32])?.unwrap();
                assert_eq!((old.expires_at, old.used_at), (Some(at(60)), Some(at(2))));
                let endings: Vec<String> =
                    integration_tokens(tx, &name("prom"))?.into_iter().map(|token| token.ending).collect();
                assert_eq!(endings, ["bbbb", "aaaa"]);
                let mut hold = integration_token_hashes(tx, &name("prom"), at(59))?;
                hold.sort_unstable();
                assert_eq!(hold, [([1; 32], Some(at(2))), ([2; 32], None)]);
                assert_eq!(integration_token_hashes(tx, &name("prom"), at(60))?, [([2; 32], None)]);
                // A longer grace does not bring back what was to end sooner.
                assert_eq!(end_integration_tokens(tx, &name("prom"), at(90))?, 1);
                assert_eq!(integration_token_by_hash(tx, &[1; 32])?.unwrap().expires_at, Some(at(60)));
                Ok::<_, Halt>(())
            }).unwrap();
        }
    }
}
