//! What is wrong with documents: each problem with its place, in words for people, with a suggestion.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::documents::Reference;
use crate::words::text;

/// One thing that is wrong, or doubtful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `oncall.yaml:12`, or a JSON pointer into what was sent, or the document in force.
    pub place: String,
    /// Which document it is about, if that could be read.
    pub document: Option<Reference>,
    /// Where in the document: `/spec/steps/0/notify/1`; empty for the whole.
    pub pointer: String,
    /// A sentence without a final full stop.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.suggestion {
            Some(near) => write!(f, " (did you mean {near:?}?)"),
            None => Ok(()),
        }
    }
}

/// Where a document came from, so that a problem found in it later can still say the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A text with lines: the name of the file, and the line of each field by its pointer.
    File { name: Arc<str>, lines: BTreeMap<String, u32> },
    /// JSON that was sent: the pointer to the document in the body.
    Body { pointer: String },
    /// A document that is in force already, or was made by the program.
    InForce { reference: Reference },
}

impl Origin {
    /// A document that was not read from a text.
    pub fn in_force(reference: Reference) -> Self {
        Self::InForce { reference }
    }

    /// The place of a field, or of the nearest field around it that has one.
    pub fn place(&self, pointer: &str) -> String {
        match self {
            Self::Body { pointer: base } => format!("{base}{pointer}"),
            Self::InForce { reference } if pointer.is_empty() => reference.to_string(),
            Self::InForce { reference } => format!("{reference} {pointer}"),
            Self::File { name, lines } => {
                let mut around = pointer;
                loop {
                    if let Some(line) = lines.get(around) {
                        return format!("{name}:{line}");
                    }
                    match around.rfind('/') {
                        Some(end) => around = &around[..end],
                        None => return name.to_string(),
                    }
                }
            }
        }
    }
}

/// One segment more of a JSON pointer.
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for letter in segment.chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The candidate that was probably meant.
pub(super) fn suggest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    text::nearest(typed, candidates).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_line_of_the_field_or_of_what_holds_it() {
        let lines = [(String::new(), 1), ("/spec".into(), 3), ("/spec/title".into(), 4)].into();
        let file = Origin::File { name: "a.yaml".into(), lines };
        let body = Origin::Body { pointer: "/2".into() };
        let own = Origin::in_force("team/web".parse().unwrap());
        for (pointer, in_file, in_body, in_force) in [
            ("", "a.yaml:1", "/2", "team/web"),
            ("/spec/title", "a.yaml:4", "/2/spec/title", "team/web /spec/title"),
            ("/spec/members/0", "a.yaml:3", "/2/spec/members/0", "team/web /spec/members/0"),
        ] {
            assert_eq!((file.place(pointer).as_str(), body.place(pointer).as_str()), (in_file, in_body));
            assert_eq!(own.place(pointer), in_force);
        }
    }
}
