//! What each operator of targeting does with the values it is given.
//!
//! Pure functions of values. Those that decide which of their arguments are reckoned at all (`if`, `and`, `map`, ...) are
//! in `targeting.rs`.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::values::{Data, NAN, Number};
use super::versions::Version;

/// Why a rule came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no such operator, or a `$ref` leads nowhere.
    Operator(Box<str>),
    /// It cannot be reckoned.
    Reckoning(&'static str),
}

/// An operator of at most three arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Same,
    NotSame,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Not,
    Truth,
    Minus,
    Divide,
    Remainder,
    In,
    Substring,
    Log,
    MissingSome,
    StartsWith,
    EndsWith,
    Version,
}

/// An operator of any number of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gathering {
    Plus,
    Times,
    Least,
    Most,
    Concatenate,
    Merge,
    Missing,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("===", Operator::Same),
    ("!==", Operator::NotSame),
    ("<", Operator::Less),
    ("<=", Operator::AtMost),
    (">", Operator::Greater),
    (">=", Operator::AtLeast),
    ("!", Operator::Not),
    ("!!", Operator::Truth),
    ("-", Operator::Minus),
    ("/", Operator::Divide),
    ("%", Operator::Remainder),
    ("in", Operator::In),
    ("substr", Operator::Substring),
    ("log", Operator::Log),
    ("missing_some", Operator::MissingSome),
    ("starts_with", Operator::StartsWith),
    ("ends_with", Operator::EndsWith),
    ("sem_ver", Operator::Version),
];

const GATHERINGS: &[(&str, Gathering)] = &[
    ("+", Gathering::Plus),
    ("*", Gathering::Times),
    ("min", Gathering::Least),
    ("max", Gathering::Most),
    ("cat", Gathering::Concatenate),
    ("merge", Gathering::Merge),
    ("missing", Gathering::Missing),
];

/// Those that `targeting.rs` reckons itself.
const DECIDING: &[&str] =
    &["if", "?:", "and", "or", "var", "map", "filter", "reduce", "all", "some", "none", "fractional"];

impl Operator {
    pub(super) fn named(name: &str) -> Option<Self> {
        OPERATORS.iter().find(|(own, _)| *own == name).map(|(_, operator)| *operator)
    }
}

impl Gathering {
    pub(super) fn named(name: &str) -> Option<Self> {
        GATHERINGS.iter().find(|(own, _)| *own == name).map(|(_, operator)| *operator)
    }
}

/// The names of all operators.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let fixed = OPERATORS.iter().map(|(name, _)| *name);
    fixed.chain(GATHERINGS.iter().map(|(name, _)| *name)).chain(DECIDING.iter().copied())
}

/// What comes of at most three arguments; one that was not given is null. `count` tells how many were.
pub(super) fn call(operator: Operator, count: usize, [a, b, c]: [&Data; 3]) -> Result<Data, Fault> {
    let between = |wanted: fn(Ordering) -> bool| {
        let holds = |a: &Data, b: &Data| a.order(b).is_some_and(wanted);
        Data::Bool(holds(a, b) && (matches!(c, Data::Null) || holds(b, c)))
    };
    Ok(match operator {
        Operator::Equal => Data::Bool(a.equals(b)),
        Operator::NotEqual => Data::Bool(!a.equals(b)),
        Operator::Same => Data::Bool(a.same(b)),
        Operator::NotSame => Data::Bool(!a.same(b)),
        Operator::Less => between(Ordering::is_lt),
        Operator::AtMost => between(Ordering::is_le),
        Operator::Greater => between(Ordering::is_gt),
        Operator::AtLeast => between(Ordering::is_ge),
        Operator::Not => Data::Bool(!a.is_true()),
        Operator::Truth => Data::Bool(a.is_true()),
        Operator::Minus if matches!(b, Data::Null) => minus(Number::Int(0), a.number()).into(),
        Operator::Minus => minus(a.number(), b.number()).into(),
        Operator::Divide => Data::Float(a.number().float() / divisor(b)?.float()),
        Operator::Remainder => remainder(a.number(), divisor(b)?).into(),
        Operator::In => Data::Bool(match b {
            Data::List(items) => items.iter().any(|item| item.same(a)),
            Data::Text(text) => text.contains(a.text().as_ref()),
            _ => false,
        }),
        Operator::Substring => substring(a, b, c)?,
        Operator::Log => a.clone(),
        Operator::StartsWith => two_texts(count, a, b, |text, start| text.starts_with(start)),
        Operator::EndsWith => two_texts(count, a, b, |text, end| text.ends_with(end)),
        Operator::Version => if count == 3 { versions(a, b, c) } else { None }.map_or(Data::Null, Data::Bool),
        // Asks the context, so `targeting.rs` answers it.
        Operator::MissingSome => Data::Null,
    })
}

/// What comes of all arguments.
pub(super) fn gather(operator: Gathering, args: &[Cow<'_, Data>]) -> Data {
    let numbers = || args.iter().map(|arg| arg.number());
    match operator {
        Gathering::Plus => numbers().fold(Number::Int(0), plus).into(),
        Gathering::Times => numbers().fold(Number::Int(1), times).into(),
        Gathering::Least => furthest(args, Ordering::Less),
        Gathering::Most => furthest(args, Ordering::Greater),
        Gathering::Concatenate => {
            let mut text = String::new();
            for arg in args {
                arg.write(&mut text);
            }
            Data::Text(text.into())
        }
        Gathering::Merge => {
            let items = args.iter().flat_map(|arg| match arg.as_ref() {
                Data::List(items) => items.as_ref(),
                other => std::slice::from_ref(other),
            });
            Data::List(items.cloned().collect())
        }
        // Asks the context, so `targeting.rs` answers it.
        Gathering::Missing => Data::Null,
    }
}

/// The first of those that none goes beyond. True and false stay what they are.
fn furthest(args: &[Cow<'_, Data>], beyond: Ordering) -> Data {
    fn as_number(arg: &Data) -> Data {
        match arg {
            Data::Bool(is) => Data::Bool(*is),
            Data::List(items) if items.len() == 1 => as_number(&items[0]),
            other => other.number().into(),
        }
    }
    let mut args = args.iter().map(|arg| as_number(arg));
    let Some(mut best) = args.next() else { return NAN.into() };
    for arg in args {
        if arg.number().compare(best.number()) == Some(beyond) {
            best = arg;
        }
    }
    best
}

fn plus(a: Number, b: Number) -> Number {
    let whole = if let (Number::Int(a), Number::Int(b)) = (a, b) { a.checked_add(b) } else { None };
    whole.map_or_else(|| Number::Float(a.float() + b.float()), Number::Int)
}

fn minus(a: Number, b: Number) -> Number {
    match (a, b) {
        (Number::Int(0), Number::Float(broken)) => Number::Float(-broken),
        (Number::Int(a), Number::Int(b)) if a.checked_sub(b).is_some() => Number::Int(a - b),
        _ => Number::Float(a.float() - b.float()),
    }
}

fn times(a: Number, b: Number) -> Number {
    let whole = if let (Number::Int(a), Number::Int(b)) = (a, b) { a.checked_mul(b) } else { None };
    whole.map_or_else(|| Number::Float(a.float() * b.float()), Number::Int)
}

fn divisor(value: &Data) -> Result<Number, Fault> {
    match value.number() {
        number if number.compare(Number::Int(0)) == Some(Ordering::Equal) => Err(Fault::Reckoning("division by zero")),
        number => Ok(number),
    }
}

/// With the sign of the divisor, as the reference has it.
fn remainder(a: Number, b: Number) -> Number {
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        let rest = a.wrapping_rem(b);
        return Number::Int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest });
    }
    let (a, b) = (a.float(), b.float());
    let rest = a % b;
    Number::Float(if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    })
}

/// Counts letters, not bytes; from the end where the number is below zero.
fn substring(text: &Data, start: &Data, length: &Data) -> Result<Data, Fault> {
    const ENDLESS: Fault = Fault::Reckoning("substr needs numbers that end");
    let text = text.text();
    let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = start.number();
    let start = if start.is_nan() {
        0
    } else if start.compare(Number::Int(0)) == Some(Ordering::Less) {
        let back = minus(Number::Int(0), start);
        match back.compare(Number::Int(letters)) {
            Some(Ordering::Less) => letters - back.whole().ok_or(ENDLESS)?,
            _ => 0,
        }
    } else {
        start.whole().ok_or(ENDLESS)?.min(letters)
    };
    let end = match length {
        Data::Null => letters,
        length => match length.number() {
            number if number.is_nan() => start,
            number => match number.whole().ok_or(ENDLESS)? {
                length if length < 0 => letters.saturating_add(length).max(start),
                length => start.saturating_add(length),
            },
        },
    };
    let skip = usize::try_from(start).unwrap_or_default();
    let take = usize::try_from(end - start).unwrap_or_default();
    Ok(Data::Text(text.chars().skip(skip).take(take).collect::<String>().into()))
}

fn two_texts(count: usize, a: &Data, b: &Data, holds: impl Fn(&str, &str) -> bool) -> Data {
    match (a, b) {
        (Data::Text(a), Data::Text(b)) if count == 2 => Data::Bool(holds(a, b)),
        _ => Data::Null,
    }
}

/// A number may stand for a version: 1.2 is 1.2.0.
fn versions(a: &Data, operator: &Data, b: &Data) -> Option<bool> {
    let named = |value: &Data| match value {
        Data::Text(text) => Some(text.to_string()),
        Data::Int(whole) => Some(whole.to_string()),
        Data::Float(broken) => Some(super::values::shortest(*broken)),
        _ => None,
    };
    let Data::Text(operator) = operator else { return None };
    if let (Data::Text(a), Data::Text(b)) = (a, b) {
        return Version::read(a)?.is(operator, &Version::read(b)?);
    }
    let (a, b) = (named(a)?, named(b)?);
    Version::read(&a)?.is(operator, &Version::read(&b)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn called(name: &str, args: &Value) -> Result<Data, Fault> {
        let args: Vec<Cow<'_, Data>> = args.as_array().unwrap().iter().map(|arg| Cow::Owned(arg.into())).collect();
        let Some(operator) = Operator::named(name) else {
            return Ok(gather(Gathering::named(name).unwrap(), &args));
        };
        let arg = |index: usize| args.get(index).map_or(&Data::Null, AsRef::as_ref);
        call(operator, args.len(), [arg(0), arg(1), arg(2)])
    }

    #[test]
    fn operators_do_what_the_reference_does() {
        for (name, args, result) in [
            ("<", json!([1, 2, 3]), json!(true)),
            ("<", json!([1, 3, 2]), json!(false)),
            ("<=", json!(["b", "a"]), json!(false)),
            ("<", json!(["10", 9]), json!(false)),
            ("<", json!(["x", 9]), json!(false)),
            (">=", json!([null, 0]), json!(true)),
            ("-", json!(["5"]), json!(-5.0)),
            ("-", json!([5, 7]), json!(-2)),
            ("+", json!([1, "2", true]), json!(4.0)),
            ("+", json!([]), json!(0)),
            ("*", json!([3, 4]), json!(12)),
            ("/", json!([1, 4]), json!(0.25)),
            ("%", json!([-7, 3]), json!(2)),
            ("%", json!([7, -3.0]), json!(-2.0)),
            ("min", json!([3, "1", 2]), json!(1.0)),
            ("max", json!([1, 1.0, 0]), json!(1)),
            ("in", json!(["a", ["b", "a"]]), json!(true)),
            ("in", json!([1, "212"]), json!(true)),
            ("in", json!(["a", {"a": 1}]), json!(false)),
            ("cat", json!(["a", 1, 1.0, null, [1, "b"]]), json!("a11null1,b")),
            ("substr", json!(["jsonlogic", 4]), json!("logic")),
            ("substr", json!(["jsonlogic", -5]), json!("logic")),
            ("substr", json!(["jsonlogic", -5, -2]), json!("log")),
            ("substr", json!(["äöü", 1, 1]), json!("ö")),
            ("merge", json!([1, [2, 3], []]), json!([1, 2, 3])),
            ("!", json!([[]]), json!(true)),
            ("!!", json!(["0"]), json!(true)),
            ("starts_with", json!(["abc", "ab"]), json!(true)),
            ("ends_with", json!(["abc", 1]), json!(null)),
            ("ends_with", json!(["abc", "c", "d"]), json!(null)),
            ("sem_ver", json!([1.2, "=", "v1.2.0"]), json!(true)),
            ("sem_ver", json!([[1.2], "=", "1.2.0"]), json!(null)),
            ("sem_ver", json!(["x", "=", "x"]), json!(null)),
        ] {
            let told = called(name, &args).unwrap();
            assert!(told.same(&(&result).into()), "{name} {args}: {told:?}");
        }
    }

    #[test]
    fn what_cannot_be_reckoned_is_a_fault_and_no_panic() {
        // JSON has no infinity, but a text may read as one.
        let endless = json!(["a", 0, "1e999"]);
        for (name, args) in [("/", json!([1, 0])), ("%", json!([1, "0"])), ("/", json!([1])), ("substr", endless)] {
            assert!(matches!(called(name, &args), Err(Fault::Reckoning(_))), "{name} {args}");
        }
        for (name, args) in [("%", json!([i64::MIN, -1])), ("-", json!([i64::MIN])), ("*", json!([i64::MAX, i64::MAX]))]
        {
            called(name, &args).unwrap();
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let all: Vec<_> = names().collect();
        let once: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), once.len());
    }
}
