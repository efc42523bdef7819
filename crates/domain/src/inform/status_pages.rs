//! The status page: what the public is told of, in the public's own words. Without such a document nothing is public.
//!
//! It names services only to compare the page with what goes on inside; none of those names is ever shown outside.

use std::collections::BTreeSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engage::contacts::check_url;
use crate::words::{Name, Refusal};

/// The spec of a `status-page` document. If there are several, the first by its name is the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusPage {
    /// What stands at the top: `Example status`.
    pub title: String,
    /// A line or two about what this page is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Where the public reads it, if that is not this server: `https://status.example.org`. Links in feeds and mails
    /// begin with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where whoever needs help turns to: an http(s) URL, or `mailto:help@example.org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
    /// The page is prepared and not yet shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// How many days the bars of the components show.
    #[serde(default = "ninety", skip_serializing_if = "is_ninety")]
    #[schemars(range(min = 7, max = 90))]
    pub history_days: u8,
    /// What there is, in the order in which it is shown.
    pub groups: Vec<ComponentGroup>,
}

/// Components that stand together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentGroup {
    /// What stands over them. Without it they stand for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub components: Vec<Component>,
}

/// A part of what we offer, as the public knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// What notices call it; public, and it stays.
    pub name: Name,
    /// What people call it: `Checkout`.
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The services inside that it stands for. Never shown outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Name>,
    /// The first day of its bar; without it, the day of the document's first revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Date>,
}

const fn ninety() -> u8 {
    90
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_ninety(days: &u8) -> bool {
    *days == 90
}

/// More components than this no reader takes in, nor does anybody keep them true.
pub const COMPONENTS_MOST: usize = 200;

impl StatusPage {
    /// All components, in the order in which they are shown.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.groups.iter().flat_map(|group| &group.components)
    }

    pub fn component(&self, name: &Name) -> Option<&Component> {
        self.components().find(|component| component.name == *name)
    }

    /// What is wrong beside the titles, each with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut refuse = |pointer: String, message: String| found.push(Refusal::invalid(message).at(pointer));
        if let Some(url) = &self.url
            && (check_url(url).is_err()
                || url.trim_end_matches('/').matches('/').count() != 2
                || url.contains(['?', '#']))
        {
            refuse("/url".into(), "`url` must be http:// or https:// and a host, without a path".into());
        }
        if let Some(support) = &self.support {
            let mail = support
                .strip_prefix("mailto:")
                .is_some_and(|mail| mail.contains('@') && !mail.chars().any(|c| c.is_whitespace() || c.is_control()));
            if !mail && check_url(support).is_err() {
                refuse("/support".into(), "`support` must be an http(s) URL, or mailto: and an address".into());
            }
        }
        if !(7..=90).contains(&self.history_days) {
            refuse("/history_days".into(), format!("the bars show 7 to 90 days, not {}", self.history_days));
        }
        if self.components().count() == 0 {
            refuse("/groups".into(), "a status page has at least one component".into());
        } else if self.components().count() > COMPONENTS_MOST {
            refuse("/groups".into(), format!("a status page has at most {COMPONENTS_MOST} components"));
        }
        let mut seen = BTreeSet::new();
        for (place, group) in self.groups.iter().enumerate() {
            for (at, component) in group.components.iter().enumerate() {
                if !seen.insert(&component.name) {
                    refuse(
                        format!("/groups/{place}/components/{at}/name"),
                        format!("there is another component {:?} already", component.name.as_str()),
                    );
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(yaml: &str) -> StatusPage {
        serde_json::from_str(yaml).unwrap()
    }

    #[test]
    fn what_cannot_be_a_page_is_refused_with_its_place() {
        let fine = r#"{"title":"a","groups":[{"components":[{"name":"web","title":"Web"}]}]}"#;
        assert_eq!(page(fine).check(), []);
        assert_eq!(page(fine).history_days, 90);
        for (with, place) in [
            (r#""url":"https://status.example.org/a""#, "/url"),
            (r#""url":"javascript:alert(1)""#, "/url"),
            (r#""support":"javascript:alert(1)""#, "/support"),
            (r#""support":"mailto:a b@example.org""#, "/support"),
            (r#""history_days":91"#, "/history_days"),
        ] {
            let found = page(&fine.replacen("\"title\":\"a\"", &format!("\"title\":\"a\",{with}"), 1)).check();
            assert_eq!(found.iter().filter_map(|one| one.at.as_deref()).collect::<Vec<_>>(), [place], "{with}");
        }
        for with in [r#""url":"https://status.example.org/""#, r#""support":"mailto:help@example.org""#] {
            assert_eq!(page(&fine.replacen("\"title\":\"a\"", &format!("\"title\":\"a\",{with}"), 1)).check(), []);
        }
        let twice = r#"{"title":"a","groups":[{"components":[{"name":"web","title":"Web"}]},{"components":[{"name":"web","title":"W"}]}]}"#;
        assert_eq!(page(twice).check()[0].at.as_deref(), Some("/groups/1/components/0/name"));
        assert_eq!(page(r#"{"title":"a","groups":[]}"#).check()[0].at.as_deref(), Some("/groups"));
    }
}
