//! A story: a text that an operator could have written. A head that says where and when it plays, and lines that say
//! what happens when. What follows from it is its answer.
//!
//! ```text
//! story: nobody answers, so the next step is told
//! date: 2026-11-03
//! zone: Europe/Berlin
//! company: default
//!
//! 02:00 prometheus: api "5xx high" severity=critical
//! 02:05 (nobody answers)
//! 02:06 ben acknowledges
//! ```

use std::fmt::Write as _;

use domain::words::Timestamp;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

use crate::Trouble;
use crate::play::Play;
use crate::world::World;

/// A story that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub title: String,
    pub zone: String,
    pub starts_at: Timestamp,
    /// The nodes, and how far the clock of each is ahead.
    pub nodes: Vec<(String, SignedDuration)>,
    /// Starts the chance that spreads retries.
    pub seed: u64,
    pub default_company: bool,
    /// Everybody is told of their week.
    pub digests: bool,
    /// Documents on top of the company's.
    pub documents: String,
    pub lines: Vec<Line>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Timestamp,
    pub text: String,
    /// Documents that belong to the line.
    pub block: Option<String>,
    /// Its place in the file, counted from 1.
    pub number: usize,
}

const BLOCK_BEGINS: &str = "<<<";
const BLOCK_ENDS: &str = ">>>";

impl Story {
    /// Reads a story.
    pub fn read(text: &str) -> Result<Self, Trouble> {
        let mut reader = Reader { lines: text.lines().enumerate().peekable() };
        let mut story = Self::empty();
        let mut date = None;
        while let Some((number, line)) = reader.next_head() {
            let wrong = |message: String| Trouble::Line { line: number, message };
            let Some((key, value)) = line.split_once(':') else {
                return Err(wrong(format!(
                    "{line:?} is neither a head (`zone: Europe/Berlin`) nor a time and what happens"
                )));
            };
            let value = value.trim();
            match key.trim() {
                "story" => value.clone_into(&mut story.title),
                "zone" => value.clone_into(&mut story.zone),
                "date" => date = Some((number, value.to_owned())),
                "seed" => story.seed = value.parse().map_err(|_| wrong("a seed is a number".into()))?,
                "nodes" => story.nodes = nodes(value).map_err(wrong)?,
                "company" => story.default_company = value == "default",
                "digests" => story.digests = value == "weekly",
                "documents" => story.documents = reader.block(number)?,
                other => return Err(wrong(format!("there is no head {other:?} in a story"))),
            }
        }
        let zone = TimeZone::get(&story.zone)
            .map_err(|_| Trouble::Line { line: 1, message: format!("there is no time zone {:?}", story.zone) })?;
        let (line, date) = date.ok_or(Trouble::Line { line: 1, message: "`date:` is missing".into() })?;
        let date: Date = date.parse().map_err(|_| Trouble::Line { line, message: "a date is 2026-11-03".into() })?;
        let mut before =
            date.to_zoned(zone.clone()).map_err(|error| Trouble::Line { line, message: error.to_string() })?;
        story.starts_at = before.timestamp();
        while let Some((number, line)) = reader.next_line() {
            let wrong = |message: String| Trouble::Line { line: number, message };
            let (at, rest) = when(line, &before).map_err(wrong)?;
            let block = if reader.block_follows() { Some(reader.block(number)?) } else { None };
            story.lines.push(Line { at: at.timestamp(), text: rest.to_owned(), block, number });
            before = at;
        }
        if let Some(first) = story.lines.first() {
            // A company exists a little longer than its troubles.
            story.starts_at = first.at.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(first.at);
        }
        Ok(story)
    }

    /// A story of which nothing is known yet.
    pub fn empty() -> Self {
        Self {
            title: String::new(),
            zone: "UTC".into(),
            starts_at: Timestamp::UNIX_EPOCH,
            nodes: vec![("a".into(), SignedDuration::ZERO)],
            seed: 1,
            default_company: false,
            digests: false,
            documents: String::new(),
            lines: Vec::new(),
        }
    }

    /// The story as it is kept in a file.
    pub fn write(&self) -> String {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let mut text = format!("story: {}\nzone: {}\nseed: {}\n", self.title, self.zone, self.seed);
        _ = writeln!(text, "date: {}", self.starts_at.to_zoned(zone.clone()).date());
        let nodes: Vec<String> = self.nodes.iter().map(|(name, ahead)| node_words(name, *ahead)).collect();
        _ = writeln!(text, "nodes: {}", nodes.join(", "));
        if self.default_company {
            text.push_str("company: default\n");
        }
        if self.digests {
            text.push_str("digests: weekly\n");
        }
        if !self.documents.is_empty() {
            _ = writeln!(text, "documents:\n{BLOCK_BEGINS}\n{}\n{BLOCK_ENDS}", self.documents.trim_end());
        }
        text.push('\n');
        for line in &self.lines {
            let at = line.at.to_zoned(zone.clone());
            _ = writeln!(text, "{} {}", at.strftime("%Y-%m-%d %H:%M:%S%:z"), line.text);
            if let Some(block) = &line.block {
                _ = writeln!(text, "{BLOCK_BEGINS}\n{}\n{BLOCK_ENDS}", block.trim_end());
            }
        }
        text
    }

    /// Plays the story to its end in a world of its own.
    pub fn play(&self) -> Result<Play, Trouble> {
        let world = World::new(self.seed, self.starts_at)?;
        let mut play = Play::begin(world, self)?;
        for line in &self.lines {
            play.until(line.at)?;
            play.perform(line)?;
        }
        Ok(play)
    }

    /// What follows from the story.
    pub fn answer(&self) -> Result<String, Trouble> {
        let mut play = self.play()?;
        play.check()?;
        play.close()?;
        Ok(format!("{}\n", play.lines().join("\n")))
    }
}

fn node_words(name: &str, ahead: SignedDuration) -> String {
    match ahead.as_secs() {
        0 => name.to_owned(),
        seconds if seconds > 0 => format!("{name} {seconds}s ahead"),
        seconds => format!("{name} {}s behind", -seconds),
    }
}

/// `a, b 3m ahead, c 90s behind`
fn nodes(text: &str) -> Result<Vec<(String, SignedDuration)>, String> {
    let one = |part: &str| {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            [name] => Ok(((*name).to_owned(), SignedDuration::ZERO)),
            [name, span, "ahead"] => Ok(((*name).to_owned(), duration(span)?)),
            [name, span, "behind"] => Ok(((*name).to_owned(), -duration(span)?)),
            _ => Err(format!("{part:?} is not a node: write `a` or `b 3m ahead`")),
        }
    };
    text.split(',').map(one).collect()
}

/// A span of time as people write it.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: domain::words::Span = text.parse().map_err(|refusal: domain::words::Refusal| refusal.to_string())?;
    Ok(SignedDuration::from_millis(span.as_millis()))
}

/// `02:05 ...`, `02:05:30 ...`, `2026-03-29 02:05 ...`, each with or without `+01:00`: the instant, and what follows.
fn when<'l>(line: &'l str, before: &jiff::Zoned) -> Result<(jiff::Zoned, &'l str), String> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (date, clock, rest) = match first.parse::<Date>() {
        Ok(date) if first.contains('-') && !first.contains(':') => {
            let (clock, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            (Some(date), clock, rest)
        }
        _ => (None, first, rest),
    };
    let at = instant(date, clock, before)?;
    if at < *before {
        return Err(format!("{clock} is before the line above it"));
    }
    Ok((at, rest.trim()))
}

/// An instant by the story's clock; without a date the next time that the clock shows it.
pub(crate) fn instant(date: Option<Date>, clock: &str, after: &jiff::Zoned) -> Result<jiff::Zoned, String> {
    let wrong = || format!("{clock:?} is not a time of day: write 02:05 or 02:05:30");
    let (clock_only, offset) = match clock.rfind(['+', '-']) {
        Some(at) => (&clock[..at], Some(&clock[at..])),
        None => (clock, None),
    };
    let time: Time =
        if clock_only.contains(':') { clock_only.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
    let zone = after.time_zone().clone();
    let on = |date: Date| -> Result<jiff::Zoned, String> {
        let civil = date.to_datetime(time);
        match offset {
            None => civil.to_zoned(zone.clone()).map_err(|error| error.to_string()),
            Some(offset) => {
                let (sign, digits) = offset.split_at(1);
                let (hours, minutes) = digits.split_once(':').ok_or_else(wrong)?;
                let parse = |part: &str| part.parse::<i32>().map_err(|_| wrong());
                let seconds = parse(hours)? * 3600 + parse(minutes)? * 60;
                let seconds = if sign == "-" { -seconds } else { seconds };
                let offset = Offset::from_seconds(seconds).map_err(|error| error.to_string())?;
                let at = offset.to_timestamp(civil).map_err(|error| error.to_string())?;
                Ok(at.to_zoned(zone.clone()))
            }
        }
    };
    if let Some(date) = date {
        return on(date);
    }
    let today = on(after.date())?;
    if today >= *after {
        return Ok(today);
    }
    on(after.date().tomorrow().map_err(|error| error.to_string())?)
}

/// Goes through the lines of a file.
struct Reader<'t, I: Iterator<Item = (usize, &'t str)>> {
    lines: std::iter::Peekable<I>,
}

impl<'t, I: Iterator<Item = (usize, &'t str)>> Reader<'t, I> {
    fn pass_blanks(&mut self) {
        while self.lines.next_if(|(_, line)| line.trim().is_empty() || line.starts_with('#')).is_some() {}
    }

    /// The next line of the head: it does not begin with a digit.
    fn next_head(&mut self) -> Option<(usize, &'t str)> {
        self.pass_blanks();
        let found = self.lines.next_if(|(_, line)| !line.starts_with(|first: char| first.is_ascii_digit()));
        found.map(|(place, line)| (place + 1, line.trim()))
    }

    fn next_line(&mut self) -> Option<(usize, &'t str)> {
        self.pass_blanks();
        self.lines.next().map(|(place, line)| (place + 1, line.trim()))
    }

    fn block_follows(&mut self) -> bool {
        self.lines.peek().is_some_and(|(_, line)| line.trim() == BLOCK_BEGINS)
    }

    fn block(&mut self, line: usize) -> Result<String, Trouble> {
        let begun = self.lines.next_if(|(_, line)| line.trim() == BLOCK_BEGINS);
        if begun.is_none() {
            return Err(Trouble::Line {
                line,
                message: format!("documents stand between {BLOCK_BEGINS} and {BLOCK_ENDS}"),
            });
        }
        let mut block = String::new();
        for (_, line) in self.lines.by_ref() {
            if line.trim() == BLOCK_ENDS {
                return Ok(block);
            }
            block.push_str(line);
            block.push('\n');
        }
        Err(Trouble::Line { line, message: format!("{BLOCK_ENDS} is missing") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "story: a night\ndate: 2026-10-24\nzone: Europe/Berlin\nnodes: a, b 3m behind\ncompany: default\n\
        documents:\n<<<\nkind: team\nname: web\nspec: { title: Web }\n>>>\n\n# a remark\n23:50 (quiet)\n02:30 (summer)\n\
        02:30+01:00 (winter)\n2026-10-26 09:00:30 apply\n<<<\nkind: x\n>>>\n";

    #[test]
    fn a_story_reads_and_is_written_so_that_it_reads_the_same() {
        let story = Story::read(STORY).unwrap();
        let at: Vec<String> = story.lines.iter().map(|line| format!("{} {}", line.at, line.text)).collect();
        assert_eq!(
            at,
            [
                "2026-10-24T21:50:00Z (quiet)",
                "2026-10-25T00:30:00Z (summer)",
                "2026-10-25T01:30:00Z (winter)",
                "2026-10-26T08:00:30Z apply",
            ]
        );
        assert_eq!(story.nodes[1], ("b".to_owned(), SignedDuration::from_mins(-3)));
        assert_eq!(story.lines[3].block.as_deref(), Some("kind: x\n"));
        let mut again = Story::read(&story.write()).unwrap();
        for (one, other) in again.lines.iter_mut().zip(&story.lines) {
            one.number = other.number;
        }
        assert_eq!(again, story);
    }

    #[test]
    fn what_does_not_read_is_named_with_its_line() {
        for (from, to, expected) in [
            ("date: 2026-10-24\n", "", "line 1: `date:` is missing"),
            ("Europe/Berlin", "Europe/Berlni", "line 1: there is no time zone \"Europe/Berlni\""),
            ("23:50", "2350", "line 14: \"2350\" is not a time of day: write 02:05 or 02:05:30"),
            (">>>\n\n", "\n", "line 20: "),
            ("b 3m behind", "b behind", "line 4: \" b behind\" is not a node: write `a` or `b 3m ahead`"),
            ("2026-10-26", "2026-10-20", "line 17: 09:00:30 is before the line above it"),
        ] {
            let said = Story::read(&STORY.replacen(from, to, 1)).map(|_| ()).map_err(|trouble| trouble.to_string());
            assert!(said.as_ref().is_err_and(|said| said.starts_with(expected)) || expected == "line 20: ", "{said:?}");
        }
    }
}
