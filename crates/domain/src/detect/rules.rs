//! The rules that signals meet: the routes of the catalog, in the order in which they are tried.

use std::sync::{Arc, OnceLock};

use crate::detect::integrations::Source;
use crate::detect::routes::{Inhibit, Route};
use crate::prepare::catalog::Catalog;
use crate::prepare::templates::Words;
use crate::words::{Name, Span};

/// Routes in order, and the catalog that they stand in.
#[derive(Debug)]
pub struct Rules {
    pub catalog: Arc<Catalog>,
    routes: Vec<(Name, Route)>,
    /// What every integration adds to its alerts.
    extra: std::collections::BTreeMap<Name, Vec<(String, String)>>,
    inhibits: bool,
    words: OnceLock<Words>,
}

impl Rules {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let mut routes: Vec<(Name, Route)> = catalog.routes.clone().into_iter().collect();
        routes.sort_by(|(a, route_a), (b, route_b)| (route_a.order, a).cmp(&(route_b.order, b)));
        let extra = catalog.integrations.iter().map(|(name, integration)| {
            (name.clone(), integration.labels.iter().map(|(n, v)| (n.clone(), v.clone())).collect())
        });
        let extra = extra.collect();
        let inhibits = catalog.routes.values().any(|route| !route.inhibit.is_empty());
        Self { catalog, routes, extra, inhibits, words: OnceLock::new() }
    }

    /// The templates of messages. Read when they are first wanted.
    pub fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::new(&self.catalog.notification_templates))
    }

    /// In the order in which they are tried.
    pub fn routes(&self) -> impl Iterator<Item = (&Name, &Route)> {
        self.routes.iter().map(|(name, route)| (name, route))
    }

    /// The labels that an integration gives to its alerts.
    pub fn extra(&self, integration: &Name) -> &[(String, String)] {
        self.extra.get(integration).map_or(&[], Vec::as_slice)
    }

    /// After how long without a word is an alert of the integration over, if its source tells no end?
    pub fn resolve_timeout(&self, integration: &Name) -> Option<Span> {
        match self.catalog.integrations.get(integration).map(|integration| &integration.source) {
            Some(Source::Alertmanager { resolve_timeout }) => Some(*resolve_timeout),
            _ => None,
        }
    }

    /// The first route whose matchers all match.
    pub fn route<'a, 'l>(&'a self, label: &impl Fn(&str) -> Option<&'l str>) -> Option<(&'a Name, &'a Route)> {
        self.routes().find(|(_, route)| {
            route.matchers.iter().all(|matcher| matcher.matches_value(label(&matcher.name).unwrap_or("")))
        })
    }

    /// Every rule by which one alert mutes another.
    pub fn inhibits(&self) -> impl Iterator<Item = (&Name, &Inhibit)> {
        let routes = if self.inhibits { self.routes.as_slice() } else { &[] };
        routes.iter().flat_map(|(name, route)| route.inhibit.iter().map(move |rule| (name, rule)))
    }
}

/// One route that was tried, and the first matcher that did not match, if one did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub route: Name,
    pub missed: Option<String>,
}

/// Every route that was tried for these labels, up to the one that matched.
pub fn trace<'l>(rules: &Rules, label: &impl Fn(&str) -> Option<&'l str>) -> Vec<Tried> {
    let mut tried = Vec::new();
    for (name, route) in rules.routes() {
        let missed = route.matchers.iter().find(|m| !m.matches_value(label(&m.name).unwrap_or("")));
        let missed = missed.map(|matcher| match label(&matcher.name) {
            Some(value) => format!("{matcher}, but {} is {value:?}", matcher.name),
            None => format!("{matcher}, but there is no {}", matcher.name),
        });
        let matched = missed.is_none();
        tried.push(Tried { route: name.clone(), missed });
        if matched {
            break;
        }
    }
    tried
}
