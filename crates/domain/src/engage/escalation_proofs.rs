//! Escalations played through: every state with every command, and drawn ones to their end.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::deliveries::Urgency;
use super::escalations::*;
use super::oncall::{OnCall, Why};
use crate::words::{Name, Refusal, Span, Timestamp};

/// A world of names: who is on call where, and who cannot be reached.
#[derive(Default)]
struct World {
    on_call: BTreeMap<Name, Option<Name>>,
    unreachable: Vec<Name>,
}

impl Lookup for World {
    fn on_call(&self, schedule: &Name, at: Timestamp) -> Option<OnCall> {
        let person = self.on_call.get(schedule)?.clone();
        let why = match person {
            Some(_) => Why::Turn { layer: "primary".into(), turn: 14 },
            None => Why::Gap { intended: false },
        };
        Some(OnCall { person, why, at, since: None, until: None, zone: TimeZone::UTC })
    }

    fn reachable(&self, person: &Name, _: Urgency) -> Result<(), String> {
        if self.unreachable.contains(person) { Err("is marked as inactive".into()) } else { Ok(()) }
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn world(on_call: &[(&str, Option<&str>)], unreachable: &[&str]) -> World {
    World {
        on_call: on_call.iter().map(|(schedule, person)| (name(schedule), person.map(name))).collect(),
        unreachable: unreachable.iter().map(|person| name(person)).collect(),
    }
}

fn policy(yaml: &str) -> EscalationPolicy {
    let policy: EscalationPolicy = serde_saphyr::from_str(yaml).unwrap();
    assert_eq!(policy.check(), []);
    policy
}

const POLICY: &str = "
title: Payments
repeat: 1
ack_timeout: 30m
steps:
  - notify: [{ schedule: primary }]
    wait: 5m
  - notify: [{ schedule: secondary }, { person: lead }]
    wait: 10m
  - notify: [{ person: boss }, { webhook: 'https://hooks.example.org/x' }]
    wait: 15m
";

const NOON: &str = "2026-11-02T12:00:00Z";

fn minutes(minutes: i64) -> Timestamp {
    Span::minutes(minutes).after(NOON.parse().unwrap())
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

fn show_state(state: &State) -> String {
    let until = |at: &Option<Timestamp>| at.map_or("no end".into(), clock);
    match state {
        State::Calling { step, round, due_at, .. } => format!("calling {step}/{round} until {}", until(due_at)),
        State::Acknowledged { by, until: end, step, round, .. } => {
            format!("acknowledged by {by} at {step}/{round} until {}", until(end))
        }
        State::Ended { why, .. } => format!("ended {}", why.word()),
    }
}

fn show_move(moved: &Move) -> String {
    let mut out = match moved.event {
        Some(event) => format!("{event}: {}", show_state(&moved.state)),
        None => "unchanged".into(),
    };
    let told: Vec<_> = moved
        .notify
        .iter()
        .map(|one| match &one.to {
            Recipient::Person(person) => person.to_string(),
            Recipient::Webhook(_) => "webhook".into(),
        })
        .collect();
    if !told.is_empty() {
        write!(out, "; tell {}", told.join(", ")).unwrap();
    }
    for one in &moved.skipped {
        write!(out, "; skip {}/{}: {}", one.step, one.round, one.why).unwrap();
    }
    for one in &moved.missed {
        write!(out, "; missed in {}/{}: {}", one.step, one.round, one.why).unwrap();
    }
    out
}

/// What happens when nobody does anything: every move until the page no longer waits for an instant.
fn unattended(policy: &EscalationPolicy, urgency: Urgency, world: &World) -> String {
    let mut moved = start(policy, urgency, minutes(0), world);
    let mut out = vec![format!("12:00 {}", show_move(&moved))];
    while let Some(due_at) = moved.state.due_at() {
        assert!(out.len() < 100, "it never ends");
        moved = next(policy, &Page { urgency, state: moved.state }, due_at, world);
        out.push(format!("{} {}", clock(due_at), show_move(&moved)));
    }
    out.join("\n")
}

#[test]
fn a_page_goes_through_the_steps_and_rounds_and_then_ends_unanswered() {
    let world = world(&[("primary", Some("ana")), ("secondary", Some("ben"))], &[]);
    insta::assert_snapshot!(unattended(&policy(POLICY), Urgency::High, &world), @r"
    12:00 page.started: calling 1/1 until 12:05; tell ana
    12:05 page.escalated: calling 2/1 until 12:15; tell ben, lead
    12:15 page.escalated: calling 3/1 until 12:30; tell boss, webhook
    12:30 page.escalated: calling 1/2 until 12:35; tell ana
    12:35 page.escalated: calling 2/2 until 12:45; tell ben, lead
    12:45 page.escalated: calling 3/2 until 13:00; tell boss, webhook
    13:00 page.ended: ended unanswered
    ");
}

#[test]
fn a_step_that_reaches_nobody_is_skipped_at_once() {
    let first_two = world(&[("primary", None), ("secondary", None)], &["lead"]);
    insta::assert_snapshot!(unattended(&policy(POLICY), Urgency::High, &first_two), @r"
    12:00 page.started: calling 3/1 until 12:15; tell boss, webhook; skip 1/1: on call for primary: nobody (no layer covers this time); skip 2/1: on call for secondary: nobody (no layer covers this time); lead is marked as inactive
    12:15 page.escalated: calling 3/2 until 12:30; tell boss, webhook; skip 1/2: on call for primary: nobody (no layer covers this time); skip 2/2: on call for secondary: nobody (no layer covers this time); lead is marked as inactive
    12:30 page.ended: ended unanswered
    ");
    let part = world(&[("primary", Some("ana")), ("secondary", Some("ben"))], &["ben"]);
    insta::assert_snapshot!(unattended(&policy(POLICY), Urgency::High, &part), @r"
    12:00 page.started: calling 1/1 until 12:05; tell ana
    12:05 page.escalated: calling 2/1 until 12:15; tell lead; missed in 2/1: ben is marked as inactive (on call for secondary: primary, turn 14)
    12:15 page.escalated: calling 3/1 until 12:30; tell boss, webhook
    12:30 page.escalated: calling 1/2 until 12:35; tell ana
    12:35 page.escalated: calling 2/2 until 12:45; tell lead; missed in 2/2: ben is marked as inactive (on call for secondary: primary, turn 14)
    12:45 page.escalated: calling 3/2 until 13:00; tell boss, webhook
    13:00 page.ended: ended unanswered
    ");
}

#[test]
fn a_round_that_reaches_nobody_ends_the_page_where_people_see_it() {
    let nobody = world(&[("primary", None)], &["lead", "boss"]);
    insta::assert_snapshot!(unattended(&policy(POLICY), Urgency::High, &nobody), @"12:00 page.started: ended unanswered; tell webhook; skip 1/1: on call for primary: nobody (no layer covers this time); skip 2/1: there is no schedule secondary; lead is marked as inactive; skip 3/1: boss is marked as inactive");
}

#[test]
fn low_urgency_tells_one_step_and_waits() {
    let world = world(&[("primary", Some("ana")), ("secondary", Some("ben"))], &[]);
    insta::assert_snapshot!(unattended(&policy(POLICY), Urgency::Low, &world), @"12:00 page.started: calling 1/1 until no end; tell ana");
}

#[test]
fn whoever_is_reached_twice_in_a_step_is_told_once() {
    let twice = policy("{title: T, steps: [{notify: [{person: ana}, {schedule: primary}, {schedule: other}]}]}");
    let world = world(&[("primary", Some("ana")), ("other", Some("ana"))], &[]);
    insta::assert_snapshot!(show_move(&start(&twice, Urgency::High, minutes(0), &world)), @"page.started: calling 1/1 until 12:05; tell ana");
}

#[test]
fn the_reason_says_which_schedule_and_which_turn() {
    let world = world(&[("primary", Some("ana"))], &[]);
    let moved = start(&policy(POLICY), Urgency::High, minutes(0), &world);
    insta::assert_snapshot!(moved.notify[0].because, @"on call for primary: primary, turn 14, with no end");
}

#[test]
fn a_step_of_webhooks_alone_has_time_to_answer_but_does_not_hold_up_people() {
    let hooks = policy(
        "
title: T
repeat: 0
steps:
  - { notify: [{ webhook: 'https://a.example' }], wait: 1m }
  - { notify: [{ webhook: 'https://b.example' }, { schedule: primary }] }
  - { notify: [{ person: ana }] }
",
    );
    insta::assert_snapshot!(unattended(&hooks, Urgency::High, &world(&[("primary", None)], &[])), @r"
    12:00 page.started: calling 1/1 until 12:01; tell webhook
    12:01 page.escalated: calling 3/1 until 12:06; tell webhook, ana; skip 2/1: on call for primary: nobody (no layer covers this time)
    12:06 page.ended: ended unanswered
    ");
}

#[test]
fn every_state_answers_every_command() {
    let policy = policy(POLICY);
    let world = world(&[("primary", Some("ana")), ("secondary", Some("ben"))], &[]);
    let calling = |step, round, due| State::Calling { step, round, since: minutes(0), due_at: Some(minutes(due)) };
    let acknowledged = |until| State::Acknowledged { by: name("ana"), at: minutes(0), until, step: 1, round: 1 };
    let ended = |why| State::Ended { at: minutes(0), why };
    let states = [
        ("waiting", calling(1, 1, 15)),
        ("wait is over", calling(1, 1, 10)),
        ("last wait is over", calling(3, 2, 10)),
        ("acknowledged", acknowledged(None)),
        ("acknowledgement timed out", acknowledged(Some(minutes(10)))),
        ("resolved", ended(End::Resolved)),
        ("silenced", ended(End::Silenced)),
        ("unanswered", ended(End::Unanswered)),
    ];
    let now = minutes(10);
    let mut out = String::new();
    for (state_name, state) in states {
        let page = Page { urgency: Urgency::High, state };
        let answers: [(&str, Result<Move, Refusal>); 9] = [
            ("next", Ok(next(&policy, &page, now, &world))),
            ("acknowledge by ana", acknowledge(&policy, &page, &name("ana"), now)),
            ("acknowledge by ben", acknowledge(&policy, &page, &name("ben"), now)),
            ("unacknowledge", unacknowledge(&policy, &page, now, &world)),
            ("escalate", escalate_now(&policy, &page, now, &world)),
            ("snooze an hour", snooze(&page, &name("ana"), minutes(70), now)),
            ("snooze until before", snooze(&page, &name("ana"), minutes(5), now)),
            ("resolve", Ok(resolve(&page, now))),
            ("silence", Ok(end(&page, End::Silenced, now))),
        ];
        writeln!(out, "{state_name}").unwrap();
        for (command, answer) in answers {
            let answer = match answer {
                Ok(moved) => show_move(&moved),
                Err(refusal) => format!("REFUSED: {refusal}"),
            };
            writeln!(out, "  {command}: {answer}").unwrap();
        }
    }
    insta::assert_snapshot!(out, @r"
    waiting
      next: unchanged
      acknowledge by ana: page.acknowledged: acknowledged by ana at 1/1 until 12:40
      acknowledge by ben: page.acknowledged: acknowledged by ben at 1/1 until 12:40
      unacknowledge: unchanged
      escalate: page.escalated: calling 2/1 until 12:20; tell ben, lead
      snooze an hour: page.acknowledged: acknowledged by ana at 1/1 until 13:10
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: page.ended: ended resolved
      silence: page.ended: ended silenced
    wait is over
      next: page.escalated: calling 2/1 until 12:20; tell ben, lead
      acknowledge by ana: page.acknowledged: acknowledged by ana at 1/1 until 12:40
      acknowledge by ben: page.acknowledged: acknowledged by ben at 1/1 until 12:40
      unacknowledge: unchanged
      escalate: page.escalated: calling 2/1 until 12:20; tell ben, lead
      snooze an hour: page.acknowledged: acknowledged by ana at 1/1 until 13:10
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: page.ended: ended resolved
      silence: page.ended: ended silenced
    last wait is over
      next: page.ended: ended unanswered
      acknowledge by ana: page.acknowledged: acknowledged by ana at 3/2 until 12:40
      acknowledge by ben: page.acknowledged: acknowledged by ben at 3/2 until 12:40
      unacknowledge: unchanged
      escalate: page.escalated: calling 1/3 until 12:15; tell ana
      snooze an hour: page.acknowledged: acknowledged by ana at 3/2 until 13:10
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: page.ended: ended resolved
      silence: page.ended: ended silenced
    acknowledged
      next: unchanged
      acknowledge by ana: unchanged
      acknowledge by ben: REFUSED: ana has acknowledged this page already, at 2026-11-02 12:00 UTC
      unacknowledge: page.restarted: calling 1/1 until 12:15; tell ana
      escalate: page.escalated: calling 2/1 until 12:20; tell ben, lead
      snooze an hour: page.acknowledged: acknowledged by ana at 1/1 until 13:10
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: page.ended: ended resolved
      silence: page.ended: ended silenced
    acknowledgement timed out
      next: page.restarted: calling 1/1 until 12:15; tell ana
      acknowledge by ana: page.acknowledged: acknowledged by ana at 1/1 until 12:40
      acknowledge by ben: page.acknowledged: acknowledged by ben at 1/1 until 12:40
      unacknowledge: page.restarted: calling 1/1 until 12:15; tell ana
      escalate: page.escalated: calling 2/1 until 12:20; tell ben, lead
      snooze an hour: page.acknowledged: acknowledged by ana at 1/1 until 13:10
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: page.ended: ended resolved
      silence: page.ended: ended silenced
    resolved
      next: unchanged
      acknowledge by ana: REFUSED: this page is over: resolved at 2026-11-02 12:00 UTC
      acknowledge by ben: REFUSED: this page is over: resolved at 2026-11-02 12:00 UTC
      unacknowledge: REFUSED: this page is over: resolved at 2026-11-02 12:00 UTC
      escalate: REFUSED: this page is over: resolved at 2026-11-02 12:00 UTC
      snooze an hour: REFUSED: this page is over: resolved at 2026-11-02 12:00 UTC
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: unchanged
      silence: unchanged
    silenced
      next: unchanged
      acknowledge by ana: REFUSED: this page is over: silenced at 2026-11-02 12:00 UTC
      acknowledge by ben: REFUSED: this page is over: silenced at 2026-11-02 12:00 UTC
      unacknowledge: REFUSED: this page is over: silenced at 2026-11-02 12:00 UTC
      escalate: REFUSED: this page is over: silenced at 2026-11-02 12:00 UTC
      snooze an hour: REFUSED: this page is over: silenced at 2026-11-02 12:00 UTC
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: unchanged
      silence: unchanged
    unanswered
      next: unchanged
      acknowledge by ana: page.acknowledged: acknowledged by ana at 3/2 until 12:40
      acknowledge by ben: page.acknowledged: acknowledged by ben at 3/2 until 12:40
      unacknowledge: REFUSED: this page is over: unanswered at 2026-11-02 12:00 UTC
      escalate: page.restarted: calling 1/1 until 12:15; tell ana
      snooze an hour: REFUSED: this page is over: unanswered at 2026-11-02 12:00 UTC
      snooze until before: REFUSED: /until: a snooze ends in the future
      resolve: unchanged
      silence: unchanged
    ");
}

#[test]
fn asking_for_help_never_ends_a_page() {
    let policy = policy(POLICY);
    let page = Page {
        urgency: Urgency::High,
        state: State::Calling { step: 3, round: 2, since: minutes(0), due_at: Some(minutes(15)) },
    };
    let somebody = world(&[("primary", Some("ana"))], &["lead", "boss"]);
    insta::assert_snapshot!(show_move(&escalate_now(&policy, &page, minutes(1), &somebody).unwrap()), @"page.escalated: calling 1/3 until 12:06; tell ana");
    let nobody = world(&[("primary", None)], &["lead", "boss"]);
    insta::assert_snapshot!(escalate_now(&policy, &page, minutes(1), &nobody).unwrap_err(), @"no step reaches anybody now; step 1: on call for primary: nobody (no layer covers this time); step 2: there is no schedule secondary; lead is marked as inactive; step 3: boss is marked as inactive");
}

#[test]
fn a_policy_that_grew_shorter_does_not_lose_its_pages() {
    let short = policy("{title: T, repeat: 1, steps: [{notify: [{person: ana}]}]}");
    let page = Page {
        urgency: Urgency::High,
        state: State::Calling { step: 9, round: 1, since: minutes(0), due_at: Some(minutes(1)) },
    };
    insta::assert_snapshot!(show_move(&next(&short, &page, minutes(1), &world(&[], &[]))), @"page.escalated: calling 1/2 until 12:06; tell ana");
}

#[test]
fn each_mistake_is_refused_with_its_place_and_a_remedy() {
    let mistakes = [
        ("title: Payments", "title: ''"),
        ("repeat: 1", "repeat: 99"),
        ("ack_timeout: 30m", "ack_timeout: 0s"),
        ("[{ schedule: primary }]", "[]"),
        ("[{ schedule: primary }]", "[{ schedule: primary }, { schedule: primary }]"),
        ("wait: 5m", "wait: 0s"),
        ("wait: 5m", "wait: 30d"),
        ("https://hooks.example.org/x", "hooks.example.org/x"),
    ];
    let said: Vec<String> = mistakes
        .iter()
        .map(|(good, bad)| {
            assert!(POLICY.contains(good), "{good}");
            let policy: EscalationPolicy = serde_saphyr::from_str(&POLICY.replacen(good, bad, 1)).unwrap();
            policy.check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    /title: the title is empty
    /repeat: 99 repeats are too many: 20 at most
    /ack_timeout: an acknowledgement that times out at once is none; leave `ack_timeout` out, or write 30m
    /steps/0/notify: this step tells nobody; name a person, schedule or webhook
    /steps/0/notify/1: schedule primary stands twice in this step
    /steps/0/wait: no time to answer; to tell several at once, name them in one step
    /steps/0/wait: 30d is too long: a week at most
    /steps/2/notify/1/webhook: "hooks.example.org/x" is not a URL to post to: it begins with https:// or http://
    "#);
}

#[test]
fn states_read_back_from_json() {
    for state in [
        State::Calling { step: 1, round: 2, since: minutes(0), due_at: None },
        State::Acknowledged { by: name("ana"), at: minutes(0), until: Some(minutes(1)), step: 1, round: 1 },
        State::Ended { at: minutes(3), why: End::Unanswered },
    ] {
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&json).unwrap(), state);
        assert!(json.contains(state.word()), "{json}");
    }
}

#[derive(Clone, Debug)]
enum Command {
    Wait,
    Acknowledge(usize),
    Unacknowledge,
    Escalate,
    Snooze(i64),
    Resolve,
}

const PEOPLE: [&str; 4] = ["ana", "ben", "cleo", "dan"];

fn a_policy() -> impl Strategy<Value = EscalationPolicy> {
    let target = prop_oneof![
        (0usize..4).prop_map(|i| Target::Person(name(PEOPLE[i]))),
        (0usize..3).prop_map(|i| Target::Schedule(name(["one", "two", "gone"][i]))),
        Just(Target::Webhook("https://hooks.example.org".into())),
    ];
    let step = (prop::collection::vec(target, 1..4), 1i64..30)
        .prop_map(|(notify, wait)| Step { notify, wait: Span::minutes(wait) });
    (prop::collection::vec(step, 1..5), 0u8..4, prop::option::of(1i64..60)).prop_map(|(steps, repeat, timeout)| {
        EscalationPolicy { title: "T".into(), steps, repeat, ack_timeout: timeout.map(Span::minutes), team: None }
    })
}

fn a_world() -> impl Strategy<Value = World> {
    let person = || prop::option::of(0usize..4);
    (person(), person(), prop::sample::subsequence(PEOPLE.to_vec(), 0..=4)).prop_map(|(one, two, unreachable)| {
        let person = |index: Option<usize>| index.map(|index| PEOPLE[index]);
        world(&[("one", person(one)), ("two", person(two))], &unreachable)
    })
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        4 => Just(Command::Wait),
        2 => (0usize..4).prop_map(Command::Acknowledge),
        1 => Just(Command::Unacknowledge),
        1 => Just(Command::Escalate),
        1 => (-5i64..500).prop_map(Command::Snooze),
        1 => Just(Command::Resolve),
    ];
    prop::collection::vec(command, 0..30)
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, unreachable {:?}", self.on_call, self.unreachable)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_told_once_somebody_has_it_and_every_page_ends_or_waits(
        policy in a_policy(),
        world in a_world(),
        high in any::<bool>(),
        commands in commands(),
    ) {
        let urgency = if high { Urgency::High } else { Urgency::Low };
        let mut now = minutes(0);
        let mut moved = start(&policy, urgency, now, &world);
        let mut page = Page { urgency, state: moved.state.clone() };
        check_move(&moved, &world, urgency)?;
        for command in commands {
            let answer = match command {
                Command::Wait => {
                    // A moment before the instant nothing happens.
                    if let Some(due_at) = page.state.due_at() {
                        let early = next(&policy, &page, Span::millis(1).before(due_at), &world);
                        prop_assert_eq!(early.event, None);
                        now = now.max(due_at);
                    }
                    Ok(next(&policy, &page, now, &world))
                }
                Command::Acknowledge(who) => acknowledge(&policy, &page, &name(PEOPLE[who]), now),
                Command::Unacknowledge => unacknowledge(&policy, &page, now, &world),
                Command::Escalate => escalate_now(&policy, &page, now, &world),
                Command::Snooze(length) => snooze(&page, &name("ana"), Span::minutes(length).after(now), now),
                Command::Resolve => Ok(resolve(&page, now)),
            };
            let Ok(answer) = answer else { continue };
            moved = answer;
            check_move(&moved, &world, urgency)?;
            if moved.event.is_none() {
                prop_assert_eq!(&moved.state, &page.state);
                prop_assert!(moved.notify.is_empty());
            }
            page.state = moved.state.clone();
        }
        // Left alone it comes to rest: high urgency ends, or rests with somebody; low urgency may wait for its person.
        for _ in 0..200 {
            let Some(due_at) = page.state.due_at() else { break };
            page.state = next(&policy, &page, due_at, &world).state;
        }
        prop_assert_eq!(page.state.due_at(), None);
        if let State::Calling { .. } = page.state {
            prop_assert_eq!(urgency, Urgency::Low);
        }
    }
}

fn check_move(moved: &Move, world: &World, urgency: Urgency) -> Result<(), TestCaseError> {
    if let State::Acknowledged { .. } = moved.state {
        prop_assert!(moved.notify.is_empty());
    }
    if let State::Calling { step, round, due_at, .. } = moved.state {
        prop_assert_eq!(due_at.is_some(), urgency == Urgency::High);
        if moved.event.is_some() {
            let told: Vec<_> = moved.notify.iter().filter(|one| one.step == step && one.round == round).collect();
            prop_assert!(!told.is_empty(), "a step that tells nobody is waited for");
            for (i, one) in told.iter().enumerate() {
                prop_assert!(told[..i].iter().all(|other| other.to != one.to), "told twice");
            }
        }
    }
    for one in &moved.notify {
        if let Recipient::Person(person) = &one.to {
            prop_assert!(!world.unreachable.contains(person));
        }
    }
    Ok(())
}
