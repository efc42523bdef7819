//! Flags: all of them with what each is in each environment, and one with its rules in words and its kills.

use askama::Template;

use crate::pages::{Badge, Link, Shell, When};

/// All flags, `GET /flags`.
#[derive(Clone, Debug, Template)]
#[template(path = "change/flags.html")]
pub struct FlagsPage {
    pub shell: Shell,
    pub environments: Vec<Link>,
    /// The kills that are in force.
    pub kills: Vec<KillRow>,
    pub rows: Vec<FlagRow>,
    /// How many look forgotten, and whether only they are shown.
    pub stale: usize,
    pub only_stale: bool,
    pub may_edit: bool,
}

/// One flag in the list.
#[derive(Clone, Debug)]
pub struct FlagRow {
    pub flag: Link,
    /// What programs call it, if that is something else.
    pub key: Option<String>,
    pub purpose: String,
    /// `production: on`.
    pub states: Vec<Badge>,
    pub stale: Option<String>,
}

/// One flag, `GET /flags/NAME`.
#[derive(Clone, Debug, Template)]
#[template(path = "change/flag.html")]
pub struct FlagPage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    pub key: String,
    pub description: Option<String>,
    pub purpose: String,
    pub owner: Option<Link>,
    pub services: Vec<Link>,
    pub expires: Option<String>,
    pub stale: Option<String>,
    pub changed: When,
    /// Name and value.
    pub variants: Vec<(String, String)>,
    pub settings: Vec<SettingView>,
    pub kills: Vec<KillRow>,
    /// The form, for those who may.
    pub form: Option<KillForm>,
    pub document_href: String,
    pub history_href: String,
}

impl FlagPage {
    /// Whether nobody types in it, so that it may be drawn anew.
    fn is_still(&self) -> bool {
        self.form.as_ref().is_none_or(|form| form.error.is_none())
    }
}

/// What it is in one environment.
#[derive(Clone, Debug)]
pub struct SettingView {
    pub environment: Link,
    pub state: Badge,
    /// Who gets what, line by line.
    pub lines: Vec<String>,
    /// The rule as it is written.
    pub rule: Option<String>,
    /// `Thrown 3 d ago`, `Unproven switch`.
    pub proven: Badge,
    /// `Last evaluated 3 min ago; in the last 24 hours on 91 %, off 9 %, 1,234 times in all`.
    pub evaluated: String,
    pub kill: Option<StandingKill>,
}

/// A kill that is in force.
#[derive(Clone, Debug)]
pub struct StandingKill {
    pub id: String,
    /// `Everybody gets off`.
    pub gets: String,
    pub by: String,
    pub at: When,
    pub ends: When,
    pub why: Option<String>,
    pub incident: Option<Link>,
    /// `3 programs have fetched since`.
    pub reached: String,
    /// Those who have not, each in a line.
    pub behind: Vec<String>,
    pub may_end: bool,
}

/// A kill in a list.
#[derive(Clone, Debug)]
pub struct KillRow {
    pub flag: Link,
    pub environment: String,
    pub state: Badge,
    pub gets: String,
    pub by: String,
    pub at: When,
    pub ends: When,
    /// Whether it has ended.
    pub over: bool,
    pub why: Option<String>,
    pub incident: Option<Link>,
}

/// The form that kills.
#[derive(Clone, Debug, Default)]
pub struct KillForm {
    /// Value, title, chosen.
    pub environments: Vec<Choice>,
    pub to: Vec<Choice>,
    pub spans: Vec<Choice>,
    pub incidents: Vec<Choice>,
    pub why: String,
    pub error: Option<String>,
}

/// One choice of a form.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub title: String,
    pub chosen: bool,
}

/// For how long a kill may be made on the page.
pub const SPANS: [(&str, &str); 5] =
    [("1h", "1 hour"), ("4h", "4 hours"), ("24h", "1 day"), ("72h", "3 days"), ("336h", "2 weeks")];

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    fn row(state: Badge) -> KillRow {
        KillRow {
            flag: Link::new("New checkout", "/flags/new-checkout"),
            environment: "production".into(),
            state,
            gets: "Everybody gets off".into(),
            by: "Ana Silva".into(),
            at: viewpoint().when(minutes_ago(12)),
            ends: viewpoint().when(minutes_ago(-1400)),
            over: false,
            why: Some("Orders are taken twice".into()),
            incident: Some(Link::new("Card payments fail", "/incidents/inc_06f1k2m9qv7x3t1a")),
        }
    }

    impl FlagsPage {
        pub(crate) fn sample() -> Self {
            let flag = |title: &str, key: Option<&str>, purpose: &str, states, stale: Option<&str>| FlagRow {
                flag: Link::new(title, "/flags/new-checkout"),
                key: key.map(str::to_owned),
                purpose: purpose.into(),
                states,
                stale: stale.map(str::to_owned),
            };
            Self {
                shell: Shell::sample(Section::Flags, "/flags"),
                environments: vec![
                    Link::new("Production", "/environments/production"),
                    Link::new("Staging", "/environments/staging"),
                ],
                kills: vec![row(Badge::new(Tone::Critical, "Killed"))],
                rows: vec![
                    flag(
                        "New checkout",
                        Some("newCheckout"),
                        "Release",
                        vec![Badge::new(Tone::Critical, "production: killed"), Badge::new(Tone::Good, "staging: on")],
                        None,
                    ),
                    flag(
                        "Colour of the button on the page of the basket and its neighbours",
                        None,
                        "Experiment",
                        vec![Badge::new(Tone::Info, "production: rule, else red")],
                        Some("It should have been gone by 2026-11-20."),
                    ),
                    flag(
                        "Payments read only",
                        None,
                        "Kill switch",
                        vec![Badge::new(Tone::Quiet, "production: disabled")],
                        None,
                    ),
                ],
                stale: 1,
                only_stale: false,
                may_edit: true,
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { kills: vec![], rows: vec![], environments: vec![], stale: 0, ..Self::sample() }
        }
    }

    impl FlagPage {
        pub(crate) fn sample() -> Self {
            let choice = |value: &str, title: &str, chosen| Choice { value: value.into(), title: title.into(), chosen };
            Self {
                shell: Shell::sample(Section::Flags, "/flags/new-checkout"),
                name: "new-checkout".into(),
                title: "New checkout".into(),
                key: "newCheckout".into(),
                description: Some("Takes orders by the new checkout.".into()),
                purpose: "Release".into(),
                owner: Some(Link::new("Payments", "/documents/team/payments")),
                services: vec![Link::new("payments", "/services/payments")],
                expires: Some("2027-01-31".into()),
                stale: Some("It should have been gone by 2026-11-20.".into()),
                changed: viewpoint().when(minutes_ago(3000)),
                variants: vec![("on".into(), "true".into()), ("off".into(), "false".into())],
                settings: vec![
                    SettingView {
                        environment: Link::new("Production", "/environments/production"),
                        state: Badge::new(Tone::Critical, "Killed"),
                        lines: vec![
                            "If “ours” holds: on".into(),
                            "Otherwise: 10 % on, 90 % off".into(),
                        ],
                        rule: Some("{\n  \"if\": [\n    { \"$ref\": \"ours\" }, \"on\",\n    { \"fractional\": [[\"on\", 10], [\"off\", 90]] }\n  ]\n}".into()),
                        proven: Badge::new(Tone::Good, "Thrown 12 min ago"),
                        evaluated: "Last evaluated 3 min ago; in the last 24 hours 1234 times: on 91 %, off 9 %".into(),
                        kill: Some(StandingKill {
                            id: "kil_06f1k2m9qv7x3t1a".into(),
                            gets: "Everybody gets off".into(),
                            by: "Ana Silva".into(),
                            at: viewpoint().when(minutes_ago(12)),
                            ends: viewpoint().when(minutes_ago(-1400)),
                            why: Some("Orders are taken twice".into()),
                            incident: Some(Link::new("Card payments fail", "/incidents/inc_06f1k2m9qv7x3t1a")),
                            reached: "11 programs have fetched since".into(),
                            behind: vec!["checkout service, 10.2.0.14, python-requests/2.32, 40 min ago".into()],
                            may_end: true,
                        }),
                    },
                    SettingView {
                        environment: Link::new("Staging", "/environments/staging"),
                        state: Badge::new(Tone::Good, "Enabled"),
                        lines: vec!["Everybody: on".into()],
                        rule: None,
                        proven: Badge::new(Tone::Warning, "Unproven switch"),
                        evaluated: "No program has asked for it here, as far as is known".into(),
                        kill: None,
                    },
                ],
                kills: vec![row(Badge::new(Tone::Critical, "In force")), row(Badge::new(Tone::Quiet, "Lifted by Ben Okafor"))],
                form: Some(KillForm {
                    environments: vec![choice("production", "Production", true), choice("staging", "Staging", false)],
                    to: vec![choice("variant:off", "off", true), choice("variant:on", "on", false), choice("disabled", "Their own default", false)],
                    spans: vec![choice("24h", "1 day", true)],
                    incidents: vec![choice("", "None", true)],
                    why: String::new(),
                    error: Some("Say why, so that others know.".into()),
                }),
                document_href: "/documents/flag/new-checkout".into(),
                history_href: "/documents/flag/new-checkout/history".into(),
            }
        }

        pub(crate) fn sample_quiet() -> Self {
            let mut page = Self { stale: None, kills: vec![], form: None, ..Self::sample() };
            page.settings.remove(0);
            page
        }
    }
}
