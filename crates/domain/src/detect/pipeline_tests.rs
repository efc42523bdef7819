//! The pipeline, told as small scenes: what is posted, and what the board then says.

use std::fmt::Write;
use std::sync::Arc;

use super::*;
use crate::detect::groups::{self, Call as Decided, Paged};
use crate::detect::signals;
use crate::detect::silences::Silence;
use crate::prepare::catalog::Catalog;

struct Scene {
    board: Board,
    rules: Rules,
    mint: Mint,
    now: Timestamp,
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + 60 * minute).unwrap()
}

fn scene(routes: &str) -> Scene {
    let routes: std::collections::BTreeMap<Name, Route> = serde_json::from_str(routes).unwrap();
    let catalog = Catalog { routes, ..Catalog::default() };
    Scene { board: Board::default(), rules: Rules::new(Arc::new(catalog)), mint: Mint::seeded(1), now: at(0) }
}

const PLAIN: &str = r#"{"all": {"escalation_policy": "ops"}}"#;

impl Scene {
    fn post(&mut self, body: &str) -> String {
        let integration: Name = "prom".parse().unwrap();
        let signals = signals::read(body.as_bytes(), &[]).unwrap();
        let mut effects = Effects::default();
        let signal = self.mint.id(self.now);
        let (integration, signals, now) = (&integration, &signals[..], self.now);
        let arrival = Arrival { integration, signal, offset: 0, signals, repeats: true, now };
        receive(&mut self.board, &self.rules, &arrival, &mut self.mint, &mut effects);
        self.say(&effects)
    }

    /// What changed, and what each group's news come to; the board is then told that they were paged.
    fn say(&mut self, effects: &Effects) -> String {
        let mut out = String::new();
        for (id, _) in &effects.fired {
            let Some(slot) = self.board.slot(*id) else { continue };
            let muted = match self.board.at(slot).muted() {
                None => "",
                Some(Muted::Silenced(_)) => ", silenced",
                Some(Muted::Inhibited(_)) => ", inhibited",
            };
            writeln!(out, "fires {}{muted}", self.board.labels(slot)).unwrap();
        }
        for resolved in &effects.resolved {
            writeln!(out, "resolved by {}", resolved.closing.word()).unwrap();
        }
        for closed in &effects.closed {
            writeln!(out, "closes {}", closed.title).unwrap();
        }
        for (id, news) in &effects.news {
            let now = self.now;
            let group = self.board.group_mut(*id).unwrap();
            let paged = if group.page.is_some() { Paged::Acknowledged } else { Paged::Never };
            let decided = groups::call(group, paged, news, Span::ZERO, now);
            if matches!(decided, Decided::Start { .. }) {
                group.page = Some(self.mint.id(now));
                group.told.extend(news.values.iter().cloned());
                group.urgency = group.urgency.max(news.urgency);
            }
            writeln!(out, "{}: {decided:?}", group.title).unwrap();
        }
        if effects.repeats > 0 {
            writeln!(out, "{} repeated", effects.repeats).unwrap();
        }
        out
    }
}

fn firing(labels: &[(&str, &str)]) -> String {
    let told = signals::Told { labels: Labels::from_pairs(labels.iter().copied()), ..Default::default() };
    String::from_utf8(signals::write(&[told])).unwrap()
}

fn ended(labels: &[(&str, &str)], end: Timestamp) -> String {
    let labels = Labels::from_pairs(labels.iter().copied());
    let told = signals::Told { labels, ends_at: Some(end), ..Default::default() };
    String::from_utf8(signals::write(&[told])).unwrap()
}

#[test]
fn a_first_alert_pages_a_repeat_does_not_and_the_end_closes_its_group() {
    let mut scene = scene(PLAIN);
    let disk = [("alertname", "Disk"), ("severity", "critical")];
    insta::assert_snapshot!(scene.post(&firing(&disk)), @r#"
    fires {alertname="Disk", severity="critical"}
    Disk: Start { because: "first page of the group" }
    "#);
    insta::assert_snapshot!(scene.post(&firing(&disk)), @"1 repeated");
    assert_eq!(scene.board.at(0).count(), 2);
    scene.now = at(5);
    insta::assert_snapshot!(scene.post(&ended(&disk, at(5))), @r"
    resolved by source
    closes Disk
    ");
    insta::assert_snapshot!(scene.post(&ended(&disk, at(5))), @"1 repeated");
    assert!(scene.board.is_empty() && scene.board.groups().count() == 0);
}

#[test]
fn a_group_pages_again_on_novelty_and_not_on_count() {
    let mut scene = scene(PLAIN);
    let disk = |host, severity| firing(&[("alertname", "Disk"), ("host", host), ("severity", severity)]);
    scene.post(&disk("a", "error"));
    insta::assert_snapshot!(scene.post(&disk("b", "error")), @r#"
    fires {alertname="Disk", host="b", severity="error"}
    Disk: Join
    "#);
    insta::assert_snapshot!(scene.post(&disk("c", "critical")), @r#"
    fires {alertname="Disk", host="c", severity="critical"}
    Disk: Start { because: "new in the group: severity=critical" }
    "#);
}

#[test]
fn low_urgency_that_turns_high_pages_again() {
    let mut scene = scene(r#"{"all": {"escalation_policy": "ops", "novelty": []}}"#);
    let disk = |severity| firing(&[("alertname", "Disk"), ("severity", severity)]);
    scene.post(&disk("warning"));
    insta::assert_snapshot!(scene.post(&disk("critical")), @r#"
    fires {alertname="Disk", severity="critical"}
    Disk: Start { because: "now of high urgency" }
    "#);
}

#[test]
fn firing_and_resolved_in_one_call_leave_nothing_open() {
    let mut scene = scene(PLAIN);
    let disk = [("alertname", "Disk")];
    let both = format!("[{},{}]", firing(&disk).trim_matches(['[', ']']), ended(&disk, at(0)).trim_matches(['[', ']']));
    insta::assert_snapshot!(scene.post(&both), @r"
    resolved by source
    closes Disk
    ");
    assert!(scene.board.is_empty());
    let back = format!("[{},{}]", ended(&disk, at(0)).trim_matches(['[', ']']), firing(&disk).trim_matches(['[', ']']));
    scene.post(&firing(&disk));
    insta::assert_snapshot!(scene.post(&back), @r#"
    fires {alertname="Disk"}
    resolved by source
    closes Disk
    Disk: Start { because: "first page of the group" }
    "#);
}

#[test]
fn an_alert_is_muted_by_another_in_the_same_call_and_speaks_when_that_one_ends() {
    let mut scene = scene(
        r#"{"all": {"escalation_policy": "ops",
            "inhibit": [{"source": ["alertname=NodeDown"], "target": ["severity=warning"], "equal": ["node"]}]}}"#,
    );
    let pod = [("alertname", "PodDown"), ("node", "n1"), ("severity", "warning")];
    let node = [("alertname", "NodeDown"), ("node", "n1"), ("severity", "critical")];
    let other = [("alertname", "PodDown"), ("node", "n2"), ("severity", "warning")];
    let call = [&pod[..], &node, &other].map(|labels| firing(labels).trim_matches(['[', ']']).to_owned()).join(",");
    insta::assert_snapshot!(scene.post(&format!("[{call}]")), @r#"
    fires {alertname="PodDown", node="n1", severity="warning"}, inhibited
    fires {alertname="NodeDown", node="n1", severity="critical"}
    fires {alertname="PodDown", node="n2", severity="warning"}
    PodDown: Start { because: "first page of the group" }
    NodeDown: Start { because: "first page of the group" }
    "#);
    scene.now = at(1);
    insta::assert_snapshot!(scene.post(&ended(&node, at(1))), @r"
    resolved by source
    closes NodeDown
    PodDown: Join
    ");
}

#[test]
fn a_drill_mutes_and_joins_nothing_that_is_real_and_nothing_real_a_drill() {
    let mut scene = scene(
        r#"{"all": {"escalation_policy": "ops", "group_by": ["alertname"],
            "inhibit": [{"source": ["alertname=NodeDown"], "target": ["severity=warning"], "equal": ["node"]}]}}"#,
    );
    let drill = ("drill", "true");
    let node = [("alertname", "NodeDown"), ("node", "n1"), ("severity", "critical"), drill];
    let pod = [("alertname", "PodDown"), ("node", "n1"), ("severity", "warning")];
    let practised = [("alertname", "PodDown"), ("node", "n1"), ("severity", "warning"), drill];
    let almost = [("alertname", "PodDown"), ("node", "n2"), ("severity", "warning"), ("drill", "yes")];
    let call = |all: &[&[(&str, &str)]]| {
        all.iter().map(|labels| firing(labels).trim_matches(['[', ']']).to_owned()).collect::<Vec<_>>().join(",")
    };
    insta::assert_snapshot!(scene.post(&format!("[{}]", call(&[&node, &pod, &practised, &almost]))), @r#"
    fires {alertname="NodeDown", drill="true", node="n1", severity="critical"}
    fires {alertname="PodDown", node="n1", severity="warning"}
    fires {alertname="PodDown", drill="true", node="n1", severity="warning"}, inhibited
    fires {alertname="PodDown", drill="yes", node="n2", severity="warning"}
    DRILL: NodeDown: Start { because: "first page of the group" }
    PodDown: Start { because: "first page of the group" }
    "#);
    // Those that were there before, and a real node that goes down while it is practised.
    let real = [("alertname", "NodeDown"), ("node", "n3"), ("severity", "critical")];
    let late = [("alertname", "PodDown"), ("node", "n3"), ("severity", "warning"), drill];
    insta::assert_snapshot!(scene.post(&format!("[{}]", call(&[&real]))), @r#"
    fires {alertname="NodeDown", node="n3", severity="critical"}
    NodeDown: Start { because: "first page of the group" }
    "#);
    insta::assert_snapshot!(scene.post(&format!("[{}]", call(&[&late]))), @r#"
    fires {alertname="PodDown", drill="true", node="n3", severity="warning"}
    DRILL: PodDown: Start { because: "first page of the group" }
    "#);
    assert_eq!(scene.board.groups().filter(|open| open.group.is_drill()).count(), 2);
}

#[test]
fn a_silence_mutes_and_its_end_is_news() {
    let mut scene = scene(PLAIN);
    let silence = Silence {
        id: scene.mint.id(at(0)),
        matchers: vec!["alertname=Disk".parse().unwrap()],
        starts_at: at(0),
        ends_at: at(10),
        created_by: "ana".into(),
        comment: "known".into(),
        updated_at: at(0),
    };
    scene.board.silences.push(silence.clone());
    insta::assert_snapshot!(scene.post(&firing(&[("alertname", "Disk")])), @r#"fires {alertname="Disk"}, silenced"#);
    scene.now = at(10);
    scene.board.silences.clear();
    let mut effects = Effects::default();
    for slot in scene.board.silenced_by(silence.id) {
        reconsider(&mut scene.board, &scene.rules, slot, at(10), &mut effects);
    }
    insta::assert_snapshot!(scene.say(&effects), @r#"Disk: Start { because: "first page of the group" }"#);
}

#[test]
fn what_a_person_resolved_stays_resolved_until_it_fires_anew() {
    let mut scene = scene(PLAIN);
    let body = |start: &str| format!(r#"[{{"labels":{{"alertname":"Disk"}},"startsAt":"{start}"}}]"#);
    scene.post(&body("2026-09-21T00:00:00Z"));
    let mut effects = Effects::default();
    let by = Closing::Person("ana".parse().unwrap());
    resolve(&mut scene.board, &scene.rules, 0, at(1), by, at(1), &mut effects);
    insta::assert_snapshot!(scene.post(&body("2026-09-21T00:00:00Z")), @"1 repeated");
    insta::assert_snapshot!(scene.post(&body("2026-09-21T00:01:00Z")), @r#"
    fires {alertname="Disk"}
    Disk: Start { because: "first page of the group" }
    "#);
}

#[test]
fn without_a_route_or_a_policy_nobody_is_paged_and_it_says_so() {
    let mut none = scene("{}");
    insta::assert_snapshot!(none.post(&firing(&[("alertname", "Disk")])), @r#"
    fires {alertname="Disk"}
    Disk: Nobody { because: "alerts of this urgency are not paged" }
    "#);
    let mut no_policy = scene(r#"{"all": {}}"#);
    insta::assert_snapshot!(no_policy.post(&firing(&[("alertname", "Disk")])), @r#"
    fires {alertname="Disk"}
    Disk: Nobody { because: "neither the route nor the service names an escalation policy" }
    "#);
}

#[test]
fn what_is_not_heard_of_lapses_at_its_own_time() {
    let mut scene = scene(r#"{"all": {"auto_close": "10m"}}"#);
    scene.post(&firing(&[("alertname", "Disk")]));
    assert_eq!(scene.board.next_lapse(scene.now), Some(at(10)));
    scene.now = at(6);
    scene.post(&firing(&[("alertname", "Disk")]));
    assert!(scene.board.lapsed(at(10), 100).over.is_empty(), "heard of at minute 6");
    assert_eq!(scene.board.next_lapse(scene.now), Some(at(16)));
    assert_eq!(scene.board.lapsed(at(16), 100).over, vec![0]);
}

#[test]
fn the_board_finds_alerts_by_their_labels() {
    let mut scene = scene(PLAIN);
    for host in 0..50 {
        scene.post(&firing(&[("alertname", "Disk"), ("host", &format!("h{host}")), ("zone", ["a", "b"][host % 2])]));
    }
    let count = |list: &str| scene.board.matching(&Matcher::parse_list(list).unwrap()).len();
    for (list, expected) in [
        ("host=h7", 1),
        ("zone=a", 25),
        ("zone=a, host=h7", 0),
        ("zone=b, host=h7", 1),
        ("host=~\"h1.*\"", 11),
        ("zone!=a", 25),
        ("team=\"\"", 50),
        ("host=nowhere", 0),
    ] {
        assert_eq!(count(list), expected, "{list}");
    }
    for host in 0..49 {
        let slot = scene.board.matching(&[format!("host=h{host}").parse().unwrap()])[0];
        scene.board.take(slot);
    }
    assert_eq!(scene.board.matching(&["alertname=Disk".parse().unwrap()]).len(), 1);
    assert_eq!(scene.board.label_values("host"), vec![("h49", 1)]);
}
