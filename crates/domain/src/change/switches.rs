//! Switches: the flags that may help when services break, the nearest first.
//!
//! A flag may help where it acts: on what breaks, on what that needs, and on what needs it. Whether a switch does what is
//! hoped of it nobody knows before it was thrown once: one that never was is called unproven. Nothing is pulled here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::flags::Purpose;
use super::reach::Graph;
use crate::prepare::catalog::Catalog;
use crate::words::Name;

/// A flag that can be killed now in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The document of the flag.
    pub flag: Name,
    pub environment: Name,
    /// The service by which it was found, and how many steps that is away from what breaks.
    pub service: Name,
    pub steps: u32,
    /// When it was last thrown; never, if absent.
    pub exercised_at: Option<Timestamp>,
}

/// The switches for some services, the nearest first; at the same distance those that are made for it, and those that
/// were thrown before.
pub fn switches(
    catalog: &Catalog,
    services: &BTreeSet<Name>,
    exercised: &BTreeMap<(Name, String), Timestamp>,
) -> Vec<Switch> {
    let graph = Graph::of(&catalog.services);
    let mut near = graph.blast_radius(services);
    for (service, steps) in services.iter().flat_map(|service| graph.below(service)) {
        let known = near.entry(service).or_insert(steps);
        *known = steps.min(*known);
    }
    let mut found = Vec::new();
    for (name, flag) in &catalog.flags {
        let nearest = flag.services.iter().filter_map(|service| Some((*near.get(service)?, service))).min();
        let Some((steps, service)) = nearest else { continue };
        for environment in flag.environments.keys() {
            let place = (environment.clone(), flag.key(name).to_owned());
            found.push(Switch {
                flag: name.clone(),
                environment: environment.clone(),
                service: service.clone(),
                steps,
                exercised_at: exercised.get(&place).copied(),
            });
        }
    }
    let made_for_it =
        |switch: &Switch| catalog.flags.get(&switch.flag).map(|flag| flag.purpose) == Some(Purpose::KillSwitch);
    found.sort_by_key(|switch| (switch.steps, !made_for_it(switch), switch.exercised_at.is_none()));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::change::flags::Flag;
    use crate::prepare::documents::Document;
    use crate::prepare::services::Service;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn the_nearest_switch_comes_first_and_what_was_thrown_before_what_was_not() {
        let mut catalog = Catalog::default();
        for (service, needs) in [("shop", vec!["cart"]), ("cart", vec!["ledger"]), ("ledger", vec![]), ("blog", vec![])]
        {
            let spec: Service =
                serde_json::from_value(json!({"title": service, "team": "web", "depends_on": needs})).unwrap();
            catalog.insert(Document::new(name(service), spec));
        }
        for (flag, purpose, service) in [
            ("banner", "operational", "shop"),
            ("cart-cache", "operational", "cart"),
            ("cart-off", "kill-switch", "cart"),
            ("cart-new", "operational", "cart"),
            ("ledger-read-only", "kill-switch", "ledger"),
            ("blog-comments", "kill-switch", "blog"),
        ] {
            let spec: Flag = serde_json::from_value(json!({
                "title": flag, "purpose": purpose, "services": [service], "variants": {"on": true, "off": false},
                "environments": {"production": {"state": "ENABLED", "defaultVariant": "on"}},
            }))
            .unwrap();
            catalog.insert(Document::new(name(flag), spec));
        }
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let exercised = [((name("production"), "cart-new".to_owned()), at)].into();
        let found = switches(&catalog, &[name("cart")].into(), &exercised);
        let told: Vec<_> = found.iter().map(|one| format!("{} {} {}", one.flag, one.steps, one.service)).collect();
        assert_eq!(
            told,
            ["cart-off 0 cart", "cart-new 0 cart", "cart-cache 0 cart", "ledger-read-only 1 ledger", "banner 1 shop"]
        );
        assert_eq!(found[1].exercised_at, Some(at));
    }
}
