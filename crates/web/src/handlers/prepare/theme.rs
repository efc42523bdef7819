//! Dark, light, or as the device says.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use crate::app::App;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{lead, set_cookie};
use crate::pages::Theme;

/// For how long it is remembered.
const YEAR: i64 = 365 * 24 * 3600;

/// `POST /theme`: kept in a cookie, so that no page flashes.
pub async fn post_theme(State(app): State<App>, fields: Fields) -> Response {
    let theme = Theme::of(fields.text("theme"));
    let secure = app.settings().secure_cookies;
    let mut response = lead(fields.text("back"), None, secure);
    response.headers_mut().append(SET_COOKIE, set_cookie(Theme::COOKIE, theme.word(), Some(YEAR), secure));
    response
}
