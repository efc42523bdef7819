//! One's own weekly digest over the API: what it would say now, and whether it is sent.

use actions::learn::digests;
use axum::extract::State;
use axum::{Extension, Json};
use domain::learn::digests::Digest as Told;
use domain::words::{Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What the digest of the last seven days says. Nothing is sent where no section says anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Digest {
    /// It is sent on Mondays.
    pub wanted: bool,
    pub from: Timestamp,
    pub to: Timestamp,
    pub sections: Vec<DigestSection>,
}

/// Lines about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DigestSection {
    /// `learned`, `back`, `overdue` or `anniversary`.
    pub about: String,
    pub title: String,
    pub lines: Vec<DigestLine>,
    /// So many more are not told.
    pub more: usize,
}

/// One thing, with its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DigestLine {
    pub title: String,
    pub note: String,
    /// Where its record is on this server.
    pub path: String,
}

/// Whether one wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DigestChoice {
    pub wanted: bool,
}

fn wire(told: Told, wanted: bool) -> Digest {
    let section = |one: domain::learn::digests::Section| DigestSection {
        about: one.about.word().to_owned(),
        title: one.about.title().to_owned(),
        lines: one
            .lines
            .into_iter()
            .map(|line| DigestLine { title: line.title, note: line.note, path: line.path })
            .collect(),
        more: one.more,
    };
    Digest { wanted, from: told.from, to: told.to, sections: told.sections.into_iter().map(section).collect() }
}

fn person(visitor: &Visitor) -> Result<Name, Refusal> {
    let nobody = || Refusal::forbidden("a digest is somebody's own: ask with a session or a token of a person");
    visitor.person().cloned().ok_or_else(nobody)
}

async fn found(app: &App, name: Name) -> Result<Digest, Problem> {
    let (house, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let wanted = store::learn::digests::get(tx, &name)?.is_none_or(|row| row.wanted);
        Ok(wire(digests::of(tx, house.node(), &name, now)?, wanted))
    });
    Ok(found.await?)
}

/// What your digest of the last seven days says, and whether it is sent.
#[utoipa::path(get, path = "/api/v1/me/digest", tag = "me", responses((status = 200, body = Digest)))]
pub async fn one(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Result<Json<Digest>, Problem> {
    Ok(Json(found(&app, person(&visitor)?).await?))
}

/// Says whether you want it. Answers with what it says now.
#[utoipa::path(put, path = "/api/v1/me/digest", tag = "me", request_body = DigestChoice,
    responses((status = 200, body = Digest)))]
pub async fn choose(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<DigestChoice>,
) -> Result<Json<Digest>, Problem> {
    let name = person(&visitor)?;
    let (chosen, again) = (body.value.wanted, name.clone());
    app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| digests::want(tx, &mut moment.again(), &again, chosen))
    })
    .await?;
    Ok(Json(found(&app, name).await?))
}
