//! Action items: the list with how long they stay open, one of them, the form that proposes one, and the panel of a room.
//!
//! `GET /action-items?tab=mine|overdue|open|all&kind=&priority=&service=&incident=&by=`; `GET /action-items/ID`; `POST
//! /action-items/ID` with `act` and what that needs; `GET` and `POST /incidents/ID/action-items` with the fields of the form.

use askama::Template;

use super::survival::CurveDrawing;
use crate::pages::detect::alert::Happened;
use crate::pages::filters::{Filter, Tab};
use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/action_items.html")]
pub struct ActionItemsPage {
    pub shell: Shell,
    /// Where what is listed is downloaded.
    pub csv: String,
    pub tabs: Vec<Tab>,
    pub filter: Filter,
    /// What is wrong with what was asked.
    pub error: Option<String>,
    /// Only those of one incident.
    pub incident: Option<Link>,
    pub rows: Vec<ItemLine>,
    /// By what the curves are told apart: word, title, address.
    pub by: Vec<(String, String, bool)>,
    pub curves: Vec<CurveView>,
}

/// An item in a list.
#[derive(Clone, Debug)]
pub struct ItemLine {
    pub link: Link,
    pub incident: Link,
    pub owner: PersonTag,
    pub state: Badge,
    pub kind: String,
    pub high: bool,
    pub due: When,
    /// `12 days overdue`
    pub late: Option<String>,
    /// Somebody's word proves it, no machine.
    pub by_hand: bool,
    pub reopened: u32,
    pub drill: bool,
}

/// How long some items stay open.
#[derive(Clone, Debug)]
pub struct CurveView {
    pub title: String,
    pub n: usize,
    /// How many of them are not done.
    pub open: usize,
    /// `Half are done within 23 days.`
    pub says: String,
    /// Nothing, where there are too few to tell.
    pub drawing: Option<CurveDrawing>,
}

/// One item.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/action_item.html")]
pub struct ActionItemPage {
    pub shell: Shell,
    pub id: String,
    pub title: String,
    pub bound: String,
    pub incident: Link,
    pub restricted: Option<String>,
    pub drill: bool,
    pub owner: PersonTag,
    pub state: Badge,
    pub kind: String,
    pub priority: String,
    pub due: When,
    pub late: Option<String>,
    pub factor: Option<String>,
    /// `Guard`: how strong a measure it is.
    pub strength: Option<String>,
    pub advice: Vec<String>,
    pub reopened: u32,
    /// Why it will not be done, who asked, and who agreed; or that somebody asks.
    pub drop: Option<DropView>,
    pub check: CheckView,
    pub evidence: Vec<EvidenceView>,
    pub recurrences: Vec<(Link, When, &'static str)>,
    /// The issue that follows it in a tracker.
    pub tracked: Option<TrackedView>,
    /// The trackers in which one could be made: name and title.
    pub trackers: Vec<(String, String)>,
    pub history: Vec<Happened>,
    pub may: ItemMay,
    pub everybody: Vec<(String, String)>,
    pub form: ItemForm,
}

/// The issue that follows an item.
#[derive(Clone, Debug)]
pub struct TrackedView {
    pub tracker: String,
    /// `OPS-12: Limit the queue`; nothing: it is being made.
    pub issue: Option<Link>,
    /// What the tracker calls how it stands.
    pub status: Option<String>,
    pub heard: Option<When>,
    pub trouble: Option<String>,
}

/// That an item is not to be done.
#[derive(Clone, Debug)]
pub struct DropView {
    pub why: String,
    pub asked_by: PersonTag,
    pub approved_by: Option<PersonTag>,
}

/// What proves it.
#[derive(Clone, Debug)]
pub struct CheckView {
    /// In words that follow "It is proven when".
    pub says: String,
    pub by_hand: bool,
    /// It is being asked.
    pub pending: bool,
    /// When a machine asks again.
    pub next: Option<When>,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct EvidenceView {
    pub answer: Badge,
    pub at: When,
    /// Until when it was the same, if that is later.
    pub until: Option<When>,
    pub said: String,
    pub by: Option<PersonTag>,
}

/// What this viewer may do with it, now.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
pub struct ItemMay {
    pub accept: bool,
    pub done: bool,
    pub check: bool,
    pub confirm: bool,
    pub give: bool,
    pub ask_drop: bool,
    pub approve_drop: bool,
    pub keep: bool,
    pub reopen: bool,
    pub edit: bool,
}

/// The fields of the form, as they were typed or as they stand.
#[derive(Clone, Debug, Default)]
pub struct ItemForm {
    pub title: String,
    pub bound: String,
    pub owner: String,
    pub kind: String,
    pub priority: String,
    /// `2026-12-01`.
    pub due: String,
    pub factor: String,
    pub check: String,
    pub document: String,
    pub field: String,
    pub must: String,
    pub value: String,
    pub url: String,
    pub contains: String,
    pub service: String,
    pub within: String,
    pub why: String,
    /// Why it was refused.
    pub error: Option<String>,
}

/// Kinds of items, as a form offers them: word, title.
pub const KINDS: [(&str, &str); 4] = [
    ("prevent", "Prevent: it does not happen again"),
    ("detect", "Detect: it is seen sooner"),
    ("mitigate", "Mitigate: it hurts less, or is over sooner"),
    ("process", "Process: people work together otherwise"),
];
pub const PRIORITIES: [(&str, &str); 3] = [("high", "High"), ("normal", "Normal"), ("low", "Low")];
pub const CHECKS: [(&str, &str); 6] = [
    ("manual", "Somebody else looks (no machine proves it)"),
    ("replay", "The signals of the incident page somebody"),
    ("document", "A document says something"),
    ("url", "A page answers"),
    ("commit", "A commit is there"),
    ("drill", "A drill practised it"),
];
pub const MUSTS: [(&str, &str); 3] = [("exist", "is there"), ("be", "is"), ("contain", "has in it")];

/// The form that proposes one.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/action_item_new.html")]
pub struct NewActionItemPage {
    pub shell: Shell,
    pub incident: Link,
    pub id: String,
    pub restricted: Option<String>,
    pub everybody: Vec<(String, String)>,
    pub form: ItemForm,
    /// `30 days after it is proposed`
    pub due_says: String,
}

/// The panel of a room.
#[derive(Clone, Debug, Default)]
pub struct ItemsPanel {
    pub rows: Vec<ItemLine>,
    /// Items of earlier incidents that this one concerns: `came back`, or that they are unfinished.
    pub earlier: Vec<(ItemLine, String)>,
    pub may_write: bool,
    pub form: ItemForm,
    pub due_says: String,
}

#[cfg(test)]
mod samples {
    use domain::learn::survival::{Life, curve};

    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::learn::survival::draw;
    use crate::pages::{Section, Tone};

    const DAY: i64 = 24 * 60;

    fn line(title: &str, state: Badge, due: i64, late: Option<&str>) -> ItemLine {
        ItemLine {
            link: Link::new(title, "/action-items/act_06f1k2m9qv7x3t01"),
            incident: Link::new("Card payments fail for a fifth of customers", "/incidents/inc_06f1k2m9qv7x3t01"),
            owner: PersonTag::new("ben", "Ben Okafor"),
            state,
            kind: "prevent".into(),
            high: late.is_some(),
            due: viewpoint().when(minutes_ago(due)),
            late: late.map(Into::into),
            by_hand: late.is_none(),
            reopened: u32::from(late.is_some()),
            drill: false,
        }
    }

    fn lines() -> Vec<ItemLine> {
        vec![
            line("Limit the queue to 1000", Badge::new(Tone::Critical, "accepted"), 12 * DAY, Some("12 days overdue")),
            line("Page when the queue holds 500", Badge::new(Tone::Info, "proposed"), -9 * DAY, None),
            line("Add a runbook for the failover", Badge::new(Tone::Good, "verified"), 30 * DAY, None),
        ]
    }

    impl ItemsPanel {
        pub(crate) fn sample() -> Self {
            let due_says = "15 days after it is proposed".into();
            let form = ItemForm {
                kind: "prevent".into(),
                priority: "normal".into(),
                check: "manual".into(),
                ..ItemForm::default()
            };
            let earlier = vec![(lines().remove(0), "It was done, and came back here.".to_owned())];
            Self { rows: lines(), earlier, may_write: true, form, due_says }
        }
    }

    impl ActionItemsPage {
        pub(crate) fn sample() -> Self {
            let at = |day: i64| minutes_ago((200 - day) * DAY);
            let life = |day: i64, closed| Life { from: at(0), until: at(day), closed };
            let lives: Vec<_> = (1..24)
                .map(|n| life((n * 37) % 120 + 3, n % 3 != 0))
                .chain([life(160, false), life(140, true)])
                .collect();
            let drawn = curve(&lives).map(|curve| draw(&curve));
            let tab = |title, word: &str, current| Tab {
                title,
                href: format!("/action-items?tab={word}"),
                count: None,
                current,
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/action-items"),
                csv: "/api/v1/action-items.csv?owner=me&state=open".into(),
                tabs: vec![
                    tab("Mine", "mine", true),
                    tab("Overdue", "overdue", false),
                    tab("Open", "open", false),
                    tab("All", "all", false),
                ],
                filter: Filter { choices: vec![], ..Filter::sample_incidents() },
                error: None,
                incident: None,
                rows: lines(),
                by: vec![("all".into(), "All".into(), true), ("kind".into(), "Kind".into(), false)],
                curves: vec![
                    CurveView {
                        title: "All".into(),
                        n: 25,
                        open: 9,
                        says: "Half are done within 63 days.".into(),
                        drawing: drawn,
                    },
                    CurveView {
                        title: "Process".into(),
                        n: 3,
                        open: 1,
                        says: "It cannot be told: 3 are too few, it takes 5.".into(),
                        drawing: None,
                    },
                ],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], curves: vec![], ..Self::sample() }
        }
    }

    impl ActionItemPage {
        pub(crate) fn sample() -> Self {
            let at = |days: i64| viewpoint().when(minutes_ago(days * DAY));
            let ben = || PersonTag::new("ben", "Ben Okafor");
            let happened = |days, tone, text: &str| Happened {
                when: at(days),
                tone,
                text: text.into(),
                who: Some(ben()),
                why: None,
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/action-items/act_06f1k2m9qv7x3t01"),
                id: "act_06f1k2m9qv7x3t01".into(),
                title: "Add a runbook for the failover".into(),
                bound: "The service names it, and somebody who had not seen it before followed it in a drill.".into(),
                incident: Link::new("Card payments fail", "/incidents/inc_06f1k2m9qv7x3t01"),
                restricted: None,
                drill: false,
                owner: ben(),
                state: Badge::new(Tone::Warning, "done, not proven"),
                kind: "mitigate".into(),
                priority: "high".into(),
                due: at(3),
                late: None,
                factor: Some("no-runbook".into()),
                strength: Some("Document".into()),
                advice: vec!["What is written must be found and read at night: could a machine do it?".into()],
                reopened: 1,
                drop: None,
                check: CheckView {
                    says: "/runbook of service/payments is there".into(),
                    by_hand: false,
                    pending: false,
                    next: Some(at(-1)),
                },
                evidence: vec![
                    EvidenceView {
                        answer: Badge::new(Tone::Critical, "no"),
                        at: at(2),
                        until: Some(at(0)),
                        said: "service/payments has no /runbook".into(),
                        by: None,
                    },
                    EvidenceView {
                        answer: Badge::new(Tone::Good, "yes"),
                        at: at(9),
                        until: None,
                        said: "/runbook of service/payments is https://wiki.example/payments".into(),
                        by: None,
                    },
                ],
                recurrences: vec![(
                    Link::new("Card payments fail again", "/incidents/inc_2"),
                    at(20),
                    "it was reopened",
                )],
                tracked: Some(TrackedView {
                    tracker: "Issues of the shop".into(),
                    issue: Some(Link::new(
                        "412: Limit the queue to 1000",
                        "https://github.com/example/shop/issues/412",
                    )),
                    status: Some("open".into()),
                    heard: Some(at(1)),
                    trouble: None,
                }),
                trackers: vec![
                    ("shop".into(), "Issues of the shop".into()),
                    ("ops".into(), "Operations in Jira".into()),
                ],
                history: vec![
                    happened(2, Tone::Warning, "What proved it does not hold any more"),
                    happened(10, Tone::Good, "Done"),
                    happened(30, Tone::Info, "Proposed"),
                ],
                may: ItemMay { check: true, reopen: true, edit: true, ..ItemMay::default() },
                everybody: vec![("ana".into(), "Ana Silva".into()), ("ben".into(), "Ben Okafor".into())],
                form: ItemForm {
                    title: "Add a runbook for the failover".into(),
                    check: "document".into(),
                    document: "service/payments".into(),
                    field: "/runbook".into(),
                    must: "exist".into(),
                    ..ItemForm::default()
                },
            }
        }

        pub(crate) fn sample_asked() -> Self {
            let ana = PersonTag::new("ana", "Ana Silva");
            let drop = DropView { why: "The queue goes away next month.".into(), asked_by: ana, approved_by: None };
            let may = ItemMay {
                accept: true,
                done: true,
                give: true,
                approve_drop: true,
                keep: true,
                edit: true,
                ..ItemMay::default()
            };
            let late = Some("12 days overdue".into());
            let check = CheckView {
                says: "somebody who does not own it looked; no machine proves it".into(),
                by_hand: true,
                pending: false,
                next: None,
            };
            let state = Badge::new(Tone::Critical, "proposed");
            Self {
                drop: Some(drop),
                may,
                late,
                check,
                state,
                evidence: vec![],
                recurrences: vec![],
                tracked: None,
                ..Self::sample()
            }
        }
    }

    impl NewActionItemPage {
        pub(crate) fn sample() -> Self {
            let why = "\"Improve monitoring\" cannot be done as it is written: name what is to be seen.";
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_06f1k2m9qv7x3t01/action-items"),
                incident: Link::new("Card payments fail", "/incidents/inc_06f1k2m9qv7x3t01"),
                id: "inc_06f1k2m9qv7x3t01".into(),
                restricted: None,
                everybody: vec![("ana".into(), "Ana Silva".into()), ("ben".into(), "Ben Okafor".into())],
                form: ItemForm {
                    title: "Improve monitoring".into(),
                    bound: "it is better".into(),
                    owner: "ben".into(),
                    kind: "detect".into(),
                    priority: "normal".into(),
                    check: "replay".into(),
                    error: Some(why.into()),
                    ..ItemForm::default()
                },
                due_says: "15 days after it is proposed".into(),
            }
        }
    }
}
