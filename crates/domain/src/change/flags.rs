//! A flag, as a document: which of several values a program gets, for each environment; who owns it, what it acts on,
//! and when it should be gone.
//!
//! What a flag means is flagd's affair (`flag_sets.rs`). Ours is that each change of it has an author, a reason and a way
//! back, and that what is forgotten is found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::exposures::UNASKED_AFTER;
use super::flag_sets::{self, Metadata, State};
use super::kills::KillTo;
use crate::words::{Name, Refusal, Span};

/// The spec of a `flag` document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What people call it: `New checkout`.
    pub title: String,
    /// What programs call it, any text; the name of the document, if absent. It stays: a program that still asks for it
    /// must not get something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The team that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
    /// The services that it acts on: by them an incident shows which switches there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Name>,
    /// What it is for: `release`, `experiment`, `operational`, `permission`, `kill-switch`.
    pub purpose: Purpose,
    /// The day by which it should be gone. Releases and experiments must say it; a kill switch stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Date>,
    /// The values by name, all of one type; the same in all environments.
    pub variants: Map<String, Value>,
    /// What it is in each environment; in those that are missing there is no such flag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<Name, Setting>,
}

/// What a flag is in one environment, as in flagd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setting {
    /// `ENABLED`; `DISABLED`: whoever asks takes their own default.
    pub state: State,
    /// Which variant it is where targeting says nothing. Without one, whoever asks takes their own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_variant: Option<String>,
    /// A rule in `JsonLogic` that names a variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targeting: Option<Value>,
    /// What is said with each answer: texts, numbers, booleans.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Metadata,
}

/// What a flag is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Something new goes out behind it; then it should go.
    Release,
    /// Something is tried out; then it should go.
    Experiment,
    /// How something runs.
    Operational,
    /// Who may do something.
    Permission,
    /// It turns something off when that does harm.
    KillSwitch,
}

impl Purpose {
    pub const ALL: [Self; 5] = [Self::Release, Self::Experiment, Self::Operational, Self::Permission, Self::KillSwitch];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Experiment => "experiment",
            Self::Operational => "operational",
            Self::Permission => "permission",
            Self::KillSwitch => "kill-switch",
        }
    }

    /// Whether it should be gone one day.
    pub const fn passes(self) -> bool {
        matches!(self, Self::Release | Self::Experiment)
    }
}

/// Why a flag looks forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Its day has passed.
    Expired(Date),
    /// It is on or off for everybody everywhere, and nobody changed it for so long.
    Settled(Timestamp),
    /// It is in no environment.
    Nowhere,
    /// Nobody has asked for it for so long, and it was there.
    Unasked,
}

/// A flag that is the same for everybody for so long is none any more.
const SETTLED_AFTER: Span = Span::hours(30 * 24);
const KEY_MOST: usize = 256;

impl Flag {
    /// What programs call it.
    pub fn key<'f>(&'f self, name: &'f Name) -> &'f str {
        self.key.as_deref().unwrap_or(name.as_str())
    }

    /// As flagd has it, with what it is in one environment.
    pub fn definition(&self, setting: &Setting) -> flag_sets::Flag {
        flag_sets::Flag {
            state: setting.state,
            variants: self.variants.clone(),
            default_variant: setting.default_variant.clone(),
            targeting: setting.targeting.clone(),
            metadata: setting.metadata.clone(),
        }
    }

    /// What it becomes when it is killed and nobody says to what: false, if it is true or false; otherwise whoever asks
    /// takes their own default.
    pub fn off(&self) -> KillTo {
        let mut off = self.variants.iter().filter(|(_, value)| **value == Value::Bool(false));
        match (off.next(), off.next()) {
            (Some((name, _)), None) => KillTo::Variant(name.clone()),
            _ => KillTo::Disabled,
        }
    }

    /// What is wrong in it on its own; each refusal with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut refuse = |at: &str, message: &str| found.push(Refusal::invalid(message).at(at));
        if let Some(key) = &self.key
            && (key.is_empty() || key.len() > KEY_MOST || key.chars().any(char::is_control))
        {
            refuse("/key", "`key` must be one line of 1 to 256 bytes");
        }
        match (self.purpose, self.expires) {
            (Purpose::Release | Purpose::Experiment, None) => {
                refuse("/expires", "a release or an experiment ends: say the day by which the flag should be gone");
            }
            (Purpose::KillSwitch, Some(_)) => {
                refuse("/expires", "a kill switch stays: leave `expires` out");
            }
            _ => {}
        }
        let bare = flag_sets::Flag {
            state: State::Disabled,
            variants: self.variants.clone(),
            default_variant: None,
            targeting: None,
            metadata: Metadata::new(),
        };
        let shared = BTreeMap::new();
        found.extend(super::flag_checks::of_flag(&shared, &bare, &mut super::targeting::Compiler::new(&shared)));
        found
    }

    /// Why it looks forgotten, if it does. `changed_at`: when its document was last changed; `unasked`: whether it is known that
    /// nobody has asked for it within [`UNASKED_AFTER`].
    pub fn stale(&self, changed_at: Timestamp, unasked: bool, now: Timestamp) -> Option<Stale> {
        let today = now.to_zoned(TimeZone::UTC).date();
        if let Some(expires) = self.expires.filter(|expires| *expires < today) {
            return Some(Stale::Expired(expires));
        }
        if self.environments.is_empty() {
            return Some(Stale::Nowhere);
        }
        if unasked && UNASKED_AFTER.after(changed_at) <= now {
            return Some(Stale::Unasked);
        }
        let mut all = self.environments.values().map(for_everybody);
        let first = all.next().flatten();
        let same = first.is_some() && all.all(|one| one == first);
        (self.purpose.passes() && same && SETTLED_AFTER.after(changed_at) <= now).then_some(Stale::Settled(changed_at))
    }
}

impl Setting {
    /// Whether a rule may name another variant than the default.
    pub fn has_rule(&self) -> bool {
        self.targeting.as_ref().is_some_and(|rule| !is_empty(rule))
    }
}

/// What everybody gets in an environment; nothing where it depends on who asks.
#[derive(PartialEq, Eq)]
enum Everybody<'s> {
    Variant(Option<&'s str>),
    OwnDefault,
}

fn for_everybody(setting: &Setting) -> Option<Everybody<'_>> {
    match setting.state {
        State::Disabled => Some(Everybody::OwnDefault),
        State::Enabled => (!setting.has_rule()).then_some(Everybody::Variant(setting.default_variant.as_deref())),
    }
}

fn is_empty(rule: &Value) -> bool {
    rule.is_null() || rule.as_object().is_some_and(Map::is_empty)
}

impl Stale {
    /// In a sentence for whoever looks at the flag.
    pub fn sentence(self) -> String {
        match self {
            Self::Expired(date) => format!("It should have been gone by {date}."),
            Self::Settled(since) => {
                format!("It is the same for everybody everywhere since {}.", since.strftime("%-d %b %Y"))
            }
            Self::Nowhere => "It is in no environment.".into(),
            Self::Unasked => "No program has asked for it in 30 days.".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flag(value: &Value) -> Flag {
        let mut all = json!({"title": "F", "purpose": "operational", "variants": {"on": true, "off": false}});
        for (name, value) in value.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (value, problem) in [
            (
                json!({"purpose": "release"}),
                "/expires: a release or an experiment ends: say the day by which the flag should be gone",
            ),
            (
                json!({"purpose": "kill-switch", "expires": "2027-01-31"}),
                "/expires: a kill switch stays: leave `expires` out",
            ),
            (json!({"key": ""}), "/key: `key` must be one line of 1 to 256 bytes"),
            (json!({"variants": {}}), "/variants: a flag needs at least one variant"),
            (
                json!({"variants": {"a": 1, "b": "x"}}),
                "/variants/b: all variants are of one type: this is a string, \"a\" a number",
            ),
        ] {
            let told: Vec<String> = flag(&value).check().iter().map(ToString::to_string).collect();
            assert_eq!(told, [problem]);
        }
        assert!(flag(&json!({"purpose": "release", "expires": "2027-01-31"})).check().is_empty());
        assert!(serde_json::from_value::<Flag>(json!({"title": "F", "purpose": "toy", "variants": {"a": 1}})).is_err());
    }

    #[test]
    fn a_flag_is_off_where_it_says_false_and_otherwise_disabled() {
        let off = |variants: Value| flag(&json!({"variants": variants})).off();
        assert_eq!(off(json!({"on": true, "off": false})), KillTo::Variant("off".into()));
        assert_eq!(off(json!({"a": false, "b": false})), KillTo::Disabled);
        assert_eq!(off(json!({"red": "#f00", "blue": "#00f"})), KillTo::Disabled);
    }

    #[test]
    fn what_is_forgotten_is_found() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let (long_ago, lately) = (Span::hours(40 * 24).before(now), Span::hours(24).before(now));
        let on = json!({"state": "ENABLED", "defaultVariant": "on"});
        let off = json!({"state": "DISABLED"});
        let share =
            json!({"state": "ENABLED", "defaultVariant": "on", "targeting": {"fractional": [["on", 1], ["off", 1]]}});
        let release = |environments: &Value| {
            flag(&json!({"purpose": "release", "expires": "2026-12-24", "environments": environments}))
        };
        for (flag, changed_at, wanted) in [
            (release(&json!({"p": on, "s": on})), long_ago, Some(Stale::Settled(long_ago))),
            (release(&json!({"p": off, "s": off})), long_ago, Some(Stale::Settled(long_ago))),
            (release(&json!({"p": on, "s": on})), lately, None),
            (release(&json!({"p": on, "s": off})), long_ago, None),
            (release(&json!({"p": share})), long_ago, None),
            (release(&json!({})), lately, Some(Stale::Nowhere)),
            (flag(&json!({"purpose": "permission", "environments": {"p": on}})), long_ago, None),
            (
                flag(&json!({"purpose": "experiment", "expires": "2026-11-28", "environments": {"p": share}})),
                lately,
                Some(Stale::Expired("2026-11-28".parse().unwrap())),
            ),
        ] {
            assert_eq!(flag.stale(changed_at, false, now), wanted, "{:?}", flag.environments);
        }
        let switch = flag(&json!({"purpose": "kill-switch", "environments": {"p": share}}));
        for (changed_at, unasked, wanted) in
            [(long_ago, true, Some(Stale::Unasked)), (long_ago, false, None), (lately, true, None)]
        {
            assert_eq!(switch.stale(changed_at, unasked, now), wanted);
        }
    }
}
