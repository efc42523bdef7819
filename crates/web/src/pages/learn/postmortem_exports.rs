//! A postmortem as one file: HTML that needs nothing else and prints well, and PDF. Of what stands inside, and of what customers read.

use actions::learn::customer_postmortems as outside;
use actions::learn::postmortems as inside;
use askama::Template;
use domain::inform::published::utc;
use domain::learn::drafts::plain;
use domain::learn::postmortem_sections::Section;
use domain::learn::postmortems::State;
use domain::respond::incidents::Visibility;
use serde_json::Value;

use crate::pages::markdown;
use crate::pages::mentions::Names;
use crate::paper::{self, Block, Document};

/// What is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub title: String,
    /// Who, when, how far: a line each.
    pub notes: Vec<String>,
    /// Titles and Markdown; without a title it stands before all others.
    pub parts: Vec<(String, String)>,
    /// At the foot of each page.
    pub foot: String,
    /// Of what is mentioned; customers read none.
    pub names: Names,
}

#[derive(Template)]
#[template(path = "learn/postmortem_export.html")]
struct Page<'e> {
    title: &'e str,
    notes: &'e [String],
    parts: Vec<(&'e str, String)>,
    foot: &'e str,
}

impl Export {
    /// What was published last with its corrections, or what is written so far.
    pub fn inside(whole: &inside::Whole, names: Names) -> Self {
        let (one, row) = (&whole.postmortem, &whole.incident);
        let mut notes = Vec::new();
        let severity = row.state.severity.as_ref().map_or_else(String::new, |severity| format!("{severity} · "));
        let last = whole.versions.last().filter(|_| one.state == State::Published);
        match (last, &one.reviewer) {
            (Some(_), Some(reviewer)) => {
                notes.push(format!("{severity}published {}, read by {reviewer}", utc(one.since)));
            }
            _ => notes.push(format!("{severity}{}: not published", one.state.title())),
        }
        if row.drill {
            notes.push("DRILL: this was practised".into());
        }
        if let Some(codename) = row.codename.as_ref().filter(|_| row.state.visibility == Visibility::Restricted) {
            notes.push(format!("Restricted: {codename}"));
        }
        let mut parts = match last {
            Some(version) => of_body(&version.body),
            None => of_words(whole),
        };
        for version in whole.versions.iter().filter(|_| last.is_some()) {
            if let Some(correction) = &version.correction {
                parts.push((format!("Correction of {}", version.at.strftime("%-d %b %Y")), correction.clone()));
            }
        }
        Self { title: row.name().into_owned(), notes, parts, foot: format!("Postmortem of {}", row.name()), names }
    }

    /// What customers read, or would read.
    pub fn outside(whole: &outside::Whole) -> Self {
        let last = whole.versions.last();
        let report = last.map_or(&whole.report, |version| &version.report);
        let mut notes = Vec::new();
        match (last, whole.versions.first()) {
            (Some(last), Some(first)) => {
                notes.push(format!("Published {}", utc(first.at)));
                if last.version > 1 {
                    notes.push(format!("Corrected {}: version {}", utc(last.at), last.version));
                }
            }
            _ => notes.push("Not published".into()),
        }
        notes.extend(whole.link.clone().filter(|_| last.is_some()));
        let mut parts = vec![(String::new(), report.opening.clone())];
        parts.extend(report.parts.iter().map(|part| (part.title.clone(), part.text.clone())));
        if !report.promises.is_empty() {
            let lines: Vec<String> = report.promises.iter().map(|one| format!("- {}", plain(&one.text))).collect();
            parts.push(("What we do about it".into(), lines.join("\n")));
        }
        for version in whole.versions.iter().rev() {
            if let Some(said) = &version.correction {
                parts.push((format!("Correction of {}", version.at.strftime("%-d %b %Y")), said.clone()));
            }
        }
        Self { title: report.title.clone(), notes, parts, foot: report.title.clone(), names: Names::default() }
    }

    /// One file that needs nothing else: no script, no style or picture of elsewhere.
    pub fn html(&self) -> Result<String, askama::Error> {
        let html = |text: &str| markdown::html_with(text, &self.names);
        let parts = self.parts.iter().map(|(title, text)| (title.as_str(), html(text))).collect();
        Page { title: &self.title, notes: &self.notes, parts, foot: &self.foot }.render()
    }

    pub fn pdf(&self) -> Vec<u8> {
        let mut blocks = vec![Block::Heading(1, self.title.clone())];
        blocks.extend(self.notes.iter().cloned().map(Block::Note));
        for (title, text) in &self.parts {
            if !title.is_empty() {
                blocks.push(Block::Heading(2, title.clone()));
            }
            blocks.extend(paper::blocks(text, 3, &self.names));
        }
        paper::write(&Document { title: self.title.clone(), blocks, foot: self.foot.clone() })
    }
}

fn of_body(body: &Value) -> Vec<(String, String)> {
    let all = |name: &str| body[name].as_array().into_iter().flatten();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("").to_owned();
    let mut parts: Vec<(String, String)> = all("sections").map(|one| (text(one, "title"), text(one, "text"))).collect();
    let factors: Vec<String> = all("factors").map(|one| format!("- {}", plain(&text(one, "text")))).collect();
    if !factors.is_empty() {
        parts.push(("Contributing factors".into(), factors.join("\n")));
    }
    let minutes: Vec<String> = all("minutes")
        .map(|one| format!("| {} | {} |", plain(&text(one, "stage")), plain(&text(one, "took"))))
        .collect();
    if !minutes.is_empty() {
        let table = format!("| Stage | Took |\n| --- | --- |\n{}", minutes.join("\n"));
        parts.push(("Where the minutes went".into(), table));
    }
    parts
}

fn of_words(whole: &inside::Whole) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Section::of(whole.form())
        .filter_map(|section| Some((section.title().to_owned(), whole.text(section)?.text.clone())))
        .collect();
    let factors: Vec<String> =
        whole.factors.iter().filter(|one| one.holds()).map(|one| format!("- {}", plain(&one.text))).collect();
    if !factors.is_empty() {
        parts.push(("Contributing factors".into(), factors.join("\n")));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export() -> Export {
        Export {
            title: "Cards <fail>".into(),
            notes: vec!["SEV1 · published".into()],
            parts: vec![
                (String::new(), "We are **sorry**.".into()),
                ("Summary".into(), "A pool ran <script>alert(1)</script> full.\n\n- one\n- two".into()),
            ],
            foot: "Cards <fail>".into(),
            names: Names::default(),
        }
    }

    #[test]
    fn one_file_of_html_loads_and_runs_nothing() {
        let html = export().html().unwrap();
        for hostile in ["<script", "http://", "https://", "src=", "@import", "url("] {
            assert!(!html.contains(hostile), "{hostile}: {html}");
        }
        for text in ["Cards &#60;fail&#62;", "We are <strong>sorry</strong>", "<h2>Summary</h2>", "<li>two</li>"] {
            assert!(html.contains(text), "{text}: {html}");
        }
    }

    #[test]
    fn paper_is_the_same_for_the_same_and_goes_on_over_pages() {
        let one = export();
        assert_eq!(one.pdf(), one.pdf());
        let bytes = one.pdf();
        assert!(bytes.starts_with(b"%PDF-1.7") && bytes.ends_with(b"%%EOF"));
        let count = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).filter(|part| *part == what).count();
        assert_eq!(count(&bytes, b"/Type /Page\n"), 1);
        let long = Export { parts: vec![("Long".into(), "word ".repeat(6000))], ..export() };
        assert!(count(&long.pdf(), b"/Type /Page\n") > 5);
        // A word that fits on no line, letters that no font has, nothing at all.
        for odd in ["x".repeat(4000), "日本語 🦀 עברית".into(), String::new(), "| a |\n| - |\n".into()] {
            let odd = Export { parts: vec![("Odd".into(), odd)], ..export() };
            assert!(odd.pdf().len() > 1000);
        }
    }
}
