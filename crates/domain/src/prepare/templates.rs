//! A notification template: the words of a page or mail, with values filled in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Refusal, Result, text};

/// The spec of a `notification-template` document. Jinja syntax; each output is escaped for its channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationTemplate {
    /// One line: the subject of a mail, the title of a push.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// How much work a template may be; ours take a few hundred steps.
const FUEL: u64 = 20_000;
const SUBJECT_MOST: usize = 200;
const TEXT_BYTES_MOST: usize = 16_384;

/// Fills in the words: subject (one line) and text. The error says which part of the template is wrong, and why.
pub fn render(template: &NotificationTemplate, facts: &serde_json::Value) -> Result<(String, String)> {
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let syntax = syntax.map_err(|error| Refusal::invalid(error.to_string()))?;
    let mut engine = minijinja::Environment::new();
    engine.set_fuel(Some(FUEL));
    engine.set_syntax(syntax);
    // What comes out is plain text; each channel escapes it for itself.
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let fill = |part: &str, source: &str| {
        engine
            .render_str(source, minijinja::value::Serde(facts))
            .map_err(|error| Refusal::invalid(format!("the template does not render: {error}")).at(format!("/{part}")))
    };
    let subject = text::shorten(fill("subject", &template.subject)?.trim(), SUBJECT_MOST);
    let mut body = fill("text", &template.text)?.trim().to_owned();
    if body.len() > TEXT_BYTES_MOST {
        let end = (0..=TEXT_BYTES_MOST).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0);
        body.truncate(end);
        body.push('…');
    }
    Ok((subject, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(subject: &str, text: &str) -> NotificationTemplate {
        NotificationTemplate { subject: subject.into(), text: text.into() }
    }

    #[test]
    fn a_template_is_filled_in_and_its_subject_is_one_line() {
        let facts = json!({ "summary": "Disk\r\nBcc: x@y <b>full</b>", "count": 2 });
        let (subject, text) =
            render(&template("{{ summary }}", "{{ count }} alerts{% if gone %}!{% endif %}"), &facts).unwrap();
        assert_eq!(subject, "Disk  Bcc: x@y <b>full</b>");
        assert_eq!(text, "2 alerts");
    }

    #[test]
    fn a_template_that_is_wrong_or_never_ends_is_refused() {
        let refused = |text: &str| render(&template("s", text), &json!({})).unwrap_err();
        assert_eq!(refused("{% if %}").at.as_deref(), Some("/text"));
        assert!(
            refused("{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}")
                .message
                .contains("fuel")
        );
    }
}
