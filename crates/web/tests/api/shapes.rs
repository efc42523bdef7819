//! Whether an answer has the shape that the API's description promises for it. Every answer of these tests is looked at.

use axum::http::{Method, StatusCode};
use serde_json::Value;
use web::api::openapi::described;

/// Panics with what is wrong, if the answer is not as described.
pub(crate) fn look(method: &Method, path: &str, status: StatusCode, kind: &str, body: &str) {
    let path = path.split('?').next().unwrap();
    let Some(operation) = operation(method, path) else { return };
    let responses = &operation["responses"];
    let exact = &responses[status.as_str()];
    // What succeeds is described by its number; refusals may be of the common kind.
    let response = if exact.is_null() && !status.is_success() { &responses["default"] } else { exact };
    assert!(!response.is_null(), "{method} {path} answers {status}, which is not described");
    let Some(content) = response["content"].as_object() else {
        assert!(body.is_empty(), "{method} {path} answers {status} with a body that is not described: {body}");
        return;
    };
    let kind = kind.split(';').next().unwrap().trim();
    let Some(described) = content.get(kind) else {
        panic!("{method} {path} answers {status} as {kind:?}, which is not among {:?}", content.keys());
    };
    if kind.ends_with("json") {
        let value = serde_json::from_str(body).unwrap();
        let mut wrong = Vec::new();
        fits(&described["schema"], &value, "", &mut wrong);
        assert!(wrong.is_empty(), "{method} {path} answers {status}, but not as described: {wrong:#?}\n{body}");
    }
}

/// The operation whose path has the fewest placeholders.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let method = method.as_str().to_ascii_lowercase();
    let paths = described()["paths"].as_object().unwrap();
    let matching = paths.iter().filter(|(template, item)| {
        let template: Vec<&str> = template.split('/').collect();
        let same = |(wanted, part): (&&str, &&str)| wanted.starts_with('{') || wanted == part;
        item.get(&method).is_some() && template.len() == parts.len() && template.iter().zip(&parts).all(same)
    });
    matching.min_by_key(|(template, _)| template.matches('{').count()).map(|(_, item)| &item[&method])
}

/// The part of JSON Schema that the description uses. A field that is not described is wrong too.
fn fits(schema: &'static Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolved(schema);
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fitting = |choice: &'static Value| {
            let mut misses = Vec::new();
            fits(choice, value, at, &mut misses);
            misses.is_empty()
        };
        if !choices.iter().any(fitting) {
            wrong.push(format!("{at}: none of the choices fits {value}"));
        }
        return;
    }
    let named = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |name: &&str| match *name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{at}: the description names a type {other}"),
    };
    if !named.is_empty() && !named.iter().any(is) {
        wrong.push(format!("{at}: {value} is none of {named:?}"));
        return;
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        wrong.push(format!("{at}: {value} is none of {words:?}"));
    }
    if schema["format"] == "date-time" && value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_err()) {
        wrong.push(format!("{at}: {value} is no time"));
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        if !schema["items"].is_null() {
            fits(&schema["items"], item, &format!("{at}/{place}"), wrong);
        }
    }
    let Some(fields) = value.as_object() else { return };
    let mut parts = Vec::new();
    gather(schema, &mut parts);
    for name in parts.iter().filter_map(|part| part["required"].as_array()).flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            wrong.push(format!("{at}/{name} is missing"));
        }
    }
    // An object of which nothing is said may hold anything.
    let says_something = parts.iter().any(|part| part["properties"].is_object());
    for (name, field) in fields {
        let at = format!("{at}/{name}");
        let known = parts.iter().map(|part| &part["properties"][name]).find(|known| !known.is_null());
        let other = parts.iter().map(|part| &part["additionalProperties"]).find(|other| other.is_object());
        match (known, other) {
            (Some(schema), _) | (None, Some(schema)) => fits(schema, field, &at, wrong),
            (None, None) if says_something => wrong.push(format!("{at} is not described")),
            (None, None) => {}
        }
    }
}

/// The schema itself and all that it is made of.
fn gather(schema: &'static Value, parts: &mut Vec<&'static Value>) {
    let schema = resolved(schema);
    parts.push(schema);
    schema["allOf"].as_array().into_iter().flatten().for_each(|part| gather(part, parts));
}

fn resolved(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(described().pointer(reference.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

#[test]
fn an_answer_that_is_not_as_described_is_found() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"],
        "properties": { "a": { "type": "string", "format": "date-time" }, "b": { "type": ["integer", "null"] } },
    });
    let schema: &'static Value = Box::leak(Box::new(schema));
    for (value, wrong) in [
        (serde_json::json!({ "a": "2026-11-22T08:00:00Z", "b": null }), 0),
        (serde_json::json!({ "a": "yesterday" }), 1),
        (serde_json::json!({ "b": 1 }), 1),
        (serde_json::json!({ "a": 1, "b": "x", "c": true }), 3),
        (serde_json::json!([]), 1),
    ] {
        let mut found = Vec::new();
        fits(schema, &value, "", &mut found);
        assert_eq!(found.len(), wrong, "{value}: {found:?}");
    }
}
