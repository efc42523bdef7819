//! Tests of drafts and ledgers: a night as it goes, records of which anything is missing, and what is hostile in them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::change::kills::{Kill, KillTo};
use crate::change::proposals::Kind;
use crate::change::reach::Graph;
use crate::change::rollbacks::{Rollback, State as Run};
use crate::change::suspects::{Candidate, Case, Finding, Found, Weights, Which, rank};
use crate::change::verdicts::Outcome;
use crate::learn::records::{
    AlertFact, ChangeFact, ClockFact, DeliveryFact, EarlierFact, Happened, KillFact, PageFact, RollbackFact,
};
use crate::respond::incidents::{Class, Phase};
use crate::respond::obligations::Standing as ClockStanding;
use crate::respond::stamps::{Milestone, Source, Stamp};
use crate::respond::tasks::{State as TaskState, Task};
use crate::respond::updates::{Audience, Fate, Promise, State as Said, Update};
use crate::words::{EventKind, GroupId, Id, Mint, Name, Span, Urgency};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 - 1_790_000_000 % 3600 + minute * 60).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A record in the making.
struct Scribe {
    mint: Mint,
    record: Record,
}

impl Scribe {
    fn new(seed: u64) -> Self {
        let mut mint = Mint::seeded(seed);
        let record = Record {
            title: "Checkout fails".into(),
            phase: Phase::Resolved,
            severity: Some("SEV2".into()),
            services: vec!["Checkout".into()],
            now: at(600),
            quiet_after: Span::minutes(30),
            packs_asked: vec!["GDPR".into()],
            people: BTreeMap::from([(name("ana"), "Ana Silva".into()), (name("ben"), "Ben Okoye".into())]),
            roles: BTreeMap::from([(name("incident-commander"), "Incident commander".into())]),
            ..Record::sample(mint.id(at(0)), at(4))
        };
        Self { mint, record }
    }

    fn id<T: Id>(&mut self, minute: i64) -> T {
        self.mint.id(at(minute))
    }

    fn event(&mut self, minute: i64, kind: EventKind, actor: &str, data: Value) {
        let id = self.id(minute);
        let number = i64::try_from(self.record.events.len() + 1).ok();
        self.record.events.push(Happened {
            id,
            number,
            kind: Some(kind),
            at: at(minute),
            recorded_at: at(minute),
            actor: actor.into(),
            subjects: vec![],
            why: None,
            data,
            corrected: None,
            struck: false,
            merged: false,
        });
    }

    fn stamp(&mut self, milestone: Milestone, when: When, source: Source) {
        let id = self.id(0);
        let by = "person:ana".to_owned();
        let entered_at = at(500);
        let stamp = Stamp { id, milestone, when, source, by, entered_at, evidence: None, note: None, supersedes: None };
        self.record.stamps.push(stamp);
    }

    fn alert(&mut self, minute: i64) -> AlertFact {
        AlertFact {
            id: self.id(minute),
            group: GroupId::from_bits(7),
            summary: "Checkout: too many errors".into(),
            service: Some(name("checkout")),
            fired_at: at(minute),
            resolved_at: Some(at(minute + 40)),
            noise: None,
        }
    }

    fn paged(&mut self, minute: i64, queued: i64, sent: Option<i64>) {
        let page = self.id(minute);
        self.record.pages.push(PageFact {
            id: page,
            group: Some(GroupId::from_bits(7)),
            escalates: true,
            title: "Checkout: too many errors".into(),
            urgency: Urgency::High,
            started_at: at(minute),
        });
        let delivery = DeliveryFact {
            id: self.id(minute),
            page,
            channel: "email".into(),
            queued_at: at(queued),
            sent_at: sent.map(at),
            failed: sent.is_none(),
            attempts: 1,
        };
        self.record.deliveries.push(delivery);
    }

    fn rollback(&mut self, minute: i64, took: i64, estimate: i64, outcome: Outcome) {
        let run = Rollback {
            id: self.id(minute),
            change: self.id(0),
            revision: 1,
            estimate: Span::minutes(estimate),
            asked_by: Some(name("ana")),
            asked_at: at(minute),
            confirmed_by: None,
            alone: false,
            state: Run::Succeeded { at: at(minute + took) },
        };
        let verdict = Some((outcome, "all 1 cleared and stayed so".to_owned()));
        self.record.rollbacks.push(RollbackFact { run, title: "checkout 1.2".into(), verdict });
    }

    fn suspect(&mut self, minute: i64, found: Option<Finding>) {
        let by = name("ben");
        let found = found.map(|finding| Found { finding, by, why: "the errors name it".into(), at: at(minute) });
        let candidate = Candidate {
            which: Which::Change(self.id(minute)),
            kind: Kind::Deploy,
            title: "checkout 1.2".into(),
            services: BTreeSet::from([name("checkout")]),
            stages: vec![at(minute)],
            risk: None,
            failure_rate: None,
            rolled_back: None,
            found,
        };
        let case = Case { services: BTreeSet::from([name("checkout")]), began_at: at(0) };
        let graph = Graph::of(&BTreeMap::new());
        self.record.suspects.extend(rank(&case, vec![candidate], &graph, Weights::default()).suspects);
    }
}

/// A night as it goes.
fn night() -> Record {
    let mut scribe = Scribe::new(1);
    scribe.suspect(-9, Some(Finding::Trigger));
    let alert = scribe.alert(2);
    scribe.record.alerts.push(alert);
    scribe.stamp(Milestone::ImpactStarted, When::exactly(at(-7)), Source::Human);
    for (milestone, minute) in [
        (Milestone::Detected, 2),
        (Milestone::Alerted, 3),
        (Milestone::Acknowledged, 9),
        (Milestone::Declared, 10),
        (Milestone::CommanderAccepted, 12),
        (Milestone::Mitigated, 52),
        (Milestone::Resolved, 110),
    ] {
        scribe.stamp(milestone, When::exactly(at(minute)), Source::Derived);
    }
    scribe.paged(3, 3, Some(4));
    scribe.event(10, EventKind::IncidentDeclared, "person:ana", json!({}));
    scribe.event(10, EventKind::IncidentGraded, "person:ana", json!({ "severity": "SEV2", "before": null }));
    let took = json!({ "role": "incident-commander", "person": "ana" });
    scribe.event(12, EventKind::RoleAccepted, "person:ana", took);
    let decided = json!({ "sort": "decision", "text": "We take checkout 1.2 back" });
    scribe.event(14, EventKind::EntryAdded, "person:ana", decided);
    scribe.event(15, EventKind::EntryAdded, "person:ben", json!({ "sort": "observation", "text": "Errors fall." }));
    scribe.event(52, EventKind::IncidentMitigated, "person:ana", json!({}));
    scribe.event(110, EventKind::IncidentResolved, "person:ana", json!({ "unmet": ["its alerts have cleared"] }));
    scribe.rollback(14, 22, 5, Outcome::Resolved);
    scribe.record
}

fn minutes(ledger: &Ledger) -> Vec<(&'static str, Option<i64>)> {
    ledger.rows.iter().map(|row| (row.stage.word(), row.took().map(|took| took.seconds / 60))).collect()
}

#[test]
fn the_minutes_of_a_night_add_up() {
    let ledger = ledger(&night());
    assert_eq!(
        minutes(&ledger),
        [
            ("detect", Some(9)),
            ("group-wait", Some(1)),
            ("page", Some(0)),
            ("deliver", Some(1)),
            ("acknowledge", Some(5)),
            ("assemble", Some(3)),
            ("contain", None),
            ("mitigate", Some(40)),
            ("recover", None),
            ("resolve", Some(58)),
        ]
    );
    let (_, _, whole) = ledger.whole.unwrap();
    assert_eq!(whole.seconds / 60, 117);
}

#[test]
fn people_who_notice_first_have_their_time_told_apart_from_the_wait_of_the_group() {
    let mut record = night();
    let first = record.stamps.iter_mut().find(|stamp| stamp.milestone == Milestone::Detected).unwrap();
    first.when = When::exactly(at(-3));
    let told = minutes(&ledger(&record));
    assert_eq!(told[..3], [("detect", Some(4)), ("alert", Some(5)), ("group-wait", Some(1))]);
}

#[test]
fn what_was_played_later_is_not_taken_for_the_time_of_which_it_tells() {
    let mut record = night();
    let year = Span::hours(24 * 365);
    for stamp in &mut record.stamps {
        if matches!(stamp.milestone, Milestone::ImpactStarted | Milestone::Mitigated) {
            stamp.source = Source::Import;
            stamp.when = When::exactly(year.before(stamp.when.at));
        }
    }
    let ledger = ledger(&record);
    let known: Vec<_> = minutes(&ledger).into_iter().filter(|(_, took)| took.is_some()).collect();
    assert_eq!(known, [("mitigate", Some(59))]);
    let (why, _) = ledger.rows[1].says();
    assert!(why.contains("it was played, or written down afterwards"), "{why}");
}

#[test]
fn a_night_is_told_with_its_sources() {
    let draft = draft(&night());
    insta::assert_snapshot!(draft.markdown(|cite| format!("/{cite}")));
}

#[test]
fn people_are_named_among_the_people_only() {
    let draft = draft(&night());
    for section in &draft.sections {
        let text: String = section.parts.iter().flat_map(|part| &part.sentences).map(|one| one.text.as_str()).collect();
        assert_eq!(text.contains("Ana Silva"), section.name == "people", "{}", section.name);
        assert!(!text.contains("person:"), "{text}");
    }
}

#[test]
fn what_people_wrote_is_no_markdown() {
    let mut scribe = Scribe::new(3);
    let hostile = "<img src=x>\n# x\n[a](javascript:alert(1)) `x` | y";
    scribe.event(1, EventKind::EntryAdded, "person:ana", json!({ "sort": "note", "text": hostile }));
    scribe.record.title = "[x](javascript:alert(1))\n# y".into();
    let text = draft(&scribe.record).markdown(|cite| format!("/{cite}"));
    assert!(!text.contains("<img") || text.contains("\\<img"), "{text}");
    assert!(!text.contains("[a](") && !text.contains("[x]("), "{text}");
    assert!(text.lines().filter(|line| line.starts_with("# ")).count() == 1, "{text}");
}

#[test]
fn an_empty_record_asks_instead_of_telling() {
    let record = Scribe::new(4).record;
    let draft = draft(&record);
    assert_eq!(draft.ledger.whole, None);
    let asked = draft.sections.iter().find(|section| section.name == "questions").unwrap();
    assert!(asked.parts[0].sentences.len() >= 4);
}

/// A record of which anything may be missing.
fn any_record(seed: u64) -> Record {
    let mut chance = Mint::seeded(seed ^ 0xabcd);
    let mut pick = |of: u64| chance.chance() % of;
    let mut scribe = Scribe::new(seed);
    let precisions = ["2026-09-21 10:43:10", "2026-09-21 10:43", "2026-09-21", "2026-09", "2026"];
    for milestone in Milestone::ALL {
        for _ in 0..pick(3) {
            let vague = When::read(precisions[usize::try_from(pick(5)).unwrap()], &jiff::tz::TimeZone::UTC).unwrap();
            let minute = i64::try_from(pick(300)).unwrap() - 20;
            let when = if pick(4) == 0 { vague } else { When::exactly(at(minute)) };
            scribe.stamp(milestone, when, Source::ALL[usize::try_from(pick(4)).unwrap()]);
        }
    }
    let kinds = EventKind::ALL;
    let actors =
        ["person:ana", "token:tok_x:ben", "chat:ops:ana", "integration:prom", "rule:x", "system", "local:root"];
    for minute in 0..i64::try_from(pick(60)).unwrap() {
        let kind = kinds[usize::try_from(pick(kinds.len() as u64)).unwrap()];
        let actor = actors[usize::try_from(pick(7)).unwrap()];
        let data = json!({
            "role": "incident-commander", "person": (["ana", "ben"][usize::try_from(pick(2)).unwrap()]), "text": "said",
            "sort": (["note", "action", "decision"][usize::try_from(pick(3)).unwrap()]), "severity": "SEV1",
            "before": null, "unmet": ["x"], "title": "t", "subject": "grp_x", "due_at": at(30),
        });
        let spaced = minute * i64::try_from(1 + pick(50)).unwrap();
        scribe.event(spaced, kind, actor, data);
    }
    scribe.record.events.sort_by_key(|event| (event.at, event.id));
    for _ in 0..pick(4) {
        let alert = scribe.alert(i64::try_from(pick(50)).unwrap());
        scribe.record.alerts.push(alert);
        let near = scribe.alert(5);
        scribe.record.alerts_near.push(near);
    }
    for _ in 0..pick(3) {
        let started = i64::try_from(pick(50)).unwrap();
        scribe.paged(started, started + 1, (pick(2) == 0).then_some(started + 2));
        scribe.rollback(started, 22, 5, Outcome::NoEffect);
        scribe.suspect(
            -started,
            [None, Some(Finding::Trigger), Some(Finding::RuledOut)][usize::try_from(pick(3)).unwrap()],
        );
        let id = scribe.id(started);
        let services = BTreeSet::from([name("checkout")]);
        scribe.record.changes.push(ChangeFact {
            id,
            title: "c".into(),
            services: services.clone(),
            is_own: pick(2) == 0,
            began_at: None,
            state: "done",
        });
        let state = [TaskState::Given, TaskState::Done { at: at(9), result: "ok".into() }]
            [usize::try_from(pick(2)).unwrap()]
        .clone();
        let task =
            Task { id: scribe.id(1), title: "look".into(), owner: name("ben"), given_at: at(1), due_at: None, state };
        scribe.record.tasks.push(task);
        let update = Update {
            id: scribe.id(2),
            audience: Audience::Public,
            stage: None,
            text: "We look".into(),
            title: None,
            components: BTreeMap::new(),
            next_by: None,
            author: None,
            written_at: at(2),
            late_because: None,
            state: Said::Posted { at: at(2), approved_by: None },
        };
        scribe.record.updates.push(update);
        let fate = [Fate::Open, Fate::Answered { at: at(2), why: Some("we ate".into()) }]
            [usize::try_from(pick(2)).unwrap()]
        .clone();
        scribe.record.promises.push(Promise { audience: Audience::Public, given_at: at(0), by: at(1), fate });
        let kill = Kill {
            flag: "new-checkout".into(),
            to: KillTo::Disabled,
            by: "ana".into(),
            why: "errors".into(),
            incident: None,
            at: at(3),
            expires_at: at(900),
            lifted: None,
        };
        let id = scribe.id(3);
        scribe.record.kills.push(KillFact { id, environment: name("production"), kill });
        let standing = ClockStanding::Met { at: at(7) };
        scribe.record.clocks.push(ClockFact { title: "Tell (X)".into(), standing, why: None, cites: vec![] });
        let id = scribe.id(-900);
        let (reported_at, phase) = (at(-900), Phase::Closed);
        scribe.record.earlier.push(EarlierFact { id, title: "e".into(), reported_at, phase, services, groups: 1 });
    }
    scribe.record.phase = [Phase::Active, Phase::Resolved, Phase::Closed][usize::try_from(pick(3)).unwrap()];
    scribe.record.class = Class::ALL[usize::try_from(pick(3)).unwrap()];
    scribe.record
}

proptest! {
    #[test]
    fn every_sentence_cites_what_is_in_the_record_and_nothing_else(seed: u64) {
        let record = any_record(seed);
        let sources = record.sources();
        let draft = draft(&record);
        for sentence in draft.sentences() {
            prop_assert!(!sentence.cites.is_empty(), "{}", sentence.text);
        }
        for row in &draft.ledger.rows {
            let (text, cites) = row.says();
            prop_assert!(!cites.is_empty(), "{}", text);
        }
        for cite in draft.cited() {
            prop_assert!(sources.contains(cite), "{} is not in the record", cite);
        }
        prop_assert!(draft.numbers.keys().all(|cite| sources.contains(cite)));
    }

    #[test]
    fn the_same_record_gives_the_same_words(seed: u64) {
        let say = |record: &Record| draft(record).markdown(|cite| format!("/{cite}"));
        prop_assert_eq!(say(&any_record(seed)), say(&any_record(seed)));
    }

    #[test]
    fn the_rows_of_the_ledger_add_up_to_the_whole(seed: u64) {
        let ledger = ledger(&any_record(seed));
        let sum: i64 = ledger.rows.iter().filter_map(Row::took).map(|took| took.seconds).sum();
        let whole = ledger.whole.as_ref().map_or(0, |(.., took)| took.seconds);
        prop_assert_eq!(sum, whole);
        for pair in ledger.rows.iter().filter_map(|row| match &row.spent {
            Spent::Known { from, to, .. } => Some((from, to)),
            Spent::Unknown { .. } => None,
        }).collect::<Vec<_>>().windows(2) {
            prop_assert_eq!(pair[0].1, pair[1].0);
        }
    }
}
