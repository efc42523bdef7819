//! Signing in and out. One answer for a wrong name and a wrong password; so many attempts for a name and from an
//! address, and no more.

use std::time::Duration;

use actions::prepare::access::{self, Visitor as From};
use askama::Template;
use axum::extract::State;
use axum::http::header::{RETRY_AFTER, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use domain::words::{Actor, RefusalKind};
use store::Halt;

use crate::address::Source;
use crate::app::App;
use crate::enter::{COOKIE_PLAIN, COOKIE_SECURE, session_cookie};
use crate::handlers::fields::{Fields, local_path};
use crate::handlers::frame::{html_page, lead, set_cookie, theme_of};
use crate::pages::prepare::sign_in::SignInPage;
use crate::problem::Problem;

/// As long as a session may last; the store decides when it is over.
const COOKIE_SECONDS: i64 = 90 * 24 * 3600;

/// `GET /sign-in`.
pub async fn get_sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    uri: axum::http::Uri,
) -> Result<Response, Problem> {
    if !app.read(|tx| Ok(store::prepare::access::has_accounts(tx)?)).await? {
        return Ok(lead("/welcome", None, app.settings().secure_cookies));
    }
    let query = Fields::of_query(uri.query());
    let next = local_path(query.text("next"), "/alerts");
    let note = session_cookie(&headers).map(|_| "Your session has ended.".to_owned());
    Ok(form(&headers, StatusCode::OK, String::new(), next, None, note))
}

fn form(
    headers: &HeaderMap,
    status: StatusCode,
    email: String,
    next: String,
    error: Option<String>,
    note: Option<String>,
) -> Response {
    let page = SignInPage { theme: theme_of(headers), email, next, error, note };
    html_page(status, page.render().unwrap_or_default())
}

/// `POST /sign-in` with `email`, `password`, `next`.
pub async fn post_sign_in(
    State(app): State<App>,
    Source(address): Source,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let (login, password) = (fields.text("email").to_owned(), fields.raw("password").to_owned());
    let next = local_path(fields.text("next"), "/alerts");
    let again = |status, error: &str| {
        Ok(form(&headers, status, login.chars().take(254).collect(), next.clone(), Some(error.to_owned()), None))
    };
    let (attempts, now) = (app.attempts(), app.now());
    if let Err(wait) = attempts.note_from(address, now).and_then(|()| attempts.note(&login, now)) {
        let error = format!("Too many attempts: wait {wait} seconds.");
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, &error)?;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        return Ok(response);
    }
    // Each attempt costs tens of milliseconds and 19 MiB, on purpose: a few at once, and others wait.
    let turn = tokio::time::timeout(Duration::from_secs(10), app.attempts().turn()).await;
    let Ok(_turn) = turn else {
        return again(StatusCode::SERVICE_UNAVAILABLE, "Many people are signing in right now. Try again in a moment.");
    };
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let who = login.clone();
    let outcome = app
        .act(Actor::System, move |store, node, moment| {
            let rules = store.read(|tx| Ok(node.rules(tx)?))?;
            let address = address.map(|address| address.to_string());
            let from = From { agent: agent.as_deref(), address: address.as_deref() };
            access::sign_in(store, moment, &rules.catalog, &who, &password, from)
        })
        .await;
    match outcome {
        Ok((_, secret)) => {
            app.attempts().proven(&login, address);
            Ok(signed_in(&app, &next, secret.reveal()))
        }
        Err(Halt::Refused(refusal)) if refusal.kind == RefusalKind::Unauthenticated => {
            again(StatusCode::UNAUTHORIZED, "That e-mail and password do not belong together.")
        }
        Err(halt) => Err(halt.into()),
    }
}

/// Leads on, with the session in a cookie.
pub fn signed_in(app: &App, to: &str, secret: &str) -> Response {
    let secure = app.settings().secure_cookies;
    let mut response = lead(to, None, secure);
    response.headers_mut().append(SET_COOKIE, set_cookie(cookie_name(secure), secret, Some(COOKIE_SECONDS), secure));
    response
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { COOKIE_SECURE } else { COOKIE_PLAIN }
}

/// `POST /sign-out`.
pub async fn post_sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(shown) = session_cookie(&headers).map(str::to_owned) {
        app.act(Actor::System, move |store, _, _| store.write(|tx| Ok(access::sign_out(tx, &shown)?))).await?;
        app.doors().forget();
    }
    let secure = app.settings().secure_cookies;
    let mut response = lead("/sign-in", None, secure);
    response.headers_mut().append(SET_COOKIE, set_cookie(cookie_name(secure), "", Some(0), secure));
    Ok(response)
}
