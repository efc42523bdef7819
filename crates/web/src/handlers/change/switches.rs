//! The list of switches, for pages of what breaks.

use std::collections::BTreeSet;

use domain::words::{IncidentId, Name};
use store::Halt;

use crate::api::change::switches as api;
use crate::handlers::frame::Look;
use crate::pages::change::switches::{SwitchList, SwitchRow};
use crate::pages::{Badge, Link, Tone};

/// The switches for some services; a kill that is made from there names the incident.
pub fn list(
    look: &mut Look<'_, '_>,
    services: &BTreeSet<Name>,
    incident: Option<IncidentId>,
) -> Result<SwitchList, Halt> {
    let (catalog, now) = (look.rules.catalog.clone(), look.now());
    let found = api::view(look.tx, &catalog, services, now)?;
    let named = incident.map_or_else(String::new, |incident| format!("&incident={incident}"));
    let rows = found.into_iter().map(|one| SwitchRow {
        flag: Link::new(one.title, format!("/flags/{}?in={}{named}#kill", one.flag, one.environment)),
        near: match one.steps {
            0 => format!("acts on {}", one.service),
            1 => format!("{}, 1 step away", one.service),
            steps => format!("{}, {steps} steps away", one.service),
        },
        state: match (one.kill, one.exercised_at) {
            (Some(_), _) => Badge::new(Tone::Critical, "Killed"),
            (None, Some(at)) => Badge::new(Tone::Good, format!("Thrown {}", look.view.relative(at))),
            (None, None) => Badge::new(Tone::Warning, "Unproven"),
        },
        environment: one.environment,
    });
    Ok(SwitchList { rows: rows.collect() })
}
