//! Tabs over a list, and the filters that stand in its URL; drawn by `filters` in `parts.html`.

use crate::pages::Link;

/// One tab of a list.
#[derive(Clone, Debug)]
pub struct Tab {
    pub title: &'static str,
    /// With the filters that are set.
    pub href: String,
    /// Not for those that grow without end.
    pub count: Option<u64>,
    pub current: bool,
}

/// The filters that are set, and what else could be chosen.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The word of the current tab.
    pub tab: String,
    /// Words or matchers, as typed.
    pub text: String,
    /// What is wrong with the text.
    pub error: Option<String>,
    pub choices: Vec<Choice>,
    /// Filters that are set; each leads to the list without it.
    pub chips: Vec<Link>,
    pub clear_href: String,
}

impl Filter {
    pub fn is_set(&self) -> bool {
        !self.chips.is_empty()
    }
}

/// A drop-down.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The parameter of the URL.
    pub name: &'static str,
    pub title: &'static str,
    /// `All services`.
    pub any: &'static str,
    pub options: Vec<Chosen>,
}

/// One entry of a drop-down.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub value: String,
    pub title: String,
    pub chosen: bool,
}

#[cfg(test)]
mod samples {
    use super::*;

    impl Filter {
        pub(crate) fn sample_incidents() -> Self {
            let options = vec![Chosen { value: "security".into(), title: "security".into(), chosen: false }];
            Self {
                tab: "open".into(),
                text: String::new(),
                error: None,
                choices: vec![Choice { name: "class", title: "Class", any: "All classes", options }],
                chips: vec![],
                clear_href: "/incidents?tab=open".into(),
            }
        }
    }
}
