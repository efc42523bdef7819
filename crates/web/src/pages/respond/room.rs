//! The incident room: how it stands, who leads, what happened, and what is to be done next. One screen.
//!
//! `GET /incidents/ID?before=PLACE`; `POST /incidents/ID/act` with `act` and what that needs; `POST /incidents/ID/entries`
//! with `sort`, `text`, `objections`, `at`; `POST /incidents/ID/roles` with `act`, `role`, `person`; `POST
//! /incidents/ID/stamps` with `milestone`, `at`, `note`; `POST /incidents/ID/people` and `/links`.

use askama::Template;

use super::checklists::ChecklistView;
use super::handovers::HandoverView;
use super::incidents::LevelChoice;
use super::obligations::ObligationsPanel;
use super::record::RecordTally;
use super::runbooks::RunbookView;
use super::updates::UpdatesView;
use crate::pages::change::suspects::SuspectsPanel;
use crate::pages::change::switches::SwitchList;
use crate::pages::learn::action_items::ItemsPanel;
use crate::pages::learn::pins::PinPanel;
use crate::pages::learn::search::SimilarView;
use crate::pages::{Badge, Link, PersonTag, Severity, Shell, State, Tone, When};

/// The room.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/room.html")]
pub struct RoomPage {
    pub shell: Shell,
    pub id: String,
    pub title: String,
    pub severity: Severity,
    /// `SEV2`, if one was set.
    pub level: Option<String>,
    pub phase: Badge,
    pub class: &'static str,
    /// What it is called where others might read it, if it is restricted.
    pub restricted: Option<String>,
    pub near_miss: bool,
    /// It is only practised.
    pub drill: bool,
    pub retrospective: bool,
    pub because: Option<String>,
    pub impact: Option<String>,
    pub services: Vec<Link>,
    pub since: When,
    pub reported_by: Option<PersonTag>,
    pub commander: Option<PersonTag>,
    pub merged_into: Option<Link>,
    /// Its rooms in chats.
    pub chats: Vec<Link>,
    pub activities: Vec<ActivityView>,
    pub levels: Vec<LevelChoice>,
    pub may: RoomMay,
    pub hints: Vec<String>,
    /// The roles that are played or mostly needed, and all others.
    pub roles: Vec<RoleView>,
    pub other_roles: Vec<RoleView>,
    /// Whom a role can be offered to: name, full name.
    pub everybody: Vec<(String, String)>,
    pub updates: UpdatesView,
    /// Who is being called to command it, or was.
    pub calls: Option<String>,
    /// In the order in which they were given.
    pub tasks: Vec<TaskView>,
    /// Where it is written what to do.
    pub runbooks: Vec<RunbookView>,
    pub checklists: Vec<ChecklistView>,
    pub obligations: ObligationsPanel,
    /// What follows from it, and what of earlier incidents it concerns.
    pub action_items: ItemsPanel,
    pub pin_panel: PinPanel,
    pub suspects: SuspectsPanel,
    /// Others that are like it.
    pub similar: Vec<SimilarView>,
    /// Flags that act where it breaks, and can be killed now.
    pub switches: SwitchList,
    pub groups: Vec<GroupView>,
    pub others: Vec<Link>,
    pub record: RecordTally,
    /// What the record says, once it is over.
    pub draft: Option<String>,
    /// What is learned from it, once its response is over, and how far that is.
    pub postmortem: Option<(Link, Badge)>,
    pub criteria: Vec<(String, bool)>,
    pub times: Vec<TimeView>,
    /// `time to detect`: `3 min`.
    pub measures: Vec<(String, String)>,
    pub oddities: Vec<String>,
    /// Every milestone that can be claimed: word, title.
    pub milestones: Vec<(&'static str, String)>,
    /// Who is named for it.
    pub people: Vec<PersonView>,
    /// What was written and refused, and why.
    pub composer: String,
    pub composer_error: Option<String>,
    pub pinned: Vec<LineView>,
    pub lines: Vec<LineView>,
    /// Where earlier lines are.
    pub earlier: Option<String>,
    pub viewer_zone: String,
}

impl RoomPage {
    /// Whether an end criterion is not met: then a reason is asked for.
    pub fn has_unmet(&self) -> bool {
        self.criteria.iter().any(|(_, met)| !met)
    }
}

/// What this viewer may do here, now.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
pub struct RoomMay {
    /// Write on the timeline, claim times.
    pub write: bool,
    pub declare: bool,
    /// Take command: nobody has it.
    pub command: bool,
    /// Call somebody to command it.
    pub call: bool,
    pub mitigate: bool,
    pub resolve: bool,
    pub reopen: bool,
    pub close: bool,
    pub cancel: bool,
    pub grade: bool,
    pub restrict: bool,
    pub reveal: bool,
    pub merge: bool,
    /// Begin and end activities; offer roles.
    pub lead: bool,
}

/// One of the things that go on side by side.
#[derive(Clone, Debug)]
pub struct ActivityView {
    pub word: &'static str,
    pub title: &'static str,
    pub stage: ActivityStage,
    /// Since when it goes on, or when it was done.
    pub when: Option<When>,
}

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityStage {
    Not,
    Going,
    Done,
}

impl ActivityStage {
    /// The class of the step.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Not => "is-later",
            Self::Going => "is-now",
            Self::Done => "is-done",
        }
    }
}

/// A role, and who plays it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
pub struct RoleView {
    pub name: String,
    pub title: String,
    pub duties: Vec<String>,
    pub held: Vec<(PersonTag, When)>,
    pub offered: Vec<(PersonTag, When)>,
    /// It is offered to the viewer, who may accept.
    pub asks_viewer: bool,
    /// The viewer may take it: nobody holds it, or several may.
    pub may_take: bool,
    /// The viewer holds it, and may lay it down.
    pub may_lay_down: bool,
    /// Whoever takes it must be told how things stand.
    pub is_handed_over: bool,
}

/// What one named person does.
#[derive(Clone, Debug)]
pub struct TaskView {
    pub id: String,
    pub title: String,
    pub owner: PersonTag,
    /// `not taken yet`, `taken`, `late`, `done`, `dropped`.
    pub state: Badge,
    /// When the owner reports.
    pub due: Option<When>,
    /// The result, or why it was dropped.
    pub said: Option<String>,
    pub open: bool,
    /// It is given to the viewer, who has not taken it.
    pub asks_viewer: bool,
}

/// A group of alerts.
#[derive(Clone, Debug)]
pub struct GroupView {
    pub link: Link,
    pub state: State,
    /// `3 alerts are open`.
    pub said: String,
    pub subject: String,
}

/// A claim of when something happened.
#[derive(Clone, Debug)]
pub struct TimeView {
    pub milestone: String,
    pub when: When,
    /// `about`, where less than the minute is known.
    pub precision: Option<&'static str>,
    /// `derived`, `by Ana Silva`.
    pub source: String,
    pub note: Option<String>,
}

/// Somebody who is named.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub name: String,
    pub tag: PersonTag,
}

/// A line of the timeline.
#[derive(Clone, Debug)]
pub struct LineView {
    pub id: String,
    pub when: When,
    /// The day, on the first line of each.
    pub day: Option<String>,
    pub tone: Tone,
    /// `note`, `decision`: what people wrote.
    pub sort: Option<&'static str>,
    /// What happened, or what was written.
    pub text: String,
    pub who: Option<PersonTag>,
    /// The chat from which they did it.
    pub via: Option<String>,
    pub why: Option<String>,
    pub handover: Option<HandoverView>,
    /// Of a decision.
    pub objections: Option<String>,
    /// When it was written down, if that was later.
    pub recorded: Option<When>,
    pub corrected: Option<String>,
    pub struck: Option<String>,
    pub pinned: bool,
    /// The incident from which it comes.
    pub origin: Option<Link>,
    /// Where it can be corrected and pinned.
    pub href: String,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::learn::pins::PinForm;

    pub(crate) fn line(number: u32, ago: i64, tone: Tone, text: &str) -> LineView {
        LineView {
            id: format!("evt_06f1k2m9qv7x3t{number:02}"),
            when: viewpoint().when(minutes_ago(ago)),
            day: None,
            tone,
            sort: None,
            text: text.into(),
            who: Some(PersonTag::new("ben", "Ben Okafor")),
            via: None,
            why: None,
            handover: None,
            objections: None,
            recorded: None,
            corrected: None,
            struck: None,
            pinned: false,
            origin: None,
            href: "/incidents/inc_06f1k2m9qv7x3t01/entries/evt_06f1k2m9qv7x3t01".into(),
        }
    }

    impl RoomPage {
        pub(crate) fn sample() -> Self {
            let ana = || PersonTag::new("ana", "Ana Silva");
            let ben = || PersonTag::new("ben", "Ben Okafor");
            let at = |ago| viewpoint().when(minutes_ago(ago));
            let activity =
                |word, title, stage, ago: Option<i64>| ActivityView { word, title, stage, when: ago.map(at) };
            let role = |name: &str, title: &str| RoleView {
                name: name.into(),
                title: title.into(),
                duties: vec!["Sets the severity, and decides when in doubt.".into()],
                held: vec![],
                offered: vec![],
                asks_viewer: false,
                may_take: true,
                may_lay_down: false,
                is_handed_over: false,
            };
            let time = |milestone: &str, ago, source: &str| TimeView {
                milestone: milestone.into(),
                when: at(ago),
                precision: None,
                source: source.into(),
                note: None,
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_06f1k2m9qv7x3t01"),
                id: "inc_06f1k2m9qv7x3t01".into(),
                title: "Card payments fail for a fifth of customers".into(),
                severity: Severity::of("SEV1"),
                level: Some("SEV1".into()),
                phase: Badge::new(Tone::Critical, "Active"),
                class: "system",
                restricted: None,
                near_miss: false,
                drill: false,
                retrospective: false,
                because: Some("The error rate rose right after the 01:30 release".into()),
                impact: Some("One in five card payments is refused; customers see “try again later”.".into()),
                services: vec![Link::new("Card payments", "/services/payments")],
                since: at(34),
                reported_by: Some(ben()),
                commander: Some(ana()),
                merged_into: None,
                chats: vec![Link::new("Operations chat", "https://matrix.to/#/%21aBcD")],
                activities: vec![
                    activity("analysis", "Analysis", ActivityStage::Done, Some(20)),
                    activity("containment", "Containment", ActivityStage::Going, Some(12)),
                    activity("eradication", "Eradication", ActivityStage::Not, None),
                    activity("recovery", "Recovery", ActivityStage::Not, None),
                    activity("monitoring", "Monitoring", ActivityStage::Not, None),
                ],
                levels: vec![LevelChoice {
                    name: "SEV2".into(),
                    title: "Major".into(),
                    system: "A part fails.".into(),
                    operational: "A part stops.".into(),
                    security: "Some of it leaks.".into(),
                }],
                may: RoomMay {
                    write: true,
                    mitigate: true,
                    resolve: true,
                    grade: true,
                    restrict: true,
                    merge: true,
                    lead: true,
                    ..RoomMay::default()
                },
                hints: vec!["ana has commanded for 4 hours: think of handing over".into()],
                roles: vec![
                    RoleView {
                        held: vec![(ana(), at(30))],
                        offered: vec![(ben(), at(2))],
                        may_take: false,
                        is_handed_over: true,
                        ..role("incident-commander", "Incident commander")
                    },
                    RoleView {
                        asks_viewer: true,
                        may_take: false,
                        offered: vec![(ana(), at(1))],
                        ..role("scribe", "Scribe")
                    },
                    role("communications-lead", "Communications lead"),
                ],
                other_roles: vec![role("deputy", "Deputy commander")],
                everybody: vec![("ana".into(), "Ana Silva".into()), ("ben".into(), "Ben Okafor".into())],
                updates: UpdatesView::sample(),
                calls: None,
                tasks: vec![
                    TaskView {
                        id: "tsk_06f1k2m9qv7x3t01".into(),
                        title: "Compare the settings of pay-1 and pay-2".into(),
                        owner: ana(),
                        state: Badge::new(Tone::Warning, "not taken yet"),
                        due: Some(at(-12)),
                        said: None,
                        open: true,
                        asks_viewer: true,
                    },
                    TaskView {
                        id: "tsk_06f1k2m9qv7x3t02".into(),
                        title: "Ask the bank".into(),
                        owner: ben(),
                        state: Badge::new(Tone::Good, "done"),
                        due: None,
                        said: Some("They see nothing".into()),
                        open: false,
                        asks_viewer: false,
                    },
                ],
                runbooks: vec![RunbookView {
                    link: Link::new("Card payments fail", "/runbooks/payments-fail"),
                    name: Some("runbook/payments-fail".into()),
                    drilled: Some((Link::new("a drill", "/incidents/inc_06f1k2m9qv7x3t09"), at(9_000))),
                }],
                checklists: vec![ChecklistView::sample()],
                obligations: ObligationsPanel::sample(),
                action_items: ItemsPanel::sample(),
                pin_panel: PinPanel { pin: None, form: Some(PinForm::sample()) },
                suspects: SuspectsPanel::sample(),
                similar: vec![SimilarView::sample()],
                switches: SwitchList::sample(),
                groups: vec![GroupView {
                    link: Link::new("Card payments: 14% of requests fail", "/alerts/alr_06f1k2m9qv7x3t01"),
                    state: State::Firing,
                    said: "3 alerts are open".into(),
                    subject: "grp_06f1k2m9qv7x3t01".into(),
                }],
                others: vec![Link::new("Ledger writes are slow", "/incidents/inc_06f1k2m9qv7x3t02")],
                draft: None,
                postmortem: None,
                record: RecordTally {
                    href: "/incidents/inc_06f1k2m9qv7x3t01/record".into(),
                    evidence: 2,
                    observables: 14,
                    affected: 1,
                    techniques: 3,
                    open: true,
                },
                criteria: vec![
                    ("impact is back under the threshold".into(), false),
                    ("nobody still contains or restores".into(), true),
                ],
                times: vec![
                    time("impact started", 40, "by Ben Okafor"),
                    TimeView {
                        precision: Some("the hour"),
                        note: Some("by the chart".into()),
                        ..time("detected", 36, "monitor")
                    },
                ],
                measures: vec![("to detect".into(), "4 min".into()), ("to declare".into(), "2 min".into())],
                oddities: vec!["\"mitigated\" is before \"declared\"".into()],
                milestones: vec![("impact-started", "impact started".into()), ("mitigated", "mitigated".into())],
                people: vec![PersonView { name: "ana".into(), tag: ana() }],
                composer: String::new(),
                composer_error: None,
                pinned: vec![LineView {
                    sort: Some("observation"),
                    pinned: true,
                    ..line(90, 18, Tone::Info, "Error rate is 18 % on pay-1 and pay-3, 0 % on pay-2.")
                }],
                lines: vec![
                    LineView {
                        who: Some(ana()),
                        via: Some("from the chat ops".into()),
                        handover: Some(HandoverView::sample()),
                        ..line(9, 1, Tone::Info, "Cleo Marsh was asked to be Incident commander")
                    },
                    LineView {
                        sort: Some("decision"),
                        objections: Some("Ben: a restart would tell us more".into()),
                        ..line(8, 4, Tone::Quiet, "Take pay-1 and pay-3 out of the pool.\nRoll back 4.12.0 meanwhile.")
                    },
                    LineView {
                        sort: Some("note"),
                        corrected: Some("18 % on pay-1".into()),
                        recorded: Some(at(5)),
                        ..line(7, 9, Tone::Quiet, "28 % on pay-1")
                    },
                    LineView {
                        sort: Some("action"),
                        struck: Some("It was another host".into()),
                        ..line(6, 15, Tone::Quiet, "Restarted pay-2")
                    },
                    LineView {
                        why: Some("a quarter of users".into()),
                        ..line(5, 25, Tone::Warning, "Severity SEV1, was SEV2")
                    },
                    LineView {
                        who: None,
                        day: Some("Saturday, 21 November".into()),
                        ..line(4, 36, Tone::Critical, "Fires")
                    },
                ],
                earlier: Some("/incidents/inc_06f1k2m9qv7x3t01?before=x".into()),
                viewer_zone: "Europe/Berlin".into(),
            }
        }

        pub(crate) fn sample_restricted() -> Self {
            Self {
                title: "Token of a build server used from elsewhere".into(),
                class: "security",
                restricted: Some("quiet heron".into()),
                commander: None,
                updates: UpdatesView::sample_refused(),
                calls: Some("calling Commanders, step 1".into()),
                because: None,
                services: vec![],
                hints: vec![],
                may: RoomMay {
                    write: true,
                    command: true,
                    lead: true,
                    reveal: true,
                    cancel: true,
                    grade: true,
                    mitigate: true,
                    resolve: true,
                    ..RoomMay::default()
                },
                composer: "we see\u{7} it".into(),
                composer_error: Some("It has letters that cannot be shown.".into()),
                pinned: vec![],
                earlier: None,
                ..Self::sample()
            }
        }

        pub(crate) fn sample_over() -> Self {
            Self {
                phase: Badge::new(Tone::Good, "Resolved"),
                draft: Some("/incidents/inc_06f1k2m9qv7x3t1a/draft".into()),
                postmortem: Some((
                    Link::new("Postmortem", "/incidents/inc_06f1k2m9qv7x3t1a/postmortem"),
                    Badge::new(Tone::Critical, "Due"),
                )),
                may: RoomMay { write: true, reopen: true, close: true, ..RoomMay::default() },
                hints: vec![],
                criteria: vec![],
                groups: vec![],
                others: vec![],
                merged_into: Some(Link::new("Payments fail everywhere", "/incidents/inc_06f1k2m9qv7x3t02")),
                retrospective: true,
                near_miss: true,
                drill: true,
                ..Self::sample()
            }
        }
    }
}
