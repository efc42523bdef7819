//! Who is on call and who can be reached, as a page asks: the catalog, and the overrides of this moment.

use std::collections::BTreeMap;

use domain::engage::contacts;
use domain::engage::deliveries::Urgency;
use domain::engage::escalations::{EscalationPolicy, Lookup, Target};
use domain::engage::oncall::{OnCall, on_call};
use domain::engage::schedules::Override;
use domain::prepare::catalog::Catalog;
use domain::words::{Name, Timestamp};
use store::{Error, Tx};

/// The answers that one escalation policy may ask for.
#[derive(Debug)]
pub struct Who<'a> {
    catalog: &'a Catalog,
    overrides: BTreeMap<Name, Vec<Override>>,
}

impl<'a> Who<'a> {
    /// Reads the overrides of every schedule that the policy names.
    pub fn for_policy(
        tx: &mut Tx<'_>,
        catalog: &'a Catalog,
        policy: &EscalationPolicy,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut overrides = BTreeMap::new();
        for target in policy.steps.iter().flat_map(|step| &step.notify) {
            if let Target::Schedule(name) = target
                && !overrides.contains_key(name)
            {
                overrides.insert(name.clone(), store::engage::overrides::at(tx, name, now)?);
            }
        }
        Ok(Self { catalog, overrides })
    }
}

impl Lookup for Who<'_> {
    fn on_call(&self, schedule: &Name, at: Timestamp) -> Option<OnCall> {
        let overrides = self.overrides.get(schedule).map_or(&[][..], Vec::as_slice);
        self.catalog.schedules.get(schedule).map(|schedule| on_call(schedule, overrides, at))
    }

    fn reachable(&self, person: &Name, urgency: Urgency) -> Result<(), String> {
        match self.catalog.people.get(person) {
            Some(found) => contacts::reachable(found, urgency),
            None => Err("is nobody that we know".into()),
        }
    }
}
