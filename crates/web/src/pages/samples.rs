//! Samples of the pages about documents; those of other pages stand at the foot of their own files.

use super::change::document_proposals::HeldView;
use super::prepare::document_changes::{Back, ChangesetRow, DocumentChangeRow, DocumentChanges, DocumentChangesPage};
use super::prepare::documents::{
    Compared, DocumentGroup, DocumentPage, DocumentRow, DocumentsPage, EditPage, FieldView, HistoryPage, KindTab,
    PlanPage, PlanProblem, PlannedChange, Revision, SpecField, Yaml,
};
use super::prepare::ownership::{DriftPage, DriftRow, FieldRow};
use super::prepare::source::{SourceLine, SourcePage};
use super::prepare::what_if::WhatIfView;
use crate::pages::gallery::{minutes_ago, viewpoint};
use crate::pages::{Badge, Link, PersonTag, Section, Shell, Tone};
use crate::what_if::{Coverage, PageChange, Replayed, Uncovered, WhatIf};

const YAML: &str = "kind: schedule\nname: payments-primary\nspec:\n  title: Payments, primary\n  time_zone: Europe/Berlin\n  team: payments\n  layers:\n    # the week, handed over on Monday morning\n    - name: Weekly\n      people: [ana, ben, chidi]\n      starts: 2026-10-12T09:00\n      rotate:\n        weeks: 1\n";

fn ana() -> PersonTag {
    PersonTag::new("ana", "Ana Silva")
}

impl DocumentsPage {
    pub(crate) fn sample() -> Self {
        let kind = |title: &str, count, current| KindTab {
            title: title.into(),
            href: format!("/documents?kind={}", title.to_lowercase()),
            count,
            current,
        };
        let row = |kind: &str, name: &str, title: &str, revision: u8, by| DocumentRow {
            href: format!("/documents/{kind}/{name}"),
            kind: kind.into(),
            name: name.into(),
            title: title.into(),
            revision: format!("revision {revision}"),
            changed: viewpoint().when(minutes_ago(i64::from(revision) * 700)),
            by,
            from: "came with Allclear",
        };
        let group = |title: &str, row| DocumentGroup { title: title.into(), rows: vec![row] };
        Self {
            shell: Shell::sample(Section::Documents, "/documents"),
            source: Some(SourceLine { text: "main at abc1234 would change 3 documents".into(), is_wrong: false }),
            kinds: vec![
                kind("All", 34, true),
                kind("Person", 6, false),
                kind("Team", 3, false),
                kind("Schedule", 4, false),
                kind("Escalation policy", 3, false),
                kind("Service", 4, false),
                kind("Route", 5, false),
                kind("Integration", 2, false),
                kind("Severity matrix", 1, false),
            ],
            kind: None,
            about: Some("Everything that can be set is a document: reviewed as a plan, applied with a reason, kept with its history.".into()),
            groups: vec![
                group("Schedule", row("schedule", "payments-primary", "Payments, primary", 7, Some(ana()))),
                group(
                    "Escalation policy",
                    row("escalation-policy", "payments", "Payments", 3, Some(PersonTag::new("ben", "Ben Okafor"))),
                ),
                group("Route", row("route", "watchdog", "order 10", 1, None)),
                group("Severity matrix", row("severity-matrix", "default", "SEV1 to SEV5", 1, None)),
            ],
        }
    }
}

impl DocumentPage {
    pub(crate) fn sample() -> Self {
        Self {
            shell: Shell::sample(Section::Documents, "/documents/schedule/payments-primary"),
            kind: "schedule".into(),
            name: "payments-primary".into(),
            yaml: Yaml(YAML.into()),
            revision: "revision 7".into(),
            changed: viewpoint().when(minutes_ago(4000)),
            by: Some(ana()),
            reason: Some("Chidi joins the rotation".into()),
            back: 6,
            problems: vec!["Nobody is on call from Fri 30 Oct 18:00 to Mon 2 Nov 09:00.".into()],
            shown_at: Some(Link::new("Show the strips", "/schedules/payments-primary")),
            by_hand: vec![set_by_hand()],
            refers_to: vec![
                Link::new("person/ana", "/documents/person/ana"),
                Link::new("team/payments", "/documents/team/payments"),
            ],
            used_by: vec![Link::new("escalation-policy/payments", "/documents/escalation-policy/payments")],
            drilled: None,
            may_edit: true,
        }
    }
}

impl EditPage {
    pub(crate) fn sample() -> Self {
        let field = |name: &str, about: &str, required| SpecField { name: name.into(), about: about.into(), required };
        Self {
            shell: Shell::sample(Section::Documents, "/documents/schedule/payments-primary/edit"),
            title: "Edit schedule/payments-primary".into(),
            back: Link::new("schedule/payments-primary", "/documents/schedule/payments-primary"),
            yaml: YAML.into(),
            fields: vec![
                field("title", "What people call it", true),
                field("time_zone", "IANA name of the zone in which hand-offs are written", true),
                field("layers", "Rotations; one that stands later takes precedence", true),
                field("team", "The team that looks after it", false),
                field("gaps_intended", "Gaps are meant: nobody is told", false),
            ],
            schema_command: "allclear schema schedule".into(),
        }
    }
}

pub(crate) fn planned() -> PlannedChange {
    PlannedChange {
        verb: Badge::new(Tone::Warning, "Change"),
        document: Link::new("schedule/payments-primary", "/documents/schedule/payments-primary"),
        sentences: vec![
            "Chidi Anyanwu is on call Mon 2 Nov 09:00 to Mon 9 Nov 09:00 instead of Ana Silva.".into(),
            "Erin Weiss is no longer on call here.".into(),
        ],
        fields: vec![
            FieldView {
                pointer: "/layers/0/people/2".into(),
                before: Some("\"erin\"".into()),
                after: Some("\"chidi\"".into()),
            },
            FieldView {
                pointer: "/layers/1".into(),
                before: None,
                after: Some("{\"name\":\"Nights\",\"people\":[\"ben\"]}".into()),
            },
            FieldView { pointer: "/gaps_intended".into(), before: Some("true".into()), after: None },
        ],
    }
}

impl PlanPage {
    pub(crate) fn sample() -> Self {
        Self {
            shell: Shell::sample(Section::Documents, "/documents/plan"),
            title: "Change schedule/payments-primary".into(),
            back: Link::new("schedule/payments-primary", "/documents/schedule/payments-primary"),
            changes: vec![planned()],
            problems: vec![],
            warnings: vec![PlanProblem {
                place: "schedule/payments-primary".into(),
                text: "Nobody is on call from Fri 30 Oct 18:00 to Mon 2 Nov 09:00".into(),
                suggestion: None,
                line: None,
            }],
            yaml: YAML.into(),
            revision: 41,
            reason: String::new(),
            what_if: Some(WhatIfView::of(&what_if(), &viewpoint())),
            days: 30,
            to: None,
            may_not: None,
            held: HeldView::default(),
            may_propose: true,
            incidents: vec![("inc_06f1k2m9qv7x3t01".into(), "SEV1: Card payments: 14% fail".into())],
        }
    }

    pub(crate) fn sample_held() -> Self {
        Self { held: HeldView::sample(), what_if: None, warnings: vec![], ..Self::sample() }
    }

    pub(crate) fn sample_refused() -> Self {
        Self {
            problems: vec![PlanProblem {
                place: "line 10".into(),
                text: "there is no person \"chidy\"".into(),
                suggestion: Some("chidi".into()),
                line: Some("      people: [ana, ben, chidy]".into()),
            }],
            changes: vec![],
            warnings: vec![],
            what_if: None,
            ..Self::sample()
        }
    }
}

fn set_by_hand() -> FieldRow {
    FieldRow {
        field: "schedule/payments-primary:/title".into(),
        pointer: "/title".into(),
        in_force: Some("Payments, primary".into()),
        in_files: Some("Payments".into()),
        by: Some(ana()),
        via: "in the pages".into(),
        when: Some(viewpoint().when(minutes_ago(4000))),
        why: Some("Two schedules had one title".into()),
    }
}

fn what_if() -> WhatIf {
    let change = |ago, what: &str, sentence: &str| PageChange {
        at: minutes_ago(ago),
        title: "5xx high (api)".into(),
        what: what.into(),
        before: vec!["ana".into()],
        after: vec!["ben".into()],
        later_ms: 0,
        sentence: sentence.into(),
    };
    let stretch = |from: i64, to: i64| Uncovered {
        document: "escalation-policy/payments".into(),
        from: minutes_ago(-from),
        to: minutes_ago(-to),
        why: "step 1: on call for payments-primary: nobody (no layer covers this time)".into(),
    };
    WhatIf {
        replay: Some(Replayed {
            sentence: "2 of 41 pages of the last 30 days change recipient, 1 is no longer sent.".into(),
            since: minutes_ago(43_200),
            until: minutes_ago(0),
            signals: 1204,
            acts: 96,
            pages: 41,
            reaches_others: true,
            changes: vec![
                change(9000, "recipients", "tells ben instead of ana"),
                change(7000, "recipients", "tells ben and chidi instead of ana"),
                change(4000, "gone", "would no longer be sent; it told ana"),
            ],
            more: 0,
            left_out: vec![],
        }),
        why_not: None,
        coverage: Coverage {
            sentence:
                "1 stretch of the coming 14 days would no longer be covered, and 1 stretch would be that are not."
                    .into(),
            lost: vec![stretch(3000, 4000)],
            gained: vec![stretch(9000, 9500)],
            left: vec![],
        },
    }
}

impl SourcePage {
    pub(crate) fn sample() -> Self {
        Self {
            shell: Shell::sample(Section::Documents, "/documents/source"),
            place: "https://git.example.org/ops/allclear.git".into(),
            branch: "main".into(),
            title: Some("main at abc1234".into()),
            subject: "Chidi joins the rotation".into(),
            commit: "abc1234abc1234abc1234abc1234abc1234abc12".into(),
            fetched: Some(viewpoint().when(minutes_ago(1))),
            error: None,
            changes: vec![planned()],
            kept: vec![set_by_hand()],
            problems: vec![],
            warnings: vec![],
            what_if: Some(WhatIfView::of(&what_if(), &viewpoint())),
            revision: 41,
            reason: "Chidi joins the rotation".into(),
            may_not: None,
            held: HeldView::default(),
            proposed: Some(Link::new("Chidi joins the rotation", "/changes/cng_06f1k2m9qv7x3t01")),
            may_propose: true,
            incidents: vec![("inc_06f1k2m9qv7x3t01".into(), "SEV1: Card payments: 14% fail".into())],
        }
    }

    pub(crate) fn sample_unfetched() -> Self {
        Self {
            title: None,
            subject: String::new(),
            fetched: None,
            error: Some("git fetch failed: fatal: could not read from https://git.example.org/ops/allclear.git".into()),
            changes: vec![],
            kept: vec![],
            what_if: None,
            ..Self::sample()
        }
    }
}

impl DocumentChangesPage {
    pub(crate) fn sample() -> Self {
        let row = |document: &str, what: &str, back| DocumentChangeRow {
            document: Link::new(document, format!("/documents/{document}/history")),
            what: what.into(),
            sentences: planned().sentences,
            back,
        };
        let back = Back {
            action: "/documents/schedule/payments-primary/rollback".into(),
            to: 6,
            reason: "Take back changeset 41: Chidi joins the rotation".into(),
        };
        let changeset = ChangesetRow {
            number: 41,
            when: viewpoint().when(minutes_ago(90)),
            by: Some(ana()),
            reason: Some("Chidi joins the rotation".into()),
            documents: vec![
                row("schedule/payments-primary", "2 fields changed", Some(back)),
                row("route/payments", "Created", None),
            ],
        };
        Self {
            shell: Shell::sample(Section::Documents, "/documents/changes"),
            services: vec![Link::new("api", "/services/api")],
            changes: DocumentChanges { hours: 24, changesets: vec![changeset] },
        }
    }

    pub(crate) fn sample_empty() -> Self {
        Self { changes: DocumentChanges { hours: 24, changesets: vec![] }, ..Self::sample() }
    }
}

impl DriftPage {
    pub(crate) fn sample() -> Self {
        let row = |document: &str, badge, fields: Vec<FieldRow>| DriftRow {
            document: Link::new(document, format!("/documents/{document}/history")),
            badge,
            fields,
            by: Some(ana()),
            when: Some(viewpoint().when(minutes_ago(4000))),
            why: Some("Nobody needs it".into()),
        };
        let layers = FieldRow {
            pointer: "/layers".into(),
            in_force: Some(
                "{\"name\":\"Weekly\",\"people\":[\"ana\",\"ben\",\"chidi\"],\"starts\":\"2026-10-12T09:00\"}".into(),
            ),
            in_files: None,
            why: None,
            ..set_by_hand()
        };
        Self {
            shell: Shell::sample(Section::Documents, "/documents/drift"),
            documents: vec![
                row("schedule/payments-primary", Badge::new(Tone::Warning, "Differs"), vec![set_by_hand(), layers]),
                row("team/web", Badge::new(Tone::Critical, "Deleted here"), vec![]),
            ],
            has_files: true,
        }
    }

    pub(crate) fn sample_empty() -> Self {
        Self { documents: vec![], ..Self::sample() }
    }
}

impl HistoryPage {
    pub(crate) fn sample() -> Self {
        let revision = |number: i64, ago, by, reason: Option<&str>, what: &str| Revision {
            number,
            when: viewpoint().when(minutes_ago(ago)),
            by,
            reason: reason.map(Into::into),
            what: what.into(),
            current: number == 7,
            compare_href: format!("?from={}&to={number}", number - 1),
        };
        Self {
            shell: Shell::sample(Section::Documents, "/documents/schedule/payments-primary/history"),
            kind: "schedule".into(),
            name: "payments-primary".into(),
            revisions: vec![
                revision(7, 4000, Some(ana()), Some("Chidi joins the rotation"), "1 field changed"),
                revision(
                    6,
                    9000,
                    Some(PersonTag::new("ben", "Ben Okafor")),
                    Some("Rolled back to revision 4"),
                    "2 fields changed",
                ),
                revision(5, 9100, Some(PersonTag::new("erin", "Erin Weiss")), None, "2 fields changed"),
                revision(1, 90_000, None, Some("The first documents"), "Created"),
            ],
            compared: Some(Compared { from: 6, to: 7, change: planned() }),
            may_edit: true,
        }
    }
}
