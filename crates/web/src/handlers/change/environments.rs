//! An environment: its keys made, shown once and revoked; and who fetched.

use actions::change::environment_keys::{Wanted, must};
use axum::extract::Path;
use axum::response::Response;
use domain::change::environment_keys::{EnvironmentKey, KeyKind};
use domain::change::fractional::Bucketing;
use domain::prepare::people::Access;
use domain::words::{EnvironmentKeyId, Name, Refusal, Span, text};
use store::change::environment_keys as rows;
use store::{Halt, change::kills};

use crate::api::change::environments as api;
use crate::api::change::kills::{readers, wire_readers};
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::change::environments::{EnvironmentPage, KeyRow, ReaderRow};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

fn read(name: &str) -> Result<Name, Problem> {
    name.parse().map_err(|_| Refusal::not_found(format!("environment {}", text::shorten(name, 63))).into())
}

/// `GET /environments/NAME`.
pub async fn get_environment(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = read(&name)?;
    one(asked, name, None, (String::new(), None)).await
}

async fn one(
    asked: Asked,
    name: Name,
    secret: Option<String>,
    (typed, error): (String, Option<String>),
) -> Result<Response, Problem> {
    asked
        .page(Section::Flags, move |look, shell| {
            let (catalog, now) = (look.rules.catalog.clone(), look.now());
            let spec = must(&catalog, &name)?;
            let may_keys = look.asked.access >= Access::Manager;
            let standing = kills::standing(look.tx)?;
            let is_killed = |row: &&kills::KillRow| row.environment == name && row.kill.is_in_force(now);
            let killed = standing.iter().filter(is_killed).count();
            let flags = catalog.flags.values().filter(|flag| flag.environments.contains_key(&name)).count();
            let serving = look.app.node().flags().snapshot().environment(&name).cloned();
            let version = serving.map(|serving| serving.version.clone()).unwrap_or_default();
            let keys = rows::of_environment(look.tx, &name)?;
            let keys = keys.iter().map(|key| key_row(look, key, may_keys)).collect();
            let all = readers(look.tx, &name, Span::hours(24).before(now))?;
            let all = wire_readers(look.tx, &name, &all)?;
            let readers = all.into_iter().map(|reader| ReaderRow {
                about: match (&reader.address, &reader.agent) {
                    _ if reader.kind == "client" => "with users".into(),
                    (Some(address), Some(agent)) => format!("{address}, {agent}"),
                    (one, other) => one.clone().or_else(|| other.clone()).unwrap_or_else(|| "this machine".into()),
                },
                state: if reader.version == version {
                    Badge::new(Tone::Good, "Up to date")
                } else {
                    Badge::new(Tone::Warning, "An older version")
                },
                at: look.when(reader.fetched_at),
                key: reader.key,
            });
            Ok(EnvironmentPage {
                title: spec.title.clone(),
                bucketing: match spec.bucketing {
                    Bucketing::Canonical => "canonical",
                    Bucketing::Text => "text",
                },
                readers: readers.collect(),
                url: look.app.settings().public_url.clone(),
                flags_link: Link::new(if flags == 1 { "1 flag".into() } else { format!("{flags} flags") }, "/flags"),
                document_href: format!("/documents/environment/{name}"),
                name: name.to_string(),
                secret: secret.clone(),
                typed: typed.clone(),
                error: error.clone(),
                flags,
                killed,
                version,
                keys,
                may_keys,
                shell,
            })
        })
        .await
}

fn key_row(look: &Look<'_, '_>, key: &EnvironmentKey, may_keys: bool) -> KeyRow {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(_), _) => Badge::new(Tone::Quiet, "Revoked"),
        (None, Some(at)) if at <= look.now() => Badge::new(Tone::Quiet, "Expired"),
        (None, Some(at)) => Badge::new(Tone::Good, format!("Until {}", look.view.brief(at))),
        (None, None) => Badge::new(Tone::Good, "Holds"),
    };
    KeyRow {
        id: key.id.to_string(),
        title: key.title.clone(),
        kind: key.kind.word().to_owned(),
        ending: key.ending.clone(),
        by: look.full_name(&key.made_by),
        at: look.when(key.made_at),
        may_revoke: may_keys && key.revoked_at.is_none(),
        state,
    }
}

/// `GET /environments/NAME/keys`: a form that was sent once is not sent again.
pub async fn get_back(asked: Asked, Path(name): Path<String>) -> Response {
    asked.lead(&format!("/environments/{name}"), None)
}

/// `POST /environments/NAME/keys` with `title`, `kind`: the key is shown on the answer, and never again.
pub async fn post_keys(asked: Asked, Path(name): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let environment = read(&name)?;
    let title = fields.text("title").to_owned();
    let kind = KeyKind::from_word(fields.text("kind")).unwrap_or(KeyKind::Client);
    let wanted = Wanted { environment: environment.clone(), kind, title: title.clone(), expires_at: None };
    match api::make_key(&asked.app, &asked.visitor, wanted).await {
        Ok(made) => one(asked, environment, Some(made.secret), (String::new(), None)).await,
        Err(Halt::Refused(refusal)) => {
            let error = Some(sentence(&refusal.message));
            one(asked, environment, None, (title, error)).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /environments/NAME/keys/ID/revoke`.
pub async fn post_revoke(
    asked: Asked,
    Path((name, key)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let environment = read(&name)?;
    let outcome = match key.parse::<EnvironmentKeyId>() {
        Ok(id) => api::end_key(&asked.app, &asked.visitor, environment.clone(), id).await,
        Err(refusal) => Err(refusal.into()),
    };
    asked.back_with(
        &fields,
        &format!("/environments/{environment}"),
        outcome.map(|()| done("The key opens nothing any more")),
    )
}
