//! Targeting: a rule in `JsonLogic`, compiled once.
//!
//! Compiling never fails: what is wrong with a rule is told by `flag_checks.rs` before it comes into force, and what came
//! into force anyway is an error only where it is reached. How a rule is reckoned is in `reckoning.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::operators::{Gathering, Operator};
use super::reckoning::{TARGETING_KEY, weight_of};
use super::values::{Data, hash_of};
use super::versions::Ahead;

/// Rules in rules in rules: what is written by hand stays far below.
pub(super) const MOST_DEPTH: usize = 100;

/// A compiled rule.
#[derive(Debug)]
pub(super) enum Rule {
    Constant(Data),
    List(Box<[Rule]>),
    /// A place that is known beforehand.
    Var(Box<Place>),
    /// A place that must be reckoned first.
    VarAt(Box<[Rule]>),
    If(Box<[Rule]>),
    And(Box<[Rule]>),
    Or(Box<[Rule]>),
    Each(Each, Box<(Rule, Rule)>),
    Reduce(Box<(Rule, Rule, Data)>),
    Fractional(Box<[Rule]>),
    /// The same where all shares are known beforehand: their weights, and what each comes to.
    Shares(Box<Shares>),
    /// `sem_ver` with a version that is known beforehand.
    Version(Box<(Rule, Ahead)>),
    Call(Operator, Box<[Rule]>),
    Gather(Gathering, Box<[Rule]>),
    /// `in` a list of texts, sorted.
    Among(Box<(Rule, Box<[Arc<str>]>)>),
    /// An evaluator that several rules share.
    Shared(Arc<Rule>),
    Unknown(Box<str>, Box<[Rule]>),
    Wrong(&'static str),
}

/// The weights of shares, and what each comes to.
#[derive(Debug)]
pub(super) struct Shares {
    pub(super) weights: Box<[i64]>,
    pub(super) variants: Box<[Data]>,
    /// Of the name under which it is said who somebody is.
    pub(super) key_hash: u32,
}

/// What is done with each item of a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Each {
    Map,
    Filter,
    All,
    Some,
    None,
}

/// `user.emails.0`, taken apart, and what to take if nothing is there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) first: Segment,
    pub(super) rest: Box<[Segment]>,
    pub(super) default: Option<Rule>,
}

#[derive(Debug)]
pub(super) struct Segment {
    name: Arc<str>,
    hash: u32,
    index: Option<usize>,
}

/// Where `var` goes next: under a name, or to a place in a list.
#[derive(Clone, Copy)]
pub(super) struct Step<'n> {
    pub(super) name: &'n str,
    pub(super) hash: u32,
    pub(super) index: Option<usize>,
}

impl Segment {
    pub(super) fn step(&self) -> Step<'_> {
        Step { name: &self.name, hash: self.hash, index: self.index }
    }
}

impl Place {
    /// The one name that it is, if it is no more than that.
    #[inline]
    pub(super) fn name(&self) -> Option<Step<'_>> {
        (self.rest.is_empty() && self.default.is_none()).then(|| self.first.step())
    }
}

impl<'n> Step<'n> {
    pub(super) fn of(name: &'n str) -> Self {
        let plain = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        let index = if plain { name.parse().ok() } else { None };
        Self { name, hash: hash_of(name), index }
    }

    pub(super) fn to(index: usize) -> Self {
        Self { name: "", hash: hash_of(""), index: Some(index) }
    }
}

/// Compiles the rules of one set of flags, which share evaluators and texts.
pub(super) struct Compiler<'v> {
    evaluators: &'v BTreeMap<String, Value>,
    /// None while it is being compiled: whoever comes upon it then has gone in a circle.
    compiled: BTreeMap<&'v str, Option<(Arc<Rule>, usize)>>,
    texts: BTreeSet<Arc<str>>,
}

impl<'v> Compiler<'v> {
    pub(super) fn new(evaluators: &'v BTreeMap<String, Value>) -> Self {
        Self { evaluators, compiled: BTreeMap::new(), texts: BTreeSet::new() }
    }

    pub(super) fn rule(&mut self, value: &'v Value) -> Rule {
        self.nested(value, 0).0
    }

    /// What a `$ref` stands for, or else the value itself.
    pub(super) fn resolve(&self, value: &'v Value) -> &'v Value {
        let mut value = value;
        // Those that lead back to themselves are none the wiser after as many turns as there are evaluators.
        for _ in 0..=self.evaluators.len() {
            let Value::Object(map) = value else { break };
            let (1, Some(Value::String(name))) = (map.len(), map.get("$ref")) else { break };
            let Some(next) = self.evaluators.get(name) else { break };
            value = next;
        }
        value
    }

    /// A text that is kept once.
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    /// A value that is taken as it stands.
    fn constant(&mut self, value: &Value) -> Data {
        match value {
            Value::String(text) => Data::Text(self.text(text)),
            Value::Array(items) => Data::List(items.iter().map(|item| self.constant(item)).collect()),
            other => other.into(),
        }
    }

    /// The rule, and how deep it is nested.
    fn nested(&mut self, value: &'v Value, depth: usize) -> (Rule, usize) {
        if depth > MOST_DEPTH {
            return (Rule::Wrong("targeting is nested too deeply"), 1);
        }
        let (rule, height) = match value {
            Value::Array(items) => {
                let (rules, height) = self.all(items, depth);
                match rules.iter().map(as_constant).collect::<Option<Vec<_>>>() {
                    Some(items) => (Rule::Constant(Data::List(items.into_iter().cloned().collect())), height),
                    None => (Rule::List(rules), height),
                }
            }
            Value::Object(map) if map.len() == 1 => match map.iter().next() {
                Some((name, args)) => {
                    let args = if let Value::Array(args) = args { args.as_slice() } else { std::slice::from_ref(args) };
                    self.operation(name, args, depth)
                }
                None => (Rule::Constant(Data::Null), 0),
            },
            other => (Rule::Constant(self.constant(other)), 0),
        };
        if height >= MOST_DEPTH {
            return (Rule::Wrong("targeting is nested too deeply"), 1);
        }
        (rule, height + 1)
    }

    fn all(&mut self, values: &'v [Value], depth: usize) -> (Box<[Rule]>, usize) {
        let mut highest = 0;
        let rules = values.iter().map(|value| {
            let (rule, height) = self.nested(value, depth + 1);
            highest = highest.max(height);
            rule
        });
        (rules.collect(), highest)
    }

    fn operation(&mut self, name: &str, args: &'v [Value], depth: usize) -> (Rule, usize) {
        if let ("$ref", [Value::String(evaluator)]) = (name, args)
            && let Some(shared) = self.evaluator(evaluator, depth)
        {
            return shared;
        }
        // The start value of `reduce` is taken as it stands.
        let (reckoned, start) = if name == "reduce" { args.split_at(args.len().min(2)) } else { (args, &[][..]) };
        let (rules, height) = self.all(reckoned, depth);
        let each = |kind, rules: Box<[Rule]>| match two(rules) {
            Some(pair) => Rule::Each(kind, Box::new(pair)),
            None => Rule::Constant(match kind {
                Each::Map | Each::Filter => Data::List(Box::default()),
                Each::All | Each::Some => Data::Bool(false),
                Each::None => Data::Bool(true),
            }),
        };
        let rule = match name {
            "if" | "?:" => Rule::If(rules),
            "and" => Rule::And(rules),
            "or" => Rule::Or(rules),
            "map" if rules.len() == 1 => each(Each::Map, with_null(rules)),
            "map" => each(Each::Map, rules),
            "filter" => each(Each::Filter, rules),
            "all" => each(Each::All, rules),
            "some" => each(Each::Some, rules),
            "none" => each(Each::None, rules),
            "reduce" => {
                let start = start.first().map_or(Data::Null, |start| self.constant(start));
                match two(with_null(rules)) {
                    Some((items, each)) if !args.is_empty() => Rule::Reduce(Box::new((items, each, start))),
                    _ => Rule::Constant(Data::Null),
                }
            }
            "fractional" => shares(rules),
            "sem_ver" => version(rules),
            "var" if rules.len() > 2 => Rule::Wrong("var takes a place and a default"),
            "var" => self.var(rules),
            "in" => among(rules),
            _ => match (Operator::named(name), Gathering::named(name)) {
                (Some(operator), _) => Rule::Call(operator, rules),
                (_, Some(gathering)) => Rule::Gather(gathering, rules),
                _ => Rule::Unknown(name.into(), rules),
            },
        };
        (rule, height)
    }

    fn evaluator(&mut self, name: &str, depth: usize) -> Option<(Rule, usize)> {
        let (name, value) = self.evaluators.get_key_value(name)?;
        if !self.compiled.contains_key(name.as_str()) {
            self.compiled.insert(name, None);
            let (rule, height) = self.nested(value, depth + 1);
            self.compiled.insert(name, Some((Arc::new(rule), height)));
        }
        let (rule, height) = self.compiled.get(name.as_str())?.as_ref()?;
        Some((Rule::Shared(rule.clone()), *height))
    }

    fn var(&mut self, rules: Box<[Rule]>) -> Rule {
        let mut rules = rules.into_vec();
        match rules.first() {
            Some(Rule::Constant(Data::Text(place))) if !place.is_empty() => {
                let place = place.clone();
                let default = if rules.len() == 2 { rules.pop() } else { None };
                let (first, rest) = place.split_once('.').map_or((place.as_ref(), None), |(a, b)| (a, Some(b)));
                let mut segment = |name| {
                    let Step { name, hash, index } = Step::of(name);
                    Segment { name: self.text(name), hash, index }
                };
                let first = segment(first);
                let rest = rest.into_iter().flat_map(|rest| rest.split('.')).map(segment).collect();
                Rule::Var(Box::new(Place { first, rest, default }))
            }
            _ => Rule::VarAt(rules.into()),
        }
    }
}

impl Rule {
    /// What this rule may come to, as far as it says so in plain words: through `if`, `or`, `and` and shares.
    pub(super) fn outcomes<'r>(&'r self, out: &mut Vec<&'r Data>) {
        match self {
            Self::Constant(data) => out.push(data),
            Self::Shared(rule) => rule.outcomes(out),
            Self::If(rules) => {
                let last = rules.len().saturating_sub(1);
                let told = |index: usize| index % 2 == 1 || index == last;
                rules.iter().enumerate().filter(|(index, _)| told(*index)).for_each(|(_, rule)| rule.outcomes(out));
            }
            Self::Fractional(shares) => {
                for share in shares {
                    match share {
                        Self::Constant(Data::List(pair)) => out.extend(pair.first()),
                        Self::List(pair) => pair.iter().take(1).for_each(|rule| rule.outcomes(out)),
                        _ => {}
                    }
                }
            }
            Self::Shares(shares) => out.extend(shares.variants.iter()),
            _ => {}
        }
    }
}

fn as_constant(rule: &Rule) -> Option<&Data> {
    if let Rule::Constant(data) = rule { Some(data) } else { None }
}

/// The first two.
fn two(rules: Box<[Rule]>) -> Option<(Rule, Rule)> {
    let mut rules = rules.into_iter();
    Some((rules.next()?, rules.next()?))
}

fn with_null(rules: Box<[Rule]>) -> Box<[Rule]> {
    rules.into_iter().chain([Rule::Constant(Data::Null)]).collect()
}

/// Weighs shares once, where they are all plain.
fn shares(rules: Box<[Rule]>) -> Rule {
    let plain = |rule: &Rule| match rule {
        Rule::Constant(share @ Data::List(pair)) => Some((weight_of(share)?, pair.first().cloned()?)),
        _ => None,
    };
    match rules.iter().map(plain).collect::<Option<Vec<_>>>() {
        Some(pairs) if !pairs.is_empty() => {
            let (weights, variants): (Vec<i64>, Vec<Data>) = pairs.into_iter().unzip();
            let key_hash = hash_of(TARGETING_KEY);
            Rule::Shares(Box::new(Shares { weights: weights.into(), variants: variants.into(), key_hash }))
        }
        _ => Rule::Fractional(rules),
    }
}

/// Reads a version once, where it is written down.
fn version(rules: Box<[Rule]>) -> Rule {
    let ahead = match rules.as_ref() {
        [_, Rule::Constant(Data::Text(operator)), Rule::Constant(Data::Text(version))] => Ahead::new(operator, version),
        _ => None,
    };
    match (ahead, rules.len()) {
        (Some(ahead), 3) => match rules.into_iter().next() {
            Some(rule) => Rule::Version(Box::new((rule, ahead))),
            None => Rule::Constant(Data::Null),
        },
        _ => Rule::Call(Operator::Version, rules),
    }
}

/// Looks among texts by halving, where all that is looked among is texts.
fn among(rules: Box<[Rule]>) -> Rule {
    let text = |item: &Data| if let Data::Text(text) = item { Some(text.clone()) } else { None };
    let texts = match rules.as_ref() {
        [_, Rule::Constant(Data::List(items))] => items.iter().map(text).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let Some(mut texts) = texts else { return Rule::Call(Operator::In, rules) };
    texts.sort();
    match two(rules) {
        Some((needle, _)) => Rule::Among(Box::new((needle, texts.into()))),
        None => Rule::Constant(Data::Bool(false)),
    }
}
