//! Reckons a compiled rule over a context.
//!
//! It costs a bounded number of steps, whoever wrote the rule and whatever the context holds, and copies nothing that
//! it only looks at.

use std::borrow::Cow;
use std::cell::Cell;

use super::fractional::{Begun, Bucketing, share};
use super::operators::{Fault, Gathering, Operator, call, gather};
use super::targeting::{Each, Rule, Segment, Step};
use super::values::{Data, Map, Number, hash_of, weight_of_text};
use super::versions::Ahead;

/// The steps that one evaluation may take. A long rule takes some hundreds.
const MOST_STEPS: u32 = 100_000;

/// One evaluation.
pub(super) struct Reckoner<'s> {
    /// The flag's key, as a text.
    flag: &'s Data,
    /// Seconds of Unix time.
    now: i64,
    bucketing: Bucketing,
    /// A draw for the flag.
    begun: Begun,
    steps: Cell<u32>,
}

/// What `var` looks at.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    data: &'s Data,
    /// Is it the context itself, not an item of a list in it?
    whole: bool,
}

impl<'s> Scope<'s> {
    pub(super) fn context(data: &'s Data) -> Self {
        Self { data, whole: true }
    }

    fn item(data: &'s Data) -> Self {
        Self { data, whole: false }
    }
}

type Reckoned<'s> = Result<Cow<'s, Data>, Fault>;

const NULL: &Data = &Data::Null;

/// What flagd itself says to a rule: which flag, and what time it is.
const FLAGD: &str = "$flagd";
const FLAG_KEY: &str = "flagKey";
const TIMESTAMP: &str = "timestamp";
pub(super) const TARGETING_KEY: &str = "targetingKey";

impl<'s> Reckoner<'s> {
    pub(super) fn new(flag: &'s Data, now: i64, bucketing: Bucketing, begun: Begun) -> Self {
        Self { flag, now, bucketing, begun, steps: Cell::new(MOST_STEPS) }
    }

    pub(super) fn reckon<'a>(&'a self, rule: &'a Rule, scope: Scope<'a>) -> Reckoned<'a> {
        self.spend(1)?;
        match rule {
            Rule::Constant(data) => Ok(Cow::Borrowed(data)),
            Rule::Var(place) => {
                let found = self.find(scope, place.first.step(), place.rest.iter().map(Segment::step))?;
                // A default is reckoned also where it is not needed, as the reference does: it may be wrong.
                let Some(default) = &place.default else { return Ok(found.unwrap_or(Cow::Borrowed(NULL))) };
                let default = self.reckon(default, scope)?;
                Ok(found.unwrap_or(default))
            }
            Rule::If(rules) => {
                let (pairs, otherwise) = rules.as_chunks::<2>();
                for [condition, then] in pairs {
                    if self.is_true(condition, scope)? {
                        return self.reckon(then, scope);
                    }
                }
                otherwise.first().map_or(Ok(Cow::Borrowed(NULL)), |rule| self.reckon(rule, scope))
            }
            Rule::And(rules) => self.first(rules, scope, false),
            Rule::Or(rules) => self.first(rules, scope, true),
            Rule::Among(parts) => {
                let needle = self.reckon(&parts.0, scope)?;
                let found = matches!(needle.as_ref(), Data::Text(text) if parts.1.binary_search(text).is_ok());
                Ok(Cow::Owned(Data::Bool(found)))
            }
            Rule::Call(operator, rules) => self.call(*operator, rules, scope),
            Rule::Fractional(rules) => self.fractional(rules, scope),
            Rule::Shares(shares) => {
                let drawn = self.draw_for_somebody(scope, shares.key_hash)?;
                let found = drawn.and_then(|drawn| share(drawn, shares.weights.iter().copied()));
                Ok(Cow::Borrowed(found.map_or(NULL, |index| &shares.variants[index])))
            }
            Rule::Version(parts) => {
                let version = self.reckon(&parts.0, scope)?;
                Ok(Cow::Owned(self.version(&version, &parts.1)?.map_or(Data::Null, Data::Bool)))
            }
            Rule::Shared(rule) => self.reckon(rule, scope),
            seldom => self.reckon_seldom(seldom, scope),
        }
    }

    /// Whether a condition holds; what most conditions are comes to no value on the way.
    fn is_true<'a>(&'a self, rule: &'a Rule, scope: Scope<'a>) -> Result<bool, Fault> {
        match rule {
            Rule::Version(parts) => {
                self.spend(1)?;
                if let Some((version, _)) = peek(&parts.0, scope) {
                    self.spend(1)?;
                    return Ok(self.version(version, &parts.1)?.unwrap_or(false));
                }
                let version = self.reckon(&parts.0, scope)?;
                Ok(self.version(&version, &parts.1)?.unwrap_or(false))
            }
            Rule::Among(parts) => {
                self.spend(1)?;
                let holds = |needle: &Data| matches!(needle, Data::Text(text) if parts.1.binary_search(text).is_ok());
                if let Some((needle, _)) = peek(&parts.0, scope) {
                    self.spend(1)?;
                    return Ok(holds(needle));
                }
                Ok(holds(self.reckon(&parts.0, scope)?.as_ref()))
            }
            Rule::Call(operator, rules) => {
                if let [a, b] = rules.as_ref()
                    && let (Some((a, steps_a)), Some((b, steps_b))) = (peek(a, scope), peek(b, scope))
                    && !matches!(operator, Operator::Log | Operator::MissingSome)
                {
                    self.spend(1 + steps_a + steps_b)?;
                    self.spend(a.weight().saturating_add(b.weight()))?;
                    return holds(*operator, a, b);
                }
                Ok(self.reckon(rule, scope)?.is_true())
            }
            Rule::And(rules) | Rule::Or(rules) => {
                self.spend(1)?;
                let wanted = matches!(rule, Rule::Or(_));
                for rule in rules {
                    if self.is_true(rule, scope)? == wanted {
                        return Ok(wanted);
                    }
                }
                // Of nothing, neither holds.
                Ok(!wanted && !rules.is_empty())
            }
            _ => Ok(self.reckon(rule, scope)?.is_true()),
        }
    }

    fn version(&self, version: &Data, ahead: &Ahead) -> Result<Option<bool>, Fault> {
        self.spend(version.weight())?;
        match version {
            Data::Text(text) => Ok(ahead.holds(text)),
            other => {
                let [operator, wanted] = ahead.texts();
                match call(Operator::Version, 3, [other, &operator.into(), &wanted.into()])? {
                    Data::Bool(holds) => Ok(Some(holds)),
                    _ => Ok(None),
                }
            }
        }
    }

    /// What few rules do, apart from the rest, so that what most rules do stays small and fast.
    #[inline(never)]
    fn reckon_seldom<'a>(&'a self, rule: &'a Rule, scope: Scope<'a>) -> Reckoned<'a> {
        match rule {
            Rule::VarAt(args) => {
                let place = args.first().map_or(Ok(Cow::Borrowed(NULL)), |arg| self.reckon(arg, scope))?;
                let default = args.get(1).map_or(Ok(Cow::Borrowed(NULL)), |arg| self.reckon(arg, scope))?;
                Ok(self.look_up(scope, &place)?.unwrap_or(default))
            }
            Rule::List(rules) => {
                let items = rules.iter().map(|rule| self.owned(self.reckon(rule, scope)?));
                Ok(Cow::Owned(Data::List(items.collect::<Result<_, _>>()?)))
            }
            Rule::Each(each, pair) => self.each(*each, &pair.0, &pair.1, scope),
            Rule::Reduce(parts) => self.reduce(&parts.0, &parts.1, &parts.2, scope),
            Rule::Gather(gathering, rules) => {
                let args = self.args(rules, scope)?;
                if let Gathering::Missing = gathering {
                    return match args.first().map(Cow::as_ref) {
                        Some(Data::List(keys)) => self.missing(scope, keys.iter()),
                        _ => self.missing(scope, args.iter().map(Cow::as_ref)),
                    };
                }
                for arg in &args {
                    self.spend(arg.weight())?;
                }
                Ok(Cow::Owned(gather(*gathering, &args)))
            }
            Rule::Unknown(name, rules) => {
                self.args(rules, scope)?;
                Err(Fault::Operator(name.clone()))
            }
            Rule::Wrong(why) => Err(Fault::Reckoning(why)),
            often => self.reckon(often, scope),
        }
    }

    #[inline]
    fn spend(&self, steps: u32) -> Result<(), Fault> {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.ok_or(Fault::Reckoning("targeting takes too many steps"))?);
        Ok(())
    }

    /// A copy, which costs as much as there is to copy.
    fn owned(&self, data: Cow<'_, Data>) -> Result<Data, Fault> {
        if let Cow::Borrowed(data) = data {
            self.spend(data.weight())?;
        }
        Ok(data.into_owned())
    }

    fn args<'a>(&'a self, rules: &'a [Rule], scope: Scope<'a>) -> Result<Vec<Cow<'a, Data>>, Fault> {
        rules.iter().map(|rule| self.reckon(rule, scope)).collect()
    }

    /// The first that is as wanted, or else the last.
    fn first<'a>(&'a self, rules: &'a [Rule], scope: Scope<'a>, wanted: bool) -> Reckoned<'a> {
        let mut current = Cow::Borrowed(NULL);
        for rule in rules {
            current = self.reckon(rule, scope)?;
            if current.is_true() == wanted {
                break;
            }
        }
        Ok(current)
    }

    #[inline(never)]
    fn call<'a>(&'a self, operator: Operator, rules: &'a [Rule], scope: Scope<'a>) -> Reckoned<'a> {
        let argument = |index: usize| match rules.get(index) {
            Some(Rule::Constant(data)) => Ok(Cow::Borrowed(data)),
            Some(rule) => self.reckon(rule, scope),
            None => Ok(Cow::Borrowed(NULL)),
        };
        let (a, b, c) = (argument(0)?, argument(1)?, argument(2)?);
        for surplus in rules.iter().skip(3) {
            self.reckon(surplus, scope)?;
        }
        match operator {
            Operator::Log => Ok(a),
            Operator::MissingSome => {
                let Data::List(keys) = b.as_ref() else { return Ok(Cow::Owned(Data::List(Box::default()))) };
                let missing = self.missing(scope, keys.iter())?;
                let count = if let Data::List(missing) = missing.as_ref() { missing.len() } else { 0 };
                let present = Number::Int(i64::try_from(keys.len() - count).unwrap_or(i64::MAX));
                let enough = present.compare(a.number()).is_some_and(std::cmp::Ordering::is_ge);
                Ok(if enough { Cow::Owned(Data::List(Box::default())) } else { missing })
            }
            // An operator looks at whole texts and lists.
            _ => {
                self.spend(a.weight().saturating_add(b.weight()))?;
                call(operator, rules.len(), [&a, &b, &c]).map(Cow::Owned)
            }
        }
    }

    fn each<'a>(&'a self, each: Each, items: &'a Rule, rule: &'a Rule, scope: Scope<'a>) -> Reckoned<'a> {
        let items = self.reckon(items, scope)?;
        let items = if let Data::List(items) = items.as_ref() { items.as_ref() } else { &[] };
        let holds = |item: &Data| Ok::<_, Fault>(self.reckon(rule, Scope::item(item))?.is_true());
        let any = |wanted: bool| {
            for item in items {
                if holds(item)? == wanted {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        Ok(Cow::Owned(match each {
            Each::Map => {
                let mapped = items.iter().map(|item| self.owned(self.reckon(rule, Scope::item(item))?));
                Data::List(mapped.collect::<Result<_, _>>()?)
            }
            Each::Filter => {
                let mut kept = Vec::new();
                for item in items {
                    if holds(item)? {
                        kept.push(self.owned(Cow::Borrowed(item))?);
                    }
                }
                Data::List(kept.into())
            }
            // Of nothing, not everything holds: so JsonLogic says.
            Each::All => Data::Bool(!items.is_empty() && !any(false)?),
            Each::Some => Data::Bool(any(true)?),
            Each::None => Data::Bool(!any(true)?),
        }))
    }

    fn reduce<'a>(&'a self, items: &'a Rule, rule: &'a Rule, start: &'a Data, scope: Scope<'a>) -> Reckoned<'a> {
        let items = self.reckon(items, scope)?;
        let Data::List(items) = items.as_ref() else { return Ok(Cow::Borrowed(start)) };
        let mut accumulator = self.owned(Cow::Borrowed(start))?;
        for item in items {
            let current = self.owned(Cow::Borrowed(item))?;
            let pair: Map = [("accumulator", accumulator), ("current", current)].into_iter().collect();
            let pair = Data::Map(pair);
            accumulator = self.owned(self.reckon(rule, Scope::item(&pair))?)?;
        }
        Ok(Cow::Owned(accumulator))
    }

    #[inline(never)]
    fn fractional<'a>(&'a self, rules: &'a [Rule], scope: Scope<'a>) -> Reckoned<'a> {
        const NOTHING: Reckoned<'static> = Ok(Cow::Borrowed(NULL));
        let mut args = self.args(rules, scope)?;
        let (drawn, first) = match args.first().map(Cow::as_ref) {
            None => return NOTHING,
            Some(Data::List(_)) => (self.draw_for_somebody(scope, hash_of(TARGETING_KEY))?, 0),
            Some(value) => {
                self.spend(value.weight())?;
                (self.bucketing.draw(value), 1)
            }
        };
        let shares = &args[first..];
        if shares.iter().any(|share| weight_of(share).is_none()) {
            return NOTHING;
        }
        let weights = shares.iter().filter_map(|share| weight_of(share));
        let Some(index) = drawn.and_then(|drawn| share(drawn, weights)) else { return NOTHING };
        match args.swap_remove(first + index) {
            Cow::Borrowed(Data::List(pair)) => Ok(Cow::Borrowed(pair.first().unwrap_or(NULL))),
            Cow::Owned(Data::List(pair)) => Ok(Cow::Owned(pair.into_iter().next().unwrap_or_default())),
            _ => NOTHING,
        }
    }

    /// `hash` is that of the name under which it is said who somebody is.
    fn draw_for_somebody(&self, scope: Scope<'_>, hash: u32) -> Result<Option<u32>, Fault> {
        let Data::Map(map) = scope.data else {
            return Err(Fault::Reckoning("fractional finds no targetingKey in an item of a list"));
        };
        let Some(Data::Text(key)) = map.get_hashed(hash, TARGETING_KEY) else { return Ok(None) };
        if key.is_empty() {
            return Ok(None);
        }
        if scope.whole {
            return Ok(Some(self.begun.draw_for(key)));
        }
        let flag = if let Some(Data::Map(map)) = map.get(FLAGD) { map.get(FLAG_KEY) } else { None };
        let flag = if let Some(Data::Text(flag)) = flag { flag } else { "" };
        Ok(Some(self.bucketing.begin(flag).draw_for(key)))
    }

    fn missing<'a, 'k>(&'a self, scope: Scope<'a>, keys: impl Iterator<Item = &'k Data>) -> Reckoned<'a> {
        let mut missing = Vec::new();
        for key in keys {
            let found = self.look_up(scope, key)?;
            let there = found.is_some_and(|found| !matches!(found.as_ref(), Data::Text(text) if text.is_empty()));
            if !there {
                missing.push(self.owned(Cow::Borrowed(key))?);
            }
        }
        Ok(Cow::Owned(Data::List(missing.into())))
    }

    /// What `var` finds at a place that was only now reckoned.
    fn look_up<'a>(&'a self, scope: Scope<'a>, place: &Data) -> Result<Option<Cow<'a, Data>>, Fault> {
        match place {
            Data::Null => self.everything(scope).map(Some),
            Data::Text(text) if text.is_empty() => self.everything(scope).map(Some),
            Data::Bool(_) | Data::Int(_) | Data::Float(_) => {
                let number = place.as_number().unwrap_or(Number::Int(0));
                if !matches!(scope.data, Data::List(_) | Data::Text(_)) || number.is_nan() {
                    return Ok(None);
                }
                let whole = number.whole().ok_or(Fault::Reckoning("var needs a number that ends"))?;
                let exact = number.compare(Number::Int(whole)) == Some(std::cmp::Ordering::Equal);
                let index = usize::try_from(whole).ok().filter(|_| exact);
                Ok(index.and_then(|index| step(Cow::Borrowed(scope.data), Step::to(index))))
            }
            place => {
                let place = place.text();
                self.spend(weight_of_text(place.len()))?;
                let (first, rest) = place.split_once('.').map_or((place.as_ref(), None), |(a, b)| (a, Some(b)));
                self.find(scope, Step::of(first), rest.into_iter().flat_map(|rest| rest.split('.')).map(Step::of))
            }
        }
    }

    fn everything<'a>(&'a self, scope: Scope<'a>) -> Reckoned<'a> {
        let (true, Data::Map(map)) = (scope.whole, scope.data) else { return Ok(Cow::Borrowed(scope.data)) };
        self.spend(scope.data.weight())?;
        let key = [(TARGETING_KEY, Data::Null)].into_iter();
        let own = map.iter().map(|(name, value)| (name, value.clone()));
        Ok(Cow::Owned(Data::Map(key.chain(own).chain([(FLAGD, self.flagd())]).collect())))
    }

    fn flagd(&self) -> Data {
        Data::Map([(FLAG_KEY, self.flag.clone()), (TIMESTAMP, Data::Int(self.now))].into_iter().collect())
    }

    #[inline]
    fn find<'a, 'n>(
        &'a self,
        scope: Scope<'a>,
        first: Step<'n>,
        mut steps: impl Iterator<Item = Step<'n>>,
    ) -> Result<Option<Cow<'a, Data>>, Fault> {
        let mut found = if scope.whole && first.name == FLAGD {
            match steps.next().map(|step| step.name) {
                None => Some(Cow::Owned(self.flagd())),
                Some(FLAG_KEY) => Some(Cow::Borrowed(self.flag)),
                Some(TIMESTAMP) => Some(Cow::Owned(Data::Int(self.now))),
                Some(_) => None,
            }
        } else {
            step(Cow::Borrowed(scope.data), first)
        };
        for next in steps {
            let Some(from) = found else { return Ok(None) };
            self.spend(if let Data::Text(text) = from.as_ref() { 1 + weight_of_text(text.len()) } else { 1 })?;
            found = step(from, next);
        }
        Ok(found.filter(|found| !matches!(found.as_ref(), Data::Null)))
    }
}

/// What a rule looks at where it is a constant or one name, and how many steps that takes as an argument. Nothing for all else.
#[inline]
fn peek<'a>(rule: &'a Rule, scope: Scope<'a>) -> Option<(&'a Data, u32)> {
    match (rule, scope.data) {
        (Rule::Constant(data), _) => Some((data, 0)),
        (Rule::Var(place), Data::Map(map)) => {
            let step = place.name().filter(|step| step.name != FLAGD)?;
            Some((map.get_hashed(step.hash, step.name).unwrap_or(NULL), 1))
        }
        _ => None,
    }
}

/// Whether what an operator makes of two values is true.
#[inline]
fn holds(operator: Operator, a: &Data, b: &Data) -> Result<bool, Fault> {
    Ok(match (operator, a, b) {
        (Operator::Equal, Data::Text(a), Data::Text(b)) => a == b,
        (Operator::NotEqual, Data::Text(a), Data::Text(b)) => a != b,
        (Operator::StartsWith, Data::Text(a), Data::Text(b)) => a.starts_with(b.as_ref()),
        (Operator::EndsWith, Data::Text(a), Data::Text(b)) => a.ends_with(b.as_ref()),
        _ => call(operator, 2, [a, b, NULL])?.is_true(),
    })
}

/// The weight of a share: a variant alone weighs 1.
pub(super) fn weight_of(share: &Data) -> Option<i64> {
    let Data::List(pair) = share else { return None };
    match pair.as_ref() {
        [_] => Some(1),
        [_, Data::Int(weight)] => Some(*weight),
        _ => None,
    }
}

/// From a value to what it holds under a name, or at a place.
#[inline]
fn step<'a>(from: Cow<'a, Data>, to: Step<'_>) -> Option<Cow<'a, Data>> {
    let data = match from {
        Cow::Borrowed(data) => data,
        Cow::Owned(data) => return step(Cow::Borrowed(&data), to).map(|found| Cow::Owned(found.into_owned())),
    };
    let count = |count: usize| Some(Cow::Owned(Data::Int(i64::try_from(count).unwrap_or(i64::MAX))));
    match data {
        Data::Map(map) => map.get_hashed(to.hash, to.name).map(Cow::Borrowed),
        Data::List(items) if to.name == "length" => count(items.len()),
        Data::List(items) => items.get(to.index?).map(Cow::Borrowed),
        Data::Text(text) if to.name == "length" => count(text.chars().count()),
        Data::Text(text) => {
            let letter = text.chars().nth(to.index?)?;
            Some(Cow::Owned((&*letter.encode_utf8(&mut [0; 4])).into()))
        }
        _ => None,
    }
}
