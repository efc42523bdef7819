//! The taxonomy of contributing factors, as a document: two levels, so that what keeps coming back can be counted.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Name, Refusal};

/// The spec of a `factor-taxonomy` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorTaxonomy {
    /// What people call it.
    pub title: String,
    pub groups: Vec<Group>,
}

/// Factors of one side: detection, design, knowledge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub title: String,
    pub kinds: Vec<Kind>,
}

/// One kind of factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// By which records name it: it stays when the title changes.
    pub name: Name,
    pub title: String,
    /// When it is this one and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
}

impl FactorTaxonomy {
    /// What is wrong in the document.
    pub fn check(&self) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        let mut seen = BTreeSet::new();
        if self.groups.is_empty() {
            wrong.push(Refusal::invalid("a taxonomy has at least one group").at("/groups"));
        }
        for (place, group) in self.groups.iter().enumerate() {
            if group.title.trim().is_empty() {
                wrong.push(Refusal::invalid("say it in a few words").at(format!("/groups/{place}/title")));
            }
            for (inner, kind) in group.kinds.iter().enumerate() {
                let at = |field: &str| format!("/groups/{place}/kinds/{inner}/{field}");
                if !seen.insert(&kind.name) {
                    wrong.push(Refusal::invalid("there is another kind of this name already").at(at("name")));
                }
                if kind.title.trim().is_empty() {
                    wrong.push(Refusal::invalid("say it in a few words").at(at("title")));
                }
            }
        }
        wrong
    }

    /// All kinds, each with its group.
    pub fn kinds(&self) -> impl Iterator<Item = (&Group, &Kind)> {
        self.groups.iter().flat_map(|group| group.kinds.iter().map(move |kind| (group, kind)))
    }
}
