//! The built style sheet, scripts and images, compiled in; `build.mjs` makes them. Names carry a hash of their
//! content, so browsers may keep them for ever. Without a build the pages work, unstyled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/dist"]
#[allow_missing = true]
struct Dist;

/// Where the handler stands.
pub const ROUTE: &str = "/assets/{*file}";

/// The address of an asset by its plain name: `app.css` is at `/assets/app-3KQ7WXYZ.css`.
pub fn url(name: &str) -> String {
    let manifest = if cfg!(debug_assertions) { Cow::Owned(manifest()) } else { Cow::Borrowed(kept_manifest()) };
    format!("/assets/{}", manifest.get(name).map_or(name, String::as_str))
}

fn kept_manifest() -> &'static BTreeMap<String, String> {
    static MANIFEST: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    MANIFEST.get_or_init(manifest)
}

/// In a debug build the folder is read anew each time, so that a rebuilt style sheet shows at once.
fn manifest() -> BTreeMap<String, String> {
    Dist::get("manifest.json").and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default()
}

/// `GET /assets/FILE`: compressed if the browser takes it, to be kept for a year.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let kind = match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("map" | "json") => "application/json",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let takes = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (found, encoding) = [("br", ".br"), ("gzip", ".gz"), ("", "")]
        .into_iter()
        .filter(|(word, _)| word.is_empty() || takes.split([',', ';', ' ']).any(|part| part == *word))
        .find_map(|(word, ending)| Dist::get(&format!("{file}{ending}")).map(|found| (found, word)))
        .map_or((None, ""), |(found, word)| (Some(found), word));
    let Some(found) = found else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = found.data.into_owned().into_response();
    let head = response.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    head.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    head.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if !encoding.is_empty() {
        head.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// What the public pages need, as files: path within a folder, and content.
pub fn public() -> Vec<(String, Vec<u8>)> {
    let built = ["status.css", "status.js", "favicon.svg"].into_iter().filter_map(|name| {
        let path = url(name);
        let file = Dist::get(path.strip_prefix("/assets/")?)?;
        Some((path.trim_start_matches('/').to_owned(), file.data.into_owned()))
    });
    built.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_there_is_not_found_and_nothing_escapes_the_folder() {
        for file in ["missing.css", "../Cargo.toml", "..%2fCargo.toml", "manifest.exe", ""] {
            let answer = serve(Path(file.to_owned()), HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{file}");
        }
    }

    #[test]
    fn an_asset_without_a_build_has_its_plain_name() {
        assert_eq!(url("no-such.css"), "/assets/no-such.css");
    }
}
