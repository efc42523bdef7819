//! A text in Markdown as sentences that somebody wrote.
//!
//! What is no prose is blanked out byte by byte, so that each place in a sentence is its place in the text: code, quotations,
//! logs, chat, front matter, addresses. Headings, items of lists and cells of tables are sentences of their own.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Longer ones are cut: they are no prose.
const LONGEST: usize = 1_500;
/// Stands for each byte of code: to the rules it is one word that names a thing.
const CODE: u8 = b'x';
/// Stands for each byte that is not looked at.
const GONE: u8 = b' ';

/// A sentence of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sentence<'a> {
    /// As it is read: in lower case, without code and quotations, as many bytes as it has in the text.
    pub(super) text: &'a str,
    /// Where it begins in the text.
    pub(super) at: usize,
    /// What part of a report it stands under.
    pub(super) part: Part,
}

/// What the heading above says that this part is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    #[default]
    Other,
    /// The heading itself.
    Heading,
    /// What contributed.
    Factors,
    /// What is to be done.
    Actions,
    /// Roles and thanks.
    People,
}

/// A text whose sentences can be read.
#[derive(Debug)]
pub(super) struct Prose {
    text: String,
    sentences: Vec<(Range<usize>, Part)>,
}

static LOG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)^\s*(?:[-*+]\s+)?(?:
            \{.*["'].*:                                                # JSON
          | \[?\d{4}[-/]\d\d[-/]\d\d[T\ ]\d\d:\d\d:\d\d\S*\]?\s+\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b
          | [EWIF]\d{4}\ \d\d:\d\d:\d\d                                # klog
          | (?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)[:\]\ ]\s*\S
          | (?:\w+=\S+\s+){2}                                         # logfmt
          | (?:\$|>>>)\ \S                                         # a shell
          | (?:commit\ [0-9a-f]{7,40}|Author:\ |Date:\ |[+-]{3}\ \S|@@\ ) # git
          | [\W_]*Q:                                                    # asked by readers
        )"#,
    )
    .expect("a pattern that compiles")
});
static CHAT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*\w[\w.-]*\s+\[\d{1,2}:\d\d(?::\d\d)?\s*(?:[AaPp][Mm])?\]").expect("a pattern"));
/// What tools keep of a report above it, in prose.
static FACT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:title|summary|description|impact|cause|root_cause):\s*").expect("a pattern"));
static MARK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?").expect("a pattern"));
static BLANKED: LazyLock<[(Regex, u8); 6]> = LazyLock::new(|| {
    [
        (r"(?:https?|ftp)://[^\s)>]+", CODE),
        (r"``[^\n]*?``|`[^`\n]+`", CODE),
        (r#""[^"\n]{1,400}"|“[^”\n]{1,400}”|«[^»\n]{1,400}»|„[^“\n]{1,400}“"#, CODE),
        (r"\s('[^'\n]{2,200}')(?:[\s,.;:)]|$)|\s(‘[^’\n]{2,200}’)(?:[\s,.;:)]|$)", CODE),
        (r"<!--[^>]*-->|</?[A-Za-z][^>\n]{0,400}>", GONE),
        (r"\]\([^)\s]*(?:\s[^)]*)?\)|\]\[[^\]\n]*\]|[\[\]]", GONE),
    ]
    .map(|(pattern, with)| (Regex::new(pattern).expect("a pattern that compiles"), with))
});

impl Prose {
    /// Reads a text.
    pub(super) fn read(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        // ASCII alone changes its case: no byte moves.
        bytes.make_ascii_lowercase();
        for (range, with) in spans(text) {
            blank(&mut bytes[range], with);
        }
        let blocks = blocks(text, &mut bytes);
        let text = String::from_utf8(bytes).unwrap_or_default();
        let mut sentences = Vec::new();
        for (range, part) in blocks {
            cut(&text, range, part, &mut sentences);
        }
        Self { text, sentences }
    }

    /// In their order.
    pub(super) fn sentences(&self) -> impl Iterator<Item = Sentence<'_>> {
        self.sentences.iter().map(|(range, part)| Sentence {
            text: &self.text[range.clone()],
            at: range.start,
            part: *part,
        })
    }
}

/// What stands within a line and is no prose.
fn spans(text: &str) -> Vec<(Range<usize>, u8)> {
    let of = |(pattern, with): &'static (Regex, u8)| {
        // What stands around a quotation is not of it.
        pattern.captures_iter(text).filter_map(|found| Some((found.iter().flatten().last()?.range(), *with)))
    };
    BLANKED.iter().flat_map(of).collect()
}

/// The bytes of a character go together, so that what stays is UTF-8.
fn blank(bytes: &mut [u8], with: u8) {
    for byte in bytes {
        if *byte != b'\n' {
            *byte = with;
        }
    }
}

/// Paragraphs, headings, items and cells. What is none of them is blanked.
fn blocks(text: &str, bytes: &mut [u8]) -> Vec<(Range<usize>, Part)> {
    let mut blocks: Vec<(Range<usize>, Part)> = Vec::new();
    let (mut part, mut fence, mut front) = (Part::Other, None::<&str>, false);
    let (mut open, mut in_list, mut quoted, mut at) = (false, false, false, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let range = at..at + line.len();
        at = range.end;
        let bare = line.trim();
        if number == 0 && bare == "---" {
            front = true;
        }
        let is_fence = bare.starts_with("```") || bare.starts_with("~~~");
        if front {
            front = number == 0 || bare != "---";
            open = false;
            if let Some(fact) = FACT.find(line) {
                // Quoted by its form, not because somebody else said it.
                let from = range.start + fact.end();
                bytes[from..range.end].copy_from_slice(&line.as_bytes()[fact.end()..]);
                bytes[from..range.end].make_ascii_lowercase();
                blocks.push((from..range.end, part));
            }
        } else if let Some(sign) = fence {
            if bare.starts_with(sign) {
                fence = None;
            }
            open = false;
        } else if is_fence {
            fence = Some(&bare[..3]);
            // One that is closed on its own line is not open.
            if bare.len() > 3 && bare[3..].contains(&bare[..3]) {
                fence = None;
            }
            open = false;
        } else if bare.is_empty() {
            (open, quoted) = (false, false);
        } else if quoted || bare.starts_with('>') || CHAT.is_match(line) {
            // What follows at once is still theirs.
            (open, quoted) = (false, true);
        } else if LOG.is_match(line) || is_indented_code(line, open, in_list) {
            open = false;
        } else if bare.starts_with('#') || is_bold_heading(bare) {
            part = about(bare);
            let heading = bare.trim_start_matches(['#', ' ']).trim_matches('*');
            in_list = false;
            open = false;
            if !heading.is_empty() {
                blocks.push((range, Part::Heading));
            }
        } else if bare.starts_with('|') || line.matches(" | ").count() >= 2 {
            open = false;
            let mut from = range.start;
            for (place, _) in line.match_indices('|').chain([(line.len(), "")]) {
                let to = range.start + place;
                if from < to {
                    blocks.push((from..to, part));
                }
                from = to + 1;
            }
        } else if let Some(mark) = MARK.find(line) {
            blank(&mut bytes[range.start..range.start + mark.end()], GONE);
            blocks.push((range.start + mark.end()..range.end, part));
            (open, in_list) = (true, true);
        } else if open {
            if let Some((last, _)) = blocks.last_mut() {
                last.end = range.end;
            }
        } else {
            in_list = in_list && line.starts_with(' ');
            blocks.push((range, part));
            open = true;
        }
    }
    blocks
}

fn is_indented_code(line: &str, open: bool, in_list: bool) -> bool {
    !open && !in_list && (line.starts_with("    ") || line.starts_with('\t')) && !MARK.is_match(line)
}

/// `**Contributing factors:**` alone on its line is a heading to people.
fn is_bold_heading(bare: &str) -> bool {
    bare.len() < 80
        && bare.starts_with("**")
        && bare.trim_end_matches(':').ends_with("**")
        && bare.matches("**").count() == 2
}

fn about(heading: &str) -> Part {
    let heading = heading.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    if has(&["action", "follow-up", "follow up", "next step", "recommendation", "prevent", "to do", "todo"]) {
        Part::Actions
    } else if has(&["factor", "cause", "why it happened", "why did"]) {
        Part::Factors
    } else if has(&["people", "roles", "responders", "thanks", "credits", "attendees", "participants", "authors"]) {
        Part::People
    } else {
        Part::Other
    }
}

/// Cuts a block where a sentence ends.
fn cut(text: &str, range: Range<usize>, part: Part, into: &mut Vec<(Range<usize>, Part)>) {
    let bytes = text.as_bytes();
    let mut from = range.start;
    for at in range.clone() {
        let ends = matches!(bytes[at], b'.' | b'!' | b'?')
            && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace)
            && !is_abbreviation(&text[from..at]);
        let too_long = at - from >= LONGEST && bytes[at] == b' ';
        if ends || too_long || at + 1 == range.end {
            let sentence = from..at + 1;
            from = at + 1;
            if text.get(sentence.clone()).is_some_and(|text| text.bytes().any(|byte| byte.is_ascii_alphabetic())) {
                into.push((sentence, part));
            }
        }
    }
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|byte: char| byte.is_whitespace() || byte == '(').next().unwrap_or_default();
    matches!(word, "e.g" | "i.e" | "eg" | "ie" | "etc" | "vs" | "cf" | "approx" | "mr" | "mrs" | "dr" | "no")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Prose::read(text).sentences().map(|sentence| squeezed(sentence.text)).collect()
    }

    #[test]
    fn a_text_is_cut_where_people_would() {
        for (text, sentences) in [
            ("One. Two goes\non! Three?", vec!["one.", "two goes on!", "three?"]),
            ("We looked at e.g. the disk. Then v1.2 came.", vec!["we looked at e.g. the disk.", "then v1.2 came."]),
            ("# Why\n\n- first\n  of all\n- second\n1. third", vec!["# why", "first of all", "second", "third"]),
            ("| Time | Event |\n| --- | --- |\n| 09:00 | It broke |", vec!["time", "event", "it broke"]),
            ("See [the log](https://example.org/careless) now", vec!["see the log now"]),
        ] {
            assert_eq!(read(text), sentences, "{text}");
        }
    }

    #[test]
    fn what_nobody_here_wrote_is_left_out() {
        for (text, sentences) in [
            ("---\nkeywords: stupid\n---\nA", vec!["a"]),
            ("```\nstupid\n```\nA", vec!["a"]),
            ("~~~ sh\nstupid", vec![]),
            ("> stupid\n\nA", vec!["a"]),
            ("A\n\n    stupid\n\nB", vec!["a", "b"]),
            ("ana [7:40 AM] stupid\nstupid\n\nA", vec!["a"]),
            ("> stupid\nstupid\n\nA", vec!["a"]),
            ("---\nsummary: \"It broke.\"\nkeywords: stupid\n---\nA", vec!["\"it broke.\"", "a"]),
            ("2019-01-23T16:08:30Z ERROR failed to start", vec![]),
            ("{\"level\": \"error\", \"msg\": \"failed\"}", vec![]),
            ("level=error msg=failed x", vec![]),
            ("Run `git blame` and \"stupid\" now", vec!["run xxxxxxxxxxx and xxxxxxxx now"]),
            ("<!-- stupid -->A <b>b</b>", vec!["a b"]),
        ] {
            assert_eq!(read(text), sentences, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn each_place_is_a_place_of_the_text(text in "(?s).{0,60}|([-#>|`\" *~é“]|\n|[a-z.]|   ){0,60}") {
            let mut end = 0;
            for sentence in Prose::read(&text).sentences() {
                proptest::prop_assert!(sentence.at >= end);
                end = sentence.at + sentence.text.len();
                proptest::prop_assert!(text.is_char_boundary(sentence.at) && text.is_char_boundary(end));
            }
        }
    }
}
