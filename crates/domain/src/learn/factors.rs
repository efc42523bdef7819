//! Contributing factors: the conditions that came together. No person is one.
//!
//! Somebody else could have stood there, so a factor that names a person of the directory, or the error of one, is refused; what
//! only might blame is advised on by the language aid and kept as it is.

use super::language::{Directory, Group, Severity, findings};
use crate::prepare::catalog::Catalog;
use crate::respond::entries::line;
use crate::words::{FactorId, Name, Refusal, Result, Timestamp, text};

/// A condition that had to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    pub id: FactorId,
    pub text: String,
    /// Of the taxonomy, if somebody placed it there.
    pub kind: Option<Name>,
    /// What shows it, in words or by ids.
    pub evidence: Option<String>,
    pub by: Name,
    pub at: Timestamp,
    /// It does not hold: who said so, why and when.
    pub struck: Option<(Name, String, Timestamp)>,
}

/// What somebody writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub text: String,
    pub kind: Option<Name>,
    pub evidence: Option<String>,
}

/// So many characters are enough for a condition; a story belongs into a section.
const TEXT_MOST: usize = 500;

impl Wanted {
    /// As it is kept; or what is wrong with it.
    pub fn checked(&self, catalog: &Catalog) -> Result<Self> {
        let said = line(&self.text, TEXT_MOST, "/text")?;
        if let Some(kind) = &self.kind {
            let kinds = || catalog.factor_taxonomies.values().flat_map(super::factor_taxonomies::FactorTaxonomy::kinds);
            if !kinds().any(|(_, one)| one.name == *kind) {
                let near = text::did_you_mean(kind.as_str(), kinds().map(|(_, one)| one.name.as_str()));
                return Err(Refusal::invalid(format!("there is no kind of factor {kind}{near}")).at("/kind"));
            }
        }
        let directory = Directory::of(catalog);
        if let Some(person) = named(&said, catalog, &directory) {
            let message = format!(
                "{person} is a person, and no person is a factor: what made that the sensible thing to do, or let it have this effect?"
            );
            return Err(Refusal::invalid(message).at("/text"));
        }
        let blames = |group| matches!(group, Group::HumanError | Group::PersonAsCause | Group::Character);
        let found = findings(&said, &directory)?;
        if let Some(found) = found.iter().find(|one| one.severity == Severity::Flag && blames(one.group)) {
            return Err(Refusal::invalid(format!("{} {}", found.why, found.ask)).at("/text"));
        }
        let evidence = self.evidence.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let evidence = evidence.map(|text| line(text, TEXT_MOST, "/evidence")).transpose()?;
        Ok(Self { text: said, kind: self.kind.clone(), evidence })
    }
}

/// What a text calls a person of the directory, by full name or a part of it.
fn named(said: &str, catalog: &Catalog, directory: &Directory) -> Option<String> {
    let bare = |word: &str| word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '@').to_owned();
    if let Some(word) = said.split_whitespace().map(bare).find(|word| directory.is_person(word)) {
        return Some(word);
    }
    let said = said.to_lowercase();
    let is_word = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
    let stands = |name: &str| {
        let mut places = said.match_indices(name).map(|(at, found)| (at, at + found.len()));
        places.any(|(from, to)| !is_word(said[..from].chars().next_back()) && !is_word(said[to..].chars().next()))
    };
    let full = catalog.people.values().map(|person| &person.full_name);
    full.filter(|name| name.contains(' ')).find(|name| stands(&name.to_lowercase())).cloned()
}

impl Factor {
    /// Nobody said that it does not hold.
    pub const fn holds(&self) -> bool {
        self.struck.is_none()
    }

    /// As it stands when somebody says that it does not hold.
    pub fn strike(&self, by: &Name, why: &str, now: Timestamp) -> Result<Self> {
        if self.struck.is_some() {
            return Err(Refusal::conflict("it was struck already"));
        }
        let why = line(why, TEXT_MOST, "/why")?;
        Ok(Self { struck: Some((by.clone(), why, now)), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;

    fn catalog() -> Catalog {
        let text = "kind: person\nname: ana\nspec: { full_name: Ana Silva, email: a@example.org }\n---\n\
            kind: factor-taxonomy\nname: factors\nspec: { title: F, groups: [{ title: Design, kinds: [{ name: no-limit, title: No limit }] }] }\n";
        let mut catalog = Catalog::default();
        for proposal in from_yaml("test", text).proposals {
            catalog.insert(proposal.document);
        }
        catalog
    }

    fn wanted(text: &str) -> Wanted {
        Wanted { text: text.into(), ..Wanted::default() }
    }

    #[test]
    fn no_person_is_a_factor() {
        let catalog = catalog();
        for (text, refused) in [
            ("The pool has no limit", None),
            ("Ana Silva deployed without looking", Some("Ana is a person")),
            ("ana silva's session was open on db1", Some("Ana Silva is a person")),
            ("Banana Silvaner is a service", None),
            ("Human error", Some("")),
            ("  ", Some("")),
        ] {
            match (wanted(text).checked(&catalog), refused) {
                (Ok(_), None) => {}
                (Err(refusal), Some(says)) => assert!(refusal.message.contains(says), "{text}: {}", refusal.message),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_kind_is_one_of_the_taxonomy() {
        let catalog = catalog();
        let of = |kind: &str| {
            Wanted { kind: Some(kind.parse().unwrap()), ..wanted("The pool has no limit") }.checked(&catalog)
        };
        assert!(of("no-limit").is_ok());
        let refusal = of("no-limits").unwrap_err();
        assert!(refusal.message.contains("no-limit") && refusal.at.as_deref() == Some("/kind"), "{refusal:?}");
    }
}
