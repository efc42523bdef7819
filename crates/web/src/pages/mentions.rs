//! What is mentioned in a text, by its name of now: for whoever draws the text.

use std::collections::{BTreeMap, BTreeSet};

use domain::inform::prose::escape;
use domain::learn::drafts::plain;
use domain::learn::mentions::{Mention, find};

/// Something that is mentioned, as the reader may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `alert`, `person`, ...
    pub kind: &'static str,
    pub title: String,
    /// How it stands: `firing`.
    pub state: Option<String>,
    /// A path of ours.
    pub href: String,
    pub picture: Option<Shown>,
}

/// A picture among the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Where its bytes are, or themselves; nothing where none can be shown.
    pub src: Option<String>,
    pub sha256: String,
}

impl Named {
    /// `Alert DiskFull · firing`.
    pub fn says(&self) -> String {
        match &self.state {
            Some(state) => format!("{} · {state}", self.title),
            None => self.title.clone(),
        }
    }
}

/// The names of what is mentioned, by how it is written. What is not here stays as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    all: BTreeMap<String, Named>,
    /// What stands before paths: nothing on a page, where we are in a file.
    base: String,
}

impl Names {
    pub fn new(all: BTreeMap<String, Named>) -> Self {
        Self { all, base: String::new() }
    }

    /// The same for a file, which is read elsewhere.
    #[must_use]
    pub fn from(self, base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), ..self }
    }

    pub fn get(&self, written: &str) -> Option<&Named> {
        self.all.get(written)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Named)> {
        self.all.iter().map(|(written, named)| (written.as_str(), named))
    }

    pub(crate) fn pictures(&mut self) -> impl Iterator<Item = (&str, &mut Shown)> {
        self.all.iter_mut().filter_map(|(written, named)| Some((written.as_str(), named.picture.as_mut()?)))
    }

    /// Where it leads.
    pub fn address(&self, named: &Named) -> String {
        format!("{}{}", self.base, named.href)
    }

    /// What a live page listens for, so that the names stay those of now: ` alert change`.
    pub fn topics(&self) -> String {
        let kinds: BTreeSet<&str> =
            self.all.values().map(|named| named.kind).filter(|kind| !["person", "evidence"].contains(kind)).collect();
        kinds.iter().flat_map(|kind| [" ", *kind]).collect()
    }

    /// Words with their mentions as links, as HTML; nothing if there is none.
    pub(crate) fn html(&self, words: &str) -> Option<String> {
        let mut out = String::new();
        let mut last = 0;
        for (place, mention, named) in self.named(words) {
            out.push_str(&escape(&words[last..place.start]));
            out.push_str(&self.link(&mention, named));
            last = place.end;
        }
        (last > 0).then(|| out + &escape(&words[last..]))
    }

    /// The mentions in words that have a name here, each with its place.
    pub(crate) fn named(&self, words: &str) -> Vec<(std::ops::Range<usize>, Mention, &Named)> {
        let all = if self.all.is_empty() { Vec::new() } else { find(words) };
        all.into_iter()
            .filter_map(|(place, mention)| {
                let named = self.get(&mention.to_string())?;
                Some((place, mention, named))
            })
            .collect()
    }

    fn link(&self, mention: &Mention, named: &Named) -> String {
        let state = named.state.as_ref();
        let state = state.map_or_else(String::new, |state| format!(" · <span>{}</span>", escape(state)));
        format!(
            "<a class=\"mention\" href=\"{}\" title=\"{mention}\">{}{state}</a>",
            escape(&self.address(named)),
            escape(&named.title)
        )
    }

    /// A picture, or the words that stand for it.
    pub(crate) fn picture(&self, written: &str, alt: &str) -> Option<String> {
        let named = self.get(written)?;
        let shown = named.picture.as_ref()?;
        let alt = if alt.trim().is_empty() { named.title.as_str() } else { alt };
        let link = escape(&self.address(named));
        Some(match &shown.src {
            Some(src) => format!(
                "<a class=\"picture\" href=\"{link}\"><img src=\"{}\" alt=\"{}\" loading=\"lazy\"></a>",
                escape(src),
                escape(alt)
            ),
            None => format!("<a href=\"{link}\">[Picture: {}; SHA-256 {}]</a>", escape(alt), shown.sha256),
        })
    }

    /// What is mentioned, as a list in Markdown: for a file in which the mentions stay as they are written.
    pub fn list(&self) -> String {
        let line = |(written, named): (&str, &Named)| {
            let state = named.state.as_ref().map_or_else(String::new, |state| format!(" · {}", plain(state)));
            format!("- `{written}`: [{}]({}){state}\n", plain(&named.title), self.address(named))
        };
        let lines: String = self.iter().map(line).collect();
        if lines.is_empty() { lines } else { format!("\n## Mentioned\n\n{lines}") }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn names() -> Names {
        let named = |kind, title: &str, state: Option<&str>, href: &str| Named {
            kind,
            title: title.into(),
            state: state.map(str::to_owned),
            href: href.into(),
            picture: None,
        };
        let picture = Named {
            picture: Some(Shown { src: Some("/p\"ng".into()), sha256: "ab".repeat(32) }),
            ..named("evidence", "graph.png", None, "/incidents/inc_06f1k2m9qv7x3t1a/record#evd_06f1k2m9qv7x3t1a")
        };
        Names::new(BTreeMap::from([
            ("@ana".to_owned(), named("person", "Ana <Silva>", None, "/people/ana")),
            (
                "alr_06f1k2m9qv7x3t1a".to_owned(),
                named("alert", "Alert Disk\"Full", Some("firing"), "/alerts/alr_06f1k2m9qv7x3t1a"),
            ),
            ("evd_06f1k2m9qv7x3t1a".to_owned(), picture),
        ]))
    }

    #[test]
    fn a_file_says_below_what_was_mentioned_and_leads_back() {
        let list = names().from("https://allclear.example.org/").list();
        let line = "- `alr_06f1k2m9qv7x3t1a`: [Alert Disk\"Full](https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a) · firing\n";
        assert!(list.starts_with("\n## Mentioned\n") && list.contains(line), "{list}");
        assert!(list.contains("[Ana \\<Silva\\>]"), "{list}");
        assert_eq!(Names::default().list(), "");
        assert_eq!(names().topics(), " alert");
    }
}
