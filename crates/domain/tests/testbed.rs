//! Flagd's own scenarios, from a checkout of `open-feature/flagd-testbed` whose folder `ALLCLEAR_TEST_FLAGD` names: each flag is
//! asked, also those that we refuse to take in, as they would answer if they came into force otherwise. Without it, this says nothing.

use std::collections::BTreeMap;
use std::path::Path;

use domain::change::flag_sets::{Compiled, Context, ErrorCode, FlagSet, Reason, Resolution, ValueType};
use domain::change::fractional::Bucketing;
use domain::change::kills::Overlay;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A scenario with the values of one example in its steps.
#[derive(Clone, Debug, Default)]
struct Scenario {
    name: String,
    steps: Vec<String>,
    /// By a rule of how a share is drawn that flagd no longer has.
    is_old: bool,
}

/// What stands between quotation marks, in its order. A quotation mark in it has a backslash before it.
fn quoted(step: &str) -> Vec<String> {
    let hidden = step.replace("\\\"", "\u{1}");
    hidden.split('"').skip(1).step_by(2).map(|part| part.replace('\u{1}', "\"")).collect()
}

fn cells(line: &str) -> Vec<String> {
    let hidden = line.trim().replace("\\|", "\u{2}");
    let cells = hidden.trim_matches('|').split('|');
    cells.map(|cell| cell.trim().replace('\u{2}', "|")).collect()
}

/// The scenarios of one file, an outline once for each example.
fn scenarios(text: &str) -> Vec<Scenario> {
    let (mut found, mut background, mut steps) = (Vec::new(), Vec::new(), Vec::<String>::new());
    let (mut name, mut heading, mut tags) = (String::new(), None::<Vec<String>>, String::new());
    let (mut in_examples, mut is_old) = (false, false);
    let mut is_plain = false;
    let close = |found: &mut Vec<Scenario>, name: &str, steps: &mut Vec<String>, is_plain: bool| {
        if is_plain && !steps.is_empty() {
            found.push(Scenario { name: name.to_owned(), steps: steps.clone(), is_old: false });
        }
        steps.clear();
    };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('@') {
            line.clone_into(&mut tags);
        } else if line.starts_with("Background:") {
            "Background".clone_into(&mut name);
        } else if let Some(title) = line.strip_prefix("Scenario Outline:").or_else(|| line.strip_prefix("Scenario:")) {
            if name == "Background" {
                background.clone_from(&steps);
                steps.clear();
            } else {
                close(&mut found, &name, &mut steps, is_plain);
            }
            is_plain = line.starts_with("Scenario:");
            (name, in_examples) = (title.trim().to_owned(), false);
            steps.clone_from(&background);
        } else if line.starts_with("Examples:") {
            (in_examples, heading, is_old) = (true, None, tags.contains("-v1"));
            tags.clear();
        } else if line.starts_with('|') && in_examples {
            let row = cells(line);
            let Some(names) = &heading else {
                heading = Some(row);
                continue;
            };
            let filled = |step: &String| {
                let pairs = names.iter().zip(&row);
                pairs.fold(step.clone(), |step, (name, value)| step.replace(&format!("<{name}>"), value))
            };
            found.push(Scenario {
                name: format!("{name} {}", row.join(" | ")),
                steps: steps.iter().map(filled).collect(),
                is_old,
            });
        } else if !line.starts_with("Feature:") && !line.starts_with("Rule:") {
            steps.push(line.to_owned());
        }
    }
    close(&mut found, &name, &mut steps, is_plain);
    found
}

fn value(kind: &str, text: &str) -> Value {
    match kind {
        "String" => json!(text),
        "Boolean" => json!(text.eq_ignore_ascii_case("true")),
        _ => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    }
}

/// Numbers are the same whether they were written with a point or not.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

/// Plays one; says what came otherwise, and of which flag.
fn play(scenario: &Scenario, set: &Compiled) -> (String, Vec<String>) {
    let (mut kind, mut key, mut fallback) = (String::new(), String::new(), Value::Null);
    let (mut context, mut wrong, mut metadata) = (Map::new(), Vec::new(), false);
    let ask = |key: &str, kind: &str, context: &Map<String, Value>| -> Resolution<'_> {
        let context = Context::read(&Value::Object(context.clone())).unwrap_or_else(|refusal| panic!("{refusal}"));
        let wanted = match kind {
            "Boolean" => ValueType::Boolean,
            "String" => ValueType::Text,
            "Integer" => ValueType::Integer,
            "Float" => ValueType::Number,
            _ => ValueType::Object,
        };
        set.evaluate(key, &context, &Overlay::none(), Timestamp::UNIX_EPOCH).of_type(wanted)
    };
    for step in &scenario.steps {
        let said = quoted(step);
        if let Some((before, _)) = step.split_once("-flag with key") {
            before.rsplit(' ').next().unwrap_or_default().clone_into(&mut kind);
            (key, fallback) = (said[0].clone(), value(&kind, &said[1]));
        } else if step.contains("context containing a targeting key") {
            context.insert("targetingKey".into(), json!(said[0]));
        } else if step.contains("context containing a nested property") {
            let inner = json!({ said[1].clone(): said[2].clone() });
            context.insert(said[0].clone(), inner);
        } else if step.contains("context containing a key") {
            context.insert(said[0].clone(), value(&said[1], &said[2]));
        } else if step.contains("resolved details value should be") {
            let answer = ask(&key, &kind, &context);
            let got = answer.value.unwrap_or(&fallback).clone();
            let wanted = value(&kind, &said[0]);
            if !same(&got, &wanted) {
                wrong.push(format!("{wanted} was expected, not {got}"));
            }
        } else if step.contains("reason should be") || step.contains("error-code should be") {
            let answer = ask(&key, &kind, &context);
            let code = answer.error.as_ref().map_or("", |(code, _): &(ErrorCode, String)| code.word());
            let reason = serde_json::to_value::<Reason>(answer.reason).unwrap_or_default();
            let got = if step.contains("error-code") { json!(code) } else { reason };
            if got != json!(said[0]) {
                wrong.push(format!("{} was expected, not {got}", said[0]));
            }
        } else if step.contains("metadata is empty") {
            let answer = ask(&key, &kind, &context);
            if !serde_json::to_value(answer.metadata).is_ok_and(|all| all.as_object().is_none_or(Map::is_empty)) {
                wrong.push("something is said with it".into());
            }
        } else if step.contains("metadata should contain") {
            metadata = true;
        } else if metadata && step.starts_with('|') {
            let row = cells(step);
            let all = serde_json::to_value(ask(&key, &kind, &context).metadata).unwrap_or_default();
            if row[0] != "key" && !same(&all[&row[0]], &value(&row[1], &row[2])) {
                wrong.push(format!("{} is {}", row[0], all[&row[0]]));
            }
        } else if !step.contains("an evaluator") && !step.contains("was evaluated with details") {
            wrong.push(format!("a step that is not known: {step}"));
        }
    }
    (key, wrong)
}

#[test]
fn flagds_own_scenarios_are_answered_as_flagd_does() {
    let Ok(folder) = std::env::var("ALLCLEAR_TEST_FLAGD") else { return };
    let folder = Path::new(&folder).join("evaluator");
    let text = std::fs::read_to_string(folder.join("flags/testkit-flags.json")).expect("the flags of the testbed");
    let whole: FlagSet = serde_json::from_str(&text).expect("a set of flags");
    // The rule by which these scenarios draw shares.
    let set = Compiled::new(&whole, Bucketing::Text);
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for problem in whole.problems() {
        let at = problem.at.clone().unwrap_or_default();
        let key = at.split('/').nth(2).unwrap_or_default().replace("~1", "/").replace("~0", "~");
        refused.entry(key).or_default().push(problem.to_string());
    }
    let (mut all, mut of_refused, mut failures) = (0, 0, Vec::new());
    let files = std::fs::read_dir(folder.join("gherkin")).expect("the scenarios");
    for file in files.filter_map(Result::ok) {
        let text = std::fs::read_to_string(file.path()).expect("a scenario");
        // The rule before that one, by numbers with a point, we do not have.
        for one in scenarios(&text).into_iter().filter(|one| !one.is_old) {
            let (key, wrong) = play(&one, &set);
            (all, of_refused) = (all + 1, of_refused + usize::from(refused.contains_key(&key)));
            failures.extend(wrong.into_iter().map(|why| format!("{}: {why} ({key})", one.name)));
        }
    }
    println!("{all} scenarios, {of_refused} of them of flags that are refused:");
    for (key, why) in &refused {
        println!("  {key}: {}", why.join("; "));
    }
    assert!(all > 100, "only {all} scenarios were found");
    assert_eq!(failures, Vec::<String>::new(), "{} of {all}", failures.len());
}
