//! The keys by which programs ask for the flags of an environment: made, shown once, revoked.

use domain::change::environment_keys::{EnvironmentKey, KeyKind};
use domain::prepare::access::{Secret, SecretKind};
use domain::prepare::catalog::Catalog;
use domain::words::{EnvironmentKeyId, EventKind, Name, Refusal, Timestamp, text};
use serde_json::json;
use store::change::environment_keys as rows;
use store::{Halt, Tx};

use crate::{Moment, announce};

/// What somebody wants a key for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub environment: Name,
    pub kind: KeyKind,
    pub title: String,
    pub expires_at: Option<Timestamp>,
}

/// An environment by its name.
pub fn must<'c>(catalog: &'c Catalog, name: &Name) -> Result<&'c domain::change::environments::Environment, Refusal> {
    catalog.environments.get(name).ok_or_else(|| {
        let near = text::did_you_mean(name.as_str(), catalog.environments.keys().map(Name::as_str));
        Refusal::not_found(format!("environment {name}{near}"))
    })
}

/// Makes a key. Its secret is shown this once.
pub fn create(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    wanted: &Wanted,
) -> Result<(EnvironmentKey, Secret), Halt> {
    must(catalog, &wanted.environment)?;
    let made_by = moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))?;
    let secret = Secret::new(SecretKind::EnvironmentKey, moment.mint.secret());
    let key = EnvironmentKey {
        id: moment.mint.id(moment.now),
        environment: wanted.environment.clone(),
        kind: wanted.kind,
        title: wanted.title.clone(),
        ending: secret.ending().to_owned(),
        made_by,
        made_at: moment.now,
        expires_at: wanted.expires_at,
        revoked_at: None,
    }
    .checked()?;
    rows::add(tx, &key, &secret.hash())?;
    tell(tx, moment, EventKind::EnvironmentKeyCreated, &key)?;
    Ok((key, secret))
}

/// Revokes a key: from now on it opens nothing.
pub fn revoke(tx: &mut Tx<'_>, moment: &mut Moment<'_>, environment: &Name, id: EnvironmentKeyId) -> Result<(), Halt> {
    let key = rows::get(tx, id)?.filter(|key| key.environment == *environment);
    let key = key.ok_or_else(|| Refusal::not_found(format!("key {id} of the environment {environment}")))?;
    if !rows::revoke(tx, id, moment.now)? {
        return Err(Refusal::conflict("this key was revoked already").into());
    }
    tell(tx, moment, EventKind::EnvironmentKeyRevoked, &key)
}

fn tell(tx: &mut Tx<'_>, moment: &mut Moment<'_>, kind: EventKind, key: &EnvironmentKey) -> Result<(), Halt> {
    let subjects = vec![key.id.to_string(), format!("environment/{}", key.environment)];
    let data = json!({
        "environment": key.environment,
        "kind": key.kind,
        "title": key.title,
        "ending": key.ending,
        "expires_at": key.expires_at,
    });
    announce::event(tx, moment, kind, subjects, None, data)
}
