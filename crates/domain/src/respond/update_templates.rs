//! Update templates: how an update begins, so that nobody has to find the words at three in the morning.
//!
//! What is not known yet stands there as "unknown yet" rather than falling out: whoever writes sees the gap. Of a restricted
//! incident nothing is filled in for the public.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::updates::{Audience, Stage};
use crate::prepare::templates;
use crate::words::{Refusal, Result};

/// The spec of an `update-template` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTemplate {
    /// What people pick it by: `First public word`.
    pub title: String,
    pub audience: Audience,
    /// Of a public one: how far it says that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Plain text in Jinja syntax. Filled in are `title`, `impact`, `services`, `severity`, `commander` and `since`.
    pub text: String,
}

/// What may be filled in, with values of an example.
fn example() -> Value {
    facts(&Known {
        title: Some("Card payments fail"),
        impact: Some("One in five payments is refused"),
        services: Some("Card payments"),
        severity: Some("SEV1"),
        commander: Some("Ana Silva"),
        since: Some("01:31 UTC"),
    })
}

/// What is known of an incident.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    pub title: Option<&'a str>,
    pub impact: Option<&'a str>,
    pub services: Option<&'a str>,
    pub severity: Option<&'a str>,
    pub commander: Option<&'a str>,
    /// Since when there is impact: `01:31 UTC`.
    pub since: Option<&'a str>,
}

fn facts(known: &Known<'_>) -> Value {
    let or = |said: Option<&str>| said.unwrap_or("unknown yet").to_owned();
    json!({
        "title": or(known.title),
        "impact": or(known.impact),
        "services": or(known.services),
        "severity": or(known.severity),
        "commander": or(known.commander),
        "since": or(known.since),
    })
}

/// Everything that is wrong in it, each with a JSON pointer into the spec.
pub fn check(template: &UpdateTemplate) -> Vec<Refusal> {
    let mut refusals = templates::check_part("/text", &template.text, &example());
    match (template.audience, template.stage) {
        (Audience::Public, None) => {
            let message = "say how far it is: investigating, identified, monitoring or resolved";
            refusals.push(Refusal::invalid(message).at("/stage"));
        }
        (Audience::Internal, Some(_)) => {
            refusals.push(Refusal::invalid("only what is said in public has a stage").at("/stage"));
        }
        _ => {}
    }
    if refusals.is_empty() {
        refusals.extend(fill(template, &Known::default()).err());
    }
    refusals
}

/// How the update begins.
pub fn fill(template: &UpdateTemplate, known: &Known<'_>) -> Result<String> {
    templates::render_part("/text", &template.text, &facts(known)).map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(audience: Audience, stage: Option<Stage>, text: &str) -> UpdateTemplate {
        UpdateTemplate { title: "x".into(), audience, stage, text: text.into() }
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let first = template(Audience::Public, Some(Stage::Investigating), "Since {{ since }}: {{ impact }}.\n");
        assert_eq!(check(&first), []);
        let known = Known { since: Some("01:31 UTC"), ..Known::default() };
        assert_eq!(fill(&first, &known).unwrap(), "Since 01:31 UTC: unknown yet.");
    }

    #[test]
    fn what_is_wrong_in_it_is_said_with_its_place() {
        for (wrong, place) in [
            (template(Audience::Public, None, "x"), "/stage"),
            (template(Audience::Internal, Some(Stage::Resolved), "x"), "/stage"),
            (template(Audience::Internal, None, "{{ titel }}"), "/text"),
            (template(Audience::Internal, None, "{% if %}"), "/text"),
            (template(Audience::Internal, None, "{{ title|shout }}"), "/text"),
        ] {
            let refusals = check(&wrong);
            assert_eq!(refusals.iter().map(|one| one.at.as_deref()).collect::<Vec<_>>(), [Some(place)], "{refusals:?}");
        }
    }
}
