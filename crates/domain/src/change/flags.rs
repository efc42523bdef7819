//! A flag: which of several values a program gets, decided by who asks.
//!
//! The definition is flagd's, so that a file of flags goes in and comes out as it is. It is compiled once; an answer then
//! waits for nothing: no database, no lock, no copy. Deliberately no types of our own beside flagd's, and no cleverness:
//! a flag means here what it means in flagd.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fractional::Bucketing;
use super::kills::{KillTo, Overlay};
use super::operators::Fault;
use super::reckoning::{Reckoner, Scope};
use super::targeting::{Compiler, Rule};
use super::values::{Data, shortest};
use crate::words::{Refusal, Result};

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
    /// A rule in JsonLogic that names a variant.
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

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    FlagNotFound,
    ParseError,
    TypeMismatch,
    General,
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
    pub reason: Reason,
    pub variant: Option<&'a str>,
    pub value: Option<&'a Value>,
    /// What went wrong, and a sentence about it.
    pub error: Option<(ErrorCode, String)>,
    /// Of the flag and, where it says nothing, of the set.
    pub metadata: &'a Metadata,
    /// Does a kill decide it?
    pub killed: bool,
}

/// What a flag is decided by: a map, in which `targetingKey` says who it is.
#[derive(Clone, Debug)]
pub struct Context(Data);

impl Context {
    /// Reads what came with a question.
    pub fn read(value: &Value) -> Result<Self> {
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
    flags: HashMap<Arc<str>, Ready, FixedState>,
    metadata: Arc<Metadata>,
    bucketing: Bucketing,
}

/// One flag, ready to answer.
#[derive(Debug)]
struct Ready {
    key: Data,
    state: State,
    variants: Box<[(Box<str>, Value)]>,
    default: Default,
    rule: Option<Rule>,
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
        let flags = set.flags.iter().map(|(key, flag)| {
            let key: Arc<str> = key.as_str().into();
            (key.clone(), Ready::new(key, flag, &mut compiler, &metadata))
        });
        Self { flags: flags.collect(), metadata, bucketing }
    }

    /// The keys of all flags, in no order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.flags.keys().map(AsRef::as_ref)
    }

    /// The answer to one question.
    pub fn evaluate<'a>(&'a self, key: &str, context: &Context, kills: &Overlay, now: Timestamp) -> Resolution<'a> {
        let Some(flag) = self.flags.get(key) else {
            let problem = (ErrorCode::FlagNotFound, format!("there is no flag {key:?}"));
            return Resolution { error: Some(problem), ..Resolution::none(Reason::Error, &self.metadata) };
        };
        if let Some(kill) = kills.in_force(key, now) {
            let variant = match &kill.to {
                KillTo::Variant(name) => flag.place(name),
                KillTo::Disabled => None,
            };
            // A variant that is gone by now is no reason to go on with what was killed.
            let answer = variant.map_or_else(
                || Resolution::none(Reason::Disabled, &flag.metadata),
                |place| flag.variant(place, Reason::Static),
            );
            return Resolution { killed: true, ..answer };
        }
        match (flag.state, &flag.rule) {
            (State::Disabled, _) => Resolution::none(Reason::Disabled, &flag.metadata),
            (State::Enabled, None) => flag.default(Reason::Static),
            (State::Enabled, Some(rule)) => {
                let reckoner = Reckoner::new(&flag.key, now.as_second(), self.bucketing);
                match reckoner.reckon(rule, Scope::context(&context.0)) {
                    Ok(told) => flag.told(&told),
                    Err(fault) => flag.fault(fault),
                }
            }
        }
    }
}

impl Ready {
    fn new<'v>(key: Arc<str>, flag: &'v Flag, compiler: &mut Compiler<'v>, set: &Arc<Metadata>) -> Self {
        let variants: Box<[_]> =
            flag.variants.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        let place = |name: &str| variants.iter().position(|(own, _): &(Box<str>, Value)| own.as_ref() == name);
        let default = match flag.default_variant.as_deref() {
            None | Some("") => Default::Callers,
            Some(name) => place(name).map_or_else(|| Default::Unknown(name.into()), Default::Variant),
        };
        let rule = flag.targeting.as_ref().and_then(|targeting| match compiler.resolve(targeting) {
            Value::Null => None,
            Value::Object(map) if map.is_empty() => None,
            Value::Object(_) => Some(compiler.rule(targeting)),
            _ => Some(Rule::Unknown("targeting".into(), Box::default())),
        });
        let metadata = if flag.metadata.is_empty() {
            set.clone()
        } else {
            let mut merged = set.as_ref().clone();
            merged.extend(flag.metadata.clone());
            Arc::new(merged)
        };
        Self { key: Data::Text(key), state: flag.state, variants, default, rule, metadata }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.variants.iter().position(|(own, _)| own.as_ref() == name)
    }

    fn variant(&self, place: usize, reason: Reason) -> Resolution<'_> {
        let (name, value) = &self.variants[place];
        Resolution { variant: Some(name), value: Some(value), ..Resolution::none(reason, &self.metadata) }
    }

    fn default(&self, reason: Reason) -> Resolution<'_> {
        match &self.default {
            Default::Callers => Resolution::none(Reason::Default, &self.metadata),
            Default::Variant(place) => self.variant(*place, reason),
            Default::Unknown(name) => self.unknown(name),
        }
    }

    fn unknown(&self, name: &str) -> Resolution<'_> {
        self.error(ErrorCode::General, format!("there is no variant {name:?}"))
    }

    fn error(&self, code: ErrorCode, message: String) -> Resolution<'_> {
        Resolution { error: Some((code, message)), ..Resolution::none(Reason::Error, &self.metadata) }
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
    fn none(reason: Reason, metadata: &'a Metadata) -> Self {
        Self { reason, variant: None, value: None, error: None, metadata, killed: false }
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
        Self { error: Some(error), killed: self.killed, ..Self::none(Reason::Error, self.metadata) }
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
