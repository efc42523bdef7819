//! Techniques and tactics of MITRE ATT&CK: what the other side did, in the words that everybody in the field uses.
//!
//! Ids and names are compiled in (data/attack-enterprise.txt, with its notice). An id that is well-formed and not among
//! them is kept, with a warning: ATT&CK grows faster than programs are upgraded.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::words::{EventId, Refusal, Result, Timestamp, text};

/// What MITRE asks to be shown wherever its list is.
pub const NOTICE: &str = "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The \
    MITRE Corporation.";

/// `T1566`, `T1566.001` or `TA0001`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechniqueId(String);

impl TechniqueId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one of which it is a part.
    fn parent(&self) -> Option<&str> {
        self.0.split_once('.').map(|(parent, _)| parent)
    }
}

impl fmt::Display for TechniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TechniqueId {
    type Err = Refusal;

    /// In any case; what stands behind a blank is a name that was picked with it.
    fn from_str(typed: &str) -> Result<Self> {
        let word = typed.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let digits = |text: &str, many: usize| text.len() == many && text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = match (word.strip_prefix("TA"), word.strip_prefix('T')) {
            (Some(rest), _) => digits(rest, 4),
            (None, Some(rest)) => match rest.split_once('.') {
                Some((whole, part)) => digits(whole, 4) && digits(part, 3),
                None => digits(rest, 4),
            },
            (None, None) => false,
        };
        if fits {
            return Ok(Self(word));
        }
        let shown = text::shorten(typed, 40);
        Err(Refusal::invalid(format!("{shown:?} is no id of ATT&CK: write T1566, T1566.001 or TA0001"))
            .at("/technique"))
    }
}

/// A technique, or a tactic, as ATT&CK has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    pub id: &'static str,
    pub name: &'static str,
    /// Ids of tactics, with blanks between them.
    tactics: &'static str,
    /// ATT&CK has deprecated or revoked it.
    pub retired: bool,
}

impl Technique {
    /// What it was done for.
    pub fn tactics(&self) -> impl Iterator<Item = &'static str> {
        self.tactics.split_whitespace().filter_map(|id| Some(list().get(id)?.name))
    }
}

fn list() -> &'static BTreeMap<&'static str, Technique> {
    static LIST: OnceLock<BTreeMap<&'static str, Technique>> = OnceLock::new();
    LIST.get_or_init(|| {
        let lines = include_str!("../../data/attack-enterprise.txt").lines().filter(|line| !line.starts_with('#'));
        let read = |line: &'static str| {
            let mut cells = line.split('|');
            let (id, name, tactics) = (cells.next()?, cells.next()?, cells.next()?);
            Some((id, Technique { id, name, tactics, retired: cells.next() == Some("retired") }))
        };
        lines.filter_map(read).collect()
    })
}

/// All that are in use, in the order of their ids: for a list to pick from.
pub fn in_use() -> impl Iterator<Item = &'static Technique> {
    list().values().filter(|one| !one.retired)
}

/// What an id stands for, if it is among those that are known here.
pub fn known(id: &TechniqueId) -> Option<&'static Technique> {
    list().get(id.as_str())
}

/// `Phishing: Spearphishing Attachment`, if it is known.
pub fn name(id: &TechniqueId) -> Option<String> {
    let own = known(id)?.name;
    let parent = id.parent().and_then(|parent| list().get(parent));
    Some(parent.map_or_else(|| own.to_owned(), |parent| format!("{}: {own}", parent.name)))
}

/// What is to be said about an id that is not as it should be.
pub fn warning(id: &TechniqueId) -> Option<&'static str> {
    match known(id) {
        None => Some("not in the list of this version: look whether it is written right"),
        Some(one) if one.retired => Some("ATT&CK has retired it: look for the one that took its place"),
        Some(_) => None,
    }
}

/// A technique that was named for an incident, or for an entry of its timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub technique: TechniqueId,
    /// The entry that shows it.
    pub entry: Option<EventId>,
    pub note: Option<String>,
    /// `person:ana`
    pub by: String,
    pub at: Timestamp,
    pub withdrawn: Option<Withdrawn>,
}

/// It does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    pub why: String,
    pub by: String,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_any_case_and_nothing_else_is() {
        for (typed, id) in [
            ("t1566", "T1566"),
            (" T1566.001 ", "T1566.001"),
            ("ta0001", "TA0001"),
            ("T1566.001 Phishing: Spearphishing Attachment", "T1566.001"),
            ("T9999", "T9999"),
        ] {
            assert_eq!(typed.parse::<TechniqueId>().unwrap().as_str(), id);
        }
        for wrong in ["", "1566", "T156", "T1566.1", "TA00011", "Phishing", "T1566.001.002", "Tabcd", "T１５６６"] {
            assert_eq!(wrong.parse::<TechniqueId>().unwrap_err().at.as_deref(), Some("/technique"), "{wrong}");
        }
    }

    #[test]
    fn the_list_is_whole_and_says_what_is_retired() {
        let id = |text: &str| text.parse::<TechniqueId>().unwrap();
        assert_eq!(list().values().filter(|one| one.id.starts_with("TA")).count(), 14);
        assert!(in_use().count() > 690 && list().len() > 830);
        assert_eq!(name(&id("T1566.001")).as_deref(), Some("Phishing: Spearphishing Attachment"));
        assert_eq!(name(&id("TA0040")).as_deref(), Some("Impact"));
        assert_eq!(known(&id("T1566")).unwrap().tactics().collect::<Vec<_>>(), ["Initial Access"]);
        assert_eq!(warning(&id("T1566")), None);
        assert!(warning(&id("T9999")).unwrap().contains("not in the list"));
        let retired = list().values().find(|one| one.retired).unwrap();
        assert!(warning(&id(retired.id)).unwrap().contains("retired"));
        for one in list().values() {
            assert!(!one.name.is_empty() && one.id.parse::<TechniqueId>().is_ok(), "{one:?}");
            assert_eq!(one.tactics().count(), one.tactics.split_whitespace().count(), "{one:?}");
        }
    }
}
