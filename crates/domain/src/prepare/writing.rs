//! Writes documents as YAML that a person would write: short things on one line, long texts as blocks,
//! quotes only where a reader of YAML (1.1 as well as 1.2) would take the word for something else.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::documents::Document;

/// A list or map of plain values is written on one line up to this width.
const LINE_MOST: usize = 100;

/// Several documents, with `---` between them.
pub fn to_yaml<'d>(documents: impl IntoIterator<Item = &'d Document>) -> String {
    let mut out = String::new();
    for document in documents {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        if let Value::Object(fields) = document.to_json() {
            write_map(&mut out, &fields, 0, true);
        }
    }
    out
}

/// The fields of a map, one a line. `spread`: never on one line, however short.
fn write_map(out: &mut String, fields: &Map<String, Value>, indent: usize, spread: bool) {
    for (place, (key, value)) in fields.iter().enumerate() {
        if place > 0 || out.ends_with('\n') || out.is_empty() {
            push_indent(out, indent);
        }
        out.push_str(&scalar(key, false));
        out.push(':');
        write_value(out, value, indent, spread && key == "spec");
    }
}

/// What follows a key or dash, with the line end.
fn write_value(out: &mut String, value: &Value, indent: usize, spread: bool) {
    if !spread && let Some(line) = inline(value).filter(|line| indent + line.len() <= LINE_MOST) {
        let _ = writeln!(out, " {line}");
        return;
    }
    match value {
        Value::Object(fields) => {
            out.push('\n');
            write_map(out, fields, indent + 2, false);
        }
        Value::Array(items) => {
            out.push('\n');
            for item in items {
                push_indent(out, indent);
                out.push('-');
                match item {
                    Value::Object(fields) if inline(item).is_none_or(|line| indent + line.len() > LINE_MOST) => {
                        out.push(' ');
                        write_map(out, fields, indent + 2, false);
                    }
                    item => write_value(out, item, indent + 2, false),
                }
            }
        }
        Value::String(text) => write_text(out, text, indent),
        other => {
            let _ = writeln!(out, " {other}");
        }
    }
}

/// A long text, or one of several lines.
fn write_text(out: &mut String, text: &str, indent: usize) {
    let block = text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
        && text.chars().all(|letter| letter == '\n' || !unprintable(letter));
    if !block {
        let _ = writeln!(out, " {}", scalar(text, false));
        return;
    }
    // How many line ends stand at the end: none, one, or as many as there are.
    let chomp = match text.len() - text.trim_end_matches('\n').len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let _ = writeln!(out, " |{chomp}");
    for line in text.lines() {
        if !line.is_empty() {
            push_indent(out, indent + 2);
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn push_indent(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// The value on one line, if it is flat enough to be read so.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains('\n') => None,
        Value::String(text) => Some(scalar(text, false)),
        Value::Array(items) if items.is_empty() => Some("[]".into()),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let items: Vec<String> = items.iter().map(within).collect::<Option<_>>()?;
            // A list of sentences reads better one below the other.
            let sentences = items.iter().any(|item| item.len() > 30);
            (!sentences).then(|| format!("[{}]", items.join(", ")))
        }
        Value::Object(fields) if fields.is_empty() => Some("{}".into()),
        Value::Object(fields) if fields.len() <= 3 => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| Some(format!("{}: {}", scalar(key, true), within(value)?)))
                .collect::<Option<_>>()?;
            Some(format!("{{ {} }}", fields.join(", ")))
        }
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// A plain value inside of `[..]` or `{ .. }`.
fn within(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains('\n') => None,
        Value::String(text) => Some(scalar(text, true)),
        Value::Array(_) => inline(value),
        Value::Object(fields) if fields.len() > 1 || fields.values().any(|value| !value.is_string()) => None,
        other => inline(other),
    }
}

/// A text on one line: bare if that cannot be misread, else quoted.
fn scalar(text: &str, flow: bool) -> String {
    if bare(text, flow) {
        return text.to_owned();
    }
    // Whatever single quotes cannot hold goes in double quotes, whose escapes are those of JSON.
    if text.chars().any(unprintable) {
        return Value::String(text.to_owned()).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether the text means itself without quotes.
fn bare(text: &str, flow: bool) -> bool {
    let first = text.chars().next();
    let Some(first) = first.filter(|first| first.is_alphanumeric() || matches!(first, '/' | '_' | '(')) else {
        return false;
    };
    let word = text.to_ascii_lowercase();
    let means_something =
        matches!(word.as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "inf" | "nan");
    // Numbers, dates and times: whatever begins with a digit and has nothing but what those have.
    let like_number = first.is_ascii_digit()
        && (word.starts_with("0x")
            || word.chars().all(|letter| letter.is_ascii_digit() || "+-_.:eotz ".contains(letter)));
    !means_something
        && !like_number
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(unprintable)
        && !(flow && text.contains(['[', ']', '{', '}', ',', '"', '\'']))
}

/// Letters that must be escaped, or that some reader takes for the end of a line.
fn unprintable(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;
    use crate::prepare::teams::Team;
    use crate::prepare::templates::NotificationTemplate;
    use proptest::prelude::*;

    #[test]
    fn documents_are_written_as_people_write_them() {
        let source = "kind: schedule\nname: payments\nspec:\n  title: Payments\n  time_zone: Europe/Berlin\n  layers:\n  - name: week\n    people: [ana, ben]\n    \
            starts: 2026-11-02T09:00\n    rotate: {weeks: 1}\n    only: [{days: [monday, friday], from: '09:00', to: '17:00'}]\n---\n\
            kind: person\nname: ana\nspec:\n  full_name: Ana Silva\n  email: ana@example.org\n  contacts: [{name: mail, email: ana@example.org}]\n  \
            ladder: {high: [{contact: mail}, {contact: mail, after: 5m}]}\n---\n\
            kind: route\nname: web\nspec: {match: ['job=~\"api.*\"'], urgency: high}\n---\n\
            kind: notification-template\nname: page\nspec:\n  subject: '{{ x }}: #1'\n  text: |\n    One\n\n      two\n    {{ three }}\n---\n\
            kind: role\nname: scribe\nspec:\n  title: 'no'\n  duties: [\"Writes down every decision and why it was taken\", Keeps time]\n---\n\
            kind: escalation-policy\nname: p\nspec:\n  title: '12'\n  steps: [{notify: [{person: ana}, {schedule: payments}], wait: 5m}, {notify: [{webhook: 'https://x.org/a?b=c#d'}]}]\n";
        let reading = from_yaml("a", source);
        assert_eq!(reading.problems, []);
        let documents: Vec<Document> = reading.proposals.into_iter().map(|proposal| proposal.document).collect();
        let yaml = to_yaml(&documents);
        let again: Vec<Document> = from_yaml("b", &yaml).proposals.into_iter().map(|p| p.document).collect();
        assert_eq!(again, documents);
        insta::assert_snapshot!(yaml, @r#"
        kind: schedule
        name: payments
        spec:
          title: Payments
          time_zone: Europe/Berlin
          layers:
          - name: week
            people: [ana, ben]
            starts: '2026-11-02T09:00'
            rotate: { weeks: 1 }
            only:
            - { days: [monday, friday], from: '09:00', to: '17:00' }
        ---
        kind: person
        name: ana
        spec:
          full_name: Ana Silva
          email: ana@example.org
          access: responder
          contacts:
          - { name: mail, email: ana@example.org }
          ladder:
            high:
            - { contact: mail }
            - { contact: mail, after: 5m }
        ---
        kind: route
        name: web
        spec:
          order: 100
          match: ['job=~"api.*"']
          urgency: high
          group_by: [alertname, service]
          novelty: [severity, service]
          auto_close: 7d
        ---
        kind: notification-template
        name: page
        spec:
          subject: '{{ x }}: #1'
          text: |
            One

              two
            {{ three }}
        ---
        kind: role
        name: scribe
        spec:
          title: 'no'
          duties:
          - Writes down every decision and why it was taken
          - Keeps time
          single: false
        ---
        kind: escalation-policy
        name: p
        spec:
          title: '12'
          steps:
          - notify:
            - { person: ana }
            - { schedule: payments }
            wait: 5m
          - notify:
            - { webhook: https://x.org/a?b=c#d }
            wait: 5m
          repeat: 2
        "#);
    }

    proptest! {
        #[test]
        fn whatever_is_written_reads_back(title in any::<String>(), members in "\\PC{0,40}", text in "[ -~\n\t]{0,80}", subject in "[#:,{}\\[\\]'\"a-c0-9 \n~|>&*!%@`?-]{0,12}") {
            let documents = [
                Document::new("a".parse().unwrap(), Team { title: title.clone(), members: vec![], description: Some(members) }),
                Document::new("b".parse().unwrap(), NotificationTemplate { subject, text }),
                Document::new("c".parse().unwrap(), crate::prepare::roles::Role { title, duties: vec!["- x".into(), "a, b".into(), "yes".into()], limits: vec![], single: true, escalation_policy: None }),
            ];
            let yaml = to_yaml(&documents);
            let reading = from_yaml("a", &yaml);
            let again: Vec<Document> = reading.proposals.into_iter().map(|p| p.document).collect();
            prop_assert_eq!(&again[..], &documents[..], "{}\n{:?}", yaml, reading.problems);
        }
    }
}
