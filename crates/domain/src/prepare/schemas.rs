//! The JSON Schema of each kind of document, for editors and for `allclear schema KIND`.
//!
//! Says what can be read; whether references hold and people can be reached is for `checks`.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::documents::{Kind, with_kinds};
use crate::change::environments::Environment;
use crate::change::flags::Flag;
use crate::change::freezes::Freeze;
use crate::change::reviews::Review;
use crate::change::rollback_adapters::RollbackAdapter;
use crate::detect::integrations::Integration;
use crate::detect::routes::Route;
use crate::engage::escalations::EscalationPolicy;
use crate::engage::schedules::Schedule;
use crate::inform::outgoing_webhooks::OutgoingWebhook;
use crate::inform::status_pages::StatusPage;
use crate::learn::factor_taxonomies::FactorTaxonomy;
use crate::learn::postmortem_policies::PostmortemPolicy;
use crate::learn::trackers::Tracker;
use crate::prepare::people::Person;
use crate::prepare::roles::Role;
use crate::prepare::services::Service;
use crate::prepare::severity::SeverityMatrix;
use crate::prepare::teams::Team;
use crate::prepare::templates::NotificationTemplate;
use crate::respond::chats::Chat;
use crate::respond::checklists::Checklist;
use crate::respond::obligation_packs::ObligationPack;
use crate::respond::runbooks::Runbook;
use crate::respond::update_templates::UpdateTemplate;
use crate::words::Name;

/// The schema of a whole document of the kind: `kind`, `name` and `spec`.
pub fn of(kind: Kind) -> Value {
    let (spec, definitions) = parts(kind);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Allclear {kind}"),
        "type": "object",
        "additionalProperties": false,
        "required": ["kind", "name", "spec"],
        "properties": {
            "kind": { "const": kind.word(), "description": "What this document is." },
            "name": Name::json_schema(&mut schemars::SchemaGenerator::default()),
            "spec": spec,
        },
    });
    schema["properties"]["name"]["description"] =
        json!("What other documents, URLs and the command line call it. It stays; to rename is to make anew.");
    if let Some(definitions) = definitions {
        schema["$defs"] = definitions;
    }
    schema
}

/// The schema of any document: for a file that holds several kinds.
pub fn of_any() -> Value {
    let mut definitions = serde_json::Map::new();
    let mut choices = Vec::new();
    for kind in Kind::ALL {
        let mut schema = of(kind);
        if let Some(Value::Object(inner)) = schema.as_object_mut().and_then(|schema| schema.shift_remove("$defs")) {
            definitions.extend(inner);
        }
        if let Some(fields) = schema.as_object_mut() {
            fields.shift_remove("$schema");
        }
        choices.push(schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Allclear document",
        "oneOf": choices,
        "$defs": definitions,
    })
}

macro_rules! roots {
    ($($kind:ident($spec:ident) in $field:ident;)*) => {
        fn root(kind: Kind) -> schemars::Schema {
            let generator = SchemaSettings::draft2020_12().into_generator();
            match kind { $(Kind::$kind => generator.into_root_schema_for::<$spec>(),)* }
        }
    };
}
with_kinds!(roots);

/// The schema of the spec, and what it refers to.
fn parts(kind: Kind) -> (Value, Option<Value>) {
    let mut schema = root(kind).to_value();
    let mut definitions = None;
    if let Some(fields) = schema.as_object_mut() {
        definitions = fields.shift_remove("$defs");
        fields.shift_remove("$schema");
    }
    (schema, definitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_this_schema() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&of(Kind::Team)).unwrap(), @r##"
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "Allclear team",
          "type": "object",
          "additionalProperties": false,
          "required": [
            "kind",
            "name",
            "spec"
          ],
          "properties": {
            "kind": {
              "const": "team",
              "description": "What this document is."
            },
            "name": {
              "type": "string",
              "pattern": "^[a-z0-9][a-z0-9_.-]{0,62}$",
              "description": "What other documents, URLs and the command line call it. It stays; to rename is to make anew."
            },
            "spec": {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "title": {
                  "type": "string",
                  "description": "What people call it: `Payments`."
                },
                "members": {
                  "type": "array",
                  "items": {
                    "$ref": "#/$defs/Name"
                  },
                  "description": "People."
                },
                "description": {
                  "type": [
                    "string",
                    "null"
                  ]
                }
              },
              "required": [
                "title"
              ],
              "description": "The spec of a `team` document.",
              "title": "Team"
            }
          },
          "$defs": {
            "Name": {
              "type": "string",
              "pattern": "^[a-z0-9][a-z0-9_.-]{0,62}$"
            }
          }
        }
        "##);
    }

    #[test]
    fn a_contact_has_exactly_one_address() {
        let schema = of(Kind::Person);
        insta::assert_snapshot!(serde_json::to_string_pretty(&schema["$defs"]["Contact"]).unwrap(), @r#"
        {
          "type": "object",
          "properties": {
            "name": {
              "type": "string",
              "description": "What the ladder calls it: `mail`, `phone`."
            }
          },
          "required": [
            "name"
          ],
          "oneOf": [
            {
              "type": "object",
              "properties": {
                "email": {
                  "type": "string"
                }
              },
              "required": [
                "email"
              ],
              "description": "An e-mail address."
            },
            {
              "type": "object",
              "properties": {
                "ntfy": {
                  "type": "string"
                }
              },
              "required": [
                "ntfy"
              ],
              "description": "An ntfy topic URL: `https://ntfy.example.org/ana-9f3k`."
            },
            {
              "type": "object",
              "properties": {
                "webhook": {
                  "type": "string"
                }
              },
              "required": [
                "webhook"
              ],
              "description": "A URL that gets a signed webhook (Standard Webhooks)."
            }
          ],
          "description": "One way to reach a person.",
          "unevaluatedProperties": false
        }
        "#);
    }

    #[test]
    fn every_kind_has_a_schema_whose_references_are_all_defined() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    fields.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        for schema in Kind::ALL.map(of).into_iter().chain([of_any()]) {
            let mut found = Vec::new();
            references(&schema, &mut found);
            for reference in found {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(schema.pointer(pointer).is_some(), "{reference} in {}", schema["title"]);
            }
        }
        assert!(of(Kind::Schedule)["properties"]["spec"]["properties"]["time_zone"]["description"].is_string());
    }
}
