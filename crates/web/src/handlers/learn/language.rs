//! The language aid on a page of its own: a text in, advice out. Nothing is kept.

use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::language::{Directory, Finding, findings};
use domain::words::Refusal;

use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, sentence};
use crate::pages::Section;
use crate::pages::learn::language::{FindingView, Findings, LanguagePage};
use crate::problem::Problem;

/// As a page shows them.
pub fn views(text: &str, found: Vec<Finding>) -> Findings {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    let view = |one: Finding| FindingView {
        is_flag: one.severity == domain::learn::language::Severity::Flag,
        title: one.group.title().to_owned(),
        before: part(one.sentence.start, one.range.start),
        said: part(one.range.start, one.range.end),
        after: part(one.range.end, one.sentence.end),
        why: one.why,
        ask: one.ask,
    };
    Findings { list: found.into_iter().map(view).collect() }
}

/// `GET /language`.
pub async fn get_language(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, |_, shell| {
            Ok(LanguagePage { shell, text: String::new(), findings: None, error: None })
        })
        .await
}

/// `POST /language` with `text`: the page again, with what was found.
pub async fn post_language(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let text = fields.raw("text").to_owned();
    // The length alone can be wrong, whoever is in the directory.
    let refused = findings(&text, &Directory::default()).err();
    let status = refused.as_ref().map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    asked
        .page_with(Section::Insights, status, move |look, shell| {
            let said = |refusal: &Refusal| sentence(&refusal.message);
            let found = findings(&text, &Directory::of(&look.rules.catalog));
            let error = found.as_ref().err().map(said);
            Ok(LanguagePage { shell, findings: found.ok().map(|found| views(&text, found)), error, text: text.clone() })
        })
        .await
}
