//! The public routes: no session, no cookie, no script; kept by caches for half a minute, and told by their content.
//!
//! When everybody looks at once the store is asked once in a while, not once for each.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use actions::inform::status_pages;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::inform::published::Published;
use domain::words::{NoticeId, Refusal};
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use store::Halt;

use super::published::{self, DATA};
use crate::app::App;
use crate::problem::Problem;

/// What was public a moment ago.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Key, Arc<Published>)>>);

/// Its version, and the quarter of a minute in which it was read.
type Key = ((i64, i64), i64);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// The version as it stands in pages and in the heartbeat.
pub fn version_text((documents, notices): (i64, i64)) -> String {
    format!("{documents}.{notices}")
}

/// What is public now, and its version; a refusal, if nothing is.
pub async fn public(app: &App) -> Result<(Arc<Published>, String), Problem> {
    let now = app.now();
    let again = app.clone();
    let found = app
        .read(move |tx| {
            let version = status_pages::version(tx, again.node())?;
            let key: Key = (version, now.as_second().div_euclid(15));
            let kept = again.kept_public().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some((_, all)) = kept.filter(|(of, _)| *of == key) {
                return Ok(Some((all, version)));
            }
            let Some(all) = status_pages::published(tx, again.node(), now)? else { return Ok(None) };
            let all = Arc::new(all);
            *again.kept_public().0.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, all.clone()));
            Ok(Some((all, version)))
        })
        .await?;
    let (all, version) = found.ok_or_else(|| Refusal::not_found("status page here"))?;
    Ok((all, version_text(version)))
}

/// The answer with its tag, or that it is still the same.
fn tagged(asked: &HeaderMap, kind: &'static str, body: String, seconds: u32) -> Response {
    let digest = Sha256::digest(&body);
    let tag = digest[..12].iter().fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    let known = asked
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|all| all.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*"));
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { ([(CONTENT_TYPE, kind)], body).into_response() };
    let headers = response.headers_mut();
    let keep = format!("public, max-age={seconds}");
    headers.insert(CACHE_CONTROL, HeaderValue::from_str(&keep).unwrap_or(HeaderValue::from_static("no-cache")));
    headers.insert(ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")));
    response
}

const HTML: &str = "text/html; charset=utf-8";
/// How long a cache may keep a page, in seconds.
const FRESH: u32 = 30;

fn rendered(page: &impl Template) -> Result<String, Problem> {
    let failed = |error| Halt::from(store::Error::other(format!("a page does not render: {error}")));
    Ok(page.render().map_err(failed)?)
}

/// `GET /status`.
pub async fn get_page(State(app): State<App>, asked: HeaderMap) -> Result<Response, Problem> {
    let (all, version) = public(&app).await?;
    Ok(tagged(&asked, HTML, rendered(&published::page(&all, &version))?, FRESH))
}

/// `GET /status/history`: this year.
pub async fn get_history(State(app): State<App>, asked: HeaderMap) -> Result<Response, Problem> {
    let year = app.now().to_zoned(TimeZone::UTC).year();
    history(app, asked, year).await
}

/// `GET /status/history/YEAR`.
pub async fn get_year(State(app): State<App>, Path(year): Path<String>, asked: HeaderMap) -> Result<Response, Problem> {
    let year: i16 = year.parse().map_err(|_| Refusal::not_found("such year"))?;
    history(app, asked, year).await
}

async fn history(app: App, asked: HeaderMap, year: i16) -> Result<Response, Problem> {
    let (all, version) = public(&app).await?;
    if !all.years().contains(&year) {
        return Err(Refusal::not_found("such year: nothing was told in it").into());
    }
    let notices = app.read(move |tx| published::of_year(tx, year)).await?;
    Ok(tagged(&asked, HTML, rendered(&published::history(&all, &version, year, &notices))?, FRESH))
}

/// `GET /status/notices/ID`.
pub async fn get_notice(State(app): State<App>, Path(id): Path<String>, asked: HeaderMap) -> Result<Response, Problem> {
    let (all, version) = public(&app).await?;
    let id: NoticeId = id.parse().map_err(|_| Refusal::not_found("such notice"))?;
    let notice = app.read(move |tx| actions::inform::notices::find(tx, id)).await?;
    Ok(tagged(&asked, HTML, rendered(&published::notice_page(&all, &version, &notice))?, FRESH))
}

/// `GET /status/notices/ID/postmortem`.
pub async fn get_report(State(app): State<App>, Path(id): Path<String>, asked: HeaderMap) -> Result<Response, Problem> {
    report(app, &id, None, asked).await
}

/// `GET /status/notices/ID/postmortem/VERSION`.
pub async fn get_report_version(
    State(app): State<App>,
    Path((id, number)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let number = number.parse().map_err(|_| Refusal::not_found("such version"))?;
    report(app, &id, Some(number), asked).await
}

async fn report(app: App, id: &str, number: Option<u32>, asked: HeaderMap) -> Result<Response, Problem> {
    let (all, version) = public(&app).await?;
    let id: NoticeId = id.parse().map_err(|_| Refusal::not_found("such notice"))?;
    let page = app
        .read(move |tx| {
            let notice = actions::inform::notices::find(tx, id)?;
            published::report(tx, &all, &version, &notice, number)
        })
        .await?;
    let page = page.ok_or_else(|| Refusal::not_found("postmortem of this notice, or such a version of it"))?;
    Ok(tagged(&asked, HTML, rendered(&page)?, FRESH))
}

/// What programs and feed readers read, by its path: any site may.
pub async fn get_data(State(app): State<App>, uri: Uri, asked: HeaderMap) -> Result<Response, Problem> {
    let (all, _) = public(&app).await?;
    let found = DATA.iter().find(|(path, _, _)| *path == uri.path());
    let (_, kind, make) = found.ok_or_else(|| Refusal::not_found("such file"))?;
    let mut response = tagged(&asked, kind, make(&all), FRESH);
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

/// `GET /status/heartbeat.json`: this server is there.
pub async fn get_heartbeat(State(app): State<App>) -> Result<Response, Problem> {
    let (_, version) = public(&app).await?;
    let body = published::heartbeat(app.now(), &version);
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
