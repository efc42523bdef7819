//! Small things that many pages show: severity and state marks, badges, people, links. Each prints itself as
//! HTML, so that it looks the same everywhere.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// How bad, in five grades that each have a colour and a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Red octagon.
    Critical,
    /// Orange diamond.
    Major,
    /// Yellow triangle.
    Warning,
    /// Blue circle.
    Info,
    /// Grey dashed ring: no severity, or a word that we do not know.
    Unknown,
}

impl Grade {
    /// Reads the word in an alert's label `severity`.
    pub fn of(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" | "fatal" | "emergency" | "emerg" | "page" | "disaster" | "sev1" | "p1" => Self::Critical,
            "error" | "err" | "major" | "high" | "alert" | "sev2" | "p2" => Self::Major,
            "warning" | "warn" | "minor" | "average" | "medium" | "sev3" | "p3" => Self::Warning,
            "info" | "information" | "notice" | "low" | "none" | "debug" | "sev4" | "sev5" | "p4" | "p5" => Self::Info,
            _ => Self::Unknown,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }
}

/// A severity: its grade, and the word that the source used.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r##"<span class="severity tone-{{ self.tone() }}">{{ self.mark()|safe }}<span>{{ word }}</span></span>"##,
    ext = "html"
)]
pub struct Severity {
    pub grade: Grade,
    pub word: String,
}

impl Severity {
    pub fn of(word: &str) -> Self {
        Self { grade: Grade::of(word), word: if word.is_empty() { "no severity".to_owned() } else { word.to_owned() } }
    }

    /// The shape alone; its word is there for those who do not see it.
    pub fn mark(&self) -> Mark<'_> {
        Mark { grade: self.grade, word: &self.word }
    }

    fn tone(&self) -> &'static str {
        if self.grade == Grade::Unknown { "quiet" } else { self.grade.word() }
    }
}

impl HtmlSafe for Severity {}

/// The shape of a severity.
#[derive(Clone, Debug, Template)]
#[template(
    source = r##"<svg class="mark mark-{{ grade.word() }}" role="img" aria-label="{{ word }}"><use href="#mark-{{ grade.word() }}"></use></svg>"##,
    ext = "html"
)]
pub struct Mark<'a> {
    pub grade: Grade,
    pub word: &'a str,
}

impl HtmlSafe for Mark<'_> {}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Fires, and nobody has taken it.
    Firing,
    Acknowledged,
    Snoozed,
    Silenced,
    /// Muted while another alert fires.
    Inhibited,
    Resolved,
    /// Nothing was heard of it for long.
    Closed,
}

impl State {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Silenced => "silenced",
            Self::Inhibited => "inhibited",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Firing => "Firing",
            Self::Acknowledged => "Acknowledged",
            Self::Snoozed => "Snoozed",
            Self::Silenced => "Silenced",
            Self::Inhibited => "Inhibited",
            Self::Resolved => "Resolved",
            Self::Closed => "Closed",
        }
    }

    const fn tone(self) -> &'static str {
        match self {
            Self::Firing => "critical",
            Self::Acknowledged => "warning",
            Self::Resolved => "good",
            Self::Snoozed | Self::Silenced | Self::Inhibited | Self::Closed => "quiet",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, title, tone) = (self.word(), self.title(), self.tone());
        write!(
            f,
            "<span class=\"state tone-{tone}\"><svg class=\"mark\" aria-hidden=\"true\"><use href=\"#state-{word}\"></use></svg>{title}</span>"
        )
    }
}

impl HtmlSafe for State {}

/// The mood of a badge, a notice or a toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Critical,
    Warning,
    Info,
    Good,
    Quiet,
}

impl Tone {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Good => "good",
            Self::Quiet => "quiet",
        }
    }
}

/// A word in a pill.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(source = r#"<span class="badge badge-{{ tone.word() }}">{{ text }}</span>"#, ext = "html")]
pub struct Badge {
    pub tone: Tone,
    pub text: String,
}

impl Badge {
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

impl HtmlSafe for Badge {}

/// A link within the product or out of it; the address must be checked by who makes it (http, https, or a path).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub title: String,
    pub href: String,
}

impl Link {
    pub fn new(title: impl Into<String>, href: impl Into<String>) -> Self {
        Self { title: title.into(), href: href.into() }
    }
}

/// A person: a round with the initials in their colour, and the name.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<a class="person above" href="{{ href }}"><span class="face hue-{{ hue }}" aria-hidden="true">{{ initials }}</span>{{ name }}</a>"#,
    ext = "html"
)]
pub struct PersonTag {
    /// The full name.
    pub name: String,
    pub initials: String,
    /// 0 to 7; the same for a person wherever they are shown.
    pub hue: u8,
    pub href: String,
}

impl PersonTag {
    /// So many colours for people.
    pub const HUES: u8 = 8;

    /// From the name of the document (`ana`) and the full name (`Ana Silva`).
    pub fn new(person: &str, full_name: &str) -> Self {
        let mut letters = full_name.split_whitespace().filter_map(|word| word.chars().next());
        let initials = letters.next().into_iter().chain(letters.next_back()).flat_map(char::to_uppercase).collect();
        let hue = person.bytes().fold(7u8, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte)) % Self::HUES;
        Self { name: full_name.to_owned(), initials, hue, href: format!("/people/{person}") }
    }
}

impl HtmlSafe for PersonTag {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped_in_every_part() {
        let evil = "<script>\"'&";
        for html in [
            Severity::of(evil).to_string(),
            Badge::new(Tone::Info, evil).to_string(),
            PersonTag::new("ana", evil).to_string(),
        ] {
            assert!(!html.contains("<script>") && !html.contains("\"'&"), "{html}");
        }
    }

    #[test]
    fn severities_of_many_sources_have_a_grade() {
        for (word, grade) in [
            ("critical", Grade::Critical),
            ("SEV1", Grade::Critical),
            ("error", Grade::Major),
            ("warning", Grade::Warning),
            ("info", Grade::Info),
            ("", Grade::Unknown),
            ("banana", Grade::Unknown),
        ] {
            assert_eq!(Grade::of(word), grade, "{word}");
        }
    }

    #[test]
    fn initials_are_those_of_the_first_and_the_last_name() {
        for (name, initials) in [("Ana Silva", "AS"), ("Cher", "C"), ("Jean Luc de la Mer", "JM"), ("", "")] {
            assert_eq!(PersonTag::new("x", name).initials, initials);
        }
    }
}
