//! Rows of the keys of environments. Of a key only its hash is kept.

use domain::change::environment_keys::{EnvironmentKey, KeyKind};
use domain::words::{EnvironmentKeyId, Name, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, hash, environment, kind, title, ending, made_by, made_at, expires_at, revoked_at";

pub fn add(tx: &mut Tx<'_>, key: &EnvironmentKey, hash: &[u8]) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO environment_keys (id, hash, environment, kind, title, ending, made_by, made_at, expires_at, revoked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            key.id.into(),
            hash.into(),
            (&key.environment).into(),
            key.kind.word().into(),
            key.title.as_str().into(),
            key.ending.as_str().into(),
            (&key.made_by).into(),
            key.made_at.into(),
            key.expires_at.into(),
            key.revoked_at.into(),
        ],
    )?;
    Ok(())
}

/// The keys of an environment, the newest first; also those that no longer hold.
pub fn of_environment(tx: &mut Tx<'_>, environment: &Name) -> Result<Vec<EnvironmentKey>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM environment_keys WHERE environment = $1 ORDER BY id DESC");
    tx.query(&sql, &[environment.into()])?.iter().map(read).collect()
}

pub fn get(tx: &mut Tx<'_>, id: EnvironmentKeyId) -> Result<Option<EnvironmentKey>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM environment_keys WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// All that were not revoked, with their hashes.
pub fn held(tx: &mut Tx<'_>) -> Result<Vec<([u8; 32], EnvironmentKey)>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM environment_keys WHERE revoked_at IS NULL ORDER BY id");
    let rows = tx.query(&sql, &[])?;
    rows.iter()
        .map(|row| {
            let hash = row.bytes("hash")?.try_into().map_err(|_| Error::other("a hash of a key has no 32 bytes"))?;
            Ok((hash, read(row)?))
        })
        .collect()
}

/// It opens nothing any more; whether it did.
pub fn revoke(tx: &mut Tx<'_>, id: EnvironmentKeyId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE environment_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, &[id.into(), now.into()])? == 1)
}

fn read(row: &Row) -> Result<EnvironmentKey, Error> {
    let word = row.text("kind")?;
    Ok(EnvironmentKey {
        id: row.id("id")?,
        environment: row.name("environment")?,
        kind: KeyKind::from_word(word).ok_or_else(|| Error::other(format!("a key is of the kind {word:?}")))?,
        title: row.text("title")?.to_owned(),
        ending: row.text("ending")?.to_owned(),
        made_by: row.name("made_by")?,
        made_at: row.instant("made_at")?,
        expires_at: row.opt_instant("expires_at")?,
        revoked_at: row.opt_instant("revoked_at")?,
    })
}

#[cfg(test)]
mod tests {
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;

    both_engines! {
        fn a_key_is_held_until_it_is_revoked(store) {
            let now = Timestamp::from_second(1_790_000_000).unwrap();
            let mut mint = Mint::seeded(1);
            let mut key = |kind| EnvironmentKey {
                id: mint.id(now),
                environment: "production".parse().unwrap(),
                kind,
                title: "checkout".into(),
                ending: "abcd".into(),
                made_by: "ana".parse().unwrap(),
                made_at: now,
                expires_at: Some(now),
                revoked_at: None,
            };
            let (one, two) = (key(KeyKind::Server), key(KeyKind::Client));
            store.write(|tx| {
                add(tx, &one, &[1; 32])?;
                add(tx, &two, &[2; 32])?;
                assert_eq!(of_environment(tx, &one.environment)?, [two.clone(), one.clone()]);
                assert_eq!(held(tx)?, [([1; 32], one.clone()), ([2; 32], two.clone())]);
                assert_eq!((revoke(tx, one.id, now)?, revoke(tx, one.id, now)?), (true, false));
                assert_eq!(held(tx)?.len(), 1);
                assert_eq!(get(tx, one.id)?.unwrap().revoked_at, Some(now));
                Ok(())
            }).unwrap();
        }
    }
}
