//! A notification template: the words of a page or mail, with values filled in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Name, Refusal, Result, text};

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

/// What templates fill in, with values of an example: every name that there is.
pub fn example() -> serde_json::Value {
    serde_json::json!({
        "page": {
            "id": "pag_06f1k2m9qv7x3t1a",
            "url": "https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a",
            "title": "DiskFull database",
            "because": "the first alert of its group",
            "urgency": "high",
            "started_at": "2026-11-22T02:05:00Z",
        },
        "summary": "Disk full on db1",
        "severity": "critical",
        "service": { "name": "database", "title": "Database", "runbook": "https://wiki.example.org/disk-full" },
        "person": { "name": "ana", "full_name": "Ana Silva" },
        "why": "on call for database until Mon 23 Nov 09:00",
        "policy": "database",
        "step": 2,
        "round": 1,
        "waited": "5m",
        "memory": {
            "says": "Seen 3 times before, the last time on 3 Nov 2026; its action item is 41 days overdue",
            "seen": 3,
            "records": [
                {
                    "says": "seen 3 times before, the last time on 3 Nov 2026",
                    "title": "The database is full",
                    "url": "https://allclear.example.org/incidents/inc_06f1k2m9qv7x3t01",
                },
            ],
        },
        "count": 3,
        "alerts": [
            {
                "name": "DiskFull",
                "summary": "Disk full on db1",
                "severity": "critical",
                "labels": { "alertname": "DiskFull", "host": "db1" },
                "annotations": { "summary": "Disk full on db1" },
                "link": "https://prometheus.example.org/graph",
                "started_at": "2026-11-22 02:04 UTC",
            },
            {
                "name": "DiskFull",
                "summary": "Disk full on db2",
                "severity": "critical",
                "labels": { "alertname": "DiskFull", "host": "db2" },
                "annotations": {},
                "link": null,
                "started_at": "2026-11-22 02:05 UTC",
            },
        ],
    })
}

/// Everything that is wrong in it, each with a JSON pointer into the spec: it must read, fill in only what there is,
/// and come to an end.
pub fn check(template: &NotificationTemplate) -> Vec<Refusal> {
    let example = example();
    let mut refusals = check_part("/subject", &template.subject, &example);
    refusals.extend(check_part("/text", &template.text, &example));
    if refusals.is_empty() {
        refusals.extend(render(template, &example).err());
    }
    refusals
}

/// The same of one part of a template: it reads, and fills in only what the example has.
pub fn check_part(pointer: &str, source: &str, example: &serde_json::Value) -> Vec<Refusal> {
    if source.len() > TEXT_BYTES_MOST {
        return vec![Refusal::invalid(format!("is too long: at most {TEXT_BYTES_MOST} bytes")).at(pointer)];
    }
    let known: Vec<&str> = example.as_object().into_iter().flat_map(|facts| facts.keys().map(String::as_str)).collect();
    let engine = minijinja::Environment::new();
    match engine.template_from_str(source) {
        Ok(read) => {
            let mut unknown: Vec<String> = read.undeclared_variables(false).into_iter().collect();
            unknown.retain(|name| !known.contains(&name.as_str()) && name != "range");
            unknown.sort_unstable();
            let refused = |name: String| {
                let near = text::did_you_mean(&name, known.iter().copied());
                let message = format!("there is no `{name}` to fill in{near}; there are {}", known.join(", "));
                Refusal::invalid(message).at(pointer)
            };
            unknown.into_iter().map(refused).collect()
        }
        Err(error) => {
            let line = error.line().map(|line| format!(", in its line {line}")).unwrap_or_default();
            let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            vec![Refusal::invalid(format!("is not a template: {}{detail}{line}", error.kind())).at(pointer)]
        }
    }
}

/// Made once: it knows dozens of filters.
static ENGINE: LazyLock<minijinja::Environment<'static>> = LazyLock::new(|| {
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let mut engine = minijinja::Environment::new();
    engine.set_fuel(Some(FUEL));
    engine.set_syntax(syntax.expect("the delimiters that minijinja has by itself"));
    // What comes out is plain text; each channel escapes it for itself.
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine
});

/// Fills in the words: subject (one line) and text. The error says which part of the template is wrong, and why.
pub fn render(template: &NotificationTemplate, facts: &serde_json::Value) -> Result<(String, String)> {
    let subject = render_part("/subject", &template.subject, facts)?;
    Ok(trimmed(&subject, &render_part("/text", &template.text, facts)?))
}

/// Fills in one part of a template, as it is.
pub fn render_part(pointer: &str, source: &str, facts: &serde_json::Value) -> Result<String> {
    ENGINE
        .render_str(source, minijinja::value::Serde(facts))
        .map_err(|error| Refusal::invalid(format!("the template does not render: {error}")).at(pointer))
}

/// Templates that are read once and filled in often.
#[derive(Debug)]
pub struct Words(minijinja::Environment<'static>);

impl Words {
    /// What cannot be read is left out.
    pub fn new(templates: &BTreeMap<Name, NotificationTemplate>) -> Self {
        let mut engine = ENGINE.clone();
        for (name, template) in templates {
            for (part, source) in [("subject", &template.subject), ("text", &template.text)] {
                _ = engine.add_template_owned(format!("{name}/{part}"), source.clone());
            }
        }
        Self(engine)
    }

    /// As [`render`], by the template of this name; `None` if there is none, or it fails.
    pub fn fill(&self, name: &str, facts: &serde_json::Value) -> Option<(String, String)> {
        let fill = |part: &str| {
            let template = self.0.get_template(&format!("{name}/{part}")).ok()?;
            template.render(minijinja::value::Serde(facts)).ok()
        };
        Some(trimmed(&fill("subject")?, &fill("text")?))
    }
}

/// A subject of one line, and a text that has an end.
fn trimmed(subject: &str, body: &str) -> (String, String) {
    let subject = text::shorten(subject.trim(), SUBJECT_MOST);
    let mut body = body.trim().to_owned();
    if body.len() > TEXT_BYTES_MOST {
        let end = (0..=TEXT_BYTES_MOST).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0);
        body.truncate(end);
        body.push('…');
    }
    (subject, body)
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
    fn templates_that_are_read_once_say_the_same_and_wrong_ones_are_left_out() {
        let (good, wrong) = (template("{{ summary }}", " {{ count }} alerts "), template("x", "{% if x %}"));
        let fails = template("{{ summary|shout }}", "x");
        let name = |name: &str| name.parse::<Name>().unwrap();
        let all = [(name("good"), good.clone()), (name("wrong"), wrong), (name("fails"), fails)].into();
        let (words, facts) = (Words::new(&all), json!({ "summary": "Disk full", "count": 2 }));
        assert_eq!(words.fill("good", &facts), render(&good, &facts).ok());
        assert_eq!(
            [words.fill("wrong", &facts), words.fill("fails", &facts), words.fill("none", &facts)],
            [None, None, None]
        );
    }

    #[test]
    fn what_cannot_be_filled_in_is_said_before_it_is_needed() {
        let told = |subject: &str, text: &str| {
            let refusals = check(&template(subject, text));
            refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(told("{{ summary }}", "{% for alert in alerts %}{{ alert.summary|upper }}{% endfor %}"), "");
        insta::assert_snapshot!(told("{{ sumary }}", "{% if x %}"), @r#"
        /subject: there is no `sumary` to fill in (did you mean "summary"?); there are page, summary, severity, service, person, why, policy, step, round, waited, memory, count, alerts
        /text: is not a template: syntax error: unexpected end of input, expected end of block, in its line 1
        "#);
        insta::assert_snapshot!(told("{{ summary|shout }}", "x"), @"/subject: the template does not render: unknown filter: filter shout is unknown (in <string>:1)");
        insta::assert_snapshot!(told("x", "{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}"), @"/text: the template does not render: engine ran out of fuel (in <string>:1)");
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
