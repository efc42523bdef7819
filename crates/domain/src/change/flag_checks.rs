//! What is wrong with a set of flags, before it comes into force: each problem with its place.
//!
//! Stricter than flagd, which finds out when somebody asks. Only what can never be right is refused: a rule may still
//! come to a variant that there is not, where that depends on the context.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::flag_sets::{Flag, FlagSet, Metadata};
use super::fractional::MOST_WEIGHT;
use super::targeting::{Compiler, MOST_DEPTH};
use super::values::{Data, shortest};
use super::{operators, versions};
use crate::words::Refusal;
use crate::words::text::did_you_mean;

impl FlagSet {
    /// All that is wrong, in the order of the file.
    pub fn problems(&self) -> Vec<Refusal> {
        let mut checker = Checker { evaluators: &self.evaluators, problems: Vec::new() };
        checker.set(&self.metadata);
        let mut compiler = Compiler::new(&self.evaluators);
        for (key, flag) in &self.flags {
            let place = join("/flags", key);
            if key.is_empty() {
                checker.say(&place, "a flag needs a key".into());
            }
            checker.flag(&place, flag, &mut compiler);
        }
        checker.problems
    }
}

/// What is wrong with what the flags of a set share.
pub(super) fn of_shared(evaluators: &BTreeMap<String, Value>, metadata: &Metadata) -> Vec<Refusal> {
    let mut checker = Checker { evaluators, problems: Vec::new() };
    checker.set(metadata);
    checker.problems
}

/// What is wrong with one flag of a set, each with its place in the flag.
pub(super) fn of_flag<'v>(
    evaluators: &'v BTreeMap<String, Value>,
    flag: &'v Flag,
    compiler: &mut Compiler<'v>,
) -> Vec<Refusal> {
    let mut checker = Checker { evaluators, problems: Vec::new() };
    checker.flag("", flag, compiler);
    checker.problems
}

struct Checker<'v> {
    evaluators: &'v BTreeMap<String, Value>,
    problems: Vec<Refusal>,
}

impl<'v> Checker<'v> {
    fn say(&mut self, place: &str, message: String) {
        self.problems.push(Refusal::invalid(message).at(place));
    }

    fn set(&mut self, metadata: &Metadata) {
        self.metadata("/metadata", metadata);
        for (name, rule) in self.evaluators {
            let place = join("/$evaluators", name);
            // flagd puts its text where it is named: a bare list would become the arguments of what stands around it.
            if !rule.is_object() {
                self.say(&place, "an evaluator must be an object: a rule".into());
            }
            self.rule(&place, rule, 0);
            self.circle(name);
        }
    }

    fn flag(&mut self, place: &str, flag: &'v Flag, compiler: &mut Compiler<'v>) {
        self.variants(&format!("{place}/variants"), flag);
        let names = || flag.variants.keys().map(String::as_str);
        if let Some(name) = &flag.default_variant
            && !name.is_empty()
            && !flag.variants.contains_key(name)
        {
            let near = did_you_mean(name, names());
            self.say(&format!("{place}/defaultVariant"), format!("there is no variant {name:?}{near}"));
        }
        self.metadata(&format!("{place}/metadata"), &flag.metadata);
        let place = format!("{place}/targeting");
        match &flag.targeting {
            None | Some(Value::Null) => {}
            Some(rule @ Value::Object(map)) => {
                if map.len() > 1 {
                    self.say(&place, "a rule has one operator".into());
                }
                let before = self.problems.len();
                self.rule(&place, rule, 0);
                if self.problems.len() > before || map.len() != 1 {
                    return;
                }
                let compiled = compiler.rule(rule);
                let mut outcomes = Vec::new();
                compiled.outcomes(&mut outcomes);
                let named: BTreeSet<String> = outcomes.into_iter().filter_map(name_of).collect();
                for name in named.iter().filter(|name| !flag.variants.contains_key(*name)) {
                    let near = did_you_mean(name, names());
                    self.say(&place, format!("targeting comes to {name:?}, and there is no such variant{near}"));
                }
            }
            Some(_) => self.say(&place, "targeting must be an object: a rule".into()),
        }
    }

    fn variants(&mut self, place: &str, flag: &Flag) {
        let mut first: Option<(&str, &str)> = None;
        if flag.variants.is_empty() {
            self.say(place, "a flag needs at least one variant".into());
        }
        for (name, value) in &flag.variants {
            let place = join(place, name);
            let kind = match value {
                Value::Null => {
                    self.say(&place, "a variant needs a value".into());
                    continue;
                }
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                Value::Array(_) | Value::Object(_) => "object",
            };
            if name.is_empty() {
                self.say(&place, "a variant needs a name".into());
            }
            match first {
                None => first = Some((name, kind)),
                Some((other, wanted)) if wanted != kind => {
                    self.say(&place, format!("all variants are of one type: this is a {kind}, {other:?} a {wanted}"));
                }
                Some(_) => {}
            }
        }
    }

    fn metadata(&mut self, place: &str, metadata: &Metadata) {
        for (name, value) in metadata {
            let place = join(place, name);
            if name.is_empty() {
                self.say(&place, "it needs a name".into());
            }
            if value.is_null() || value.is_array() || value.is_object() {
                self.say(&place, "metadata is a string, a number or a boolean".into());
            }
        }
    }

    fn rule(&mut self, place: &str, rule: &Value, depth: usize) {
        if depth > MOST_DEPTH {
            return self.say(place, format!("more than {MOST_DEPTH} rules are nested in each other"));
        }
        match rule {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.rule(&format!("{place}/{index}"), item, depth + 1);
                }
            }
            Value::Object(map) if map.len() == 1 => {
                for (operator, args) in map {
                    self.operation(&join(place, operator), operator, args, depth);
                }
            }
            _ => {}
        }
    }

    fn operation(&mut self, place: &str, operator: &str, args: &Value, depth: usize) {
        if operator == "$ref" {
            return self.reference(place, args);
        }
        if !operators::names().any(|known| known == operator) {
            let near = did_you_mean(operator, operators::names().filter(|name| name.len() > 2));
            self.say(place, format!("there is no operator {operator:?}{near}"));
        }
        let list = if let Value::Array(list) = args { list.as_slice() } else { std::slice::from_ref(args) };
        let wanted = match operator {
            "starts_with" | "ends_with" => Some(2),
            "sem_ver" => Some(3),
            _ => None,
        };
        match wanted {
            Some(wanted) if list.len() != wanted => {
                self.say(place, format!("{operator} takes {wanted} arguments, not {}", list.len()));
            }
            _ => {}
        }
        match (operator, list) {
            ("var", [_, _, _, ..]) => self.say(place, "var takes a place and a default".into()),
            ("sem_ver", [a, operator, b]) => self.versions(place, [a, operator, b]),
            ("fractional", list) => self.fractional(place, list),
            // The start value of `reduce` is no rule.
            ("reduce", [items, each, _]) => {
                self.rule(&format!("{place}/0"), items, depth + 1);
                return self.rule(&format!("{place}/1"), each, depth + 1);
            }
            _ => {}
        }
        if args.is_array() {
            self.rule(place, args, depth);
        } else {
            self.rule(place, args, depth + 1);
        }
    }

    fn reference(&mut self, place: &str, args: &Value) {
        let names = self.evaluators.keys().map(String::as_str);
        match args {
            Value::String(name) if self.evaluators.contains_key(name) => {}
            Value::String(name) => {
                let near = did_you_mean(name, names);
                self.say(place, format!("there is no evaluator {name:?}{near}"));
            }
            _ => self.say(place, "$ref takes the name of an evaluator".into()),
        }
    }

    fn versions(&mut self, place: &str, [a, operator, b]: [&Value; 3]) {
        if let Value::String(operator) = operator
            && !versions::OPERATORS.contains(&operator.as_str())
        {
            let known = versions::OPERATORS.join(" ");
            self.say(&format!("{place}/1"), format!("sem_ver does not know {operator:?}, only {known}"));
        }
        for (index, version) in [(0, a), (2, b)] {
            if let Value::String(text) = version
                && versions::Version::read(text).is_none()
            {
                self.say(&format!("{place}/{index}"), format!("{text:?} is no version: write it like 1.4.2"));
            }
        }
    }

    fn fractional(&mut self, place: &str, list: &[Value]) {
        let mut total: Option<i64> = Some(0);
        let shares = match list.split_first() {
            Some((Value::Array(_), _)) | None => list,
            Some((_, shares)) => shares,
        };
        let first = list.len() - shares.len();
        if shares.is_empty() {
            self.say(place, "fractional needs shares: [\"variant\", weight]".into());
        }
        for (index, share) in shares.iter().enumerate() {
            let place = format!("{place}/{}", first + index);
            let weight = match share {
                Value::Array(pair) => match pair.as_slice() {
                    [_] => Some(1),
                    // Reckoned later.
                    [_, Value::Object(_)] => None,
                    [_, Value::Number(weight)] if weight.as_i64().is_some_and(|weight| weight >= 0) => weight.as_i64(),
                    [_, _] => {
                        self.say(&format!("{place}/1"), "a weight is a whole number, 0 or more".into());
                        None
                    }
                    _ => {
                        self.say(&place, "a share is a variant and its weight".into());
                        None
                    }
                },
                // It may still come to one.
                Value::Object(_) => None,
                _ => {
                    self.say(&place, "a share is a list: [\"variant\", weight]".into());
                    None
                }
            };
            total = total.zip(weight).map(|(total, weight)| total.saturating_add(weight));
        }
        match total {
            Some(0) if !shares.is_empty() => self.say(place, "all shares together weigh nothing".into()),
            Some(total) if total > MOST_WEIGHT => {
                self.say(place, format!("all shares together weigh {total}; {MOST_WEIGHT} is the most"));
            }
            _ => {}
        }
    }

    /// Says so, if an evaluator leads back to itself. Each circle is told of each evaluator in it.
    fn circle(&mut self, name: &str) {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = self.evaluators.get(name).map(references).unwrap_or_default();
        while let Some(next) = open.pop() {
            if next == name {
                let place = join("/$evaluators", name);
                return self.say(&place, format!("the evaluator {name:?} leads back to itself"));
            }
            if seen.insert(next) {
                open.extend(self.evaluators.get(next).map(references).unwrap_or_default());
            }
        }
    }
}

/// The evaluators that a rule names.
fn references(rule: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![rule];
    while let Some(rule) = open.pop() {
        match rule {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => {
                if let (1, Some(Value::String(name))) = (map.len(), map.get("$ref")) {
                    found.push(name.as_str());
                }
                open.extend(map.values());
            }
            _ => {}
        }
    }
    found
}

/// What a rule came to, as the name of a variant; nothing stands for the default.
fn name_of(data: &Data) -> Option<String> {
    match data {
        Data::Null => None,
        Data::Bool(is) => Some(is.to_string()),
        Data::Float(broken) => Some(shortest(*broken)),
        other => Some(other.text().into_owned()),
    }
}

/// One segment more of a JSON pointer.
fn join(place: &str, name: &str) -> String {
    let mut pointer = place.to_owned();
    crate::prepare::problems::push_segment(&mut pointer, name);
    pointer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(set: Value) -> Vec<String> {
        let set: FlagSet = serde_json::from_value(set).unwrap();
        set.problems().iter().map(ToString::to_string).collect()
    }

    fn with(targeting: &Value) -> Vec<String> {
        problems(json!({
            "flags": {"f": {"state": "ENABLED", "variants": {"on": true, "off": false}, "targeting": targeting}},
            "$evaluators": {"ours": {"ends_with": [{"var": "email"}, "@example.com"]}},
        }))
    }

    #[test]
    fn a_good_set_has_no_problems() {
        for rule in [
            json!({"if": [{"$ref": "ours"}, "on", {"fractional": [["on", 1], ["off", 99]]}]}),
            json!({"fractional": [{"var": "email"}, ["on"], ["off", {"-": [100, {"var": "$flagd.timestamp"}]}]]}),
            json!({"if": [{"sem_ver": [{"var": "v"}, ">=", "1.2"]}, true_or("on"), null]}),
            json!({}),
        ] {
            assert_eq!(with(&rule), [""; 0], "{rule}");
        }
    }

    /// Something that only the context decides.
    fn true_or(variant: &str) -> Value {
        json!({"or": [{"var": "anything"}, variant]})
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (rule, problem) in [
            (
                json!({"if": [true, "onn"]}),
                "/flags/f/targeting: targeting comes to \"onn\", and there is no such variant (did you mean \"on\"?)",
            ),
            (
                json!({"fractional": [["red", 1]]}),
                "/flags/f/targeting: targeting comes to \"red\", and there is no such variant",
            ),
            (
                json!({"if": [{"start_with": ["a", "b"]}, "on"]}),
                "/flags/f/targeting/if/0/start_with: there is no operator \"start_with\" (did you mean \"starts_with\"?)",
            ),
            (
                json!({"if": [{"$ref": "our"}, "on"]}),
                "/flags/f/targeting/if/0/$ref: there is no evaluator \"our\" (did you mean \"ours\"?)",
            ),
            (
                json!({"fractional": [["on", 0], ["off", 0]]}),
                "/flags/f/targeting/fractional: all shares together weigh nothing",
            ),
            (
                json!({"fractional": [["on", 1.5]]}),
                "/flags/f/targeting/fractional/0/1: a weight is a whole number, 0 or more",
            ),
            (
                json!({"fractional": ["k", ["on", -1]]}),
                "/flags/f/targeting/fractional/1/1: a weight is a whole number, 0 or more",
            ),
            (
                json!({"fractional": [["on", MOST_WEIGHT], ["off", 1]]}),
                "/flags/f/targeting/fractional: all shares together weigh 2147483648; 2147483647 is the most",
            ),
            (
                json!({"if": [{"sem_ver": [{"var": "v"}, "=>", "1"]}, "on"]}),
                "/flags/f/targeting/if/0/sem_ver/1: sem_ver does not know \"=>\", only = != < <= > >= ^ ~",
            ),
            (
                json!({"if": [{"sem_ver": [{"var": "v"}, "=", "one"]}, "on"]}),
                "/flags/f/targeting/if/0/sem_ver/2: \"one\" is no version: write it like 1.4.2",
            ),
            (
                json!({"if": [{"ends_with": ["a"]}, "on"]}),
                "/flags/f/targeting/if/0/ends_with: ends_with takes 2 arguments, not 1",
            ),
            (json!("on"), "/flags/f/targeting: targeting must be an object: a rule"),
            (json!({"if": [], "and": []}), "/flags/f/targeting: a rule has one operator"),
        ] {
            assert_eq!(with(&rule), [problem], "{rule}");
        }
    }

    #[test]
    fn variants_metadata_and_evaluators_are_checked() {
        let told = problems(json!({
            "flags": {"a/b": {
                "state": "ENABLED", "variants": {"on": true, "off": 0, "none": null}, "defaultVariant": "of",
                "metadata": {"owner": ["web"]},
            }},
            "metadata": {"": 1},
            "$evaluators": {"x": {"!": {"$ref": "y"}}, "y": {"and": [true, {"$ref": "x"}]}, "z": {"$ref": "x"}, "list": [1]},
        }));
        assert_eq!(
            told,
            [
                "/metadata/: it needs a name",
                "/$evaluators/list: an evaluator must be an object: a rule",
                "/$evaluators/x: the evaluator \"x\" leads back to itself",
                "/$evaluators/y: the evaluator \"y\" leads back to itself",
                "/flags/a~1b/variants/off: all variants are of one type: this is a number, \"on\" a boolean",
                "/flags/a~1b/variants/none: a variant needs a value",
                "/flags/a~1b/defaultVariant: there is no variant \"of\" (did you mean \"off\"?)",
                "/flags/a~1b/metadata/owner: metadata is a string, a number or a boolean",
            ]
        );
    }
}
