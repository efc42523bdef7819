//! The API's own description: it holds every route of the table and no other, and what it refers to is there.

use std::collections::BTreeSet;

use serde_json::Value;
use web::api::openapi::described;
use web::routes::table;

#[test]
fn the_description_and_the_table_of_routes_name_the_same_operations() {
    let in_table: BTreeSet<String> = table()
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| format!("{} {}", route.method.as_str().to_lowercase(), route.path))
        .collect();
    let mut in_description = BTreeSet::new();
    for (path, item) in described()["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            in_description.insert(format!("{method} {path}"));
        }
    }
    assert_eq!(in_table, in_description);
    assert!(in_table.len() > 50);
}

#[test]
fn the_description_is_sound() {
    let document = described();
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = Vec::new();
    collect(document, &mut references);
    for reference in references {
        let found = document.pointer(reference.trim_start_matches('#'));
        assert!(found.is_some_and(|found| !found.is_null()), "{reference} is not there");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}: operationId twice");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at}: says nothing");
            let named: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|one| one["in"] == "path")
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            let wanted: BTreeSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, wanted, "{at}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{at}");
            assert!(responses.contains_key("default"), "{at}");
        }
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.push(reference.clone());
            }
            fields.values().for_each(|inner| collect(inner, references));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, references)),
        _ => {}
    }
}

#[test]
fn the_description_keeps_to_the_rules_of_openapi() {
    let document = described();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(status == "default" || status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)));
                let says = response["description"].as_str().unwrap_or_default();
                assert!(!says.is_empty(), "{at}: {status} has no description");
                assert!(status != "204" || response["content"].is_null(), "{at}: 204 has no body");
            }
            let mut names = BTreeSet::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
                assert!(["path", "query", "header", "cookie"].contains(&name.0), "{at}: {name:?}");
                assert!(names.insert(name), "{at}: {name:?} twice");
                assert!(parameter["schema"].is_object(), "{at}: {name:?} has no schema");
                assert!(name.0 != "path" || parameter["required"] == true, "{at}: {name:?} must be required");
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        assert!(fits && (schema.is_object() || schema.is_boolean()), "{name} cannot be a component");
    }
}
