//! A rule of targeting in words, for people who do not read `JsonLogic`: who gets what, line by line.
//!
//! What has no simple words stays JSON. Never read back: the rule is what counts.

use serde_json::Value;

/// Each line says who gets which variant.
pub fn lines(rule: &Value) -> Vec<String> {
    let mut out = Vec::new();
    outcome(rule, "Everybody", &mut out);
    out
}

/// The longest piece of JSON that is shown in a line.
const SHOWN_MOST: usize = 160;

fn operation(value: &Value) -> Option<(&str, Vec<&Value>)> {
    let Value::Object(map) = value else { return None };
    let (1, Some((name, args))) = (map.len(), map.iter().next()) else { return None };
    let args = if let Value::Array(args) = args { args.iter().collect() } else { vec![args] };
    Some((name.as_str(), args))
}

fn outcome(rule: &Value, who: &str, out: &mut Vec<String>) {
    match operation(rule) {
        Some(("if" | "?:", args)) => {
            let (pairs, otherwise) = args.as_chunks::<2>();
            for [when, then] in pairs {
                outcome(then, &format!("If {}", condition(when)), out);
            }
            match otherwise.first() {
                Some(rest) if pairs.is_empty() => outcome(rest, who, out),
                Some(rest) => outcome(rest, "Otherwise", out),
                None => out.push("Otherwise: the default".into()),
            }
        }
        Some(("fractional", args)) => out.push(format!("{who}: {}", shares(&args))),
        _ => out.push(format!("{who}: {}", variant(rule))),
    }
}

fn variant(value: &Value) -> String {
    match value {
        Value::Null => "the default".into(),
        Value::String(name) => name.clone(),
        other => term(other),
    }
}

fn shares(args: &[&Value]) -> String {
    let (by, shares) = match args.split_first() {
        Some((first, rest)) if !first.is_array() => (Some(*first), rest),
        _ => (None, args),
    };
    let weigh = |share: &Value| match share.as_array().map(Vec::as_slice) {
        Some([name]) => Some((variant(name), 1_i64)),
        Some([name, weight]) => Some((variant(name), weight.as_i64()?)),
        _ => None,
    };
    let by = by.map_or_else(String::new, |by| format!(", by {}", term(by)));
    match shares.iter().map(|share| weigh(share)).collect::<Option<Vec<_>>>() {
        Some(parts) => {
            let total: i64 = parts.iter().map(|(_, weight)| weight).sum();
            let part = |(name, weight): &(String, i64)| format!("{} {name}", percent(*weight, total));
            format!("{}{by}", parts.iter().map(part).collect::<Vec<_>>().join(", "))
        }
        None => format!("shares of {}{by}", shares.iter().map(|one| json(one)).collect::<Vec<_>>().join(", ")),
    }
}

fn percent(weight: i64, total: i64) -> String {
    let tenths = if total > 0 { (weight.saturating_mul(1000) + total / 2) / total } else { 0 };
    if tenths % 10 == 0 { format!("{} %", tenths / 10) } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

fn condition(value: &Value) -> String {
    let Some((name, args)) = operation(value) else { return term(value) };
    let list = |word: &str| args.iter().map(|one| grouped(one)).collect::<Vec<_>>().join(word);
    match (name, args.as_slice()) {
        ("and", _) => list(" and "),
        ("or", _) => list(" or "),
        ("!", [one]) => format!("not {}", grouped(one)),
        ("!!", [one]) => condition(one),
        ("==" | "===", [a, b]) => format!("{} is {}", term(a), term(b)),
        ("!=" | "!==", [a, b]) => format!("{} is not {}", term(a), term(b)),
        ("<" | "<=" | ">" | ">=", [a, b]) => format!("{} {name} {}", term(a), term(b)),
        ("<" | "<=", [a, b, c]) => format!("{} {name} {} {name} {}", term(a), term(b), term(c)),
        ("in", [a, Value::Array(all)]) => {
            format!("{} is one of {}", term(a), all.iter().map(term).collect::<Vec<_>>().join(", "))
        }
        ("in", [a, b]) => format!("{} contains {}", term(b), term(a)),
        ("starts_with", [a, b]) => format!("{} begins with {}", term(a), term(b)),
        ("ends_with", [a, b]) => format!("{} ends with {}", term(a), term(b)),
        ("sem_ver", [a, Value::String(operator), b]) => {
            let than = match operator.as_str() {
                "^" => "of the same major version as",
                "~" => "of the same minor version as",
                other => other,
            };
            format!("the version {} {than} {}", term(a), term(b))
        }
        ("$ref", [Value::String(name)]) => format!("“{name}” holds"),
        _ => term(value),
    }
}

/// In brackets, where it would run into what stands beside it.
fn grouped(value: &Value) -> String {
    match operation(value) {
        Some(("and" | "or", args)) if args.len() > 1 => format!("({})", condition(value)),
        _ => condition(value),
    }
}

fn term(value: &Value) -> String {
    match (operation(value), value) {
        (Some(("var", args)), _) => match args.first() {
            Some(Value::String(name)) if !name.is_empty() => match name.as_str() {
                "targetingKey" => "the targeting key".into(),
                "$flagd.timestamp" => "the time".into(),
                name => name.to_owned(),
            },
            _ => json(value),
        },
        (Some(("$ref", _)), _) => condition(value),
        (_, Value::String(text)) => format!("“{text}”"),
        _ => json(value),
    }
}

fn json(value: &Value) -> String {
    crate::words::text::shorten(&value.to_string(), SHOWN_MOST)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_read_aloud() {
        for (rule, said) in [
            (
                json!({"if": [{"ends_with": [{"var": "email"}, "@example.com"]}, "on"]}),
                "If email ends with “@example.com”: on | Otherwise: the default",
            ),
            (
                json!({"if": [{"and": [{"$ref": "ours"}, {"or": [{">=": [{"var": "age"}, 18]}, {"!": {"var": "child"}}]}]}, "on", {"fractional": [["on", 1], ["off", 2]]}]}),
                "If “ours” holds and (age >= 18 or not child): on | Otherwise: 33.3 % on, 66.7 % off",
            ),
            (
                json!({"fractional": [{"var": "targetingKey"}, ["red"], ["blue"]]}),
                "Everybody: 50 % red, 50 % blue, by the targeting key",
            ),
            (
                json!({"if": [{"in": [{"var": "country"}, ["de", "at"]]}, "a", {"sem_ver": [{"var": "v"}, "^", "1.2"]}, "b", null]}),
                "If country is one of “de”, “at”: a | If the version v of the same major version as “1.2”: b | Otherwise: the default",
            ),
            (
                json!({"if": [{"<": [18, {"var": "age"}, 65]}, {"var": "variant"}]}),
                "If 18 < age < 65: variant | Otherwise: the default",
            ),
            (json!({"cat": ["o", "n"]}), "Everybody: {\"cat\":[\"o\",\"n\"]}"),
            (json!({}), "Everybody: {}"),
        ] {
            assert_eq!(lines(&rule).join(" | "), said);
        }
    }
}
