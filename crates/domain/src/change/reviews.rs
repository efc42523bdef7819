//! Reviews: which documents are changed by an approved proposal only, as a document. Without one, whoever may write a document
//! applies it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document_edits::about_both;
use super::gates::{Exempter, Reason, Rule};
use crate::prepare::catalog::Catalog;
use crate::prepare::documents::{Kind, Reference};
use crate::prepare::people::Access;
use crate::words::{Name, Refusal};

/// The spec of a `review` document: edits of these documents are proposed, and approved by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// What people call it: `Flags of payments`.
    pub title: String,
    /// Why somebody else looks first.
    pub why: String,
    /// Kinds of document: `flag`, `route`, ...
    pub kinds: BTreeSet<String>,
    /// Only of documents about these services. Empty: of all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<Name>,
    /// How many people other than the authors approve: 1 to 5.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub approvals: u8,
}

const fn one() -> u8 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_one(approvals: &u8) -> bool {
    *approvals == 1
}

impl Review {
    /// What is wrong in the document.
    pub fn problems(&self) -> Vec<Refusal> {
        let mut problems = Vec::new();
        for (text, at) in [(&self.title, "/title"), (&self.why, "/why")] {
            if text.trim().is_empty() {
                problems.push(Refusal::invalid("say it in a few words").at(at));
            }
        }
        if self.kinds.is_empty() {
            problems.push(Refusal::invalid("say which kinds of document").at("/kinds"));
        }
        for (place, kind) in self.kinds.iter().enumerate() {
            if let Err(wrong) = kind.parse::<Kind>() {
                problems.push(wrong.at(format!("/kinds/{place}")));
            }
        }
        if !(1..=5).contains(&self.approvals) {
            problems.push(Refusal::invalid("1 to 5 people approve").at("/approvals"));
        }
        problems
    }

    fn asks(&self, reference: &Reference, about: &BTreeSet<Name>) -> bool {
        let here = self.services.is_empty() || !self.services.is_disjoint(about);
        here && self.kinds.contains(reference.kind.word())
    }
}

/// The reviews that these edits need, each with the documents that it is about. One that a proposal would take away or weaken counts, too.
pub fn needed<'c>(
    before: &'c Catalog,
    after: &Catalog,
    changed: &[&Reference],
) -> Vec<(&'c Name, &'c Review, Vec<Reference>)> {
    let mut needed = Vec::new();
    for (name, review) in &before.reviews {
        let asked = |one: &&&Reference| review.asks(one, &about_both(before, after, one));
        let documents: Vec<Reference> = changed.iter().filter(asked).map(|one| (*one).clone()).collect();
        if !documents.is_empty() {
            needed.push((name, review, documents));
        }
    }
    needed
}

/// What speaks against applying them without a proposal.
pub fn against(before: &Catalog, after: &Catalog, changed: &[&Reference]) -> Vec<Reason> {
    let reason = |(name, review, documents): (&Name, &Review, Vec<Reference>)| {
        let names: Vec<String> = documents.iter().take(5).map(ToString::to_string).collect();
        let more = if documents.len() > 5 { format!(" and {} more", documents.len() - 5) } else { String::new() };
        let message =
            format!("{}: {}{more} must be proposed and approved first: {}", review.title, names.join(", "), review.why);
        let exempter = Exempter::Access(Access::Administrator);
        Reason { rule: Rule::Review(name.clone()), message, exempter, exemption: None }
    };
    needed(before, after, changed).into_iter().map(reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;

    fn catalog(text: &str) -> Catalog {
        let mut catalog = Catalog::default();
        for proposal in from_yaml("test", text).proposals {
            catalog.insert(proposal.document);
        }
        catalog
    }

    #[test]
    fn a_review_is_of_kinds_and_services() {
        let text = "kind: review\nname: flags\nspec: { title: Flags, why: two see more, kinds: [flag], services: [shop] }\n---\n\
            kind: flag\nname: fast\nspec: { title: F, purpose: operational, services: [shop], variants: { 'on': true }, environments: {} }\n---\n\
            kind: flag\nname: slow\nspec: { title: S, purpose: operational, services: [mail], variants: { 'on': true }, environments: {} }\n";
        let before = catalog(text);
        let [fast, slow, team]: [Reference; 3] =
            ["flag/fast", "flag/slow", "team/web"].map(|word| word.parse().unwrap());
        let says = |changed: &[&Reference]| {
            let all = against(&before, &Catalog::default(), changed);
            all.into_iter().map(|one| format!("{} [{}]", one.message, one.exempter)).collect::<Vec<_>>()
        };
        assert_eq!(
            says(&[&fast, &slow]),
            ["Flags: flag/fast must be proposed and approved first: two see more [an administrator]"]
        );
        assert!(says(&[&slow, &team]).is_empty());
    }

    #[test]
    fn what_is_wrong_in_it_has_its_place() {
        let review = Review {
            title: " ".into(),
            why: "so".into(),
            kinds: ["flg".into()].into(),
            services: [].into(),
            approvals: 9,
        };
        let places: Vec<_> = review.problems().into_iter().filter_map(|one| one.at).collect();
        assert_eq!(places, ["/title", "/kinds/0", "/approvals"]);
    }
}
