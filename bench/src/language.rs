//! The language aid: how often it is right, and how much it finds, on sentences that people labelled; how much it says on real reports.
//!
//! Half of the sentences, by a hash that they carry, may be looked at while the aid is changed; the other half is only counted.

use std::fs;
use std::path::Path;

use domain::learn::language::{Directory, Severity, findings};
use domain::learn::quantiles::share_between;
use serde::Deserialize;

#[derive(Deserialize)]
struct Labelled {
    /// Ten hexadecimal digits of a hash.
    id: String,
    sentence: String,
    /// `none`, `nudge` or `flag`.
    severity: String,
}

#[derive(Deserialize)]
struct Report {
    source: String,
    path: String,
    text: String,
}

/// Reads `blame/labelled_sentences.jsonl` and `postmortems/*.jsonl` of the directory, and prints a table.
pub fn run(data: &Path, list: usize, errors: bool) -> Result<(), String> {
    let labelled: Vec<Labelled> = lines(&data.join("blame/labelled_sentences.jsonl"), true)?;
    let (tuned, held): (Vec<Labelled>, Vec<Labelled>) = labelled.into_iter().partition(is_tuned);
    println!("{:<10} {:<38} {:>9} {:>7} {:>16}", "sentences", "figure", "count", "share", "95 %");
    score("tuned on", &tuned)?;
    score("held out", &held)?;
    if errors {
        for one in &tuned {
            let found = said(&one.sentence)?;
            if word(found) != one.severity {
                println!("wanted {}, said {}: {}", one.severity, word(found), one.sentence);
            }
        }
    }
    reports(&data.join("postmortems"), list)
}

/// Fixed: it does not change when sentences are added.
fn is_tuned(one: &Labelled) -> bool {
    u8::from_str_radix(&one.id[one.id.len().saturating_sub(1)..], 16).is_ok_and(|digit| digit.is_multiple_of(2))
}

/// The most severe that is said of it.
fn said(text: &str) -> Result<Option<Severity>, String> {
    let nobody = Directory::default();
    let found = findings(text, &nobody).map_err(|refusal| refusal.to_string())?;
    Ok(found.into_iter().map(|one| one.severity).max())
}

fn word(severity: Option<Severity>) -> &'static str {
    severity.map_or("none", Severity::word)
}

/// What people said of a sentence, and what the aid says.
type Pair<'a> = (&'a str, Option<Severity>);

fn score(half: &str, sentences: &[Labelled]) -> Result<(), String> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for one in sentences {
        pairs.push((one.severity.as_str(), said(&one.sentence)?));
    }
    let count = |test: &dyn Fn(&Pair<'_>) -> bool| pairs.iter().filter(|pair| test(pair)).count();
    let is_flag = |pair: &Pair<'_>| pair.1 == Some(Severity::Flag);
    let figures = [
        ("flag: precision", count(&|pair| is_flag(pair) && pair.0 == "flag"), count(&is_flag)),
        ("flag: labelled flag or nudge", count(&|pair| is_flag(pair) && pair.0 != "none"), count(&is_flag)),
        ("flag: recall", count(&|pair| is_flag(pair) && pair.0 == "flag"), count(&|pair| pair.0 == "flag")),
        (
            "any finding: precision",
            count(&|pair| pair.1.is_some() && pair.0 != "none"),
            count(&|pair| pair.1.is_some()),
        ),
        ("any finding: recall", count(&|pair| pair.1.is_some() && pair.0 != "none"), count(&|pair| pair.0 != "none")),
        (
            "harmless, and left alone",
            count(&|pair| pair.1.is_none() && pair.0 == "none"),
            count(&|pair| pair.0 == "none"),
        ),
        ("exactly as labelled", count(&|pair| word(pair.1) == pair.0), pairs.len()),
    ];
    for (figure, hits, n) in figures {
        let (low, high) = share_between(hits, n);
        let share = if n == 0 { "-".to_owned() } else { format!("{:.2}", hits as f64 / n as f64) };
        println!(
            "{half:<10} {figure:<38} {:>9} {share:>7} {:>16}",
            format!("{hits}/{n}"),
            format!("{low:.2} to {high:.2}")
        );
    }
    Ok(())
}

/// What it says on each real report; `list` of its findings, spread evenly, to be read.
fn reports(directory: &Path, list: usize) -> Result<(), String> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    let (mut count, mut bytes, mut all, began) = (0, 0, Vec::new(), std::time::Instant::now());
    for file in files {
        for report in lines::<Report>(&file, false)? {
            count += 1;
            bytes += report.text.len();
            let found = findings(&report.text, &Directory::default()).map_err(|refusal| refusal.to_string())?;
            all.extend(found.into_iter().map(|one| {
                let sentence = report.text[one.sentence.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
                let said = &report.text[one.range.clone()];
                (
                    one.severity,
                    format!(
                        "{:<5} {:<15} {said:?} {} {}: {sentence}",
                        one.severity, one.group, report.source, report.path
                    ),
                )
            }));
        }
    }
    let flags = all.iter().filter(|one| one.0 == Severity::Flag).count();
    println!(
        "{count} reports, {} kB: {flags} flags, {} nudges, {:.0} ms",
        bytes / 1000,
        all.len() - flags,
        began.elapsed().as_secs_f64() * 1000.0
    );
    let step = (all.len() / list.max(1)).max(1);
    for (_, line) in all.iter().step_by(step).take(list) {
        println!("{line}");
    }
    Ok(())
}

/// The lines of a file that have this form; with `all`, every line must.
fn lines<T: serde::de::DeserializeOwned>(path: &Path, all: bool) -> Result<Vec<T>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut read = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(one) => read.push(one),
            Err(error) if all => return Err(format!("{}:{}: {error}", path.display(), number + 1)),
            Err(_) => {}
        }
    }
    Ok(read)
}
