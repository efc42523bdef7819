//! Filters of a list as its URL has them.

use crate::handlers::fields::{Fields, escape};
use crate::pages::Link;
use crate::pages::filters::{Choice, Chosen};

/// Parameters that say how far one has read: a list with another filter begins anew.
const PLACES: [&str; 2] = ["after", "before"];

/// The address of a list with other parameters.
pub fn href(path: &str, query: &Fields, drop: &[&str], add: &[(&str, &str)]) -> String {
    let kept = query.without(drop).filter(|(name, _)| add.iter().all(|(added, _)| added != name));
    let pairs: Vec<String> =
        kept.chain(add.iter().copied()).map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// An entry of a drop-down.
pub fn option(chosen: &str, value: &str, title: &str) -> Chosen {
    Chosen { value: value.to_owned(), title: title.to_owned(), chosen: value == chosen }
}

/// The filters that are set: what is chosen, and the words.
pub fn chips(path: &str, query: &Fields, choices: &[Choice]) -> Vec<Link> {
    let without = |name: &str| href(path, query, &[&[name], PLACES.as_slice()].concat(), &[]);
    let of_choice = |choice: &Choice| {
        let value = query.some(choice.name)?;
        let title = choice.options.iter().find(|one| one.chosen).map_or(value, |one| one.title.as_str());
        Some(Link::new(format!("{}: {title}", choice.name), without(choice.name)))
    };
    let typed = query.some("q").map(|typed| Link::new(typed, without("q")));
    choices.iter().filter_map(of_choice).chain(typed).collect()
}
