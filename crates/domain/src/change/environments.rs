//! An environment: one set of flags that programs ask, such as production. What its flags share is in its document; what
//! each flag is in it, in the document of the flag.
//!
//! Puts flagd's set together from the documents, and takes one apart into documents. Deliberately without a copy of a
//! flag for each environment: its variants are the same everywhere.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::flag_checks;
use super::flag_sets::{FlagSet, Metadata};
use super::flags::{Flag, Purpose, Setting};
use super::fractional::Bucketing;
use super::targeting::Compiler;
use crate::prepare::catalog::Catalog;
use crate::prepare::documents::{Document, Kind, Reference};
use crate::prepare::problems::push_segment;
use crate::words::{Name, Refusal, text};

/// The spec of an `environment` document. What each flag is in it stands in the documents of the flags; the keys of
/// programs are made apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// What people call it: `Production`.
    pub title: String,
    /// Rules by name that its flags share: `{"$ref": "name"}`, in `JsonLogic`, as in flagd.
    #[serde(rename = "$evaluators", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evaluators: BTreeMap<String, Value>,
    /// What is said with each answer: texts, numbers, booleans.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
    /// How shares of people are drawn: `canonical`, as flagd's reference evaluator does today; `text`, as most of its
    /// others do. A change deals everybody anew.
    #[serde(default, skip_serializing_if = "is_canonical")]
    pub bucketing: Bucketing,
    /// How many questions a key may ask in a second; as many as it likes, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions_per_second: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this form")]
fn is_canonical(bucketing: &Bucketing) -> bool {
    *bucketing == Bucketing::Canonical
}

impl Environment {
    /// What is wrong in it on its own; each refusal with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = flag_checks::of_shared(&self.evaluators, &self.metadata);
        if self.questions_per_second == Some(0) {
            let message = "nobody could ask anything: leave it out, or disable the flags";
            found.push(Refusal::invalid(message).at("/questions_per_second"));
        }
        found
    }
}

/// The flags of an environment as flagd writes them; none if there is no such environment.
pub fn set_of(catalog: &Catalog, environment: &Name) -> Option<FlagSet> {
    let spec = catalog.environments.get(environment)?;
    let flags = catalog.flags.iter().filter_map(|(name, flag)| {
        Some((flag.key(name).to_owned(), flag.definition(flag.environments.get(environment)?)))
    });
    Some(FlagSet {
        schema: None,
        flags: flags.collect(),
        evaluators: spec.evaluators.clone(),
        metadata: spec.metadata.clone(),
    })
}

/// What is wrong with flags beside each other and in their environments, of those that `looked_at` chooses.
pub fn problems(catalog: &Catalog, looked_at: impl Fn(&Reference) -> bool) -> Vec<(Reference, Refusal)> {
    let mut found = Vec::new();
    let mut keys: BTreeMap<&str, &Name> = BTreeMap::new();
    for (name, flag) in &catalog.flags {
        if let Some(first) = keys.insert(flag.key(name), name) {
            let message = format!("the key {:?} is that of flag/{first} already", text::shorten(flag.key(name), 80));
            found.push((Reference::new(Kind::Flag, name.clone()), Refusal::invalid(message).at("/key")));
        }
    }
    for (environment, spec) in &catalog.environments {
        let whole = looked_at(&Reference::new(Kind::Environment, environment.clone()));
        let definitions: Vec<_> = catalog
            .flags
            .iter()
            .filter_map(|(name, flag)| {
                let reference = Reference::new(Kind::Flag, name.clone());
                let setting = flag.environments.get(environment)?;
                (whole || looked_at(&reference)).then(|| (reference, flag.definition(setting)))
            })
            .collect();
        let mut compiler = Compiler::new(&spec.evaluators);
        for (reference, definition) in &definitions {
            for refusal in flag_checks::of_flag(&spec.evaluators, definition, &mut compiler) {
                let place = refusal.at.clone().unwrap_or_default();
                // Variants are those of the flag, and are told of once.
                if place.starts_with("/variants") {
                    continue;
                }
                let mut pointer = "/environments".to_owned();
                push_segment(&mut pointer, environment.as_str());
                found.push((reference.clone(), refusal.at(format!("{pointer}{place}"))));
            }
        }
    }
    found
}

/// The documents that make an environment what a set of flagd's says: those of its flags, and its own. What is in the
/// environment and not in the set stays as it is.
pub fn import(catalog: &Catalog, environment: &Name, set: &FlagSet) -> Result<Vec<Document>, Vec<Refusal>> {
    let mut problems = set.problems();
    let before = catalog.environments.get(environment);
    let mut evaluators = before.map(|spec| spec.evaluators.clone()).unwrap_or_default();
    evaluators.extend(set.evaluators.clone());
    let mut metadata = before.map(|spec| spec.metadata.clone()).unwrap_or_default();
    metadata.extend(set.metadata.clone());
    let spec = Environment {
        title: before.map_or_else(|| environment.to_string(), |spec| spec.title.clone()),
        evaluators,
        metadata,
        bucketing: before.map(|spec| spec.bucketing).unwrap_or_default(),
        questions_per_second: before.and_then(|spec| spec.questions_per_second),
    };
    let mut documents = vec![Document::new(environment.clone(), spec)];
    let by_key: BTreeMap<&str, &Name> = catalog.flags.iter().map(|(name, flag)| (flag.key(name), name)).collect();
    let mut taken: BTreeSet<Name> = catalog.flags.keys().cloned().collect();
    for (key, definition) in &set.flags {
        let setting = Setting {
            state: definition.state,
            default_variant: definition.default_variant.clone(),
            targeting: definition.targeting.clone(),
            metadata: definition.metadata.clone(),
        };
        let known = by_key.get(key.as_str()).map(|name| (*name).clone());
        let name = known.clone().unwrap_or_else(|| name_for(key, &taken));
        let mut flag = match known.and_then(|name| catalog.flags.get(&name)) {
            Some(flag) => flag.clone(),
            None => Flag {
                title: title_for(key),
                key: (name != *key.as_str()).then(|| key.clone()),
                description: None,
                owner: None,
                services: Vec::new(),
                purpose: Purpose::Operational,
                expires: None,
                variants: serde_json::Map::new(),
                environments: BTreeMap::new(),
            },
        };
        flag.environments.insert(environment.clone(), setting);
        if flag.environments.len() == 1 {
            flag.variants.clone_from(&definition.variants);
        }
        for (variant, value) in &definition.variants {
            match flag.variants.get(variant) {
                Some(other) if other != value => {
                    let mut place = "/flags".to_owned();
                    for segment in [key.as_str(), "variants", variant] {
                        push_segment(&mut place, segment);
                    }
                    let message = format!("in other environments it is {}", text::shorten(&other.to_string(), 60));
                    problems.push(Refusal::invalid(message).at(place));
                }
                Some(_) => {}
                None => _ = flag.variants.insert(variant.clone(), value.clone()),
            }
        }
        taken.insert(name.clone());
        documents.push(Document::new(name, flag));
    }
    if problems.is_empty() { Ok(documents) } else { Err(problems) }
}

/// A name that is fit for a document and near to the key, and that nobody has.
fn name_for(key: &str, taken: &BTreeSet<Name>) -> Name {
    let mut plain = String::new();
    for letter in key.chars() {
        match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() => plain.push(letter),
            letter @ ('-' | '_' | '.') if !plain.is_empty() => plain.push(letter),
            _ if plain.ends_with(|before: char| before.is_ascii_alphanumeric()) => plain.push('-'),
            _ => {}
        }
    }
    plain.truncate(56);
    let plain = plain.trim_end_matches(['-', '_', '.']);
    let plain = if plain.is_empty() { "flag" } else { plain };
    let mut name: Option<Name> = plain.parse().ok();
    let mut number = 1_u32;
    loop {
        match name {
            Some(name) if !taken.contains(&name) => return name,
            _ => number += 1,
        }
        name = format!("{plain}-{number}").parse().ok();
    }
}

fn title_for(key: &str) -> String {
    let title = text::shorten(key.trim(), 80);
    if title.is_empty() { "Flag".into() } else { title }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::prepare::documents::Spec;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn set(value: Value) -> FlagSet {
        serde_json::from_value(value).unwrap()
    }

    fn applied(catalog: &mut Catalog, environment: &str, value: Value) {
        for document in import(catalog, &name(environment), &set(value)).unwrap() {
            catalog.insert(document);
        }
    }

    fn on_off(default: &str) -> Value {
        json!({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": default})
    }

    #[test]
    fn what_goes_in_comes_out() {
        let file = json!({
            "flags": {
                "new-checkout": {
                    "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
                    "targeting": {"if": [{"$ref": "ours"}, "on"]}, "metadata": {"ticket": 7},
                },
                "Colour of the button!": {"state": "DISABLED", "variants": {"red": "#f00", "none": ""}},
            },
            "$evaluators": {"ours": {"ends_with": [{"var": "email"}, "@example.com"]}},
            "metadata": {"flagSetId": "shop"},
        });
        let mut catalog = Catalog::default();
        applied(&mut catalog, "production", file.clone());
        assert_eq!(set_of(&catalog, &name("production")), Some(set(file)));
        assert_eq!(
            catalog.flags.keys().map(Name::as_str).collect::<Vec<_>>(),
            ["colour-of-the-button", "new-checkout"]
        );
        assert_eq!(catalog.flags["colour-of-the-button"].key.as_deref(), Some("Colour of the button!"));
        assert_eq!(catalog.flags["new-checkout"].key, None);
        assert_eq!(set_of(&catalog, &name("staging")), None);
    }

    #[test]
    fn a_flag_has_the_same_variants_in_all_environments() {
        let mut catalog = Catalog::default();
        applied(&mut catalog, "production", json!({"flags": {"f": on_off("off")}}));
        let more = json!({"state": "ENABLED", "variants": {"on": true, "half": true}, "defaultVariant": "on"});
        applied(&mut catalog, "staging", json!({"flags": {"f": more}}));
        let flag = &catalog.flags["f"];
        assert_eq!(flag.variants.keys().collect::<Vec<_>>(), ["on", "off", "half"]);
        assert_eq!(flag.environments.len(), 2);
        let other = json!({"flags": {"f": {"state": "ENABLED", "variants": {"on": false}, "defaultVariant": "on"}}});
        let refused = import(&catalog, &name("staging"), &set(other)).unwrap_err();
        assert_eq!(refused[0].to_string(), "/flags/f/variants/on: in other environments it is true");
    }

    #[test]
    fn names_are_near_to_keys_and_given_once() {
        let mut taken = BTreeSet::new();
        for (key, wanted) in [
            ("a", "a"),
            ("A", "a-2"),
            ("__x", "x"),
            ("Größe des Korbs", "gr-e-des-korbs"),
            ("", "flag"),
            ("日本", "flag-2"),
            (&"x".repeat(90), &"x".repeat(56)),
        ] {
            let given = name_for(key, &taken);
            assert_eq!(given.as_str(), wanted, "{key}");
            taken.insert(given);
        }
    }

    #[test]
    fn what_is_wrong_is_told_of_the_document_that_says_it() {
        let mut catalog = Catalog::default();
        applied(&mut catalog, "production", json!({"flags": {"f": on_off("on"), "g": on_off("on")}}));
        let Some(Spec::Flag(mut flag)) = catalog.get(&"flag/f".parse().unwrap()) else { panic!() };
        flag.key = Some("g".into());
        let setting = flag.environments.get_mut("production").unwrap();
        setting.default_variant = Some("onn".into());
        setting.targeting = Some(json!({"if": [{"$ref": "ours"}, "on"]}));
        catalog.insert(Document::new(name("f"), flag));
        let told = |looked_at: &dyn Fn(&Reference) -> bool| -> Vec<String> {
            problems(&catalog, looked_at).into_iter().map(|(of, refusal)| format!("{of} {refusal}")).collect()
        };
        assert_eq!(
            told(&|_| true),
            [
                "flag/g /key: the key \"g\" is that of flag/f already",
                "flag/f /environments/production/defaultVariant: there is no variant \"onn\" (did you mean \"on\"?)",
                "flag/f /environments/production/targeting/if/0/$ref: there is no evaluator \"ours\"",
            ]
        );
        assert_eq!(told(&|of| of.name == *"g").len(), 1);
    }
}
