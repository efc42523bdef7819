//! A set of flags as flagd writes it, compiled once; an answer then waits for nothing: no database, no lock, no copy.
//!
//! Deliberately no types of our own beside flagd's, and no cleverness: a flag means here what it means in flagd. The
//! documents that a set is put together from are in `flags.rs` and `environments.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fractional::{Begun, Bucketing};
use super::kills::{KillTo, Overlay};
use super::operators::Fault;
use super::reckoning::{Reckoner, Scope};
use super::targeting::{Compiler, Rule};
use super::values::{Data, shortest};
use crate::words::Refusal;

/// A set of flags, as flagd writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagSet {
    /// Where the shape of such files is described; kept, not used.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The flags by key.
    pub flags: BTreeMap<String, Flag>,
    /// Rules by name that flags share: `{"$ref": "name"}`.
    #[serde(rename = "$evaluators", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evaluators: BTreeMap<String, Value>,
    /// What is said with each answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
}

/// Texts, numbers and booleans by name.
pub type Metadata = BTreeMap<String, Value>;

/// One flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flag {
    /// `DISABLED`: whoever asks takes their own default.
    pub state: State,
    /// The values by name, all of one type.
    pub variants: serde_json::Map<String, Value>,
    /// Which variant it is where targeting says nothing. Without one, whoever asks takes their own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_variant: Option<String>,
    /// A rule in `JsonLogic` that names a variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targeting: Option<Value>,
    /// What is said with each answer, before what the set says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
}

/// Is a flag in use?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    Enabled,
    Disabled,
}

/// Why the answer is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// There is no rule, or a kill stands above it.
    Static,
    TargetingMatch,
    /// The rule named nothing.
    Default,
    Disabled,
    Error,
}

impl Reason {
    /// As OFREP spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Default => "DEFAULT",
            Self::Disabled => "DISABLED",
            Self::Error => "ERROR",
        }
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    FlagNotFound,
    ParseError,
    TypeMismatch,
    General,
}

impl ErrorCode {
    /// As OFREP spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::ParseError => "PARSE_ERROR",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::General => "GENERAL",
        }
    }
}

/// The type of a value that somebody expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    Boolean,
    Text,
    Integer,
    Number,
    /// A list or a map.
    Object,
}

/// An answer. Without a value, whoever asks takes their own default.
#[derive(Clone, Debug)]
pub struct Resolution<'a> {
    /// The place of the flag in the set; none if there is no such flag.
    pub place: Option<usize>,
    pub reason: Reason,
    pub variant: Option<&'a str>,
    /// The place of the variant in its flag.
    pub variant_place: Option<usize>,
    pub value: Option<&'a Value>,
    /// What went wrong, and a sentence about it.
    pub error: Option<(ErrorCode, String)>,
    /// Of the flag and, where it says nothing, of the set.
    pub metadata: &'a Metadata,
    /// Does a kill decide it?
    pub killed: bool,
}

/// What a flag is decided by: a map, in which `targetingKey` says who it is. Read from anything that serde reads from.
#[derive(Clone, Debug)]
pub struct Context(Data);

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Data::deserialize(from)? {
            data @ Data::Map(_) => Ok(Self(data)),
            _ => Err(serde::de::Error::custom("the context must be an object of names and values")),
        }
    }
}

impl Context {
    /// Reads what came with a question.
    pub fn read(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(_) => Ok(Self(value.into())),
            _ => Err(Refusal::invalid("the context must be an object of names and values")),
        }
    }

    /// Nothing is known of who asks.
    pub fn empty() -> Self {
        Self(Data::Map(super::values::Map::default()))
    }
}

/// A set of flags, ready to answer.
#[derive(Debug)]
pub struct Compiled {
    places: HashMap<Arc<str>, usize, FixedState>,
    /// In the order of their keys.
    flags: Box<[Ready]>,
    metadata: Arc<Metadata>,
    bucketing: Bucketing,
}

/// One flag, ready to answer.
#[derive(Debug)]
struct Ready {
    at: usize,
    /// A text.
    key: Data,
    state: State,
    variants: Box<[(Box<str>, Value)]>,
    default: Default,
    rule: Option<Rule>,
    begun: Begun,
    metadata: Arc<Metadata>,
}

/// Which variant it is where targeting says nothing.
#[derive(Debug)]
enum Default {
    Callers,
    Variant(usize),
    Unknown(Box<str>),
}

impl Compiled {
    /// Compiles a set, whatever is wrong with it: that is told by [`FlagSet::problems`] before, and by the answers after.
    pub fn new(set: &FlagSet, bucketing: Bucketing) -> Self {
        let mut compiler = Compiler::new(&set.evaluators);
        let metadata = Arc::new(set.metadata.clone());
        let mut places = HashMap::with_capacity_and_hasher(set.flags.len(), FixedState::default());
        let flags = set.flags.iter().enumerate().map(|(place, (key, flag))| {
            let key: Arc<str> = key.as_str().into();
            places.insert(key.clone(), place);
            Ready::new(place, key, flag, bucketing, &mut compiler, &metadata)
        });
        let flags = flags.collect();
        Self { places, flags, metadata, bucketing }
    }

    /// How many flags there are.
    pub fn len(&self) -> usize {
        self.flags.len()
    }

    pub fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }

    /// The flags in the order of their places: key, variants by name, and what is said with each answer.
    pub fn flags(&self) -> impl ExactSizeIterator<Item = (&str, &[(Box<str>, Value)], &Metadata)> {
        self.flags.iter().map(|flag| (flag.key(), flag.variants.as_ref(), flag.metadata.as_ref()))
    }

    /// The answer to one question.
    pub fn evaluate<'a>(&'a self, key: &str, context: &Context, kills: &Overlay, now: Timestamp) -> Resolution<'a> {
        if let Some(place) = self.places.get(key) {
            return self.flags[*place].evaluate(self.bucketing, context, kills, now);
        }
        let problem = (ErrorCode::FlagNotFound, format!("there is no flag {key:?}"));
        Resolution { error: Some(problem), ..Resolution::none(None, Reason::Error, &self.metadata) }
    }

    /// The answers of all flags, in the order of their places.
    pub fn evaluate_all<'a>(
        &'a self,
        context: &'a Context,
        kills: &'a Overlay,
        now: Timestamp,
    ) -> impl ExactSizeIterator<Item = Resolution<'a>> {
        self.flags.iter().map(move |flag| flag.evaluate(self.bucketing, context, kills, now))
    }
}

impl Ready {
    fn evaluate(&self, bucketing: Bucketing, context: &Context, kills: &Overlay, now: Timestamp) -> Resolution<'_> {
        let flag = self;
        if let Some(kill) = kills.in_force(flag.key(), now) {
            let variant = match &kill.to {
                KillTo::Variant(name) => flag.place(name),
                KillTo::Disabled => None,
            };
            // A variant that is gone by now is no reason to go on with what was killed.
            let answer =
                variant.map_or_else(|| flag.none(Reason::Disabled), |place| flag.variant(place, Reason::Static));
            return Resolution { killed: true, ..answer };
        }
        match (flag.state, &flag.rule) {
            (State::Disabled, _) => flag.none(Reason::Disabled),
            (State::Enabled, None) => flag.default(Reason::Static),
            (State::Enabled, Some(rule)) => {
                let reckoner = Reckoner::new(&flag.key, now.as_second(), bucketing, flag.begun);
                match reckoner.reckon(rule, Scope::context(&context.0)) {
                    Ok(told) => flag.told(&told),
                    Err(fault) => flag.fault(fault),
                }
            }
        }
    }

    fn new<'v>(
        place: usize,
        key: Arc<str>,
        flag: &'v Flag,
        bucketing: Bucketing,
        compiler: &mut Compiler<'v>,
        set: &Arc<Metadata>,
    ) -> Self {
        let variants: Box<[_]> =
            flag.variants.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        let named = |name: &str| variants.iter().position(|(own, _): &(Box<str>, Value)| own.as_ref() == name);
        let default = match flag.default_variant.as_deref() {
            None | Some("") => Default::Callers,
            Some(name) => named(name).map_or_else(|| Default::Unknown(name.into()), Default::Variant),
        };
        let rule = flag.targeting.as_ref().and_then(|targeting| match compiler.resolve(targeting) {
            Value::Object(map) if map.is_empty() => None,
            Value::Object(_) => Some(compiler.rule(targeting)),
            other if !Data::from(other).is_true() => None,
            _ => Some(Rule::Unknown("targeting".into(), Box::default())),
        });
        let metadata = if flag.metadata.is_empty() {
            set.clone()
        } else {
            let mut merged = set.as_ref().clone();
            merged.extend(flag.metadata.clone());
            Arc::new(merged)
        };
        let begun = bucketing.begin(&key);
        Self { at: place, key: Data::Text(key), state: flag.state, variants, default, rule, begun, metadata }
    }

    fn key(&self) -> &str {
        if let Data::Text(key) = &self.key { key } else { "" }
    }

    fn none(&self, reason: Reason) -> Resolution<'_> {
        Resolution::none(Some(self.at), reason, &self.metadata)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.variants.iter().position(|(own, _)| own.as_ref() == name)
    }

    fn variant(&self, place: usize, reason: Reason) -> Resolution<'_> {
        let (name, value) = &self.variants[place];
        Resolution { variant: Some(name), variant_place: Some(place), value: Some(value), ..self.none(reason) }
    }

    fn default(&self, reason: Reason) -> Resolution<'_> {
        match &self.default {
            Default::Callers => self.none(Reason::Default),
            Default::Variant(place) => self.variant(*place, reason),
            Default::Unknown(name) => self.unknown(name),
        }
    }

    fn unknown(&self, name: &str) -> Resolution<'_> {
        self.error(ErrorCode::General, format!("there is no variant {name:?}"))
    }

    fn error(&self, code: ErrorCode, message: String) -> Resolution<'_> {
        Resolution { error: Some((code, message)), ..self.none(Reason::Error) }
    }

    /// What the rule came to, as the name of a variant.
    fn told(&self, told: &Data) -> Resolution<'_> {
        let by_name = |name: &str| match self.place(name) {
            Some(place) if !self.variants[place].1.is_null() => self.variant(place, Reason::TargetingMatch),
            _ => self.unknown(name),
        };
        match told {
            Data::Null => self.default(Reason::Default),
            Data::Text(name) => by_name(name),
            Data::Bool(is) => by_name(if *is { "true" } else { "false" }),
            Data::Int(whole) => by_name(&whole.to_string()),
            Data::Float(broken) => by_name(&shortest(*broken)),
            Data::List(_) => self.error(ErrorCode::General, "targeting came to a list, not to a variant".into()),
            Data::Map(_) => self.error(ErrorCode::General, "targeting came to a map, not to a variant".into()),
        }
    }

    fn fault(&self, fault: Fault) -> Resolution<'_> {
        match fault {
            Fault::Operator(name) => self.error(ErrorCode::ParseError, format!("targeting has no operator {name:?}")),
            Fault::Reckoning(why) => self.error(ErrorCode::General, why.into()),
        }
    }
}

impl<'a> Resolution<'a> {
    fn none(place: Option<usize>, reason: Reason, metadata: &'a Metadata) -> Self {
        Self { place, reason, variant: None, variant_place: None, value: None, error: None, metadata, killed: false }
    }

    /// The same answer, if its value is of the type; or that it is not. Every whole number is a number.
    pub fn of_type(self, wanted: ValueType) -> Self {
        let fits = match (wanted, self.value) {
            (_, None) => true,
            (ValueType::Boolean, Some(value)) => value.is_boolean(),
            (ValueType::Text, Some(value)) => value.is_string(),
            (ValueType::Integer, Some(value)) => value.is_i64() || value.is_u64(),
            (ValueType::Number, Some(value)) => value.is_number(),
            (ValueType::Object, Some(value)) => value.is_object() || value.is_array(),
        };
        if fits {
            return self;
        }
        let error = (ErrorCode::TypeMismatch, format!("the value is no {}", wanted.word()));
        Self { error: Some(error), killed: self.killed, ..Self::none(self.place, Reason::Error, self.metadata) }
    }
}

impl ValueType {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Object => "object or array",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::kills::Kill;
    use super::ValueType::{Boolean, Integer, Number, Object, Text};
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn set(value: Value) -> FlagSet {
        serde_json::from_value(value).unwrap()
    }

    /// A set of one flag with the variants on, off and red.
    fn with(targeting: &Value) -> FlagSet {
        set(json!({
            "flags": {"flag": {
                "state": "ENABLED", "variants": {"on": 1, "off": 2, "red": 3}, "defaultVariant": "off",
                "targeting": targeting,
            }},
            "$evaluators": {"ours": {"ends_with": [{"var": "email"}, "@example.com"]}, "round": {"$ref": "round"}},
        }))
    }

    /// Reason, variant and code, in one line.
    fn told(set: &FlagSet, key: &str, context: &Value, kills: &Overlay) -> String {
        let compiled = Compiled::new(set, Bucketing::Canonical);
        let answer = compiled.evaluate(key, &Context::read(context).unwrap(), kills, now());
        assert_eq!(answer.variant.is_some(), answer.value.is_some());
        let code = answer.error.map(|(code, _)| format!(" {code:?}")).unwrap_or_default();
        format!("{:?} {}{code}", answer.reason, answer.variant.unwrap_or("-"))
    }

    #[test]
    fn rules_come_to_variants() {
        let context = json!({
            "targetingKey": "ana", "email": "ana@example.com", "age": 30, "version": "1.4.2", "tags": ["a", "b"],
            "user": {"tier": "gold"}, "people": [{"age": 3}, {"age": 5}],
        });
        for (rule, wanted) in [
            (json!({"if": [{"$ref": "ours"}, "on", "red"]}), "TargetingMatch on"),
            (json!({"if": [{"==": [{"var": "user.tier"}, "silver"]}, "on"]}), "Default off"),
            (json!({"if": [{"in": [{"var": "user.tier"}, ["silver", "gold"]]}, "on"]}), "TargetingMatch on"),
            (json!({"if": [{"sem_ver": [{"var": "version"}, "^", "1.0"]}, "red"]}), "TargetingMatch red"),
            (json!({"if": [{"<": [18, {"var": "age"}, 65]}, "red"]}), "TargetingMatch red"),
            (json!({"if": [{">": [{"var": "$flagd.timestamp"}, 1_799_999_999]}, "on"]}), "TargetingMatch on"),
            (json!({"if": [{"===": [{"var": "$flagd.flagKey"}, "flag"]}, "on"]}), "TargetingMatch on"),
            (json!({"if": [{"some": [{"var": "people"}, {">": [{"var": "age"}, 4]}]}, "on"]}), "TargetingMatch on"),
            (json!({"if": [{"all": [[], true]}, "on", "red"]}), "TargetingMatch red"),
            (json!({"if": [{"missing": ["email", "phone"]}, "red", "on"]}), "TargetingMatch red"),
            (json!({"if": [{"missing_some": [1, ["email", "phone"]]}, "red", "on"]}), "TargetingMatch on"),
            (
                json!({"if": [
                    {"==": [{"reduce": [{"map": [{"var": "people"}, {"var": "age"}]},
                        {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}, 8]},
                    "on",
                ]}),
                "TargetingMatch on",
            ),
            (json!({"cat": [{"var": ["missing", "r"]}, "ed"]}), "TargetingMatch red"),
            (json!({"var": "tags.5"}), "Default off"),
            (json!({"fractional": [["on", 0], ["red", 1]]}), "TargetingMatch red"),
            (json!({"fractional": [["on", 0]]}), "Default off"),
            (json!({"fractional": [{"var": "missing"}, ["on", 1]]}), "Default off"),
            (json!({"starts_with": [{"var": "email"}, "ana"]}), "Error - General"),
            (json!({"/": [1, 0]}), "Error - General"),
            (json!({"iff": [true, "on"]}), "Error - ParseError"),
            (json!({"if": [{"==": [{"var": "age"}, 1]}, {"iff": []}, "on"]}), "TargetingMatch on"),
            (json!({"$ref": "nowhere"}), "Error - ParseError"),
            (json!({"$ref": "round"}), "Error - ParseError"),
            (json!({}), "Static off"),
            (json!(null), "Static off"),
            (json!("on"), "Error - ParseError"),
        ] {
            assert_eq!(told(&with(&rule), "flag", &context, &Overlay::none()), wanted, "{rule}");
        }
    }

    #[test]
    fn the_caller_takes_a_default_where_the_flag_has_none() {
        let set = set(json!({"flags": {
            "off": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
            "none": {"state": "ENABLED", "variants": {"on": true}},
            "null": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null},
            "empty": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": ""},
            "gone": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "gone"},
        }}));
        for (key, wanted) in [
            ("off", "Disabled -"),
            ("none", "Default -"),
            ("null", "Default -"),
            ("empty", "Default -"),
            ("gone", "Error - General"),
            ("nowhere", "Error - FlagNotFound"),
        ] {
            assert_eq!(told(&set, key, &json!({}), &Overlay::none()), wanted, "{key}");
        }
    }

    #[test]
    fn a_kill_stands_above_whatever_the_definition_says() {
        let kill = |to: KillTo| -> Overlay {
            let (flag, by, why) = ("flag".into(), "ana".into(), "it fails".into());
            let expires_at = crate::words::Span::hours(1).after(now());
            [Kill { flag, to, by, why, incident: None, at: now(), expires_at, lifted: None }].into_iter().collect()
        };
        let red = kill(KillTo::Variant("red".into()));
        for rule in [json!({"if": [true, "on"]}), json!({"/": [1, 0]}), json!({}), json!({"fractional": [["on", 1]]})] {
            let mut set = with(&rule);
            for state in [State::Enabled, State::Disabled] {
                set.flags.get_mut("flag").unwrap().state = state;
                assert_eq!(told(&set, "flag", &json!({}), &red), "Static red", "{rule} {state:?}");
                assert_eq!(told(&set, "flag", &json!({}), &kill(KillTo::Disabled)), "Disabled -");
            }
            set.flags.get_mut("flag").unwrap().variants.remove("red");
            assert_eq!(
                told(&set, "flag", &json!({}), &red),
                "Disabled -",
                "a variant that is gone brings nothing back"
            );
        }
        let compiled = Compiled::new(&with(&json!({})), Bucketing::Canonical);
        let later = crate::words::Span::hours(1).after(now());
        let (during, after) =
            [now(), later].map(|at| compiled.evaluate("flag", &Context::empty(), &red, at).killed).into();
        assert!(during && !after);
    }

    #[test]
    fn metadata_of_the_flag_goes_before_that_of_the_set() {
        let set = set(json!({
            "flags": {"a": {"state": "ENABLED", "variants": {"on": true}, "metadata": {"owner": "web", "n": 1}}},
            "metadata": {"owner": "platform", "set": "s"},
        }));
        let compiled = Compiled::new(&set, Bucketing::Canonical);
        let said = |key| json!(compiled.evaluate(key, &Context::empty(), &Overlay::none(), now()).metadata);
        assert_eq!(said("a"), json!({"owner": "web", "n": 1, "set": "s"}));
        assert_eq!(said("b"), json!({"owner": "platform", "set": "s"}));
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        let variants = json!({"b": true, "t": "x", "i": 1, "n": 1.5, "o": {"a": 1}, "l": [1]});
        for (name, fits) in [
            ("b", &[Boolean][..]),
            ("t", &[Text]),
            ("i", &[Integer, Number]),
            ("n", &[Number]),
            ("o", &[Object]),
            ("l", &[Object]),
        ] {
            let flag = json!({"state": "ENABLED", "variants": variants, "defaultVariant": name});
            let compiled = Compiled::new(&set(json!({"flags": {"f": flag}})), Bucketing::Canonical);
            for wanted in [Boolean, Text, Integer, Number, Object] {
                let answer = compiled.evaluate("f", &Context::empty(), &Overlay::none(), now()).of_type(wanted);
                assert_eq!(answer.error.is_none(), fits.contains(&wanted), "{name} {wanted:?}");
            }
        }
    }

    #[test]
    fn a_rule_that_would_run_for_ever_ends_with_an_error() {
        let many: Vec<usize> = (0..400).collect();
        let doubling = json!({"reduce": [many, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "x"]});
        let cubed = json!({"map": [many, {"map": [many, {"map": [many, 1]}]}]});
        let nested = (0..200).fold(json!("on"), |rule, _| json!({"if": [true, rule]}));
        for rule in [doubling, cubed, nested] {
            assert_eq!(told(&with(&rule), "flag", &json!({}), &Overlay::none()), "Error - General");
        }
        // Each evaluator names the next one twice: 2^60 steps, if nobody counted them.
        let mut bomb = with(&json!({"if": [{"$ref": "e0"}, "on"]}));
        for n in 0..60 {
            let next = json!({"$ref": format!("e{}", n + 1)});
            bomb.evaluators.insert(format!("e{n}"), json!({"+": [next, next]}));
        }
        bomb.evaluators.insert("e60".into(), json!(1));
        assert_eq!(told(&bomb, "flag", &json!({}), &Overlay::none()), "Error - General");
    }

    /// Any JSON, with the names of operators among its keys.
    fn any_json() -> impl Strategy<Value = Value> {
        let names: Vec<&'static str> = super::super::operators::names().chain(["$ref", "a"]).collect();
        let texts = prop_oneof![
            Just("email"),
            Just("tags"),
            Just("on"),
            Just(""),
            Just("1.2.3"),
            Just("$flagd.timestamp"),
            Just("ours"),
            Just("1e999"),
            Just("tags.1"),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-3..4_i64).prop_map(Value::from),
            texts.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 4, move |inner| {
            let list = prop::collection::vec(inner, 0..4).prop_map(Value::from);
            let name = prop::sample::select(names.clone());
            prop_oneof![1 => list.clone(), 4 => (name, list).prop_map(|(name, args)| json!({ name: args }))]
        })
    }

    proptest! {
        #[test]
        fn no_rule_and_no_context_panics(rule in any_json(), email in any_json(), tags in any_json()) {
            let set = with(&rule);
            let _ = set.problems();
            for bucketing in [Bucketing::Canonical, Bucketing::Text] {
                let compiled = Compiled::new(&set, bucketing);
                let context = Context::read(&json!({"targetingKey": "ana", "email": email, "tags": tags})).unwrap();
                let first = compiled.evaluate("flag", &context, &Overlay::none(), now());
                let second = compiled.evaluate("flag", &context, &Overlay::none(), now());
                prop_assert_eq!((first.reason, first.variant), (second.reason, second.variant));
                prop_assert_eq!(first.reason == Reason::Error, first.error.is_some());
            }
        }

        /// Whoever has the new variant at ten per cent has it at twenty.
        #[test]
        fn a_rollout_takes_nothing_away(key in "[a-z]{1,12}", small in 0_i64..=100, more in 0_i64..=100) {
            let large = (small + more).min(100);
            let at = |share: i64| {
                let set = with(&json!({"fractional": [["on", share], ["red", 100 - share]]}));
                told(&set, "flag", &json!({"targetingKey": key}), &Overlay::none())
            };
            if at(small) == "TargetingMatch on" {
                prop_assert_eq!(at(large), "TargetingMatch on");
            }
        }
    }
}
