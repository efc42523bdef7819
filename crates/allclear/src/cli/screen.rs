//! What people and machines see: tables, lines, JSON, complaints. Nothing else writes to the terminal.
//!
//! What came from outside may hold the control sequences of a terminal: it is cleaned here, whoever shows it.

use std::io::{IsTerminal as _, Write as _};

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use domain::words::{Span, Timestamp};
use serde::Serialize;

use crate::clock;

/// Below this many columns a table of many columns is shown row by row.
const NARROW: u16 = 72;

/// How an answer is shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Look {
    /// Answer in JSON, for machines
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,

    /// Show exact times instead of "5m ago"
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) exact: bool,
}

impl Look {
    /// A time for people: how far from now, or exactly.
    pub(crate) fn time(self, at: Timestamp) -> String {
        if self.exact { exactly(at) } else { relatively(at, clock::clock()()) }
    }

    /// As [`Look::time`], or a dash.
    pub(crate) fn time_or(self, at: Option<Timestamp>, otherwise: &str) -> String {
        at.map_or_else(|| otherwise.to_owned(), |at| self.time(at))
    }
}

/// `2026-11-22 06:37:03Z`
pub(crate) fn exactly(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `5m ago`, `in 2h`
fn relatively(at: Timestamp, now: Timestamp) -> String {
    let (later, earlier) = (Span::between(now, at), Span::between(at, now));
    if later.as_millis() < 1000 && earlier.as_millis() < 1000 {
        "now".into()
    } else if at > now {
        format!("in {}", roughly(later))
    } else {
        format!("{} ago", roughly(earlier))
    }
}

/// A span in its two largest units: `2d4h`, `12m`.
pub(crate) fn roughly(span: Span) -> String {
    let exact = span.as_millis() / 1000;
    // Two hours that began a moment ago are still two hours.
    let seconds = if exact >= 600 { (exact + 30) / 60 * 60 } else { exact };
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, 0) => format!("{hours}h"),
        (0, _, _) => format!("{hours}h{minutes}m"),
        (_, 0, _) => format!("{days}d"),
        (..=9, _, _) => format!("{days}d{hours}h"),
        _ => format!("{days}d"),
    }
}

/// Whoever did it, as people say it: `ana`, `ana (tok_…)`, `root, on the machine itself`.
pub(crate) fn actor(word: &str) -> String {
    match word.split_once(':') {
        Some(("person", name)) => name.to_owned(),
        Some(("token", rest)) => rest.split_once(':').map_or(word.into(), |(token, name)| format!("{name} ({token})")),
        Some(("chat", rest)) => {
            rest.split_once(':').map_or(word.into(), |(chat, name)| format!("{name} (from the chat {chat})"))
        }
        Some(("local", name)) => format!("{name}, on the machine itself"),
        _ => word.to_owned(),
    }
}

/// Without what could steer a terminal. Lines stay lines.
pub(crate) fn clean(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if steers(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// A line to standard output. Who closed it wants no more.
pub(crate) fn say(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{}", clean(text.as_ref())).is_err() {
        std::process::exit(0);
    }
}

/// Text to standard output as it is: what is read by programs.
pub(crate) fn pour(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// A line beside the answer, so that a program which reads the answer does not see it.
pub(crate) fn remark(text: impl AsRef<str>) {
    let mut out = std::io::stderr().lock();
    _ = writeln!(out, "{}", clean(text.as_ref()));
}

/// A question, with the cursor left behind it.
pub(crate) fn ask(question: &str) {
    let mut out = std::io::stderr().lock();
    _ = write!(out, "{question}").and_then(|()| out.flush());
}

/// Why it came to nothing.
pub(crate) fn complain(message: &str) {
    remark(format!("allclear: {message}"));
}

/// The answer for machines.
pub(crate) fn say_json(answer: &impl Serialize) {
    match serde_json::to_string_pretty(answer) {
        Ok(text) => pour(&format!("{text}\n")),
        Err(error) => complain(&format!("the answer cannot be written as JSON: {error}")),
    }
}

/// A colour, where colours are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paint {
    Good,
    Warning,
    Bad,
}

/// Says a line whose first word has a colour on a terminal.
pub(crate) fn say_marked(paint: Paint, mark: &str, rest: &str) {
    let rest = clean(rest);
    let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let code = match paint {
        Paint::Good => 32,
        Paint::Warning => 33,
        Paint::Bad => 31,
    };
    let line = if coloured { format!("\x1b[{code}m{mark}\x1b[0m {rest}\n") } else { format!("{mark} {rest}\n") };
    pour(&line);
}

/// How wide the terminal is; nothing if it is none.
fn width() -> Option<u16> {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    rustix::termios::tcgetwinsize(out).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}

/// Rows under headings; or, where there are none, the sentence.
pub(crate) fn say_table<const N: usize>(headings: [&str; N], rows: &[[String; N]], nothing: &str) {
    if rows.is_empty() {
        remark(nothing);
        return;
    }
    pour(&table(headings, rows, width()));
}

fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]], width: Option<u16>) -> String {
    if N > 3 && width.is_some_and(|width| width < NARROW) {
        return records(headings, rows);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.to_string();
    lines.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Each row as lines of its own: for a narrow terminal.
fn records<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    use std::fmt::Write as _;
    let longest = headings.iter().map(|heading| heading.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        for (heading, cell) in headings.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            _ = writeln!(text, "{heading:longest$}  {}", clean(cell));
        }
    }
    text
}

/// Facts, a line each; those that are empty are left out.
pub(crate) fn say_facts(facts: &[(&str, String)]) {
    let longest = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        say(format!("{name:longest$}  {value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let told = |seconds: i64| relatively(Timestamp::from_second(1_790_000_000 + seconds).unwrap(), now);
        for (seconds, says) in [
            (0, "now"),
            (-5, "5s ago"),
            (-300, "5m ago"),
            (7200, "in 2h"),
            (5400, "in 1h30m"),
            (-100_000, "1d3h ago"),
            (7199, "in 2h"),
            (-3_000_000, "34d ago"),
        ] {
            assert_eq!(told(seconds), says);
        }
        assert_eq!(exactly(now), "2026-09-21 14:13:20Z");
    }

    #[test]
    fn whoever_did_it_is_told_as_people_say_it() {
        for (word, says) in [
            ("person:ana", "ana"),
            ("token:tok_06f1k2m9qv7x3t1a:ana", "ana (tok_06f1k2m9qv7x3t1a)"),
            ("chat:ops:ana", "ana (from the chat ops)"),
            ("local:root", "root, on the machine itself"),
            ("integration:prometheus", "integration:prometheus"),
            ("system", "system"),
        ] {
            assert_eq!(actor(word), says);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_taken_out() {
        assert_eq!(clean("a\x1b[2Jb\rc\u{202e}d\ne"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\ne");
    }

    #[test]
    fn a_table_fits_the_terminal() {
        let rows = [
            ["alr_1".to_owned(), "critical".to_owned(), "the disk of db1 is full".to_owned(), "5m ago".to_owned()],
            ["alr_2".to_owned(), String::new(), "late\x1b".to_owned(), "now".to_owned()],
        ];
        let headings = ["ID", "SEVERITY", "SUMMARY", "SINCE"];
        insta::assert_snapshot!(table(headings, &rows, None), @"
        ID     SEVERITY  SUMMARY                  SINCE
        alr_1  critical  the disk of db1 is full  5m ago
        alr_2            late�                    now
        ");
        insta::assert_snapshot!(table(headings, &rows, Some(40)), @"
        ID        alr_1
        SEVERITY  critical
        SUMMARY   the disk of db1 is full
        SINCE     5m ago

        ID        alr_2
        SUMMARY   late�
        SINCE     now
        ");
        assert!(table(headings, &rows, Some(80)).lines().all(|line| line.chars().count() <= 80));
    }
}
