//! Tables from the lines of measurements: ratios first, taken within a round, so that both sides had the same machine.
//!
//! With one file its rounds are the samples; with several, each file's median is one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

const OURS: &str = "allclear";
const PEER: &str = "alertmanager";
const FLOOR: &str = "floor";

/// The lines of each file.
struct Lines(Vec<Cells>);

/// By cell, system and round.
type Cells = BTreeMap<String, BTreeMap<String, BTreeMap<u64, Value>>>;

/// Least, middle and most of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    least: f64,
    middle: f64,
    most: f64,
}

pub fn tables(files: &[String]) -> Result<String, String> {
    if files.is_empty() {
        return Err("name the files with the lines of the measurements".into());
    }
    let texts = files.iter().map(|file| std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}")));
    let lines = Lines::read(&texts.collect::<Result<Vec<_>, _>>()?);
    let mut out = String::new();
    lines.goals(&mut out);
    lines.ingest(&mut out);
    lines.pages(&mut out);
    lines.held(&mut out);
    lines.starts(&mut out);
    lines.noise(&mut out);
    Ok(out)
}

impl Lines {
    fn read(texts: &[String]) -> Self {
        let read = |text: &String| {
            let mut cells = Cells::new();
            for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                let word = |name: &str| line[name].as_str().unwrap_or("").to_owned();
                let round = line["round"].as_f64().unwrap_or(0.0) as u64;
                cells.entry(word("cell")).or_default().entry(word("system")).or_default().insert(round, line.clone());
            }
            cells
        };
        Self(texts.iter().map(read).collect())
    }

    /// The samples of what `pick` finds in a round's lines of a cell.
    fn spread(&self, cell: &str, pick: impl Fn(&dyn Fn(&str, &str) -> Option<f64>) -> Option<f64>) -> Option<Spread> {
        let mut samples: Vec<Vec<f64>> = Vec::new();
        for file in &self.0 {
            let Some(systems) = file.get(cell) else { continue };
            let rounds: std::collections::BTreeSet<u64> =
                systems.values().flat_map(|lines| lines.keys().copied()).collect();
            let figure = |round: u64, system: &str, name: &str| systems.get(system)?.get(&round)?.get(name)?.as_f64();
            let found = rounds.into_iter().filter_map(|round| pick(&|system, name| figure(round, system, name)));
            samples.push(found.filter(|sample| sample.is_finite()).collect());
        }
        match samples.len() {
            1 => Spread::of(samples.remove(0)),
            _ => Spread::of(samples.into_iter().filter_map(|rounds| Some(Spread::of(rounds)?.middle)).collect()),
        }
    }

    fn one(&self, cell: &str, system: &str, name: &str) -> Option<Spread> {
        self.spread(cell, |figure| figure(system, name))
    }

    /// Ours by theirs, of one round.
    fn ratio(&self, cell: &str, name: &str, other: &str) -> Option<Spread> {
        self.spread(cell, |figure| Some(figure(OURS, name)? / figure(other, name)?))
    }

    fn cells(&self, belongs: impl Fn(&str) -> bool) -> Vec<String> {
        let mut cells: Vec<String> =
            self.0.iter().flat_map(BTreeMap::keys).filter(|cell| belongs(cell)).cloned().collect();
        cells.sort_by_key(|cell| order(cell));
        cells.dedup();
        cells
    }

    fn ingest(&self, out: &mut String) {
        let cells = self.cells(|cell| cell.starts_with("distinct-") || cell.starts_with("repeated-"));
        if cells.is_empty() {
            return;
        }
        heading(
            out,
            "Ingest",
            &[
                "cell",
                "Allclear alerts/s",
                "by Alertmanager",
                "by floor",
                "p50 ms, three",
                "p99 ms, three",
                "p99 by Alertmanager",
                "cores user + kernel",
                "errors",
            ],
        );
        for cell in cells {
            let three = |name: &str| {
                let of = |system: &str| middle(self.one(&cell, system, name));
                format!("{} / {} / {}", of(OURS), of(PEER), of(FLOOR))
            };
            let cores = |name: &str| middle(self.spread(&cell, |f| Some(f(OURS, name)? / f(OURS, "wall_s")?)));
            row(
                out,
                &[
                    cell.clone(),
                    middle(self.one(&cell, OURS, "alerts_s")),
                    ratio(self.ratio(&cell, "alerts_s", PEER)),
                    ratio(self.ratio(&cell, "alerts_s", FLOOR)),
                    three("p50"),
                    three("p99"),
                    ratio(self.ratio(&cell, "p99", PEER)),
                    format!("{} + {}", cores("server_user_s"), cores("server_system_s")),
                    most(self.one(&cell, OURS, "errors")),
                ],
            );
        }
        out.push_str("\n\"three\" is Allclear / Alertmanager / floor.\n");
    }

    fn pages(&self, out: &mut String) {
        let cells = self.cells(|cell| cell.starts_with("page-"));
        if cells.is_empty() {
            return;
        }
        heading(
            out,
            "Page: POST to webhook received",
            &[
                "load",
                "whose",
                "p50 ms",
                "p99 ms",
                "max ms",
                "answer p50 / p99 ms",
                "lost",
                "repeated",
                "load alerts/s",
            ],
        );
        for cell in cells {
            for system in [OURS, PEER, FLOOR] {
                let one = |name: &str| self.one(&cell, system, name);
                if one("p50").is_none() {
                    continue;
                }
                row(
                    out,
                    &[
                        cell.trim_start_matches("page-").to_owned(),
                        system.to_owned(),
                        ratio(one("p50")),
                        ratio(one("p99")),
                        most(one("max")),
                        format!("{} / {}", middle(one("answer_p50")), middle(one("answer_p99"))),
                        most(one("lost")),
                        most(one("repeated")),
                        middle(one("load_alerts_s")),
                    ],
                );
            }
        }
    }

    fn held(&self, out: &mut String) {
        let cells = self.cells(|cell| cell.starts_with("active-"));
        if cells.is_empty() {
            return;
        }
        heading(
            out,
            "Active alerts",
            &[
                "alerts",
                "whose",
                "RSS MiB",
                "sent again each minute: RSS MiB",
                "of a core %",
                "find one by label p50 / p99 ms",
                "RSS MiB after",
                "loaded, alerts/s",
            ],
        );
        for cell in cells {
            for system in [OURS, PEER] {
                let one = |name: &str| middle(self.one(&cell, system, name));
                row(
                    out,
                    &[
                        cell.trim_start_matches("active-").to_owned(),
                        system.to_owned(),
                        one("rss_mib"),
                        one("hold_rss_mib"),
                        one("hold_core_percent"),
                        format!("{} / {}", one("find_p50"), one("find_p99")),
                        one("rss_after_finds_mib"),
                        one("loaded_alerts_s"),
                    ],
                );
            }
        }
    }

    fn starts(&self, out: &mut String) {
        let cells = self.cells(|cell| cell.starts_with("start-"));
        if cells.is_empty() {
            return;
        }
        heading(out, "Start to first good answer", &["start", "whose", "p50 ms", "max ms", "idle RSS MiB"]);
        for cell in cells {
            for system in [OURS, PEER] {
                let one = |name: &str| self.one(&cell, system, name);
                if one("p50").is_some() {
                    let cells = [middle(one("p50")), most(one("max")), middle(one("idle_mib"))];
                    let names = [cell.trim_start_matches("start-").to_owned(), system.to_owned()];
                    row(out, &[names.as_slice(), cells.as_slice()].concat());
                }
            }
        }
    }

    fn noise(&self, out: &mut String) {
        let every = |name: &str| {
            let mut all = Vec::new();
            for line in
                self.0.iter().flat_map(|file| file.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values))
            {
                let share = |value: f64| {
                    if name == "others_core_s" { value / line["wall_s"].as_f64().unwrap_or(1.0) } else { value }
                };
                all.extend(line[name].as_f64().map(share));
            }
            Spread::of(all)
        };
        heading(out, "The machine meanwhile", &["what", "least / middle / most"]);
        row(out, &["cores that others used".into(), three(every("others_core_s"))]);
        row(out, &["a fixed piece of arithmetic, ms".into(), three(every("pace_ms"))]);
        row(out, &["write 4 KiB and sync, p50 ms".into(), three(self.one("sync", "disk", "p50"))]);
        row(out, &["write 4 KiB and sync, p99 ms".into(), three(self.one("sync", "disk", "p99"))]);
    }

    fn goals(&self, out: &mut String) {
        let rate = |cell: &str, other: &str| self.ratio(cell, "alerts_s", other);
        let page = |cell: &str, name: &str| self.one(cell, OURS, name);
        let quick = |cell: &str, name: &str, other: &str| self.ratio(cell, name, other);
        let own = |cell: &str, name: &str| self.one(cell, OURS, name);
        // Where the disk is slower than the goal, the floor of the same round is the goal.
        let by_limit_or_floor =
            |name: &str, limit: f64| self.spread("page-idle", |f| Some(f(OURS, name)? / f(FLOOR, name)?.max(limit)));
        let goals: [(&str, Option<Spread>, Bound); 23] = [
            ("new, 100 a POST, 16 connections, by Alertmanager", rate("distinct-b100-c16", PEER), Bound::Least(4.0)),
            ("the same by the floor", rate("distinct-b100-c16", FLOOR), Bound::Least(0.5)),
            (
                "repeated, 100 a POST, 16 connections, by Alertmanager",
                rate("repeated-b100-c16", PEER),
                Bound::Least(5.0),
            ),
            ("new, 1 a POST, 64 connections, by Alertmanager", rate("distinct-b1-c64", PEER), Bound::Least(1.5)),
            ("its p99 by Alertmanager's", quick("distinct-b1-c64", "p99", PEER), Bound::Most(0.5)),
            ("the same by the floor (further goal)", rate("distinct-b1-c64", FLOOR), Bound::Least(0.6)),
            ("page idle p50, by 1 ms or the floor's", by_limit_or_floor("p50", 1.0), Bound::Most(1.0)),
            ("page idle p99, by 5 ms or the floor's", by_limit_or_floor("p99", 5.0), Bound::Most(1.0)),
            ("page under 10,000/s, p99 by Alertmanager's", quick("page-10k", "p99", PEER), Bound::Most(0.5)),
            ("page while ingest is flat out, p99 ms", page("page-flat-out", "p99"), Bound::Most(20.0)),
            ("the same by Alertmanager's (further goal)", quick("page-flat-out", "p99", PEER), Bound::Most(0.33)),
            ("pages lost idle", page("page-idle", "lost"), Bound::Most(0.0)),
            ("pages lost under 10,000/s", page("page-10k", "lost"), Bound::Most(0.0)),
            ("pages lost flat out", page("page-flat-out", "lost"), Bound::Most(0.0)),
            ("pages repeated flat out", page("page-flat-out", "repeated"), Bound::Most(0.0)),
            ("RSS with 100,000 active alerts, MiB", own("active-100k", "rss_mib"), Bound::Most(100.0)),
            ("and while each is sent again each minute, MiB", own("active-100k", "hold_rss_mib"), Bound::Most(100.0)),
            ("of a core for that, % (further goal)", own("active-100k", "hold_core_percent"), Bound::Most(3.0)),
            (
                "one alert by label among 100,000, p50 ms (further goal)",
                own("active-100k", "find_p50"),
                Bound::Most(5.0),
            ),
            ("one alert by label among 1,000,000, p50 ms", own("active-1m", "find_p50"), Bound::Most(10.0)),
            ("cold start empty, p50 ms", own("start-empty", "p50"), Bound::Most(30.0)),
            ("cold start with 100,000 alerts, p50 ms", own("start-100k", "p50"), Bound::Most(1000.0)),
            ("idle RSS, MiB", own("start-empty", "idle_mib"), Bound::Most(30.0)),
        ];
        heading(out, "Goals", &["goal", "aim", "found", "met"]);
        for (what, found, bound) in goals {
            let Some(found) = found else { continue };
            let met = if bound.met(found.middle) { "yes" } else { "**no**" };
            row(out, &[what.into(), bound.to_string(), ratio(Some(found)), met.into()]);
        }
    }
}

/// What a goal asks of the middle of its samples.
#[derive(Clone, Copy)]
enum Bound {
    Least(f64),
    Most(f64),
}

impl Bound {
    fn met(self, found: f64) -> bool {
        match self {
            Self::Least(least) => found >= least,
            Self::Most(most) => found <= most,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Least(least) => write!(f, "at least {least}"),
            Self::Most(most) => write!(f, "at most {most}"),
        }
    }
}

impl Spread {
    fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let half = samples.len() / 2;
        let middle = match samples.len() {
            0 => return None,
            length if length % 2 == 1 => samples[half],
            _ => f64::midpoint(samples[half - 1], samples[half]),
        };
        Some(Self { least: samples[0], middle, most: samples[samples.len() - 1] })
    }
}

/// New before repeated, small before large, idle before busy.
fn order(cell: &str) -> (usize, Vec<u64>, String) {
    let known = ["idle", "10k", "flat-out", "100k", "1m", "first", "empty"];
    let word = known.iter().rposition(|word| cell.ends_with(&format!("-{word}"))).unwrap_or(0);
    let numbers = cell.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    if cell.contains("-b") {
        return (usize::from(cell.starts_with("repeated")), numbers, cell.into());
    }
    (word, Vec::new(), cell.into())
}

fn heading(out: &mut String, title: &str, columns: &[&str]) {
    _ = writeln!(out, "\n### {title}\n\n| {} |\n|{}", columns.join(" | "), " --- |".repeat(columns.len()));
}

fn row(out: &mut String, cells: &[String]) {
    _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn number(value: f64) -> String {
    match value.abs() {
        whole if whole >= 1000.0 => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().map(|c| std::str::from_utf8(c).unwrap_or("")).collect();
            groups.join(",")
        }
        whole if whole >= 100.0 || value == value.trunc() => format!("{value:.0}"),
        tens if tens >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn middle(spread: Option<Spread>) -> String {
    spread.map_or("-".into(), |spread| number(spread.middle))
}

fn most(spread: Option<Spread>) -> String {
    spread.map_or("-".into(), |spread| number(spread.most))
}

fn three(spread: Option<Spread>) -> String {
    spread.map_or("-".into(), |s| format!("{} / {} / {}", number(s.least), number(s.middle), number(s.most)))
}

/// The middle, with the least and the most behind it.
fn ratio(spread: Option<Spread>) -> String {
    spread.map_or("-".into(), |s| format!("**{}** ({} to {})", number(s.middle), number(s.least), number(s.most)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(system: &str, round: u64, rate: f64) -> String {
        format!(r#"{{"system":"{system}","cell":"distinct-b100-c16","round":{round},"alerts_s":{rate},"wall_s":2}}"#)
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The machine is twice as fast in the second round, for both.
        let text = [
            line(OURS, 1, 100.0),
            line(PEER, 1, 20.0),
            line(OURS, 2, 200.0),
            line(PEER, 2, 40.0),
            line(OURS, 3, 90.0),
            line(PEER, 3, 30.0),
            "no json".into(),
        ];
        let lines = Lines::read(&[text.join("\n")]);
        let ratio = lines.ratio("distinct-b100-c16", "alerts_s", PEER).unwrap();
        assert_eq!(ratio, Spread { least: 3.0, middle: 5.0, most: 5.0 });
        assert_eq!(lines.ratio("distinct-b100-c16", "alerts_s", FLOOR), None);
    }

    #[test]
    fn of_several_runs_the_medians_are_the_samples() {
        let run =
            |ours: f64| [line(OURS, 1, ours), line(PEER, 1, 1.0), line(OURS, 2, ours), line(PEER, 2, 1.0)].join("\n");
        let lines = Lines::read(&[run(2.0), run(9.0), run(4.0)]);
        let ratio = lines.ratio("distinct-b100-c16", "alerts_s", PEER).unwrap();
        assert_eq!(ratio, Spread { least: 2.0, middle: 4.0, most: 9.0 });
    }

    #[test]
    fn cells_stand_in_the_order_people_expect() {
        let mut cells =
            ["repeated-b1-c1", "distinct-b1000-c1", "distinct-b10-c64", "distinct-b10-c16", "distinct-b1-c1"];
        cells.sort_by_key(|cell| order(cell));
        let expected =
            ["distinct-b1-c1", "distinct-b10-c16", "distinct-b10-c64", "distinct-b1000-c1", "repeated-b1-c1"];
        assert_eq!(cells, expected);
        let mut pages = ["page-flat-out", "page-10k", "page-idle"];
        pages.sort_by_key(|cell| order(cell));
        assert_eq!(pages, ["page-idle", "page-10k", "page-flat-out"]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, written) in [(1234567.0, "1,234,567"), (999.4, "999"), (12.34, "12.3"), (0.456, "0.46"), (0.0, "0")]
        {
            assert_eq!(number(value), written);
        }
    }
}
