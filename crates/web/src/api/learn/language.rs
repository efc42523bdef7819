//! The language aid over the API: a text in, findings out. Nothing of the text is kept.

use axum::Json;
use axum::extract::State;
use domain::learn::language::{Directory, Finding, findings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::app::App;
use crate::problem::Problem;

/// A text that somebody writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageText {
    /// In Markdown, at most 200,000 bytes.
    pub text: String,
}

/// What may be worth another look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LanguageFindings {
    /// In the order of the text.
    pub findings: Vec<LanguageFinding>,
}

/// A place in the text. It is advice: nothing is refused because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LanguageFinding {
    /// The first byte of what is pointed out, in UTF-8.
    pub from: usize,
    /// The byte after it.
    pub to: usize,
    /// What stands there.
    pub said: String,
    /// The sentence around it.
    pub sentence: String,
    /// `counterfactual`, `hindsight`, `omission`, `human-error`, `judgement`, `character`, `person-as-cause`, `deficit`, `sanction`,
    /// `interrogation`, `identifying` or `public-text`.
    pub group: String,
    /// The group as people call it.
    pub title: String,
    /// `flag`: nearly always better said otherwise; `nudge`: worth a thought.
    pub severity: String,
    pub why: String,
    /// A question whose answer would be a better sentence.
    pub ask: String,
}

impl LanguageFinding {
    /// A finding with the words of the text.
    pub(crate) fn of(text: &str, one: Finding) -> Self {
        let part = |range: &std::ops::Range<usize>| {
            text.get(range.clone()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Self {
            from: one.range.start,
            to: one.range.end,
            said: part(&one.range),
            sentence: part(&one.sentence),
            group: one.group.word().to_owned(),
            title: one.group.title().to_owned(),
            severity: one.severity.word().to_owned(),
            why: one.why,
            ask: one.ask,
        }
    }
}

/// Looks at a text for sentences that judge people, where a report should tell what the system let happen. Keeps nothing.
#[utoipa::path(post, path = "/api/v1/language", tag = "language", request_body = LanguageText,
    responses((status = 200, body = LanguageFindings)))]
pub async fn look(
    State(app): State<App>,
    Body { value: LanguageText { text } }: Body<LanguageText>,
) -> Result<Json<LanguageFindings>, Problem> {
    let house = app.clone();
    let found = app.read(move |tx| {
        let directory = Directory::of(&house.node().rules(tx)?.catalog);
        let found = findings(&text, &directory)?;
        Ok(found.into_iter().map(|one| LanguageFinding::of(&text, one)).collect())
    });
    Ok(Json(LanguageFindings { findings: found.await? }))
}
